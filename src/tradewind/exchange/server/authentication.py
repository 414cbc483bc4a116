"""Who a request is from: the JWT of a private request or subscription, checked as the venue checks it.

A token is signed with ES256 or Ed25519, names its key (`kid`, `sub`), lives for at most two minutes (`nbf`, `exp`), is
bound to one method, host and path (`uri`), and is used once (`nonce`).
"""

from binascii import Error, a2b_base64
from collections import deque
from collections.abc import Iterable

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tradewind.exchange.server.texts import SECOND_NS

LIFETIME_S = 120
LEEWAY_S = 5
ISSUERS = frozenset({"cdp", "coinbase-cloud"})
"""`cdp` is today's issuer; clients that came before it still sign with the other, and the venue takes them."""

PublicKey = EllipticCurvePublicKey | Ed25519PublicKey
_SIGNATURE = ECDSA(SHA256())
_COORDINATE_BYTES = 32
_URL_SAFE = str.maketrans("-_", "+/")


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of one account: its name, how to check its signatures, and what it may do."""

    name: str
    public: PublicKey
    account: str
    can_view: bool = True
    can_trade: bool = True
    can_transfer: bool = False


class Denied(msgspec.Struct, frozen=True):
    """Why a token was not taken. The venue does not tell; the admin port counts."""

    reason: str


class Header(msgspec.Struct, frozen=True):
    """The first part of a token."""

    alg: str
    kid: str
    nonce: str = ""


class Claims(msgspec.Struct, frozen=True):
    """The second part of a token."""

    sub: str
    iss: str
    nbf: int
    exp: int
    uri: str = ""
    uris: tuple[str, ...] = ()


class Verifier:
    """The keys there are, and the nonces that were used."""

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self._keys = {key.name: key for key in keys}
        self._used: set[str] = set()
        self._in_order: deque[tuple[int, str]] = deque()
        self._header = msgspec.json.Decoder(Header)
        self._claims = msgspec.json.Decoder(Claims)

    def add(self, key: ApiKey) -> None:
        """Take a key from now on."""
        self._keys[key.name] = key

    def keys(self) -> list[ApiKey]:
        """Return every key, in the order in which they came."""
        return list(self._keys.values())

    def request(self, bearer: str | None, method: str, host: str, path: str, now_ns: int) -> ApiKey | Denied:
        """Return the key that signed a REST request; `bearer` is its Authorization header."""
        if bearer is None or not bearer.startswith("Bearer "):
            return Denied("no token")
        return self._checked(bearer[7:], f"{method} {host}{path}", now_ns)

    def subscription(self, token: str, now_ns: int) -> ApiKey | Denied:
        """Return the key that signed a subscription, which is bound to no address."""
        return self._checked(token, None, now_ns)

    def _checked(self, token: str, address: str | None, now_ns: int) -> ApiKey | Denied:
        try:
            signed, _, signature_text = token.rpartition(".")
            header_text, claims_text = signed.split(".")
            header = self._header.decode(_bytes(header_text))
            claims = self._claims.decode(_bytes(claims_text))
            signature = _bytes(signature_text)
        except (ValueError, Error, RecursionError):
            return Denied("malformed token")
        key = self._keys.get(header.kid)
        if key is None:
            return Denied("unknown key")
        if (wrong := _wrong(claims, header, address, now_ns)) is not None:
            return Denied(wrong)
        if header.nonce and header.nonce in self._used:
            return Denied("nonce was used before")
        if not _signed_by(key.public, header.alg, signature, signed.encode()):
            return Denied("wrong signature")
        self._remember(header.nonce, claims.exp, now_ns)
        return key

    def _remember(self, nonce: str, expires_s: int, now_ns: int) -> None:
        """Keep a nonce for as long as a token that carries it could be taken."""
        while self._in_order and self._in_order[0][0] < now_ns:
            self._used.discard(self._in_order.popleft()[1])
        if nonce:
            self._used.add(nonce)
            self._in_order.append(((expires_s + 2 * LEEWAY_S) * SECOND_NS, nonce))


def _wrong(claims: Claims, header: Header, address: str | None, now_ns: int) -> str | None:
    """Return what is wrong with the claims of a token, None if nothing."""
    now_s = now_ns / SECOND_NS
    if claims.sub != header.kid:
        return "subject is not the key"
    if claims.iss not in ISSUERS:
        return "unknown issuer"
    if claims.nbf > now_s + LEEWAY_S:
        return "not valid yet"
    if claims.exp <= now_s - LEEWAY_S:
        return "expired"
    if claims.exp - claims.nbf > LIFETIME_S:
        return "lives too long"
    if address is not None and address not in (_bare(uri) for uri in (claims.uri, *claims.uris)):
        return "uri is of another request"
    return None


def _bare(uri: str) -> str:
    """Return a `uri` claim without a scheme, which some clients leave in it when they speak plain HTTP."""
    method, _, place = uri.partition(" ")
    return f"{method} {place.removeprefix('https://').removeprefix('http://')}"


def _signed_by(key: PublicKey, algorithm: str, signature: bytes, message: bytes) -> bool:
    try:
        if isinstance(key, Ed25519PublicKey):
            if algorithm != "EdDSA":
                return False
            key.verify(signature, message)
        else:
            if algorithm != "ES256" or len(signature) != 2 * _COORDINATE_BYTES:
                return False
            r = int.from_bytes(signature[:_COORDINATE_BYTES])
            s = int.from_bytes(signature[_COORDINATE_BYTES:])
            key.verify(encode_dss_signature(r, s), message, _SIGNATURE)
    except InvalidSignature:
        return False
    return True


def _bytes(part: str) -> bytes:
    return a2b_base64(part.translate(_URL_SAFE) + "=" * (-len(part) % 4))
