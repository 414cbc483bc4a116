"""The equity curve of a run: exact at every bar close, worked out after the run from fills and bars.

The account is booked again, in the order of the audit stream, by the ledger itself; between two bookings it is a sum of
integers, so a stretch of bars costs one multiplication each, and only while something is held. Every float is rounded
once, from the exact amount; the last amount is kept as a Decimal and must be the run's own.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import msgspec
import numpy as np
import numpy.typing as npt

from tradewind.engine.config import EngineConfig
from tradewind.model.answers import CashTransferred, FundingAccrued, FundingPaid, OrderFilled, PositionLiquidated
from tradewind.model.errors import DataError, StateError
from tradewind.model.instrument import Instrument
from tradewind.model.money import EXACT, ZERO, add, power_of_ten
from tradewind.portfolio.ledger import Ledger
from tradewind.portfolio.valuation import value_account
from tradewind.research.backtest import BacktestResult
from tradewind.research.series import BarSeries

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
DAY_NS = 86_400_000_000_000
ACCOUNT = "account"
Booking = OrderFilled | PositionLiquidated | FundingPaid | FundingAccrued | CashTransferred
BOOKINGS = (OrderFilled, PositionLiquidated, FundingPaid, FundingAccrued, CashTransferred)


class EquityCurve(msgspec.Struct, frozen=True):
    """The account at every bar close (the union over all instruments), oldest first.

    `equity` and `cash` are in the account's currency, `exposure` is gross notional over equity, `flows` are deposits
    less withdrawals since the point before. `performance` is equity as if nothing had been deposited or withdrawn, and
    `drawdown` the share it has lost since its peak. `opening` is the worth before the first bar (`opening_ns`).
    """

    opening_ns: int
    opening: Decimal
    ts_ns: IntArray
    equity: FloatArray
    cash: FloatArray
    exposure: FloatArray
    flows: FloatArray
    performance: FloatArray
    drawdown: FloatArray
    last: Decimal

    def __len__(self) -> int:
        return len(self.ts_ns)


class DailyEquity(msgspec.Struct, frozen=True):
    """One point per UTC day, `day` counted from 1970-01-01; the first point is the opening (the day before)."""

    day: IntArray
    equity: FloatArray
    performance: FloatArray
    returns: FloatArray


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """From point `start` on: what is certain (`base`), what is held (units by column), and the cash in it."""

    start: int
    base: Decimal
    held: tuple[tuple[int, int], ...]
    cash: Decimal


class Marks:
    """Closes of several instruments on one time line; before its first close an instrument counts at its first open."""

    def __init__(self, series: Sequence[BarSeries]) -> None:
        if not series:
            raise DataError("an equity curve needs the bars of the run: pass the series it ran on")
        ordered = sorted(series, key=lambda each: each.instrument.id)
        closes = {each.instrument.id: each.open_ns + each.span_ns for each in ordered}
        self.instruments = [each.instrument for each in ordered]
        self.column = {each.id: at for at, each in enumerate(self.instruments)}
        self.ts_ns = next(iter(closes.values())) if len(closes) == 1 else np.unique(np.concatenate([*closes.values()]))
        self.own_ns = closes
        self.opening_ns = min(int(each.open_ns[0]) for each in ordered)
        self.prices = [self._on_line(each, closes[each.instrument.id]) for each in ordered]
        self.opens = [int(each.open[0]) for each in ordered]

    def _on_line(self, series: BarSeries, closes: IntArray) -> IntArray:
        if len(closes) == len(self.ts_ns):
            return series.close
        rows = np.searchsorted(closes, self.ts_ns, "right") - 1
        return np.where(rows >= 0, series.close[rows], series.open[0])

    def point_of(self, booking: Booking) -> int:
        """Return the first point that knows the booking: a fill inside a bar is known at that bar's close."""
        if isinstance(booking, OrderFilled | PositionLiquidated) and booking.instrument in self.own_ns:
            own = self.own_ns[booking.instrument]
            row = int(np.searchsorted(own, booking.ts_ns, "right"))
            close_ns = int(own[min(row, len(own) - 1)])
        else:
            close_ns = booking.ts_ns
        return min(int(np.searchsorted(self.ts_ns, close_ns, "left")), len(self.ts_ns) - 1)


