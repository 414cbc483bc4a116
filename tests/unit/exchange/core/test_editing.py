"""Edits: what keeps its place in the queue and what does not, what is held afterwards, and what is refused."""

from decimal import Decimal

import pytest

from tests.exchange_rig import BUY, SELL, SPOT, Rig
from tradewind.exchange.core.orders import OrderStatus, OrderType, StopDirection
from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.core.views import OrderView

D = Decimal


@pytest.fixture
def rig() -> Rig:
    return Rig()


def edit(rig: Rig, order: OrderView, **change: str) -> OrderView | str:
    """Edit an order; return it, or why not."""
    rig.now_ns += 1000
    numbers = {name: D(value) for name, value in change.items()}
    outcome = rig.exchange.edit(order.account_id, order.order_id, rig.now_ns, **numbers)
    if outcome.failure is not None:
        unknown = outcome.failure.reason == "UNKNOWN_EDIT_ORDER_FAILURE_REASON"
        return outcome.failure.preview_reason if unknown else outcome.failure.reason
    assert outcome.order is not None
    return outcome.order


def first_filled(rig: Rig, *orders: OrderView) -> int:
    """Sell a little; return which of the orders bought it."""
    rig.place(rig.cat, SELL, "0.01", "20000")
    return [rig.see(order).filled_size > 0 for order in orders].index(True)


def test_a_smaller_size_keeps_its_place(rig: Rig) -> None:
    first, second = rig.place(rig.ann, BUY, "0.5", "20000"), rig.place(rig.bob, BUY, "0.5", "20000")
    edited = edit(rig, first, size="0.2")

    assert isinstance(edited, OrderView)
    assert (edited.size, edited.leaves, edited.hold) == (D("0.2"), D("0.2"), D("4024"))
    assert rig.money(rig.ann).hold == D("4024")
    assert [change.size for change in edited.edits] == [D("0.2")]
    assert rig.exchange.book(SPOT.id).bids == ((D(20000), D("0.7")),)
    assert first_filled(rig, first, second) == 0


def test_a_larger_size_goes_to_the_back(rig: Rig) -> None:
    first, second = rig.place(rig.ann, BUY, "0.5", "20000"), rig.place(rig.bob, BUY, "0.5", "20000")
    edit(rig, first, size="0.6")
    assert first_filled(rig, first, second) == 1


def test_another_price_goes_to_the_back_there(rig: Rig) -> None:
    first = rig.place(rig.ann, BUY, "0.5", "19999")
    second = rig.place(rig.bob, BUY, "0.5", "20000")
    edited = edit(rig, first, price="20000")

    assert isinstance(edited, OrderView)
    assert edited.hold == D("10060")
    assert first_filled(rig, first, second) == 1


def test_there_and_back_again_loses_the_place(rig: Rig) -> None:
    first, second = rig.place(rig.ann, BUY, "0.5", "20000"), rig.place(rig.bob, BUY, "0.5", "20000")
    edit(rig, first, price="19999")
    edit(rig, first, price="20000")
    assert first_filled(rig, first, second) == 1


def test_a_price_that_crosses_takes(rig: Rig) -> None:
    order = rig.place(rig.ann, BUY, "0.5", "19000")
    rig.place(rig.bob, SELL, "0.2", "20000")
    edited = edit(rig, order, price="20000")

    assert isinstance(edited, OrderView)
    assert (edited.filled_size, edited.fees) == (D("0.2"), D("24"))  # taker 0.6 %


def test_size_counts_what_is_filled(rig: Rig) -> None:
    order = rig.place(rig.ann, BUY, "0.5", "20000")
    rig.place(rig.bob, SELL, "0.2", "20000")

    assert edit(rig, order, size="0.2") == "CANNOT_EDIT_TO_BELOW_FILLED_SIZE"
    edited = edit(rig, order, size="0.3")
    assert isinstance(edited, OrderView)
    assert edited.leaves == D("0.1")


def test_more_than_the_account_has_is_refused(rig: Rig) -> None:
    order = rig.place(rig.ann, BUY, "4", "20000")
    assert edit(rig, order, price="25000") == "PREVIEW_INSUFFICIENT_FUND"
    assert rig.money(rig.ann).hold == D("80480")


def test_refusals(rig: Rig) -> None:
    order = rig.place(rig.ann, BUY, "0.5", "20000")
    passive = rig.place(rig.ann, BUY, "0.5", "19000", post_only=True)
    filled = rig.place(rig.bob, SELL, "0.5", "20000")
    rig.place(rig.bob, SELL, "0.1", "20500")
    quoted = rig.place(rig.ann, BUY, None, "15000", quote_size="100")
    market = rig.place(rig.cat, BUY, "0.01")
    bracket = rig.place(rig.ann, SELL, "0.1", "30000", kind=OrderType.BRACKET, stop_price="10000")

    assert edit(rig, filled, price="1") == "ONLY_OPEN_ORDERS_CAN_BE_EDITED"
    assert edit(rig, market, size="1") == "ONLY_OPEN_ORDERS_CAN_BE_EDITED"
    assert edit(rig, bracket, price="31000") == "ONLY_LIMIT_ORDER_EDITS_SUPPORTED"
    assert edit(rig, quoted, price="16000") == "SIZE_IN_QUOTE_EDITS_NOT_ALLOWED"
    assert edit(rig, passive, price="19000") == "EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST"
    assert edit(rig, passive, price="20500") == "INVALID_EDITED_PRICE"
    assert edit(rig, passive, price="19000.001") == "INVALID_EDITED_PRICE"
    assert edit(rig, passive, price="NaN") == "INVALID_EDITED_PRICE"
    assert edit(rig, passive, size="-1") == "INVALID_EDITED_SIZE"
    assert edit(rig, passive, size="1e30") == "INVALID_EDITED_SIZE"
    assert edit(rig, passive, stop_price="18000") == "FIELD_STOPPRICE_NOT_SUPPORTED"
    foreign = rig.exchange.edit(rig.bob, passive.order_id, rig.now_ns, price=D(1))
    assert foreign.failure is not None
    assert foreign.failure.reason == "ORDER_NOT_FOUND"
    rig.exchange.set_mode(SPOT.id, ProductMode.CANCEL_ONLY, rig.now_ns)
    assert edit(rig, passive, price="18000") == "COMMANDER_REJECTED_EDIT_ORDER"
    assert rig.see(order).status is OrderStatus.FILLED


def test_a_stop_cannot_be_moved_across_the_market_or_after_it_triggered(rig: Rig) -> None:
    rig.trade_at("20000")
    fields = {"kind": OrderType.STOP_LIMIT, "stop_price": "19000", "stop_direction": StopDirection.DOWN}
    order = rig.place(rig.ann, SELL, "0.1", "18900", **fields)

    assert edit(rig, order, stop_price="20001") == "INVALID_EDITED_STOP_PRICE"
    rig.trade_at("19000", "0.01")
    assert edit(rig, order, stop_price="18000") == "CANNOT_EDIT_STOP_PRICE_FOR_TRIGGERED_ORDER"


def test_an_order_being_cancelled_is_not_edited() -> None:
    rig = Rig(cancel_delay_ns=10**9)
    order = rig.place(rig.ann, BUY, "0.5", "20000")
    rig.cancel(order)
    assert edit(rig, order, size="0.4") == "CANNOT_EDIT_ORDER_PENDING_CANCEL"
