"""The seam between decimals and units: scales, increments, rounding by side, and refusals that name the remedy."""

from decimal import Decimal

import pytest

from tradewind.model.errors import ConfigError
from tradewind.model.instrument import (
    UNITS_MOST,
    Instrument,
    InstrumentKind,
    ceil_to,
    decimals_of,
    define_instrument,
    floor_to,
)
from tradewind.model.orders import Side

D = Decimal
# Historical prices lie off today's tick of 0.05, down to the cent; quantities in steps of 0.005.
ODD = define_instrument("ODD-USD", price_increment="0.05", base_increment="0.005", price_decimals=2)
CONTRACT = define_instrument(
    "ODD-PERP", kind=InstrumentKind.PERPETUAL, base_increment="1", contract_size=D("0.01"), initial_margin=D("0.1")
)


def test_a_scale_holds_the_increments_and_the_recorded_data() -> None:
    assert (ODD.price_scale, ODD.tick, ODD.quantity_scale, ODD.lot) == (2, 5, 3, 5)
    assert (ODD.base, ODD.quote, ODD.is_spot) == ("ODD", "USD", True)
    assert (CONTRACT.is_spot, CONTRACT.unit_value) == (False, D("0.0001"))


@pytest.mark.parametrize(
    ("price", "side", "limit", "stop"),
    [
        ("10.00", Side.BUY, 1_000, 1_000),
        ("10.04", Side.BUY, 1_000, 1_005),
        ("10.04", Side.SELL, 1_005, 1_000),
        ("10.0001", Side.SELL, 1_005, 1_000),
    ],
)
def test_a_limit_never_pays_more_and_a_stop_never_comes_nearer(price: str, side: Side, limit: int, stop: int) -> None:
    assert ODD.limit_price(price, side) == limit
    assert ODD.stop_price(price, side) == stop


@pytest.mark.parametrize(("offset", "units"), [("0.05", 5), ("0.051", 10), ("0.0001", 5)])
def test_a_trailing_offset_is_at_least_a_tick(offset: str, units: int) -> None:
    assert ODD.order_price_offset(offset) == units


@pytest.mark.parametrize(("quantity", "units"), [("1", 1_000), ("0.0099", 5), ("0.0049", 0), ("-0.0099", -5)])
def test_an_order_is_rounded_towards_zero_on_the_lot(quantity: str, units: int) -> None:
    assert ODD.order_quantity(quantity) == units


@pytest.mark.parametrize(
    ("weight", "equity", "price", "units"),
    [
        (1.0, "100", 1_000, 10_000),
        (1.0, "100", 1_001, 9_990),
        (-0.5, "100", 1_000, -5_000),
        (0.1, "100", 1_000, 1_000),
        (1.0, "-5", 1_000, 0),
        (0.0, "100", 1_000, 0),
    ],
)
def test_a_weight_buys_at_most_its_share(weight: float, equity: str, price: int, units: int) -> None:
    assert ODD.quantity_for(weight, D(equity), price) == units
    assert abs(ODD.notional(units, price)) <= max(D(0), D(str(abs(weight))) * D(equity))


def test_no_weight_buys_more_than_64_bits_count() -> None:
    units = ODD.quantity_for(1.0, D("1e40"), 1)
    assert 0 <= UNITS_MOST - units < ODD.lot
    assert ODD.quantity_for(-1.0, D("1e40"), 1) == -units


@pytest.mark.parametrize("price", [0, -1])
def test_a_weight_needs_a_price(price: int) -> None:
    with pytest.raises(ValueError, match="price of ODD-USD must be positive"):
        ODD.quantity_for(1.0, D(100), price)


def test_units_and_decimals_are_the_same_amount() -> None:
    assert ODD.price_units("10.01") == 1_001
    assert ODD.price_decimal(1_001) == D("10.01")
    assert ODD.quantity_units("1.234") == 1_234
    assert ODD.quantity_decimal(-1_234) == D("-1.234")
    assert ODD.volume_units("0.005") == 5


@pytest.mark.parametrize(("method", "text"), [("price_units", "1.001"), ("quantity_units", "0.0001")])
def test_what_a_scale_cannot_hold_is_refused(method: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"of ODD-USD {text} needs more than"):
        getattr(ODD, method)(text)


@pytest.mark.parametrize("text", ["9" * 61, "1E+70", "1E+999999", "1." + "1" * 70])
@pytest.mark.parametrize("method", ["price_units", "quantity_units", "volume_units", "order_quantity"])
def test_a_number_of_too_many_digits_is_refused_in_words(method: str, text: str) -> None:
    with pytest.raises(ValueError, match="of ODD-USD: a number of more than 60 digits is none"):
        getattr(ODD, method)(text)


def test_a_price_of_too_many_digits_is_on_no_tick() -> None:
    with pytest.raises(ValueError, match="price of ODD-USD: a number of more than 60 digits"):
        ODD.limit_price("9" * 400, Side.BUY)


@pytest.mark.parametrize("increment", ["0", "-0.1", "much", "NaN"])
@pytest.mark.parametrize("name", ["price_increment", "base_increment"])
def test_an_increment_is_a_positive_number(name: str, increment: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} of X-USD must be a positive number"):
        define_instrument("X-USD", **{name: increment})


@pytest.mark.parametrize(("value", "digits"), [("1", 0), ("100", 0), ("0.10", 1), ("0.00000001", 8), ("1E+3", 0)])
def test_the_digits_that_a_number_needs(value: str, digits: int) -> None:
    assert decimals_of(D(value)) == digits


def test_infinity_has_no_digits() -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        decimals_of(D("Infinity"))


@pytest.mark.parametrize(("value", "down", "up"), [(10, 10, 10), (11, 10, 15), (14, 10, 15), (-1, -5, 0)])
def test_steps_down_and_up(value: int, down: int, up: int) -> None:
    assert (floor_to(value, 5), ceil_to(value, 5)) == (down, up)


def test_an_instrument_is_a_value() -> None:
    assert Instrument(id="A-USD") == Instrument(id="A-USD")
    assert Instrument(id="A-USD").unit_value == D("1e-10")


@pytest.mark.parametrize(
    ("name", "kind", "quote"),
    [
        ("BTC-USDT", InstrumentKind.SPOT, "USDT"),
        ("BTC-USDT-PERP", InstrumentKind.PERPETUAL, "USDT"),
        ("BTC-USDT", InstrumentKind.PERPETUAL, "USDT"),
        ("BTC-PERP", InstrumentKind.PERPETUAL, "USD"),
        ("BTC-PERP-INTX", InstrumentKind.PERPETUAL, "USD"),
        ("BIP-20DEC30-CDE", InstrumentKind.PERPETUAL, "USD"),
        ("BTC", InstrumentKind.PERPETUAL, "USD"),
    ],
)
def test_a_perpetual_is_quoted_in_the_currency_that_its_name_tells(name: str, kind: InstrumentKind, quote: str) -> None:
    assert define_instrument(name, kind=kind).quote == quote
