"""Bar mode beyond the reference rows: one case per rule, with numbers that tell the rules apart."""

from decimal import Decimal

import pytest

from tests.unit.simulation.bench import BTC, ETH, HOUR_NS, Bars, account, perpetual
from tradewind.model.answers import (
    CancelRejected,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderRejected,
    OrderTriggered,
)
from tradewind.model.fees import flat_fees
from tradewind.model.market_events import Bar
from tradewind.model.orders import OrderKind, OrderRequest, Side

FREE = flat_fees(Decimal(0), Decimal(0))
HALF = Decimal("0.5")


def long(quantity: str = "10", cash: str = "0", **settings: object) -> Bars:
    """Return a venue with a spot position bought at 100, and no fees."""
    return Bars(opening=account(cash, (BTC, quantity, "100")), fees=FREE, **settings)


# -- activation and the open ------------------------------------------------------------------------------------------


def test_a_bar_that_opened_before_the_order_does_not_activate_it() -> None:
    bars = Bars()
    bars.ts_ns = HOUR_NS
    bars.take(bars.venue.submit(bars.request("m", "buy", "market", "1"), HOUR_NS + 1))
    bars.bar("100")
    assert bars.fills() == []
    bars.bar("101")
    assert bars.fills() == ["m 1 @ 101 taker 0.404"]


def test_orders_act_at_the_open_by_age() -> None:
    bars = Bars(opening=account("1000"), fees=FREE)
    bars.send("old", "buy", "limit", "6", price="90")
    bars.send("young", "buy", "market", "5")
    bars.bar("100")
    assert (bars.status("old"), bars.status("young")) == ("open", "rejected:INSUFFICIENT_FUNDS")


def test_the_open_is_a_point_for_resting_limits_only_strictly() -> None:
    bars = long(fill_on_touch=False)
    bars.send("l", "sell", "limit", "1", price="105")
    bars.bar("100", "101", "99", "100")
    bars.bar("105", "105", "100", "101")
    assert bars.fills() == []
    bars.bar("106", "107", "100", "101")
    assert bars.fills() == ["l 1 @ 105 maker 0"]


def test_the_open_touches_resting_limits_with_fill_on_touch() -> None:
    bars = long(fill_on_touch=True)
    bars.send("l", "sell", "limit", "1", price="105")
    bars.bar("100", "101", "99", "100")
    bars.bar("105", "105", "100", "101")
    assert bars.fills() == ["l 1 @ 105 maker 0"]


def test_a_limit_at_the_open_fills_when_the_path_then_goes_through_it() -> None:
    bars = Bars(fees=FREE)
    bars.send("l", "buy", "limit", "1", price="98")
    bars.bar("100", "101", "99", "100")
    bars.bar("98", "99", "97", "98")
    assert bars.fills() == ["l 1 @ 98 maker 0"]


def test_market_price_off_the_tick_rounds_against_the_order() -> None:
    bars = Bars(opening=account("1000", (BTC, "1", "100")), fees=FREE)
    fine = bars.first.__class__(**{**_fields(BTC), "price_scale": 4, "tick": 100})
    coarse = Bars(fine, opening=account("1000", (fine, "1", "100")), fees=FREE)
    coarse.send("b", "buy", "market", "1")
    coarse.send("s", "sell", "market", "1")
    coarse.bar("100.0050")
    assert coarse.fills() == ["b 1 @ 100.01 taker 0", "s 1 @ 100 taker 0"]


def _fields(instrument: object) -> dict[str, object]:
    return {name: getattr(instrument, name) for name in instrument.__struct_fields__}  # type: ignore[attr-defined]


# -- participation and time in force ----------------------------------------------------------------------------------


def test_two_orders_share_one_allowance_by_age() -> None:
    bars = Bars(fees=FREE, participation=HALF)
    bars.send("a", "buy", "market", "4")
    bars.send("b", "buy", "market", "4")
    bars.bar("100", volume="10")
    assert bars.fills() == ["a 4 @ 100 taker 0", "b 1 @ 100 taker 0"]
    bars.bar("101", volume="10")
    assert bars.fills()[2:] == ["b 3 @ 101 taker 0"]


