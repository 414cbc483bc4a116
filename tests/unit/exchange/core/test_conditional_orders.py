"""Stop-limit, bracket and TWAP orders: when they come to the book, at what price, and what they hold meanwhile."""

from decimal import Decimal

import pytest

from tests.exchange_rig import BUY, SECOND_NS, SELL, SPOT, Rig
from tradewind.exchange.core.orders import OrderStatus, OrderType, StopDirection, TriggerStatus
from tradewind.exchange.core.views import OrderView
from tradewind.model.orders import Side, TimeInForce

D = Decimal
UP, DOWN = StopDirection.UP, StopDirection.DOWN


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.trade_at("20000")
    return rig


def stop(rig: Rig, side: Side, price: str, at: str, direction: StopDirection, **fields: object) -> OrderView:
    return rig.place(
        rig.ann, side, "0.1", price, kind=OrderType.STOP_LIMIT, stop_price=at, stop_direction=direction, **fields
    )


def bracket(rig: Rig, side: Side, limit: str, at: str) -> OrderView:
    return rig.place(rig.ann, side, "0.1", limit, kind=OrderType.BRACKET, stop_price=at)


# -- stop-limit -------------------------------------------------------------------------------------------------------


def test_a_waiting_stop_is_open_held_and_not_in_the_book(rig: Rig) -> None:
    order = stop(rig, SELL, "18900", "19000", DOWN)

    assert (order.status, order.trigger) == (OrderStatus.OPEN, TriggerStatus.PENDING)
    assert rig.money(rig.ann, "BTC").hold == D("0.1")
    assert rig.exchange.book(SPOT.id).asks == ()


def test_a_stop_down_comes_to_the_book_when_a_trade_reaches_it(rig: Rig) -> None:
    order = stop(rig, SELL, "18900", "19000", DOWN)
    rig.trade_at("19000.01")
    assert rig.see(order).trigger is TriggerStatus.PENDING
    rig.trade_at("19000")

    assert rig.see(order).trigger is TriggerStatus.TRIGGERED
    assert rig.exchange.book(SPOT.id).asks == ((D("18900"), D("0.1")),)


def test_a_stop_up_takes_what_it_crosses_when_it_triggers(rig: Rig) -> None:
    rig.place(rig.bob, SELL, "0.1", "21050")
    order = stop(rig, BUY, "21100", "21000", UP)
    rig.trade_at("21000")

    seen = rig.see(order)
    assert (seen.status, seen.average_filled_price) == (OrderStatus.FILLED, D("21050"))
    assert rig.money(rig.ann).hold == 0


def test_a_stop_inside_one_sweep_triggers_though_the_last_price_is_beyond(rig: Rig) -> None:
    order = stop(rig, SELL, "18000", "19500", DOWN)
    for price in ("19600", "19500", "19400"):
        rig.place(rig.bob, BUY, "0.01", price)
    rig.place(rig.cat, SELL, "0.03")

    assert rig.see(order).trigger is TriggerStatus.TRIGGERED


def test_one_stop_may_set_off_the_next(rig: Rig) -> None:
    first = stop(rig, SELL, "18000", "19000", DOWN)
    second = stop(rig, SELL, "17000", "18500", DOWN)
    rig.place(rig.bob, BUY, "0.1", "18400")
    rig.place(rig.bob, BUY, "0.1", "18300")
    rig.trade_at("19000")

    assert rig.see(first).average_filled_price == D("18400")
    assert rig.see(second).average_filled_price == D("18300")


