"""Corrections in the engine: doubt blocks new risk; what is adopted counts, is `external` and makes no profit."""

from decimal import Decimal

import msgspec
import pytest

from tests.engine_rig import BTC, PERP, Desk, config
from tradewind.engine.digest import state_digest, state_values
from tradewind.engine.readmodel import ReadModel
from tradewind.model.answers import CashTransferred, OrderUnknown
from tradewind.model.codec import decode_audit, decode_entries, encode_audit, encode_entries
from tradewind.model.commands import Resume
from tradewind.model.corrections import InstrumentCleared, InstrumentDoubted, OrderAdopted, PositionAdopted
from tradewind.model.decisions import Approved, Decided, Refused
from tradewind.model.errors import StateError
from tradewind.model.intents import PlaceOrder, TargetQuantity
from tradewind.model.orders import OrderKind, OrderRequest, Side

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
DOUBT = InstrumentDoubted(5, "BTC-USD", "drift", "venue holds 1.5, our fills say 1")


def target(quantity: str) -> TargetQuantity:
    return TargetQuantity(D(quantity))


def foreign(
    side: Side = BUY, quantity: int = 1_000, price: int | None = 9_000, name: str = "external-v1"
) -> OrderRequest:
    return OrderRequest(name, "BTC-USD", side, OrderKind.LIMIT, quantity, price)


def views(desk: Desk) -> ReadModel:
    model = ReadModel(desk.config.instruments)
    model.take(desk.state.audit)
    return model


# -- doubt (invariant I31; FAULTS acct-drift-ignored) -----------------------------------------------------------------


def test_in_doubt_nothing_opens_and_reductions_go_on() -> None:
    desk = Desk(config([target("2"), None, target("3"), target("1"), target("3")]))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    desk.take(DOUBT)
    desk.bar()
    refused = desk.records(Decided)[-1].outcome
    assert isinstance(refused, Refused)
    assert [(finding.check, finding.number) for finding in refused.findings] == [
        ("reduce_only", "in_doubt: drift: venue holds 1.5, our fills say 1")
    ]
    desk.bar()
    assert [(request.side, request.quantity) for request in desk.sent[1:]] == [(SELL, 1_000)]
    desk.fill("test-3")
    desk.take(InstrumentCleared(6, "BTC-USD", "drift", "the venue holds what our fills say"))
    desk.bar()
    assert type(desk.records(Decided)[-1].outcome) is Approved


def test_doubt_is_of_one_instrument_and_ends_cause_by_cause() -> None:
    desk = Desk(config([target("1"), None, target("2")], instruments=[BTC, PERP]))
    desk.take(DOUBT)
    desk.take(InstrumentDoubted(6, "BTC-USD", "orders", "order x is in doubt", alarm=True))
    desk.take(InstrumentCleared(7, "BTC-USD", "drift", "found"))
    desk.take(InstrumentCleared(8, "BTC-USD", "never set", "nothing happens"))
    desk.bar()
    assert desk.sent == []
    desk.bar(10_000, "BTC-PERP")
    desk.bar(10_000, "BTC-PERP")
    assert [alarm.name for alarm in desk.alarms] == ["in_doubt"]
    assert "doubts" in state_values(desk.state)
    desk.take(InstrumentCleared(9, "BTC-USD", "orders", "resolved"))
    assert "doubts" not in state_values(desk.state)


def test_an_operator_ends_modes_and_no_doubt() -> None:
    desk = Desk(config([None]))
    desk.take(DOUBT)
    before = state_digest(desk.state)
    desk.take(Resume(9, "all is well"))
    assert desk.state.markets["BTC-USD"].doubts == {"drift": DOUBT.reason}
    assert views(desk).modes == {"in_doubt:BTC-USD:drift": DOUBT.reason}
    assert state_digest(desk.state) != before


# -- positions (SPEC X10, P1) -----------------------------------------------------------------------------------------


def test_an_adopted_position_is_external_and_makes_equity_but_no_profit() -> None:
    desk = Desk(config([None, None]))
    desk.bar(10_000)
    peak = desk.state.peak
    desk.take(PositionAdopted("BTC-USD", 7, 2_000, D(150), "supplied", "balance BTC 2, ledger 0"))
    assert desk.position("external") == 2_000
    assert desk.position("a") == 0
    assert desk.state.equity() == 100_000 + 200
    assert desk.state.peak == peak + 200
    desk.take(PositionAdopted("BTC-USD", 8, -500, D("37.5"), "cost", "balance BTC 1.5, ledger 2"))
    assert desk.state.equity() == 100_000 + 150
    assert desk.state.peak == peak + 150
    assert desk.state.ledger.purses["USD"].realised == 0
    assert views(desk).pnl()[0].realised == 0
    assert [(each.bot, each.quantity) for each in views(desk).positions()] == [("external", D("1.5"))]


