"""What the engine makes of a venue's answers: late, doubled, unknown, rejected, cut."""

from decimal import Decimal

from tests.engine_rig import Desk, config
from tradewind.model.intents import TargetQuantity
from tradewind.orders.lifecycle import OrderStatus

ONE = TargetQuantity(Decimal(1))


def desk_with_order() -> Desk:
    desk = Desk(config([ONE]))
    desk.bar()
    return desk


def test_a_late_fill_after_a_cancel_is_booked_and_frees_nothing_twice() -> None:
    desk = desk_with_order()
    desk.cancel("test-1")
    desk.fill("test-1", 400)
    market = desk.state.markets["BTC-USD"]
    assert (desk.position(), market.open_buys) == (400, 0)
    assert desk.state.orders["test-1"].status is OrderStatus.CANCELED
