"""How a futures position is shown: margins, profit, and the price at which it would be liquidated."""

from decimal import Decimal

from tradewind.exchange.core.accounts import Seat
from tradewind.exchange.core.amounts import decimal_of
from tradewind.exchange.core.futures import RATE, PositionView, margin, unrealised
from tradewind.exchange.core.matching import Market
from tradewind.exchange.core.state import State
from tradewind.model.money import ZERO, ratio


def position_view(state: State, market: Market, seat: Seat) -> PositionView:
    """Return a position as its owner sees it; one without a price is shown at its entry."""
    scales, held = market.scales, abs(seat.position)
    price = market.mark_price()
    value = seat.cost if price is None else held * price * market.value_unit
    size = Decimal(held * market.value_unit)
    average = ratio(Decimal(seat.cost).scaleb(-scales.price_digits), size).normalize() + ZERO if held else ZERO
    mark = average if price is None else decimal_of(price, scales.price_digits)
    return PositionView(
        market.product.id,
        decimal_of(seat.position, scales.quantity_digits),
        average,
        mark,
        decimal_of(value),
        decimal_of(unrealised(seat, value)),
        decimal_of(seat.realised),
        decimal_of(seat.funding),
        decimal_of(value * market.initial_rate // RATE),
        decimal_of(value * market.maintenance_rate // RATE),
        _liquidation_price(state, market, seat, value) if held and price is not None else None,
    )


def _liquidation_price(state: State, market: Market, seat: Seat, value: int) -> Decimal | None:
    """Return the mark at which the account's equity meets its maintenance, other positions as they are now.

    surplus = equity - maintenance moves with the value v of this position by (side - maintenance rate) x dv.
    """
    currency = seat.quote.currency
    _, maintenance, profit = margin(seat.account, currency, state.markets)
    surplus = seat.quote.total + profit - maintenance
    sign = 1 if seat.position > 0 else -1
    slope = sign * RATE - market.maintenance_rate
    if slope == 0:
        return None
    scaled = value * RATE * sign - surplus * RATE * RATE * sign // slope  # of |value| at the price, times RATE
    price = ratio(Decimal(scaled * sign), Decimal(abs(seat.position) * market.value_unit * RATE))
    price = price.scaleb(-market.scales.price_digits)
    return price.normalize() + ZERO if price > 0 else None
