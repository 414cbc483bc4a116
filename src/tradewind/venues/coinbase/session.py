"""One connection of the stream as a state machine without a socket: frames and times in, events and frames to send out.

All frames of a connection share one counter. A number left out means that something was lost and nobody can say what:
every book is stale from then on, the tape and the user's orders are asked for again. A frame that cannot be read is
counted and kept, and the gap it leaves in the numbers does the rest. Liveness is the age of the last frame, never the
socket's word.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tradewind.model.errors import ProtocolError
from tradewind.model.instrument import Instrument
from tradewind.venues.coinbase.product_feeds import NO_ALIASES, SNAPSHOT, ProductFeeds
from tradewind.venues.coinbase.subscriptions import FRAMES_OF, WITHOUT_PRODUCTS, Send, Subscriptions
from tradewind.venues.coinbase.user_orders import seen_order
from tradewind.venues.coinbase.wire.stream import (
    AnyFrame,
    CandlesFrame,
    ErrorFrame,
    HeartbeatsFrame,
    LevelFrame,
    OldSubscriptions,
    SubscriptionsFrame,
    TickerBatchFrame,
    TickerFrame,
    TradesFrame,
    UnnumberedFrame,
    UserFrame,
    decode_frame,
)
from tradewind.venues.ports import OrderSeen, StreamEvent, StreamKind, StreamState

USER_BATCH = 50  # the first snapshot frame with fewer orders is the last
HEAD = 2_000  # bytes kept of a frame that could not be read
RENEWED_AFTER_GAP = ("level2", "market_trades", "user")


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How patient a session is."""

    silence_ns: int = 5_000_000_000
    acknowledge_ns: int = 5_000_000_000
    crossed_ns: int = 1_000_000_000
    renew_every_ns: int = 5_000_000_000
    bar_grace_ns: int = 3_000_000_000
    kept_unreadable: int = 20
    late_max: int = 50


PATIENT = SessionLimits()


class Unreadable(msgspec.Struct, frozen=True):
    """A frame that could not be read, or not be believed, and why."""

    ts_ns: int
    reason: str
    head: str


class Step(msgspec.Struct):
    """What follows from a frame or from time: events to tell, frames to send, a reason to close the connection."""

    events: list[StreamEvent] = []
    sends: list[Send] = []
    close: str = ""