def equity_curve(result: BacktestResult, series: Sequence[BarSeries]) -> EquityCurve:
    """Return the account's worth at every bar close of the run.

    Raises  DataError when something held has no bars or no rate, or the run kept no records; StateError when the last
    amount is not the run's own.
    """
    if not result.audit and result.fills:
        raise DataError("the run kept no records to draw a curve from: run it with keep_audit=True")
    marks = Marks(series)
    config = result.config
    ledger = _opened(config)
    opening = _worth(ledger, config, marks, [*marks.opens])
    flows = np.zeros(len(marks.ts_ns))
    if all(each.quote == config.currency for each in config.instruments):
        equity, stretches = _simple_equity(ledger, result.audit, marks, flows)
    else:
        equity, stretches = _converted_equity(ledger, config, result.audit, marks, flows)
    last = _last(result, ledger)
    equity[-1] = float(last)
    lengths = np.diff([*(each.start for each in stretches), len(equity)])
    cash = np.repeat([float(each.cash) for each in stretches], lengths)
    performance = _performance(equity, flows, float(opening))
    with np.errstate(divide="ignore", invalid="ignore"):
        exposure = np.where(equity > 0, _gross(stretches, lengths, marks, config) / equity, np.nan)
    return EquityCurve(
        marks.opening_ns, opening, marks.ts_ns, equity, cash, exposure, flows, performance,
        _drawdown(performance, float(opening)), last,
    )  # fmt: skip


def daily(curve: EquityCurve) -> DailyEquity:
    """Return the last value of every UTC day; a day without bars keeps the value before it.

    A close at midnight belongs to the day that it ends. Returns stop at the day the account was wiped out.
    """
    days = (curve.ts_ns - 1) // DAY_NS
    first, last = int(days[0]), int(days[-1])
    line = np.arange(first, last + 1)
    rows = np.searchsorted(days, line, "right") - 1
    opening = float(curve.opening)
    equity = np.concatenate([[opening], curve.equity[rows]])
    performance = np.concatenate([[opening], curve.performance[rows]])
    broke = np.flatnonzero(performance <= 0)
    alive = performance[: broke[0] + 1] if len(broke) else performance
    returns = alive[1:] / alive[:-1] - 1
    return DailyEquity(np.concatenate([[first - 1], line]), equity, performance, returns)


# -- the account, booked again ----------------------------------------------------------------------------------------


def _opened(config: EngineConfig) -> Ledger:
    ledger = Ledger(config.instruments, {config.currency: config.cash})
    for held in config.held:
        ledger.adopt(held.instrument, held.quantity, held.average_price, ACCOUNT)
    return ledger


def _book(ledger: Ledger, booking: Booking) -> None:
    if isinstance(booking, OrderFilled):
        ledger.fill(booking, ACCOUNT)
    elif isinstance(booking, PositionLiquidated):
        ledger.liquidate(booking)
    elif isinstance(booking, FundingPaid):
        ledger.pay_funding(booking)
    elif isinstance(booking, FundingAccrued):
        ledger.accrue_funding(booking)
    else:
        ledger.transfer(booking.currency, booking.amount)


def _booked(
    ledger: Ledger, audit: Sequence[msgspec.Struct], marks: Marks, note_flow: Callable[[int, CashTransferred], None]
) -> Iterator[tuple[int, int]]:
    """Book everything in the order it happened; yield (first point, end) while the account is as it is there."""
    here = 0
    for record in audit:
        if not isinstance(record, BOOKINGS):
            continue
        point = max(here, marks.point_of(record))
        if point > here:
            yield here, point
            here = point
        _book(ledger, record)
        if isinstance(record, CashTransferred):
            note_flow(point, record)
    yield here, len(marks.ts_ns)


def _stretch(ledger: Ledger, marks: Marks, start: int) -> Stretch:
    cash = ZERO
    for purse in ledger.purses.values():
        cash = add(cash, purse.cash)
    base = cash
    held: list[tuple[int, int]] = []
    for name, line in ledger.lines.items():
        quantity = line.position.quantity
        if not quantity:
            continue
        if name not in marks.column:
            raise DataError(f"{name} is held but its bars were not given: pass the series of every instrument traded")
        held.append((marks.column[name], quantity))
        if not line.is_spot:
            cost = line.position.cost
            base = add(base, cost.copy_negate() if quantity > 0 else cost)
    return Stretch(start, base, tuple(held), cash)


# -- equity, point by point -------------------------------------------------------------------------------------------


def _simple_equity(
    ledger: Ledger, audit: Sequence[msgspec.Struct], marks: Marks, flows: FloatArray
) -> tuple[FloatArray, list[Stretch]]:
    """Return equity where every instrument is quoted in the account's currency: integers over one power of ten."""
    out = np.empty(len(marks.ts_ns))
    stretches: list[Stretch] = []
    digits = [_digits(each.unit_value) for each in marks.instruments]

    def note_flow(point: int, moved: CashTransferred) -> None:
        flows[point] += float(moved.amount)

    for start, end in _booked(ledger, audit, marks, note_flow):
        stretch = _stretch(ledger, marks, start)
        stretches.append(stretch)
        scale = max([_digits(stretch.base), *(digits[column] for column, _ in stretch.held)])
        divisor = 10**scale
        base = int(stretch.base.scaleb(scale, EXACT))
        if not stretch.held:
            out[start:end] = base / divisor
            continue
        worths = []
        for column, quantity in stretch.held:
            factor = quantity * int(marks.instruments[column].unit_value.scaleb(scale, EXACT))
            worths.append([factor * price for price in marks.prices[column][start:end].tolist()])
        # Integers divided by integers: Python rounds the quotient once, correctly.
        if len(worths) == 1:
            out[start:end] = [(base + worth) / divisor for worth in worths[0]]
        else:
            out[start:end] = [(base + sum(each)) / divisor for each in zip(*worths, strict=True)]
    return out, stretches


