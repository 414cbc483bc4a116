"""What a venue checks when an order activates or arrives: minimum, then funds or margin.

The caller has clipped a reduce-only order and knows what the order would cost: `counted` quantity units with a
notional of `notional` (what fills at once, and what will rest at its price).
"""

from decimal import Decimal

from tradewind.model.money import EXACT, ONE, ZERO, add, multiply, multiply_add, subtract
from tradewind.simulation.orders import Order
from tradewind.simulation.wallet import Holding, Wallet

MIN_NOTIONAL = "MIN_NOTIONAL"
MIN_QUANTITY = "MIN_QUANTITY"
INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
INSUFFICIENT_MARGIN = "INSUFFICIENT_MARGIN"
REDUCE_ONLY_NO_POSITION = "REDUCE_ONLY_NO_POSITION"


def reducible(order: Order) -> int:
    """Return how much of the position the order could close: 0 without an opposite position."""
    held = order.holding.position.quantity
    return abs(held) if held * order.sign < 0 else 0


def free_cash(wallet: Wallet, order: Order) -> Decimal:
    """Return the cash that other orders do not hold."""
    if not wallet.held.total:
        return wallet.cash
    return subtract(wallet.cash, wallet.held.by_others(order.request.oco, order.held))


def affordable_quantity(wallet: Wallet, order: Order, price: int) -> int:
    """Return the largest quantity, on the lot, that free cash pays for at `price`, the taker fee included."""
    cash = free_cash(wallet, order)
    if cash <= 0:
        return 0
    holding = order.holding
    per_unit = multiply(multiply(holding.unit_value, price), add(ONE, order.tier.taker))
    units = int(EXACT.divide_int(cash, per_unit))
    return units - units % holding.lot


def quantity_for_quote(holding: Holding, quote: Decimal, price: int) -> int:
    """Return the largest quantity, on the lot, whose notional at `price` is at most `quote`."""
    units = int(EXACT.divide_int(quote, multiply(holding.unit_value, price)))
    return units - units % holding.lot


def refusal(wallet: Wallet, order: Order, counted: int, notional: Decimal) -> str | None:
    """Return why the order is not accepted, or None."""
    holding, quantity = order.holding, order.quantity
    if quantity < holding.min_quantity or quantity <= 0:
        return _too_small(order)
    # The average of what is counted stands for the whole order; multiplied out, so that nothing is divided.
    if holding.min_notional and multiply(notional, quantity) < multiply(holding.min_notional, counted):
        return MIN_NOTIONAL
    if not holding.is_spot:
        return None if _margin_suffices(wallet, order, counted, notional) else INSUFFICIENT_MARGIN
    if order.sign < 0:
        return _base_refusal(holding, order)
    cost = multiply_add(notional, order.tier.taker, notional)
    return None if cost <= free_cash(wallet, order) else INSUFFICIENT_FUNDS


def refusal_at(wallet: Wallet, order: Order, price: int) -> str | None:
    """Return why the order is not accepted whole at one price, or None."""
    holding, quantity = order.holding, order.quantity
    if not holding.plain or quantity <= 0 or quantity < holding.min_quantity:
        return refusal(wallet, order, quantity, multiply(holding.unit_value, price * quantity))
    if order.sign < 0:
        if holding.base_held.total:
            return _base_refusal(holding, order)
        return None if quantity <= holding.position.quantity else INSUFFICIENT_FUNDS
    notional = multiply(holding.unit_value, price * quantity)
    free = free_cash(wallet, order) if wallet.held.total else wallet.cash
    return None if multiply_add(notional, order.tier.taker, notional) <= free else INSUFFICIENT_FUNDS


def _base_refusal(holding: Holding, order: Order) -> str | None:
    free: Decimal | int = holding.position.quantity
    if holding.base_held.total:
        free = subtract(Decimal(free), holding.base_held.by_others(order.request.oco, order.held))
    return None if order.quantity <= free else INSUFFICIENT_FUNDS


def _too_small(order: Order) -> str:
    if order.quantity > 0:
        return MIN_QUANTITY
    return INSUFFICIENT_FUNDS if order.request.maximum and not order.holding.min_notional else MIN_NOTIONAL


def covers(wallet: Wallet, order: Order, quantity: int, price: int) -> bool:
    """Return whether cash not held by other orders covers a later taker fill of a spot buy."""
    if not order.holding.is_spot or order.sign < 0:
        return True
    notional = multiply(multiply(order.holding.unit_value, price), quantity)
    return multiply(notional, add(ONE, order.tier.taker)) <= free_cash(wallet, order)


def _margin_suffices(wallet: Wallet, order: Order, counted: int, notional: Decimal) -> bool:
    """Cash + unrealised PnL - taker fee >= initial margins after the order, unless it only reduces."""
    holding = order.holding
    held = holding.position.quantity
    if counted == 0 or (held * order.sign < 0 and order.quantity <= abs(held)):
        return True
    fee = add(multiply(notional, order.tier.taker), wallet.contract_fee(holding, counted))
    free = subtract(subtract(wallet.perpetual_equity(), fee), wallet.initial_margins(without=holding))
    after = abs(held + order.sign * counted)
    return multiply(free, counted) >= multiply(multiply(holding.instrument.initial_rate(after), notional), after)


def change_hold(wallet: Wallet, order: Order, after: Decimal) -> None:
    """Let the order hold `after` of cash (buy) or base units (sell)."""
    holds = wallet.held if order.sign > 0 else order.holding.base_held
    holds.change(order.order_id, order.request.oco, order.held, after)
    order.held = after


def hold_per_unit(order: Order, price: int) -> Decimal:
    """Return what one open quantity unit holds: cash with the taker fee (buy), itself (sell); perpetuals nothing."""
    holding = order.holding
    if not holding.is_spot:
        return ZERO
    if order.sign < 0:
        return ONE
    return multiply(multiply(holding.unit_value, price), add(ONE, order.tier.taker))
