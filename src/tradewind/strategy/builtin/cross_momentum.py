"""Cross-sectional momentum: of several instruments hold the strongest third, by inverse volatility (METHODS 4)."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tradewind.model.instrument import Instrument
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, rate_of_change, realised_volatility
from tradewind.strategy.base import GroupView, Strategy, View, Wish
from tradewind.strategy.builtin.bounds import BARS_MAX, Short, require_less

FEWEST = 3


class RankMemory(msgspec.Struct):
    """When the ranks were last taken, and what was wanted of each instrument then."""

    ranked_ns: int | None = None
    weights: dict[str, float] = {}


class CrossMomentum(Strategy, frozen=True, kw_only=True):
    """Ranks its instruments by past return and holds the best third; with `short` the worst third the other way."""

    length: Annotated[int, Meta(ge=2, le=BARS_MAX, description="bars of the return that is ranked")] = 504
    skip: Annotated[int, Meta(ge=1, le=BARS_MAX, description="latest bars that the ranked return leaves out")] = 24
    rebalance_bars: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars from one ranking to the next")] = 168
    share: Annotated[float, Meta(gt=0, le=0.5, description="share of the instruments on a side")] = 1 / 3
    short: Short = False

    def __post_init__(self) -> None:
        require_less("cross_momentum", "skip", self.skip, "length", self.length)

    def unsuited(self, instruments: Sequence[Instrument]) -> str | None:
        few = len(instruments) < FEWEST
        return f"cross_momentum ranks {FEWEST} instruments at least, has {len(instruments)}: add some" if few else None

    def indicators(self) -> Sequence[IndicatorSpec]:
        return (
            rate_of_change(self.length),
            rate_of_change(self.skip),
            realised_volatility(self.length, float(self.length)),
        )

    def group_memory(self) -> RankMemory:
        return RankMemory(None, {})

    def group_reading(self, group: GroupView) -> dict[str, float | str]:
        return {name: strength(view) for name, view in group.views.items()}

    def on_group(self, group: GroupView) -> Mapping[str, Wish] | None:
        memory = group.memory
        assert isinstance(memory, RankMemory)
        fresh = {name: group.views[name] for name in group.fresh if name in group.views}
        if not fresh:
            return None
        bar = next(iter(fresh.values())).bar
        assert bar is not None
        due = memory.ranked_ns is None or bar.ts_ns - memory.ranked_ns >= self.rebalance_bars * bar.span_ns
        if due and len(fresh) >= FEWEST:
            memory.ranked_ns, memory.weights = bar.ts_ns, self._weights(fresh)
        return {name: wish for name, view in fresh.items() if (wish := _wish(memory, name, view)) is not None} or None

    def _weights(self, views: Mapping[str, View]) -> dict[str, float]:
        """Return the weights, each in parts of one instrument's share of the budget; together they are all of it."""
        ranked = sorted(views, key=lambda name: (-strength(views[name]), name))
        count = max(1, int(len(ranked) * self.share))
        sides = [(ranked[:count], 1.0)]
        if self.short:
            sides.append((ranked[-count:], -1.0))
        weights: dict[str, float] = {}
        for names, sign in sides:
            calm = {name: 1.0 / max(views[name].values[2], 1e-12) for name in names}
            total = sum(calm.values())
            weights |= {name: sign * len(views) * each / total / len(sides) for name, each in calm.items()}
        return weights


def strength(view: View) -> float:
    """Return the past return of an instrument, its latest bars left out."""
    whole, latest, _ = view.values
    return (1.0 + whole) / (1.0 + latest) - 1.0


def _wish(memory: RankMemory, name: str, view: View) -> Wish:
    weight = memory.weights.get(name, 0.0)
    if weight:
        return TargetWeight(weight, reason="among the strongest" if weight > 0 else "among the weakest")
    return FLAT if view.position else None
