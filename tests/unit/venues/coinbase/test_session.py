"""The stream's connection as a state machine: what is sent, what is believed, and from when on it is not."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tradewind.market.book import BookState
from tradewind.model.errors import ConfigError
from tradewind.model.instrument import define_instrument
from tradewind.model.market_events import BookSnapshot, LevelUpdate, QuoteTick, TradePrint
from tradewind.model.venue import VenueOrderStatus
from tradewind.venues.coinbase.session import SessionLimits, Step, StreamSession
from tradewind.venues.coinbase.subscriptions import Send, Subscriptions
from tradewind.venues.ports import OrderSeen, StreamKind, StreamState

NOW = 1_700_000_000_000_000_000
S = 1_000_000_000
BTC, ETH = (define_instrument(name, price_increment="0.01", base_increment="0.0001") for name in ("BTC-USD", "ETH-USD"))
LIMITS = SessionLimits(kept_unreadable=3, late_max=5)


class Wire:
    """A session that is fed by a venue which numbers its frames."""

    def __init__(self, *channels: str, tell_levels: bool = True) -> None:
        plan = {channel: () if channel == "user" else ("BTC-USD", "ETH-USD") for channel in channels or ("level2",)}
        self.session = StreamSession(plan, [BTC, ETH], limits=LIMITS, tell_levels=tell_levels)
        self.number = 0
        self.started = self.session.on_connected(NOW)

    def say(self, channel: str, *events: dict[str, Any], at: int = NOW, number: int | None = None) -> Step:
        self.number = self.number if number is None else number
        frame = {"channel": channel, "sequence_num": self.number, "timestamp": "", "events": events}
        self.number += 1
        return self.session.on_frame(msgspec.json.encode(frame), at)

    def book(self, product: str, *rows: tuple[str, str, str], kind: str = "snapshot", at: int = NOW) -> Step:
        updates = [{"side": side, "price_level": price, "new_quantity": size} for side, price, size in rows]
        return self.say("l2_data", {"type": kind, "product_id": product, "updates": updates}, at=at)

    def books(self, at: int = NOW) -> None:
        for product in ("BTC-USD", "ETH-USD"):
            self.book(product, ("bid", "100", "1"), ("offer", "101", "2"), at=at)

    def acknowledge(self, **channels: list[str]) -> Step:
        return self.say("subscriptions", {"subscriptions": {"heartbeats": ["heartbeats"], **channels}})

    def state(self, product: str = "BTC-USD") -> BookState:
        return self.session.feeds.by_product[product].book.state


def states(step: Step) -> list[tuple[StreamKind, str, str]]:
    return [(each.kind, each.channel, each.instrument) for each in step.events if isinstance(each, StreamState)]


def test_everything_is_subscribed_at_once_heartbeats_first() -> None:
    wire = Wire("level2", "user", "ticker")
    assert [each.channel for each in wire.started.sends] == ["heartbeats", "user", "level2", "ticker"]
    assert wire.started.sends[2].text() == (
        '{"type":"subscribe","channel":"level2","product_ids":["BTC-USD","ETH-USD"]}'
    )
    assert wire.started.sends[1].text("a-token") == '{"type":"subscribe","channel":"user","jwt":"a-token"}'
    assert [each.private for each in wire.started.sends] == [False, True, False, False]


def test_the_stream_is_live_when_acknowledged_believed_and_fresh() -> None:
    wire = Wire()
    assert not wire.session.live(NOW)
    wire.acknowledge(level2=["BTC-USD"])
    wire.books(at=NOW + 1)
    assert not wire.session.live(NOW + 1)
    wire.acknowledge(level2=["BTC-USD", "ETH-USD"])
    assert wire.session.live(NOW + 1) is False  # the last frame's receipt is the moment of connecting
    wire.say("heartbeats", {"heartbeat_counter": "2"}, at=NOW + 2)
    assert wire.session.live(NOW + 2)
    assert not wire.session.live(NOW + 2 + LIMITS.silence_ns)


def test_changes_before_a_snapshot_are_dropped() -> None:
    wire = Wire()
    assert wire.book("BTC-USD", ("bid", "99", "1"), kind="update").events == []
    assert isinstance(wire.book("BTC-USD", ("bid", "100", "1"), ("offer", "101", "2")).events[0], BookSnapshot)
    assert isinstance(wire.book("BTC-USD", ("bid", "100", "3"), kind="update").events[0], LevelUpdate)


def test_a_gap_makes_every_book_stale_and_asks_again() -> None:
    wire = Wire("level2", "market_trades", "user")
    wire.books()
    wire.number += 1
    step = wire.book("BTC-USD", ("bid", "99", "1"), kind="update")
    assert states(step) == [(StreamKind.GAP, "", "")]
    assert [wire.state(), wire.state("ETH-USD")] == [BookState.STALE] * 2
    assert step.sends == [
        Send("level2", ("BTC-USD", "ETH-USD"), subscribe=False),
        Send("level2", ("BTC-USD", "ETH-USD")),
        Send("market_trades", ("BTC-USD", "ETH-USD"), subscribe=False),
        Send("market_trades", ("BTC-USD", "ETH-USD")),
        Send("user", (), subscribe=False),
        Send("user", ()),
    ]
    step = wire.book("BTC-USD", ("bid", "98", "1"), ("offer", "99", "1"))
    assert states(step) == [(StreamKind.RESYNCED, "level2", "BTC-USD")]
    assert wire.session.feeds.by_product["BTC-USD"].book.best_ask == 9_900
    wire.number += 1
    assert wire.say("heartbeats", {"heartbeat_counter": 1}).sends == []  # asked a moment ago
    later = wire.session.on_time(NOW + LIMITS.renew_every_ns - 1)
    assert later.sends == []
    wire.say("heartbeats", {"heartbeat_counter": 2}, at=NOW + 4 * S)
    assert Send("level2", ("BTC-USD", "ETH-USD")) in wire.session.on_time(NOW + LIMITS.renew_every_ns).sends


def test_frames_from_before_and_twice_are_dropped() -> None:
    wire = Wire()
    wire.books()
    for _ in range(LIMITS.late_max):
        step = wire.book("BTC-USD", ("bid", "100", "9"), kind="update", at=NOW)
        wire.number = 1
        assert step.close == ""
    assert wire.session.late == LIMITS.late_max - 1
    wire.number = 0
    closes = [wire.say("heartbeats", {"heartbeat_counter": 1}, number=0).close for _ in range(3)]
    assert "from before" in closes[-1]


def test_silence_is_told_by_age_and_closes() -> None:
    wire = Wire()
    wire.books()
    assert wire.session.on_time(NOW + LIMITS.silence_ns - 1).close == ""
    step = wire.session.on_time(NOW + LIMITS.silence_ns)
    assert step.close == "silent for 5.0 s"
    assert states(step) == [(StreamKind.STALE, "", "")]
    assert wire.state() is BookState.STALE
    closed = wire.session.on_closed(NOW + LIMITS.silence_ns, "silent")
    assert states(closed) == [(StreamKind.CLOSED, "", "")]
    assert wire.session.on_time(NOW + 100 * S).close == ""
    assert wire.session.on_connected(NOW + 100 * S).sends == wire.started.sends
    wire.number = 0
    assert states(wire.book("BTC-USD", ("bid", "5", "1"))) == [(StreamKind.RESYNCED, "level2", "BTC-USD")]


def test_what_is_not_acknowledged_is_sent_again_ever_more_patiently() -> None:
    wire = Wire()
    wire.acknowledge(level2=["BTC-USD"])
    sent, at = [], NOW
    for second in range(1, 40):
        at = NOW + second * S
        wire.say("heartbeats", {"heartbeat_counter": second}, at=at)
        wire.books(at=at)
        step = wire.session.on_time(at)
        sent += [second for each in step.sends if each == Send("level2", ("ETH-USD",))]
    assert sent == [5, 15, 35]
    wire.acknowledge(level2=["BTC-USD", "ETH-USD"])
    assert wire.session.subscriptions.complete


def test_a_book_without_its_snapshot_is_asked_for_again() -> None:
    wire = Wire()
    wire.acknowledge(level2=["BTC-USD", "ETH-USD"])
    wire.book("BTC-USD", ("bid", "1", "1"))
    wire.say("heartbeats", {"heartbeat_counter": 1}, at=NOW + 4 * S)
    step = wire.session.on_time(NOW + 5 * S)
    assert step.sends == [Send("level2", ("ETH-USD",), subscribe=False), Send("level2", ("ETH-USD",))]


def test_a_crossed_book_is_said_at_once_and_renewed_when_it_stays() -> None:
    wire = Wire()
    wire.books()
    assert states(wire.book("BTC-USD", ("bid", "102", "1"), kind="update")) == [(StreamKind.STALE, "level2", "BTC-USD")]
    assert states(wire.book("BTC-USD", ("bid", "103", "1"), kind="update")) == []
    assert wire.session.on_time(NOW + LIMITS.crossed_ns - 1).sends == []
    assert Send("level2", ("BTC-USD",)) in wire.session.on_time(NOW + LIMITS.crossed_ns).sends
    crossing = wire.book("BTC-USD", ("bid", "102", "0"), ("bid", "103", "0"), kind="update")
    assert states(crossing) == [(StreamKind.RESYNCED, "level2", "BTC-USD")]


@pytest.mark.parametrize("size", ["NaN", "-1", "x"])
def test_a_level_that_cannot_be_read_makes_its_book_doubtful(size: str) -> None:
    wire = Wire()
    wire.books()
    step = wire.book("BTC-USD", ("bid", "100", size), kind="update")
    assert states(step) == [(StreamKind.GAP, "level2", "BTC-USD")]
    assert step.sends == [Send("level2", ("BTC-USD",), subscribe=False), Send("level2", ("BTC-USD",))]
    assert [wire.state(), wire.state("ETH-USD")] == [BookState.STALE, BookState.VALID]
    assert wire.session.unreadable_count == 1


def test_unreadable_frames_are_counted_and_some_are_kept() -> None:
    wire = Wire()
    wire.books()
    for raw in (b"", b"{", b"[]", "not json", b'{"channel": "dreams", "sequence_num": 2}', b"x" * 10_000):
        assert wire.session.on_frame(raw, NOW).events == []
    assert wire.session.unreadable_count == 6
    assert [len(each.head) <= 2_010 for each in wire.session.unreadable] == [True] * 3
    assert states(wire.say("heartbeats", {"heartbeat_counter": 1}, number=3)) == [(StreamKind.GAP, "", "")]


@pytest.mark.parametrize("channel", ["l2_data", "user", "market_trades"])
def test_a_frame_without_its_number_is_not_taken_and_what_it_may_have_changed_is_asked_again(channel: str) -> None:
    wire = Wire("level2", "user", "market_trades")
    wire.books()
    frame = msgspec.json.encode({"channel": channel, "events": []})
    step = wire.session.on_frame(frame, NOW)
    assert states(step) == [(StreamKind.GAP, "", "")]
    assert [wire.state(), wire.state("ETH-USD")] == [BookState.STALE] * 2
    assert {send.channel for send in step.sends} == {"level2", "user", "market_trades"}
    assert step.close == ""
    wire.books(at=NOW + 1)  # the numbers go on as if it had not been
    assert [wire.state(), wire.state("ETH-USD")] == [BookState.VALID] * 2
    assert (wire.session.gaps, wire.session.unreadable_count) == (1, 1)


@pytest.mark.parametrize("channel", ["heartbeats", "subscriptions", "ticker"])
def test_a_frame_without_its_number_that_changes_nothing_is_only_counted(channel: str) -> None:
    wire = Wire()
    wire.books()
    step = wire.session.on_frame(msgspec.json.encode({"channel": channel, "events": []}), NOW)
    assert (step.events, step.sends, step.close, wire.session.unreadable_count) == ([], [], "", 1)
    assert wire.state() is BookState.VALID


def test_an_error_is_the_answer_to_what_waits() -> None:
    wire = Wire("level2", "user")
    error = b'{"type": "error", "message": "authentication failure"}'
    assert states(wire.session.on_frame(error, NOW)) == [(StreamKind.STALE, "user", "")]
    wire.acknowledge(level2=["BTC-USD", "ETH-USD"], user=["me"])
    assert states(wire.session.on_frame(error, NOW)) == [(StreamKind.STALE, "", "")]
    old = {"type": "subscriptions", "channels": [{"name": "level2", "product_ids": ["BTC-USD"]}]}
    wire.session.on_frame(msgspec.json.encode(old), NOW)
    assert wire.session.subscriptions.missing_of("level2") == ("ETH-USD",)


def order(number: int, **fields: str) -> dict[str, str]:
    return {"order_id": str(number), "status": "OPEN", "product_id": "BTC-USD", "order_side": "BUY", **fields}


def test_the_user_snapshot_ends_with_a_short_batch() -> None:
    wire = Wire("user")
    first = wire.say("user", {"type": "snapshot", "orders": [order(each) for each in range(50)]})
    assert (len(first.events), wire.session.user_synced) == (50, False)
    last = wire.say("user", {"type": "snapshot", "orders": [order(50)]})
    assert wire.session.user_synced
    state = last.events[-1]
    assert isinstance(state, StreamState)
    assert (state.kind, state.channel, state.reason) == (StreamKind.RESYNCED, "user", "51 open orders")


def test_an_order_is_told_with_its_totals() -> None:
    wire = Wire("user")
    totals = {"cumulative_quantity": "0.5", "leaves_quantity": "1.5", "avg_price": "0", "limit_price": "100"}
    words = {"order_type": "Stop Limit", "time_in_force": "GOOD_UNTIL_DATE_TIME", "status": "CANCEL_QUEUED"}
    (seen,) = wire.say("user", {"type": "update", "orders": [order(1, client_order_id="c", **totals, **words)]}).events
    assert isinstance(seen, OrderSeen)
    told = seen.order
    assert (told.client_id, str(told.quantity), str(told.filled), told.average_price) == ("c", "2.0", "0.5", None)
    assert (told.kind, told.time_in_force, told.status) == ("stop_limit", "gtd", VenueOrderStatus.CANCEL_QUEUED)
    (unknown,) = wire.say("user", {"type": "update", "orders": [order(1, status="DREAMING")]}).events
    assert isinstance(unknown, OrderSeen)
    assert unknown.order.status is VenueOrderStatus.UNKNOWN


@pytest.mark.parametrize("fields", [{"order_side": "BOTH"}, {"cumulative_quantity": "-1"}])
def test_an_order_that_cannot_be_believed_puts_the_channel_in_doubt(fields: dict[str, str]) -> None:
    wire = Wire("user")
    wire.say("user", {"type": "snapshot", "orders": []})
    step = wire.say("user", {"type": "update", "orders": [order(1, **fields)]})
    assert states(step) == [(StreamKind.GAP, "user", "")]
    assert step.sends == [Send("user", (), subscribe=False), Send("user", ())]
    assert not wire.session.user_synced


def test_trades_tickers_and_foreign_products() -> None:
    wire = Wire("ticker", "market_trades")
    one = {"trade_id": "1", "product_id": "BTC-USD", "price": "1", "size": "1", "side": "BUY"}
    step = wire.say("market_trades", {"type": "update", "trades": [one, {**one, "product_id": "DOGE-USD"}]})
    assert [type(each) for each in step.events] == [TradePrint]
    assert wire.session.feeds.foreign == 1
    quote = {"product_id": "BTC-USD", "best_bid": "1", "best_ask": "2"}
    step = wire.say("ticker_batch", {"type": "update", "tickers": [quote, {"product_id": ""}]})
    assert [type(each) for each in step.events] == [QuoteTick]


def test_quotes_instead_of_levels() -> None:
    wire = Wire(tell_levels=False)
    wire.books()
    assert wire.book("BTC-USD", ("bid", "100.5", "1"), kind="update").events == []
    assert wire.book("BTC-USD", ("bid", "100.5", "2"), kind="update").events == []
    (quote,) = wire.session.settle(NOW)
    assert isinstance(quote, QuoteTick)
    assert (quote.bid, quote.bid_size) == (10_050, 20_000)
    assert wire.session.settle(NOW) == []
    wire.book("BTC-USD", ("bid", "50", "1"), kind="update")
    assert wire.session.settle(NOW) == []  # the best did not move
    wire.book("BTC-USD", ("bid", "50", "x"), kind="update")
    (state,) = wire.session.settle(NOW)
    assert isinstance(state, StreamState)
    assert (state.kind, wire.session.unreadable_count) == (StreamKind.GAP, 1)


def test_subscriptions_change_by_their_difference() -> None:
    subscriptions = Subscriptions({"level2": ("A", "B"), "ticker": ("A",)})
    assert subscriptions.change({"level2": ("B", "C"), "candles": ("C",)}, NOW) == [
        Send("level2", ("A",), subscribe=False),
        Send("ticker", ("A",), subscribe=False),
        Send("level2", ("C",)),
        Send("candles", ("C",)),
    ]
    assert set(subscriptions.desired) == {"heartbeats", "level2", "candles"}


def test_a_changed_plan_is_sent_on_a_connection_only() -> None:
    wire = Wire()
    sol = define_instrument("SOL-USD")
    assert wire.session.change({"level2": ("SOL-USD",)}, [sol], NOW).sends == [
        Send("level2", ("BTC-USD", "ETH-USD"), subscribe=False),
        Send("level2", ("SOL-USD",)),
    ]
    wire.session.on_closed(NOW, "gone")
    assert wire.session.change({"level2": ("BTC-USD",)}, [], NOW).sends == []


def test_an_instrument_may_live_on_anothers_frames() -> None:
    usdc = define_instrument("BTC-USDC", price_increment="0.01", base_increment="0.0001")
    session = StreamSession({"level2": ("BTC-USD",)}, [usdc], product_of={"BTC-USDC": "BTC-USD"})
    session.on_connected(NOW)
    rows = [{"side": "bid", "price_level": "1", "new_quantity": "1"}]
    event = {"type": "snapshot", "product_id": "BTC-USD", "updates": rows}
    frame = {"channel": "l2_data", "sequence_num": 0, "events": [event]}
    (snapshot,) = session.on_frame(msgspec.json.encode(frame), NOW).events
    assert isinstance(snapshot, BookSnapshot)
    assert snapshot.instrument == "BTC-USDC"
    with pytest.raises(ConfigError, match="share the market of BTC-USD"):
        StreamSession({}, [usdc, BTC], product_of={"BTC-USDC": "BTC-USD"})


def test_recorded_frames_are_followed(shared: Path) -> None:
    perpetual = define_instrument("BTC-PERP-INTX", price_increment="0.1", base_increment="0.0001")
    session = StreamSession({"ticker": ("BTC-PERP-INTX",), "level2": ("BTC-PERP-INTX",)}, [perpetual])
    folder = shared / "fixtures" / "coinbase" / "advanced_trade" / "ws"
    session.on_connected(NOW)
    (snapshot,) = session.on_frame((folder / "live_l2_data_BTC-PERP-INTX_20260907.jsonl").read_bytes(), NOW).events
    assert isinstance(snapshot, BookSnapshot)
    assert snapshot.bids[0] == (799_439, 30_105)
    assert snapshot.asks == ((799_440, 480), (799_441, 12_000))
    session.on_connected(NOW)
    lines = (folder / "live_ticker_BTC-PERP-INTX_20260905.jsonl").read_bytes().splitlines()
    steps = [session.on_frame(line, NOW) for line in lines]
    assert isinstance(steps[0].events[0], QuoteTick)
    assert session.gaps == 1  # number 1 was left out of the recording
    assert session.subscriptions.acknowledged["ticker"] == {"BTC-PERP-INTX", "ETH-PERP-INTX"}
    assert session.heartbeats == 1
