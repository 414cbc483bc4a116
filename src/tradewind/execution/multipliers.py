"""Slippage multipliers: how much worse than the formula an instrument's impact is taken to be."""

import math
from collections.abc import Mapping

import msgspec


class Multipliers(msgspec.Struct, frozen=True):
    """Factors on the impact estimate by instrument, 1 where none is given, and what was wrong with the text."""

    by_instrument: Mapping[str, float] = {}
    warnings: tuple[str, ...] = ()

    def of(self, instrument: str) -> float:
        """Return an instrument's factor."""
        return self.by_instrument.get(instrument, 1.0)


def parse_multipliers(text: str) -> Multipliers:
    """Return the factors of `BTC-USD:1.5,ETH-USD:2`. A bad entry is left out and warned of; the last of two counts."""
    found: dict[str, float] = {}
    warnings: list[str] = []
    for entry in (part.strip() for part in text.split(",")):
        if not entry:
            continue
        name, _, number = (part.strip() for part in entry.rpartition(":"))
        factor = _factor(number)
        if not name or factor is None:
            warnings.append(
                f"slippage multiplier {entry!r} is left out: write INSTRUMENT:FACTOR, a factor of at least 0"
            )
            continue
        if name in found:
            warnings.append(f"slippage multiplier of {name} is given twice: {factor:g} counts")
        found[name] = factor
    return Multipliers(found, tuple(warnings))


def _factor(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
