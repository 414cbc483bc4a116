"""The venue's order configurations: one builder per family and time in force, from decimals to plain texts.

`reduce_only` is written only where it is asked for. Times are UTC nanoseconds and leave as RFC 3339 texts.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tradewind.model.errors import InvalidOrder
from tradewind.model.money import plain
from tradewind.model.orders import Side

Configuration = Mapping[str, Mapping[str, Any]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DIGITS_MAX = 40  # of a number; the venue's own longest have 30


def market_ioc(
    *, base: Decimal | None = None, quote: Decimal | None = None, reduce_only: bool = False
) -> Configuration:
    """Return a market order by base or by quote size; what does not fill at once is gone."""
    if (base is None) == (quote is None):
        raise InvalidOrder("a market order is sized by base or by quote, one of them")
    size = {"base_size": number(base)} if base is not None else {"quote_size": number(quote)}
    return {"market_market_ioc": size | _reducing(reduce_only)}


def market_fok(*, base: Decimal, reduce_only: bool = False) -> Configuration:
    """Return a market order that fills whole or not at all."""
    return {"market_market_fok": {"base_size": number(base)} | _reducing(reduce_only)}


def limit_gtc(base: Decimal, price: Decimal, *, post_only: bool = False, reduce_only: bool = False) -> Configuration:
    """Return a limit order that rests until it is cancelled."""
    return {"limit_limit_gtc": _limit(base, price) | {"post_only": post_only} | _reducing(reduce_only)}


def limit_gtd(
    base: Decimal, price: Decimal, expire_ns: int, *, post_only: bool = False, reduce_only: bool = False
) -> Configuration:
    """Return a limit order that rests until a moment."""
    fields = _limit(base, price) | {"end_time": moment(expire_ns), "post_only": post_only}
    return {"limit_limit_gtd": fields | _reducing(reduce_only)}


def limit_ioc(base: Decimal, price: Decimal, *, reduce_only: bool = False) -> Configuration:
    """Return a limit order that fills what it can at once; the venue routes it over all its books (SOR)."""
    return {"sor_limit_ioc": _limit(base, price) | _reducing(reduce_only)}


def limit_fok(base: Decimal, price: Decimal, *, reduce_only: bool = False) -> Configuration:
    """Return a limit order that fills whole at once or not at all."""
    return {"limit_limit_fok": _limit(base, price) | _reducing(reduce_only)}


def stop_limit_gtc(
    base: Decimal, price: Decimal, stop: Decimal, direction: str, *, reduce_only: bool = False
) -> Configuration:
    """Return a limit order that wakes when the last price passes the stop in the direction."""
    return {"stop_limit_stop_limit_gtc": _stop_limit(base, price, stop, direction) | _reducing(reduce_only)}


def stop_limit_gtd(
    base: Decimal, price: Decimal, stop: Decimal, direction: str, expire_ns: int, *, reduce_only: bool = False
) -> Configuration:
    """Return the same until a moment."""
    fields = _stop_limit(base, price, stop, direction) | {"end_time": moment(expire_ns)}
    return {"stop_limit_stop_limit_gtd": fields | _reducing(reduce_only)}


def bracket_gtc(base: Decimal, take_profit: Decimal, stop: Decimal) -> Configuration:
    """Return an exit that rests at the take-profit and becomes a marketable order when the stop is passed."""
    return {"trigger_bracket_gtc": _bracket(base, take_profit, stop)}


def bracket_gtd(base: Decimal, take_profit: Decimal, stop: Decimal, expire_ns: int) -> Configuration:
    """Return the same until a moment."""
    return {"trigger_bracket_gtd": _bracket(base, take_profit, stop) | {"end_time": moment(expire_ns)}}


def attached_bracket(take_profit: Decimal, stop: Decimal) -> Configuration:
    """Return an exit that is attached to an entry, and has its size from what the entry fills."""
    return {"trigger_bracket_gtc": {"limit_price": number(take_profit), "stop_trigger_price": number(stop)}}


def twap_gtd(
    base: Decimal, price: Decimal, start_ns: int, end_ns: int, *, buckets: int, bucket_s: int
) -> Configuration:
    """Return an order that the venue itself works in equal parts between two moments, never beyond the price."""
    if buckets < 1 or end_ns <= start_ns:
        raise InvalidOrder(f"a TWAP needs at least one part and an end after its start, was {buckets} parts")
    fields = _limit(base, price) | {"start_time": moment(start_ns), "end_time": moment(end_ns)}
    return {"twap_limit_gtd": fields | {"number_buckets": str(buckets), "bucket_duration": f"{bucket_s}s"}}


def stop_direction(side: Side) -> str:
    """Return the direction of a protective stop: a sell wakes on the way down, a buy on the way up."""
    return "STOP_DIRECTION_STOP_DOWN" if side is Side.SELL else "STOP_DIRECTION_STOP_UP"


def moment(ts_ns: int) -> str:
    """Return the time as RFC 3339, to the microsecond below."""
    return f"{(EPOCH + timedelta(microseconds=ts_ns // 1_000)).isoformat().removesuffix('+00:00')}Z"


def number(value: Decimal | None) -> str:
    """Return a size or price as the venue reads it.

    Raises  InvalidOrder for what no order may hold: nothing, NaN, zero, a negative or an absurdly long number.
    """
    if value is None or not value.is_finite() or value <= 0:
        raise InvalidOrder(f"a size or price must be a positive number, was {value}")
    text = plain(value)
    if len(text) > DIGITS_MAX:
        raise InvalidOrder(f"a size or price of {len(text)} characters is more than the venue reads: {text[:20]}...")
    return text


def _limit(base: Decimal, price: Decimal) -> dict[str, Any]:
    return {"base_size": number(base), "limit_price": number(price)}


def _stop_limit(base: Decimal, price: Decimal, stop: Decimal, direction: str) -> dict[str, Any]:
    return _limit(base, price) | {"stop_price": number(stop), "stop_direction": direction}


def _bracket(base: Decimal, take_profit: Decimal, stop: Decimal) -> dict[str, Any]:
    return _limit(base, take_profit) | {"stop_trigger_price": number(stop)}


def _reducing(reduce_only: bool) -> dict[str, bool]:
    return {"reduce_only": True} if reduce_only else {}
