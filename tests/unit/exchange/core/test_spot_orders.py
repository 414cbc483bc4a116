"""Market, limit, IOC, FOK, post-only and good-till-date orders: what they hold, take and cost, to the last digit."""

from decimal import Decimal

import pytest

from tests.exchange_rig import BUY, SECOND_NS, SELL, SPOT, Rig
from tradewind.exchange.core.orders import OrderStatus
from tradewind.model.orders import Liquidity, TimeInForce

D = Decimal
IOC, FOK, GTD = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTD


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_resting_buy_holds_its_cost_at_its_limit_with_the_taker_fee(rig: Rig) -> None:
    order = rig.place(rig.ann, BUY, "0.5", "20000")

    assert order.status is OrderStatus.OPEN
    assert order.hold == D("10060")  # 10,000 and 0.6 %
    assert rig.money(rig.ann).hold == D("10060")
    assert rig.money(rig.ann).available == D("89940")
    assert rig.money(rig.ann).total == D("100000")


def test_a_resting_sale_holds_its_base(rig: Rig) -> None:
    rig.place(rig.ann, SELL, "0.5", "20000")

    assert rig.money(rig.ann, "BTC").hold == D("0.5")
    assert rig.money(rig.ann).hold == 0


def test_a_part_fill_releases_its_part_of_the_hold(rig: Rig) -> None:
    order = rig.place(rig.ann, BUY, "0.5", "20000")
    rig.place(rig.bob, SELL, "0.2", "20000")

    seen = rig.see(order)
    assert (seen.filled_size, seen.leaves, seen.hold) == (D("0.2"), D("0.3"), D("6036"))
    assert seen.fees == D("16")  # maker 0.4 % of 4,000
    assert seen.average_filled_price == D("20000")
    assert rig.money(rig.ann).total == D("95984")
    assert rig.money(rig.ann, "BTC").total == D("10.2")
    assert rig.money(rig.bob).total == D("103976")  # 4,000 less taker 0.6 %


def test_a_better_price_gives_the_rest_of_the_hold_back(rig: Rig) -> None:
    rig.place(rig.bob, SELL, "0.1", "19000")
    order = rig.place(rig.ann, BUY, "0.1", "20000")

    assert order.status is OrderStatus.FILLED
    assert order.filled_value == D("1900")
    assert order.fees == D("11.4")
    assert rig.money(rig.ann).hold == 0
    assert rig.money(rig.ann).total == D("100000") - D("1911.4")


def test_the_house_has_the_fees_of_both(rig: Rig) -> None:
    rig.place(rig.bob, SELL, "0.1", "20000")
    rig.place(rig.ann, BUY, "0.1", "20000")

    assert rig.exchange.balance("house", "USD").total == D("20")  # 8 and 12


def test_the_tier_is_that_of_the_placement(rig: Rig) -> None:
    resting = rig.place(rig.ann, SELL, "1", "20000")
    first = rig.place(rig.bob, BUY, "0.6", "20000")
    second = rig.place(rig.bob, BUY, "0.4", "20000")

    assert first.fees == D("72")  # 0.6 % of 12,000
    assert second.fees == D("32")  # the next tier from 10,000: 0.4 % of 8,000
    assert rig.see(resting).fees == D("80")  # still 0.4 % of all, though the account is past 10,000
    assert rig.exchange.fee_tier(rig.ann).maker == D("0.0025")
    assert rig.exchange.volume_30d(rig.ann) == D("20000")


def test_volume_is_forgotten_after_thirty_days(rig: Rig) -> None:
    rig.place(rig.ann, SELL, "0.6", "20000")
    rig.place(rig.bob, BUY, "0.6", "20000")
    rig.wait(29 * 86400)
    assert rig.exchange.fee_tier(rig.bob).taker == D("0.004")
    rig.wait(86400 + 3600)

    assert rig.exchange.volume_30d(rig.bob) == 0
    assert rig.exchange.fee_tier(rig.bob).taker == D("0.006")


def test_an_opening_volume_gives_its_tier_and_runs_out(rig: Rig) -> None:
    dan = rig.exchange.open_account("dan", {"USD": D(1)}, volume_30d=D(10_000))
    assert rig.exchange.fee_tier(dan).from_volume == D(10_000)
    rig.wait(31 * 86400)
    assert rig.exchange.volume_30d(dan) == 0


def test_a_market_order_takes_level_after_level(rig: Rig) -> None:
    rig.place(rig.ann, SELL, "0.1", "20000")
    rig.place(rig.bob, SELL, "0.1", "20100")
    order = rig.place(rig.cat, BUY, "0.15")

    assert order.status is OrderStatus.FILLED
    assert order.number_of_fills == 2
    assert order.filled_value == D("3005")
    assert order.limit_price is None
    fills = rig.exchange.fills(rig.cat, order_id=order.order_id)
    assert [(fill.price, fill.size) for fill in fills] == [(D(20100), D("0.05")), (D(20000), D("0.1"))]
    assert {fill.liquidity for fill in fills} == {Liquidity.TAKER}
    assert len({fill.trade_id for fill in fills} | {fill.entry_id for fill in fills}) == 4


def test_a_market_order_is_cancelled_where_the_book_ends(rig: Rig) -> None:
    rig.place(rig.ann, SELL, "0.1", "20000")
    order = rig.place(rig.cat, BUY, "0.15")

    assert (order.status, order.filled_size, order.reason) == (OrderStatus.CANCELLED, D("0.1"), "IOC_REMAINDER")
    assert rig.money(rig.cat).hold == 0
    assert rig.refused(rig.cat, BUY, "0.15") == "INVALID_NO_LIQUIDITY"


