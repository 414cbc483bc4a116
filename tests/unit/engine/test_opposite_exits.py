"""Exits of opposite bots on one perpetual: each bot's position stays covered although the venue sees only their net."""

from decimal import Decimal

import msgspec
import pytest

from tests.engine_rig import MINUTE_NS, PERP, Desk, config
from tradewind.engine.driver import Driver
from tradewind.engine.state import EngineState
from tradewind.model.answers import (
    LiquidationKind,
    OrderAmended,
    OrderCanceled,
    OrderRejected,
    OrderTriggered,
    PositionLiquidated,
)
from tradewind.model.commands import CancelAll
from tradewind.model.intents import Exits, PlaceOrder, TargetQuantity
from tradewind.model.market_events import Bar
from tradewind.model.orders import OrderKind, Side
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings

NAME = PERP.id
CASH = Decimal(10_000_000)
STOP = Exits(stop_loss=0.1)


def target(quantity: int, exits: Exits | None = STOP) -> TargetQuantity:
    return TargetQuantity(Decimal(quantity), exits)


def opposite(*more: object) -> Desk:
    """Return a desk where a is long 10 with a stop, and b then goes short 6 with its own."""
    desk = Desk(config([target(10), None, *more], [None, target(-6)], instruments=[PERP], cash=CASH))
    desk.bar(instrument=NAME)
    desk.fill("test-1")
    desk.take(OrderTriggered("test-1-sl", desk.ts_ns))
    desk.bar(instrument=NAME)
    desk.fill("test-2")
    desk.take(OrderTriggered("test-2-sl", desk.ts_ns))
    return desk


def covered(desk: Desk, bot: str) -> int:
    """Return the units that live exits of the bot would close."""
    (seat,) = desk.state.bots[bot].seats
    return sum(order.remaining for order in seat.working.values())


def test_the_venue_is_told_reduce_only_only_where_the_account_gets_smaller() -> None:
    desk = opposite()
    flags = {request.order_id: request.reduce_only for request in desk.sent if request.after is not None}
    assert flags == {"test-1-sl": True, "test-2-sl": False}


def test_what_the_venue_cuts_from_an_exit_is_placed_again() -> None:
    desk = opposite()
    desk.take(OrderAmended("test-1-sl", desk.ts_ns, 400, "REDUCE_ONLY"))
    (rest,) = desk.sent[4:]
    assert (rest.quantity, rest.stop, rest.side, rest.reduce_only) == (600, 9_000, Side.SELL, False)
    assert covered(desk, "a") == 1_000
    assert desk.alarms == []


@pytest.mark.parametrize("answer", [OrderCanceled, OrderRejected])
def test_an_exit_that_finds_nothing_to_reduce_is_placed_again(answer: type[OrderCanceled | OrderRejected]) -> None:
    desk = opposite()
    desk.take(answer("test-1-sl", desk.ts_ns, "REDUCE_ONLY_NO_POSITION"))
    (again,) = desk.sent[4:]
    assert (again.quantity, again.stop, again.reduce_only) == (1_000, 9_000, False)
    assert desk.alarms == []


def test_a_cut_exit_that_cannot_be_placed_again_is_an_alarm() -> None:
    desk = opposite()
    desk.take(CancelAll(desk.ts_ns))
    desk.take(OrderAmended("test-1-sl", desk.ts_ns, 400, "REDUCE_ONLY"))
    assert [(alarm.name, "cut to 400" in alarm.text) for alarm in desk.alarms] == [("unprotected", True)]


def test_a_cut_exit_beside_another_order_of_the_bot_is_placed_again_at_once() -> None:
    resting = PlaceOrder(Side.SELL, Decimal(1), OrderKind.LIMIT, price=Decimal(200))
    desk = opposite(resting)
    desk.bar(instrument=NAME)
    desk.take(OrderAmended("test-1-sl", desk.ts_ns, 400, "REDUCE_ONLY"))
    (rest,) = desk.sent[5:]
    assert (rest.quantity, rest.stop) == (600, 9_000)
    assert desk.alarms == []


