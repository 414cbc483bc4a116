"""Round trips count for the protections whatever ended them; what exits hold at the venue is not free to be sold."""

from decimal import Decimal

import pytest

from tests.engine_rig import MINUTE_NS, PERP, Desk, config
from tradewind.model.answers import FundingAccrued, FundingPaid, LiquidationKind, OrderTriggered, PositionLiquidated
from tradewind.model.decisions import Crossed, Decided, Refused
from tradewind.model.intents import Exits, PlaceOrder, TargetQuantity
from tradewind.model.orders import Side
from tradewind.risk.protections import ProtectionRules

ONE, FLAT = TargetQuantity(Decimal(1)), TargetQuantity(Decimal(0))
COOLDOWN = ProtectionRules(cooldown_ns=5 * MINUTE_NS)


def test_a_position_closed_inside_the_account_is_a_closed_trade() -> None:
    desk = Desk(config([ONE, FLAT, ONE], [None, ONE], protections=COOLDOWN))
    desk.bar(10_000)
    desk.fill("test-1")
    desk.bar(11_000)
    assert len(desk.records(Crossed)) == 1
    (seat,) = desk.state.bots["a"].seats
    assert [(trade.gained, trade.stopped) for trade in seat.trades] == [(Decimal(10), False)]
    desk.bar(11_000)
    assert desk.records(Decided)[-1].outcome.findings[0].number == "cooldown"


@pytest.mark.parametrize(("quantity", "trades"), [(100, 1), (60, 0)])
def test_a_position_that_was_liquidated_is_a_closed_trade(quantity: int, trades: int) -> None:
    rules = ProtectionRules(stop_loss_guard_count=1)
    desk = Desk(config([ONE, None, ONE], instruments=[PERP], cash=Decimal(10_000), protections=rules))
    desk.bar(instrument=PERP.id)
    desk.fill("test-1")
    kind = LiquidationKind.FULL if trades else LiquidationKind.PARTIAL
    desk.take(PositionLiquidated(PERP.id, "l", desk.ts_ns, kind, Side.SELL, quantity, Decimal(90), Decimal(0)))
    (seat,) = desk.state.bots["a"].seats
    assert [(trade.gained, trade.stopped) for trade in seat.trades] == [(Decimal(-10), True)] * trades
    assert (seat.lock is not None) is bool(trades)


@pytest.mark.parametrize(("sold", "refused"), [("0.5", True), ("1", True)])
def test_coins_that_a_live_exit_holds_are_not_free(sold: str, refused: bool) -> None:
    exits = Exits(stop_loss=0.1, take_profit=0.1)
    desk = Desk(config([TargetQuantity(Decimal(1), exits), PlaceOrder(Side.SELL, Decimal(sold))]))
    desk.bar()
    desk.fill("test-1")
    for leg in ("test-1-sl", "test-1-tp"):
        desk.take(OrderTriggered(leg, desk.ts_ns))
    desk.bar()
    last = desk.records(Decided)[-1]
    assert isinstance(last.outcome, Refused) is refused
    assert [(each.check, each.limit) for each in last.outcome.findings] == [("funds", "0")]


def test_coins_beside_those_an_exit_holds_may_be_sold_and_a_waiting_exit_holds_none() -> None:
    entry = PlaceOrder(Side.BUY, Decimal(1), exits=Exits(stop_loss=0.1))
    sale = PlaceOrder(Side.SELL, Decimal("0.5"))
    desk = Desk(config([ONE, entry, sale, sale, sale]))
    desk.bar()
    desk.fill("test-1")
    for _ in range(3):
        desk.bar()
    assert [request.side for request in desk.sent if request.after is None] == [
        Side.BUY,
        Side.BUY,
        Side.SELL,
        Side.SELL,
    ]


@pytest.mark.parametrize("kind", [FundingPaid, FundingAccrued])
def test_two_payments_of_one_time_are_two(kind: type[FundingPaid] | type[FundingAccrued]) -> None:
    desk = Desk(config([ONE], instruments=[PERP], cash=Decimal(10_000)))
    desk.bar(instrument=PERP.id)
    desk.fill("test-1")
    for amount, name in (
        ("-0.5", ""),
        ("-0.25", ""),
        ("-0.250", ""),
        ("-0.25", "p1"),
        ("-0.25", "p2"),
        ("-0.25", "p2"),
    ):
        desk.take(kind(PERP.id, 5, Decimal(amount), 100, name))
    line = desk.state.ledger.lines[PERP.id]
    booked = line.purse.funding if kind is FundingPaid else line.accrued_funding
    assert booked == Decimal("-1.25")
