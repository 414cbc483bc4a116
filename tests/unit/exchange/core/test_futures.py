"""Perpetuals: average cost, cross margin, reduce-only, funding, liquidation, and what of it clients see."""

from decimal import Decimal

import pytest

from tests.exchange_audit import Audit
from tests.exchange_rig import BUY, HOUR_NS, PERPETUAL, SECOND_NS, SELL, START_NS, Rig
from tradewind.exchange.core.events import FundingPaid, PositionChanged
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.orders import OrderStatus
from tradewind.exchange.core.views import OrderView
from tradewind.model.errors import ConfigError
from tradewind.model.orders import Side

D = Decimal
NAME = PERPETUAL.id


@pytest.fixture
def rig() -> Rig:
    return Rig()


def deal(rig: Rig, buyer: str, seller: str, size: str, price: str) -> tuple[OrderView, OrderView]:
    """Let two accounts trade; return (resting sale, taking purchase)."""
    sale = rig.place(seller, SELL, size, price, product_id=NAME)
    return sale, rig.place(buyer, BUY, size, price, product_id=NAME)


def place(rig: Rig, account: str, side: Side, size: str, price: str | None = None, **fields: object) -> OrderView:
    return rig.place(account, side, size, price, product_id=NAME, **fields)


def test_a_trade_moves_no_notional_only_fees(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "1", "20000")

    assert rig.money(rig.ann, "USDC").total == D("9992")  # taker 0.04 %
    assert rig.money(rig.bob, "USDC").total == D("9996")  # maker 0.02 %
    long, short = rig.exchange.positions(rig.ann)[0], rig.exchange.positions(rig.bob)[0]
    assert (long.quantity, short.quantity) == (D(1), D(-1))
    assert long.average_price == short.average_price == D("20000")
    assert (long.initial_margin, long.maintenance_margin) == (D(2000), D(1000))


def test_what_margin_needs_is_not_available(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "1", "20000")
    rig.exchange.set_mark(NAME, D("19500"), rig.now_ns)

    position = rig.exchange.positions(rig.ann)[0]
    assert position.unrealised == D("-500")
    assert rig.money(rig.ann, "USDC").available == D("9992") - D("1950") - D("500")
    assert rig.money(rig.bob, "USDC").available == D("9996") - D("1950") + D("500")


def test_profit_covers_margin_but_cannot_be_spent(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "1", "20000")
    rig.exchange.set_mark(NAME, D("25000"), rig.now_ns)
    assert rig.money(rig.ann, "USDC").available == rig.money(rig.ann, "USDC").total


def test_an_opening_order_holds_margin_and_fee(rig: Rig) -> None:
    order = place(rig, rig.ann, BUY, "1", "20000")
    assert order.hold == D("2008")
    assert rig.refused(rig.ann, BUY, "4", "20000", product_id=NAME) == "INSUFFICIENT_FUND"


def test_an_order_that_only_reduces_holds_nothing(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "4.9", "20000")
    order = place(rig, rig.ann, SELL, "4.9", "21000")
    beyond = rig.send(rig.ann, SELL, "1", "21500", product_id=NAME)

    assert order.hold == 0
    assert beyond.failure is not None  # the position is spoken for: this one would open


def test_realised_profit_is_paid_at_the_close(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "1", "20000")
    deal(rig, rig.cat, rig.ann, "0.4", "21000")

    position = rig.exchange.positions(rig.ann)[0]
    assert (position.quantity, position.realised) == (D("0.6"), D("400"))
    assert position.average_price == D("20000")
    assert rig.money(rig.ann, "USDC").total == D(10000) - 8 + 400 - D("1.68")


def test_a_position_can_turn_in_one_order(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "1", "20000")
    deal(rig, rig.cat, rig.ann, "1.5", "19000")

    position = rig.exchange.positions(rig.ann)[0]
    assert (position.quantity, position.average_price) == (D("-0.5"), D("19000"))
    assert position.realised == D("-1000")


def test_reduce_only_must_reduce(rig: Rig) -> None:
    fields = {"product_id": NAME, "reduce_only": True}
    assert rig.refused(rig.ann, SELL, "1", "20000", **fields) == "REDUCE_ONLY_INCREASED_POSITION_SIZE"
    deal(rig, rig.ann, rig.bob, "1", "20000")
    assert rig.refused(rig.ann, BUY, "1", "19000", **fields) == "REDUCE_ONLY_INCREASED_POSITION_SIZE"
    assert rig.refused(rig.ann, SELL, "1.001", "20000", **fields) == "REDUCE_ONLY_INCREASED_POSITION_SIZE"
    assert rig.place(rig.ann, SELL, "1", "20000", **fields).reduce_only
    assert rig.refused(rig.ann, SELL, "1", "20000", reduce_only=True) == "REDUCE_ONLY_NOT_ALLOWED_ON_SPOT_PRODUCTS"


def test_closing_a_position(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "1", "20000")
    place(rig, rig.cat, BUY, "5", "19900")
    part = rig.exchange.close_position(rig.ann, NAME, "close 1", rig.now_ns, D("0.25"))
    whole = rig.exchange.close_position(rig.ann, NAME, "close 2", rig.now_ns)
    none = rig.exchange.close_position(rig.ann, NAME, "close 3", rig.now_ns)
    again = rig.exchange.close_position(rig.ann, NAME, "close 2", rig.now_ns)

    assert part.order is not None
    assert (part.order.side, part.order.filled_size) == (SELL, D("0.25"))
    assert whole.order is not None
    assert whole.order.filled_size == D("0.75")
    assert none.failure is not None
    assert none.failure.reason == "CANNOT_CLOSE_ZERO_POSITION"
    assert again.repeated
    assert rig.exchange.positions(rig.ann) == []


