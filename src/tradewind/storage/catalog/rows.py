"""The rows of a source's batch: read, judged, and turned into scaled integers."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tradewind.market.aggregate import Ints
from tradewind.market.quality import (
    NO_TIME,
    BarQuality,
    Codes,
    Fault,
    Floats,
    bar_quality,
    fault_counts,
    first_fault,
    with_order_faults,
)
from tradewind.model.errors import DataError
from tradewind.storage.catalog.columns import SCHEMAS, Column, Role
from tradewind.storage.catalog.scaling import DECIMALS_MAX, SAFE_TEXT, Scaled, declared, exact, floats_of, rescaled
from tradewind.storage.catalog.series import Kind
from tradewind.storage.catalog.times import to_ns

if TYPE_CHECKING:
    import polars as pl

VOLUME_SCALE = 8
PRICE_DIGITS = 15  # that every double holds: what follows them is noise of arithmetic, no price that anyone stated
FLOAT_ROLES = {Role.PRICE, Role.QUANTITY, Role.VOLUME, Role.RATE}
WORDS = {
    Role.SIDE: {"bid": 1, "buy": 1, "b": 1, "1": 1, "ask": -1, "sell": -1, "s": -1, "a": -1, "-1": -1},
    Role.EVENT: {"snapshot": 0, "update": 1, "0": 0, "1": 1},
}
UNKNOWN = -9

Piece = dict[str, Scaled]


class RowReader:
    """Reads batches of one source by the columns it was matched to."""

    def __init__(self, kind: str, matched: dict[str, str], units: dict[str, str]) -> None:
        self.kind = kind
        self.columns = tuple(column for column in SCHEMAS[kind] if column.name in matched)
        self.absent = tuple(column for column in SCHEMAS[kind] if column.name not in matched)
        self.rounded = 0
        self._matched = matched
        self._units = units

    def values(self, frame: "pl.DataFrame") -> dict[str, Ints | Floats]:
        """Return each column as it is judged: times and numbers as int64, prices and sizes as float64."""
        return {column.name: self._judged(column, frame[self._matched[column.name]]) for column in self.columns}

    def piece(self, frame: "pl.DataFrame", values: dict[str, Ints | Floats], good: Codes) -> Piece:
        """Return the good rows as scaled integers; prices and sizes are taken from the source, not from a float."""
        keep = good == 0
        everything = bool(keep.all())
        stated = frame if everything else frame.filter(_mask(keep))
        prices = [column for column in self.columns if column.role is Role.PRICE]
        piece: Piece = self._prices({column.name: stated[self._matched[column.name]] for column in prices})
        for column in self.columns:
            judged = values[column.name] if everything else values[column.name][keep]
            if column.role is Role.PRICE:
                continue
            if column.role is Role.VOLUME:
                piece[column.name] = self._declared(judged.astype(np.float64), VOLUME_SCALE)
            elif column.role in FLOAT_ROLES:
                piece[column.name] = self._exact(column, stated[self._matched[column.name]])
            else:
                piece[column.name] = Scaled(judged.astype(np.int64), 0)
        rows = int(keep.sum())
        for column in self.absent:
            piece[column.name] = Scaled(np.full(rows, 1 if column.role is Role.EVENT else 0, np.int64), 0)
        return piece

    def _prices(self, columns: "dict[str, pl.Series]") -> Piece:
        """Return the prices exactly; doubles that 64 bits cannot hold so, with the digits that a double is good for."""
        try:
            found = {name: exact(series) for name, series in columns.items()}
            scale = max((each.scale for each in found.values()), default=0)
            for each in found.values():
                rescaled(each, scale)  # they are kept at one scale
            return found
        except DataError:
            if not all(_is_computed(series) for series in columns.values()):
                raise
            floats = {name: floats_of(series) for name, series in columns.items()}
            largest = max(float(each.max()) for each in floats.values())
            scale = min(PRICE_DIGITS - 1 - math.floor(math.log10(largest)), DECIMALS_MAX)
            if scale < 0 or min(float(each.min()) for each in floats.values()) * 10.0**scale < 1:
                raise
            return {name: self._declared(each, scale) for name, each in floats.items()}

    def _exact(self, column: Column, series: "pl.Series") -> Scaled:
        try:
            return exact(series)
        except DataError:
            # A size such as 0.00011999999999999999 is the noise of somebody's float sum.
            if column.role is not Role.QUANTITY:
                raise
            return self._declared(floats_of(series), VOLUME_SCALE)

    def _declared(self, values: Floats, scale: int) -> Scaled:
        column, lost = declared(values, scale)
        self.rounded += lost
        return column

    def _judged(self, column: Column, series: "pl.Series") -> Ints | Floats:
        if column.role is Role.TIME:
            return to_ns(series, self._units[column.name])
        if column.role in FLOAT_ROLES:
            return floats_of(series)
        if column.role is Role.NUMBER:
            return _whole(series)
        return _words(series, WORDS[column.role])


class Judge:
    """Judges the rows of a source batch by batch, with what came before."""

    def __init__(self, kind: str, span_ns: int, last_ns: int = NO_TIME) -> None:
        self.kind = kind
        self.span_ns = span_ns
        self.quality = BarQuality()
        self._last_ns = last_ns
        self._last_close = np.nan

    def faults(self, values: dict[str, Ints | Floats]) -> Codes:
        """Return the fault of each row, and count it."""
        counts, codes = self._bars(values) if self.kind == Kind.BARS.value else self._events(values)
        self.quality = self.quality.plus(counts)
        good = np.flatnonzero(codes == 0)
        if len(good):
            self._last_ns = int(self._times(values)[good[-1]])
            if "close" in values:
                self._last_close = float(values["close"][good[-1]])
        return codes

    def _times(self, values: dict[str, Ints | Floats]) -> Ints:
        return values[SCHEMAS[self.kind][0].name].astype(np.int64, copy=False)

    def _bars(self, values: dict[str, Ints | Floats]) -> tuple[BarQuality, Codes]:
        floats = {name: column.astype(np.float64, copy=False) for name, column in values.items()}
        prices = (floats["open"], floats["high"], floats["low"], floats["close"])
        times = self._times(values)
        return bar_quality(times, prices, floats["volume"], self.span_ns, self._last_ns, self._last_close)

    def _events(self, values: dict[str, Ints | Floats]) -> tuple[BarQuality, Codes]:
        times = self._times(values)
        never = np.zeros(len(times), np.bool_)
        finite, positive, sizes, words = ~never, ~never, never, never
        for column in SCHEMAS[self.kind]:
            if column.name not in values:
                continue
            data = values[column.name]
            if column.role in FLOAT_ROLES:
                finite = finite & np.isfinite(data)
            with np.errstate(invalid="ignore"):
                if column.role is Role.PRICE:
                    positive = positive & (data > 0)
                elif column.role is Role.QUANTITY:
                    sizes = sizes | (data < 0)
            if column.role in WORDS:
                words = words | (data == UNKNOWN)
        codes = first_fault(
            (Fault.UNREADABLE_TIME, times == NO_TIME),
            (Fault.NON_FINITE, ~finite),
            (Fault.NON_POSITIVE_PRICE, ~positive),
            (Fault.NEGATIVE_VOLUME, sizes),
            (Fault.UNKNOWN_WORD, words),
        )
        codes = with_order_faults(codes, times, self._last_ns, unique=self.kind == Kind.FUNDING.value)
        return BarQuality(rows=len(codes), faults=fault_counts(codes)), codes


class BadRows(msgspec.Struct):
    """The first bad rows as sentences; every one goes to `each` as (row, time, fault, values)."""

    each: Callable[[list[str]], object]
    examples: list[str] = []
    rows_before: int = 0

    def add(
        self, frame: "pl.DataFrame", times: Ints, codes: Codes, names: list[str], faults: tuple[Fault, ...]
    ) -> None:
        """Take the bad rows of a batch; row numbers start at 1 with the first row of data."""
        for index in np.flatnonzero(codes).tolist():
            row, fault = self.rows_before + index + 1, faults[codes[index] - 1].value
            moment = iso(int(times[index]))
            if len(self.examples) < EXAMPLES:
                self.examples.append(f"row {row} at {moment}: {fault}")
            self.each([str(row), moment, fault, *(str(frame[name][index]) for name in names)])
        self.rows_before += len(codes)


EXAMPLES = 5


def iso(ts_ns: int) -> str:
    """Return the time as ISO-8601 UTC without idle zeros, `no time` where it could not be read."""
    if ts_ns == NO_TIME:
        return "no time"
    text = str(np.datetime64(ts_ns, "ns"))
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def _is_computed(series: "pl.Series") -> bool:
    """Return whether the numbers are doubles, or texts of which each long one is the shortest text of a double.

    Such a text is what programs write for a double; a decimal that a person or a venue stated hardly is one.
    """
    import polars as pl

    if series.dtype != pl.String:
        return series.dtype.is_float()
    texts = (text.strip() for text in series.to_list())
    return all(Decimal(text) == Decimal(repr(float(text))) for text in texts if len(text) > SAFE_TEXT)


def _mask(keep: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> "pl.Series":
    import polars as pl

    return pl.Series(keep)


def _whole(series: "pl.Series") -> Ints:
    import polars as pl

    numbers: Ints = series.cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    return numbers


def _words(series: "pl.Series", words: dict[str, int]) -> Ints:
    import polars as pl

    text = series.cast(pl.String).str.strip_chars().str.to_lowercase()
    numbers: Ints = text.replace_strict(words, default=UNKNOWN, return_dtype=pl.Int64).fill_null(UNKNOWN).to_numpy()
    return numbers