def test_after_a_liquidation_exits_cover_what_is_left() -> None:
    """The account's net of 4 goes, of a's 10 there are 6 left, and b's exits cover what they covered."""
    desk = opposite()
    desk.take(OrderAmended("test-1-sl", desk.ts_ns, 400, "REDUCE_ONLY"))
    desk.take(PositionLiquidated(NAME, "l", desk.ts_ns, LiquidationKind.FULL, Side.SELL, 400, Decimal(95), Decimal(0)))
    desk.take(OrderCanceled("test-1-sl", desk.ts_ns, "REDUCE_ONLY_NO_POSITION"))
    assert (desk.position("a", NAME), covered(desk, "a")) == (600, 600)
    assert (desk.position("b", NAME), covered(desk, "b")) == (-600, 600)
    assert desk.cancels == []


def test_an_exit_the_venue_does_not_know_to_reduce_only_is_renewed_after_a_liquidation() -> None:
    desk = Desk(config([None, target(10)], [target(-6)], instruments=[PERP], cash=CASH))
    desk.bar(instrument=NAME)
    desk.fill("test-1")
    desk.bar(instrument=NAME)
    desk.fill("test-2")
    desk.take(OrderTriggered("test-2-sl", desk.ts_ns))
    desk.take(PositionLiquidated(NAME, "l", desk.ts_ns, LiquidationKind.FULL, Side.SELL, 400, Decimal(95), Decimal(0)))
    assert desk.cancels == ["test-2-sl"]
    desk.cancel("test-2-sl")
    assert (desk.position("a", NAME), covered(desk, "a")) == (600, 600)


@pytest.mark.parametrize("wish", [target(12), target(-3, Exits(stop_loss=0.2)), PlaceOrder(Side.BUY, Decimal(1))])
def test_an_entry_that_the_venue_refuses_leaves_the_exits_of_the_position(wish: TargetQuantity | PlaceOrder) -> None:
    """Long 10 with a stop; the next entry, with exits of its own, is rejected: the stop of the first one guards on."""
    if isinstance(wish, PlaceOrder):
        wish = msgspec.structs.replace(wish, exits=Exits(stop_loss=0.2))
    desk = Desk(config([target(10), wish], instruments=[PERP], cash=CASH))
    desk.bar(instrument=NAME)
    desk.fill("test-1")
    desk.take(OrderTriggered("test-1-sl", desk.ts_ns))
    desk.bar(instrument=NAME)
    if desk.cancels:
        desk.cancel("test-1-sl")
    (entry,) = [request for request in desk.sent[2:] if request.after is None]
    desk.reject(entry.order_id)
    desk.cancel(f"{entry.order_id}-sl", "PARENT_NOT_FILLED")
    (seat,) = desk.state.bots["a"].seats
    assert [(each.request.stop, each.remaining) for each in seat.working.values()] == [(9_000, 1_000)]


# -- at the simulated venue ------------------------------------------------------------------------------------------


def run(
    prices: list[tuple[int, int, int, int]], *scripts: list[TargetQuantity | None]
) -> tuple[EngineState, list[str]]:
    """Return the state and the alarms after bars (open, high, low, close) at the simulated venue."""
    settings = config(*scripts, instruments=[PERP], cash=CASH)
    state = EngineState(settings)
    venue = BarVenue(settings.instruments, SimulationSettings(), OpeningAccount(cash=CASH))
    driver = Driver(state, venue)
    driver.feed([Bar(NAME, (at + 1) * MINUTE_NS, MINUTE_NS, *each) for at, each in enumerate(prices)])
    driver.finish()
    account = state.ledger.lines[NAME].position.quantity
    assert account == venue.holdings[NAME].position.quantity
    return state, [alarm.name for alarm in driver.alarms]


FLAT = (10_000, 10_000, 10_000, 10_000)
FALL = (10_000, 10_000, 8_900, 8_900)
RISE = (10_000, 11_100, 10_000, 11_100)


@pytest.mark.parametrize(("last", "left"), [(FALL, (0, -600)), (RISE, (1_000, 0))])
@pytest.mark.parametrize("first", ["long", "short"])
def test_a_stop_closes_its_bot_whole_and_no_other(
    last: tuple[int, int, int, int], left: tuple[int, int], first: str
) -> None:
    wait: list[TargetQuantity | None] = [None]
    longs, shorts = (target(10), target(-6))
    scripts = ([longs], [*wait, shorts]) if first == "long" else ([*wait, longs], [shorts])
    state, alarms = run([FLAT, FLAT, FLAT, FLAT, last, (last[3],) * 4], *scripts)
    assert tuple(state.ledger.book(NAME, bot).position.quantity for bot in "ab") == left
    assert alarms == []
