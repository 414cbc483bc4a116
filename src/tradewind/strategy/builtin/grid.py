"""Grid: buy one rung for every step down from an anchor, sell it one step higher, give up below the last rung."""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import Short

STOPPED = TargetWeight(0.0, reason="close beyond the last rung's stop")


class GridMemory(msgspec.Struct):
    """Where the grid hangs (None before the first close), and how many rungs are wanted below (above: negative)."""

    anchor: float | None = None
    rungs: int = 0


class Grid(Strategy, frozen=True, kw_only=True):
    """Holds one more part of the budget for every `step` the close is below the anchor, one less for every one back."""

    step: Annotated[float, Meta(gt=0, lt=1, description="share of the price between two rungs")] = 0.01
    rungs: Annotated[int, Meta(ge=1, le=100, description="rungs on a side; each is that part of the budget")] = 5
    stop_steps: Annotated[
        int, Meta(ge=1, le=100, description="steps beyond the last rung at which all is closed and the grid hung anew")
    ] = 3
    short: Short = False

    def memory(self) -> GridMemory:
        return GridMemory()

    def on_bar(self, view: View) -> TargetWeight | None:
        memory = view.memory
        assert isinstance(memory, GridMemory)
        close = view.close
        if memory.anchor is None or (close > memory.anchor and memory.rungs == 0 and not self.short):
            memory.anchor = close  # without a short side an empty grid follows the price up
        depth = math.log(memory.anchor / close) / math.log1p(self.step)
        if abs(depth) >= self.rungs + self.stop_steps:
            memory.anchor, memory.rungs = close, 0
            return STOPPED if view.position else None
        memory.rungs = self._held(memory.rungs, depth)
        if memory.rungs == 0 and not view.position:
            return None
        return TargetWeight(memory.rungs / self.rungs, reason=f"{memory.rungs} of {self.rungs} rungs")

    def _held(self, rungs: int, depth: float) -> int:
        """Return the rungs to hold: those the close has reached, and those not yet a whole step in profit."""
        reached, kept = math.floor(depth), math.ceil(depth)
        lowest = -self.rungs if self.short else 0
        return min(max(rungs, reached, lowest), kept, self.rungs) if kept >= lowest else lowest
