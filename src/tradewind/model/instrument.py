"""An instrument, and the one seam between decimal numbers and the integers of the hot path.

Inside the engine a price is an integer of `10**-price_scale` quote units and a quantity an integer of
`10**-quantity_scale` base units (contracts for a perpetual). The scale may be finer than the venue's increment, since
historical prices can lie off today's tick; only orders must be multiples of `tick` and `lot`.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, Inexact, InvalidOperation
from enum import Enum

import msgspec
from msgspec import UNSET, UnsetType

from tradewind.model.errors import ConfigError
from tradewind.model.margin import MarginTier, tier_of
from tradewind.model.money import EXACT, ONE, ZERO, money, multiply, power_of_ten
from tradewind.model.orders import Side

UNITS_MOST = 2**57  # of one order: dozens of bots on one instrument then still add up within 64 bits


class InstrumentKind(Enum):
    SPOT = "spot"
    PERPETUAL = "perpetual"


class MarginMode(Enum):
    CROSS = "cross"
    ISOLATED = "isolated"


def decimals_of(value: Decimal) -> int:
    """Return how many digits after the point `value` needs (0 for whole numbers)."""
    exponent = value.normalize().as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"not a finite number: {value}")
    return max(0, -exponent)


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is traded, with its increments, minimums and margin terms.

    `price_scale`, `quantity_scale` and `volume_scale` are digits; `tick` and `lot` are in units of those scales.
    `derived` says that the increments were estimated from data, not stated by the venue; `margin_tiers` raise the rates
    of large positions. The last four fields follow from the others: `unit_value` is the notional of one quantity unit
    at a price of one price unit, so that notional = unit_value x quantity x price.
    """

    id: str
    kind: InstrumentKind = InstrumentKind.SPOT
    venue: str = "simulated"
    base: str = ""
    quote: str = "USD"
    price_scale: int = 2
    tick: int = 1
    quantity_scale: int = 8
    lot: int = 1
    volume_scale: int = 8
    min_quantity: int = 0
    min_notional: Decimal = ZERO
    contract_size: Decimal = ONE
    margin_mode: MarginMode = MarginMode.CROSS
    initial_margin: Decimal = ONE
    maintenance_margin: Decimal | None = None
    close_out_margin: Decimal | None = None
    derived: bool = False
    margin_tiers: tuple[MarginTier, ...] | UnsetType = UNSET

    # Computed once, since every fill and every review asks for them.
    is_spot: bool = True
    price_unit: Decimal = ZERO
    quantity_unit: Decimal = ZERO
    unit_value: Decimal = ZERO

    def __post_init__(self) -> None:
        put = msgspec.structs.force_setattr
        put(self, "is_spot", self.kind is InstrumentKind.SPOT)
        put(self, "price_unit", power_of_ten(-self.price_scale))
        put(self, "quantity_unit", power_of_ten(-self.quantity_scale))
        value = multiply(self.contract_size, power_of_ten(-self.price_scale - self.quantity_scale))
        put(self, "unit_value", value)

    def notional(self, quantity: int, price: int) -> Decimal:
        """Return quantity x contract size x price in quote currency, exactly; the sign is the quantity's."""
        return multiply(self.unit_value, Decimal(quantity * price))

    def initial_rate(self, quantity: int) -> Decimal:
        """Return the initial margin of a position of (absolute) `quantity` units, as a share of its notional."""
        if self.margin_tiers is UNSET or (tier := tier_of(self.margin_tiers, quantity)) is None:
            return self.initial_margin
        return max(self.initial_margin, tier.initial_margin)

    def maintenance_rate(self, quantity: int) -> Decimal | None:
        """Return the maintenance margin of such a position; None where there is none, tiers or not."""
        base = self.maintenance_margin
        if base is None or self.margin_tiers is UNSET or (tier := tier_of(self.margin_tiers, quantity)) is None:
            return base
        return max(base, tier.maintenance_margin)

    def below_minimum(self, quantity: int, price: int | None) -> bool:
        """Return whether an order of this quantity, at this price if it is known, is too small for the venue."""
        if quantity < self.min_quantity or quantity < self.lot:
            return True
        return bool(self.min_notional) and price is not None and self.notional(quantity, price) < self.min_notional

    # -- integers in, decimals out ------------------------------------------------------------------------------------

    def price_decimal(self, price: int) -> Decimal:
        """Return the price in quote currency."""
        return Decimal(price).scaleb(-self.price_scale, EXACT)

    def quantity_decimal(self, quantity: int) -> Decimal:
        """Return the quantity in base units (contracts for a perpetual)."""
        return Decimal(quantity).scaleb(-self.quantity_scale, EXACT)

    # -- decimals in, integers out ------------------------------------------------------------------------------------

    def price_units(self, price: Decimal | str | int) -> int:
        """Return the price in units, exactly; raises ValueError when the scale cannot hold it."""
        return _exact_units(money(price), self.price_scale, f"price of {self.id}")

    def quantity_units(self, quantity: Decimal | str | int) -> int:
        """Return the quantity in units, exactly; raises ValueError when the scale cannot hold it."""
        return _exact_units(money(quantity), self.quantity_scale, f"quantity of {self.id}")

    def volume_units(self, volume: Decimal | str | int) -> int:
        """Return a bar's volume in units, exactly; raises ValueError when the scale cannot hold it."""
        return _exact_units(money(volume), self.volume_scale, f"volume of {self.id}")

    def limit_price(self, price: Decimal | str | int, side: Side) -> int:
        """Return an order's limit price in units on the tick: a buy rounds down, a sell up."""
        return self._on_tick(money(price), down=side is Side.BUY)

    def stop_price(self, price: Decimal | str | int, side: Side) -> int:
        """Return an order's stop price in units on the tick, away from the market: a sell rounds down, a buy up."""
        return self._on_tick(money(price), down=side is Side.SELL)

    def order_price_offset(self, offset: Decimal | str | int) -> int:
        """Return a distance between prices (a trailing offset) in units, rounded up to the tick, at least one tick."""
        return max(self.tick, self._on_tick(money(offset), down=False))

    def order_quantity(self, quantity: Decimal | str | int) -> int:
        """Return an order's quantity in units, rounded down (towards zero) to the lot."""
        whole = int(_scaled(money(quantity), self.quantity_scale, f"quantity of {self.id}"))
        return whole - whole % self.lot if whole >= 0 else -(-whole - -whole % self.lot)

    def quantity_for(self, weight: float, equity: Decimal, price: int) -> int:
        """Return the signed quantity in units whose notional is at most weight x equity at `price`, on the lot.

        This is the one place where a weight (float) becomes a quantity (integer): the weight is taken as its shortest
        decimal text, the quotient is floored. Weights must be finite; a price must be positive. No more than
        `UNITS_MOST`: bots together stay within 64 bits, whatever cash and price are.
        """
        share = money(repr(float(weight)))
        if price <= 0:
            raise ValueError(f"price of {self.id} must be positive, was {price}")
        per_unit = multiply(self.unit_value, Decimal(price))
        units = min(int(EXACT.divide_int(multiply(abs(share), equity), per_unit)), UNITS_MOST) if equity > 0 else 0
        units -= units % self.lot
        return units if share >= 0 else -units

    def _on_tick(self, price: Decimal, *, down: bool) -> int:
        scaled = _scaled(price, self.price_scale, f"price of {self.id}")
        units = scaled.to_integral_value(ROUND_FLOOR if down else ROUND_CEILING)
        return floor_to(int(units), self.tick) if down else ceil_to(int(units), self.tick)


