"""What is traded on the exchange: increments, minimums, margin terms, and the modes a product can be in."""

from decimal import Decimal
from enum import Enum

import msgspec

from tradewind.exchange.core.amounts import DIGITS, units_of
from tradewind.model.errors import ConfigError
from tradewind.model.instrument import decimals_of
from tradewind.model.money import ONE, ZERO

HOUR_NS = 3_600_000_000_000


class ProductKind(Enum):
    SPOT = "SPOT"
    PERPETUAL = "PERPETUAL"


class ProductMode(Enum):
    """What clients may do now. Cancels are refused only when `disabled`."""

    ONLINE = "online"
    CANCEL_ONLY = "cancel_only"
    LIMIT_ONLY = "limit_only"
    POST_ONLY = "post_only"
    AUCTION = "auction"
    VIEW_ONLY = "view_only"
    DISABLED = "disabled"


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One product. Sizes are base units, contracts for a perpetual (whose `contract_size` is base per contract).

    `quote_min_size` is the least value of an order, `quote_max_size` and `base_max_size` the most (0: no bound).
    """

    id: str
    kind: ProductKind = ProductKind.SPOT
    base: str = ""
    quote: str = ""
    price_increment: Decimal = Decimal("0.01")
    base_increment: Decimal = Decimal("0.00000001")
    quote_increment: Decimal = Decimal("0.01")
    base_min_size: Decimal = Decimal("0.00000001")
    base_max_size: Decimal = ZERO
    quote_min_size: Decimal = ONE
    quote_max_size: Decimal = ZERO
    contract_size: Decimal = ONE
    initial_margin: Decimal = Decimal("0.1")
    maintenance_margin: Decimal = Decimal("0.0667")
    funding_interval_ns: int = HOUR_NS
    mode: ProductMode = ProductMode.ONLINE

    def __post_init__(self) -> None:
        put = msgspec.structs.force_setattr
        base, _, rest = self.id.partition("-")
        put(self, "base", self.base or base)
        put(self, "quote", self.quote or ("USDC" if self.kind is ProductKind.PERPETUAL else rest))
        if not self.quote or self.quote == self.base:
            raise ConfigError(f"product {self.id!r} names no base and quote currency: give base= and quote=")
        for name in ("price_increment", "base_increment", "contract_size"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} of {self.id} must be positive, was {getattr(self, name)}")
        if scales(self)[2] < 0:
            raise ConfigError(f"increments of {self.id} need more than {DIGITS} decimals of value together")

    @property
    def is_spot(self) -> bool:
        return self.kind is ProductKind.SPOT


def scales(product: Product) -> tuple[int, int, int]:
    """Return the digits of a price, of a quantity, and what is left of the money unit's after both."""
    price, quantity = decimals_of(product.price_increment), decimals_of(product.base_increment)
    return price, quantity, DIGITS - price - quantity - decimals_of(product.contract_size)


class Scales:
    """A product's numbers as integers; prices and quantities are counted in increments' decimals."""

    __slots__ = (
        "lot",
        "lots_unit",
        "max_quantity",
        "max_value",
        "min_quantity",
        "min_value",
        "price_digits",
        "quantity_digits",
        "tick",
        "value_unit",
    )

    def __init__(self, product: Product) -> None:
        self.price_digits, self.quantity_digits, spare = scales(product)
        self.tick = units_of(product.price_increment, self.price_digits)
        self.lot = units_of(product.base_increment, self.quantity_digits)
        self.value_unit = units_of(product.contract_size, decimals_of(product.contract_size)) * 10**spare
        self.lots_unit = 10 ** (DIGITS - self.quantity_digits)
        self.min_quantity = max(self.lot, _rounded_up(product.base_min_size, self.quantity_digits))
        self.max_quantity = units_of(product.base_max_size, self.quantity_digits)
        self.min_value = units_of(product.quote_min_size)
        self.max_value = units_of(product.quote_max_size)


def _rounded_up(value: Decimal, digits: int) -> int:
    scaled = value.scaleb(digits)
    return int(scaled) + (scaled != int(scaled))
