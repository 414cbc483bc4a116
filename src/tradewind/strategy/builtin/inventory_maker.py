"""A market maker whose quotes lean against its inventory: those of Avellaneda and Stoikov, or the GLFT limit of them.

All of its numbers are in basis points of the mid, per second and per quote held, so that parameters carry over from one
instrument to the next. The variance is measured on the mid as it goes.
"""

import math
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tradewind.strategy.base import View
from tradewind.strategy.builtin.quoting import MakerMemory, Quoting
from tradewind.strategy.formulas import BPS, avellaneda_stoikov, glft_depths

SECOND_NS = 1_000_000_000
Basis = tuple[float | None, float | None]


class LeaningMemory(MakerMemory):
    """The variance of the mid in squared basis points per second, what it was measured on, and since when."""

    variance: float = 0.0
    mid: float | None = None
    ts_ns: int = 0
    begun_ns: int = 0


class InventoryMaker(Quoting, frozen=True, kw_only=True):
    """Quotes round the price at which its inventory is worth holding; quotes that hardly change stay in their queue."""

    named: ClassVar[str] = "inventory_maker"
    reason: ClassVar[str] = "quote round the reservation price"

    model: Annotated[
        Literal["avellaneda_stoikov", "glft"], Meta(description="whose quotes: with a rolling horizon, or without one")
    ] = "glft"
    gamma: Annotated[float, Meta(gt=0, le=10, description="aversion to risk, per basis point and quote held")] = 0.05
    k: Annotated[float, Meta(gt=0, le=100, description="by how much fills thin out per basis point from the mid")] = 0.3
    intensity: Annotated[float, Meta(gt=0, le=1e6, description="fills per second of a quote at the mid (glft)")] = 0.5
    horizon_s: Annotated[
        float, Meta(gt=0, le=1e6, description="seconds over which inventory is at risk (avellaneda_stoikov)")
    ] = 60.0
    half_life_s: Annotated[float, Meta(gt=0, le=1e6, description="seconds in which a measured move loses half")] = 120.0
    keep_ticks: Annotated[
        int, Meta(ge=0, le=10_000, description="ticks a quote may be away from its price before it is moved")
    ] = 1

    def memory(self) -> LeaningMemory:
        return LeaningMemory()

    def reading(self, view: View) -> dict[str, float | str]:
        memory = view.memory
        assert isinstance(memory, LeaningMemory)
        held = view.position / memory.size if memory.size else 0.0
        return {"volatility_bps_per_root_second": math.sqrt(memory.variance), "inventory_quotes": held}

    def prices(self, view: View, size: int) -> tuple[int | None, int | None]:
        """Return the wanted bid and ask in price units; None without a touch, a variance, or room."""
        memory = view.memory
        assert isinstance(memory, LeaningMemory)
        best_bid, best_ask = view.best_bid, view.best_ask
        if best_bid is None or best_ask is None:
            return None, None
        mid = (best_bid + best_ask) / 2
        self._measure(memory, mid, view.now_ns)
        if memory.variance <= 0 or view.now_ns - memory.begun_ns < self.half_life_s * SECOND_NS:
            return None, None  # an unmeasured market is not quoted
        below, above = self._depths(view.position / size, math.sqrt(memory.variance))
        buys, sells = self.room(view, size)
        tick = view.instrument.tick
        bid = ask = None
        if buys and below is not None:
            # Never through the other side: a quote that takes would not be post-only.
            bid = _kept(memory.bid, min(_floor(mid * (1 - below / BPS), tick), best_ask - tick), self.keep_ticks * tick)
        if sells and above is not None:
            ask = _kept(memory.ask, max(_ceil(mid * (1 + above / BPS), tick), best_bid + tick), self.keep_ticks * tick)
        return (bid if bid is not None and 0 < bid < best_ask else None), (
            ask if ask is not None and ask > best_bid else None
        )

    def _depths(self, held: float, sigma: float) -> Basis:
        """Return the distances of bid and ask from the mid in basis points, for the quotes held."""
        if self.model == "glft":
            nearest = max(-self.inventory_quotes, min(self.inventory_quotes, round(held)))
            depths = glft_depths(nearest, self.gamma, sigma, self.k, self.intensity, self.inventory_quotes)
            return depths.bid, depths.ask
        quotes = avellaneda_stoikov(0.0, held, self.gamma, sigma, self.horizon_s, self.k)
        return -quotes.bid, quotes.ask

    def _measure(self, memory: LeaningMemory, mid: float, now_ns: int) -> None:
        """Take the move since the last look into the variance, weighted by the time it took."""
        if memory.mid is None:
            memory.mid, memory.ts_ns, memory.begun_ns = mid, now_ns, now_ns
            return
        seconds = (now_ns - memory.ts_ns) / SECOND_NS
        if seconds <= 0:
            return
        move = (mid - memory.mid) / memory.mid * BPS
        weight = -math.expm1(-math.log(2.0) * seconds / self.half_life_s)
        memory.variance += weight * (move * move / seconds - memory.variance)
        memory.mid, memory.ts_ns = mid, now_ns


def _floor(price: float, tick: int) -> int:
    return math.floor(price / tick) * tick


def _ceil(price: float, tick: int) -> int:
    return math.ceil(price / tick) * tick


def _kept(quoted: int | None, wanted: int, slack: int) -> int:
    """Return the price quoted now where it is near enough: a quote that moves loses its place in the queue."""
    return quoted if quoted is not None and abs(quoted - wanted) <= slack else wanted
