"""The check of impact in the engine: an order is held to what it takes from the book that the engine has seen."""

from decimal import Decimal

import msgspec
import pytest

from tests.unit.engine.test_driver import MARKET, config
from tradewind.engine.core import process
from tradewind.engine.explaining import CHECK_OF
from tradewind.engine.state import EngineState
from tradewind.model.decisions import Approved, Decided, Refused
from tradewind.model.intents import PlaceOrder
from tradewind.model.market_events import Bar, BookSnapshot, MarketEvent, QuoteTick
from tradewind.model.orders import OrderKind, Side
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.strategy.base import Strategy, View, Wish

D = Decimal


class Asks(Strategy):
    """Asks for the same order at every book and quote."""

    order: PlaceOrder = MARKET

    def on_book(self, view: View, book: object) -> Wish:
        return self.order

    def on_quote(self, view: View, quote: object) -> Wish:
        return self.order


def outcome(order: PlaceOrder, event: MarketEvent, limit: str | None) -> Approved | Refused:
    base = config([])
    bots = (msgspec.structs.replace(base.bots[0], strategy=Asks(order=order)),)
    most = None if limit is None else D(limit)
    limits = msgspec.structs.replace(RESEARCH_LIMITS, impact_bps_max=most, slippage_bps_max=None)
    state = EngineState(msgspec.structs.replace(base, bots=bots, limits=limits))
    process(state, event)
    (decided,) = [each for each in state.audit if isinstance(each, Decided)]
    return decided.outcome


TWO_LEVELS = BookSnapshot("BTC-USD", 0, ((9_990, 500),), ((10_010, 500), (10_050, 500)), 1)
ONE = PlaceOrder(Side.BUY, D(1))
HALF = PlaceOrder(Side.BUY, D("0.5"))


@pytest.mark.parametrize(
    ("order", "limit", "bps"),
    [
        (HALF, "10", None),
        (HALF, "9.999999", "10"),
        (ONE, "30", None),  # half of it at 10 bps beyond the mid, half at 50
        (ONE, "29.999999", "30"),
        (msgspec.structs.replace(ONE, kind=OrderKind.LIMIT, price=D("100.10")), "10", None),  # the rest waits
        (msgspec.structs.replace(ONE, kind=OrderKind.LIMIT, price=D("100.10")), "9", "10"),
        (msgspec.structs.replace(ONE, kind=OrderKind.LIMIT, price=D("99.90")), "0", None),  # crosses nothing
        (msgspec.structs.replace(ONE, kind=OrderKind.LIMIT, price=D("99.90"), post_only=True), "0", None),
    ],
)
def test_an_order_costs_what_it_takes_from_the_book(order: PlaceOrder, limit: str, bps: str | None) -> None:
    found = outcome(order, TWO_LEVELS, limit)
    if bps is None:
        assert isinstance(found, Approved)
    else:
        assert isinstance(found, Refused)
        assert [(each.check, each.number) for each in found.findings] == [("impact", bps)]


def test_without_a_usable_book_nothing_is_taken() -> None:
    quote = QuoteTick("BTC-USD", 0, 9_990, 500, 10_010, 500)
    for order, event in ((HALF, quote), (PlaceOrder(Side.BUY, D("1.001")), TWO_LEVELS)):
        found = outcome(order, event, "1000")
        assert isinstance(found, Refused)
        assert [(each.check, each.number) for each in found.findings] == [("impact", "missing")]


def test_switched_off_it_asks_nothing() -> None:
    quote = QuoteTick("BTC-USD", 0, 9_990, 500, 10_010, 500)
    assert isinstance(outcome(HALF, quote, None), Approved)
    assert "impact" in CHECK_OF


def test_a_decision_on_a_book_is_as_old_as_the_book_not_as_the_last_bar() -> None:
    base = config([])
    bots = (msgspec.structs.replace(base.bots[0], strategy=Asks(order=HALF)),)
    limits = msgspec.structs.replace(RESEARCH_LIMITS, data_age_ns_max=5, slippage_bps_max=None)
    state = EngineState(msgspec.structs.replace(base, bots=bots, limits=limits))
    process(state, Bar("BTC-USD", 60, 60, 9_990, 10_010, 9_990, 10_000, 1))
    process(state, msgspec.structs.replace(TWO_LEVELS, ts_ns=1_000))
    (decided,) = [each for each in state.audit if isinstance(each, Decided)]
    assert isinstance(decided.outcome, Approved)
