"""What stands behind the positions of perpetuals, and the price at which the venue would take them over (METHODS 2).

The definitions are those of the simulated venue. They read the engine's state and change nothing.
"""

from decimal import Decimal

from tradewind.engine.state import EngineState, Market
from tradewind.model.instrument import MarginMode
from tradewind.model.margin import liquidation_price
from tradewind.model.money import ZERO, add, multiply, ratio, subtract


def put_up(market: Market) -> Decimal:
    """Return the margin of an isolated position: its cost at the smallest initial rate that was ever asked here."""
    rate = max(market.posted, market.instrument.initial_rate(abs(market.held))) if market.tiered else market.posted
    return multiply(rate, market.line.position.cost)


def backing(state: EngineState, market: Market) -> Decimal | None:
    """Return what stands behind an instrument's position at the mark, its own unrealised profit included.

    Isolated, that is the margin put up. Cross, it is the cash and the profit of all perpetuals in its currency, less
    the maintenance of the others and what isolated ones have put up. None while a mark is missing.
    """
    own = unrealised(market)
    if own is None:
        return None
    if is_isolated(market):
        return add(put_up(market), own)
    total, purse = add(market.line.purse.cash, own), market.line.purse
    for other in state.markets.values():
        if other is market or not other.held or other.instrument.is_spot or other.line.purse is not purse:
            continue
        if is_isolated(other):
            total = subtract(total, put_up(other))
            continue
        gained = unrealised(other)
        if gained is None:
            return None
        total = add(total, gained)
        rate = other.instrument.maintenance_rate(abs(other.held))
        if rate is not None:
            total = subtract(total, multiply(rate, notional(other)))
    return total


def is_isolated(market: Market) -> bool:
    """Return whether the instrument's margin is kept apart from everything else."""
    return market.instrument.margin_mode is MarginMode.ISOLATED


def price_of_liquidation(state: EngineState, market: Market) -> Decimal | None:
    """Return the price at which the venue would take the position over, in quote currency; None if there is none."""
    rate, behind, own = market.instrument.maintenance_rate(abs(market.held)), backing(state, market), unrealised(market)
    if rate is None or behind is None or own is None or not market.held:
        return None
    size = multiply(market.instrument.contract_size, market.instrument.quantity_decimal(abs(market.held)))
    return liquidation_price(
        is_long=market.held > 0,
        quantity=size,
        entry_price=ratio(market.line.position.cost, size),
        margin=subtract(behind, own),
        maintenance_margin=rate,
    )


def distance(state: EngineState, market: Market) -> Decimal | None:
    """Return how far the mark is from liquidation, as a share of the mark; None if it never comes to one."""
    price = price_of_liquidation(state, market)
    if price is None or not market.mark:
        return None
    mark = market.instrument.price_decimal(market.mark)
    away = subtract(mark, price) if market.held > 0 else subtract(price, mark)
    return ratio(away, mark)


def notional(market: Market) -> Decimal:
    """Return what a position is worth at the mark, without its sign; 0 while there is no mark."""
    return multiply(market.line.unit_value, abs(market.held) * (market.mark or 0))


def unrealised(market: Market) -> Decimal | None:
    """Return the profit of closing at the mark; None while there is none."""
    if not market.held:
        return ZERO
    if market.mark is None:
        return None
    return market.line.position.unrealised(multiply(market.line.unit_value, market.mark))
