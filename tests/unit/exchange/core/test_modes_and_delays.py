"""What a product's mode lets through, and the states PENDING, QUEUED and CANCEL_QUEUED."""

from decimal import Decimal

import pytest

from tests.exchange_rig import BUY, SECOND_NS, SELL, SPOT, Rig
from tradewind.exchange.core.orders import TERMINAL, TRANSITIONS, OrderStatus
from tradewind.exchange.core.products import ProductMode

D = Decimal
TAKEN = ""


def try_all(rig: Rig) -> tuple[str, str, str]:
    """What becomes of a limit, a post-only and a market order."""
    outcomes = (
        rig.send(rig.ann, BUY, "0.1", "19000"),
        rig.send(rig.ann, BUY, "0.1", "19000", post_only=True),
        rig.send(rig.ann, BUY, "0.1"),
    )
    return tuple(TAKEN if outcome.failure is None else outcome.failure.reason for outcome in outcomes)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("mode", "limit", "post_only", "market"),
    [
        (ProductMode.ONLINE, TAKEN, TAKEN, TAKEN),
        (ProductMode.LIMIT_ONLY, TAKEN, TAKEN, "ORDER_ENTRY_DISABLED"),
        (ProductMode.POST_ONLY, "ORDER_ENTRY_DISABLED", TAKEN, "ORDER_ENTRY_DISABLED"),
        (ProductMode.AUCTION, TAKEN, "ORDER_ENTRY_DISABLED", "ORDER_ENTRY_DISABLED"),
        (ProductMode.CANCEL_ONLY, *["ORDER_ENTRY_DISABLED"] * 3),
        (ProductMode.VIEW_ONLY, *["UNTRADABLE_PRODUCT"] * 3),
        (ProductMode.DISABLED, *["TRADING_DISABLED"] * 3),
    ],
)
def test_modes(mode: ProductMode, limit: str, post_only: str, market: str) -> None:
    rig = Rig()
    resting = rig.place(rig.bob, SELL, "1", "20000")
    rig.exchange.set_mode(SPOT.id, mode, rig.now_ns)

    assert try_all(rig) == (limit, post_only, market)
    assert rig.cancel(resting) == ("NOT_ALLOWED_TO_CANCEL" if mode is ProductMode.DISABLED else TAKEN)


def test_an_auction_collects_orders_and_enters_them_by_arrival() -> None:
    rig = Rig()
    rig.exchange.set_mode(SPOT.id, ProductMode.AUCTION, rig.now_ns)
    sale = rig.place(rig.ann, SELL, "0.1", "19000")
    bid = rig.place(rig.bob, BUY, "0.1", "20000")
    gone = rig.place(rig.cat, BUY, "0.1", "20000")
    assert {order.status for order in (sale, bid, gone)} == {OrderStatus.QUEUED}
    assert rig.exchange.book(SPOT.id).bids == ()
    rig.cancel(gone)
    rig.exchange.set_mode(SPOT.id, ProductMode.ONLINE, rig.now_ns)

    assert rig.see(bid).status is rig.see(sale).status is OrderStatus.FILLED
    assert rig.see(bid).average_filled_price == D("19000")
    assert rig.see(gone).status is OrderStatus.CANCELLED


def test_with_an_entry_delay_orders_are_pending_and_held() -> None:
    rig = Rig(entry_delay_ns=SECOND_NS)
    order = rig.place(rig.ann, BUY, "0.1", "20000")
    assert order.status is OrderStatus.PENDING
    assert rig.money(rig.ann).hold == D("2012")
    assert rig.exchange.book(SPOT.id).bids == ()
    rig.wait(1)

    assert rig.see(order).status is OrderStatus.OPEN
    assert rig.exchange.book(SPOT.id).bids == ((D("20000"), D("0.1")),)


def test_a_pending_order_can_be_cancelled() -> None:
    rig = Rig(entry_delay_ns=SECOND_NS)
    order = rig.place(rig.ann, BUY, "0.1", "20000")
    assert rig.cancel(order) == TAKEN
    rig.wait(2)
    assert rig.see(order).status is OrderStatus.CANCELLED
    assert rig.exchange.book(SPOT.id).bids == ()


def test_a_post_only_order_that_would_cross_on_arrival_fails() -> None:
    rig = Rig(entry_delay_ns=SECOND_NS)
    rig.place(rig.bob, SELL, "0.1", "20000")
    order = rig.place(rig.ann, BUY, "0.1", "20000", post_only=True)
    rig.wait(2)
    assert (rig.see(order).status, rig.see(order).reason) == (OrderStatus.FAILED, "INVALID_LIMIT_PRICE_POST_ONLY")


def test_a_market_order_that_cannot_pay_on_arrival_fails() -> None:
    rig = Rig(entry_delay_ns=SECOND_NS)
    rig.place(rig.bob, SELL, "1", "20000")
    rig.place(rig.bob, SELL, "1", "90000")
    rig.wait(2)
    rig.place(rig.cat, BUY, "1", "20000")  # arrives first
    order = rig.place(rig.ann, BUY, "1")
    assert rig.money(rig.ann).hold == D("20120")
    assert rig.exchange.transfer(rig.ann, rig.cat, "USD", rig.money(rig.ann).available)
    rig.wait(2)

    assert (rig.see(order).status, rig.see(order).reason) == (OrderStatus.FAILED, "INSUFFICIENT_FUND")
    assert rig.money(rig.ann).total == rig.money(rig.ann).available == D("20120")


def test_with_a_cancel_delay_an_order_may_still_fill() -> None:
    rig = Rig(cancel_delay_ns=SECOND_NS)
    order = rig.place(rig.ann, BUY, "0.1", "20000")
    assert rig.cancel(order) == TAKEN
    assert (rig.see(order).status, rig.see(order).pending_cancel) == (OrderStatus.CANCEL_QUEUED, True)
    assert rig.cancel(order) == "DUPLICATE_CANCEL_REQUEST"
    rig.place(rig.bob, SELL, "0.04", "20000")
    rig.wait(1)

    assert (rig.see(order).status, rig.see(order).filled_size) == (OrderStatus.CANCELLED, D("0.04"))
    assert rig.money(rig.ann).hold == 0


def test_terminal_is_terminal() -> None:
    assert all(not TRANSITIONS[status] for status in TERMINAL)
    assert set(TRANSITIONS) == set(OrderStatus)
