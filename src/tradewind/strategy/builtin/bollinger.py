"""Bollinger reversion: buy a close below the lower band, leave at the mean (METHODS 4)."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, bollinger
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import BARS_MAX, Short

LONG = TargetWeight(1.0, reason="close below the lower band")
SHORT = TargetWeight(-1.0, reason="close above the upper band")
FLAT = TargetWeight(0.0, reason="close back at the mean")


class Bollinger(Strategy, frozen=True, kw_only=True):
    """Enters on a close outside the bands and leaves once the close is back at the mean."""

    length: Annotated[int, Meta(ge=2, le=BARS_MAX, description="bars of the mean and of its deviation")] = 20
    deviations: Annotated[float, Meta(gt=0, le=10, description="population deviations from mean to band")] = 2.0
    short: Short = False

    def indicators(self) -> Sequence[IndicatorSpec]:
        return (bollinger(self.length, self.deviations),)

    def on_bar(self, view: View) -> TargetWeight | None:
        upper, middle, lower = view.values
        position, close = view.position, view.close
        if close < lower:
            return LONG if position <= 0 else None
        if self.short and close > upper:
            return SHORT if position >= 0 else None
        if position > 0 and close >= middle:
            return FLAT
        if position < 0 and close <= middle:
            return FLAT
        return None
