"""The auditor catches what it is there for: each wrong book or record is named by the invariant that it breaks."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.engine_rig import PERP, Desk, config
from tradewind.engine.audit import Auditor
from tradewind.engine.state import EngineState
from tradewind.model import answers as a
from tradewind.model.commands import EnterReduceOnly, Halt, LeaveReduceOnly, Resume
from tradewind.model.decisions import Approved, Crossed, Decided, Share
from tradewind.model.errors import StateError
from tradewind.model.intents import PlaceOrder, TargetQuantity
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side
from tradewind.orders.lifecycle import OrderStatus
from tradewind.risk.limits import Limits

D = Decimal
REST = PlaceOrder(Side.BUY, D(1), OrderKind.LIMIT, price=D(90))
OTHER = OrderRequest("test-2", "BTC-USD", Side.BUY, OrderKind.MARKET, 1)
Wrong = Callable[[EngineState], None]


def busy() -> Desk:
    """Two bots with positions, a crossing, a resting order with a hold: everything an auditor looks at."""
    two, one = TargetQuantity(D(2)), TargetQuantity(D(1))
    desk = Desk(config([two, one, None, REST], [None, one], exits=None))
    desk.bar()
    desk.fill("test-1", fee="0.8")
    for _ in range(3):
        desk.bar()
    return desk


def set_line(name: str, value: object) -> Wrong:
    return lambda state: setattr(state.ledger.lines["BTC-USD"].position, name, value)


def set_book(name: str, value: object) -> Wrong:
    return lambda state: setattr(state.ledger.lines["BTC-USD"].books["a"], name, value)


def set_purse(name: str, value: object) -> Wrong:
    return lambda state: setattr(state.ledger.purses["USD"], name, value)


def set_order(order_id: str, name: str, value: object) -> Wrong:
    return lambda state: setattr(state.orders[order_id], name, value)


def stray(price: int, fee: int) -> a.OrderFilled:
    return a.OrderFilled("test-2", "stray", 0, "BTC-USD", Side.BUY, 1, price, Liquidity.TAKER, D(fee))


def set_market(name: str, value: object) -> Wrong:
    return lambda state: setattr(state.markets["BTC-USD"], name, value)


def test_a_right_engine_passes_and_the_scene_holds_what_is_looked_at() -> None:
    desk = busy()
    assert len(desk.records(Crossed)) == 1
    assert desk.state.ledger.purses["USD"].held > 0
    checked = desk.auditor.checks
    desk.auditor.check(desk.state)
    assert desk.auditor.checks == checked + 1


@pytest.mark.parametrize(
    ("wrong", "invariant"),
    [
        (set_line("quantity", 1_999), "I01 broken: position in BTC-USD"),
        (set_line("cost", D(199)), "I03 broken: cost of account in BTC-USD"),
        (set_line("realised", D("0.1")), "I03 broken: realised of account in BTC-USD"),
        (set_line("cost", 200.0), "I08 broken: cost of account"),
        (set_book("fees", D(0)), "I06 broken: fees of a"),
        (set_book("funding", D(1)), "I07 broken: funding of a"),
        (set_book("fills", 2), "I04 broken: fills of a"),
        (set_book("crossed", 0), "I01 broken: crossed by a"),
        (set_purse("cash", D("99799.21")), "I02 broken: cash in USD"),
        (set_purse("cash", 99_799.2), "I08 broken: cash in USD"),
        (set_purse("cash", D("NaN")), "I08 broken: cash in USD"),
        (set_purse("realised", D(1)), "I03 broken: realised in USD"),
        (set_purse("transfers", D(1)), "I02 broken: transfers in USD"),
        (set_purse("funding", D(1)), "I07 broken: funding in USD"),
        (set_purse("held", D(0)), "I09 broken: holds in USD"),
        (set_market("open_buys", 0), "I18 broken: open .buys, sells. in BTC-USD"),
        (set_market("mark", 9_999), "I03 broken: equity"),
        (lambda state: state.orders.pop("test-1"), "I17 broken: orders that were sent"),
    ],
)
def test_a_wrong_book_is_named_by_its_invariant(wrong: Wrong, invariant: str) -> None:
    desk = busy()
    wrong(desk.state)
    with pytest.raises(StateError, match=invariant):
        desk.auditor.check(desk.state)


@pytest.mark.parametrize(
    ("wrong", "invariant"),
    [
        (set_order("test-2", "filled", 5), "I05 broken: filled of order test-2"),
        (set_order("test-2", "fills", (stray(price=0, fee=1),)), "I05 broken: fees of order test-2"),
        (set_order("test-2", "fills", (stray(price=1, fee=0),)), "I05 broken: value of order test-2"),
        (set_order("test-2", "request", OTHER), "I17 broken: request of order test-2"),
        (set_order("test-1", "held_cash", D(1)), "I09 broken: order test-1 is over and still holds 1"),
        (set_order("test-1", "status", OrderStatus.OPEN), "I13 broken: order test-1 is live"),
    ],
)
def test_a_wrong_order_is_named_when_it_was_touched(wrong: Wrong, invariant: str) -> None:
    desk = busy()
    auditor = Auditor(desk.config)
    auditor.feed(desk.state.audit)
    wrong(desk.state)
    with pytest.raises(StateError, match=invariant):
        auditor.check(desk.state)


# -- what the stream alone shows ---------------------------------------------------------------------------------------


def decided(
    order_id: str = "o1", intent: int = 1, quantity: int = 100, side: Side = Side.BUY, bot: str = "a"
) -> Decided:
    request = OrderRequest(order_id, "BTC-PERP", side, OrderKind.MARKET, quantity)
    shares = (Share(bot, intent, quantity),)
    return Decided(1, 1, bot, "why", (), 10_000, request, shares, Approved())


def fill(fill_id: str = "f1", quantity: int = 100, side: Side = Side.BUY, order_id: str = "o1") -> a.OrderFilled:
    return a.OrderFilled(order_id, fill_id, 1, "BTC-PERP", side, quantity, 10_000, Liquidity.TAKER, D(0))


def liquidated(fill_id: str, quantity: int = 10, side: Side = Side.SELL) -> a.PositionLiquidated:
    return a.PositionLiquidated("BTC-PERP", fill_id, 1, a.LiquidationKind.FULL, side, quantity, D(90))


SHORT = Share("a", 1, 99)
HELD = [decided(), fill()]


@pytest.mark.parametrize(
    ("records", "invariant"),
    [
        ([decided(), decided(intent=2)], "I16 broken: client order id o1 was used twice"),
        ([decided(), decided("o2")], "I10 broken: intent of a 1"),
        ([Decided(1, 1, "a", "why", (), 1, decided().order, (SHORT,), Approved())], "I10 broken: order o1 of 100"),
        ([fill()], "I17 broken: order o1 is known to the venue and was never approved"),
        ([decided(), fill(side=Side.SELL)], "I17 broken: fill f1 is not what order o1 asked for"),
        ([*HELD, fill()], "I04 broken: fill f1 of order o1 was booked twice"),
        ([decided(), fill(quantity=101)], "I05 broken: order o1 of 100 has 101 filled"),
        ([decided(), fill(quantity=0)], "I05 broken"),
        ([decided(), fill(quantity=60), a.OrderAmended("o1", 1, 59, "REDUCE_ONLY")], "I05 broken: order o1 was cut"),
        ([*HELD, a.FundingPaid("BTC-PERP", 5, D(1), 99)], "I07 broken: funding of BTC-PERP for 99, held are 100"),
        ([*HELD, *[a.FundingPaid("BTC-PERP", 5, D(1), 100)] * 2], "I07 broken: funding of BTC-PERP at 5"),
        ([*HELD, *[a.FundingAccrued("BTC-PERP", 5, D(1), 100)] * 2], "I07 broken: accrual of BTC-PERP at 5"),
        ([*HELD, liquidated("l1"), liquidated("l1")], "I04 broken: liquidation l1"),
        ([*HELD, liquidated("l1", 101)], "I01 broken: l1 closed 101 of a position of 100"),
        ([*HELD, liquidated("l1", side=Side.BUY)], "I01 broken"),
        ([Halt(1, "look"), decided()], "I19 broken: order o1 adds risk while the account is halted"),
        ([EnterReduceOnly(1, "volatility", "wild"), decided()], "I19 broken: .* reduce-only"),
        ([*HELD, Halt(1, "look"), decided("o2", 2, 101, Side.SELL)], "I19 broken"),
        ([*HELD, Halt(1, "look"), decided("o2", 2, 100, Side.SELL, "b")], "I19 broken"),
        ([*HELD, EnterReduceOnly(1, "x", ""), LeaveReduceOnly(1, "y"), decided("o2", 2)], "I19 broken"),
    ],
)
def test_a_wrong_stream_is_named_by_its_invariant(records: list[object], invariant: str) -> None:
    auditor = Auditor(config([], instruments=[PERP]))
    with pytest.raises(StateError, match=invariant):
        auditor.feed(records)


@pytest.mark.parametrize(
    "records",
    [
        [*HELD, Halt(1, "look"), decided("o2", 2, 100, Side.SELL)],
        [Halt(1, "look"), Resume(2, "fine"), decided()],
        [EnterReduceOnly(1, "x", ""), LeaveReduceOnly(2, "x"), decided()],
        [EnterReduceOnly(1, "x", ""), LeaveReduceOnly(2, "operator"), decided()],
        [decided(), a.OrderCanceled("o1", 1, "REQUESTED"), fill()],
    ],
)
def test_a_right_stream_passes(records: list[object]) -> None:
    Auditor(config([], instruments=[PERP])).feed(records)


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (Limits(leverage_max=D("0.00099"), instrument_share_max=None, exposure_share_max=None), "leverage"),
        (Limits(leverage_max=None, instrument_share_max=D("0.00099"), exposure_share_max=None), "share"),
        (Limits(leverage_max=None, instrument_share_max=None, exposure_share_max=D("0.00099")), "exposure"),
        (Limits(leverage_max=None, instrument_share_max=None, instrument_notional_max=D(99)), "notional"),
    ],
)
def test_an_order_beyond_a_limit_is_seen_even_if_risk_approved_it(limits: Limits, what: str) -> None:
    """An engine without limits sends it; the auditor, told of the limits, refuses to believe it (I18)."""
    desk = Desk(config([TargetQuantity(D(1))], instruments=[PERP]))
    desk.auditor = Auditor(config([], instruments=[PERP], limits=limits))
    with pytest.raises(StateError, match=f"I18 broken: {what} after order test-1 may reach 100"):
        desk.bar(instrument="BTC-PERP")
