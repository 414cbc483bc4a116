"""Markets as instruments: names, increments in every way of counting, and what the engine cannot hold."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.venues.ccxt.fakes import FUTURE, INVERSE, MARKETS, OPTION, SPOT, SWAP
from tradewind.model.errors import ConfigError, MalformedAnswer, VenueRejected
from tradewind.model.instrument import InstrumentKind
from tradewind.venues.ccxt.markets import (
    DECIMAL_PLACES,
    SIGNIFICANT_DIGITS,
    TICK_SIZE,
    Names,
    instrument_of,
    name_of,
    state_of,
)
from tradewind.venues.ports import ProductMode

NAMES = Names("fake", MARKETS)


def changed(**fields: Any) -> dict[str, Any]:
    return {**SPOT, **fields}


def test_names() -> None:
    assert [name_of(each) for each in MARKETS[:4]] == [
        "BTC-USDT",
        "BTC-USDT-PERP",
        "BTC-USDT-261225",
        "BTC-USD-BTC-PERP",
    ]
    assert NAMES.market("BTC-USDT-PERP") is SWAP
    assert NAMES.id_of("BTC/USDT:USDT-261225") == "BTC-USDT-261225"
    assert NAMES.id_of("NEW/USDT") == "NEW/USDT"


@pytest.mark.parametrize(
    ("id", "hint"),
    [("BTC/USDT", "it is called BTC-USDT here"), ("BTCUSDT_261225", "BTC-USDT-261225"), ("NOPE-USD", "its list")],
)
def test_an_unknown_name_is_answered_with_the_right_one(id: str, hint: str) -> None:
    with pytest.raises(VenueRejected, match=hint) as error:
        NAMES.market(id)
    assert error.value.reason == "UNKNOWN_PRODUCT"


def test_a_name_that_two_markets_share_is_neither() -> None:
    twin = changed(symbol="BTC/USDT-X", id="other")
    with pytest.raises(ConfigError, match="BTC/USDT and BTC/USDT-X of fake: neither is guessed"):
        Names("fake", [SPOT, twin]).market("BTC-USDT")


def test_a_spot_market() -> None:
    found = instrument_of(SPOT, "fake", TICK_SIZE)
    assert (found.id, found.kind, found.venue, found.base, found.quote) == (
        "BTC-USDT",
        InstrumentKind.SPOT,
        "fake",
        "BTC",
        "USDT",
    )
    assert (found.price_scale, found.tick, found.quantity_scale, found.lot, found.min_quantity) == (2, 1, 5, 1, 2)
    assert (found.min_notional, found.contract_size, found.initial_margin) == (Decimal(5), 1, 1)


def test_contracts_are_margined() -> None:
    found = instrument_of(SWAP, "fake", TICK_SIZE)
    assert (found.kind, found.contract_size, found.initial_margin) == (
        InstrumentKind.PERPETUAL,
        Decimal("0.001"),
        Decimal("0.05"),
    )
    assert instrument_of(FUTURE, "fake", TICK_SIZE).id == "BTC-USDT-261225"


@pytest.mark.parametrize(
    ("precision", "mode", "tick", "lot"),
    [
        ({"price": "0.05", "amount": "0.5"}, TICK_SIZE, "0.05", "0.5"),
        ({"price": "1e-8", "amount": 0.001}, TICK_SIZE, "0.00000001", "0.001"),
        ({"price": "10", "amount": "1"}, TICK_SIZE, "10", "1"),
        ({"price": "2", "amount": 8}, DECIMAL_PLACES, "0.01", "0.00000001"),
        ({"price": "0", "amount": "0"}, DECIMAL_PLACES, "1", "1"),
    ],
)
def test_increments(precision: dict[str, Any], mode: int, tick: str, lot: str) -> None:
    found = instrument_of(changed(precision=precision), "fake", mode)
    assert found.price_decimal(found.tick) == Decimal(tick)
    assert found.quantity_decimal(found.lot) == Decimal(lot)


@pytest.mark.parametrize(
    ("market", "mode", "error", "said"),
    [
        (changed(precision={"price": "5", "amount": "8"}), SIGNIFICANT_DIGITS, ConfigError, "significant digits"),
        (changed(precision={"price": None, "amount": "1"}), TICK_SIZE, MalformedAnswer, "none is guessed"),
        (changed(precision={"price": "0", "amount": "1"}), TICK_SIZE, MalformedAnswer, "positive"),
        (changed(precision={"price": 1 / 3, "amount": "1"}), TICK_SIZE, MalformedAnswer, "cannot be exact"),
        (changed(precision={"price": "1.5", "amount": "1"}), DECIMAL_PLACES, MalformedAnswer, "whole number"),
        (INVERSE, TICK_SIZE, ConfigError, "settled in BTC"),
        (OPTION, TICK_SIZE, ConfigError, "kind option"),
        ({**SWAP, "contractSize": None}, TICK_SIZE, MalformedAnswer, "contract size"),
    ],
)
def test_what_cannot_be_held_is_refused(market: dict[str, Any], mode: int, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        instrument_of(market, "fake", mode)


def test_states() -> None:
    found = state_of(FUTURE)
    assert (found.mode, found.is_future, found.is_perpetual) == (ProductMode.ONLINE, True, False)
    assert (found.expiry_ns, found.max_quantity, found.min_notional) == (1_798_185_600_000_000_000, 1000, None)
    assert not state_of(changed(active=False)).takes_orders
    assert state_of(SWAP).is_perpetual
