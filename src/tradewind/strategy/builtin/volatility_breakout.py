"""Volatility breakout: follow a bar that moved further than the average range, for so many bars."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, atr, momentum, true_range
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import BARS_MAX, Short

LONG = TargetWeight(1.0, reason="close broke out upwards")
SHORT = TargetWeight(-1.0, reason="close broke out downwards")
FLAT = TargetWeight(0.0, reason="opposite breakout")
EXPIRED = TargetWeight(0.0, reason="held for hold_bars")


class BreakoutMemory(msgspec.Struct):
    """How many bars have closed since the position was opened."""

    bars_held: int = 0


class VolatilityBreakout(Strategy, frozen=True, kw_only=True):
    """Enters on a close beyond the previous close +- `reach_atr` average ranges; leaves on the opposite or by time."""

    atr_bars: Annotated[int, Meta(ge=2, le=BARS_MAX, description="bars of Wilder's average true range")] = 14
    reach_atr: Annotated[float, Meta(gt=0, le=100, description="average true ranges that make a breakout")] = 1.5
    hold_bars: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars after which a position is closed")] = 24
    short: Short = False

    def indicators(self) -> Sequence[IndicatorSpec]:
        return atr(self.atr_bars), true_range(), momentum(1)

    def memory(self) -> BreakoutMemory:
        return BreakoutMemory()

    def on_bar(self, view: View) -> TargetWeight | None:
        memory = view.memory
        assert isinstance(memory, BreakoutMemory)
        average, width, change = view.values
        position = view.position
        memory.bars_held = memory.bars_held + 1 if position else 0
        # Wilder's step taken back: the average before this bar, so that a bar does not raise its own hurdle.
        length = self.atr_bars
        reach = self.reach_atr * (length * average - width) / (length - 1)
        if change > reach and position <= 0:
            return self._enter(LONG, memory)
        if change < -reach and position >= 0:
            if self.short:
                return self._enter(SHORT, memory)
            return FLAT if position else None
        return EXPIRED if position and memory.bars_held >= self.hold_bars else None

    def _enter(self, target: TargetWeight, memory: BreakoutMemory) -> TargetWeight:
        memory.bars_held = 0
        return target
