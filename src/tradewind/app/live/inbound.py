"""What the venue's stream says, on its way into the session: prices to the engine, trades to candles, orders to truth.

Each event reaches the engine with the time at which it was received, so engine time never goes back (I38). A stream
that is stale or has lost something says so: its book prices nothing, its candle is asked of the venue, and the
instrument takes no new risk until it is whole again.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from tradewind.app.live.candles import CandleJoin
from tradewind.app.live.doubts import Doubts
from tradewind.app.live.engine import LiveEngine
from tradewind.market.activity import ActivityLimits, ActivityMonitor
from tradewind.market.marks import MarkCache
from tradewind.model.market_events import BookSnapshot, LevelUpdate, MarketEvent, QuoteTick, TradePrint
from tradewind.model.venue import VenueOrder
from tradewind.venues.ports import OrderSeen, StreamEvent, StreamKind, StreamState

CAUSE = "stream"
USER, TRADES = "user", "market_trades"
BROKEN = frozenset({StreamKind.STALE, StreamKind.GAP, StreamKind.CLOSED})
BESIDE = frozenset({"rest", "heartbeats"})  # what they say of themselves is about no instrument
MARK_AGE_NS = 10_000_000_000


class Inbound:
    """`take` what arrived together. `on_order` hears of our orders, `on_user` whether the private stream is up."""

    def __init__(
        self,
        engine: LiveEngine,
        candles: Mapping[str, CandleJoin],
        doubts: Doubts,
        *,
        with_trades: bool,
        limits: ActivityLimits,
        on_order: Callable[[VenueOrder], None],
        on_user: Callable[[bool], None],
    ) -> None:
        names = tuple(engine.state.markets)
        self.activity = ActivityMonitor(names, limits)
        self.marks = MarkCache()
        self.messages = 0
        self.gaps = 0
        self._engine = engine
        self._candles = candles
        self._doubts = doubts
        self._tape_up = False
        self._on_order = on_order
        self._on_user = on_user
        self._trades_for = {name for name, market in engine.state.markets.items() if with_trades or market.hears_trades}
        self._books = {name for name, market in engine.state.markets.items() if market.hears_book}

    def take(self, events: Sequence[StreamEvent]) -> None:
        """Let what arrived together happen, in its order."""
        now_ns = self._engine.now_ns()
        batch: list[MarketEvent] = []
        for event in events:
            self.messages += 1
            kind = type(event)
            if kind is LevelUpdate or kind is BookSnapshot or kind is QuoteTick or kind is TradePrint:
                self._market(event, now_ns, batch)  # type: ignore[arg-type]  # one of the four
            elif isinstance(event, OrderSeen):
                batch = self._flush(batch)
                self._on_order(event.order)
            elif isinstance(event, StreamState):
                batch = self._flush(batch)
                self._state(event)
        self._flush(batch)

    def usable_marks(self) -> dict[str, int]:
        """Return the prices that may be believed now, in units: what protection watches."""
        now_ns = self._engine.now_ns()
        marks: dict[str, int] = {}
        for name, market in self._engine.state.markets.items():
            if market.mark is not None and (name, CAUSE) not in self._doubts.held:
                if now_ns - market.mark_ns <= MARK_AGE_NS:
                    marks[name] = market.mark
        return marks

    def _market(
        self, event: BookSnapshot | LevelUpdate | QuoteTick | TradePrint, now_ns: int, batch: list[MarketEvent]
    ) -> None:
        name = event.instrument
        if name not in self._candles:
            return
        self.activity.note_message(name, now_ns)
        if isinstance(event, BookSnapshot):
            self._believed(name, "a snapshot of its book")
            if name not in self._books:
                quote = _best(event)
                if quote is None:
                    return
                event = quote
        if isinstance(event, TradePrint):
            self._candles[name].on_trade(event)
            self.marks.on_trade(event)
            self.activity.note_trade(name, now_ns, event.quantity)
            if name not in self._trades_for:
                return
        elif isinstance(event, QuoteTick):
            self.marks.on_quote(event)
            self.activity.note_quote(name, now_ns, event.bid, event.ask)
            if name in self._books or not 0 < event.bid < event.ask:
                return  # the book says it better; a crossed quote prices nothing
        batch.append(msgspec.structs.replace(event, ts_ns=now_ns))

    def _flush(self, batch: list[MarketEvent]) -> list[MarketEvent]:
        if batch:
            self._engine.feed(batch)
        return []

    def _state(self, event: StreamState) -> None:
        """A connection alone proves nothing: an instrument is believed from the next snapshot of its book on."""
        if event.kind is StreamKind.CONNECTED or event.channel in BESIDE:
            return
        broken = event.kind in BROKEN
        if event.channel == USER or (broken and not event.channel):
            self._on_user(not broken)
        if event.channel == USER:
            return
        self._tape(event, broken=broken)
        if event.channel == TRADES:
            return
        names = [event.instrument] if event.instrument else list(self._candles)
        for name in names:
            if name in self._candles:
                if broken:
                    self._broken(name, event)
                else:
                    self._believed(name, f"{event.channel or 'stream'} {event.kind.value}")

    def _tape(self, event: StreamState, *, broken: bool) -> None:
        """Whether trades come without a loss: from their subscription on, and again right after messages were lost."""
        if event.channel == TRADES:
            self._tape_up = not broken
        elif event.channel or not broken:
            return
        elif event.kind is not StreamKind.GAP:
            self._tape_up = False
        for candles in self._candles.values():
            if broken:
                candles.stream_broken()
            if self._tape_up:
                candles.stream_whole(self._engine.now_ns())

    def _believed(self, name: str, evidence: str) -> None:
        self._doubts.clear(name, CAUSE, evidence)

    def _broken(self, name: str, event: StreamState) -> None:
        now_ns = self._engine.now_ns()
        if (name, CAUSE) not in self._doubts.held:  # one outage may say so many times
            self.gaps += 1
            self.activity.note_gap(name, now_ns)
        self._doubts.raise_(name, CAUSE, f"{event.channel or 'stream'} {event.kind.value}: {event.reason}".rstrip(": "))
        self.marks.drop_book(name)
        # An empty book has no best prices: what is stale prices nothing (I34). The mark keeps its age.
        self._engine.feed([BookSnapshot(name, now_ns, (), ())])


def _best(snapshot: BookSnapshot) -> QuoteTick | None:
    """Return the best levels of a book as a quote, None when a side is empty or they are crossed."""
    bid = max((level for level in snapshot.bids if level[1] > 0), default=None)
    ask = min((level for level in snapshot.asks if level[1] > 0), default=None)
    if bid is None or ask is None or bid[0] >= ask[0]:
        return None
    return QuoteTick(snapshot.instrument, snapshot.ts_ns, bid[0], bid[1], ask[0], ask[1])