def floor_to(value: int, step: int) -> int:
    """Return the largest multiple of `step` that is not above `value`."""
    return value - value % step


def ceil_to(value: int, step: int) -> int:
    """Return the smallest multiple of `step` that is not below `value`."""
    return value + -value % step


def _exact_units(value: Decimal, scale: int, what: str) -> int:
    units = _scaled(value, scale, what)
    whole = int(units)
    if whole != units:
        raise ValueError(f"{what} {value} needs more than {scale} decimals")
    return whole


def _scaled(value: Decimal, scale: int, what: str) -> Decimal:
    try:
        if value.adjusted() > EXACT.prec:
            raise Inexact
        return value.scaleb(scale, EXACT)
    except Inexact:
        raise ValueError(f"{what}: a number of more than {EXACT.prec} digits is none") from None


def define_instrument(
    id: str,  # the instrument's name, as the field of the Struct
    *,
    kind: InstrumentKind = InstrumentKind.SPOT,
    price_increment: str | Decimal = "0.01",
    base_increment: str | Decimal = "0.00000001",
    price_decimals: int = 0,
    quantity_decimals: int = 0,
    volume_decimals: int | None = None,
    **terms: object,
) -> Instrument:
    """Return an instrument whose scales hold its increments and at least the given decimals of recorded data.

    Raises  ConfigError for an increment that is not a positive number.
    """
    tick = _increment(id, "price_increment", price_increment)
    lot = _increment(id, "base_increment", base_increment)
    price_scale = max(decimals_of(tick), price_decimals)
    quantity_scale = max(decimals_of(lot), quantity_decimals)
    terms.setdefault("base", id.partition("-")[0])
    terms.setdefault("quote", _quote(id, kind))
    fields = {
        "id": id,
        "kind": kind,
        "price_scale": price_scale,
        "tick": int(tick.scaleb(price_scale)),
        "quantity_scale": quantity_scale,
        "lot": int(lot.scaleb(quantity_scale)),
        "volume_scale": quantity_scale if volume_decimals is None else volume_decimals,
        **terms,
    }
    return msgspec.convert(fields, Instrument)


def _quote(id: str, kind: InstrumentKind) -> str:
    """Return the currency that a name such as BTC-USDT or BTC-USDT-PERP tells, dollars where it tells none."""
    named = id.split("-")[1:]
    if kind is not InstrumentKind.SPOT and (named[:1] == ["PERP"] or named[1:] not in ([], ["PERP"])):
        return "USD"  # BTC-PERP, or a contract such as BIP-20DEC30-CDE
    return named[0] if named else "USD"


def _increment(id: str, name: str, value: str | Decimal) -> Decimal:
    try:
        increment = money(value)
    except (ValueError, InvalidOperation):
        increment = ZERO
    if increment <= 0:
        raise ConfigError(f"{name} of {id} must be a positive number, was {value!r}")
    return increment