def test_the_allowance_is_floored_to_the_step() -> None:
    bars = Bars(fees=FREE, participation=Decimal("0.1"))
    bars.send("a", "buy", "market", "4")
    bars.bar("100", volume="0.0019")
    assert bars.fills() == ["a 0.0001 @ 100 taker 0"]


def test_a_taker_limit_rests_with_its_rest_as_maker() -> None:
    bars = Bars(fees=flat_fees(Decimal("0.001"), Decimal("0.002")), participation=HALF)
    bars.send("l", "buy", "limit", "10", price="102")
    bars.bar("100", "101", "99", "100", volume="12")
    bars.bar("101", "103", "101", "103", volume="6")
    assert bars.fills() == ["l 6 @ 100 taker 1.2", "l 3 @ 102 maker 0.306"]
    assert bars.order("l").remaining == BTC.quantity_units("1")


def test_a_stop_market_rest_fills_as_a_market_order_at_the_next_open() -> None:
    bars = long(participation=HALF, half_spread_bps=Decimal(100))
    bars.send("s", "sell", "stop_market", "10", stop="95")
    bars.bar("98", "99", "94", "96", volume="8")
    bars.bar("97", "98", "96", "97", volume="100")
    assert bars.fills() == ["s 4 @ 95 taker 0", "s 6 @ 96.03 taker 0"]


def test_a_stop_limit_rest_waits_as_maker() -> None:
    bars = Bars(fees=FREE, participation=HALF)
    bars.send("s", "buy", "stop_limit", "10", stop="105", price="106")
    bars.bar("100", "107", "99", "104", volume="8")
    assert (bars.fills(), bars.status("s")) == (["s 4 @ 105 taker 0"], "open")
    bars.bar("104", "105", "103", "104", volume="100")
    assert bars.fills()[1:] == ["s 6 @ 106 maker 0"]


def test_a_stop_triggers_without_volume_and_fills_at_the_next_open() -> None:
    bars = long()
    bars.send("s", "sell", "stop_market", "10", stop="95")
    bars.bar("98", "99", "94", "96", volume="0")
    assert bars.kinds("s") == ["OrderAccepted", "OrderTriggered"]
    bars.bar("97", volume="100")
    assert bars.fills() == ["s 10 @ 97 taker 0"]


@pytest.mark.parametrize(
    ("tif", "price", "volume", "status"),
    [
        ("ioc", "101", "4", "canceled:IOC_REMAINDER"),
        ("ioc", "99", None, "canceled:IOC_REMAINDER"),
        ("ioc", "101", "0", "canceled:IOC_REMAINDER"),
        ("fok", "101", "4", "canceled:FOK_NOT_FILLABLE"),
        ("fok", "99", None, "canceled:FOK_NOT_FILLABLE"),
        ("fok", "101", None, "filled"),
        ("fok", "101", "20", "filled"),
    ],
)
def test_time_in_force_of_limits(tif: str, price: str, volume: str | None, status: str) -> None:
    bars = Bars(fees=FREE, participation=HALF)
    bars.send("l", "buy", "limit", "10", price=price, tif=tif)
    bars.bar("100", "100", "98", "99", volume=volume)
    assert bars.status("l") == status


@pytest.mark.parametrize(
    ("kind", "tif", "terms", "status", "filled"),
    [
        ("stop_market", "ioc", {}, "canceled:IOC_REMAINDER", "4"),
        ("stop_market", "fok", {}, "canceled:FOK_NOT_FILLABLE", "0"),
        ("stop_limit", "ioc", {"price": "94"}, "canceled:IOC_REMAINDER", "4"),
        ("stop_limit", "ioc", {"price": "96"}, "canceled:IOC_REMAINDER", "0"),
        ("stop_limit", "fok", {"price": "96"}, "canceled:FOK_NOT_FILLABLE", "0"),
        ("stop_limit", "gtc", {"price": "94", "post_only": True}, "canceled:POST_ONLY_WOULD_CROSS", "0"),
    ],
)
def test_time_in_force_counts_from_the_trigger(
    kind: str, tif: str, terms: dict[str, object], status: str, filled: str
) -> None:
    bars = long(participation=HALF)
    bars.send("s", "sell", kind, "10", stop="95", tif=tif, **terms)
    bars.bar("100", "101", "99", "100", volume="8")
    assert bars.status("s") == "open"
    bars.bar("98", "99", "90", "92", volume="8")
    assert (bars.status("s"), bars.filled("s")) == (status, filled)


