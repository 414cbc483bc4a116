"""The classifier: bars in, regimes out, for a fixed list of instruments that share a timeframe.

The model answers where it can, the rules where it cannot, UNKNOWN where neither can; each answer says which it was.
The state is a value: kept in a snapshot, it gives the same labels after a restart as without one.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tradewind.model.errors import ConfigError, StateError
from tradewind.model.regime import (
    CLASSES,
    FLAT_PRICES,
    INSUFFICIENT_DATA,
    NO_BAR,
    SINGLE_ASSET,
    STALE_DATA,
    Regime,
    RegimeReading,
    RegimeSource,
)
from tradewind.numeric.bars import BarLike, BarRow
from tradewind.numeric.panel_kernels import MINIMUM_INSTRUMENTS
from tradewind.regime.hysteresis import NOWHERE, Held, confirm, follow
from tradewind.regime.inputs import PanelInputs
from tradewind.regime.model_file import RegimeModel
from tradewind.regime.rules import RULE_PRECISION, Probabilities, rule_label
from tradewind.regime.settings import RegimeSettings
from tradewind.regime.snapshot import frozen, thaw

NONE_STALE: frozenset[str] = frozenset()
NO_PROBABILITIES: Probabilities = (0.0, 0.0, 0.0, 0.0)


class ClassifierState(msgspec.Struct, frozen=True):
    """What a classifier remembers, as values; `missed` counts bars in a row that an instrument did not have."""

    instruments: tuple[str, ...]
    inputs: dict[str, Any]
    held: tuple[Held, ...]
    missed: tuple[int, ...]
    gaps: tuple[int, ...]


class RegimeClassifier:
    """Regimes of some instruments, bar by bar."""

    __slots__ = ("_flags", "_gaps", "_held", "_inputs", "_known", "_missed", "_model", "instruments", "settings")

    def __init__(
        self,
        instruments: Sequence[str],
        settings: RegimeSettings | None = None,
        model: RegimeModel | None = None,
        missing: str = "",
    ) -> None:
        """Begin with no bar seen. `missing` says why there is no model, and stands in the flags of every answer."""
        if not instruments or len(set(instruments)) != len(instruments):
            raise ConfigError("a regime needs instruments, each named once")
        self.instruments = tuple(instruments)
        self._known = frozenset(self.instruments)
        self.settings = settings or RegimeSettings()
        self._model = model if self.settings.use_model else None
        self._inputs = PanelInputs(len(self.instruments), features=self._model is not None)
        self._held = [Held()] * len(self.instruments)
        self._missed = [0] * len(self.instruments)
        self._gaps = [0] * len(self.instruments)
        self._flags = ((missing,) if missing and model is None and self.settings.use_model else ()) + (
            (SINGLE_ASSET,) if self._inputs.together is None else ()
        )
        if self._model is not None and self._inputs.panel is not None:
            _make_ready(self._model)

    def update(self, ts_ns: int, bars: Mapping[str, BarLike]) -> tuple[RegimeReading, ...]:
        """Return the regime of every instrument after the bars that closed at `ts_ns`.

        An instrument without a bar, or with one that no indicator may see, keeps its state and its label, flag
        `no_bar`; after more than `max_gap_bars` of them it is UNKNOWN, reason `stale_data`, and warms up again.
        Raises  KeyError for a bar of an instrument that is not among `instruments`.
        """
        row = self._row(bars)
        self._inputs.update(row)
        chances = self._model_probabilities()
        return tuple(self._reading(i, row[i] is not None, ts_ns, chances) for i in range(len(row)))

    def forget(self, instrument: str) -> None:
        """Let an instrument warm up again, as after a gap in its data."""
        i = self.instruments.index(instrument)
        self._inputs.reset(i)
        self._held[i] = Held()

    @property
    def held(self) -> dict[str, tuple[Held, int]]:
        """Return what hysteresis holds of each instrument, and how many bars in a row it has not had."""
        return dict(zip(self.instruments, zip(self._held, self._missed, strict=True), strict=True))

    @property
    def gaps(self) -> dict[str, int]:
        """Return how many bars of each instrument were missing or refused."""
        return dict(zip(self.instruments, self._gaps, strict=True))

    @property
    def stale(self) -> frozenset[str]:
        """Return the instruments that have missed more bars in a row than are borne."""
        if not any(self._missed):
            return NONE_STALE
        return frozenset(name for i, name in enumerate(self.instruments) if self._stale(i))

    def state(self) -> ClassifierState:
        """Return everything remembered, as values."""
        return ClassifierState(
            self.instruments, frozen(self._inputs), tuple(self._held), tuple(self._missed), tuple(self._gaps)
        )

    def restore(self, state: ClassifierState) -> None:
        """Go on from a state.

        Raises  StateError when it is of other instruments or of another version.
        """
        if state.instruments != self.instruments:
            raise StateError("a saved regime state is of other instruments: let the regime warm up again")
        inputs = PanelInputs(len(self.instruments), features=self._model is not None)
        thaw(inputs, state.inputs)
        self._inputs = inputs
        self._held, self._missed, self._gaps = list(state.held), list(state.missed), list(state.gaps)

    def _row(self, bars: Mapping[str, BarLike]) -> list[BarLike | None]:
        if not bars.keys() <= self._known:
            raise KeyError(f"no regime is kept of {', '.join(sorted(bars.keys() - self._known))}")
        row = [bar if bar is not None and sound(bar) else None for bar in map(bars.get, self.instruments)]
        if None not in row and not any(self._missed):
            return row
        for i, bar in enumerate(row):
            if bar is not None:
                self._missed[i] = 0
                continue
            self._missed[i] += 1
            self._gaps[i] += 1
            if self._stale(i):
                self._inputs.reset(i)
                self._held[i] = Held()
        return row

    def _stale(self, i: int) -> bool:
        return not self.settings.gaps_are_no_trade and self._missed[i] > self.settings.max_gap_bars

    def _model_probabilities(self) -> list[tuple[float, ...]] | None:
        if self._model is None or not any(map(self._inputs.model_ready, range(len(self.instruments)))):
            return None
        return [tuple(row) for row in self._model.probabilities(self._inputs.features).T.tolist()]

    def _reading(self, i: int, fresh: bool, ts_ns: int, chances: list[tuple[float, ...]] | None) -> RegimeReading:
        flags = self._flags if fresh else (*self._flags, NO_BAR)
        inputs = self._inputs.rule_inputs(i)
        if self._stale(i):
            return self._unknown(i, ts_ns, flags, STALE_DATA)
        if inputs is None:
            return self._unknown(i, ts_ns, flags, INSUFFICIENT_DATA)
        if self._inputs.indicators[i].flat:
            return self._unknown(i, ts_ns, flags, FLAT_PRICES)
        if inputs.correlation is None and SINGLE_ASSET not in flags:
            flags = (*flags, SINGLE_ASSET)
        settings = self.settings.hysteresis
        if chances is not None and self._inputs.model_ready(i):
            source, probabilities = RegimeSource.MODEL, chances[i]
            if fresh:
                self._held[i] = follow(self._held[i], probabilities, settings)
        else:
            label = rule_label(inputs, self.settings.rules)
            if fresh:
                self._held[i] = confirm(self._held[i], label, settings)
            source, probabilities = RegimeSource.RULES, RULE_PRECISION[max(self._held[i].held, 0)]
        held = self._held[i].held
        if held == NOWHERE:
            return self._unknown(i, ts_ns, flags, INSUFFICIENT_DATA)
        return RegimeReading(
            instrument=self.instruments[i],
            regime=CLASSES[held],
            confidence=probabilities[held],
            probabilities=probabilities,  # type: ignore[arg-type]
            indicators=self._indicators(i),
            source=source,
            ts_ns=ts_ns,
            flags=flags,
        )

    def _unknown(self, i: int, ts_ns: int, flags: tuple[str, ...], reason: str) -> RegimeReading:
        return RegimeReading(
            instrument=self.instruments[i],
            regime=Regime.UNKNOWN,
            confidence=0.0,
            probabilities=NO_PROBABILITIES,
            indicators=self._indicators(i),
            source=RegimeSource.NONE,
            ts_ns=ts_ns,
            flags=flags,
            reason=reason,
        )

    def _indicators(self, i: int) -> dict[str, float]:
        """Return the indicators of an instrument that are defined."""
        own = self._inputs.indicators[i]
        together, z_score = self._inputs.correlation, self._inputs.correlation_z
        named = {
            "adx": own.adx,
            "choppiness": own.choppiness,
            "atr_normalized": own.natr,
            "atr_percentile": own.percentile,
            "correlation": math.nan if together is None else together,
            "correlation_z": math.nan if z_score is None else z_score,
        }
        if any(map(math.isnan, named.values())):
            return {name: value for name, value in named.items() if not math.isnan(value)}
        return named


def _make_ready(model: RegimeModel) -> None:
    """Have the kernels compiled before the first bar: a session must not wait for the compiler while it trades."""
    inputs = PanelInputs(MINIMUM_INSTRUMENTS)
    inputs.update([BarRow(1.0, 1.0, 1.0, 1.0, 0.0)] * MINIMUM_INSTRUMENTS)
    model.probabilities(inputs.features)


def sound(bar: BarLike) -> bool:
    """Return whether indicators may see a bar; comparisons with NaN are false, so the usual case is one expression."""
    low, high = bar.low, bar.high
    usual = 0 < low <= bar.open <= high < math.inf and low <= bar.close <= high
    return usual and (bar.volume is None or math.isfinite(bar.volume))