@pytest.mark.parametrize(
    ("side", "price", "at", "direction", "why"),
    [
        (SELL, "20500", "20500", DOWN, "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
        (SELL, "20000", "20000", DOWN, "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
        (BUY, "19500", "19500", UP, "PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE"),
        (BUY, "19500", "19500.005", UP, "INVALID_PRICE_PRECISION"),
    ],
)
def test_a_stop_on_the_wrong_side_is_refused(
    rig: Rig, side: Side, price: str, at: str, direction: StopDirection, why: str
) -> None:
    kind = OrderType.STOP_LIMIT
    assert rig.refused(rig.ann, side, "0.1", price, kind=kind, stop_price=at, stop_direction=direction) == why


def test_a_stop_needs_a_last_trade() -> None:
    rig = Rig()
    kind = OrderType.STOP_LIMIT
    why = rig.refused(rig.ann, SELL, "0.1", "18900", kind=kind, stop_price="19000", stop_direction=DOWN)
    assert why == "MISSING_MARKET_TRADE_DATA"


def test_a_waiting_stop_can_be_cancelled_and_moved(rig: Rig) -> None:
    order = stop(rig, SELL, "18900", "19000", DOWN)
    edited = rig.exchange.edit(rig.ann, order.order_id, rig.now_ns, stop_price=D("18500"))
    assert edited.order is not None
    rig.trade_at("19000")
    assert rig.see(order).trigger is TriggerStatus.PENDING
    assert rig.cancel(order) == ""
    rig.trade_at("18400")

    assert rig.see(order).status is OrderStatus.CANCELLED
    assert rig.money(rig.ann, "BTC").hold == 0


def test_a_stop_good_till_date_expires_waiting(rig: Rig) -> None:
    end_ns = rig.now_ns + 5 * SECOND_NS
    order = stop(rig, SELL, "18900", "19000", DOWN, time_in_force=TimeInForce.GTD, end_ns=end_ns)
    rig.wait(5)
    assert rig.see(order).status is OrderStatus.EXPIRED


# -- bracket ----------------------------------------------------------------------------------------------------------


def test_a_bracket_stands_at_its_limit_as_a_maker(rig: Rig) -> None:
    order = bracket(rig, SELL, "22000", "19000")
    assert rig.exchange.book(SPOT.id).asks == ((D("22000"), D("0.1")),)
    rig.place(rig.bob, BUY, "0.1", "22000")

    seen = rig.see(order)
    assert (seen.status, seen.average_filled_price, seen.fees) == (OrderStatus.FILLED, D("22000"), D("8.8"))


def test_a_brackets_stop_takes_its_place_five_percent_beyond(rig: Rig) -> None:
    order = bracket(rig, SELL, "22000", "19000")
    rig.place(rig.bob, BUY, "0.04", "18500")
    rig.trade_at("19000")

    seen = rig.see(order)
    assert (seen.trigger, seen.limit_price) == (TriggerStatus.TRIGGERED, D("18050"))
    assert (seen.filled_size, seen.average_filled_price) == (D("0.04"), D("18500"))
    assert rig.exchange.book(SPOT.id).asks == ((D("18050"), D("0.06")),)
    assert rig.money(rig.ann, "BTC").hold == D("0.06")


def test_a_buying_bracket_holds_the_worst_it_may_pay(rig: Rig) -> None:
    order = bracket(rig, BUY, "18000", "21000")
    assert order.hold == D("0.1") * D("22050") * D("1.006")
    rig.place(rig.bob, SELL, "0.1", "22040")
    rig.trade_at("21000")

    assert rig.see(order).average_filled_price == D("22040")
    assert rig.money(rig.ann).hold == 0


@pytest.mark.parametrize(
    ("side", "limit", "at", "why"),
    [
        (SELL, "19000", "22000", "INVALID_BRACKET_PRICES"),
        (SELL, "22000", "20000", "INVALID_BRACKET_STOP_TRIGGER_PRICE"),
        (SELL, "20000", "19000", "INVALID_BRACKET_LIMIT_PRICE"),
        (BUY, "20000", "21000", "INVALID_BRACKET_LIMIT_PRICE"),
        (BUY, "18000", "19000", "INVALID_BRACKET_STOP_TRIGGER_PRICE"),
    ],
)
def test_a_bracket_embraces_the_market(rig: Rig, side: Side, limit: str, at: str, why: str) -> None:
    assert rig.refused(rig.ann, side, "0.1", limit, kind=OrderType.BRACKET, stop_price=at) == why


# -- TWAP -------------------------------------------------------------------------------------------------------------


def twap(rig: Rig, size: str = "1", **fields: object) -> OrderView:
    given: dict[str, object] = {
        "kind": OrderType.TWAP,
        "time_in_force": TimeInForce.GTD,
        "start_ns": rig.now_ns + 10 * SECOND_NS,
        "end_ns": rig.now_ns + 50 * SECOND_NS,
        "buckets": 4,
    }
    return rig.place(rig.ann, BUY, size, "20000", **{**given, **fields})


def test_a_twap_takes_an_even_share_at_each_slice(rig: Rig) -> None:
    rig.place(rig.bob, SELL, "5", "19900")
    order = twap(rig)
    assert order.hold == D("20120")
    filled = []
    for seconds in (9.9, 1, 10, 10, 10):
        rig.wait(seconds)
        filled.append(rig.see(order).filled_size)

    assert filled == [D(0), D("0.25"), D("0.5"), D("0.75"), D(1)]
    assert rig.see(order).status is OrderStatus.FILLED
    assert rig.money(rig.ann).hold == 0


def test_a_twap_carries_what_it_missed_and_expires_with_the_rest(rig: Rig) -> None:
    order = twap(rig)
    rig.wait(25)
    assert rig.see(order).filled_size == 0  # nothing at its limit yet
    rig.place(rig.bob, SELL, "0.6", "20000")
    rig.wait(10)
    assert rig.see(order).filled_size == D("0.6")  # three quarters were due
    rig.wait(20)

    assert (rig.see(order).status, rig.see(order).filled_size) == (OrderStatus.EXPIRED, D("0.6"))
    assert rig.money(rig.ann).hold == 0


def test_a_twap_may_be_given_by_the_length_of_its_slices(rig: Rig) -> None:
    rig.place(rig.bob, SELL, "5", "19900")
    order = twap(rig, buckets=None, bucket_ns=20 * SECOND_NS)
    rig.wait(11)
    assert rig.see(order).filled_size == D("0.5")


def test_a_twap_that_makes_no_sense_is_refused(rig: Rig) -> None:
    end = rig.now_ns + 10 * SECOND_NS
    fields = {"kind": OrderType.TWAP, "time_in_force": TimeInForce.GTD, "end_ns": end}
    assert rig.refused(rig.ann, BUY, "1", "20000", **fields, buckets=2) == "START_TIME_MUST_BE_SPECIFIED"
    assert rig.refused(rig.ann, BUY, "1", "20000", **fields, start_ns=end, buckets=2) == "DURATION_TOO_SMALL"
    assert rig.refused(rig.ann, BUY, "1", "20000", **fields, start_ns=end - 9) == "DURATION_TOO_SMALL"
    assert (
        rig.refused(rig.ann, BUY, "1", "20000", **fields, start_ns=end - SECOND_NS, bucket_ns=1) == "DURATION_TOO_SMALL"
    )
    tiny = rig.refused(rig.ann, BUY, "0.002", "20000", **fields, start_ns=end - SECOND_NS, buckets=5)
    assert tiny == "BUCKET_SIZE_SMALLER_THAN_BASE_MIN"
