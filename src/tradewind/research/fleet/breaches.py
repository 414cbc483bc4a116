"""Were the limits kept? A second pass over what a run recorded, by code that shares nothing with the gate.

Positions are counted again from the records, prices come from the bars. Which bars of one moment an order had already
seen is not recorded, so each price is taken in the order's favour, between the two that it may have known: what is
reported is a breach whichever it was.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.engine.recount import PROTECT, Recount
from tradewind.model.commands import EnterReduceOnly, Resume
from tradewind.model.decisions import Approved, Decided
from tradewind.model.money import ZERO, add, multiply, ratio
from tradewind.research.backtest import BacktestResult
from tradewind.research.curve import EquityCurve, FloatArray, Marks
from tradewind.research.series import BarSeries
from tradewind.risk.limits import CAPS, Limits

AUDITED = (
    "order_notional_max", "instrument_notional_max", "instrument_share_max", "exposure_share_max", "leverage_max",
    "concentration_max",
)  # fmt: skip
BREAKER = "drawdown_max"


class Breach(msgspec.Struct, frozen=True):
    """A limit that was not kept: when, which, where, the number found and the most that it may be."""

    ts_ns: int
    limit: str
    subject: str
    number: float
    most: float


class LimitAudit(msgspec.Struct, frozen=True):
    """What the second pass found. `checked` are the limits that were set, `orders` those that added risk.

    `instrument_share` and `exposure_share` are the largest shares of equity held at any close: prices may carry them
    above a limit, which holds back orders and sells nothing. `gap` is what the breaker's limit may be passed by: the
    fall over the bar in which it tripped, and until each instrument has had one more bar to be sold in.
    """

    checked: tuple[str, ...]
    orders: int
    breaches: tuple[Breach, ...]
    instrument_share: float
    exposure_share: float
    drawdown: float
    gap: float


def audit_limits(
    result: BacktestResult,
    series: Sequence[BarSeries],
    curve: EquityCurve,
    *,
    limits: Limits | None = None,
    drawdown_max: Decimal | None = None,
) -> LimitAudit:
    """Return what a second pass over the run's records finds; without `limits`, those of the run itself."""
    config = result.config
    kept = config.limits if limits is None else limits
    most = config.protections.drawdown_max if drawdown_max is None else drawdown_max
    walk = _Walk(result, Marks(series), curve, kept)
    walk.through()
    fall, gap = _fall(curve, walk, series, most)
    shares = _shares(walk.held, Marks(series), curve)
    checked = [name for name in (*AUDITED, CAPS) if getattr(kept, name) not in (None, {})]
    return LimitAudit(
        checked=(*checked, *([BREAKER] if most is not None else [])),
        orders=walk.orders,
        breaches=(*walk.breaches, *fall),
        instrument_share=shares,
        exposure_share=float(np.nanmax(curve.exposure, initial=0.0)),
        drawdown=float(np.max(curve.drawdown, initial=0.0)),
        gap=gap,
    )


class _Walk:
    """The records in their order: positions and open orders as they were when each order was approved."""

    def __init__(self, result: BacktestResult, marks: Marks, curve: EquityCurve, limits: Limits) -> None:
        config = result.config
        self.books = Recount(config.instruments, config.currency, config.cash, config.held)
        self.units = {each.id: each.unit_value for each in config.instruments}
        self.records = result.audit
        self.marks, self.curve, self.limits = marks, curve, limits
        self.orders = 0
        self.breaches: list[Breach] = []
        self.tripped_ns: int | None = None
        self.latency_ns = result.settings.entry_latency_ns + result.settings.response_latency_ns
        self.latched = False
        self.held: list[tuple[int, str, int]] = []  # (time, instrument, units from then on)

    def through(self) -> None:
        for record in self.records:
            if isinstance(record, Decided):
                self._judge(record)
            elif isinstance(record, EnterReduceOnly) and record.rule == "drawdown":
                self.latched = True
                self.tripped_ns = self.tripped_ns or record.ts_ns
            elif isinstance(record, Resume):
                self.latched = False
            before = {name: tally.quantity for name, tally in self.books.lines.items()} if _moves(record) else {}
            self.books.take(record)
            for name, quantity in before.items():
                if self.books.lines[name].quantity != quantity:
                    self.held.append((record.ts_ns, name, self.books.lines[name].quantity))  # type: ignore[attr-defined]

    def _judge(self, decided: Decided) -> None:
        order = decided.order
        if order is None or type(decided.outcome) is not Approved or decided.intent == PROTECT:
            return
        name, size = order.instrument, order.side * int(order.quantity or 0)
        held = self.books.lines[name].quantity
        if held * size < 0 and abs(size) <= abs(held):
            return
        self.orders += 1
        if self.latched:
            self.breaches.append(Breach(decided.ts_ns, BREAKER, f"{order.order_id} after the breaker", 1.0, 0.0))
        prices, equity = self._known(decided.ts_ns)
        worths = {each: self._worth(each, self._worst(each), prices[each]) for each in self.units}
        worths[name] = self._worth(name, abs(held + self._open(name, order.side) + size), prices[name])
        single = self._worth(name, abs(size), prices[name])
        for limit, number, most in self._numbers(name, single, worths, equity):
            if number > most:
                self.breaches.append(Breach(decided.ts_ns, limit, f"{name} {order.order_id}", number, most))

    def _known(self, ts_ns: int) -> tuple[Mapping[str, int], Decimal]:
        """Return the lower price of each instrument, and the higher equity, of the two that may have been known."""
        at = int(np.searchsorted(self.curve.ts_ns, ts_ns, "right")) - 1
        rows = [max(at, 0), max(at - 1, 0)]
        columns = self.marks.column
        prices = {name: min(int(self.marks.prices[columns[name]][row]) for row in rows) for name in self.units}
        known = [float(self.curve.equity[row]) for row in rows]
        if at < 1:
            known.append(float(self.curve.opening))
        return prices, Decimal(str(max(known)))

    def _open(self, name: str, side: int) -> int:
        buys, sells = self.books.open_units(name)
        return buys if side > 0 else -sells

    def _worst(self, name: str) -> int:
        held = self.books.lines[name].quantity
        buys, sells = self.books.open_units(name)
        return max(abs(held + buys), abs(held - sells))

    def _worth(self, name: str, units: int, price: int) -> Decimal:
        return multiply(self.units[name], units * price)

    def _numbers(
        self, name: str, single: Decimal, worths: Mapping[str, Decimal], equity: Decimal
    ) -> list[tuple[str, float, float]]:
        """Return (limit, number, the most it may be) for each limit that is set."""
        here = worths[name]
        gross = squares = ZERO
        for worth in worths.values():
            gross, squares = add(gross, worth), add(squares, multiply(worth, worth))
        share, total = (ratio(each, equity) if equity > 0 else Decimal(0) for each in (here, gross))
        index = ratio(squares, multiply(gross, gross)) if gross else ZERO
        found = (single, here, share, total, total, index)
        rows = [(limit, number, getattr(self.limits, limit)) for limit, number in zip(AUDITED, found, strict=True)]
        rows.append((CAPS, here, self.limits.instrument_notional_caps.get(name)))
        return [(limit, float(number), float(most)) for limit, number, most in rows if most is not None]


