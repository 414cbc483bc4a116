"""RSI mean reversion: buy weakness, leave at the middle (METHODS 4)."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, rsi
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import BARS_MAX, Short, require_less

LONG = TargetWeight(1.0, reason="RSI below entry")
SHORT = TargetWeight(-1.0, reason="RSI above mirrored entry")
FLAT = TargetWeight(0.0, reason="RSI back beyond exit")


class RsiReversion(Strategy, frozen=True, kw_only=True):
    """Buys below `entry` and leaves above `exit`; the short side mirrors both at 50."""

    length: Annotated[int, Meta(ge=2, le=BARS_MAX, description="bars of Wilder's RSI")] = 14
    entry: Annotated[float, Meta(gt=0, lt=50, description="buy below this RSI; shorts enter above 100 - entry")] = 30.0
    exit: Annotated[float, Meta(gt=0, lt=100, description="leave above this RSI; shorts leave below 100 - exit")] = 50.0
    short: Short = False

    def __post_init__(self) -> None:
        require_less("rsi_reversion", "entry", self.entry, "exit", self.exit)

    def indicators(self) -> Sequence[IndicatorSpec]:
        return (rsi(self.length),)

    def on_bar(self, view: View) -> TargetWeight | None:
        (strength,) = view.values
        position = view.position
        if strength < self.entry:
            return LONG if position <= 0 else None
        if self.short and strength > 100.0 - self.entry:
            return SHORT if position >= 0 else None
        if position > 0 and strength > self.exit:
            return FLAT
        if position < 0 and strength < 100.0 - self.exit:
            return FLAT
        return None