def test_a_market_buy_by_quote_spends_at_most_that_with_the_fee(rig: Rig) -> None:
    rig.place(rig.ann, SELL, "1", "20000")
    order = rig.place(rig.cat, BUY, None, quote_size="1000")

    assert order.status is OrderStatus.FILLED
    assert order.quote_size == D("1000")
    assert order.base_size is None
    assert order.filled_size == D("0.04970178")
    spent = order.filled_value + order.fees
    assert spent <= D("1000") < spent + D("0.00000001") * 20000 * D("1.006")


def test_a_limit_sized_in_quote_is_rounded_down_to_the_lot(rig: Rig) -> None:
    order = rig.place(rig.ann, BUY, None, "30000", quote_size="1000")
    assert order.size == D("0.03333333")


def test_ioc_rests_nothing(rig: Rig) -> None:
    rig.place(rig.ann, SELL, "0.1", "20000")
    order = rig.place(rig.bob, BUY, "0.3", "20000", time_in_force=IOC)

    assert (order.status, order.filled_size, order.hold) == (OrderStatus.CANCELLED, D("0.1"), 0)
    assert rig.exchange.book(SPOT.id).bids == ()


def test_fok_fills_whole_or_not_at_all(rig: Rig) -> None:
    rig.place(rig.ann, SELL, "0.1", "20000")
    short = rig.place(rig.bob, BUY, "0.3", "20000", time_in_force=FOK)
    whole = rig.place(rig.bob, BUY, "0.1", "20000", time_in_force=FOK)

    assert (short.status, short.filled_size, short.reason) == (OrderStatus.CANCELLED, 0, "FOK_NOT_FILLABLE")
    assert whole.status is OrderStatus.FILLED


def test_post_only_never_takes(rig: Rig) -> None:
    rig.place(rig.ann, SELL, "0.1", "20000")

    assert rig.refused(rig.bob, BUY, "0.1", "20000", post_only=True) == "INVALID_LIMIT_PRICE_POST_ONLY"
    assert rig.place(rig.bob, BUY, "0.1", "19999.99", post_only=True).status is OrderStatus.OPEN
    assert rig.exchange.trades(SPOT.id) == []


def test_the_taker_is_cancelled_where_it_would_meet_its_own_order(rig: Rig) -> None:
    rig.place(rig.bob, SELL, "0.1", "19900")
    own = rig.place(rig.ann, SELL, "0.1", "20000")
    rig.place(rig.bob, SELL, "0.1", "20100")
    order = rig.place(rig.ann, BUY, "0.3", "20100")

    assert (order.status, order.filled_size, order.reason) == (
        OrderStatus.CANCELLED,
        D("0.1"),
        "SELF_TRADE_PREVENTION",
    )
    assert rig.see(own).status is OrderStatus.OPEN
    assert rig.money(rig.ann).hold == 0


def test_good_till_date_expires_at_its_time(rig: Rig) -> None:
    order = rig.place(rig.ann, BUY, "0.1", "20000", time_in_force=GTD, end_ns=rig.now_ns + 10 * SECOND_NS)
    rig.wait(9)
    assert rig.see(order).status is OrderStatus.OPEN
    rig.wait(1)

    assert (rig.see(order).status, rig.see(order).reason) == (OrderStatus.EXPIRED, "END_TIME")
    assert rig.money(rig.ann).available == D("100000")


def test_an_expired_order_is_gone_before_a_later_order_arrives(rig: Rig) -> None:
    rig.place(rig.ann, SELL, "0.1", "20000", time_in_force=GTD, end_ns=rig.now_ns + SECOND_NS)
    rig.now_ns += 2 * SECOND_NS
    order = rig.place(rig.bob, BUY, "0.1", "20000")

    assert order.status is OrderStatus.OPEN
    assert order.filled_size == 0


def test_what_is_held_cannot_be_spent_twice(rig: Rig) -> None:
    rig.place(rig.ann, BUY, "4.9", "20000")

    assert rig.refused(rig.ann, BUY, "0.1", "20000") == "INSUFFICIENT_FUND"
    assert rig.place(rig.ann, BUY, "0.07", "20000").status is OrderStatus.OPEN
    assert rig.refused(rig.ann, SELL, "10.001", "20000") == "INSUFFICIENT_FUND"


def test_a_used_client_id_returns_the_order_it_named(rig: Rig) -> None:
    first = rig.place(rig.ann, BUY, "0.1", "20000", client_order_id="mine")
    again = rig.send(rig.ann, SELL, "5", "30000", client_order_id="mine")
    other = rig.send(rig.bob, SELL, "5", "30000", client_order_id="mine")

    assert again.repeated
    assert again.order is not None
    assert again.order.order_id == first.order_id
    assert other.order is not None
    assert not other.repeated
    assert rig.exchange.order_by_client_id(rig.ann, "mine") == rig.see(first)


def test_cancels_have_their_own_outcomes(rig: Rig) -> None:
    order = rig.place(rig.ann, BUY, "0.1", "20000")
    filled = rig.place(rig.bob, SELL, "0.05", "20000")
    foreign = rig.exchange.cancel(rig.bob, [order.order_id], rig.now_ns)[0]
    outcomes = rig.exchange.cancel(rig.ann, [order.order_id, "no id", order.order_id], rig.now_ns)

    assert (foreign.success, foreign.failure_reason) == (False, "UNKNOWN_CANCEL_ORDER")
    assert [outcome.success for outcome in outcomes] == [True, False, False]
    assert outcomes[1].failure_reason == outcomes[2].failure_reason == "UNKNOWN_CANCEL_ORDER"
    assert rig.cancel(filled) == "ORDER_IS_FULLY_FILLED"
    assert rig.see(order).filled_size == D("0.05")
    assert rig.money(rig.ann).hold == 0
