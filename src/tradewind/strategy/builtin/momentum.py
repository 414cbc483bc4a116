"""Time-series momentum: hold the sign of the past return, measured against its own volatility (METHODS 4)."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, rate_of_change, realised_volatility
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import BARS_MAX, Short

LONG = TargetWeight(1.0, reason="past return above its threshold")
SHORT = TargetWeight(-1.0, reason="past return below its threshold")
FLAT = TargetWeight(0.0, reason="past return changed sign")


class Momentum(Strategy, frozen=True, kw_only=True):
    """Enters when return / volatility passes `threshold`, leaves when the return changes sign."""

    length: Annotated[int, Meta(ge=2, le=BARS_MAX, description="bars of the return and of its volatility")] = 90
    threshold: Annotated[
        float,
        Meta(ge=0, le=10, description="how many of its own volatilities the return must exceed; 0 takes the sign"),
    ] = 0.0
    short: Short = False

    def indicators(self) -> Sequence[IndicatorSpec]:
        # A "year" of `length` bars makes it the volatility of the very return it is compared with.
        return rate_of_change(self.length), realised_volatility(self.length, float(self.length))

    def on_bar(self, view: View) -> TargetWeight | None:
        change, volatility = view.values
        position = view.position
        hurdle = self.threshold * volatility
        if change > hurdle:
            return LONG if position <= 0 else None
        if self.short and change < -hurdle:
            return SHORT if position >= 0 else None
        return FLAT if change * position < 0 else None
