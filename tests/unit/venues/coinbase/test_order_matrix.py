"""The matrix of orders and times in force is complete and says of everything that is missing why."""

from tradewind.model.orders import OrderKind, TimeInForce
from tradewind.venues.coinbase.order_matrix import EMULATED, MISSING, NATIVE, ORDERS, order_matrix

CELLS = {(cell.market, cell.order, cell.force): cell for cell in order_matrix()}


def test_every_kind_and_every_time_in_force_is_there() -> None:
    assert {terms["kind"] for terms in ORDERS.values()} == set(OrderKind)
    assert {force for *_, force in CELLS} == {force.value for force in TimeInForce}
    assert len(CELLS) == len(order_matrix()) == 2 * len(ORDERS) * len(TimeInForce)


def test_cells_say_what_becomes_of_an_order() -> None:
    assert CELLS["spot", "limit, post-only", "gtd"].support == NATIVE
    assert CELLS["perpetual", "market", "fok"].support == NATIVE
    stop = CELLS["spot", "stop-market", "gtc"]
    assert (stop.support, stop.how) == (EMULATED, "stop-market as stop-limit 5 % beyond the stop")
    post_only = CELLS["spot", "limit, post-only", "ioc"]
    assert (post_only.support, post_only.how) == (MISSING, "Coinbase has no post-only but for limits that rest")


def test_whatever_is_missing_has_its_reason() -> None:
    missing = [cell for cell in CELLS.values() if cell.support == MISSING]
    assert missing
    assert all(cell.how for cell in missing)
    assert {cell.order for cell in missing} >= {"trailing stop", "limit, iceberg"}
