"""Our books against the venue's word: adopted at the start, corrected if seen twice, blocked if nothing explains."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.engine_rig import BTC, ETH, PERP, Desk, config
from tradewind.engine.order_questions import SECOND_NS, FindOrder, Pace, SendCancel
from tradewind.engine.order_truth import OrderTruth
from tradewind.engine.reconciling import Corrected, Evidence, ReconcilePolicy, Reconciler
from tradewind.model import answers as a
from tradewind.model import corrections as k
from tradewind.model.intents import PlaceOrder, TargetQuantity
from tradewind.model.orders import Liquidity, OrderKind, Side
from tradewind.model.venue import Placed, VenueBalance, VenueFill, VenueOrder, VenueOrderStatus, VenuePosition

D, S = Decimal, SECOND_NS
OPEN, CANCELED, FILLED = VenueOrderStatus.OPEN, VenueOrderStatus.CANCELED, VenueOrderStatus.FILLED


class Rig(Desk):
    """A desk with order truth and a reconciler; the venue's word is set by the test."""

    def __init__(self, *script: Any, opened: bool = True, **policy: Any) -> None:
        super().__init__(config(list(script) or [None], instruments=[BTC, ETH, PERP], cash=D(1_000)))
        self.truth = OrderTruth([BTC, ETH, PERP])
        self.reconciler = Reconciler(
            self.truth, [BTC, ETH, PERP], ReconcilePolicy(**policy), opened_ns=1 if opened else None
        )
        self.now_ns = 10 * S
        self.cash, self.btc, self.perp = D(1_000), D(0), D(0)
        self.orders: tuple[VenueOrder, ...] = ()
        self.fills: tuple[VenueFill, ...] = ()

    def evidence(self, **other: Any) -> Evidence:
        facts: dict[str, Any] = {
            "asked_ns": self.now_ns, "orders": self.orders, "fills": self.fills,
            "balances": (VenueBalance("USD", self.cash), VenueBalance("BTC", self.btc), VenueBalance("DOGE", D(7))),
            "positions": (VenuePosition(instrument="BTC-PERP", quantity=self.perp, average_price=D(90)),),
        }  # fmt: skip
        return Evidence(**(facts | other))

    def round(self, **other: Any) -> list[str]:
        """Let one round happen, and return what it wrote."""
        self.now_ns += 45 * S
        evidence = self.evidence(**other)
        told = self.tell(self.reconciler.orders(self.state, evidence, self.now_ns))
        return told + self.tell(self.reconciler.holdings(self.state, evidence, self.now_ns))

    def tell(self, told: Sequence[Corrected]) -> list[str]:
        for event in told:
            self.take(event)
        return [type(event).__name__ for event in told]

    def last(self, kind: type[Any]) -> Any:
        return self.records(kind)[-1]


def foreign(status: VenueOrderStatus = OPEN, filled: str = "0", **other: Any) -> VenueOrder:
    facts: dict[str, Any] = {
        "client_id": "by hand", "venue_id": "x1", "instrument": "BTC-USD", "side": Side.BUY, "quantity": D(1),
        "price": D(90), "created_ns": 20 * S,
    }  # fmt: skip
    return VenueOrder(status=status, filled=D(filled), **(facts | other))


def fill(fill_id: str, quantity: str, ts_ns: int = 30 * S, **other: Any) -> VenueFill:
    facts: dict[str, Any] = {
        "venue_order_id": "x1", "instrument": "BTC-USD", "side": Side.BUY, "price": D(90), "fee": D("0.5"),
        "liquidity": Liquidity.MAKER,
    }  # fmt: skip
    return VenueFill(fill_id=fill_id, quantity=D(quantity), ts_ns=ts_ns, **(facts | other))


# -- the first start --------------------------------------------------------------------------------------------------


