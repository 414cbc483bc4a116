"""A strategy that begins something new only while it was chosen to, and as large as was chosen."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import msgspec

from tradewind.model.answers import OrderFilled
from tradewind.model.instrument import Instrument
from tradewind.model.intents import Intent, TargetWeight
from tradewind.numeric.indicators import IndicatorSpec
from tradewind.strategy.base import Strategy, View, Wish


class Scheduled(Strategy, frozen=True, kw_only=True):
    """Runs `inner`; from each of `starts_ns` on its entries are `shares` of what it asks for, at 0 there are none.

    What is held leaves as `inner` says and as its exits do: a choice ends entries, not positions.
    """

    inner: Strategy
    starts_ns: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()

    def indicators(self) -> Sequence[IndicatorSpec]:
        return self.inner.indicators()

    def memory(self) -> msgspec.Struct:
        return self.inner.memory()

    def unsuited(self, instruments: Sequence[Instrument]) -> str | None:
        return self.inner.unsuited(instruments)

    def on_bar(self, view: View) -> Wish:
        return self._allowed(self.inner.on_bar(view), view)

    def on_fill(self, view: View, fill: OrderFilled) -> Wish:
        return self._allowed(self.inner.on_fill(view, fill), view)

    def reading(self, view: View) -> Mapping[str, float | str]:
        return self.inner.reading(view)

    def share(self, ts_ns: int) -> float:
        """Return the share that holds at a time; nothing before the first choice."""
        at = bisect_right(self.starts_ns, ts_ns) - 1
        return self.shares[at] if at >= 0 else 0.0

    def _allowed(self, wish: Wish, view: View) -> Wish:
        if wish is None:
            return None
        # A view is told the time with a quote or a trade; a bar has its own.
        share = self.share(view.now_ns)
        if isinstance(wish, Sequence):
            kept = [each for one in wish if (each := _scaled(one, view.position, share)) is not None]
            return kept or None
        return _scaled(wish, view.position, share)


def _scaled(intent: Intent, position: int, share: float) -> Intent | None:
    """Return the intent at its share; None for an entry that is not to be, flat for one that would turn a position."""
    if not isinstance(intent, TargetWeight):
        return intent if share > 0 or position else None
    if intent.weight == 0:
        return intent
    if share > 0:
        return intent if share == 1 else msgspec.structs.replace(intent, weight=intent.weight * share)
    return TargetWeight(0.0, reason="not chosen for this window") if intent.weight * position < 0 else None
