"""Buy a close well below the recent high; leave with a profit, at a stop, or when patience ends.

It shows what a strategy may use: parameters with bounds, declared indicators, declared memory, and exits that become
orders at the venue with the entry. Wherever a strategy is named, `examples/dip_buyer.py:DipBuyer` names this one.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tradewind.model.intents import FLAT, Exits, TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, highest
from tradewind.strategy.base import Strategy, View


class DipMemory(msgspec.Struct):
    """How many bars have closed with a position."""

    bars_held: int = 0


class DipBuyer(Strategy, frozen=True, kw_only=True):
    """Buys a dip below the highest high; stop and profit target stand at the venue, patience is counted here."""

    length: Annotated[int, Meta(ge=2, le=10_000, description="bars of the high the dip is measured from")] = 24
    drop: Annotated[float, Meta(gt=0, lt=1, description="share below that high at which to buy")] = 0.05
    patience_bars: Annotated[int, Meta(ge=1, description="bars after which a position is closed")] = 48

    def indicators(self) -> Sequence[IndicatorSpec]:
        return (highest(self.length),)

    def memory(self) -> DipMemory:
        return DipMemory()

    def on_bar(self, view: View) -> TargetWeight | None:
        memory = view.memory
        assert isinstance(memory, DipMemory)
        (high,) = view.values
        memory.bars_held = memory.bars_held + 1 if view.position else 0
        if memory.bars_held >= self.patience_bars:
            return FLAT
        if not view.position and view.close < high * (1 - self.drop):
            return TargetWeight(1.0, Exits(stop_loss=self.drop, take_profit=self.drop), "dip below the high")
        return None
