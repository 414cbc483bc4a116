"""The bar rows of METHODS 7 (A, B, C16), each written out by hand."""

from decimal import Decimal

import pytest

from tests.unit.simulation.bench import BTC, ETH, HOUR_NS, Bars, account, perpetual
from tradewind.model.answers import OrderAccepted, OrderFilled
from tradewind.model.fees import FeeSchedule, FeeTier, flat_fees

HELD = account("0", (BTC, "10", "100"))
FREE = flat_fees(Decimal(0), Decimal(0))


def flat(**settings: object) -> Bars:
    bars = Bars(**settings)
    bars.bar("100", "101", "99", "100")
    return bars


def test_a01_market_buys_at_the_next_open() -> None:
    bars = flat()
    bars.send("m", "buy", "market", "10")
    assert bars.log == []
    bars.bar("100", "105", "99", "104", volume="1000")
    assert bars.fills() == ["m 10 @ 100 taker 4"]
    assert (bars.money("cash"), bars.money("equity")) == ("98996", "100036")
    fill = bars.log[0]
    assert isinstance(fill, OrderFilled)
    assert (fill.ts_ns, fill.fill_id) == (HOUR_NS, "m:1")


@pytest.mark.parametrize(
    ("side", "terms", "price"),
    [
        ("buy", {"half_spread_bps": "5"}, "100.05"),
        ("buy", {"half_spread_bps": "5", "slippage_bps": "1.01"}, "100.07"),
        ("sell", {"half_spread_bps": "5"}, "99.95"),
        ("sell", {"half_spread_bps": "5", "slippage_bps": "1.01"}, "99.93"),
    ],
)
def test_a02_spread_and_slippage_round_against_the_order(side: str, terms: dict[str, str], price: str) -> None:
    bars = Bars(opening=account("100000", (BTC, "10", "100")), **{k: Decimal(v) for k, v in terms.items()})
    bars.bar("100", "101", "99", "100")
    bars.send("m", side, "market", "10")
    bars.bar("100", "101", "99", "100")
    fee = Decimal(price) * 10 * Decimal("0.004")
    assert bars.fills() == [f"m 10 @ {price} taker {fee.normalize():f}"]


def test_a03_a_touch_does_not_fill() -> None:
    bars = flat()
    bars.send("l", "buy", "limit", "10", price="98")
    bars.bar("100", "101", "98", "99", volume="1000")
    assert (bars.fills(), bars.status("l"), bars.money("cash")) == ([], "open", "100000")
    assert bars.log == [OrderAccepted("l", HOUR_NS, 100_000)]


def test_a04_a_touch_fills_with_fill_on_touch() -> None:
    bars = flat(fill_on_touch=True)
    bars.send("l", "buy", "limit", "10", price="98")
    bars.bar("100", "101", "98", "99", volume="1000")
    assert bars.fills() == ["l 10 @ 98 maker 2.45"]


def test_a05_the_path_goes_through_the_limit() -> None:
    bars = flat()
    bars.send("l", "buy", "limit", "10", price="98")
    bars.bar("100", "101", "97", "99", volume="1000")
    assert bars.fills() == ["l 10 @ 98 maker 2.45"]
    assert bars.money("equity") == "100007.55"


@pytest.mark.parametrize("limit", ["102", "100"])
def test_a06_a_marketable_limit_takes_at_the_open(limit: str) -> None:
    bars = flat()
    bars.send("l", "buy", "limit", "10", price=limit)
    bars.bar("100", "101", "99", "100", volume="1000")
    assert bars.fills() == ["l 10 @ 100 taker 4"]
    assert bars.kinds("l") == ["OrderFilled"]


@pytest.mark.parametrize("limit", ["102", "100"])
def test_a07_post_only_is_rejected_where_it_would_take(limit: str) -> None:
    bars = flat()
    bars.send("l", "buy", "limit", "10", price=limit, post_only=True)
    bars.bar("100", "101", "99", "100", volume="1000")
    assert (bars.fills(), bars.status("l")) == ([], "rejected:POST_ONLY_WOULD_CROSS")


def test_a08_a_gap_fills_at_the_limit_never_better() -> None:
    bars = flat()
    bars.send("l", "buy", "limit", "10", price="98")
    bars.bar("100", "101", "99", "100")
    assert bars.status("l") == "open"
    bars.bar("95", "97", "94", "96")
    assert bars.fills() == ["l 10 @ 98 maker 2.45"]
    assert bars.money("equity") == "99977.55"