# -- expiry -----------------------------------------------------------------------------------------------------------


def test_gtd_expires_at_the_first_open_at_or_after_it_before_matching() -> None:
    bars = Bars(fees=FREE)
    bars.send("l", "buy", "limit", "1", price="98", tif="gtd", expire_ns=2 * HOUR_NS)
    bars.send("late", "buy", "market", "1", tif="gtd", expire_ns=HOUR_NS // 2)
    bars.bar("100")
    bars.bar("100")
    assert bars.status("l") == "open"
    bars.bar("90")
    assert (bars.status("l"), bars.money("cash")) == ("canceled:EXPIRED", "99900")
    assert bars.log[-1] == OrderCanceled("l", 2 * HOUR_NS, "EXPIRED")


def test_gtd_that_has_passed_expires_before_activation() -> None:
    bars = Bars()
    bars.send("m", "buy", "market", "1", tif="gtd", expire_ns=HOUR_NS)
    bars.ts_ns = HOUR_NS
    bars.bar("100")
    assert (bars.status("m"), bars.fills()) == ("canceled:EXPIRED", [])


# -- OCO and children -------------------------------------------------------------------------------------------------


def test_a_partial_fill_of_one_leg_cancels_the_other() -> None:
    bars = long(participation=HALF)
    bars.send("tp", "sell", "limit", "10", price="105", oco="exit")
    bars.send("sl", "sell", "stop_market", "10", stop="95", oco="exit")
    bars.bar("101", "106", "90", "98", volume="8")
    assert bars.fills() == ["tp 4 @ 105 maker 0"]
    assert (bars.status("tp"), bars.status("sl")) == ("open", "canceled:OCO")


def test_a_touched_leg_without_allowance_cancels_nothing() -> None:
    bars = long(participation=HALF)
    bars.send("tp", "sell", "limit", "10", price="105", oco="exit")
    bars.send("sl", "sell", "stop_market", "10", stop="95", oco="exit")
    bars.bar("101", "106", "100", "101", volume="0")
    assert (bars.status("tp"), bars.status("sl")) == ("open", "open")


def test_a_triggered_leg_cancels_the_other_even_unfilled() -> None:
    bars = long()
    bars.send("tp", "sell", "limit", "10", price="105", oco="exit")
    bars.send("sl", "sell", "stop_market", "10", stop="95", oco="exit")
    bars.bar("98", "99", "94", "96", volume="0")
    assert (bars.status("tp"), bars.status("sl")) == ("canceled:OCO", "open")


def test_an_oco_group_holds_its_largest_leg_once() -> None:
    bars = Bars(opening=account("1000"), fees=FREE)
    bars.send("a", "buy", "limit", "9", price="100", oco="entry")
    bars.send("b", "buy", "stop_market", "9", stop="110", oco="entry")
    bars.send("c", "buy", "limit", "1", price="99")
    bars.bar("105", "106", "104", "105")
    assert (bars.status("a"), bars.status("b")) == ("open", "open")
    assert bars.status("c") == "rejected:INSUFFICIENT_FUNDS"
    bars.cancel("b")
    bars.send("d", "buy", "limit", "1", price="99")
    bars.bar("105", "106", "104", "105")
    assert bars.status("d") == "open"


def test_a_child_stop_inside_the_bar_of_its_parents_fill() -> None:
    bars = Bars(fees=FREE)
    bars.send("entry", "buy", "limit", "1", price="98")
    bars.send("stop", "sell", "stop_market", "1", stop="96", after="entry", oco="exit")
    bars.send("target", "sell", "limit", "1", price="103", after="entry", oco="exit")
    assert bars.status("stop") == "pending"
    bars.bar("100", "104", "97", "103.5")
    # The low comes first (3 < 4): entry at 98, the target is met on the way up, the stop is not.
    assert bars.fills() == ["entry 1 @ 98 maker 0", "target 1 @ 103 maker 0"]
    assert bars.kinds("stop") == ["OrderTriggered", "OrderAccepted", "OrderCanceled"]


def test_a_bracket_whose_stop_is_met_on_the_same_way_down() -> None:
    bars = Bars(fees=FREE)
    bars.send("entry", "buy", "limit", "1", price="98")
    bars.send("stop", "sell", "stop_market", "1", stop="96", after="entry", oco="exit")
    bars.send("target", "sell", "limit", "1", price="103", after="entry", oco="exit")
    bars.bar("100", "104.9", "95.5", "104")
    assert bars.fills() == ["entry 1 @ 98 maker 0", "stop 1 @ 96 taker 0"]
    assert (bars.status("target"), bars.money("realised_pnl")) == ("canceled:OCO", "-2")


def test_a_market_child_fills_where_its_parent_did() -> None:
    bars = Bars(fees=FREE, half_spread_bps=Decimal(100))
    bars.send("entry", "buy", "limit", "1", price="98")
    bars.send("out", "sell", "market", "1", after="entry")
    bars.bar("100", "101", "97", "100")
    assert bars.fills() == ["entry 1 @ 98 maker 0", "out 1 @ 97.02 taker 0"]


def test_a_child_of_a_gapped_limit_wakes_at_the_open() -> None:
    bars = Bars(fees=FREE)
    bars.send("entry", "buy", "limit", "1", price="98")
    bars.send("stop", "sell", "stop_market", "1", stop="96", after="entry")
    bars.bar("100", "101", "99", "100")
    bars.bar("95", "97", "94", "96")
    assert bars.fills() == ["entry 1 @ 98 maker 0", "stop 1 @ 95 taker 0"]


def test_a_child_acts_in_the_turn_of_its_age() -> None:
    bars = Bars(opening=account("100"), fees=FREE)
    bars.send("entry", "buy", "market", "1")
    bars.send("out", "sell", "market", "1", after="entry")
    bars.send("again", "buy", "market", "1")
    bars.bar("100")
    assert [fill.split()[0] for fill in bars.fills()] == ["entry", "out", "again"]


def test_a_child_placed_before_its_parent_acts_at_once() -> None:
    bars = Bars(opening=account("100"), fees=FREE)
    bars.send("out", "sell", "market", "1", after="entry")
    bars.send("entry", "buy", "market", "1")
    bars.send("again", "buy", "market", "1")
    bars.bar("100")
    assert [fill.split()[0] for fill in bars.fills()] == ["entry", "out", "again"]


def test_children_of_a_parent_that_ends_unfilled_are_canceled() -> None:
    bars = Bars(opening=account("10"))
    bars.send("entry", "buy", "market", "1")
    bars.send("child", "sell", "market", "1", after="entry")
    bars.send("grandchild", "sell", "market", "1", after="child")
    bars.bar("100")
    assert bars.status("entry") == "rejected:INSUFFICIENT_FUNDS"
    assert bars.status("child") == bars.status("grandchild") == "canceled:PARENT_NOT_FILLED"
    bars.send("late", "sell", "market", "1", after="entry")
    assert bars.status("late") == "canceled:PARENT_NOT_FILLED"


def test_a_child_sent_after_its_parents_fill_is_an_ordinary_order() -> None:
    bars = Bars(fees=FREE)
    bars.send("entry", "buy", "market", "1")
    bars.bar("100")
    bars.send("out", "sell", "market", "1", after="entry")
    assert bars.status("out") == "open"
    bars.bar("101")
    assert bars.fills()[1:] == ["out 1 @ 101 taker 0"]


def test_a_child_on_another_instrument_waits_for_a_bar_after_the_parents() -> None:
    bars = Bars(BTC, ETH, fees=FREE)
    bars.send("entry", "buy", "market", "1")
    bars.send("hedge", "buy", "market", "1", after="entry", instrument=ETH.id)
    bars.bar("100", later=False)
    bars.bar("10", instrument=ETH.id)
    assert bars.status("hedge") == "open"
    bars.bar("11", instrument=ETH.id)
    assert bars.fills()[1:] == ["hedge 1 @ 11 taker 0"]


# -- trailing stops ---------------------------------------------------------------------------------------------------


def test_trailing_stop_rises_and_triggers_in_the_same_bar() -> None:
    bars = long("1")
    bars.send("t", "sell", "trailing_stop", "1", trail="3")
    bars.bar("100", "101", "99", "101")
    assert bars.order("t").price == BTC.price_units("98")
    bars.bar("101", "110", "100.5", "102")
    assert bars.fills() == ["t 1 @ 107 taker 0"]


def test_trailing_stop_only_moves_in_its_favour_and_gaps_fill_at_the_open() -> None:
    bars = long("1")
    bars.send("t", "sell", "trailing_stop", "1", trail="3")
    bars.bar("100", "105", "99.5", "103")
    bars.bar("103", "103", "102.5", "102.5")
    assert bars.order("t").price == BTC.price_units("102")
    bars.bar("100", "101", "99", "100")
    assert bars.fills() == ["t 1 @ 100 taker 0"]


def test_trailing_buy_follows_the_low() -> None:
    perp = perpetual()
    bars = Bars(perp, fees=FREE, opening=account("1000", (perp, "-1", "100")))
    bars.send("t", "buy", "trailing_stop", "1", trail="2", reduce_only=True)
    bars.bar("100", "101", "95", "96")
    assert bars.fills() == []
    bars.bar("96", "96.5", "94", "95")
    bars.bar("95", "97", "95", "97")
    assert bars.fills() == ["t 1 @ 96 taker 0"]


def test_trailing_stop_rounds_away_from_the_market() -> None:
    coarse = BTC.__class__(**{**_fields(BTC), "tick": 50})
    bars = Bars(coarse, fees=FREE, opening=account("0", (coarse, "1", "100")))
    bars.send("t", "sell", "trailing_stop", "1", trail="1")
    bars.bar("100.25", "100.75", "100.25", "100.75")
    assert bars.order("t").price == coarse.price_units("99.50")


# -- holds, sizes and checks ------------------------------------------------------------------------------------------


def test_open_buys_hold_cash_with_the_taker_fee() -> None:
    bars = Bars(opening=account("1000"))
    bars.send("l", "buy", "limit", "5", price="100")
    bars.bar("101")
    for name, quantity, status in [
        ("a", "4.9800", "rejected:INSUFFICIENT_FUNDS"),
        ("b", "4.9600", "filled"),
    ]:
        bars.send(name, "buy", "market", quantity)
        bars.bar("100", "101", "100", "101")
        assert bars.status(name) == status


def test_open_sells_hold_base() -> None:
    bars = long("10")
    bars.send("l", "sell", "limit", "6", price="110")
    bars.send("m", "sell", "market", "5")
    bars.send("n", "sell", "market", "4")
    bars.bar("100")
    assert (bars.status("m"), bars.status("n")) == ("rejected:INSUFFICIENT_FUNDS", "filled")
    bars.cancel("l")
    bars.send("o", "sell", "market", "6")
    bars.bar("100")
    assert (bars.status("o"), bars.position()) == ("filled", "0")


def test_maximum_spends_all_free_cash_fee_included() -> None:
    bars = Bars(opening=account("1000"))
    bars.send("l", "buy", "limit", "1", price="90")
    bars.bar("100")
    bars.send("m", "buy", "market", None, maximum=True)
    bars.bar("100")
    # 1000 - 90 x 1.004 is free; a further step of 0.0001 would cost 0.01004.
    assert bars.fills() == ["m 9.0601 @ 100 taker 3.62404"]
    assert 0 <= Decimal(bars.money("cash")) - Decimal("90.36") < Decimal("0.01004")


def test_nothing_to_spend_is_insufficient() -> None:
    bars = Bars(opening=account("0"))
    bars.send("m", "buy", "market", None, maximum=True)
    bars.send("q", "buy", "market", None, quote_quantity=Decimal("0.001"))
    bars.bar("100")
    assert bars.status("m") == "rejected:INSUFFICIENT_FUNDS"
    assert bars.status("q") == "rejected:MIN_NOTIONAL"


def test_minimum_notional_uses_the_price_of_acceptance() -> None:
    least = BTC.__class__(**{**_fields(BTC), "min_notional": Decimal(10)})
    bars = Bars(least, fees=FREE)
    bars.send("m", "buy", "market", "0.1")
    bars.send("l", "buy", "limit", "0.1", price="99.99")
    bars.bar("100")
    assert (bars.status("m"), bars.status("l")) == ("filled", "rejected:MIN_NOTIONAL")


def test_minimum_quantity() -> None:
    least = BTC.__class__(**{**_fields(BTC), "min_quantity": 1000})
    bars = Bars(least, fees=FREE)
    bars.send("m", "buy", "market", "0.1")
    bars.send("n", "buy", "market", "0.0999")
    bars.bar("100")
    assert (bars.status("m"), bars.status("n")) == ("filled", "rejected:MIN_QUANTITY")


def test_a_later_market_fill_that_cash_does_not_cover_is_canceled() -> None:
    bars = Bars(opening=account("1000"), fees=FREE, participation=HALF)
    bars.send("m", "buy", "market", "9")
    bars.bar("100", volume="10")
    bars.bar("130", volume="100")
    assert bars.fills() == ["m 5 @ 100 taker 0"]
    assert bars.status("m") == "canceled:INSUFFICIENT_FUNDS"


def test_a_gapped_stop_buy_that_cash_does_not_cover_is_canceled() -> None:
    bars = Bars(opening=account("1000"), fees=FREE)
    bars.send("s", "buy", "stop_market", "9", stop="105")
    bars.bar("100", "101", "99", "100")
    bars.bar("120")
    assert (bars.fills(), bars.status("s")) == ([], "canceled:INSUFFICIENT_FUNDS")
    assert bars.kinds("s") == ["OrderAccepted", "OrderTriggered", "OrderCanceled"]


def test_cancels_act_at_once_and_unknown_ones_are_rejected() -> None:
    bars = Bars()
    bars.send("l", "buy", "limit", "1", price="98")
    bars.cancel("l")
    bars.cancel("l")
    bars.cancel("nobody")
    assert bars.log == [
        OrderCanceled("l", 0, "REQUESTED"),
        CancelRejected("l", 0, "NOT_OPEN"),
        CancelRejected("nobody", 0, "NOT_OPEN"),
    ]
    assert BTC.id not in bars.venue.awake


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"instrument": "NOPE"}, "UNKNOWN_INSTRUMENT"),
        ({"quantity": 0}, "INVALID_QUANTITY"),
        ({"quantity": None}, "INVALID_QUANTITY"),
        ({"maximum": True}, "INVALID_QUANTITY"),
        ({"kind": OrderKind.LIMIT}, "INVALID_PRICE"),
        ({"kind": OrderKind.STOP_MARKET}, "INVALID_STOP"),
        ({"kind": OrderKind.TRAILING_STOP}, "INVALID_TRAIL"),
        ({"order_id": "used"}, "DUPLICATE_ORDER_ID"),
    ],
)
def test_requests_that_cannot_be_understood_are_rejected_at_once(terms: dict[str, object], reason: str) -> None:
    bars = Bars()
    bars.send("used", "buy", "limit", "1", price="98")
    plain_terms = {"order_id": "x", "instrument": BTC.id, "side": Side.BUY, "kind": OrderKind.MARKET, "quantity": 1}
    request = OrderRequest(**{**plain_terms, **terms})  # type: ignore[arg-type]
    assert bars.venue.submit(request, 5) == [OrderRejected(request.order_id, 5, reason)]


