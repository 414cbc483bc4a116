"""Products as instruments: recorded spot, dated and perpetual records, their modes, and records that say too little."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tradewind.model.errors import MalformedAnswer
from tradewind.model.instrument import InstrumentKind
from tradewind.venues.coinbase.products import instrument_of, mode_of, state_of
from tradewind.venues.coinbase.wire.products import ListProducts, Product
from tradewind.venues.coinbase.wire.values import read, read_values
from tradewind.venues.ports import TAKES_ORDERS, ProductMode

REST = "fixtures/coinbase/advanced_trade/rest"
RECORD = {"product_id": "A-B", "base_increment": "0.1", "quote_increment": "0.01", "status": "online"}


def product(**fields: Any) -> Product:
    return read_values(Product, {**RECORD, **fields})


def contract(shared: Path, number: int) -> Product:
    text = (shared / REST / "ccxt_sample_parse_contract_market.json").read_text(encoding="utf-8")
    return read_values(Product, json.loads(text)[number]["payload"])


def test_a_recorded_spot_product_is_an_instrument(shared: Path) -> None:
    dollar, coin = read(ListProducts, (shared / REST / "nautilus_http_products.json").read_bytes()).products
    made = instrument_of(dollar)
    assert (made.id, made.kind, made.venue) == ("BTC-USD", InstrumentKind.SPOT, "coinbase")
    assert (made.base, made.quote, made.price_scale, made.tick) == ("BTC", "USD", 2, 1)
    assert (made.quantity_scale, made.lot, made.min_quantity) == (8, 1, 1)
    assert (made.min_notional, made.derived) == (Decimal(1), False)
    state = state_of(dollar)
    assert (state.mode, state.canonical, state.max_quantity) == (ProductMode.ONLINE, "BTC-USD", Decimal(3400))
    assert state_of(coin).canonical == "BTC-USD"
    assert instrument_of(coin).quote == "USDC"
    assert not state.is_future


def test_a_minimum_off_the_lot_is_rounded_up(shared: Path) -> None:
    text = (shared / REST / "ccxt_sample_parse_spot_market.json").read_text(encoding="utf-8")
    found = read_values(Product, json.loads(text)[0]["payload"])
    made = instrument_of(found)
    assert (made.quantity_scale, made.lot, made.min_quantity, made.price_scale) == (0, 1, 27, 5)


def test_a_dated_future_has_its_expiry_and_a_perpetual_has_none(shared: Path) -> None:
    dated, perpetual = contract(shared, 0), contract(shared, 1)
    made = instrument_of(dated)
    assert (made.kind, made.contract_size, made.base) == (InstrumentKind.PERPETUAL, Decimal("0.01"), "BTC")
    assert (made.price_scale, made.tick, made.lot) == (0, 5, 1)
    state = state_of(dated)
    assert (state.is_future, state.is_perpetual, state.expiry_ns) == (True, False, 1_714_143_600_000_000_000)
    assert state.session_open
    other = state_of(perpetual)
    assert (other.is_perpetual, other.expiry_ns, other.funding_rate) == (True, None, Decimal("0.000016"))
    assert other.funding_ns == 1_712_653_200_000_008_000
    assert instrument_of(perpetual).initial_margin == Decimal("0.1")


def test_perpetual_is_read_from_the_record_and_never_from_the_name() -> None:
    named = product(product_id="BTC-PERP-INTX", product_type="SPOT")
    assert not state_of(named).is_future
    assert instrument_of(named).kind is InstrumentKind.SPOT
    plain = product(
        product_id="XYZ", product_type="FUTURE", future_product_details={"contract_expiry_type": "PERPETUAL"}
    )
    assert state_of(plain).is_perpetual


def test_margin_is_the_stricter_rate() -> None:
    details = {"overnight_margin_rate": {"long_margin_rate": "0.25", "short_margin_rate": "0.31"}}
    assert instrument_of(product(product_type="FUTURE", future_product_details=details)).initial_margin == Decimal(
        "0.31"
    )
    assert instrument_of(product(product_type="FUTURE")).initial_margin == 1


@pytest.mark.parametrize(
    ("fields", "mode"),
    [
        ({}, ProductMode.ONLINE),
        ({"status": ""}, ProductMode.ONLINE),
        ({"limit_only": True}, ProductMode.LIMIT_ONLY),
        ({"post_only": True, "limit_only": True}, ProductMode.POST_ONLY),
        ({"auction_mode": True, "post_only": True}, ProductMode.AUCTION),
        ({"cancel_only": True, "auction_mode": True}, ProductMode.CANCEL_ONLY),
        ({"view_only": True, "cancel_only": True}, ProductMode.VIEW_ONLY),
        ({"status": "something new"}, ProductMode.VIEW_ONLY),
        ({"trading_disabled": True}, ProductMode.DISABLED),
        ({"is_disabled": True, "view_only": True}, ProductMode.DISABLED),
        ({"status": "delisted"}, ProductMode.DISABLED),
    ],
)
def test_the_strictest_flag_is_the_mode(fields: dict[str, Any], mode: ProductMode) -> None:
    found = product(**fields)
    assert mode_of(found) is mode
    assert state_of(found).takes_orders == (mode in TAKES_ORDERS)


def test_outside_its_session_nothing_is_taken() -> None:
    assert not state_of(product(fcm_trading_session_details={"is_session_open": False})).takes_orders


@pytest.mark.parametrize(
    "fields",
    [
        {"base_increment": ""},
        {"quote_increment": "0"},
        {"quote_increment": None, "price_increment": None},
        {"base_increment": "-0.1"},
    ],
)
def test_increments_are_never_guessed(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer, match="increments"):
        instrument_of(product(**fields))
