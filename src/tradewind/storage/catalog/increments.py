"""Tick and lot estimated from data, where nobody states them."""

from tradewind.storage.catalog.columns import SCHEMAS, Role
from tradewind.storage.catalog.manifest import Increments
from tradewind.storage.catalog.rows import VOLUME_SCALE, Piece
from tradewind.storage.catalog.scaling import Scaled, digits_used, joined, usual_decimals

RECENT_ROWS = 5_000
LOT_COST_DIGITS = 9  # a lot that costs less than a billionth of the quote currency only makes numbers long


def derived_increments(kind: str, columns: Piece) -> Increments | None:
    """Return what the latest rows suggest, None for a kind without prices and sizes.

    The tick is that of the decimals most prices have: old prices may lie off today's tick. The lot is that of the most
    decimals any size has, since a venue cannot trade finer than it counts; but sizes may be rounded (a float32 has
    seven digits), so it is made fine enough that one lot costs at most one unit of the quote currency, and no finer
    than what still costs something: positions are counted in 64 bits.
    """
    prices = [_recent(columns[column.name]) for column in SCHEMAS[kind] if column.role is Role.PRICE]
    sizes = [_recent(columns[column.name]) for column in SCHEMAS[kind] if column.role in {Role.VOLUME, Role.QUANTITY}]
    if not prices or not sizes:
        return None
    price, size = joined(prices), joined(sizes)
    seen = int(digits_used(size).max(initial=0))
    whole_quote = int(price.units[-1]) // 10**price.scale
    affordable = len(str(whole_quote)) if whole_quote else 0
    magnitude = len(str(int(price.units[-1]))) - 1 - price.scale
    lot = max(min(VOLUME_SCALE, max(seen, affordable), LOT_COST_DIGITS + magnitude), 0)
    return Increments(_increment(usual_decimals(price)), _increment(lot), derived=True)


def _recent(column: Scaled) -> Scaled:
    return Scaled(column.units[-RECENT_ROWS:], column.scale)


def _increment(decimals: int) -> str:
    return f"0.{'0' * (decimals - 1)}1" if decimals else "1"