def test_what_is_found_at_the_first_start_becomes_external() -> None:
    """SPEC X10: with the cost supplied, the venue's, or the price of the moment; no strategy touches it."""
    rig = Rig(opened=False, cost_basis={"BTC-USD": D(60)})
    rig.cash, rig.btc, rig.perp = D(5_000), D(2), D(-3)
    told = rig.round(prices={"BTC-PERP": D(95)})
    assert told == ["PositionAdopted", "PositionAdopted", "CashTransferred"]
    assert rig.reconciler.opened_ns == rig.now_ns
    perp, btc = rig.records(k.PositionAdopted)
    assert (perp.quantity, perp.value, perp.basis) == (-300, D(270), "venue")
    assert (btc.quantity, btc.value, btc.basis, btc.bot) == (2_000, D(120), "supplied", "external")
    assert rig.last(a.CashTransferred).reason == "found at the start: USD: the venue has 5000, our books say 1000"
    assert rig.round() == []
    assert rig.position("a") == 0


def test_a_holding_without_any_price_is_adopted_at_zero_and_said_so() -> None:
    rig = Rig(opened=False)
    rig.btc = D(1)
    rig.round()
    assert (rig.last(k.PositionAdopted).value, rig.last(k.PositionAdopted).basis) == (0, "unknown")


def test_less_than_the_books_say_at_the_start_is_not_explained() -> None:
    """A configured holding that the venue does not have blocks: acct-drift-ignored."""
    rig = Rig(opened=True)
    rig.take(k.PositionAdopted("BTC-USD", 5, 500, D(45), "supplied", "configured", bot="a"))
    assert rig.round() == ["InstrumentDoubted"]
    assert rig.round() == ["InstrumentDoubted"]
    assert rig.last(k.InstrumentDoubted).reason == "drift, unexplained: BTC: the venue has 0, our books say 0.5"
    assert rig.last(k.InstrumentDoubted).alarm
    assert rig.round() == []
    rig.btc = D("0.5")
    assert rig.round() == ["InstrumentCleared"]


# -- holdings, later --------------------------------------------------------------------------------------------------


def test_a_difference_is_corrected_when_it_was_seen_twice_and_not_found_again() -> None:
    """acct-recon-loop, acct-manual-trade: one correction, proved by the second pass that writes nothing."""
    rig = Rig(None, TargetQuantity(D(1)))
    rig.cash, rig.btc = D(900), D("0.25")
    assert rig.round() == ["InstrumentDoubted"] * 4
    rig.bar(10_000)
    rig.bar(10_000)
    assert rig.sent == []
    assert rig.round() == [
        "PositionAdopted", "InstrumentCleared", "CashTransferred", *["InstrumentCleared"] * 3,
    ]  # fmt: skip
    assert rig.last(k.PositionAdopted).evidence == "BTC: the venue has 0.25, our books say 0"
    assert rig.last(a.CashTransferred).amount == -100
    assert rig.round() == []
    rig.bar(10_000)


def test_a_difference_that_changes_or_goes_is_not_corrected() -> None:
    rig = Rig()
    rig.btc = D("0.25")
    rig.round()
    rig.btc = D("0.5")
    assert rig.round() == ["InstrumentDoubted"]
    rig.btc = D(0)
    assert rig.round() == ["InstrumentCleared"]
    assert rig.records(k.PositionAdopted) == []


def test_the_same_answers_again_are_not_a_second_look() -> None:
    rig = Rig()
    rig.btc = D("0.25")
    evidence = rig.evidence()
    for _ in range(3):
        rig.tell(rig.reconciler.holdings(rig.state, evidence, rig.now_ns))
    assert rig.records(k.PositionAdopted) == []


def test_dust_is_no_difference() -> None:
    """acct-rounding-dust: less than one increment stays where it is."""
    rig = Rig()
    rig.cash, rig.btc, rig.perp = D("1000.0099"), D("0.00099"), D("0.0099")
    assert rig.round() == rig.round() == []


