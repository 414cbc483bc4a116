"""Pairs: two prices that have moved together, bought and sold against each other when they part (METHODS 4).

What moves together is estimated outside the engine, on a training window, and comes in as the event `Fitted`. Without a
fit that holds nothing is entered, and what is held is closed.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tradewind.model.instrument import Instrument
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.strategy.base import FitRequest, GroupView, Strategy, Wish
from tradewind.strategy.builtin.bounds import BARS_MAX, require_less
from tradewind.strategy.formulas import half_life
from tradewind.strategy.hedging import Hedge, begin_hedge, follow

PATIENCE_ROUNDS = 3
"""How many rounds a leg may be missing before the other is closed too: half a pair is a bet on the market."""


class PairMemory(msgspec.Struct):
    """The side held of the spread (0 none), its legs' weights, whether a stop waits for the mean, and the filter."""

    side: int = 0
    weights: tuple[float, float] = (0.0, 0.0)
    stopped: bool = False
    lame: int = 0
    z: float = 0.0
    fitted: tuple[float, float] | None = None
    hedge: Hedge | None = None


class Pairs(Strategy, frozen=True, kw_only=True):
    """Sells the spread of two instruments far above its mean and buys it far below, both legs at once."""

    hedge: Annotated[
        Literal["kalman", "ols"], Meta(description="a hedge that drifts with the market, or the fitted one")
    ] = "kalman"
    window_bars: Annotated[int, Meta(ge=50, le=BARS_MAX, description="bars of the window that a fit is made on")] = 500
    refit_bars: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars from one fit to the next")] = 100
    entry: Annotated[float, Meta(gt=0, le=20, description="deviations of the spread at which it is entered")] = 2.0
    exit: Annotated[float, Meta(ge=0, le=20, description="deviations within which it is left")] = 0.5
    stop: Annotated[float, Meta(gt=0, le=50, description="deviations at which it is given up")] = 4.0
    p_max: Annotated[float, Meta(gt=0, lt=1, description="p-value that a fit must be below")] = 0.05
    half_life_max: Annotated[float, Meta(gt=0, le=BARS_MAX, description="bars in which half of a gap must close")] = (
        100.0
    )
    drift: Annotated[float, Meta(ge=0, le=1, description="variance the hedge gains per bar (kalman)")] = 1e-7

    def __post_init__(self) -> None:
        require_less("pairs", "exit", self.exit, "entry", self.entry)
        require_less("pairs", "entry", self.entry, "stop", self.stop)

    def unsuited(self, instruments: Sequence[Instrument]) -> str | None:
        if len(instruments) != 2:
            return f"pairs needs two instruments, has {len(instruments)}: name them with --instrument A,B"
        if all(each.is_spot for each in instruments):
            return "pairs sells one of its instruments short, and both are spot: give it perpetuals"
        return None

    def fits(self, instruments: Sequence[str]) -> Sequence[FitRequest]:
        if len(instruments) != 2:
            return ()
        names = tuple(sorted(instruments))
        return (FitRequest(kind_of(names), "cointegration", names, self.window_bars, self.refit_bars),)

    def group_memory(self) -> PairMemory:
        return PairMemory()

    def group_reading(self, group: GroupView) -> dict[str, float | str]:
        memory = group.memory
        assert isinstance(memory, PairMemory)
        return {"z": memory.z, "side": memory.side, "distance": max(0.0, self.entry - abs(memory.z))}

    def on_group(self, group: GroupView) -> Mapping[str, Wish] | None:
        memory = group.memory
        assert isinstance(memory, PairMemory)
        if len(group.views) != 2 or len(group.fresh) != 2:
            return None  # one price without the other says nothing
        first, second = group.views.values()
        fit = group.fitted(kind_of(tuple(group.views)))
        if fit is None or not self._trusted(fit):
            memory.side, memory.z, memory.hedge = 0, 0.0, None
            return self._legs(group, memory)
        memory.z = self._z(memory, fit, math.log(first.close), math.log(second.close))
        shortable = (not first.instrument.is_spot, not second.instrument.is_spot)
        self._choose(memory, fit, shortable)
        self._mind_legs(group, memory)
        return self._legs(group, memory)

    def _trusted(self, fit: Mapping[str, float]) -> bool:
        """Return whether a fit allows trading: a gap that returns, and soon enough, between legs that hedge."""
        if fit["p_value"] >= self.p_max or fit["deviation"] <= 0 or fit["slope"] <= 0:
            return False
        halved = half_life(fit["coefficient"])
        return halved is not None and halved <= self.half_life_max

    def _z(self, memory: PairMemory, fit: Mapping[str, float], y: float, x: float) -> float:
        variance = fit["deviation"] * fit["deviation"]
        if self.hedge == "ols":
            return (y - fit["intercept"] - fit["slope"] * x) / fit["deviation"]
        line = (fit["intercept"], fit["slope"])
        if memory.hedge is None or memory.fitted != line:
            memory.hedge, memory.fitted = begin_hedge(*line, self.drift), line
        return follow(memory.hedge, y, x, self.drift, variance).z

    def _choose(self, memory: PairMemory, fit: Mapping[str, float], shortable: tuple[bool, bool]) -> None:
        """Set the side of the spread to hold: in beyond `entry`, out within `exit`, given up beyond `stop`."""
        z = memory.z
        if abs(z) <= self.exit:
            memory.side, memory.stopped = 0, False
        elif abs(z) >= self.stop:
            memory.side, memory.stopped = 0, True
        elif memory.side and memory.side * z > 0:
            memory.side = 0  # it went through the mean to the other side within one bar
        elif not memory.side and not memory.stopped and abs(z) >= self.entry:
            side = -1 if z > 0 else 1
            if shortable[0 if side < 0 else 1]:
                slope = fit["slope"] if memory.hedge is None else max(memory.hedge.slope, 0.0)
                larger = max(1.0, slope)
                memory.side, memory.weights, memory.lame = side, (side / larger, -side * slope / larger), 0

    def _mind_legs(self, group: GroupView, memory: PairMemory) -> None:
        """Give a pair up of which one leg keeps missing: refused, stopped, or not to be had."""
        whole = all(view.position for view in group.views.values())
        memory.lame = 0 if whole or not memory.side else memory.lame + 1
        if memory.lame > PATIENCE_ROUNDS:
            memory.side, memory.stopped, memory.lame = 0, True, 0

    def _legs(self, group: GroupView, memory: PairMemory) -> dict[str, Wish] | None:
        if not memory.side:
            held = {name: FLAT for name, view in group.views.items() if view.position}
            return dict(held) or None
        reason = f"spread {memory.z:.2f} deviations from its mean"
        return {
            name: TargetWeight(weight, reason=reason) for name, weight in zip(group.views, memory.weights, strict=True)
        }


def kind_of(names: Sequence[str]) -> str:
    """Return the name under which the fit of two instruments comes in."""
    return f"cointegration:{'/'.join(names)}"
