"""Candles from before the exchange opened, joined to those of its own tape."""

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.views import CandleView
from tradewind.model.money import EXACT

GRANULARITIES = {
    "ONE_MINUTE": 60,
    "FIVE_MINUTE": 300,
    "FIFTEEN_MINUTE": 900,
    "THIRTY_MINUTE": 1_800,
    "ONE_HOUR": 3_600,
    "TWO_HOUR": 7_200,
    "FOUR_HOUR": 14_400,
    "SIX_HOUR": 21_600,
    "ONE_DAY": 86_400,
}
CANDLES_AT_ONCE = 350
DAY_S = 86_400


class Stretch(msgspec.Struct, frozen=True):
    """Bars of one length, oldest first: starts in seconds; open, high, low, close, volume in integers."""

    span_s: int
    starts: Sequence[int]
    rows: Sequence[tuple[int, int, int, int, int]]


class PastCandles(msgspec.Struct, frozen=True):
    """A product's past, oldest stretch first; integers are of 10**-digits."""

    stretches: Sequence[Stretch] = ()
    price_digits: int = 0
    quantity_digits: int = 0

    def last_close(self) -> Decimal | None:
        """Return the price at which the past ends, None without one."""
        return _decimal(self.stretches[-1].rows[-1][3], self.price_digits) if self.stretches else None

    def range(self) -> tuple[Decimal, Decimal] | None:
        """Return the lowest and the highest price of all, None without a past."""
        if not self.stretches:
            return None
        low = min(row[2] for stretch in self.stretches for row in stretch.rows)
        high = max(row[1] for stretch in self.stretches for row in stretch.rows)
        return _decimal(low, self.price_digits), _decimal(high, self.price_digits)

    def candles(self, span_s: int, start_s: int, end_s: int) -> dict[int, list[int]]:
        """Return start -> [open, high, low, close, volume] of the spans that start in [start_s, end_s).

        Where the past is known by longer bars only, there are no shorter candles.
        """
        found: dict[int, list[int]] = {}
        for stretch in self.stretches:
            if stretch.span_s > span_s:
                continue
            first, last = (bisect_left(stretch.starts, at) for at in (start_s, end_s + span_s))
            for at, row in zip(stretch.starts[first:last], stretch.rows[first:last], strict=True):
                _take_in(found, at - at % span_s, row, start_s, end_s)
        return found


NO_PAST = PastCandles()


def _take_in(
    found: dict[int, list[int]], at: int, row: tuple[int, int, int, int, int], start_s: int, end_s: int
) -> None:
    if not start_s <= at < end_s:
        return
    if (candle := found.get(at)) is None:
        found[at] = list(row)
        return
    candle[1] = max(candle[1], row[1])
    candle[2] = min(candle[2], row[2])
    candle[3] = row[3]
    candle[4] += row[4]


def candles(
    exchange: Exchange, past: PastCandles, product_id: str, span_s: int, start_s: int, end_s: int
) -> list[CandleView]:
    """Return candles newest first: the past's, the tape's, and in the one span that has both, both together."""
    own = {candle.start_s: candle for candle in exchange.candles(product_id, span_s, start_s, end_s)}
    for at, values in past.candles(span_s, start_s, end_s).items():
        opened, high, low, close = (_decimal(value, past.price_digits) for value in values[:4])
        volume = _decimal(values[4], past.quantity_digits)
        if (later := own.get(at)) is None:
            own[at] = CandleView(at, opened, high, low, close, volume)
        else:
            high, low = max(high, later.high), min(low, later.low)
            own[at] = CandleView(at, opened, high, low, later.close, volume + later.volume)
    return [own[at] for at in sorted(own, reverse=True)]


def _decimal(value: int, digits: int) -> Decimal:
    return EXACT.scaleb(Decimal(value), -digits)