def test_what_left_takes_its_cost_with_it() -> None:
    rig = Rig(opened=False, cost_basis={"BTC-USD": D(60)})
    rig.btc = D(2)
    rig.round()
    rig.btc = D("1.5")
    rig.round()
    rig.round()
    assert (rig.last(k.PositionAdopted).quantity, rig.last(k.PositionAdopted).value) == (-500, D(30))
    assert rig.state.ledger.book("BTC-USD", "external").position.realised == 0


@pytest.mark.parametrize(("found", "adopted"), [("3", True), ("-3", True), ("0.5", False)])
def test_a_perpetual_grows_outwards_but_never_against_the_bots(found: str, adopted: bool) -> None:
    rig = Rig()
    if found == "0.5":
        rig.take(k.PositionAdopted("BTC-PERP", 5, 200, D(200), "supplied", "the bot's", bot="a"))
    rig.perp = D(found)
    rig.round()
    assert (rig.round()[0] == "PositionAdopted") is adopted


def test_by_policy_nothing_is_adopted_later() -> None:
    rig = Rig(surplus="block")
    rig.btc = D(1)
    rig.round()
    rig.round()
    assert rig.records(k.PositionAdopted) == []
    assert "unexplained" in rig.state.markets["BTC-USD"].doubts["drift:BTC"]


def test_holdings_wait_while_orders_are_in_doubt() -> None:
    rig = Rig(PlaceOrder(Side.BUY, D(1), kind=OrderKind.LIMIT, price=D(90)))
    rig.bar(10_000)
    rig.truth.sending(rig.sent[0], rig.now_ns)
    rig.btc, rig.cash = D(1), D(910)
    assert rig.round() == []
    evidence = rig.evidence(balances=None)
    assert rig.reconciler.holdings(rig.state, evidence, rig.now_ns) == []


# -- orders -----------------------------------------------------------------------------------------------------------


def test_ours_that_a_listing_lacks_is_looked_for_and_ends_by_evidence() -> None:
    """fill-external-cancel, strm-missed-private-events."""
    rig = Rig(PlaceOrder(Side.BUY, D(1), kind=OrderKind.LIMIT, price=D(90)))
    rig.bar(10_000)
    name = rig.sent[0].order_id
    rig.truth.sending(rig.sent[0], rig.now_ns)
    rig.tell(rig.truth.answered(name, Placed("v1"), rig.now_ns))
    rig.round()
    assert FindOrder(name, "v1") in rig.truth.due(rig.now_ns).queries
    ours = foreign(CANCELED, "0.4", client_id=name, venue_id="v1", reason="BY_OPERATOR", created_ns=0)
    rig.orders, rig.fills = (ours,), (fill("f1", "0.4", ts_ns=rig.ts_ns, venue_order_id="v1"),)
    rig.cash, rig.btc = D("963.5"), D("0.4")
    assert rig.round() == ["OrderFilled", "OrderCanceled"]
    assert rig.round() == []


def test_a_foreign_order_is_adopted_and_its_executions_are_external() -> None:
    rig = Rig()
    rig.orders, rig.fills = (foreign(filled="0.4"),), (fill("f1", "0.4"),)
    rig.cash, rig.btc = D("963.5"), D("0.4")
    assert rig.round() == ["OrderAdopted", "OrderFilled"]
    assert rig.position("external") == 400
    assert rig.last(k.OrderAdopted).evidence == "order x1 of nobody here, open: buy 1, 0.4 filled"
    rig.orders, rig.fills = (foreign(FILLED, "1"),), (fill("f1", "0.4"), fill("f2", "0.6"))
    rig.cash, rig.btc = D("909"), D(1)
    assert rig.round() == ["OrderFilled"]
    assert rig.round() == []


