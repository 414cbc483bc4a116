"""One order's books: fills once, sums exact, late fills counted, holds given back."""

from decimal import Decimal

import pytest

from tradewind.model.answers import OrderFilled
from tradewind.model.decisions import Share
from tradewind.model.errors import StateError
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side
from tradewind.orders.lifecycle import OrderEvent, OrderStatus
from tradewind.orders.order import Order, OrderRole

D = Decimal


def order(quantity: int = 10) -> Order:
    request = OrderRequest("o", "BTC-USD", Side.BUY, OrderKind.MARKET, quantity)
    return Order(request, (Share("a", 1, quantity),), OrderRole.TARGET, 0, quantity)


def fill(number: int, quantity: int, price: int = 100, fee: str = "0.1") -> OrderFilled:
    return OrderFilled("o", f"f{number}", 1, "BTC-USD", Side.BUY, quantity, price, Liquidity.TAKER, D(fee))


def test_fills_add_up() -> None:
    one = order()
    assert one.take_fill(fill(1, 4, 100))
    assert one.take_fill(fill(2, 6, 110, "0.2"))
    assert (one.filled, one.value, one.fees, one.remaining) == (10, 1060, D("0.3"), 0)
    assert one.status is OrderStatus.FILLED
    assert not one.is_live


def test_a_fill_is_known_by_its_identity() -> None:
    one = order()
    assert one.take_fill(fill(1, 4))
    assert not one.take_fill(fill(1, 4))
    assert not one.take_fill(fill(1, 6, 999))
    assert (one.filled, one.value) == (4, 400)


@pytest.mark.parametrize("quantity", [11, 0, -1])
def test_a_fill_beyond_the_order_or_of_nothing_stops_everything(quantity: int) -> None:
    one = order()
    with pytest.raises(StateError, match=f"fill f1 of {quantity} after 0 of 10"):
        one.take_fill(fill(1, quantity))
    assert (one.filled, one.status) == (0, OrderStatus.SENT)


def test_late_fills_are_counted_and_can_complete_the_order() -> None:
    one = order()
    one.move(OrderEvent.CANCEL)
    assert one.take_fill(fill(1, 4))
    assert (one.status, one.late_fills) == (OrderStatus.CANCELED, 1)
    assert one.take_fill(fill(2, 6))
    assert (one.status, one.late_fills) == (OrderStatus.FILLED, 2)


def test_a_hold_is_freed_in_proportion_and_all_of_it_in_the_end() -> None:
    one = order()
    one.held_cash = D("100")
    one.take_fill(fill(1, 3))
    assert one.release_hold(3) == D("30")
    one.move(OrderEvent.CANCEL)
    assert one.release_hold(0) == D("70")
    assert one.held_cash == 0


def test_a_share_is_what_a_bot_has_in_the_order() -> None:
    request = OrderRequest("o", "BTC-USD", Side.BUY, OrderKind.MARKET, 10)
    both = Order(request, (Share("a", 1, 7), Share("b", 1, 3)), OrderRole.TARGET, 0, 10)
    assert [both.share_of(bot) for bot in "abc"] == [7, 3, 0]
