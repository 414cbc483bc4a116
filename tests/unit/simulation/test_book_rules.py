"""Book mode beyond the reference rows: consumed levels, queues, latency, icebergs, expiry, self-trades, margin."""

from decimal import Decimal

import pytest

from tests.unit.simulation.bench import BTC, ETH, MS, Book, account, perpetual
from tradewind.model.answers import CancelRejected, OrderRejected
from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeSchedule, FeeTier, flat_fees
from tradewind.model.market_events import Bar, Gap, QuoteTick
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import SimulationSettings

FREE = flat_fees(Decimal(0), Decimal(0))
RICH = account("100000", (BTC, "100", "100"))


def quoted(opening: object = RICH, **settings: object) -> Book:
    """Return a free venue with 10 bid at 99 and 10 offered at 101."""
    book = Book(opening=opening, fees=FREE, **settings)
    book.book({"99": "10", "98": "10"}, {"101": "10", "102": "10"})
    book.at(1)
    return book


# -- taking -----------------------------------------------------------------------------------------------------------


def test_what_we_took_stays_gone_until_the_level_updates() -> None:
    book = quoted()
    book.send("a", "buy", "market", "8")
    book.at(2).send("b", "buy", "market", "4")
    assert book.fills() == ["a 8 @ 101 taker 0", "b 2 @ 101 taker 0", "b 2 @ 102 taker 0"]
    book.at(3).level("ask", "101", "3")
    book.at(4).send("c", "buy", "market", "4")
    assert book.fills()[3:] == ["c 3 @ 101 taker 0", "c 1 @ 102 taker 0"]


def test_the_best_price_follows_removals_and_improvements() -> None:
    book = quoted()
    book.send("post", "buy", "limit", "1", price="100.5", post_only=True)
    book.at(2).level("ask", "101", "0")
    book.at(3).send("wide", "buy", "limit", "1", price="101.5", post_only=True)
    book.at(4).level("ask", "101.8", "4")
    book.at(5).send("take", "buy", "limit", "6", price="102")
    assert (book.status("post"), book.status("wide")) == ("open", "open")
    assert book.fills() == ["take 4 @ 101.8 taker 0", "take 2 @ 102 taker 0"]


def test_a_snapshot_renews_every_level() -> None:
    book = quoted()
    book.send("a", "buy", "market", "10")
    book.at(2).book({"99": "1"}, {"101": "10"})
    book.send("b", "buy", "market", "10")
    assert book.fills()[1:] == ["b 10 @ 101 taker 0"]


def test_a_market_order_without_liquidity_is_canceled() -> None:
    book = quoted()
    book.send("a", "sell", "market", "25")
    assert book.fills() == ["a 10 @ 99 taker 0", "a 10 @ 98 taker 0"]
    assert book.status("a") == "canceled:NO_LIQUIDITY"
    book.book({}, {})
    book.send("b", "buy", "market", "1")
    assert book.status("b") == "canceled:NO_LIQUIDITY"


@pytest.mark.parametrize(("quantity", "status"), [("20", "filled"), ("20.0001", "canceled:FOK_NOT_FILLABLE")])
def test_fok_counts_all_levels_inside_the_limit(quantity: str, status: str) -> None:
    book = quoted()
    book.send("f", "buy", "limit", quantity, price="102", tif="fok")
    assert book.status("f") == status


def test_funds_cover_the_walk_and_the_resting_part() -> None:
    # 10 x 101 taken + 5 x 101.5 resting = 1517.5
    for cash, status in [("1517.49", "rejected:INSUFFICIENT_FUNDS"), ("1517.5", "open")]:
        book = quoted(opening=account(cash))
        book.send("l", "buy", "limit", "15", price="101.5")
        assert book.status("l") == status


def test_minimum_notional_of_a_market_order_uses_its_average() -> None:
    least = BTC.__class__(**{**{n: getattr(BTC, n) for n in BTC.__struct_fields__}, "min_notional": Decimal(100)})
    book = Book(least, fees=FREE)
    book.book({}, {"100": "0.5"})
    book.send("small", "buy", "market", "0.9")
    book.send("thin", "buy", "market", "2")
    assert book.status("small") == "rejected:MIN_NOTIONAL"
    assert (book.status("thin"), book.filled("thin")) == ("canceled:NO_LIQUIDITY", "0.5")