@pytest.mark.parametrize(
    ("prices", "fill", "realised"),
    [
        (("98", "99", "94", "96"), "s 10 @ 95 taker 3.8", "-50"),
        (("93", "96", "92", "94"), "s 10 @ 93 taker 3.72", "-70"),
        (("98", "99", "95", "96"), "s 10 @ 95 taker 3.8", "-50"),
    ],
    ids=["A09 inside", "A10 gap", "touched"],
)
def test_stop_market(prices: tuple[str, ...], fill: str, realised: str) -> None:
    bars = flat(opening=HELD)
    bars.send("s", "sell", "stop_market", "10", stop="95")
    bars.bar(*prices)
    assert bars.fills() == [fill]
    assert bars.money("realised_pnl") == realised


@pytest.mark.parametrize(
    ("prices", "winner", "loser", "realised"),
    [
        (("101", "106", "94", "98"), "tp 10 @ 105 maker 2.625", "sl", "50"),
        (("99", "106", "94", "98"), "sl 10 @ 95 taker 3.8", "tp", "-50"),
        (("100", "106", "94", "98"), "tp 10 @ 105 maker 2.625", "sl", "50"),
        (("100", "106", "94", "100"), "sl 10 @ 95 taker 3.8", "tp", "-50"),
    ],
    ids=["A11 high first", "A12 low first", "A13 tie falling", "tie not falling"],
)
def test_oco_follows_the_path(prices: tuple[str, ...], winner: str, loser: str, realised: str) -> None:
    bars = flat(opening=HELD)
    bars.send("tp", "sell", "limit", "10", price="105", oco="exit")
    bars.send("sl", "sell", "stop_market", "10", stop="95", oco="exit")
    bars.bar(*prices)
    assert bars.fills() == [winner]
    assert bars.status(loser) == "canceled:OCO"
    assert bars.money("realised_pnl") == realised


def participating(tif: str) -> Bars:
    bars = flat(participation=Decimal("0.10"))
    bars.send("m", "buy", "market", "100", tif=tif)
    bars.bar("100", "101", "99", "100", volume="500")
    return bars


def test_a15_participation_splits_a_market_order() -> None:
    bars = participating("gtc")
    assert (bars.status("m"), bars.filled("m")) == ("open", "50")
    bars.bar("102", "103", "101", "102", volume="600")
    assert bars.fills() == ["m 50 @ 100 taker 20", "m 50 @ 102 taker 20.4"]
    average = bars.venue.report().positions[BTC.id].average_price
    assert (average, bars.money("fees")) == (Decimal(101), "40.4")


def test_a16_ioc_cancels_the_rest() -> None:
    bars = participating("ioc")
    assert bars.fills() == ["m 50 @ 100 taker 20"]
    assert bars.status("m") == "canceled:IOC_REMAINDER"
    assert bars.order("m").remaining == BTC.quantity_units("50")


def test_a17_fok_fills_nothing() -> None:
    bars = participating("fok")
    assert (bars.fills(), bars.status("m"), bars.money("fees")) == ([], "canceled:FOK_NOT_FILLABLE", "0")


def test_a19_no_volume_no_fill() -> None:
    bars = flat()
    bars.send("m", "buy", "market", "1")
    bars.bar("100", volume="0")
    assert (bars.fills(), bars.status("m")) == ([], "open")
    bars.bar("103", "104", "102", "103", volume="10")
    assert bars.fills() == ["m 1 @ 103 taker 0.412"]


@pytest.mark.parametrize(
    ("prices", "fill"),
    [
        (("100", "107", "99", "104"), "s 10 @ 105 taker 4.2"),
        (("108", "109", "105.5", "107"), "s 10 @ 106 maker 2.65"),
    ],
    ids=["A20 marketable at the trigger", "A21 rests below a gap"],
)
def test_stop_limit(prices: tuple[str, ...], fill: str) -> None:
    bars = flat()
    bars.send("s", "buy", "stop_limit", "10", stop="105", price="106")
    bars.bar(*prices)
    assert bars.fills() == [fill]


def test_a23_the_deciding_bar_cannot_fill() -> None:
    bars = Bars()
    bars.bar("100", "110", "90", "100")
    bars.send("l", "buy", "limit", "1", price="95")
    bars.bar("100", "101", "96", "100")
    assert (bars.fills(), bars.status("l")) == ([], "open")