def test_what_a_bot_loses_to_the_outside_shrinks_it() -> None:
    """FAULTS acct-manual-trade: the bot's share shrinks, the other holdings stay as they are."""
    desk = Desk(config([target("2"), None], [target("1"), None]))
    desk.bar()
    desk.fill("test-1")
    before = desk.position("b")
    desk.take(PositionAdopted("BTC-USD", 9, -500, D(50), "cost", "balance 2.5, ledger 3", bot="a"))
    assert desk.position("a") == 1_500
    assert desk.position("b") == before
    assert desk.state.bots["a"].seats[0].view.position == 1_500
    assert desk.state.bots["a"].seats[0].target is None


def test_a_perpetual_may_turn_by_adoption_beside_other_holders() -> None:
    desk = Desk(config([target("3"), None], instruments=[PERP]))
    desk.bar(10_000, "BTC-PERP")
    desk.fill("test-1", price=10_000)
    for quantity, value in ((-500, D("512.34")), (700, D("699.99")), (-900, D("901"))):
        desk.take(PositionAdopted("BTC-PERP", desk.ts_ns, quantity, value, "venue", "position of the venue"))
    assert desk.position("external", "BTC-PERP") == -700
    assert desk.position("a", "BTC-PERP") == 300


# -- orders (SPEC X10) ------------------------------------------------------------------------------------------------


def test_an_adopted_order_counts_as_open_holds_cash_and_its_fills_are_external() -> None:
    desk = Desk(config([None, None, target("1")]))
    desk.bar()
    desk.take(OrderAdopted(foreign(), 7, "v1", "open at the venue, sent by nobody here"))
    market = desk.state.markets["BTC-USD"]
    assert (market.open_buys, market.open_sells) == (1_000, 0)
    assert desk.state.ledger.purses["USD"].held == D("90.36")
    assert [order.request.order_id for order in desk.state.live_orders()] == ["external-v1"]
    desk.fill("external-v1", 400, 9_000, fee="0.1")
    assert (desk.position("external"), market.open_buys) == (400, 600)
    desk.cancel("external-v1", "by its owner")
    assert (market.open_buys, desk.state.ledger.purses["USD"].held) == (0, D(0))
    assert desk.state.live_orders() == []
    row = views(desk).orders["external-v1"]
    assert (row.bots, row.status, row.filled, row.intent) == (("external",), "canceled", D("0.4"), "adopted")


def test_a_foreign_sell_without_a_price_holds_nothing() -> None:
    desk = Desk(config([None]))
    desk.take(PositionAdopted("BTC-USD", 5, 3_000, D(0), "unknown", "balance"))
    desk.take(OrderAdopted(foreign(SELL, price=None), 6, "v1", "open at the venue"))
    assert desk.state.ledger.purses["USD"].held == 0
    desk.take(OrderUnknown("external-v1", 7, "its cancel timed out"))
    desk.fill("external-v1", price=9_900)
    assert desk.position("external") == 2_000


def test_a_bot_cannot_sell_what_is_adopted() -> None:
    desk = Desk(config([PlaceOrder(SELL, D("0.5"))]))
    desk.take(PositionAdopted("BTC-USD", 5, 3_000, D(200), "supplied", "balance"))
    desk.bar()
    assert desk.sent == []


def test_an_order_is_adopted_once() -> None:
    desk = Desk(config([None]))
    desk.take(OrderAdopted(foreign(), 7, "v1", "open"))
    with pytest.raises(StateError, match="adopted twice"):
        desk.take(OrderAdopted(foreign(), 8, "v1", "open"))


def test_corrections_travel_in_journal_and_audit() -> None:
    given: list[msgspec.Struct] = [
        DOUBT,
        InstrumentCleared(6, "BTC-USD", "drift", "found"),
        PositionAdopted("BTC-USD", 7, -500, D("37.50"), "cost", "balance BTC 1.5, ledger 2", "a"),
        OrderAdopted(foreign(), 8, "v1", "open", since_ns=5),
        CashTransferred("USD", 9, D("-3"), "withdrawn"),
    ]
    assert decode_entries(encode_entries(given)) == given  # type: ignore[arg-type]
    assert decode_audit(encode_audit(given)) == given