# -- resting ----------------------------------------------------------------------------------------------------------


def test_a_trade_beyond_our_price_fills_all() -> None:
    book = quoted()
    book.send("l", "buy", "limit", "7", price="99")
    book.at(2).trade("sell", "0.1", "98.99")
    assert book.fills() == ["l 7 @ 99 maker 0"]


def test_the_own_side_aggressor_at_our_price_does_nothing() -> None:
    book = quoted()
    book.send("l", "buy", "limit", "7", price="99")
    book.at(2).trade("buy", "100", "99")
    assert (book.fills(), book.ahead("l")) == ([], "10")


@pytest.mark.parametrize(
    ("side", "own", "opposite", "price", "filled"),
    [
        ("buy", "99", "ask", "99", True),
        ("buy", "99", "ask", "98.5", True),
        ("buy", "99", "ask", "99.01", False),
        ("sell", "101", "bid", "101", True),
        ("sell", "101", "bid", "100.99", False),
    ],
)
def test_the_opposite_best_at_or_beyond_our_price_fills_all(
    side: str, own: str, opposite: str, price: str, filled: bool
) -> None:
    for by_snapshot in (False, True):
        book = quoted()
        book.send("l", side, "limit", "7", price=own)
        book.at(2)
        if by_snapshot:
            book.book({price: "1"} if opposite == "bid" else {}, {price: "1"} if opposite == "ask" else {})
        else:
            book.level(opposite, price, "1")
        assert book.fills() == ([f"l 7 @ {own} maker 0"] if filled else [])


def test_own_orders_at_one_price_share_a_trade_by_age() -> None:
    book = quoted()
    book.send("a", "buy", "limit", "3", price="99")
    book.at(2).send("b", "buy", "limit", "4", price="99")
    book.at(3).trade("sell", "14", "99")
    assert book.fills() == ["a 3 @ 99 maker 0", "b 1 @ 99 maker 0"]


def test_a_level_update_does_not_count_trades_twice() -> None:
    book = quoted()
    book.send("l", "buy", "limit", "5", price="99")
    book.at(2).trade("sell", "4", "99")
    book.at(3).level("bid", "99", "6")
    assert book.ahead("l") == "6"
    book.at(4).level("bid", "99", "2")
    assert book.ahead("l") == "2"


def test_a_removed_level_leaves_nothing_ahead() -> None:
    book = quoted()
    book.send("l", "buy", "limit", "5", price="99")
    book.at(2).level("bid", "99", "0")
    assert book.ahead("l") == "0"
    book.at(3).trade("sell", "2", "99")
    assert book.fills() == ["l 2 @ 99 maker 0"]


def test_an_iceberg_refreshes_at_the_back_of_the_queue() -> None:
    book = quoted()
    book.send("i", "buy", "limit", "5", price="99", display="2")
    book.at(2).trade("sell", "11", "99")
    assert (book.filled("i"), book.ahead("i")) == ("1", "0")
    book.at(3).trade("sell", "5", "99")
    assert (book.filled("i"), book.ahead("i")) == ("2", "10")
    book.at(4).trade("sell", "13", "99")
    assert (book.filled("i"), book.ahead("i")) == ("4", "10")
    book.at(5).level("ask", "99", "1")
    assert book.status("i") == "filled"


def test_gtd_expires_when_its_time_comes_before_the_market_data_of_then() -> None:
    book = quoted()
    book.send("l", "buy", "limit", "5", price="99", tif="gtd", expire_ns=10 * MS)
    book.at(10).trade("sell", "100", "98")
    assert (book.fills(), book.status("l")) == ([], "canceled:EXPIRED")
    assert book.notices() == ["10 l canceled EXPIRED"]
    book.at(11).send("late", "buy", "limit", "5", price="99", tif="gtd", expire_ns=11 * MS)
    assert book.status("late") == "canceled:EXPIRED"


def test_a_filled_order_does_not_expire() -> None:
    book = quoted()
    book.send("l", "buy", "limit", "5", price="99", tif="gtd", expire_ns=10 * MS)
    book.at(5).trade("sell", "1", "98")
    book.wait(20)
    assert book.status("l") == "filled"


# -- own orders -------------------------------------------------------------------------------------------------------


