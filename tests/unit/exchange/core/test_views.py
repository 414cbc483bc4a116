"""Ids, the tape, candles, history, portfolios, the quick way in, and what is told in which order."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange_audit import Audit
from tests.exchange_rig import BUY, HOUR_NS, SECOND_NS, SELL, SPOT, START_NS, Rig
from tradewind.exchange.core.amounts import decimal_of, half_even, units_of
from tradewind.exchange.core.events import CoreEvent, LevelChanged, ModeChanged, OrderChanged, Traded
from tradewind.exchange.core.ids import IdStream
from tradewind.exchange.core.orders import LIVE, OrderStatus
from tradewind.exchange.core.products import ProductMode
from tradewind.model.orders import Side, TimeInForce

D = Decimal


# -- numbers and ids --------------------------------------------------------------------------------------------------


@given(st.integers(-(10**40), 10**40), st.integers(1, 10**20))
def test_half_even_is_the_nearest_and_the_even_one(numerator: int, denominator: int) -> None:
    assert half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.integers(-(10**40), 10**40), st.integers(0, 18))
def test_amounts_go_there_and_back(units: int, digits: int) -> None:
    value = decimal_of(units, digits)
    assert units_of(value, digits) == units
    assert "E" not in format(value, "f")
    assert value.as_tuple().exponent <= 0  # type: ignore[operator]


def test_an_amount_with_too_many_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="needs more than 18 decimals"):
        units_of("1e-19")


@given(st.integers(0, 2**40), st.integers(0, 5))
def test_ids_can_be_read_back_and_look_like_uuids(number: int, seed: int) -> None:
    stream = IdStream(seed, "order")
    text = stream.text(number)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text)
    assert stream.number(text) == number
    assert IdStream(seed, "fill").number(text) is None
    assert IdStream(seed + 1, "order").number(text) is None


@pytest.mark.parametrize("text", ["", "x", "12", "zzzzzzzz-0000-4000-8000-000000000000", "0" * 400])
def test_what_is_no_id_is_none(text: str) -> None:
    assert IdStream(1, "order").number(text) is None


# -- tape and candles -------------------------------------------------------------------------------------------------


def test_candles_are_folded_from_minutes() -> None:
    rig = Rig()
    start_s = START_NS // SECOND_NS
    for price, wait in (("20000", 0), ("20500", 20), ("19800", 30), ("20100", 60), ("20200", 600)):
        rig.wait(wait)
        rig.trade_at(price)
    minute = rig.exchange.candles(SPOT.id, 60, start_s, start_s + 3600)
    fives = rig.exchange.candles(SPOT.id, 300, start_s, start_s + 3600)

    assert [(bar.start_s - start_s, bar.close) for bar in minute] == [(660, D(20200)), (60, D(20100)), (0, D(19800))]
    first = minute[-1]
    assert (first.open, first.high, first.low, first.volume) == (D(20000), D(20500), D(19800), D("0.03"))
    assert [bar.start_s - start_s for bar in fives] == [600, 0]
    assert (fives[-1].close, fives[-1].volume) == (D(20100), D("0.04"))
    assert rig.exchange.candles(SPOT.id, 60, start_s + 60, start_s + 660)[0].close == D(20100)


def test_trades_are_newest_first_with_the_takers_side() -> None:
    rig = Rig()
    rig.trade_at("20000")
    rig.trade_at("20100")
    newest = rig.exchange.trades(SPOT.id, limit=1)
    assert [(trade.trade_id, trade.price, trade.side) for trade in newest] == [("2", D(20100), Side.BUY)]
    assert rig.exchange.last_price(SPOT.id) == D(20100)
    assert rig.exchange.mark_price(SPOT.id) == D(20100)


def test_what_is_beyond_the_history_is_forgotten_but_candles_are_not() -> None:
    rig = Rig(history=10)
    for index in range(60):
        order = rig.place(rig.ann, SELL, "0.01", "20000", client_order_id=f"a{index}")
        rig.place(rig.bob, BUY, "0.01", "20000")
        rig.exchange.drain()
        rig.wait(1)

    assert len(rig.exchange.orders(rig.ann)) <= 13
    assert len(rig.exchange.fills(rig.ann)) == 10
    assert len(rig.exchange.trades(SPOT.id, limit=100)) <= 20
    assert rig.exchange.order_by_client_id(rig.ann, "a0") is None
    assert rig.see(order).status is OrderStatus.FILLED
    candles = rig.exchange.candles(SPOT.id, 3600, 0, 2**40)
    assert sum(bar.volume for bar in candles) == D("0.6")


# -- lists ------------------------------------------------------------------------------------------------------------


def test_orders_are_listed_newest_first_and_by_state() -> None:
    rig = Rig()
    first = rig.place(rig.ann, BUY, "0.1", "19000")
    second = rig.place(rig.ann, BUY, "0.1", "19500")
    rig.cancel(first)

    listed = rig.exchange.orders(rig.ann)
    assert [order.order_id for order in listed] == [second.order_id, first.order_id]
    assert [order.order_id for order in rig.exchange.orders(rig.ann, statuses=LIVE)] == [second.order_id]
    cancelled = rig.exchange.orders(rig.ann, statuses=frozenset({OrderStatus.CANCELLED}), limit=5)
    assert [order.order_id for order in cancelled] == [first.order_id]
    assert rig.exchange.orders(rig.ann, product_id="BTC-PERP-INTX") == []
    assert rig.exchange.order(rig.bob, first.order_id) is None


def test_fills_are_filtered() -> None:
    rig = Rig()
    rig.place(rig.ann, SELL, "0.2", "20000")
    rig.place(rig.bob, BUY, "0.1", "20000")
    middle = rig.now_ns + 500
    rig.place(rig.bob, BUY, "0.1", "20000")

    assert len(rig.exchange.fills(rig.ann)) == 2
    assert len(rig.exchange.fills(rig.ann, since_ns=middle)) == 1
    assert len(rig.exchange.fills(rig.ann, limit=1)) == 1
    assert rig.exchange.fills(rig.ann, product_id="BTC-PERP-INTX") == []
    assert rig.exchange.fills(rig.ann, order_id="no id") == []
    assert rig.exchange.fills(rig.cat) == []


def test_drain_tells_trades_then_levels_then_orders_once() -> None:
    rig = Rig()
    rig.place(rig.ann, SELL, "0.2", "20000")
    rig.place(rig.bob, BUY, "0.1", "20000")
    rig.place(rig.bob, BUY, "0.1", "20000")
    rig.exchange.set_mode(SPOT.id, ProductMode.LIMIT_ONLY, rig.now_ns)
    events: list[CoreEvent] = rig.exchange.drain()

    kinds = [type(event) for event in events]
    assert kinds == [Traded, Traded, LevelChanged, OrderChanged, OrderChanged, OrderChanged, ModeChanged]
    level = events[2]
    assert isinstance(level, LevelChanged)
    assert (level.side, level.price, level.size) == (Side.SELL, D(20000), 0)
    assert rig.exchange.drain() == []


def test_what_nobody_listens_to_can_be_dropped() -> None:
    rig = Rig()
    rig.place(rig.ann, SELL, "0.2", "20000")
    rig.place(rig.bob, BUY, "0.1", "20000")
    rig.exchange.set_mode(SPOT.id, ProductMode.LIMIT_ONLY, rig.now_ns)
    rig.exchange.forget()
    assert rig.exchange.drain() == []
    rig.place(rig.bob, BUY, "0.05", "20000")
    assert [type(event) for event in rig.exchange.drain()] == [Traded, LevelChanged, OrderChanged, OrderChanged]


def test_a_queue_full_of_cancelled_orders_is_cleared_out() -> None:
    rig = Rig()
    desk = rig.exchange.desk(rig.ann, SPOT.id)
    first = desk.limit(-1, 2_000_000, 100_000, rig.now_ns)
    for _ in range(200):
        order = desk.limit(-1, 2_000_000, 100_000, rig.now_ns)
        assert order is not None
        desk.cancel(order, rig.now_ns)
    level = rig.exchange.state.markets[SPOT.id].asks.levels[-2_000_000]
    assert len(level.queue) < 70
    assert first is level.queue[0]
    Audit(rig.exchange).check()


# -- accounts ---------------------------------------------------------------------------------------------------------


def test_portfolios_of_one_owner_keep_their_money_apart() -> None:
    rig = Rig()
    second = rig.exchange.open_account("ann's other", owner=rig.ann)
    assert rig.exchange.accounts(rig.ann) == [rig.ann, second]
    assert rig.exchange.account_name(second) == "ann's other"
    assert rig.refused(second, BUY, "0.1", "20000") == "INSUFFICIENT_FUND"
    assert rig.exchange.transfer(rig.ann, second, "USD", D(3000))
    assert not rig.exchange.transfer(rig.ann, second, "USD", D(0))
    order = rig.place(second, BUY, "0.1", "20000")
    rig.place(rig.ann, SELL, "0.1", "20000")  # two portfolios may trade with each other
    assert rig.see(order).status is OrderStatus.FILLED


def test_dollars_and_coins_are_exchanged_one_to_one() -> None:
    rig = Rig()
    audit = Audit(rig.exchange)
    rig.place(rig.ann, BUY, "4", "20000")
    assert not rig.exchange.convert(rig.ann, "USD", "USDC", D(20_000))
    assert rig.exchange.convert(rig.ann, "USD", "USDC", D(10_000))
    assert rig.money(rig.ann, "USDC").total == D(20_000)
    rig.exchange.deposit(rig.ann, "EUR", D(5))
    audit.deposited("EUR", D(5))
    audit.check()


# -- the quick way in -------------------------------------------------------------------------------------------------


def test_a_desk_places_the_same_orders_as_everybody() -> None:
    rig = Rig()
    desk = rig.exchange.desk(rig.ann, SPOT.id)
    order = desk.limit(1, 2_000_000, 10_000_000, rig.now_ns)
    assert order is not None
    assert rig.money(rig.ann).hold == D("2012")
    assert rig.exchange.book(SPOT.id).bids == ((D(20000), D("0.1")),)
    assert desk.limit(-1, 2_000_000, 10_000_000, rig.now_ns, post_only=True) is None
    assert desk.limit(1, 2_000_000, 10**10, rig.now_ns) is None
    rig.place(rig.bob, SELL, "0.04", "20000")
    assert desk.cancel(order, rig.now_ns)
    assert not desk.cancel(order, rig.now_ns)
    taken = desk.limit(1, 2_000_000, 10_000_000, rig.now_ns, TimeInForce.IOC)
    assert taken is not None
    assert taken.status is OrderStatus.CANCELLED
    Audit(rig.exchange).check()
    rig.exchange.set_mode(SPOT.id, ProductMode.CANCEL_ONLY, rig.now_ns)
    assert desk.limit(1, 2_000_000, 10_000_000, rig.now_ns) is None


def test_a_level_can_be_set_as_a_recorded_book_shows_it() -> None:
    rig = Rig()
    audit = Audit(rig.exchange)
    crowd = rig.exchange.open_account("crowd", unlimited=True)
    desk = rig.exchange.desk(crowd, SPOT.id)
    sizes = []
    for size in (500, 500, 200, 900, 0):
        desk.set_level(-1, 2_000_000, size, rig.now_ns)
        sizes.append(sum(at for _, at in rig.exchange.book(SPOT.id).asks) * 10**8)
        audit.check()
    assert sizes == [500, 500, 200, 900, 0]


def test_a_smaller_level_keeps_its_place_and_one_that_was_taken_comes_back() -> None:
    rig = Rig()
    crowd = rig.exchange.open_account("crowd", unlimited=True)
    desk = rig.exchange.desk(crowd, SPOT.id)
    desk.set_level(-1, 2_000_000, 20_000_000, rig.now_ns)
    behind = rig.place(rig.ann, SELL, "0.1", "20000")
    desk.set_level(-1, 2_000_000, 10_000_000, rig.now_ns)
    rig.place(rig.bob, BUY, "0.1", "20000")
    assert rig.see(behind).filled_size == 0
    desk.set_level(-1, 2_000_000, 10_000_000, rig.now_ns)
    rig.place(rig.bob, BUY, "0.1", "20000")
    assert rig.see(behind).status is OrderStatus.FILLED
    Audit(rig.exchange).check()


def test_nothing_is_due_in_the_past_and_time_never_goes_back() -> None:
    rig = Rig()
    rig.exchange.advance(START_NS + HOUR_NS)
    order = rig.exchange.place(rig.ann, rig.ask(BUY, "0.1", "20000"), START_NS).order
    assert order is not None
    assert order.created_ns == START_NS + HOUR_NS
