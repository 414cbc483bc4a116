"""The venue as the driver sees it live: requests go into a box that is opened when their intents are on the disk.

`submit` and `cancel` answer nothing: what the venue says arrives later, as events (I11: write before send).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Container, Sequence
from concurrent.futures import Future

from tradewind.model.answers import VenueAnswer
from tradewind.model.effects import CancelOrder, SubmitOrder
from tradewind.model.market_events import MarketEvent
from tradewind.model.orders import OrderRequest
from tradewind.storage.journal.writer import Journal

NOTHING: tuple[VenueAnswer, ...] = ()
Leaving = SubmitOrder | CancelOrder
Send = Callable[[Sequence[Leaving]], None]


def leave_as_it_is(box: Sequence[Leaving]) -> None:
    """Make nothing ready beforehand."""


class Outbox:
    """Collects what leaves; `release` hands it to `send` as soon as the journal has made everything before it durable.

    While the disk writes, `prepare` may make ready what leaves next: that costs the order no time.

    Groups leave in the order in which they were committed. When the journal cannot be written nothing leaves any more:
    `broken` holds why, and the session stops on it.
    """

    awake: Container[str] = frozenset()
    due_ns: int | None = None
    next_ns: int | None = None
    timed = False  # answers reach the engine by themselves, not through this port

    def __init__(self, journal: Journal, send: Send, prepare: Send = leave_as_it_is) -> None:
        self._journal = journal
        self._send = send
        self._prepare = prepare
        self._box: list[Leaving] = []
        self._waiting: deque[tuple[Future[int], list[Leaving]]] = deque()
        self._emptied = asyncio.Event()
        self.broken: BaseException | None = None
        self.released = 0

    # -- what the driver asks of a venue ------------------------------------------------------------------------------

    def submit(self, request: OrderRequest, ts_ns: int) -> Sequence[VenueAnswer]:
        """Keep the request until it may leave."""
        self._box.append(SubmitOrder(request))
        return NOTHING

    def cancel(self, order_id: str, ts_ns: int) -> Sequence[VenueAnswer]:
        """Keep the cancel until it may leave."""
        self._box.append(CancelOrder(order_id))
        return NOTHING

    def on_event(self, event: MarketEvent) -> Sequence[VenueAnswer]:
        """Return nothing: a real venue is not driven by our data."""
        return NOTHING

    def advance(self, ts_ns: int) -> Sequence[VenueAnswer]:
        """Return nothing: a real venue's time passes by itself."""
        return NOTHING

    # -- what the session does with it --------------------------------------------------------------------------------

    def release(self) -> None:
        """Commit what was journaled, and send what is in the box once that is durable. Does not wait."""
        if not self._box:
            return
        box, self._box = self._box, []
        loop = asyncio.get_running_loop()
        durable = self._journal.durable(self._journal.commit())
        self._waiting.append((durable, box))
        self._emptied.clear()
        loop.call_soon(self._prepare, box)
        # One step from the journal's thread to the send: no task of its own, which would wait for its turn twice.
        durable.add_done_callback(lambda _: None if loop.is_closed() else loop.call_soon_threadsafe(self._let_go))

    async def committed(self) -> None:
        """Return when everything journaled so far is on the disk."""
        await asyncio.wrap_future(self._journal.durable(self._journal.commit()))

    async def drain(self) -> None:
        """Return when nothing waits for the disk."""
        while self._waiting:
            await self._emptied.wait()

    def close(self) -> None:
        """Let nothing leave any more: whoever takes the session up looks for what was to leave."""
        self._box.clear()
        self._waiting.clear()
        self._emptied.set()

    def _let_go(self) -> None:
        """Send every box whose intents are on the disk, from the oldest on; one is never overtaken by a later one."""
        while self._waiting and self._waiting[0][0].done():
            durable, box = self._waiting.popleft()
            try:
                durable.result()
                if self.broken is None:
                    self.released += len(box)
                    self._send(box)
            except Exception as error:  # noqa: BLE001 - nothing may leave after this, and the session is told why
                self.broken = error
        if not self._waiting:
            self._emptied.set()
