"""Tokens: a fresh one per request and per private subscription, valid for two minutes.

ES256 or EdDSA over the claims `iss`, `sub`, `nbf`, `exp` and, for REST, `uri`: the method, the host as the client
called it, and the path without its query. The header carries `kid` and a `nonce`. A token is as good as the key while
it lives, so it is never logged.
"""

import jwt

from tradewind.venues.coinbase.keys import ApiKey, load_private_key

ISSUER = "cdp"
LIFE_S = 120
NONCE_BYTES = 16


class Signer:
    """Makes tokens of one key; the key is parsed once. Time and nonce are the caller's."""

    def __init__(self, key: ApiKey) -> None:
        self.key_name = key.name
        self._algorithm = key.kind.value
        self._private = load_private_key(key.secret.reveal(), f"the key {key.name}")

    def __repr__(self) -> str:
        return f"Signer({self.key_name})"

    def rest_token(self, method: str, host: str, path: str, now_s: int, nonce: str) -> str:
        """Return a token for one request; a query in `path` takes no part in it."""
        return self._token({"uri": f"{method} {host}{path.partition('?')[0]}"}, now_s, nonce)

    def stream_token(self, now_s: int, nonce: str) -> str:
        """Return a token for one subscription to a private channel."""
        return self._token({}, now_s, nonce)

    def _token(self, more: dict[str, str], now_s: int, nonce: str) -> str:
        claims = {"iss": ISSUER, "sub": self.key_name, "nbf": now_s, "exp": now_s + LIFE_S, **more}
        headers = {"kid": self.key_name, "nonce": nonce}
        return jwt.encode(claims, self._private, algorithm=self._algorithm, headers=headers)
