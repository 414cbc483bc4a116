"""The regimes of an engine's instruments: bars of one close are gathered, and told together.

Instruments are compared with each other, so a regime is told when the last bar of a close has come, or when a later
close begins without it. Until then the one before holds: no decision knows a bar that came after it.

One whose data are stale is waited for no longer. The bar with which it comes back only says so, and counts as missing:
it is waited for from the next close on, so that it does not matter who of a close comes first.
"""

from collections.abc import Sequence

from tradewind.engine.config import RegimePlan
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import Bar
from tradewind.model.regime import Regime, RegimeReading
from tradewind.numeric.panel_kernels import MINIMUM_INSTRUMENTS
from tradewind.regime.classifier import RegimeClassifier
from tradewind.regime.inputs import MODEL_BARS, RULE_BARS

NOTHING_TOLD = "UNKNOWN: no bar has closed"


class RegimeWatch:
    """The classifier, the latest reading of each instrument, and the bars that wait for those of others."""

    __slots__ = (
        "_back",
        "_blocked",
        "_classifier",
        "_row",
        "_row_ns",
        "_stale",
        "_told_ns",
        "noted",
        "plan",
        "readings",
    )

    def __init__(self, instruments: Sequence[Instrument], plan: RegimePlan) -> None:
        names = sorted(each.id for each in instruments)
        self.plan = plan
        self.readings: dict[str, RegimeReading] = {}
        self.noted: dict[str, int] = {}  # by instrument: the event whose regime is on record
        self._classifier = RegimeClassifier(names, plan.settings, plan.model, plan.missing)
        self._blocked: dict[str, str | None] = dict.fromkeys(names, NOTHING_TOLD)
        self._row: dict[str, Bar] = {}
        self._row_ns = self._told_ns = 0
        self._stale: frozenset[str] = frozenset()  # those that no close waits for
        self._back: frozenset[str] = frozenset()  # those of them that have come back

    @property
    def warmup_bars(self) -> int:
        """How many bars the tier that is to answer needs."""
        several = len(self._classifier.instruments) >= MINIMUM_INSTRUMENTS
        return MODEL_BARS if self.plan.model is not None and several else RULE_BARS

    def take(self, bar: Bar) -> tuple[RegimeReading, ...]:
        """Take a bar that closed, and return the readings that it leads to: none while others are waited for.

        A bar of a close that has been told already comes too late, and counts as missing.
        """
        told: tuple[RegimeReading, ...] = ()
        if bar.ts_ns > self._row_ns:
            if self._row:
                told = self._tell()
            self._row_ns = bar.ts_ns
            if self._back:
                self._stale, self._back = self._stale - self._back, frozenset()
        elif bar.ts_ns < self._row_ns:
            return ()
        if bar.instrument in self._stale:
            self._back |= {bar.instrument}
            return told
        if bar.ts_ns == self._told_ns:
            return ()
        self._row[bar.instrument] = bar
        complete = len(self._row) == len(self._classifier.instruments) - len(self._stale)
        return told + self._tell() if complete else told

    def forget(self, instrument: str) -> None:
        """Let an instrument warm up again after a gap in its data; until then it takes no new risk."""
        self._classifier.forget(instrument)
        if instrument in self.readings:
            self._blocked[instrument] = "UNKNOWN: stale_data"

    def blocks(self, instrument: str) -> str | None:
        """Return which regime takes no new risk in the instrument now, in words; None if it may be taken."""
        return self._blocked[instrument] if self.plan.block else None

    def values(self) -> list[object]:
        """Return what later answers depend on, for digests: labels, hysteresis, and the bars that wait."""
        held = {
            name: [held.held, held.pending, held.pending_bars, held.crisis_bars, missed]
            for name, (held, missed) in self._classifier.held.items()
        }
        readings = {
            name: [reading.regime.value, reading.confidence, reading.source.value, reading.ts_ns]
            for name, reading in self.readings.items()
        }
        gone = [[sorted(self._stale), sorted(self._back), self._told_ns]] if self._stale else []
        return [held, readings, dict(self._blocked), self._row_ns, sorted(self._row), *gone]

    def _tell(self) -> tuple[RegimeReading, ...]:
        readings = self._classifier.update(self._row_ns, self._row)
        self._row, self._told_ns = {}, self._row_ns
        self._stale = self._classifier.stale
        for reading in readings:
            name = reading.instrument
            self.readings[name] = reading
            self._blocked[name] = _words(reading) if reading.blocks_new_risk else None
        return readings


def _words(reading: RegimeReading) -> str:
    if reading.regime is Regime.UNKNOWN:
        return f"UNKNOWN: {reading.reason}"
    flags = f", {', '.join(reading.flags)}" if reading.flags else ""
    return f"{reading.regime.value}, confidence {reading.confidence:.2f}, {reading.source.value}{flags}"
