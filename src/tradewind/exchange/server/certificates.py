"""A certificate for loopback, from an authority made for the occasion: clients trust it by naming one file."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 30
NAMES = ("localhost", "127.0.0.1", "::1")


class Credentials(NamedTuple):
    """PEM texts: the authority that clients are to trust, and what the server shows and signs with."""

    authority: bytes
    chain: bytes
    key: bytes


def make_credentials(now_ns: int) -> Credentials:
    """Return a new authority and a certificate of it for loopback, valid from yesterday for a month."""
    start = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC) - timedelta(days=1)
    root_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, server_name = _named("tradewind local exchange authority"), _named("localhost")
    root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    root = (
        _blank(root_name, root_name, root_key, start)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(root_id, critical=False)
        .sign(root_key, SHA256())
    )
    names = [x509.IPAddress(ip_address(name)) if name[0] in "1:" else x509.DNSName(name) for name in NAMES]
    server = (
        _blank(server_name, root_name, server_key, start)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(server_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), critical=False)
        .sign(root_key, SHA256())
    )
    secret = server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Credentials(root.public_bytes(Encoding.PEM), server.public_bytes(Encoding.PEM), secret)


def server_context(credentials: Credentials) -> ssl.SSLContext:
    """Return the TLS settings of a server that shows these credentials."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        pair = Path(folder) / "server.pem"
        pair.touch(mode=0o600)
        pair.write_bytes(credentials.key + credentials.chain)
        context.load_cert_chain(pair)
    return context


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _blank(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, start: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=VALID_DAYS))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