def test_funding_goes_from_longs_to_shorts_at_the_mark(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "1", "20000")
    rig.exchange.set_funding_rate(NAME, D("0.0001"))
    rig.exchange.set_mark(NAME, D("21000"), rig.now_ns)
    rig.exchange.drain()
    rig.exchange.advance(START_NS + HOUR_NS - 1)
    assert rig.exchange.drain() == []
    rig.exchange.advance(START_NS + HOUR_NS)

    paid = {event.account_id: event.amount for event in rig.exchange.drain() if isinstance(event, FundingPaid)}
    assert paid == {rig.ann: D("-2.1"), rig.bob: D("2.1")}
    assert rig.money(rig.ann, "USDC").total == D("9992") - D("2.1")
    assert rig.exchange.positions(rig.ann)[0].funding == D("-2.1")
    assert rig.exchange.funding(NAME) == (D("0.0001"), START_NS + 2 * HOUR_NS)


def test_time_may_begin_at_nought() -> None:
    exchange = Exchange([PERPETUAL], seed=1)
    for _ in range(3):
        exchange.advance(0)
    assert exchange.funding(NAME) == (0, HOUR_NS)
    assert len(exchange.state.timers) == 1


def test_liquidation_comes_at_the_price_that_was_shown(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "4", "20000")
    shown = rig.exchange.positions(rig.ann)[0].liquidation_price
    assert shown is not None
    place(rig, rig.cat, BUY, "1", "17000")
    above = shown.quantize(D("0.1"), rounding="ROUND_CEILING")
    rig.exchange.set_mark(NAME, above, rig.now_ns)
    assert rig.exchange.positions(rig.ann)[0].quantity == 4
    audit = Audit(rig.exchange)
    rig.exchange.set_mark(NAME, above - D("0.1"), rig.now_ns)

    assert rig.exchange.positions(rig.ann) == []
    order = rig.exchange.orders(rig.ann)[0]
    assert (order.is_liquidation, order.filled_size, order.status) == (True, D(1), OrderStatus.CANCELLED)
    assert rig.exchange.positions("house")[0].quantity == 3  # what the book did not take
    audit.check()
    assert rig.money(rig.ann, "USDC").total >= 0


def test_liquidation_cancels_open_orders_and_the_house_covers_a_deficit(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "4", "20000")
    waiting = place(rig, rig.ann, BUY, "0.1", "15000")
    rig.exchange.set_mark(NAME, D("10000"), rig.now_ns)

    assert rig.see(waiting).reason == "LIQUIDATION"
    assert rig.money(rig.ann, "USDC").total == 0
    assert rig.exchange.balance("house", "USDC").total < 0


def test_a_short_is_liquidated_by_a_rise_seen_in_trades(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "4", "20000")
    place(rig, rig.cat, SELL, "0.001", "22300")
    crowd = rig.exchange.open_account("crowd", unlimited=True)
    place(rig, crowd, SELL, "50", "22310")
    place(rig, crowd, BUY, "0.001", "22300")
    place(rig, crowd, BUY, "0.001", "22309")  # the middle is beyond the short's maintenance

    assert rig.exchange.positions(rig.bob) == []
    assert rig.exchange.orders(rig.bob)[0].is_liquidation


def test_leverage_and_margin_type(rig: Rig) -> None:
    assert place(rig, rig.ann, BUY, "0.1", "20000", leverage="10").leverage == D(10)
    assert rig.refused(rig.ann, BUY, "0.1", "20000", product_id=NAME, leverage="11") == "INVALID_LEVERAGE"
    assert rig.refused(rig.ann, BUY, "0.1", "20000", product_id=NAME, leverage="NaN") == "INVALID_LEVERAGE"
    assert rig.refused(rig.ann, BUY, "0.1", "20000", leverage="2") == "INVALID_LEVERAGE"
    why = rig.refused(rig.ann, BUY, "0.1", "20000", product_id=NAME, margin_type="ISOLATED")
    assert why == "INVALID_MARGIN_TYPE"


def test_positions_are_told_when_they_change(rig: Rig) -> None:
    rig.exchange.drain()
    deal(rig, rig.ann, rig.bob, "1", "20000")
    told = {
        event.account_id: event.position.quantity
        for event in rig.exchange.drain()
        if isinstance(event, PositionChanged)
    }
    assert told == {rig.ann: D(1), rig.bob: D(-1)}
    assert rig.exchange.open_interest(NAME) == D(1)


def test_margin_money_cannot_be_moved_away(rig: Rig) -> None:
    deal(rig, rig.ann, rig.bob, "1", "20000")
    available = rig.money(rig.ann, "USDC").available

    assert not rig.exchange.transfer(rig.ann, rig.cat, "USDC", available + D("0.01"))
    assert rig.exchange.transfer(rig.ann, rig.cat, "USDC", available)


def test_spot_has_no_funding(rig: Rig) -> None:
    with pytest.raises(ConfigError, match="no funding"):
        rig.exchange.set_funding_rate("BTC-USD", D("0.0001"))
    rig.wait(SECOND_NS / SECOND_NS)
