"""Realised gains lot by lot, as tax forms want them: FIFO, LIFO or HIFO, exact, with rows for CSV (SPEC P5).

Separate from the ledger's average cost: the same fills, matched another way. The fee of an opening belongs to its lot's
cost, the fee of a closing reduces what it brought. Quantities are matched in units; a lot that is closed in parts gives
its cost in proportion, rounded half-even to 1e-18, and the last part takes what is left, so nothing is lost.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum

import msgspec

from tradewind.model.answers import OrderFilled
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, add, multiply, plain, portion, subtract

SECOND_NS = 1_000_000_000
HEADER = ("instrument", "direction", "quantity", "opened", "closed", "cost", "proceeds", "gain", "currency", "method")


class LotMethod(Enum):
    """Which lot closes first: the oldest, the newest, or the one that leaves the smallest gain (ties: the oldest)."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"


class Lot:
    """What is left of an opening: units, and their money with the fee in it (what a long paid, what a short got)."""

    __slots__ = ("direction", "number", "opened_ns", "units", "value")

    def __init__(self, number: int, direction: int, opened_ns: int, units: int, value: Decimal) -> None:
        self.number = number
        self.direction = direction
        self.opened_ns = opened_ns
        self.units = units
        self.value = value

    def take(self, units: int) -> Decimal:
        """Take units out; return the money that belongs to them."""
        value = portion(self.value, units, self.units)
        self.units -= units
        self.value = subtract(self.value, value)
        return value


class LotGain(msgspec.Struct, frozen=True):
    """One lot, or a part of it, opened and closed: what it cost, what it brought, fees on both sides included."""

    instrument: str
    direction: str
    quantity: Decimal
    opened_ns: int
    closed_ns: int
    cost: Decimal
    proceeds: Decimal
    gain: Decimal


class LotReport(msgspec.Struct, frozen=True):
    """All gains in the order of their closing, and the lots that are still open, by instrument and age."""

    method: LotMethod
    gains: tuple[LotGain, ...]
    open_lots: tuple[LotGain, ...]

    @property
    def gained(self) -> Decimal:
        """The sum of all gains."""
        total = ZERO
        for each in self.gains:
            total = add(total, each.gain)
        return total


def match_lots(fills: Iterable[OrderFilled], instruments: Mapping[str, Instrument], method: LotMethod) -> LotReport:
    """Return the gains of these fills (oldest first), and what is left open; a fill through zero closes, then opens."""
    lots: dict[str, list[Lot]] = {}
    gains: list[LotGain] = []
    for number, fill in enumerate(fills):
        _match(fill, number, lots.setdefault(fill.instrument, []), instruments[fill.instrument], method, gains)
    left = [
        _open_row(lot, instruments[name])
        for name, own in sorted(lots.items())
        for lot in sorted(own, key=lambda lot: lot.number)
    ]
    return LotReport(method, tuple(gains), tuple(left))


def csv_rows(report: LotReport, instruments: Mapping[str, Instrument]) -> list[tuple[str, ...]]:
    """Return a header and one row of text per gain: exact amounts, times in ISO 8601 UTC."""
    rows: list[tuple[str, ...]] = [HEADER]
    for each in report.gains:
        amounts = (plain(each.cost), plain(each.proceeds), plain(each.gain))
        times = (iso_time(each.opened_ns), iso_time(each.closed_ns))
        currency = instruments[each.instrument].quote
        rows.append(
            (each.instrument, each.direction, plain(each.quantity), *times, *amounts, currency, report.method.value)
        )
    return rows


def iso_time(ts_ns: int) -> str:
    """Return a time as ISO 8601 in UTC, with as many decimals of a second as it needs."""
    seconds, rest = divmod(ts_ns, SECOND_NS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}".rstrip("0") + "Z" if rest else f"{text}Z"


def _match(
    fill: OrderFilled, number: int, lots: list[Lot], instrument: Instrument, method: LotMethod, gains: list[LotGain]
) -> None:
    unit_price = multiply(instrument.unit_value, fill.price)
    left, fee = fill.quantity, fill.fee
    while left and lots and lots[0].direction != fill.side:
        lot = _next_lot(lots, method)
        units = min(left, lot.units)
        own_fee = portion(fee, units, left)
        left, fee = left - units, subtract(fee, own_fee)
        gains.append(_close(lot, units, multiply(unit_price, units), own_fee, fill.ts_ns, instrument))
        if not lot.units:
            lots.remove(lot)
    if left:
        value = add(multiply(unit_price, left), multiply(fee, fill.side))
        lots.append(Lot(number, int(fill.side), fill.ts_ns, left, value))


def _next_lot(lots: list[Lot], method: LotMethod) -> Lot:
    if method is LotMethod.FIFO:
        return lots[0]
    if method is LotMethod.LIFO:
        return lots[-1]
    best = lots[0]
    for lot in lots[1:]:
        # Money per unit, multiplied out so that nothing is divided: a long closes its dearest, a short its cheapest.
        dearer = subtract(multiply(lot.value, best.units), multiply(best.value, lot.units))
        if dearer * best.direction > ZERO:
            best = lot
    return best


def _close(lot: Lot, units: int, notional: Decimal, fee: Decimal, ts_ns: int, instrument: Instrument) -> LotGain:
    opened = lot.take(units)
    closed = subtract(notional, multiply(fee, lot.direction))
    cost, proceeds = (opened, closed) if lot.direction > 0 else (closed, opened)
    quantity = instrument.quantity_decimal(units)
    gain = subtract(proceeds, cost)
    return LotGain(instrument.id, _direction(lot), quantity, lot.opened_ns, ts_ns, cost, proceeds, gain)


def _open_row(lot: Lot, instrument: Instrument) -> LotGain:
    quantity = instrument.quantity_decimal(lot.units)
    cost, proceeds = (lot.value, ZERO) if lot.direction > 0 else (ZERO, lot.value)
    return LotGain(instrument.id, _direction(lot), quantity, lot.opened_ns, lot.opened_ns, cost, proceeds, ZERO)


def _direction(lot: Lot) -> str:
    return "long" if lot.direction > 0 else "short"