def test_what_a_foreign_order_did_before_the_first_start_is_not_booked_again() -> None:
    rig = Rig(opened=False)
    rig.cash, rig.btc = D(963), D("0.4")
    rig.tell(rig.reconciler.holdings(rig.state, rig.evidence(), rig.now_ns))
    rig.orders = (foreign(filled="0.5", created_ns=1), foreign(FILLED, "1", created_ns=1, venue_id="old"))
    rig.fills = (fill("before", "0.4", 9 * S), fill("after", "0.1"), fill("old", "1", 9 * S, venue_order_id="old"))
    rig.cash, rig.btc = D("953.5"), D("0.5")
    assert rig.round() == ["OrderAdopted", "OrderFilled"]
    adopted = rig.last(k.OrderAdopted)
    assert (adopted.request.quantity, adopted.since_ns) == (600, 10 * S)
    assert rig.round() == []
    again = OrderTruth([BTC, ETH, PERP])
    rig.tell(again.restore(rig.state.orders.values(), rig.now_ns))
    rig.reconciler = Reconciler(again, [BTC, ETH, PERP], opened_ns=10 * S)
    rig.orders = (foreign(CANCELED, "0.5", created_ns=1),)
    assert rig.round()[-1] == "OrderCanceled"
    assert rig.position("external") == 500


def test_by_policy_a_foreign_order_is_canceled_and_what_it_filled_is_booked() -> None:
    rig = Rig(foreign_orders="cancel")
    rig.orders = (foreign(),)
    assert rig.round() == ["OrderAdopted"]
    assert SendCancel("external-x1", "x1") in rig.truth.due(rig.now_ns).queries
    rig.orders, rig.fills = (foreign(CANCELED, "0.1"),), (fill("f1", "0.1"),)
    rig.cash, rig.btc = D("990.5"), D("0.1")
    assert rig.round() == ["OrderFilled", "OrderCanceled"]
    assert rig.round() == []


def test_by_policy_a_foreign_order_is_quarantined() -> None:
    rig = Rig(foreign_orders="quarantine")
    rig.orders = (foreign(),)
    assert rig.round() == ["InstrumentDoubted"]
    assert rig.round() == []
    assert list(rig.state.markets["BTC-USD"].doubts) == ["foreign:x1"]
    rig.orders = (foreign(CANCELED),)
    assert rig.round() == ["InstrumentCleared"]
    assert rig.round() == []


@pytest.mark.parametrize("odd", [{"quantity": D("0.00001")}, {"quantity": None}])
def test_a_foreign_order_whose_size_is_not_known_in_units_is_quarantined(odd: dict[str, Any]) -> None:
    rig = Rig()
    rig.orders = (foreign(**odd),)
    assert rig.round() == ["InstrumentDoubted"]
    rig.orders = (foreign(instrument="DOGE-USD", venue_id="d"), foreign(CANCELED, "0", **odd))
    assert rig.round() == ["InstrumentCleared"]


def test_a_foreign_market_order_by_amount_is_adopted_when_it_is_done() -> None:
    rig = Rig()
    rig.orders, rig.fills = (foreign(FILLED, "0.5", quantity=None, price=None, kind="odd"),), (fill("f1", "0.5"),)
    rig.cash, rig.btc = D("954.5"), D("0.5")
    assert rig.round() == ["OrderAdopted", "OrderFilled"]
    assert rig.last(k.OrderAdopted).request.kind is OrderKind.MARKET
    assert rig.round() == []


def test_executions_of_an_order_that_no_listing_shows_are_adopted_at_the_second_look() -> None:
    """acct-history-window: the order is out of reach, its executions are not."""
    rig = Rig()
    rig.fills = (fill("f1", "0.4"), fill("f2", "0.1"), fill("old", "1", ts_ns=1, venue_order_id="x0"))
    rig.cash, rig.btc = D(954), D("0.5")
    assert rig.round() == []
    assert rig.round() == ["OrderAdopted", "OrderFilled", "OrderFilled"]
    assert "executions f1, f2" in rig.last(k.OrderAdopted).evidence
    assert rig.round() == []