def _moves(record: object) -> bool:
    return type(record).__name__ in {"OrderFilled", "PositionLiquidated", "PositionAdopted"}


def _fall(
    curve: EquityCurve, walk: _Walk, series: Sequence[BarSeries], most: Decimal | None
) -> tuple[list[Breach], float]:
    """Return the breach of the breaker, if it came late or not at all, and the gap that is allowed for."""
    if most is None:
        return [], 0.0
    limit, gap, fallen = float(most), 0.0, curve.drawdown
    if walk.tripped_ns is not None:
        trip = _tripped(curve, walk.tripped_ns, limit)
        end = _sold(curve, walk, series, trip)
        before = float(fallen[trip - 1]) if trip else 0.0
        gap = max(float(fallen[trip]) - before, 0.0) + float(np.max(fallen[trip : end + 1]) - fallen[trip])
    worst = int(np.argmax(fallen))
    found = float(fallen[worst])
    if found > limit + gap + 1e-9:
        return [Breach(int(curve.ts_ns[worst]), BREAKER, "the account", found, limit + gap)], gap
    return [], gap


def _tripped(curve: EquityCurve, tripped_ns: int, limit: float) -> int:
    """Return the point of the fall that tripped the breaker: a fill at a bar's open is in the curve at its close."""
    first = min(int(np.searchsorted(curve.ts_ns, tripped_ns, "left")), len(curve) - 1)
    below = np.flatnonzero(curve.drawdown[first:] >= limit)
    return first + int(below[0]) if len(below) else first


def _sold(curve: EquityCurve, walk: _Walk, series: Sequence[BarSeries], trip: int) -> int:
    """Return the point at which each instrument that was held has had one bar to be sold in, whenever that came.

    That is the first that opens once the order has arrived, and in which something traded.
    """
    tripped_ns, end = int(curve.ts_ns[trip]), trip
    held = {name: units for ts_ns, name, units in walk.held if ts_ns < tripped_ns}
    held |= {name: 1 for ts_ns, name, _ in walk.held if ts_ns == tripped_ns}  # sold at the open that is this close
    for each in series:
        open_to_it = each.open_ns >= tripped_ns + walk.latency_ns
        if each.volume is not None:
            open_to_it = open_to_it & (each.volume > 0)
        rows = np.flatnonzero(open_to_it)
        if held.get(each.instrument.id) and len(rows):
            close_ns = int(each.open_ns[rows[0]]) + each.span_ns
            end = max(end, int(np.searchsorted(curve.ts_ns, close_ns, "left")))
    return end


def _shares(held: Sequence[tuple[int, str, int]], marks: Marks, curve: EquityCurve) -> float:
    """Return the largest share of equity that one instrument had at any close."""
    largest = 0.0
    equity: FloatArray = curve.equity
    for name, column in marks.column.items():
        units = np.zeros(len(marks.ts_ns))
        for ts_ns, _, quantity in (each for each in held if each[1] == name):
            units[int(np.searchsorted(marks.ts_ns, ts_ns, "right")) :] = abs(quantity)
        worth = units * float(marks.instruments[column].unit_value) * marks.prices[column]
        with np.errstate(divide="ignore", invalid="ignore"):
            largest = max(largest, float(np.nanmax(np.where(equity > 0, worth / equity, 0.0), initial=0.0)))
    return largest
