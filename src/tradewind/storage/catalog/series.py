"""The name of a series, and the folder it has in the catalog: venue/instrument/kind(/interval)."""

import re
from enum import Enum
from pathlib import PurePosixPath

import msgspec

from tradewind.market.depth import Chain
from tradewind.model.errors import ConfigError
from tradewind.model.instrument import InstrumentKind

UNIT_NS = {
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
}
YEARLY_SPAN_NS = 30 * UNIT_NS["s"]

_INTERVAL = re.compile(r"([1-9][0-9]{0,4})([smhdw])(_[A-Za-z0-9-]+)?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]*")


class Kind(Enum):
    BARS = "bars"
    TRADES = "trades"
    QUOTES = "quotes"
    BOOK = "book"
    FUNDING = "funding"


class Convention(Enum):
    """What an absent bar means."""

    GAP = "gap"  # data are missing
    NO_TRADE = "no_trade"  # nothing traded: the venue sends no bar then


NO_TRADE_VENUES = frozenset({"coinbase"})
UNCHAINED_VENUES = frozenset({"binance_perp"})  # their ids skip, and the id before is not recorded


def chain_of(venue: str) -> Chain:
    """Return how the update ids of a venue's recorded books follow each other, unless something else is said."""
    return Chain.INCREASING if venue in UNCHAINED_VENUES else Chain.CONTIGUOUS


def convention_of(venue: str) -> Convention:
    """Return what an absent bar means at `venue`; an unknown venue's absent bars are missing data."""
    return Convention.NO_TRADE if venue in NO_TRADE_VENUES else Convention.GAP


def traded_as(instrument: str) -> InstrumentKind:
    """Return what an instrument is by its name, where an import does not say: `-PERP` at the end is a perpetual."""
    return InstrumentKind.PERPETUAL if instrument.endswith("-PERP") else InstrumentKind.SPOT


def interval_ns(interval: str) -> int:
    """Return the length of `1m`, `15m`, `1h`, `1d`, `1w` in ns; a label behind it (`1h_mark`) is a name only.

    Raises  ConfigError for anything else.
    """
    match = _INTERVAL.fullmatch(interval)
    if match is None:
        raise ConfigError(f"unknown interval {interval!r}: write a number and s, m, h, d or w, such as 15m or 1h")
    return int(match[1]) * UNIT_NS[match[2]]


class SeriesKey(msgspec.Struct, frozen=True, order=True):
    """One series of the catalog. Bars have an interval; a label behind it keeps another source apart: `1h_mark`."""

    venue: str
    instrument: str
    kind: str = Kind.BARS.value
    interval: str = ""

    def __post_init__(self) -> None:
        for name in ("venue", "instrument"):
            value = getattr(self, name)
            if not _NAME.fullmatch(value):
                raise ConfigError(f"{name} {value!r} cannot name a folder: use letters, digits, '-', '_', '.' and ':'")
        kinds = [kind.value for kind in Kind]
        if self.kind not in kinds:
            raise ConfigError(f"unknown kind {self.kind!r}: use one of {', '.join(kinds)}")
        if self.kind == Kind.BARS.value:
            interval_ns(self.interval)
        elif self.interval:
            raise ConfigError(f"{self.kind} have no interval, was {self.interval!r}")

    @property
    def span_ns(self) -> int:
        """The length of a bar; 0 for what has no interval."""
        return interval_ns(self.interval) if self.interval else 0

    @property
    def path(self) -> PurePosixPath:
        return PurePosixPath(self.venue, self.instrument, self.kind, self.interval)

    def __str__(self) -> str:
        return f"{self.venue} {self.instrument} {self.kind} {self.interval}".rstrip()
