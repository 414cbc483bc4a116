"""The exact rules for fees and margin, and a position by average cost."""

from decimal import Decimal

import pytest

from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeSchedule, FeeTier, fee_amount, fee_rate, flat_fees
from tradewind.model.margin import (
    MarginPosition,
    funding_amount,
    international_margin_rates,
    liquidation_price,
    margin_check,
)
from tradewind.model.orders import Liquidity, Side
from tradewind.model.position import Position

D = Decimal
TIERS = FeeSchedule(
    (
        FeeTier(D(0), D("0.004"), D("0.006")),
        FeeTier(D(1_000), D("0.0025"), D("0.004")),
        FeeTier(D(9_000), D(0), D("0.001")),
    )
)


@pytest.mark.parametrize(
    ("volume", "taker"), [("0", "0.006"), ("999.99", "0.006"), ("1000", "0.004"), ("9e9", "0.001")]
)
def test_a_tier_holds_from_its_volume_on(volume: str, taker: str) -> None:
    assert TIERS.tier(D(volume)).taker == D(taker)


@pytest.mark.parametrize("starts", [[], [5, 5], [5, 1]])
def test_tiers_come_in_ascending_order(starts: list[int]) -> None:
    with pytest.raises(ConfigError, match="strictly ascending order"):
        FeeSchedule(tuple(FeeTier(D(start), D(0), D(0)) for start in starts))


def test_a_fee_is_its_rate_of_the_notional_whatever_the_side() -> None:
    tier = flat_fees(D("-0.0001"), D("0.004")).tiers[0]
    assert fee_amount(D("-200"), fee_rate(tier, Liquidity.TAKER)) == D("0.8")
    assert fee_amount(D("200"), fee_rate(tier, Liquidity.MAKER)) == D("-0.02")


@pytest.mark.parametrize(
    ("is_long", "margin", "expected"),
    [
        (True, "10", D("94.736842105263157895")),
        (False, "10", D("104.761904761904761905")),
        (True, "100", None),
        (False, "100", D("190.476190476190476190")),
    ],
)
def test_liquidation_is_where_equity_meets_maintenance(is_long: bool, margin: str, expected: Decimal | None) -> None:
    price = liquidation_price(
        is_long=is_long, quantity=D(1), entry_price=D(100), margin=D(margin), maintenance_margin=D("0.05")
    )
    assert price == expected


def test_nothing_held_is_never_liquidated() -> None:
    assert liquidation_price(
        is_long=True, quantity=D(0), entry_price=D(1), margin=D(0), maintenance_margin=D(0)
    ) is None  # fmt: skip


@pytest.mark.parametrize(("mark", "liquidate"), [("90.01", False), ("90", False), ("89.99", True)])
def test_cross_margin_is_called_strictly_below_maintenance(mark: str, liquidate: bool) -> None:
    # equity = 19 + (mark - 100), maintenance = 10 % of the mark: they meet at 90.
    check = margin_check(D(19), [MarginPosition(D(1), D(100), D(mark), D("0.1"))])
    assert check.liquidate is liquidate


@pytest.mark.parametrize(
    ("initial", "maintenance", "close_out"), [("0.3", "0.2", "0.1"), ("0.6", "0.4", "0.28"), ("0.03", "0.02", "0.01")]
)
def test_the_international_profile(initial: str, maintenance: str, close_out: str) -> None:
    rates = international_margin_rates(D(initial))
    assert (rates.maintenance_margin, rates.close_out_margin) == (D(maintenance), D(close_out))


@pytest.mark.parametrize(
    ("notional", "rate", "received"), [("100", "0.01", "-1"), ("-100", "0.01", "1"), ("100", "-0.01", "1")]
)
def test_longs_pay_a_positive_rate(notional: str, rate: str, received: str) -> None:
    assert funding_amount(D(notional), D(rate)) == D(received)


@pytest.mark.parametrize(
    ("changes", "quantity", "cost", "realised"),
    [
        ([(10, 5)], 10, 50, 0),
        ([(10, 5), (10, 7)], 20, 120, 0),
        ([(10, 5), (-4, 8)], 6, 30, 12),
        ([(10, 5), (-10, 8)], 0, 0, 30),
        ([(10, 5), (-15, 8)], -5, 40, 30),
        ([(-10, 5), (4, 3)], -6, 30, 8),
        ([(-10, 5), (15, 3)], 5, 15, 20),
    ],
)
def test_a_position_by_average_cost(changes: list[tuple[int, int]], quantity: int, cost: int, realised: int) -> None:
    position = Position()
    gained = sum(position.apply(change, D(price)) for change, price in changes)
    assert (position.quantity, position.cost, position.realised, gained) == (quantity, cost, realised, realised)


def test_thirds_are_never_lost() -> None:
    position = Position()
    position.apply(3, D("33.333333333333333333"))
    for _ in range(3):
        position.apply(-1, D(40))
    assert (position.quantity, position.cost) == (0, 0)
    assert position.realised == D(120) - D("99.999999999999999999")


@pytest.mark.parametrize(("quantity", "expected"), [(10, 20), (-10, -20), (0, 0)])
def test_unrealised_profit_by_direction(quantity: int, expected: int) -> None:
    position = Position()
    if quantity:
        position.apply(quantity, D(5))
    assert position.unrealised(D(7)) == expected


def test_an_average_price_needs_a_position() -> None:
    position = Position()
    assert position.average_price(D("0.5")) is None
    position.apply(4, D(5))
    assert position.average_price(D("0.5")) == D(10)


def test_opposite_sides() -> None:
    assert (Side.BUY.opposite, Side.SELL.opposite, Side.BUY * 3, Side.SELL * 3) == (Side.SELL, Side.BUY, 3, -3)
