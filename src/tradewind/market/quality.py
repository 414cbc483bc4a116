"""The quality of bars: which rows are bad and why, what is missing, and three scores.

A fault makes a row unusable (METHODS 0). An outlier does not: a price that doubles or halves may be a crash, so it is
counted and shown, never dropped. A missing bar is missing data unless the venue sends none when nothing traded.
"""

from enum import Enum

import msgspec
import numpy as np

from tradewind.market.aggregate import Ints, grid_origin

NO_TIME = -(2**63)
OUTLIER_RATIO = 2.0

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
Codes = np.ndarray[tuple[int], np.dtype[np.uint8]]


class Fault(Enum):
    """Why a row is bad; a row with several faults has the first of them."""

    UNREADABLE_TIME = "unreadable time"
    NON_FINITE = "non-finite value"
    NON_POSITIVE_PRICE = "non-positive price"
    NEGATIVE_VOLUME = "negative volume"
    OHLC = "high or low does not hold open and close"
    OFF_GRID = "off the interval grid"
    OUT_OF_ORDER = "out of order"
    DUPLICATE = "duplicate time"
    UNKNOWN_WORD = "unknown side or event"


FAULTS = tuple(Fault)
CODE = {fault: code for code, fault in enumerate(FAULTS, start=1)}


class BarQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Counts over the rows read; `faults` by reason, the rest over the good rows."""

    rows: int = 0
    faults: dict[str, int] = {}
    missing: int = 0
    gap_runs: int = 0
    largest_gap: int = 0
    zero_volume: int = 0
    outliers: int = 0

    @property
    def bad(self) -> int:
        return sum(self.faults.values())

    @property
    def good(self) -> int:
        return self.rows - self.bad

    def plus(self, other: "BarQuality") -> "BarQuality":
        """Return the counts of both."""
        faults = dict(self.faults)
        for reason, count in other.faults.items():
            faults[reason] = faults.get(reason, 0) + count
        return BarQuality(
            rows=self.rows + other.rows,
            faults=faults,
            missing=self.missing + other.missing,
            gap_runs=self.gap_runs + other.gap_runs,
            largest_gap=max(self.largest_gap, other.largest_gap),
            zero_volume=self.zero_volume + other.zero_volume,
            outliers=self.outliers + other.outliers,
        )


class QualityScore(msgspec.Struct, frozen=True):
    """Three shares between 0 and 1; `timeliness` is None when no time to judge by was given."""

    completeness: float
    validity: float
    timeliness: float | None

    @property
    def overall(self) -> float:
        """The worst of what is known."""
        return min(self.completeness, self.validity, 1.0 if self.timeliness is None else self.timeliness)


# -- rows -------------------------------------------------------------------------------------------------------------


def bar_faults(
    open_ns: Ints, prices: tuple[Floats, Floats, Floats, Floats], volume: Floats, span_ns: int, last_ns: int = NO_TIME
) -> Codes:
    """The fault of each row as its code, 0 for a good row; `last_ns` is the last good row of the rows before.

    Shape   (T,) each -> (T,), uint8; codes are `CODE`, prices in the order open, high, low, close.
    NaN     A NaN or infinite value is the fault NON_FINITE; a time that could not be read is NO_TIME.
    Source  METHODS 0.
    """
    opening, high, low, closing = prices
    finite = np.isfinite(opening) & np.isfinite(high) & np.isfinite(low) & np.isfinite(closing) & np.isfinite(volume)
    with np.errstate(invalid="ignore"):
        positive = (opening > 0) & (high > 0) & (low > 0) & (closing > 0)
        holds = (high >= np.maximum(opening, closing)) & (low <= np.minimum(opening, closing))
        codes = first_fault(
            (Fault.UNREADABLE_TIME, open_ns == NO_TIME),
            (Fault.NON_FINITE, ~finite),
            (Fault.NON_POSITIVE_PRICE, ~positive),
            (Fault.NEGATIVE_VOLUME, volume < 0),
            (Fault.OHLC, ~holds),
            (Fault.OFF_GRID, (open_ns - grid_origin(span_ns)) % span_ns != 0),
        )
    return with_order_faults(codes, open_ns, last_ns, unique=True)


def first_fault(*checks: tuple[Fault, Mask]) -> Codes:
    """Return the code of the first check that is true, per row."""
    codes = np.zeros(len(checks[0][1]), np.uint8)
    for fault, failed in checks:
        codes[failed & (codes == 0)] = CODE[fault]
    return codes


def with_order_faults(codes: Codes, ts_ns: Ints, last_ns: int, *, unique: bool) -> Codes:
    """Return the codes with good rows marked that lie before, or where `unique` at, a good row ahead of them."""
    times = np.where(codes == 0, ts_ns, NO_TIME)
    ahead = np.maximum.accumulate(np.r_[np.int64(last_ns), times[:-1]]) if len(times) else times
    codes = codes.copy()
    codes[(codes == 0) & (ts_ns < ahead)] = CODE[Fault.OUT_OF_ORDER]
    if unique:
        codes[(codes == 0) & (ts_ns == ahead)] = CODE[Fault.DUPLICATE]
    return codes


def fault_counts(codes: Codes) -> dict[str, int]:
    """Return how often each fault occurs, by its words, in the order of `Fault`."""
    counts = np.bincount(codes, minlength=len(FAULTS) + 1)[1:].tolist()
    return {fault.value: count for fault, count in zip(FAULTS, counts, strict=True) if count}


def missing_bars(open_ns: Ints, span_ns: int, last_ns: int = NO_TIME) -> tuple[Ints, Ints]:
    """Return the rows before which bars are absent, and how many, of sorted unique open times on the grid."""
    if len(open_ns) == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    before = np.r_[open_ns[0] - span_ns if last_ns == NO_TIME else np.int64(last_ns), open_ns[:-1]]
    absent = (open_ns - before) // span_ns - 1
    rows = np.flatnonzero(absent > 0)
    return rows, absent[rows]


def outliers(prices: tuple[Floats, Floats, Floats, Floats], last_close: float = np.nan) -> Mask:
    """Return the rows where price doubles or halves: from the last close, from open to close, or in a wick.

    Shape   (T,) each, any unit -> (T,), bool. Rows must be free of faults.
    Timing  Output `t` uses bars up to and including `t`.
    NaN     A `last_close` of NaN judges nothing against the bar before the first.
    """
    opening, high, low, closing = (column.astype(np.float64) for column in prices)
    if len(opening) == 0:
        return np.zeros(0, np.bool_)
    before = np.r_[last_close, closing[:-1]]
    with np.errstate(invalid="ignore"):
        jump = _far(before, opening) | _far(opening, closing)
        wick = (high > OUTLIER_RATIO * np.maximum(opening, closing)) | (
            low * OUTLIER_RATIO < np.minimum(opening, closing)
        )
    marked: Mask = jump | wick
    return marked


def _far(one: Floats, other: Floats) -> Mask:
    far: Mask = (other > OUTLIER_RATIO * one) | (other * OUTLIER_RATIO < one)
    return far


# -- all of them ------------------------------------------------------------------------------------------------------


def bar_quality(
    open_ns: Ints,
    prices: tuple[Floats, Floats, Floats, Floats],
    volume: Floats,
    span_ns: int,
    last_ns: int = NO_TIME,
    last_close: float = np.nan,
) -> tuple[BarQuality, Codes]:
    """Return the counts of a piece of bars and the fault of each row; the last arguments tell what came before."""
    codes = bar_faults(open_ns, prices, volume, span_ns, last_ns)
    good = codes == 0
    _, absent = missing_bars(open_ns[good], span_ns, last_ns)
    opening, high, low, closing = (column[good] for column in prices)
    counts = BarQuality(
        rows=len(open_ns),
        faults=fault_counts(codes),
        missing=int(absent.sum()),
        gap_runs=len(absent),
        largest_gap=int(absent.max(initial=0)),
        zero_volume=int((volume[good] == 0).sum()),
        outliers=int(outliers((opening, high, low, closing), last_close).sum()),
    )
    return counts, codes


def score(
    quality: BarQuality, *, no_trade: bool, age_ns: int | None = None, age_ns_max: int | None = None
) -> QualityScore:
    """Return completeness, validity and timeliness.

    Completeness is the share of expected bars present; where a venue sends no bar without a trade (`no_trade`), an
    absent bar is not expected. Validity is the share of rows without a fault. Timeliness falls linearly from 1 at age
    zero to 0 at `age_ns_max`.
    """
    expected = quality.good + (0 if no_trade else quality.missing)
    timeliness = None
    if age_ns is not None and age_ns_max:
        timeliness = min(1.0, max(0.0, 1.0 - age_ns / age_ns_max))
    return QualityScore(
        quality.good / expected if expected else 0.0, quality.good / quality.rows if quality.rows else 0.0, timeliness
    )
