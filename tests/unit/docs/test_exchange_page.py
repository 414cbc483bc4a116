"""docs/exchange.md names every kind, state and mode of the exchange's core, and what each mode takes."""

from tests.exchange_rig import BUY, SELL, SPOT, Rig
from tests.unit.docs.pages import codes, read, rows, section
from tradewind.exchange.core.checks import ALLOWED, BRACKET_STOP_SHARE
from tradewind.exchange.core.orders import OrderStatus, OrderType
from tradewind.exchange.core.products import ProductMode

PAGE = read("docs/exchange.md")


def test_every_kind_is_listed_with_its_times_in_force() -> None:
    listed = {codes(kind)[0]: set(forces.split(", ")) for kind, forces, _ in rows(section(PAGE, "Orders"))}
    assert listed == {kind.value: {force.name for force in ALLOWED[kind]} for kind in OrderType}
    assert f"{100 // BRACKET_STOP_SHARE} % beyond the stop" in section(PAGE, "Orders")


def test_every_state_is_listed() -> None:
    listed = [name for row in rows(section(PAGE, "States")) for name in codes(row[0])]
    assert sorted(listed) == sorted(status.value for status in OrderStatus)


def test_modes_take_what_the_page_says() -> None:
    listed = {codes(row[0])[0]: row[1:] for row in rows(section(PAGE, "Modes"))}
    assert set(listed) == {mode.value for mode in ProductMode}
    for mode in ProductMode:
        orders, edits, cancels = listed[mode.value]
        rig = Rig()
        resting = rig.place(rig.ann, SELL, "0.1", "20000")
        rig.exchange.set_mode(SPOT.id, mode, rig.now_ns)
        failure = rig.send(rig.ann, BUY, "0.1", "10000", post_only=mode is ProductMode.POST_ONLY).failure
        assert (failure is not None) == orders.startswith("`")
        assert failure is None or failure.reason == codes(orders)[0]
        edited = rig.exchange.edit(rig.ann, resting.order_id, rig.now_ns, size=resting.size / 2)
        assert (edited.failure is None) == edits.startswith("yes")
        assert rig.cancel(resting) == ("" if cancels == "yes" else codes(cancels)[0])
