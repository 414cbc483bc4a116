"""What all other instruments could come to at the worst, for the question about an order of one (SPEC K1)."""

from decimal import Decimal

from tradewind.engine.state import EngineState, Market
from tradewind.engine.worst_cases import worst_units
from tradewind.model.money import ZERO, multiply, ratio


def others_worst(state: EngineState, market: Market) -> tuple[Decimal | None, Decimal | None]:
    """Return the worst-case gross notional of all other instruments and the sum of its squares, in this one's quote.

    None while one of them has no mark, or its currency no rate; the squares also where nobody checks them.
    """
    squared = state.squares_needed
    if not state.simple:
        return _converted(state, market, squared=squared)
    kept = None if state.worst_cases is None else state.worst_cases.others(market.id, squared=squared)
    sums = kept or _one_by_one(state, market)
    if sums is None:
        return None, None
    total, squares = sums
    unit = state.value_unit
    return multiply(unit, total) if total else ZERO, multiply(multiply(unit, unit), squares) if squared else None


def in_quote(state: EngineState, market: Market, amount: Decimal | None) -> Decimal | None:
    """Return an amount of the account's currency in the instrument's quote currency; None without a rate."""
    if state.simple or amount is None:
        return amount
    worth = state.rate(market.instrument.quote)
    return None if worth is None else ratio(amount, worth)


def _one_by_one(state: EngineState, market: Market) -> tuple[int, int] | None:
    """Return the sums in the account's integers while not every instrument has a mark; None if one needs it."""
    total = squares = 0
    for other in state.markets.values():
        if other is not market and (units := worst_units(other)):
            if other.mark is None:
                return None
            worth = units * other.mark * other.multiplier
            total += worth
            squares += worth * worth
    return total, squares


def _converted(state: EngineState, market: Market, *, squared: bool) -> tuple[Decimal | None, Decimal | None]:
    """Return the same of an account of several currencies."""
    worst: list[Decimal] = []
    for other in state.markets.values():
        if other is not market and (units := worst_units(other)):
            worth = state.rate(other.instrument.quote)
            if other.mark is None or worth is None:
                return None, None
            worst.append(multiply(multiply(other.line.unit_value, units * other.mark), worth))
    exposure = in_quote(state, market, sum(worst, ZERO))
    if not squared:
        return exposure, None
    each = [in_quote(state, market, notional) for notional in worst]
    return exposure, None if None in each else sum([multiply(one, one) for one in each if one is not None], ZERO)
