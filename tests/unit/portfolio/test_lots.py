"""Gains lot by lot under each method, shorts, flips, fees on both sides, and that no amount is lost."""

from decimal import Decimal

import pytest

from tradewind.model.answers import OrderFilled
from tradewind.model.instrument import define_instrument
from tradewind.model.money import ZERO, add, subtract
from tradewind.model.orders import Liquidity, Side
from tradewind.portfolio.lots import HEADER, LotMethod, LotReport, csv_rows, iso_time, match_lots

BTC = define_instrument("BTC-USD", price_increment="0.01", base_increment="0.001")
INSTRUMENTS = {"BTC-USD": BTC}
DAY_NS = 86_400_000_000_000


def fill(day: int, side: Side, quantity: str, price: str, fee: str = "0") -> OrderFilled:
    units, cents = BTC.quantity_units(quantity), BTC.price_units(price)
    return OrderFilled(
        f"o{day}", f"o{day}:1", day * DAY_NS, "BTC-USD", side, units, cents, Liquidity.TAKER, Decimal(fee)
    )


def gains(report: LotReport) -> list[Decimal]:
    return [each.gain for each in report.gains]


BOUGHT_THREE_TIMES = [
    fill(1, Side.BUY, "1", "100"),
    fill(2, Side.BUY, "1", "140"),
    fill(3, Side.BUY, "1", "120"),
    fill(4, Side.SELL, "1.5", "130"),
]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (LotMethod.FIFO, [Decimal(30), Decimal(-5)]),
        (LotMethod.LIFO, [Decimal(10), Decimal(-5)]),
        (LotMethod.HIFO, [Decimal(-10), Decimal(5)]),
    ],
)
def test_each_method_closes_its_own_lot_first(method: LotMethod, expected: list[Decimal]) -> None:
    assert gains(match_lots(BOUGHT_THREE_TIMES, INSTRUMENTS, method)) == expected


def test_fees_belong_to_cost_and_to_proceeds() -> None:
    report = match_lots(
        [fill(1, Side.BUY, "2", "100", "1"), fill(2, Side.SELL, "1", "110", "0.5")], INSTRUMENTS, LotMethod.FIFO
    )
    (only,) = report.gains
    assert (only.cost, only.proceeds, only.gain) == (Decimal("100.5"), Decimal("109.5"), Decimal(9))
    assert report.open_lots[0].cost == Decimal("100.5")


def test_a_short_gains_when_bought_back_cheaper_and_hifo_takes_the_cheapest_sale() -> None:
    fills = [fill(1, Side.SELL, "1", "100", "1"), fill(2, Side.SELL, "1", "90"), fill(3, Side.BUY, "1", "80", "2")]
    assert gains(match_lots(fills, INSTRUMENTS, LotMethod.FIFO)) == [Decimal(17)]
    assert gains(match_lots(fills, INSTRUMENTS, LotMethod.HIFO)) == [Decimal(8)]


def test_a_fill_through_zero_closes_and_then_opens_with_its_parts_of_the_fee() -> None:
    report = match_lots(
        [fill(1, Side.BUY, "1", "100"), fill(2, Side.SELL, "3", "110", "3")], INSTRUMENTS, LotMethod.FIFO
    )
    assert gains(report) == [Decimal(9)]
    (left,) = report.open_lots
    assert (left.direction, left.quantity, left.proceeds) == ("short", Decimal(2), Decimal(218))


@pytest.mark.parametrize("method", list(LotMethod))
def test_thirds_leave_nothing_behind(method: LotMethod) -> None:
    fills = [fill(1, Side.BUY, "0.003", "100", "0.1")]
    fills += [fill(day, Side.SELL, "0.001", "100.01", "0.07") for day in (2, 3, 4)]
    report = match_lots(fills, INSTRUMENTS, method)
    cash = ZERO
    for each in fills:
        cash = subtract(cash, add(BTC.notional(each.side * each.quantity, each.price), each.fee))
    assert report.gained == cash
    assert report.open_lots == ()


def test_csv_rows_are_exact_text_in_utc() -> None:
    report = match_lots([fill(0, Side.BUY, "1", "100"), fill(1, Side.SELL, "1", "110.5")], INSTRUMENTS, LotMethod.LIFO)
    header, row = csv_rows(report, INSTRUMENTS)
    assert header == HEADER
    expected = ("BTC-USD", "long", "1", "1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z", "100", "110.5", "10.5", "USD")
    assert row == (*expected, "lifo")


def test_times_keep_their_nanoseconds() -> None:
    assert iso_time(1_500_000_001) == "1970-01-01T00:00:01.500000001Z"
