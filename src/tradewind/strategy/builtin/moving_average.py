"""Moving-average crossover: long while the fast average is above the slow one (METHODS 4)."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, ema, sma
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import BARS_MAX, Short, require_less

LONG = TargetWeight(1.0, reason="fast average above slow")
SHORT = TargetWeight(-1.0, reason="fast average below slow")
FLAT = TargetWeight(0.0, reason="fast average below slow")


class MovingAverage(Strategy, frozen=True, kw_only=True):
    """Holds the side of the fast average against the slow one; a tie changes nothing."""

    fast: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars of the fast average")] = 12
    slow: Annotated[int, Meta(ge=2, le=BARS_MAX, description="bars of the slow average")] = 26
    average: Annotated[Literal["ema", "sma"], Meta(description="exponential or simple averages")] = "ema"
    short: Short = False

    def __post_init__(self) -> None:
        require_less("moving_average", "fast", self.fast, "slow", self.slow)

    def indicators(self) -> Sequence[IndicatorSpec]:
        if self.average == "ema":
            return ema(self.fast), ema(self.slow)
        return sma(self.fast), sma(self.slow)

    def on_bar(self, view: View) -> TargetWeight | None:
        fast, slow = view.values
        if fast > slow:
            return LONG if view.position <= 0 else None
        if fast < slow:
            if self.short:
                return SHORT if view.position >= 0 else None
            return FLAT if view.position else None
        return None
