"""Buy and hold: the yardstick every other strategy is held against."""

from typing import Annotated

from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.strategy.base import Strategy, View


class BuyAndHold(Strategy, frozen=True, kw_only=True):
    """Buys at the first opportunity and never sells."""

    weight: Annotated[float, Meta(gt=0, le=1, description="share of the bot's budget to hold")] = 1.0

    def on_bar(self, view: View) -> TargetWeight | None:
        return None if view.position else TargetWeight(self.weight, reason="buy and hold")