# -- reduce-only ------------------------------------------------------------------------------------------------------


def test_d11_reduce_only_is_clipped() -> None:
    perp = perpetual()
    bars = Bars(perp, fees=FREE, opening=account("1000", (perp, "-1", "100")))
    bars.send("b", "buy", "market", "3", reduce_only=True)
    bars.bar("100")
    assert (bars.fills(), bars.position(), bars.status("b")) == (["b 1 @ 100 taker 0"], "0", "filled")
    assert bars.log[0] == OrderAmended("b", 0, perp.quantity_units("1"), "REDUCE_ONLY")


def test_d13_reduce_only_without_a_position_is_rejected() -> None:
    bars = Bars(perpetual())
    bars.send("s", "sell", "market", "1", reduce_only=True)
    bars.bar("100")
    assert bars.status("s") == "rejected:REDUCE_ONLY_NO_POSITION"


def test_open_reduce_only_orders_shrink_with_the_position() -> None:
    perp = perpetual()
    bars = Bars(perp, fees=FREE, opening=account("1000", (perp, "5", "100")))
    bars.send("a", "sell", "limit", "5", price="110", reduce_only=True)
    bars.send("b", "sell", "limit", "2", price="111", reduce_only=True)
    bars.bar("100")
    bars.send("m", "sell", "market", "2")
    bars.bar("100")
    assert bars.order("a").remaining == perp.quantity_units("3")
    assert bars.order("b").remaining == perp.quantity_units("2")
    bars.send("n", "sell", "market", "4")
    bars.bar("100")
    assert bars.position() == "-1"
    assert bars.status("a") == bars.status("b") == "canceled:REDUCE_ONLY_NO_POSITION"


