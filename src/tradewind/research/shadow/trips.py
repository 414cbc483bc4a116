"""The round trips of one side, with what its fills cost against the marks they were decided at."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from tradewind.engine.readmodel import ReadModel
from tradewind.engine.views import FillRow, RoundTrip
from tradewind.model.money import ZERO, add, multiply, ratio, subtract

Key = tuple[str, str]


class Trip(RoundTrip, frozen=True, kw_only=True):
    """One round trip that is over; `slippage` is what its fills cost against their reference, less than 0 if better.

    The reference of an order is the mark when it was decided; of an exit that waited, the price it waited for.
    """

    slippage: Decimal


def finished_trips(model: ReadModel) -> list[Trip]:
    """Return the round trips of a whole stream of records, in the order of their ends."""
    costs = _costs_by_end(model)
    return [
        Trip(**msgspec.structs.asdict(each), slippage=_next(costs.get((each.bot, each.instrument, each.exit_ns))))
        for each in model.trips
    ]


def _next(costs: list[Decimal] | None) -> Decimal:
    return costs.pop(0) if costs else ZERO


def _costs_by_end(model: ReadModel) -> dict[tuple[str, str, int], list[Decimal]]:
    """Return what the fills of each trip cost, by bot, instrument and end; a fill through zero counts in parts.

    Several trips may end at one moment, since all fills inside a bar have its time: their costs are in order.
    """
    references = _references(model)
    running: dict[Key, Decimal] = {}
    held: dict[Key, Decimal] = {}
    ended: dict[tuple[str, str, int], list[Decimal]] = {}
    for fill in model.fills:
        key = (fill.bot, fill.instrument)
        before, after = held.get(key, ZERO), fill.position
        held[key] = after
        cost = _cost(fill, references)
        if before and after * before <= ZERO:
            closing = ratio(multiply(cost, abs(before)), fill.quantity) if fill.quantity else ZERO
            ended.setdefault((*key, fill.ts_ns), []).append(add(running.pop(key, ZERO), closing))
            running[key] = subtract(cost, closing)
        else:
            running[key] = add(running.get(key, ZERO), cost)
    return ended


def _references(model: ReadModel) -> dict[str, Decimal]:
    references: dict[str, Decimal] = {}
    for decided in model.decisions:
        if decided.order is not None and decided.mark > 0:
            row = model.orders.get(decided.order.order_id)
            waited = None if row is None or not row.protects else row.stop or row.price
            mark = model.instruments[decided.order.instrument].price_decimal(decided.mark)
            references[decided.order.order_id] = mark if waited is None else waited
    return references


def _cost(fill: FillRow, references: Mapping[str, Decimal]) -> Decimal:
    reference = references.get(fill.order_id)
    if reference is None or not fill.price:
        return ZERO
    worse = subtract(fill.price, reference) if fill.side == "buy" else subtract(reference, fill.price)
    return ratio(multiply(worse, fill.notional), fill.price)
