"""Fresh API keys, named and written as the venue hands them out."""

from typing import NamedTuple
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tradewind.exchange.server.authentication import PublicKey


class FreshKey(NamedTuple):
    """A key's name, its secret as PEM, and what checks its signatures."""

    name: str
    secret: str
    public: PublicKey


def fresh_key(*, ed25519_key: bool = False) -> FreshKey:
    """Return a new key: P-256 in the older PEM form that the venue uses, or Ed25519 in PKCS 8."""
    name = f"organizations/{uuid4()}/apiKeys/{uuid4()}"
    if ed25519_key:
        edwards = ed25519.Ed25519PrivateKey.generate()
        secret = edwards.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return FreshKey(name, secret.decode(), edwards.public_key())
    elliptic = ec.generate_private_key(ec.SECP256R1())
    secret = elliptic.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return FreshKey(name, secret.decode(), elliptic.public_key())