def test_a_reduce_only_bracket_ends_as_oco() -> None:
    perp = perpetual()
    bars = Bars(perp, fees=FREE, opening=account("1000"))
    bars.send("entry", "buy", "market", "1")
    bars.send("stop", "sell", "stop_market", "1", stop="95", after="entry", oco="exit", reduce_only=True)
    bars.send("target", "sell", "limit", "1", price="105", after="entry", oco="exit", reduce_only=True)
    bars.bar("100", "101", "99", "100")
    bars.bar("100", "106", "99", "101")
    assert bars.fills() == ["entry 1 @ 100 taker 0", "target 1 @ 105 maker 0"]
    assert bars.status("stop") == "canceled:OCO"


# -- what the venue says and does not do ------------------------------------------------------------------------------


def test_answers_of_a_resting_stop() -> None:
    bars = long()
    bars.send("s", "sell", "stop_market", "1", stop="95")
    bars.bar("100", "101", "99", "100")
    bars.bar("96", "97", "94", "95")
    assert bars.log[0] == OrderAccepted("s", 0, 10_000)
    assert bars.log[1] == OrderTriggered("s", HOUR_NS)
    assert bars.kinds("s") == ["OrderAccepted", "OrderTriggered", "OrderFilled"]


def test_a_stop_already_reached_acts_at_activation() -> None:
    bars = long()
    bars.send("s", "sell", "stop_market", "1", stop="95")
    bars.bar("94", "95", "93", "94")
    assert (bars.fills(), bars.kinds("s")) == (["s 1 @ 94 taker 0"], ["OrderTriggered", "OrderFilled"])


