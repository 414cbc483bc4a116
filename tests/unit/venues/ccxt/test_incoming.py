"""Answers of ccxt's shapes as facts: statuses, totals, fees, balances, positions, books, trades, candles."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.venues.ccxt.fakes import MARKETS, SPOT
from tradewind.model.errors import MalformedAnswer
from tradewind.model.market_events import Bar, BookSnapshot, TradePrint
from tradewind.model.orders import Liquidity, Side
from tradewind.model.venue import VenueBalance, VenueOrder, VenueOrderStatus, VenuePosition
from tradewind.venues.ccxt.incoming import (
    bar_of,
    book_of,
    candle_row,
    print_of,
    venue_balances,
    venue_fill,
    venue_order,
    venue_position,
)
from tradewind.venues.ccxt.markets import TICK_SIZE, Names, instrument_of

NAMES = Names("fake", MARKETS)
INSTRUMENT = instrument_of(SPOT, "fake", TICK_SIZE)
MOMENT_MS = 1_700_000_000_123
HOUR_NS = 3_600_000_000_000


def told(**fields: Any) -> dict[str, Any]:
    """An order as ccxt's unified structure has it."""
    return {
        "id": "v1",
        "clientOrderId": "mine",
        "symbol": "BTC/USDT",
        "type": "limit",
        "side": "buy",
        "status": "open",
        "amount": "1.5",
        "filled": "0.5",
        "remaining": "1.0",
        "average": "50000.01",
        "price": "50001",
        "triggerPrice": None,
        "timeInForce": "GTC",
        "postOnly": True,
        "reduceOnly": None,
        "timestamp": MOMENT_MS,
        "lastTradeTimestamp": MOMENT_MS + 5,
        "fee": {"cost": "12.5", "currency": "USDT"},
        **fields,
    }


def test_an_order() -> None:
    assert venue_order(told(), NAMES) == VenueOrder(
        client_id="mine",
        venue_id="v1",
        instrument="BTC-USDT",
        side=Side.BUY,
        status=VenueOrderStatus.OPEN,
        kind="limit",
        quantity=Decimal("1.5"),
        filled=Decimal("0.5"),
        average_price=Decimal("50000.01"),
        fees=Decimal("12.5"),
        price=Decimal(50001),
        post_only=True,
        created_ns=MOMENT_MS * 10**6,
        updated_ns=(MOMENT_MS + 5) * 10**6,
    )


@pytest.mark.parametrize(
    ("word", "filled", "status"),
    [
        ("open", "0", VenueOrderStatus.OPEN),
        ("PENDING", "0", VenueOrderStatus.PENDING),
        ("closed", "1.5", VenueOrderStatus.FILLED),
        ("closed", "0.5", VenueOrderStatus.CANCELED),
        ("canceled", "0.5", VenueOrderStatus.CANCELED),
        ("expired", "0", VenueOrderStatus.EXPIRED),
        ("rejected", "0", VenueOrderStatus.REJECTED),
        ("dreaming", "0", VenueOrderStatus.UNKNOWN),
        (None, "0", VenueOrderStatus.UNKNOWN),
    ],
)
def test_statuses(word: Any, filled: str, status: VenueOrderStatus) -> None:
    found = venue_order(told(status=word, filled=filled), NAMES)
    assert found.status is status
    assert found.is_final == (status.value in {"filled", "canceled", "expired", "rejected"})


def test_stops_forces_and_orders_of_others() -> None:
    found = venue_order(told(triggerPrice="49000", timeInForce="PO", clientOrderId=None, symbol="NEW/USDT"), NAMES)
    assert (found.kind, found.stop, found.time_in_force, found.post_only) == ("stop_limit", 49000, "gtc", True)
    assert (found.client_id, found.instrument) == ("", "NEW/USDT")
    both = [{"cost": "1", "currency": "USDT"}, {"cost": "2", "currency": "BTC"}]
    assert venue_order(told(fees=both), NAMES).fees == 0, "a hint in two currencies is none"


@pytest.mark.parametrize(
    "fields", [{"id": None}, {"side": "hold"}, {"filled": "-1"}, {"amount": "nan"}, {"price": 1 / 3}]
)
def test_an_order_that_cannot_be_is_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer):
        venue_order(told(**fields), NAMES)


def trade(**fields: Any) -> dict[str, Any]:
    return {
        "id": "t1",
        "order": "v1",
        "symbol": "BTC/USDT",
        "side": "sell",
        "amount": "0.123456789012345678",
        "price": "50000.01",
        "takerOrMaker": "taker",
        "timestamp": MOMENT_MS,
        "fee": {"cost": "0.3", "currency": "USDT"},
        **fields,
    }


def test_a_fill_keeps_every_digit() -> None:
    found = venue_fill(trade(), NAMES, "USDT", "mine")
    assert (found.fill_id, found.venue_order_id, found.client_id) == ("t1", "v1", "mine")
    assert (found.quantity, found.price) == (Decimal("0.123456789012345678"), Decimal("50000.01"))
    assert (found.fee, found.fee_currency, found.liquidity) == (Decimal("0.3"), None, Liquidity.TAKER)
    assert found.ts_ns == MOMENT_MS * 10**6


