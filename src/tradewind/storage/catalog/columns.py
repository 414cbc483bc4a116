"""The columns of each kind of series, and how a source's column names are recognised."""

from collections.abc import Mapping, Sequence
from enum import Enum

import msgspec

from tradewind.model.errors import DataError
from tradewind.storage.catalog.series import Kind


class Role(Enum):
    """What a column holds, and so how it is stored."""

    TIME = "time"  # ns
    PRICE = "price"  # exact; all price columns of a file share one scale
    QUANTITY = "quantity"  # exact, one scale; what 64 bits cannot hold rounds to 8 decimals and is counted
    VOLUME = "volume"  # declared scale, reduced until nothing overflows
    RATE = "rate"  # exact, may be negative
    NUMBER = "number"  # an id: a whole number
    SIDE = "side"  # 1 bid or buyer, -1 ask or seller
    EVENT = "event"  # 0 snapshot, 1 update


class Column(msgspec.Struct, frozen=True):
    name: str
    role: Role
    aliases: tuple[str, ...] = ()
    required: bool = True


TIME_NAMES = (
    "ts",
    "timestamp",
    "time",
    "date",
    "datetime",
    "open_time",
    "opentime",
    "open time",
    "unix",
    "start",
    "open_ns",
    "ts_ns",
    "timestamp_ms",
    "t",
)
RECEIVED_NAMES = ("ts_recv", "recv_ts", "received", *TIME_NAMES)

SCHEMAS: dict[str, tuple[Column, ...]] = {
    Kind.BARS.value: (
        Column("open_ns", Role.TIME, TIME_NAMES),
        Column("open", Role.PRICE, ("o", "open_price")),
        Column("high", Role.PRICE, ("h", "high_price")),
        Column("low", Role.PRICE, ("l", "low_price")),
        Column("close", Role.PRICE, ("c", "close_price")),
        Column("volume", Role.VOLUME, ("v", "vol", "base_volume", "volume_base", "basevolume")),
    ),
    Kind.TRADES.value: (
        Column("ts_ns", Role.TIME, RECEIVED_NAMES),
        Column("price", Role.PRICE, ("p",)),
        Column("quantity", Role.QUANTITY, ("size", "amount", "qty", "q")),
        Column("side", Role.SIDE, ("aggressor", "taker_side", "taker")),
        Column("trade_id", Role.NUMBER, ("id", "tid", "tradeid"), required=False),
        Column("exchange_ns", Role.TIME, ("ts_exch", "exchange_time"), required=False),
    ),
    Kind.QUOTES.value: (
        Column("ts_ns", Role.TIME, RECEIVED_NAMES),
        Column("bid", Role.PRICE, ("bid_price", "best_bid", "b")),
        Column("bid_size", Role.QUANTITY, ("bid_quantity", "bid_qty", "best_bid_size")),
        Column("ask", Role.PRICE, ("ask_price", "best_ask", "a")),
        Column("ask_size", Role.QUANTITY, ("ask_quantity", "ask_qty", "best_ask_size")),
        Column("update_id", Role.NUMBER, ("u",), required=False),
        Column("exchange_ns", Role.TIME, ("ts_exch", "exchange_time"), required=False),
    ),
    Kind.BOOK.value: (
        Column("ts_ns", Role.TIME, RECEIVED_NAMES),
        Column("event", Role.EVENT, ("type",), required=False),
        Column("side", Role.SIDE),
        Column("price", Role.PRICE, ("p",)),
        Column("size", Role.QUANTITY, ("quantity", "amount", "qty", "q")),
        Column("first_id", Role.NUMBER, ("first_update_id", "seq", "sequence")),
        Column("last_id", Role.NUMBER, ("final_update_id", "seq", "sequence")),
        Column("exchange_ns", Role.TIME, ("ts_exch", "exchange_time"), required=False),
    ),
    Kind.FUNDING.value: (
        Column("ts_ns", Role.TIME, (*TIME_NAMES, "funding_time", "fundingtime")),
        Column("rate", Role.RATE, ("funding_rate", "fundingrate", "funding", "open")),
        Column("mark", Role.PRICE, ("mark_price", "markprice"), required=False),
    ),
}


def group_of(column: Column) -> str:
    """Return the name under which columns share a decimal scale; empty for what has none."""
    scaled = {Role.PRICE, Role.QUANTITY, Role.VOLUME, Role.RATE}
    return column.role.value if column.role in scaled else ""


def match_columns(kind: str, found: Sequence[str], given: Mapping[str, str], base: str, source: str) -> dict[str, str]:
    """Return our column name -> the source's, by name, by alias, then by what the caller says; case is ignored.

    `base` recognises a column such as `Volume BTC`. Raises  DataError naming the columns missing and those found.
    """
    lowered = {name.strip().lower(): name for name in reversed(found)}
    matched: dict[str, str] = {}
    for column in SCHEMAS[kind]:
        name = given.get(column.name)
        if name is not None and name not in found:
            raise DataError(f"{source}: no column {name!r} for {column.name}; it has {', '.join(found)}")
        candidates = (column.name, *column.aliases)
        if column.role is Role.VOLUME:
            candidates += (f"volume {base.lower()}", f"volume_{base.lower()}")
        name = name or next((lowered[alias] for alias in candidates if alias in lowered), None)
        if name is not None:
            matched[column.name] = name
    unknown = sorted(set(given) - {column.name for column in SCHEMAS[kind]})
    if unknown:
        known = ", ".join(column.name for column in SCHEMAS[kind])
        raise DataError(f"{source}: {kind} have no column {unknown[0]!r}; they have {known}")
    missing = [column.name for column in SCHEMAS[kind] if column.required and column.name not in matched]
    if missing:
        raise DataError(
            f"{source}: no column for {', '.join(missing)}; it has {', '.join(found)}: "
            "rename them, or name them with columns={'open': 'First'}"
        )
    return matched
