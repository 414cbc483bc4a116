"""What `tradewind regime show` and `overview` tell, for people and as JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from tradewind.app.regime_history import MarketOverview, RegimeHistory, Standing
from tradewind.cli.output import share, table
from tradewind.model.regime import CLASSES, Regime, RegimeReading
from tradewind.research.report.formats import minute


def history_object(history: RegimeHistory) -> dict[str, Any]:
    """Return what `regime show --json` prints."""
    return {
        "instrument": history.instrument,
        "instruments": history.instruments,
        "bars": len(history.readings),
        "latest": reading_object(history.readings[-1]),
        "shares": history.shares,
        "switches_per_1000": history.switches_per_1000,
        "history": history.stretches,
        "market": _market_object(history.latest),
        "model": history.model_sha256,
    }


def overview_object(found: MarketOverview) -> dict[str, Any]:
    """Return what `regime overview --json` prints."""
    counted = Counter(each.reading.regime.value for each in found.standings)
    return {
        "ts_ns": found.ts_ns,
        "counts": {each.value: counted[each.value] for each in Regime},
        "market": _market_object(found.standings),
        "model": found.model_sha256,
    }


def _market_object(standings: Sequence[Standing]) -> dict[str, Any]:
    return {
        each.reading.instrument: {
            **reading_object(each.reading),
            "since_ns": each.since_ns,
            **({} if each.last_bar_ns is None else {"last_bar_ns": each.last_bar_ns}),
        }
        for each in standings
    }


def reading_object(reading: RegimeReading) -> dict[str, Any]:
    """Return a reading with its probabilities by name."""
    made: dict[str, Any] = msgspec.to_builtins(reading)
    made["probabilities"] = dict(zip((each.value for each in CLASSES), reading.probabilities, strict=True))
    return made


def told(history: RegimeHistory) -> list[str]:
    """Return the lines that `regime show` prints."""
    last = history.readings[-1]
    named = zip(("trending", "ranging", "choppy", "crisis"), last.probabilities, strict=True)
    why = f", {last.reason}" if last.reason else ""
    flags = f"; flags {', '.join(last.flags)}" if last.flags else ""
    sure = f"confidence {share(last.confidence, 1)}, by {last.source.value}"
    return [
        f"{history.instrument}: {last.regime.value}, {sure}{why}{flags}",
        "probabilities " + ", ".join(f"{name} {share(value, 1)}" for name, value in named),
        "indicators " + ", ".join(f"{name} {value:.3g}" for name, value in last.indicators.items()),
        f"over {len(history.readings)} bars: "
        + ", ".join(f"{name} {share(value, 1)}" for name, value in history.shares.items())
        + f"; {history.switches_per_1000:.0f} switches per 1,000 bars",
        "market: " + ", ".join(f"{each.reading.instrument} {each.reading.regime.value}" for each in history.latest),
    ]


def standings(found: MarketOverview) -> Any:
    """Return the table that `regime overview` prints."""
    title = f"{len(found.standings)} instruments at {minute(found.ts_ns)} UTC"
    heads = ("", "regime", "since", "confidence", *(each.value.lower() for each in CLASSES), "told by", "")
    return table(title, heads, [_standing_row(each) for each in found.standings])


def _standing_row(standing: Standing) -> tuple[str, ...]:
    reading = standing.reading
    known = reading.regime is not Regime.UNKNOWN
    shares = [share(each, 1) if known else "-" for each in (reading.confidence, *reading.probabilities)]
    told_by = reading.source.value if known else "-"
    last_ns = standing.last_bar_ns
    behind = last_ns is not None and last_ns < reading.ts_ns
    ended = f"last bar {minute(last_ns)}" if behind and last_ns is not None else ""
    flags = [each for each in reading.flags if not behind or each != "no_bar"]
    notes = ", ".join(each for each in (reading.reason, *flags, ended) if each)
    return (reading.instrument, reading.regime.value, minute(standing.since_ns), *shares, told_by, notes)
