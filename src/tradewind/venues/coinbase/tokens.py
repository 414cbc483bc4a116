"""Tokens as requests need them, and a few made beforehand while nothing waits for them.

A token takes as long to make as all else of a request. So one may be made as soon as it is known that a request will
follow. It is given out once, to the call it was made for, and is thrown away when it has lain for a while, or when the
venue's clock turned out to be another than it was made by.
"""

import secrets
from collections import deque

import msgspec

from tradewind.venues.coinbase.signing import NONCE_BYTES, Signer

KEPT_MAX = 2
AGE_S_MAX = 30  # of the two minutes that a token lives: what is left is more than any request takes


class Kept(msgspec.Struct, frozen=True):
    """A token that lies ready, and from when on it is valid."""

    method: str
    path: str
    from_s: int
    token: str

    def __repr__(self) -> str:
        return f"Kept({self.method} {self.path})"


class Tokens:
    """The tokens of one key at one host. Times are the venue's, in seconds: when a token is to begin."""

    def __init__(self, signer: Signer, host: str) -> None:
        self._signer = signer
        self._host = host
        self._kept: deque[Kept] = deque()

    def make_ready(self, method: str, path: str, from_s: int) -> None:
        """Make a token for a call that is about to come, unless enough of them lie ready."""
        self._drop_old(from_s)
        if len(self._kept) < KEPT_MAX:
            self._kept.append(Kept(method, path, from_s, self._made(method, path, from_s)))

    def take(self, method: str, path: str, from_s: int) -> str:
        """Return a token for one call: one that lies ready for it, or a new one."""
        self._drop_old(from_s)
        for kept in self._kept:
            if kept.method == method and kept.path == path:
                self._kept.remove(kept)
                return kept.token
        return self._made(method, path, from_s)

    def forget(self) -> None:
        """Drop what lies ready."""
        self._kept.clear()

    def _drop_old(self, now_s: int) -> None:
        if self._kept and not all(0 <= now_s - kept.from_s <= AGE_S_MAX for kept in self._kept):
            self._kept = deque(kept for kept in self._kept if 0 <= now_s - kept.from_s <= AGE_S_MAX)

    def _made(self, method: str, path: str, from_s: int) -> str:
        return self._signer.rest_token(method, self._host, path, from_s, secrets.token_hex(NONCE_BYTES))