class StreamSession:
    """Subscriptions, sequence, books and liveness, of one connection after another.

    `desired` names the venue's products per channel; `product_of` the product of an instrument whose market is told
    under another name (BTC-USDC is told as BTC-USD).
    """

    def __init__(
        self,
        desired: Mapping[str, Sequence[str]],
        instruments: Iterable[Instrument],
        *,
        limits: SessionLimits = PATIENT,
        tell_levels: bool = True,
        product_of: Mapping[str, str] = NO_ALIASES,
    ) -> None:
        self.subscriptions = Subscriptions({channel: tuple(ids) for channel, ids in desired.items()})
        self.feeds = ProductFeeds(instruments, tell_levels=tell_levels, product_of=product_of)
        self.limits = limits
        self.connected = False
        self.connected_ns = self.last_received_ns = 0
        self.gaps = self.late = self.heartbeats = self.unreadable_count = 0
        self.unreadable: deque[Unreadable] = deque(maxlen=limits.kept_unreadable)
        self.user_synced = False
        self._sequence = -1
        self._late_in_row = 0
        self._owed: set[tuple[str, str]] = set()  # channel and product of snapshots that are still to be asked for
        self._renewed_ns: dict[tuple[str, str], int] = {}
        self._user_orders = 0

    # -- the connection -----------------------------------------------------------------------------------------------

    def on_connected(self, now_ns: int) -> Step:
        """Return what to send on a new connection. Books wait for their snapshots."""
        self.connected = True
        self.connected_ns = self.last_received_ns = now_ns
        self._sequence = -1
        self._late_in_row = self._user_orders = 0
        self.user_synced = False
        self._owed.clear()
        self._renewed_ns.clear()
        self.feeds.owed.clear()
        return Step([_state(StreamKind.CONNECTED, now_ns)], self.subscriptions.start(now_ns))

    def on_closed(self, now_ns: int, reason: str) -> Step:
        """Return what to tell when the connection is gone: nothing of it can be believed any more."""
        self.connected = self.user_synced = False
        self.subscriptions.acknowledged = {}
        self.feeds.mark_stale()
        return Step([_state(StreamKind.CLOSED, now_ns, reason=reason)])

    def on_resumed(self, now_ns: int) -> None:
        """Reading goes on after a pause of our own, which was not the venue's silence."""
        self.last_received_ns = max(self.last_received_ns, now_ns)

    def live(self, now_ns: int) -> bool:
        """Whether the stream is proven: everything acknowledged, every book believed, and a frame not long ago."""
        return (
            self.connected
            and self.subscriptions.complete
            and self.age_ns(now_ns) < self.limits.silence_ns
            and self.last_received_ns > self.connected_ns
            and self.feeds.believed(self.subscriptions.desired.get("level2", ()))
        )

    def age_ns(self, now_ns: int) -> int:
        """Return how long ago the last frame came."""
        return now_ns - self.last_received_ns

    def change(self, desired: Mapping[str, Sequence[str]], instruments: Iterable[Instrument], now_ns: int) -> Step:
        """Return what to send so that these subscriptions come to be; instruments that are new get a feed."""
        self.feeds.add(instruments)
        sends = self.subscriptions.change({channel: tuple(ids) for channel, ids in desired.items()}, now_ns)
        return Step(sends=sends if self.connected else [])

    # -- time ---------------------------------------------------------------------------------------------------------

    def on_time(self, now_ns: int) -> Step:
        """Return what the passing of time asks for: silence closes, unanswered subscriptions are sent again."""
        limits = self.limits
        step = Step(self.feeds.on_time(now_ns, limits.bar_grace_ns, limits.crossed_ns))
        if not self.connected:
            return step
        if self.age_ns(now_ns) >= limits.silence_ns:
            self.feeds.mark_stale()
            reason = f"silent for {self.age_ns(now_ns) / 1e9:.1f} s"
            step.events.append(_state(StreamKind.STALE, now_ns, reason=reason))
            step.close = reason
            return step
        step.sends += self.subscriptions.overdue(now_ns, limits.acknowledge_ns)
        self._owe_missing_snapshots(now_ns)
        step.sends += self._renewals(now_ns)
        return step

    def _owe_missing_snapshots(self, now_ns: int) -> None:
        """A book that is subscribed and waits too long for its snapshot is asked for again."""
        if now_ns - self.connected_ns >= self.limits.renew_every_ns:
            self.feeds.owed.update(self.feeds.unbelieved(self.subscriptions.desired.get("level2", ())))

    def _renewals(self, now_ns: int) -> list[Send]:
        """Return what to send for the snapshots that are owed, at most once per renewal time and product."""
        self._owed |= {("level2", product) for product in self.feeds.owed}
        self.feeds.owed.clear()
        due: dict[str, list[str]] = {}
        for key in sorted(self._owed):
            renewed_ns = self._renewed_ns.get(key)
            if renewed_ns is None or now_ns - renewed_ns >= self.limits.renew_every_ns:
                self._renewed_ns[key] = now_ns
                self._owed.discard(key)
                due.setdefault(key[0], []).append(key[1])
        sends: list[Send] = []
        for channel, products in due.items():
            ids = () if channel in WITHOUT_PRODUCTS else tuple(products)
            sends += self.subscriptions.renew(channel, ids, now_ns)
        return sends

    # -- frames -------------------------------------------------------------------------------------------------------

    def on_frame(self, raw: bytes | str, now_ns: int) -> Step:
        """Return what follows from a frame that was received at `now_ns`; never raises for what the venue wrote."""
        step = Step()
        self.last_received_ns = now_ns
        try:
            frame = decode_frame(raw)
        except ProtocolError as error:
            self._keep(raw, str(error), now_ns)
            if isinstance(error, UnnumberedFrame):
                self._on_unnumbered(error, now_ns, step)
            return step
        if isinstance(frame, ErrorFrame):
            step.events.append(self._on_error(frame, now_ns))
        elif isinstance(frame, OldSubscriptions):
            self.subscriptions.acknowledge({each.name: each.product_ids for each in frame.channels})
        elif self._in_sequence(frame.sequence_num, now_ns, step):
            try:
                step.events += self._told(frame, now_ns)
            except ValueError as error:
                self._keep(raw, str(error), now_ns)
                step.events += self._doubts(frame, now_ns)
        if self._owed or self.feeds.owed:
            step.sends += self._renewals(now_ns)
        return step

    def settle(self, now_ns: int) -> list[StreamEvent]:
        """Return one quote per book that changed since the last look; only where levels are not told one by one."""
        events, failures = self.feeds.settle(now_ns)
        for reason in failures:
            self._keep("", reason, now_ns)
        return events

    def _told(self, frame: AnyFrame, now_ns: int) -> list[StreamEvent]:
        if isinstance(frame, LevelFrame):
            return self.feeds.on_levels(frame, now_ns)
        if isinstance(frame, TradesFrame):
            return self.feeds.on_trades(frame, now_ns)
        if isinstance(frame, TickerFrame | TickerBatchFrame):
            return self.feeds.on_tickers(frame, now_ns)
        if isinstance(frame, UserFrame):
            return self._on_user(frame, now_ns)
        if isinstance(frame, CandlesFrame):
            return self.feeds.on_candles(frame)
        if isinstance(frame, SubscriptionsFrame):
            for event in frame.events:
                self.subscriptions.acknowledge(event.subscriptions)
        elif isinstance(frame, HeartbeatsFrame):
            self.heartbeats += 1
        return []

    def _in_sequence(self, number: int, now_ns: int, step: Step) -> bool:
        """Whether the frame is the next one, or follows a gap; one that came before, or twice, is dropped."""
        expected, self._sequence = self._sequence + 1, max(self._sequence, number)
        if number < expected:
            self.late += 1
            self._late_in_row += 1
            if self._late_in_row > self.limits.late_max:
                step.close = f"{self._late_in_row} frames in a row with numbers from before"
            return False
        self._late_in_row = 0
        if number > expected:
            step.events.append(self._on_gap(f"{number - expected} frames lost", now_ns))
        return True

    def _on_unnumbered(self, error: UnnumberedFrame, now_ns: int, step: Step) -> None:
        """What a frame without a number has changed is lost, and it leaves no gap that would say so."""
        if FRAMES_OF.get(error.channel, error.channel) in RENEWED_AFTER_GAP:
            step.events.append(self._on_gap(str(error), now_ns))
            step.sends += self._renewals(now_ns)

    def _on_gap(self, reason: str, now_ns: int) -> StreamState:
        self.gaps += 1
        self.user_synced = False
        self.feeds.mark_stale()
        desired = self.subscriptions.desired
        for channel in RENEWED_AFTER_GAP:
            if channel in desired:
                self._owed |= {
                    (channel, each) for each in (() if channel in WITHOUT_PRODUCTS else desired[channel]) or ("",)
                }
        return _state(StreamKind.GAP, now_ns, reason=reason)

    def _on_user(self, frame: UserFrame, now_ns: int) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        for event in frame.events:
            events += [OrderSeen(seen_order(order, now_ns), now_ns) for order in event.orders]
            if event.type != SNAPSHOT:
                continue
            self._user_orders += len(event.orders)
            if len(event.orders) < USER_BATCH:
                self.user_synced = True
                reason = f"{self._user_orders} open orders"
                self._user_orders = 0
                self._owed.discard(("user", ""))
                events.append(_state(StreamKind.RESYNCED, now_ns, "user", reason))
        return events

    def _on_error(self, frame: ErrorFrame, now_ns: int) -> StreamState:
        """An error names no channel: it is the answer to what waits for one, a private subscription first."""
        waiting = self.subscriptions.waiting()
        return _state(StreamKind.STALE, now_ns, waiting[0] if waiting else "", frame.message or frame.reason)

    # -- what could not be read ---------------------------------------------------------------------------------------

    def _keep(self, raw: bytes | str, reason: str, now_ns: int) -> None:
        self.unreadable_count += 1
        head = raw[:HEAD]
        self.unreadable.append(Unreadable(now_ns, reason, head if isinstance(head, str) else repr(head)))

    def _doubts(self, frame: AnyFrame, now_ns: int) -> list[StreamEvent]:
        """Return what to tell when a frame's rows could not be believed."""
        if isinstance(frame, LevelFrame):
            products = [each.product_id for each in frame.events if each.product_id in self.feeds.by_product]
            return [self.feeds.doubt(each, "a level could not be read", now_ns) for each in products]
        if isinstance(frame, UserFrame):
            self.user_synced = False
            self._owed.add(("user", ""))
            return [_state(StreamKind.GAP, now_ns, "user", "an order could not be read")]
        return []


def _state(kind: StreamKind, now_ns: int, channel: str = "", reason: str = "") -> StreamState:
    return StreamState(kind=kind, ts_ns=now_ns, channel=channel, reason=reason)
