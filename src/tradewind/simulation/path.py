"""The way of the price inside a bar, and which resting order it meets next (METHODS 6.2 - 6.6)."""

from collections.abc import Iterable
from decimal import Decimal

from tradewind.model.instrument import ceil_to, floor_to
from tradewind.model.market_events import Bar
from tradewind.simulation.orders import DONE, LIMIT, STOP, WOKEN, Order


def turning_points(bar: Bar) -> tuple[int, int, int]:
    """Return where the path turns after the open: the nearer extreme, the other one, the close.

    On a tie the low comes first when the bar does not fall.
    """
    down, up = bar.open - bar.low, bar.high - bar.open
    if down < up or (down == up and bar.close >= bar.open):
        return bar.low, bar.high, bar.close
    return bar.high, bar.low, bar.close


def limit_passed(order: Order, point: Decimal | int, touch: bool) -> bool:
    """Return whether `point` is strictly beyond a resting limit (or on it, with `touch`)."""
    limit = order.limit
    if order.sign > 0:
        return point < limit or (touch and point == limit)
    return point > limit or (touch and point == limit)


def stop_reached(order: Order, point: Decimal | int) -> bool:
    """Return whether `point` is at or beyond the order's stop."""
    stop = order.stop
    if stop is None:
        return False
    return point >= stop if order.sign > 0 else point <= stop


def trail(order: Order, point: Decimal | int) -> None:
    """Move a trailing stop after the most favourable point so far, only in the order's favour, on the tick."""
    offset = order.request.trail
    if offset is None:
        return
    tick = order.holding.tick
    if order.sign > 0:
        moved = ceil_to(int(point) + offset, tick)
        order.stop = moved if order.stop is None else min(order.stop, moved)
    else:
        moved = floor_to(int(point) - offset, tick)
        order.stop = moved if order.stop is None else max(order.stop, moved)


def can_meet(order: Order, low: int, high: int, touch: bool) -> bool:
    """Return False if no path between `low` and `high` can do anything to a resting order."""
    phase = order.phase
    if phase is LIMIT:
        return limit_passed(order, low if order.sign > 0 else high, touch)
    if phase is STOP:
        if order.request.trail is not None:
            return _trail_can_meet(order, low, high, order.request.trail)
        return stop_reached(order, high if order.sign > 0 else low)
    return phase is WOKEN


def _trail_can_meet(order: Order, low: int, high: int, offset: int) -> bool:
    return high - low >= offset or stop_reached(order, high if order.sign > 0 else low)


def nearest(
    orders: Iterable[Order], current: Decimal | int, target: int, allowance: int, touch: bool, *, falling: bool
) -> tuple[Decimal | int, Order] | None:
    """Return the first point from `current` towards `target` where an order acts, and the oldest order there.

    `falling` is the way of the whole stretch: at its very end, where `current` is `target`, others may still act.
    """
    best: tuple[Decimal | int, Order] | None = None
    for order in orders:
        point = _point_of(order, current, target, falling, allowance, touch)
        if point is None:
            continue
        if best is None or (point > best[0] if falling else point < best[0]):
            best = point, order
    return best


def _point_of(
    order: Order, current: Decimal | int, target: int, falling: bool, allowance: int, touch: bool
) -> Decimal | int | None:
    """Return where on the way an order acts: a limit when passed, a stop when reached, a woken order at once."""
    phase = order.phase
    if phase is WOKEN:
        return current
    if phase is DONE:
        return None
    if phase is LIMIT and allowance and (order.sign > 0) is falling and limit_passed(order, target, touch):
        price: int | None = order.limit
    elif phase is STOP and (order.sign < 0) is falling and stop_reached(order, target):
        price = order.stop
    else:
        return None
    if price is None:
        return None
    return min(price, current) if falling else max(price, current)