def test_a25_quote_size_rounds_down_and_the_fee_is_on_top() -> None:
    bars = Bars()
    bars.send("m", "buy", "market", None, quote_quantity=Decimal(1000))
    bars.bar("64321.37", "64400", "64300", "64350")
    assert bars.fills() == ["m 0.0155 @ 64321.37 taker 3.98792494"]
    assert bars.money("cash") == "98999.03084006"
    assert bars.kinds("m") == ["OrderAccepted", "OrderFilled"]


@pytest.mark.parametrize(("cash", "status"), [("1003.99", "rejected:INSUFFICIENT_FUNDS"), ("1004", "filled")])
def test_a27_the_fee_must_be_affordable_too(cash: str, status: str) -> None:
    bars = flat(opening=account(cash))
    bars.send("m", "buy", "market", "10")
    bars.bar("100", "101", "99", "100")
    assert bars.status("m") == status


@pytest.mark.parametrize(("first", "fees"), [("2", "5.5"), ("1", "4.75"), ("0.9999", "8.249925")])
def test_a29_tier_at_placement_boundary_to_the_upper(first: str, fees: str) -> None:
    tiers = FeeSchedule(
        (
            FeeTier(Decimal(0), Decimal("0.0040"), Decimal("0.0075")),
            FeeTier(Decimal(10000), Decimal("0.0025"), Decimal("0.0040")),
        )
    )
    bars = flat(fees=tiers, opening=account("100000", volume="9900"))
    bars.send("o1", "buy", "market", first)
    bars.bar("100", "101", "99", "100")
    bars.send("o2", "buy", "market", "10")
    bars.bar("100", "101", "99", "100")
    assert bars.money("fees") == fees


def test_a29_an_order_keeps_the_tier_of_its_placement() -> None:
    tiers = FeeSchedule(
        (FeeTier(Decimal(0), Decimal(0), Decimal("0.01")), FeeTier(Decimal(100), Decimal(0), Decimal(0)))
    )
    bars = flat(fees=tiers)
    bars.send("o1", "buy", "market", "1")
    bars.send("o2", "buy", "market", "1")
    bars.bar("100", "101", "99", "100")
    assert bars.fills() == ["o1 1 @ 100 taker 1", "o2 1 @ 100 taker 1"]
    assert bars.money("volume_30d") == "200"


def test_b01_average_cost() -> None:
    bars = Bars(fees=FREE)
    for name, side, price in [("b1", "buy", "100"), ("b2", "buy", "110"), ("s1", "sell", "120")]:
        bars.send(name, side, "market", "1")
        bars.bar(price)
    report = bars.venue.report()
    assert report.positions[BTC.id].average_price == 105
    assert (report.realised_pnl, report.cash, bars.position()) == (15, 99910, "1")


def test_b02_a_sell_crosses_zero() -> None:
    perp = perpetual()
    bars = Bars(perp, fees=FREE, opening=account("1000", (perp, "2", "100")))
    bars.send("s", "sell", "market", "5")
    bars.bar("110")
    assert (bars.position(), bars.money("realised_pnl")) == ("-3", "20")
    assert bars.venue.report().positions[perp.id].average_price == 110


def test_b03_covering_a_short() -> None:
    perp = perpetual()
    bars = Bars(perp, fees=FREE, opening=account("1000", (perp, "-3", "110")))
    bars.send("b", "buy", "market", "3")
    bars.bar("104")
    assert (bars.position(), bars.money("realised_pnl"), bars.money("cash")) == ("0", "18", "1018")


def test_b10_adding_to_a_short_then_covering_part() -> None:
    perp = perpetual()
    bars = Bars(perp, fees=FREE, opening=account("1000", (perp, "-2", "50")))
    bars.send("s", "sell", "market", "2")
    bars.bar("60")
    assert bars.venue.report().positions[perp.id].average_price == 55
    bars.send("b", "buy", "market", "1")
    bars.bar("40")
    report = bars.venue.report().positions[perp.id]
    assert (report.average_price, report.realised_pnl, bars.position()) == (55, 15, "-3")


def test_c16_without_a_bar_order_and_mark_stay() -> None:
    bars = Bars(BTC, ETH)
    bars.bar("100", "101", "99", "100", later=False)
    bars.bar("10", "11", "9", "10", instrument=ETH.id)
    bars.send("l", "buy", "limit", "1", price="9.5", instrument=ETH.id)
    bars.gap(ETH.id)
    bars.bar("100", "102", "99", "101")
    report = bars.venue.report()
    assert (bars.fills(), bars.status("l")) == ([], "open")
    assert report.marks == {BTC.id: 101, ETH.id: 10}
    assert report.staleness == {BTC.id: 0, ETH.id: 1}
