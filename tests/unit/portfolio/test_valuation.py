"""Equity in one currency: spot at its worth, perpetuals by what they gained, conversions by name, gaps listed."""

from decimal import Decimal

import pytest

from tests.engine_rig import BTC, PERP
from tradewind.model.answers import OrderFilled
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import TargetQuantity
from tradewind.model.orders import Liquidity, Side
from tradewind.portfolio.ledger import Ledger
from tradewind.portfolio.sizing import SPOT_NO_SHORT, quantity_units, weight_units
from tradewind.portfolio.valuation import value_account

D = Decimal
EURO = define_instrument("ETH-EUR", base_increment="0.01")
RATE = define_instrument("EUR-USD", price_increment="0.0001")


def ledger(**cash: str) -> Ledger:
    return Ledger([BTC, PERP, EURO, RATE], {currency: D(amount) for currency, amount in cash.items()})


def buy(books: Ledger, name: str, quantity: int, price: int) -> None:
    fill = OrderFilled("o", "f", 1, name, Side.BUY, quantity, price, Liquidity.TAKER, D(0))
    books.fill(fill, "a")


def test_spot_counts_at_its_worth_and_a_perpetual_by_what_it_gained() -> None:
    books = ledger(USD="1000")
    buy(books, "BTC-USD", 1_000, 10_000)
    buy(books, "BTC-PERP", 200, 10_000)
    value = value_account(books, {"BTC-USD": 11_000, "BTC-PERP": 9_500}, "USD", {})
    assert (value.equity, value.cash, value.missing) == (D(1_000), D(900), ())


def test_another_currency_counts_through_its_named_instrument() -> None:
    books = ledger(USD="100", EUR="50")
    buy(books, "ETH-EUR", 100, 1_000)
    value = value_account(books, {"ETH-EUR": 2_000, "EUR-USD": 11_000}, "USD", {"EUR": "EUR-USD"})
    assert (value.equity, value.missing) == (D(100) + D(60) * D("1.1"), ())


@pytest.mark.parametrize(
    ("marks", "conversions", "missing"),
    [
        ({"EUR-USD": 11_000}, {"EUR": "EUR-USD"}, ("ETH-EUR",)),
        ({"ETH-EUR": 2_000}, {"EUR": "EUR-USD"}, ("EUR",)),
        ({"ETH-EUR": 2_000, "EUR-USD": 11_000}, {}, ("EUR",)),
        ({}, {}, ("ETH-EUR", "EUR")),
    ],
)
def test_what_has_no_mark_or_rate_is_listed_and_not_guessed(
    marks: dict[str, int], conversions: dict[str, str], missing: tuple[str, ...]
) -> None:
    books = ledger(USD="100", EUR="50")
    buy(books, "ETH-EUR", 100, 1_000)
    assert value_account(books, marks, "USD", conversions).missing == missing


def test_a_currency_with_nothing_in_it_needs_no_rate() -> None:
    assert value_account(ledger(USD="100"), {}, "USD", {}).missing == ()


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (0.0, (0, "")),
        (1.0, (995_024, "")),
        (0.5, (497_512, "")),
        (-0.5, (0, SPOT_NO_SHORT)),
    ],
)
def test_a_weight_becomes_the_quantity_that_is_paid_for_with_its_costs(
    weight: float, expected: tuple[int, str]
) -> None:
    assert weight_units(weight, BTC, D(100_000), 10_000, D("0.005")) == expected


def test_a_perpetual_may_be_short() -> None:
    assert weight_units(-0.5, PERP, D(100_000), 10_000, D(0)) == (-50_000, "")


@pytest.mark.parametrize(
    ("quantity", "expected"), [("1.2349", (1_234, "")), ("-1", (0, SPOT_NO_SHORT)), ("0", (0, ""))]
)
def test_a_quantity_is_rounded_to_the_lot(quantity: str, expected: tuple[int, str]) -> None:
    assert quantity_units(TargetQuantity(D(quantity)), BTC) == expected
