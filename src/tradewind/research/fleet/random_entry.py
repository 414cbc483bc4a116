"""A trader without a reason: enters and leaves by chance, as often and for as long as somebody who has one."""

from typing import Annotated

from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.strategy.base import Strategy, View

LONG = TargetWeight(1.0, reason="by chance")
SHORT = TargetWeight(-1.0, reason="by chance")
FLAT = TargetWeight(0.0, reason="by chance")
MASK = (1 << 64) - 1
Chance = Annotated[float, Meta(ge=0, le=1)]


class RandomEntry(Strategy, frozen=True, kw_only=True):
    """Enters with probability `enter` and leaves with `leave` at each bar; chance is a function of seed and time.

    An entry is short with probability `short`.
    """

    seed: int = 0
    enter: Chance = 0.01
    leave: Chance = 0.05
    short: Chance = 0.0

    def on_bar(self, view: View) -> TargetWeight | None:
        assert view.bar is not None
        drawn = chance(self.seed, view.bar.ts_ns)
        if view.position == 0:
            if drawn >= self.enter:
                return None
            return SHORT if self.short and chance(~self.seed, view.bar.ts_ns) < self.short else LONG
        return FLAT if drawn < self.leave else None


def chance(seed: int, ts_ns: int) -> float:
    """Return a number in [0, 1) that looks random: SplitMix64 of seed and time."""
    z = (ts_ns // 1_000_000_000 + seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return ((z ^ (z >> 31)) >> 11) / (1 << 53)