def _converted_equity(
    ledger: Ledger, config: EngineConfig, audit: Sequence[msgspec.Struct], marks: Marks, flows: FloatArray
) -> tuple[FloatArray, list[Stretch]]:
    """Return equity where other currencies are converted at the marks of named instruments, point by point."""
    columns = [column.tolist() for column in marks.prices]
    out = np.empty(len(marks.ts_ns))
    stretches: list[Stretch] = []

    def prices_at(point: int) -> list[int]:
        return [column[point] for column in columns]

    def note_flow(point: int, moved: CashTransferred) -> None:
        flows[point] += float(moved.amount) * _rate(moved.currency, config, marks, prices_at(point))

    for start, end in _booked(ledger, audit, marks, note_flow):
        for point in range(start, end):
            out[point] = float(_worth(ledger, config, marks, prices_at(point)))
        cash = value_account(ledger, _named(marks, prices_at(start)), config.currency, config.conversions).cash
        stretches.append(msgspec.structs.replace(_stretch(ledger, marks, start), cash=cash))
    return out, stretches


def _worth(ledger: Ledger, config: EngineConfig, marks: Marks, prices: list[int]) -> Decimal:
    valued = value_account(ledger, _named(marks, prices), config.currency, config.conversions)
    if valued.missing:
        names = ", ".join(valued.missing)
        raise DataError(f"no price or rate for {names}: pass the bars of every instrument, and name conversions")
    return valued.equity


def _named(marks: Marks, prices: list[int]) -> dict[str, int]:
    return {each.id: price for each, price in zip(marks.instruments, prices, strict=True)}


def _rate(currency: str, config: EngineConfig, marks: Marks, prices: list[int]) -> float:
    if currency == config.currency:
        return 1.0
    column = marks.column[config.conversions[currency]]
    return float(marks.instruments[column].price_decimal(prices[column]))


def _last(result: BacktestResult, ledger: Ledger) -> Decimal:
    """Return the run's last equity, checked against the account booked again and valued at the run's last marks."""
    found = {name: market.mark for name, market in result.state.markets.items() if market.mark is not None}
    valued = value_account(ledger, found, result.config.currency, result.config.conversions)
    if not valued.missing and valued.equity != result.equity:
        raise StateError(
            f"the fills lead to {valued.equity} but the run ended with {result.equity}: records and ledger disagree; "
            "keep the run and report it"
        )
    return result.equity


# -- what follows from equity -----------------------------------------------------------------------------------------


def _gross(
    stretches: Sequence[Stretch], lengths: npt.NDArray[np.int64], marks: Marks, config: EngineConfig
) -> FloatArray:
    gross = np.zeros(len(marks.ts_ns))
    for column, instrument in enumerate(marks.instruments):
        held = [next((units for at, units in each.held if at == column), 0) for each in stretches]
        if not any(held):
            continue
        units = np.repeat(np.abs(np.array(held, dtype=np.float64)), lengths)
        worth = units * float(instrument.unit_value) * marks.prices[column]
        gross += worth * _rates(instrument, config, marks)
    return gross


def _rates(instrument: Instrument, config: EngineConfig, marks: Marks) -> FloatArray | float:
    if instrument.quote == config.currency:
        return 1.0
    column = marks.column[config.conversions[instrument.quote]]
    return np.asarray(marks.prices[column] * float(power_of_ten(-marks.instruments[column].price_scale)), np.float64)


def _performance(equity: FloatArray, flows: FloatArray, opening: float) -> FloatArray:
    """Return equity with every deposit and withdrawal taken out, as a time-weighted index that starts at `opening`."""
    if not flows.any():
        return equity
    before = np.concatenate([[opening], equity[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.where(before > 0, (equity - flows) / before, 0.0)
    return np.asarray(opening * np.cumprod(growth))


def _drawdown(performance: FloatArray, opening: float) -> FloatArray:
    highest = np.maximum.accumulate(np.maximum(performance, opening))
    return np.asarray(1 - performance / highest) if opening > 0 else np.zeros(len(performance))


def _digits(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -int(exponent))
