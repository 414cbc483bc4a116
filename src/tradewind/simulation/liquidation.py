"""When the venue takes a perpetual position over, where on the path, and how much of it (METHODS 2 and 6)."""

from decimal import Decimal

from tradewind.model.margin import liquidation_price
from tradewind.model.money import EXACT, ZERO, add, multiply, subtract
from tradewind.simulation.wallet import Holding, Wallet


def at_risk(holding: Holding) -> bool:
    """Return whether there is a position that could be liquidated."""
    return holding.maintenance is not None and holding.position.quantity != 0


def backing(wallet: Wallet, holding: Holding) -> Decimal:
    """Return M: the isolated margin, or the wallet plus unrealised PnL minus maintenance of the other positions."""
    if holding.isolated:
        return holding.margin
    collateral = wallet.wallet()
    for other in wallet.perpetuals:
        if other is holding or other.isolated or other.position.quantity == 0:
            continue
        collateral = add(collateral, other.unrealised())
        rate = other.maintenance_rate
        if rate is not None:
            collateral = subtract(collateral, multiply(rate, other.notional()))
    return collateral


def surplus(wallet: Wallet, holding: Holding, mark: Decimal | int) -> Decimal:
    """Return equity minus maintenance at a mark in price units; below zero the position is liquidated."""
    rate = holding.maintenance_rate
    if rate is None:
        return ZERO
    unit_price = multiply(holding.unit_value, mark)
    equity = add(backing(wallet, holding), holding.position.unrealised(unit_price))
    notional = multiply(unit_price, abs(holding.position.quantity))
    return subtract(equity, multiply(rate, notional))


def price_of_liquidation(wallet: Wallet, holding: Holding) -> Decimal | None:
    """Return the liquidation price in quote currency, rounded half-even to 1e-18; None if there is none."""
    average, rate = holding.position.average_price(holding.size_unit), holding.maintenance_rate
    if rate is None or average is None:
        return None
    return liquidation_price(
        is_long=holding.position.quantity > 0,
        quantity=multiply(holding.size_unit, abs(holding.position.quantity)),
        entry_price=average,
        margin=backing(wallet, holding),
        maintenance_margin=rate,
    )


def point_on_path(
    wallet: Wallet, holding: Holding, current: Decimal | int, target: Decimal | int
) -> Decimal | int | None:
    """Return where (price units) a straight way from `current` to `target` meets liquidation, or None."""
    if surplus(wallet, holding, current) < 0:
        return current
    price = price_of_liquidation(wallet, holding)
    if price is None or current == target:
        return None
    is_long = holding.position.quantity > 0
    if is_long is (target > current):
        return None
    point = price.scaleb(holding.price_scale, EXACT)
    if is_long:
        return min(current, point) if point >= target else None
    return max(current, point) if point <= target else None


def quantity_to_close(wallet: Wallet, holding: Holding, price: Decimal) -> int:
    """Return how many units to take over at `price` (quote currency).

    Isolated: all. Cross, with a close-out margin and equity at least close-out x notional: all but
    equity / (initial margin x price x size), rounded down to the lot, so that equity is initial margin again.
    """
    instrument = holding.instrument
    held = abs(holding.position.quantity)
    if holding.isolated or instrument.close_out_margin is None:
        return held
    unit_price = multiply(holding.size_unit, price)
    equity = add(backing(wallet, holding), holding.position.unrealised(unit_price))
    if equity <= 0 or equity < multiply(instrument.close_out_margin, multiply(unit_price, held)):
        return held
    keep = int(EXACT.divide_int(equity, multiply(holding.initial_rate, unit_price)))
    keep -= keep % holding.lot
    return held - keep if keep < held else held
