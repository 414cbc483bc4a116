"""What the venue lets people do, and what time it is there: asked now and then, with doubt where either is wrong."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from tradewind.app.live.doubts import Doubts
from tradewind.app.live.guarding import Guarding
from tradewind.app.live.opening import measure_skew, trouble_of
from tradewind.app.live.plan import LivePlan
from tradewind.app.live.venue_side import VenueSide
from tradewind.model.errors import VenueError
from tradewind.venues.ports import ProductState

PRODUCT, CLOCK = "product", "clock"
RETRY_S = 5.0


class ProductWatch:
    """Asks for the states of some instruments; `on_states` hears of each answer."""

    def __init__(
        self,
        side: VenueSide,
        plan: LivePlan,
        doubts: Doubts,
        guarding: Guarding,
        names: Sequence[str],
        on_states: Callable[[Mapping[str, ProductState]], None],
    ) -> None:
        self._side = side
        self._plan = plan
        self._doubts = doubts
        self._guarding = guarding
        self._names = list(names)
        self._on_states = on_states

    async def run(self) -> None:
        """Ask for as long as the session lives."""
        while True:
            try:
                async with asyncio.timeout(self._plan.timeout_s):
                    states = await self._side.market.product_states(self._names)
                    skew_ns = await measure_skew(self._side.market)
            except (VenueError, TimeoutError):
                self._guarding.note_error()
                await asyncio.sleep(RETRY_S)
                continue
            self._take(states, skew_ns)
            await asyncio.sleep(self._plan.products_every_s)

    def _take(self, states: Mapping[str, ProductState], skew_ns: int) -> None:
        self._side.use_time(skew_ns)
        far = abs(skew_ns) > self._plan.skew_max_ns
        late = f"our clock is {skew_ns / 1e9:+.1f} s from the venue's" if far else ""
        self._on_states(states)
        for name in self._names:
            self._doubts.say(name, PRODUCT, trouble_of(states[name]) if name in states else "")
            self._doubts.say(name, CLOCK, late)