def known_by_one_execution(**policy: Any) -> Rig:
    """A rig that has adopted 0.4 of a foreign order which no listing showed; the venue shows the order from now on."""
    rig = Rig(**policy)
    rig.fills, rig.cash, rig.btc = (fill("f1", "0.4"),), D("963.5"), D("0.4")
    rig.round()
    assert rig.round() == ["OrderAdopted", "OrderFilled"]
    return rig


def names(rig: Rig) -> list[tuple[str, int, int, bool]]:
    orders = rig.state.orders.values()
    return [(each.request.order_id, each.quantity, each.filled, each.is_live) for each in orders]


def test_a_foreign_order_that_lives_on_after_it_was_adopted_as_ended_is_open_for_the_rest() -> None:
    """Its rest counts as open (I14), what it executes is booked, and it ends where it ends."""
    rig = known_by_one_execution()
    rig.orders = (foreign(filled="0.4"),)
    assert rig.round() == ["OrderAdopted"]
    assert names(rig) == [("external-x1", 400, 400, False), ("external-x1+2", 600, 0, True)]
    assert rig.state.markets["BTC-USD"].open_buys == 600
    assert rig.round() == []
    rig.orders, rig.fills = (foreign(CANCELED, "0.5"),), (fill("f1", "0.4"), fill("f2", "0.1"))
    rig.cash, rig.btc = D("954"), D("0.5")
    assert rig.round() == ["OrderFilled", "OrderCanceled"]
    assert (rig.position("external"), rig.state.markets["BTC-USD"].doubts) == (500, {})
    assert rig.round() == []


def test_what_a_foreign_order_executes_beyond_its_adoption_blocks_until_it_is_adopted_too() -> None:
    rig = known_by_one_execution()
    rig.tell(rig.truth.fills_seen([fill("f2", "0.6")], rig.now_ns))
    assert "orders" in rig.state.markets["BTC-USD"].doubts
    rig.orders, rig.fills = (foreign(FILLED, "1"),), (fill("f1", "0.4"), fill("f2", "0.6"))
    rig.cash, rig.btc = D("909"), D(1)
    assert rig.round() == ["OrderAdopted", "OrderFilled", "InstrumentCleared"]
    assert names(rig) == [("external-x1", 400, 400, False), ("external-x1+2", 600, 600, False)]
    assert rig.round() == []


def test_executions_beyond_an_adoption_that_no_listing_shows_are_adopted_at_the_second_look() -> None:
    rig = known_by_one_execution()
    for fill_id, number in (("f2", 2), ("f3", 3)):
        rig.fills = (*rig.fills, fill(fill_id, "0.2"))
        rig.cash, rig.btc = rig.cash - D("18.5"), rig.btc + D("0.2")
        assert set(rig.round()) == {"InstrumentDoubted"}
        assert rig.round() == ["OrderAdopted", "OrderFilled", "InstrumentCleared"]
        assert names(rig)[-1] == (f"external-x1+{number}", 200, 200, False)
    assert rig.round() == []


def test_of_an_order_older_than_the_books_only_what_came_later_is_adopted() -> None:
    """0.1 had executed before: neither the size nor the total of the venue says so, its executions do."""
    rig = known_by_one_execution()
    rig.fills, rig.cash, rig.btc = (fill("f1", "0.4"), fill("f2", "0.5")), D("918"), D("0.9")
    rig.orders = (foreign(FILLED, "1", created_ns=1),)
    rig.round()
    assert names(rig)[-1] == ("external-x1+2", 500, 500, False)
    assert (rig.round(), rig.state.markets["BTC-USD"].doubts) == ([], {})


