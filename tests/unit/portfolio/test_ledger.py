"""The ledger on hand-made fills: spot, perpetuals, flips, shared fills, crossings, liquidations, funding, transfers."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from tests.engine_rig import BTC, ETH, PERP
from tradewind.model.answers import FundingAccrued, FundingPaid, LiquidationKind, OrderFilled, PositionLiquidated
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.orders import Liquidity, Side
from tradewind.portfolio.ledger import EXTERNAL, Ledger

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def ledger(cash: str = "1000") -> Ledger:
    return Ledger([PERP, BTC], {"USD": D(cash)})


def fill(
    books: Ledger,
    side: Side,
    quantity: int,
    price: int,
    fee: str = "0",
    name: str = "BTC-USD",
    parts: Sequence[tuple[str, int]] = (),
) -> Decimal:
    answer = OrderFilled("o", "f", 1, name, side, quantity, price, Liquidity.TAKER, D(fee))
    return books.fill(answer, "a", parts or ())


def position(books: Ledger, bot: str | None = None, name: str = "BTC-USD") -> tuple[int, Decimal, Decimal]:
    line = books.lines[name]
    found = line.position if bot is None else line.books[bot].position
    return found.quantity, found.cost, found.realised


def liquidation(side: Side, quantity: int, price: str, deficit: str = "0") -> PositionLiquidated:
    return PositionLiquidated("BTC-PERP", "l1", 1, LiquidationKind.FULL, side, quantity, D(price), D(deficit))


def test_a_spot_round_trip_moves_cash_by_notional_and_fees() -> None:
    books = ledger()
    fill(books, BUY, 2_000, 10_000, "0.80")
    assert books.purses["USD"].cash == D("799.20")
    assert fill(books, SELL, 500, 11_000, "0.22") == D("5.00")
    purse = books.purses["USD"]
    assert (purse.cash, purse.realised, purse.fees) == (D("853.98"), D(5), D("1.02"))
    assert position(books) == position(books, "a") == (1_500, D(150), D(5))


def test_a_perpetual_moves_cash_only_by_what_is_realised_and_fees() -> None:
    books = ledger()
    fill(books, SELL, 200, 10_000, "0.5", "BTC-PERP")
    assert books.purses["USD"].cash == D("999.5")
    assert fill(books, BUY, 100, 9_000, "0.25", "BTC-PERP") == D(10)
    assert books.purses["USD"].cash == D("1009.25")
    assert books.lines["BTC-PERP"].value(9_500) == D(5)


def test_one_fill_may_flip_a_position() -> None:
    books = ledger()
    fill(books, BUY, 100, 10_000, name="BTC-PERP")
    assert fill(books, SELL, 300, 11_000, name="BTC-PERP") == D(10)
    assert position(books, name="BTC-PERP") == (-200, D(220), D(10))


@pytest.mark.parametrize(
    ("parts", "fees"),
    [
        ([("a", 100), ("b", 200)], {"a": D("0.1"), "b": D("0.2")}),
        ([("a", 0), ("b", 300)], {"a": D(0), "b": D("0.3")}),
    ],
)
def test_a_shared_fill_gives_each_bot_its_part_of_the_fee(
    parts: list[tuple[str, int]], fees: dict[str, Decimal]
) -> None:
    books = ledger()
    fill(books, BUY, 300, 10_000, "0.3", parts=parts)
    line = books.lines["BTC-USD"]
    assert {bot: book.fees for bot, book in line.books.items()} == fees
    assert sum(book.position.quantity for book in line.books.values()) == line.position.quantity == 300


def test_the_last_bot_takes_the_digit_that_does_not_divide() -> None:
    books = ledger()
    fill(books, BUY, 3, 10_000, "0.1", parts=[("a", 1), ("b", 1), ("c", 1)])
    third = D("0.033333333333333333")
    assert [book.fees for book in books.lines["BTC-USD"].books.values()] == [third, third, D("0.1") - third - third]


def test_a_crossing_moves_bots_and_leaves_the_account_alone() -> None:
    books = ledger()
    fill(books, BUY, 300, 10_000)
    books.cross("BTC-USD", "b", "a", 200, 11_000)
    assert position(books) == (300, D(30), D(0))
    assert position(books, "a") == (100, D(10), D(2))
    assert position(books, "b") == (200, D(22), D(0))
    assert books.purses["USD"].cash == D(970)
    assert books.lines["BTC-USD"].books["a"].crossed == books.lines["BTC-USD"].books["b"].crossed == 200


def test_a_liquidation_is_shared_by_the_losing_side_and_its_deficit_is_not_ours() -> None:
    books = ledger()
    fill(books, BUY, 400, 10_000, name="BTC-PERP", parts=[("a", 300), ("b", 100)])
    books.cross("BTC-PERP", "a", "c", 100, 10_000)
    gained = books.liquidate(liquidation(SELL, 400, "90", "12"))
    assert gained == D(-28)
    assert books.purses["USD"].cash == D(972)
    assert [position(books, bot, "BTC-PERP")[0] for bot in "abc"] == [80, 20, -100]
    profit = sum(book.position.realised - book.position.cost * sign(book.position.quantity) for book in
                 books.lines["BTC-PERP"].books.values())  # fmt: skip
    account = books.lines["BTC-PERP"].position
    assert profit == account.realised - account.cost


def sign(quantity: int) -> int:
    return 1 if quantity >= 0 else -1


def test_a_liquidation_beyond_what_is_held_stops_everything() -> None:
    books = ledger()
    fill(books, BUY, 100, 10_000, name="BTC-PERP")
    with pytest.raises(StateError, match="liquidated 200 but the bots hold 100"):
        books.liquidate(liquidation(SELL, 200, "90"))


def test_funding_is_shared_by_what_the_bots_hold() -> None:
    books = ledger()
    fill(books, BUY, 300, 10_000, name="BTC-PERP", parts=[("a", 100), ("b", 200)])
    books.pay_funding(FundingPaid("BTC-PERP", 1, D("-0.9"), 300))
    line = books.lines["BTC-PERP"]
    assert {bot: book.funding for bot, book in line.books.items()} == {"a": D("-0.3"), "b": D("-0.6")}
    assert (books.purses["USD"].cash, books.purses["USD"].funding) == (D("999.1"), D("-0.9"))


def test_funding_that_accrued_belongs_to_those_who_held_then() -> None:
    """Accrued hourly and settled later, when another bot holds: the one that held pays."""
    books = ledger()
    fill(books, BUY, 100, 10_000, name="BTC-PERP")
    books.accrue_funding(FundingAccrued("BTC-PERP", 1, D("-2"), 100))
    fill(books, SELL, 100, 10_000, name="BTC-PERP")
    fill(books, BUY, 100, 10_000, name="BTC-PERP", parts=[("b", 100)])
    books.accrue_funding(FundingAccrued("BTC-PERP", 2, D("-1"), 100))
    assert books.purses["USD"].cash == D(1000)
    books.pay_funding(FundingPaid("BTC-PERP", 3, D("-3"), 100))
    line = books.lines["BTC-PERP"]
    assert {bot: book.funding for bot, book in line.books.items()} == {"a": D(-2), "b": D(-1)}
    assert line.accrued_funding == 0


def test_funding_without_a_holder_is_external() -> None:
    books = ledger()
    books.pay_funding(FundingPaid("BTC-PERP", 1, D("0.5"), 0))
    assert books.lines["BTC-PERP"].books[EXTERNAL].funding == D("0.5")


def test_a_transfer_changes_cash_and_no_profit() -> None:
    books = ledger()
    books.transfer("USD", D(-100))
    books.transfer("EUR", D(7))
    purse = books.purses["USD"]
    assert (purse.cash, purse.transfers, purse.realised, purse.fees) == (D(900), D(-100), D(0), D(0))
    assert books.purses["EUR"].cash == D(7)


def test_an_adopted_position_has_its_cost_and_no_cash_flow() -> None:
    books = ledger()
    books.adopt("BTC-USD", 500, D(80))
    assert position(books, EXTERNAL) == (500, D(40), D(0))
    assert books.purses["USD"].cash == D(1000)
    assert (books.lines["BTC-USD"].opening_quantity, books.lines["BTC-USD"].opening_cost) == (500, D(40))


def test_every_quote_currency_has_a_purse() -> None:
    euro = ETH.__class__(id="ETH-EUR", quote="EUR")
    assert sorted(Ledger([BTC, euro], {"USD": D(1)}).purses) == ["EUR", "USD"]


def test_an_instrument_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="BTC-USD is given twice"):
        Ledger([BTC, BTC], {"USD": D(1)})