def test_a_taker_stops_before_an_own_order() -> None:
    book = quoted()
    book.send("own", "sell", "limit", "1", price="101.5")
    book.at(2).send("new", "buy", "limit", "15", price="102")
    assert book.fills() == ["new 10 @ 101 taker 0"]
    assert book.status("new") == "canceled:SELF_TRADE"


def test_a_market_order_that_is_filled_before_an_own_order_is_not_canceled() -> None:
    book = quoted()
    book.send("own", "sell", "limit", "1", price="101.5")
    book.at(2).send("new", "buy", "market", "10")
    assert (book.status("new"), book.status("own")) == ("filled", "open")


def test_post_only_against_an_own_order_is_rejected() -> None:
    book = quoted()
    book.send("own", "sell", "limit", "1", price="100")
    book.at(2).send("new", "buy", "limit", "1", price="100", post_only=True)
    assert book.status("new") == "rejected:SELF_TRADE"


def test_other_prevention_modes_are_refused() -> None:
    with pytest.raises(ConfigError, match="cancel_oldest"):
        BookVenue([BTC], SimulationSettings(self_trade_prevention="cancel_oldest"))


def test_oco_and_children_in_book_mode() -> None:
    book = quoted()
    book.send("entry", "buy", "market", "1")
    book.send("parent", "buy", "limit", "2", price="99")
    book.send("exit", "sell", "limit", "2", price="103", after="parent", oco="x")
    book.send("other", "sell", "limit", "2", price="104", after="parent", oco="x")
    assert book.status("exit") == "pending"
    book.at(2).trade("sell", "1", "98")
    assert (book.status("exit"), book.ahead("exit")) == ("open", "0")
    book.at(3).trade("buy", "1", "103")
    assert (book.filled("exit"), book.status("other")) == ("1", "canceled:OCO")


def test_a_child_on_another_instrument_arrives_with_its_parents_fill() -> None:
    book = Book(BTC, ETH, fees=FREE)
    book.book({}, {"100": "5"})
    book.at(1).send("hedge", "buy", "limit", "1", price="10", after="entry", instrument=ETH.id)
    book.send("entry", "buy", "market", "1")
    assert book.status("hedge") == "open"


def test_reduce_only_shrinks_in_book_mode() -> None:
    perp = perpetual()
    book = Book(perp, fees=FREE, opening=account("1000", (perp, "5", "100")))
    book.book({"99": "10"}, {"101": "10"})
    book.at(1).send("r", "sell", "limit", "5", price="102", reduce_only=True)
    book.at(2).send("m", "sell", "market", "3")
    assert book.order("r").remaining == perp.quantity_units("2")
    book.at(3).send("n", "sell", "market", "2")
    assert book.status("r") == "canceled:REDUCE_ONLY_NO_POSITION"


# -- latency ----------------------------------------------------------------------------------------------------------


def test_a_cancel_can_lose_against_a_fill() -> None:
    book = quoted(entry_latency_ns=50 * MS, response_latency_ns=20 * MS)
    book.send("l", "buy", "limit", "5", price="99")
    book.wait(100)
    book.cancel("l")
    book.at(120).trade("sell", "1", "98")
    book.wait(170)
    assert book.notices() == ["140 l fill", "170 l cancel_rejected NOT_OPEN"]
    assert isinstance(book.log[-1], CancelRejected)


def test_a_cancel_in_time() -> None:
    book = quoted(entry_latency_ns=50 * MS, response_latency_ns=20 * MS)
    book.send("l", "buy", "limit", "5", price="99")
    book.at(10).cancel("l")
    book.wait(60)
    assert book.status("l") == "canceled:REQUESTED"
    book.at(70).trade("sell", "1", "98")
    book.wait(200)
    assert book.notices() == ["80 l canceled REQUESTED"]


def test_market_data_of_the_same_moment_comes_before_arrivals() -> None:
    book = quoted(entry_latency_ns=9 * MS)
    book.take(book.venue.submit(book.request("m", "buy", "market", "1"), 1 * MS))
    book.at(10).level("ask", "101", "0")
    assert book.order("m").filled == 0
    book.wait(10)
    assert book.fills() == ["m 1 @ 102 taker 0"]


