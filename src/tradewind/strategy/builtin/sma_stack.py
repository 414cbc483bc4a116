"""Trend by a stack of averages: long while the fast one is above the middle one and that above the slow one."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, sma
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import BARS_MAX, Short, require_less

LONG = TargetWeight(1.0, reason="averages stacked upwards")
SHORT = TargetWeight(-1.0, reason="averages stacked downwards")
FLAT = TargetWeight(0.0, reason="fast average back through the middle one")


class SmaStack(Strategy, frozen=True, kw_only=True):
    """Enters when three simple averages stand in order, leaves when the fast one crosses back through the middle."""

    fast: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars of the fast average")] = 10
    middle: Annotated[int, Meta(ge=2, le=BARS_MAX, description="bars of the middle average")] = 20
    slow: Annotated[int, Meta(ge=3, le=BARS_MAX, description="bars of the slow average")] = 50
    short: Short = False

    def __post_init__(self) -> None:
        require_less("sma_stack", "fast", self.fast, "middle", self.middle)
        require_less("sma_stack", "middle", self.middle, "slow", self.slow)

    def indicators(self) -> Sequence[IndicatorSpec]:
        return sma(self.fast), sma(self.middle), sma(self.slow)

    def on_bar(self, view: View) -> TargetWeight | None:
        fast, middle, slow = view.values
        position = view.position
        if fast > middle > slow:
            return LONG if position <= 0 else None
        if self.short and fast < middle < slow:
            return SHORT if position >= 0 else None
        if position > 0:
            return FLAT if fast < middle else None
        return FLAT if position < 0 and fast > middle else None
