"""How commands reach a venue: the packages for it, the way there, one question, and the word of a person first."""

import asyncio
import importlib.util
import os
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from tradewind.cli.layers import here
from tradewind.cli.venue_options import Reach
from tradewind.model.errors import ConfigError
from tradewind.model.money import money

if TYPE_CHECKING:
    from tradewind.app.venue_access import Access
    from tradewind.venues.coinbase.desk import CoinbaseDesk

T = TypeVar("T")
LIVE_PACKAGES = ("aiohttp", "cryptography", "jwt")
SHOWN_CHARACTERS, EXPONENT_MAX = 40, 30  # no price and no size has more digits before the point


def access_of(reach: Reach, *, needs_key: bool = False) -> "Access":
    """Return where to go and with which key.

    Raises  ConfigError when packages, files or the key are missing.
    """
    need_live_extra()
    from tradewind.app.venue_access import find_access, with_key

    found = find_access(here(), os.environ, endpoint=reach.endpoint, account=reach.account, key_file=reach.key)
    return with_key(found) if needs_key else found


def asked(access: "Access", question: "Callable[[CoinbaseDesk], Awaitable[T]]") -> T:
    """Return the answer to a question at a desk that is closed behind it."""

    async def visit() -> T:
        desk = access.desk()
        try:
            return await question(desk)
        finally:
            await desk.close()

    return asyncio.run(visit())


def need_live_extra() -> None:
    """Raise ConfigError when a package that talks to venues is not installed."""
    missing = [name for name in LIVE_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(f"{missing[0]} is missing: install tradewind[live]; in a checkout `make live` does")


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person and go on only for a yes.

    Raises  ConfigError for a no, or where nobody can be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise ConfigError(f"{question} Nobody can be asked here: add --yes")
    print(question, end=" [y/N] ", flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise ConfigError("not confirmed: nothing was sent")


def positive(text: str, option: str) -> Decimal:
    """Return an exact number above zero, written with the digits and the point of English and nothing between them.

    Raises  ConfigError naming the option.
    """
    shown = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
    try:
        value = money(text)
    except ValueError:
        raise ConfigError(f"{option} must be a number, was {shown!r}") from None
    if not text.isascii() or "_" in text:
        raise ConfigError(f"{option} must be a number such as 1000 or 0.001, was {shown!r}")
    if value <= 0:
        raise ConfigError(f"{option} must be above 0, was {shown}")
    if value.adjusted() > EXPONENT_MAX:
        raise ConfigError(f"{option} must be below 1e{EXPONENT_MAX + 1}, was {shown}")
    return value