def test_a_foreign_order_that_was_adopted_twice_is_one_order_after_a_restart() -> None:
    rig = known_by_one_execution()
    rig.orders = (foreign(filled="0.4"),)
    rig.round()
    rig.truth = OrderTruth([BTC, ETH, PERP])
    rig.reconciler = Reconciler(rig.truth, [BTC, ETH, PERP], ReconcilePolicy(), opened_ns=1)
    rig.tell(rig.truth.restore(rig.state.orders.values(), rig.now_ns))
    rig.orders, rig.fills = (foreign(FILLED, "1"),), (fill("f1", "0.4"), fill("f2", "0.6"))
    rig.cash, rig.btc = D("909"), D(1)
    assert "OrderFilled" in rig.round()
    assert names(rig) == [("external-x1", 400, 400, False), ("external-x1+2", 600, 600, False)]
    assert (rig.round(), rig.state.markets["BTC-USD"].doubts) == ([], {})


def test_an_excess_is_resolved_by_the_holdings() -> None:
    """fill-overfill: quarantined and told; the venue's totals decide."""
    rig = Rig(PlaceOrder(Side.BUY, D(1), kind=OrderKind.LIMIT, price=D(90)))
    rig.bar(10_000)
    name = rig.sent[0].order_id
    rig.truth.sending(rig.sent[0], rig.now_ns)
    rig.tell(rig.truth.answered(name, Placed("v1"), rig.now_ns))
    ours = foreign(FILLED, "1.2", client_id=name, venue_id="v1", created_ns=0)
    rig.orders = (ours,)
    rig.fills = (
        fill("f1", "1", ts_ns=rig.ts_ns, venue_order_id="v1"), fill("f2", "0.2", ts_ns=rig.ts_ns, venue_order_id="v1"),
    )  # fmt: skip
    rig.cash, rig.btc = D("891.5"), D("1.2")
    rig.round()
    assert "orders" in rig.state.markets["BTC-USD"].doubts
    assert "PositionAdopted" in rig.round()
    assert rig.round() == []
    assert rig.state.markets["BTC-USD"].doubts == {}
    assert (rig.position("a"), rig.position("external")) == (1_000, 200)


def test_the_pace_is_said_in_numbers() -> None:
    pace = Pace()
    assert pace.wait_ns(1) == S // 2
    assert pace.wait_ns(len(pace.steps_ns) + 1) == pace.slow_ns
    settled_ns = pace.visible_ns + pace.absences * (max(pace.steps_ns) + pace.apart_ns)
    assert settled_ns <= 30 * S  # an order that never arrived is known as such half a minute after it may have left


# -- what a venue does to perpetuals -----------------------------------------------------------------------------------


def short_of(rig: Rig, quantity: str) -> None:
    """Hold contracts of the perpetual, and let the venue say the same."""
    rig.bar(instrument="BTC-PERP")
    rig.fill(rig.sent[0].order_id)
    rig.perp, rig.cash = D(quantity), rig.state.ledger.purses["USD"].cash


def test_funding_that_cash_tells_of_is_funding_and_no_transfer() -> None:
    rig = Rig(TargetQuantity(D(2)))
    short_of(rig, "2")
    rig.reconciler.funding.told("BTC-PERP", 20 * S, D("0.0001"), None)
    rig.reconciler.funding.passed(rig.state, 21 * S)
    rig.cash -= D("0.02000003")
    assert rig.round() == ["FundingPaid"]
    purse = rig.state.ledger.purses["USD"]
    assert (purse.cash, purse.funding, purse.transfers) == (rig.cash, D("-0.02000003"), 0)
    assert rig.round() == []


def test_a_cash_difference_that_is_no_funding_is_a_transfer_as_ever() -> None:
    rig = Rig(TargetQuantity(D(2)))
    short_of(rig, "2")
    rig.reconciler.funding.told("BTC-PERP", 20 * S, D("0.0001"), None)
    rig.reconciler.funding.passed(rig.state, 21 * S)
    rig.cash += 50
    assert rig.round()[:1] == ["InstrumentDoubted"]
    assert "CashTransferred" in rig.round()
    assert rig.state.ledger.purses["USD"].funding == 0