def test_only_instruments_with_something_live_are_awake() -> None:
    perp = perpetual()
    bars = Bars(BTC, perp, fees=FREE)
    assert BTC.id not in bars.venue.awake
    bars.send("m", "buy", "market", "1")
    assert BTC.id in bars.venue.awake
    bars.bar("100")
    assert BTC.id not in bars.venue.awake
    bars.send("p", "buy", "market", "1", instrument=perp.id)
    bars.bar("100", instrument=perp.id)
    assert perp.id in bars.venue.awake
    assert bars.venue.on_event(Bar(BTC.id, 10 * HOUR_NS, HOUR_NS, 1, 1, 1, 1)) == ()


def test_events_of_other_kinds_change_nothing() -> None:
    bars = Bars()
    bars.send("l", "buy", "limit", "1", price="98")
    before = bars.venue.report()
    assert bars.venue.advance(50 * HOUR_NS) == ()
    assert bars.venue.report() == before


def test_orders_at_one_price_act_by_age() -> None:
    bars = long("5", "1000")
    bars.send("stop", "sell", "stop_market", "1", stop="97")
    bars.send("bid", "buy", "limit", "1", price="97")
    bars.send("ask", "sell", "limit", "1", price="103")
    bars.bar("100", "104", "96", "99")
    assert [fill.split()[0] for fill in bars.fills()] == ["ask", "stop", "bid"]