def test_the_fee_rate_is_fixed_when_sent() -> None:
    tiers = FeeSchedule(
        (FeeTier(Decimal(0), Decimal(0), Decimal("0.01")), FeeTier(Decimal(100), Decimal(0), Decimal(0)))
    )
    book = Book(fees=tiers, entry_latency_ns=5 * MS)
    book.book({}, {"100": "10"})
    book.at(1).send("a", "buy", "market", "1")
    book.at(2).send("b", "buy", "market", "1")
    book.wait(10)
    book.send("c", "buy", "market", "1")
    book.wait(20)
    assert book.fills() == ["a 1 @ 100 taker 1", "b 1 @ 100 taker 1", "c 1 @ 100 taker 0"]


def test_due_tells_when_something_in_flight_happens() -> None:
    book = quoted(entry_latency_ns=50 * MS, response_latency_ns=20 * MS)
    assert book.venue.due_ns is None
    book.send("m", "buy", "market", "1")
    assert book.venue.due_ns == 51 * MS
    book.wait(51)
    assert book.venue.due_ns == 71 * MS
    book.wait(71)
    assert book.venue.due_ns is None


# -- what book mode does not take -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "quantity", "terms", "reason"),
    [
        ("stop_market", "1", {"stop": "105"}, "UNSUPPORTED_ORDER_KIND"),
        ("market", None, {"maximum": True}, "UNSUPPORTED_SIZE"),
        ("limit", "1", {}, "INVALID_PRICE"),
    ],
)
def test_unsupported_requests_are_rejected(
    kind: str, quantity: str | None, terms: dict[str, object], reason: str
) -> None:
    book = quoted()
    book.send("x", "buy", kind, quantity, **terms)
    assert book.log[-1] == OrderRejected("x", 1 * MS, reason)


def test_bars_do_nothing_gaps_are_counted_and_quotes_are_a_small_book() -> None:
    book = quoted()
    before = book.venue.report()
    assert book.venue.on_event(Bar(BTC.id, 2 * MS, MS, 1, 1, 1, 1)) == ()
    assert book.venue.report() == before
    book.venue.on_event(Gap(BTC.id, 2 * MS, 3))
    assert book.venue.report().staleness == {BTC.id: 3}
    book.take(book.venue.on_event(QuoteTick(BTC.id, 3 * MS, 9_000, 10_000, 9_100, 20_000)))
    book.at(4).send("m", "buy", "market", "5")
    assert book.fills() == ["m 2 @ 91 taker 0"]


# -- marks and margin -------------------------------------------------------------------------------------------------


def test_the_mark_is_the_mid_until_the_venue_gives_one() -> None:
    book = quoted()
    assert book.venue.report().marks == {BTC.id: 100}
    book.at(2).level("ask", "100", "1")
    assert book.venue.report().marks == {BTC.id: Decimal("99.5")}
    book.at(3).book({}, {"120": "1"})
    assert book.venue.report().marks == {BTC.id: Decimal("99.5")}
    book.at(4).mark("107")
    book.at(5).book({"99": "1"}, {"101": "1"})
    assert book.venue.report().marks == {BTC.id: 107}


def test_the_last_mid_survives_the_removal_of_a_side() -> None:
    book = Book()
    book.book({"99": "1"}, {"101": "1"})
    book.at(1).level("ask", "101", "0")
    assert book.venue.report().marks == {BTC.id: 100}


def test_marks_and_mids_liquidate() -> None:
    perp = perpetual(maintenance_margin="0.05")
    by_mark = Book(perp, opening=account("1000", (perp, "1", "10000")))
    by_mark.mark("9400")
    assert by_mark.liquidations() == ["full 1 @ 9400"]
    by_mid = Book(perp, opening=account("1000", (perp, "1", "10000")))
    by_mid.book({"9399": "1"}, {"9402": "1"})
    assert by_mid.liquidations() == ["full 1 @ 9400.5"]


def test_margin_of_an_arriving_order_uses_its_average() -> None:
    # 1 at 100 and 2 at 101.25: 302.5 of notional, marked at 100 from then on.
    perp = perpetual()
    for cash, status in [("30.24", "rejected:INSUFFICIENT_MARGIN"), ("30.25", "filled")]:
        book = Book(perp, fees=FREE, opening=account(cash))
        book.book({"99": "1"}, {"100": "1", "101.25": "5"})
        book.at(1).send("m", "buy", "market", "3")
        assert book.status("m") == status