def test_a_position_that_the_venue_closed_is_liquidated_once_with_its_fee() -> None:
    rig = Rig(TargetQuantity(D(2)))
    short_of(rig, "2")
    before = rig.cash
    parts = [("l1", "0.5"), ("l2", "1.5")]
    rig.fills = tuple(
        fill(name, size, instrument="BTC-PERP", side=Side.SELL, price=D(90), fee=D("0.25"), venue_order_id="liq")
        for name, size in parts
    )
    rig.perp, rig.cash = D(0), before - 2 * 10 - D("0.5")
    told = rig.round(liquidations=frozenset({"liq"}))
    assert told == ["PositionLiquidated", "PositionLiquidated"]
    assert [each.kind.value for each in rig.records(a.PositionLiquidated)] == ["partial", "full"]
    assert rig.position("a", "BTC-PERP") == 0
    assert rig.state.ledger.purses["USD"].cash == rig.cash
    assert rig.round(liquidations=frozenset({"liq"})) == []


def test_a_liquidation_of_more_than_is_known_is_left_to_the_comparison_of_holdings() -> None:
    rig = Rig(TargetQuantity(D(2)))
    short_of(rig, "2")
    rig.fills = (fill("l1", "3", instrument="BTC-PERP", side=Side.SELL, price=D(90), fee=D(0), venue_order_id="liq"),)
    rig.perp = D(-1)
    assert "PositionLiquidated" not in rig.round(liquidations=frozenset({"liq"}))


# -- what a halt at the venue has closed ------------------------------------------------------------------------------


def halted(bots: dict[str, int], **policy: Any) -> Rig:
    """A rig in which these bots hold so much, in units, and the venue knows of it; the strategies do nothing."""
    rig = Rig(None, **policy)
    for bot, quantity in bots.items():
        rig.take(
            k.PositionAdopted("BTC-USD", 5, quantity, D(quantity) * 90 / 1_000, "supplied", "handed over", bot=bot)
        )
    rig.btc = D(sum(bots.values())) / 1_000
    assert rig.round() == []
    return rig


@pytest.mark.parametrize("policy", ["adopt", "quarantine", "cancel"])
def test_what_a_halt_closed_is_booked_on_whoever_held_it(policy: str) -> None:
    rig = halted({"a": 600, "external": 200}, foreign_orders=policy)
    closed = fill("h1", "0.8", ts_ns=rig.now_ns, venue_order_id="h", side=Side.SELL)
    rig.fills, rig.btc, rig.cash = (closed,), D(0), D("1071.5")
    assert rig.round(halts=frozenset({"h"})) == []
    assert rig.round(halts=frozenset({"h"})) == ["OrderAdopted", "OrderFilled"]
    assert (rig.position("a"), rig.position("external")) == (0, 0)
    assert rig.round(halts=frozenset({"h"})) == []
    assert rig.state.markets["BTC-USD"].doubts == {}
    assert rig.state.bots["a"].seats[0].view.position == 0


def test_two_orders_of_a_halt_close_no_position_twice() -> None:
    """The first filled in part, so the rest was sent under another name; more than the bots had was external's."""
    rig = halted({"a": 600, "external": 200})
    rig.fills = (
        fill("h1", "0.3", ts_ns=rig.now_ns, venue_order_id="h", side=Side.SELL),
        fill("i1", "0.6", ts_ns=rig.now_ns, venue_order_id="i", side=Side.SELL),
    )
    rig.btc, rig.cash = D("-0.1"), D(1_080)
    for _ in range(2):
        rig.round(halts=frozenset({"h", "i"}))
    assert (rig.position("a"), rig.position("external")) == (0, -100)


def test_a_halt_that_closed_a_part_takes_from_each_its_part() -> None:
    rig = halted({"a": 600, "external": 200})
    rig.fills = (fill("h1", "0.4", ts_ns=rig.now_ns, venue_order_id="h", side=Side.SELL),)
    rig.btc, rig.cash = D("0.4"), D("1035.5")
    for _ in range(2):
        rig.round(halts=frozenset({"h"}))
    assert (rig.position("a"), rig.position("external")) == (300, 100)