@pytest.mark.parametrize(
    ("fields", "fee", "currency"),
    [
        ({"fee": {"cost": "0.001", "currency": "BNB"}}, "0.001", "BNB"),
        ({"fee": {"cost": "-0.1", "currency": "USDT"}}, "-0.1", None),
        ({"fees": [{"cost": "1", "currency": "USDT"}, {"cost": "0.5", "currency": "USDT"}]}, "1.5", None),
    ],
)
def test_fees(fields: dict[str, Any], fee: str, currency: str | None) -> None:
    found = venue_fill(trade(**fields), NAMES, "USDT")
    assert (found.fee, found.fee_currency) == (Decimal(fee), currency)


def test_a_fee_that_is_not_told_is_waited_for() -> None:
    found = venue_fill(trade(fee=None, takerOrMaker=None), NAMES, "USDT")
    assert (found.fee, found.liquidity) == (None, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": None},
        {"order": None},
        {"amount": "0"},
        {"price": None},
        {"side": None},
        {"fees": [{"cost": "1", "currency": "USDT"}, {"cost": "1", "currency": "BTC"}]},
    ],
)
def test_a_fill_that_cannot_be_booked_is_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer):
        venue_fill(trade(**fields), NAMES, "USDT")


def test_balances() -> None:
    answer = {
        "info": {},
        "free": {"USDT": "100.5", "BTC": None, "ETH": "0", "SOL": "2"},
        "used": {"USDT": "20", "BTC": "0.5", "ETH": "0", "SOL": None},
        "total": {"USDT": "120.5", "BTC": "1.5", "ETH": "0", "SOL": "3"},
    }
    assert venue_balances(answer) == (
        VenueBalance("BTC", Decimal(1), Decimal("0.5")),
        VenueBalance("SOL", Decimal(2), Decimal(1)),
        VenueBalance("USDT", Decimal("100.5"), Decimal(20)),
    )


@pytest.mark.parametrize(("side", "quantity"), [("long", "2"), ("short", "-2")])
def test_positions_are_signed(side: str, quantity: str) -> None:
    answer = {"symbol": "BTC/USDT:USDT", "contracts": "2", "side": side, "entryPrice": "5", "unrealizedPnl": "-1"}
    assert venue_position(answer, NAMES) == VenuePosition(
        instrument="BTC-USDT-PERP",
        quantity=Decimal(quantity),
        average_price=Decimal(5),
        unrealised=Decimal(-1),
    )


def test_a_position_on_no_side_is_malformed() -> None:
    with pytest.raises(MalformedAnswer, match="of the side None"):
        venue_position({"symbol": "BTC/USDT:USDT", "contracts": "2", "side": None}, NAMES)
    assert venue_position({"symbol": "BTC/USDT:USDT", "contracts": "0", "side": None}, NAMES).quantity == 0


def test_a_book_in_units() -> None:
    answer = {
        "bids": [["50000.00", "1.5"], ["50000.01", "0.123456"]],
        "asks": [[50000.02, 0.5], ["50000.03", "0.000001"]],
        "timestamp": None,
    }
    assert book_of(answer, INSTRUMENT, 7) == BookSnapshot(
        "BTC-USDT", 7, ((5_000_001, 12_345), (5_000_000, 150_000)), ((5_000_002, 50_000),)
    )


@pytest.mark.parametrize("level", [["50000.001", "1"], ["0", "1"], ["5", "-1"], [None, "1"], [0.1 + 0.2, "1"]])
def test_a_level_that_is_none_is_malformed(level: list[Any]) -> None:
    with pytest.raises(MalformedAnswer):
        book_of({"bids": [level], "asks": []}, INSTRUMENT, 7)


@pytest.mark.parametrize(("maker_side", "side"), [(False, Side.SELL), (True, Side.BUY)])
def test_a_print_has_the_aggressors_side(maker_side: bool, side: Side) -> None:
    found = print_of(trade(id="42", amount="1"), INSTRUMENT, maker_side=maker_side)
    assert found == TradePrint("BTC-USDT", MOMENT_MS * 10**6, side, 5_000_001, 100_000, 42)


def test_candles() -> None:
    row = candle_row([MOMENT_MS, "5.005", "6", 4.5, "5.5", "12.123456789"], "BTC-USDT")
    assert (row.open, row.volume) == (Decimal("5.005"), Decimal("12.123456789"))
    assert bar_of(row, INSTRUMENT, HOUR_NS) == Bar(
        "BTC-USDT", MOMENT_MS * 10**6 + HOUR_NS, HOUR_NS, 500, 600, 450, 550, 1_212_345_678
    )


@pytest.mark.parametrize(
    "row",
    [[1, "5", "4", "3", "5", "1"], [1, "5", "6", "5.5", "5", "1"], [1, None, "6", "5", "5", "1"], [1] * 5 + ["-1"]],
)
def test_a_candle_that_contradicts_itself_is_malformed(row: list[Any]) -> None:
    with pytest.raises(MalformedAnswer):
        candle_row(row, "BTC-USDT")
