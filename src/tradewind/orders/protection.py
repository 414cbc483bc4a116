"""Exits of an entry as child orders: stop-loss, take-profit, trailing stop (SPEC S8). The time stop is a timer.

The children are sent with the entry, wait for its complete fill, live from that point of the path on, and cancel each
other. Prices are computed from the decision's reference price, away from the market for stops (METHODS 6.10).
"""

from decimal import Decimal
from math import inf

from tradewind.model.instrument import Instrument, ceil_to, floor_to
from tradewind.model.intents import Exits
from tradewind.model.money import ONE, add, money, multiply, subtract
from tradewind.model.orders import OrderKind, OrderRequest, Side


def usable_exits(exits: Exits) -> Exits:
    """Return exits in plain floats and nanoseconds, whatever kind of number a strategy computed them in.

    Raises  ValueError or TypeError for a distance that is not a finite number of at least zero, or for no exits at all.
    """
    if type(exits) is not Exits:
        raise TypeError(f"exits must be Exits(...), got {exits!r}")
    stop_loss, take_profit, trailing = (
        _distance(exits.stop_loss),
        _distance(exits.take_profit),
        _distance(exits.trailing),
    )
    return Exits(stop_loss, take_profit, trailing, None if exits.time_ns is None else int(exits.time_ns))


def child_requests(
    parent: OrderRequest, quantity: int, exits: Exits, reference: int, instrument: Instrument
) -> list[OrderRequest]:
    """Return the protective orders of an entry, at most three, sharing one OCO group; [] when none is asked."""
    side = parent.side.opposite
    group = f"{parent.order_id}-exits"
    reduce_only = not instrument.is_spot
    children: list[OrderRequest] = []

    def child(
        suffix: str, kind: OrderKind, *, price: int | None = None, stop: int | None = None, trail: int | None = None
    ) -> None:
        children.append(
            OrderRequest(
                f"{parent.order_id}-{suffix}",
                parent.instrument,
                side,
                kind,
                quantity,
                price,
                stop,
                reduce_only=reduce_only,
                trail=trail,
                oco=group,
                after=parent.order_id,
            )
        )

    if exits.stop_loss is not None:
        child("sl", OrderKind.STOP_MARKET, stop=stop_price(reference, exits.stop_loss, side, instrument))
    if exits.take_profit is not None:
        child("tp", OrderKind.LIMIT, price=take_profit_price(reference, exits.take_profit, side, instrument))
    if exits.trailing is not None:
        child("ts", OrderKind.TRAILING_STOP, trail=trail_offset(reference, exits.trailing, instrument))
    return children


def stop_price(reference: int, distance: float, side: Side, instrument: Instrument) -> int:
    """Return the stop in units: below the reference for a sell, above for a buy, rounded away from the market."""
    price = multiply(Decimal(reference), _factor(distance, up=side is Side.BUY))
    return max(instrument.tick, _on_tick(price, instrument, down=side is Side.SELL))


def take_profit_price(reference: int, distance: float, side: Side, instrument: Instrument) -> int:
    """Return the limit in units: above the reference for a sell, below for a buy, rounded like a limit."""
    price = multiply(Decimal(reference), _factor(distance, up=side is Side.SELL))
    return max(instrument.tick, _on_tick(price, instrument, down=side is Side.BUY))


def trail_offset(reference: int, distance: float, instrument: Instrument) -> int:
    """Return the trailing offset in units, at least one tick."""
    offset = multiply(Decimal(reference), money(repr(float(distance))))
    return max(instrument.tick, _on_tick(offset, instrument, down=False))


def _distance(share: float | None) -> float | None:
    if share is None:
        return None
    distance = float(share)
    if not 0 <= distance < inf:
        raise ValueError(f"an exit's distance must be a share of the price, at least 0, was {share!r}")
    return distance


def _factor(distance: float, *, up: bool) -> Decimal:
    share = money(repr(float(distance)))
    return add(ONE, share) if up else subtract(ONE, share)


def _on_tick(price: Decimal, instrument: Instrument, *, down: bool) -> int:
    whole = int(price)
    if down:
        return floor_to(whole, instrument.tick)
    return ceil_to(whole if whole == price else whole + 1, instrument.tick)
