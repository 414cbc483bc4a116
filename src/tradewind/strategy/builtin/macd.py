"""MACD: trade the cross of the line and its signal (METHODS 4)."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, macd
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import BARS_MAX, Short, require_less

LONG = TargetWeight(1.0, reason="MACD crossed above its signal")
SHORT = TargetWeight(-1.0, reason="MACD crossed below its signal")
FLAT = TargetWeight(0.0, reason="MACD on the other side of its signal")


class MacdMemory(msgspec.Struct):
    """On which side of its signal the line was last seen: 1 above, -1 below, 0 not seen yet."""

    side: int = 0


class Macd(Strategy, frozen=True, kw_only=True):
    """Enters on the bar of a cross only; leaves whenever the line is on the other side."""

    fast: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars of the fast average")] = 12
    slow: Annotated[int, Meta(ge=2, le=BARS_MAX, description="bars of the slow average")] = 26
    signal: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars of the average of the line")] = 9
    short: Short = False

    def __post_init__(self) -> None:
        require_less("macd", "fast", self.fast, "slow", self.slow)

    def indicators(self) -> Sequence[IndicatorSpec]:
        return (macd(self.fast, self.slow, self.signal),)

    def memory(self) -> MacdMemory:
        return MacdMemory()

    def on_bar(self, view: View) -> TargetWeight | None:
        memory = view.memory
        assert isinstance(memory, MacdMemory)
        histogram = view.values[2]
        if histogram == 0:
            return None
        side = 1 if histogram > 0 else -1
        crossed = memory.side == -side
        memory.side = side
        position = view.position
        if crossed and position * side <= 0 and (side > 0 or self.short):
            return LONG if side > 0 else SHORT
        return FLAT if position * side < 0 else None
