"""Margin rules of linear perpetuals: rates by size, liquidation price, maintenance check, funding (METHODS 2)."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from tradewind.model.money import ONE, ZERO, add, multiply, ratio, subtract


def liquidation_price(
    *, is_long: bool, quantity: Decimal, entry_price: Decimal, margin: Decimal, maintenance_margin: Decimal
) -> Decimal | None:
    """Return the price at which equity meets maintenance, rounded half-even to 1e-18; None if there is none.

    long (entry - M/q) / (1 - mmr), short (entry + M/q) / (1 + mmr); q absolute and in base units, fees ignored.
    None for a long whose margin covers its whole entry value, and for no quantity.
    """
    if quantity <= 0:
        return None
    entry_value = multiply(quantity, entry_price)
    if is_long:
        if margin >= entry_value or maintenance_margin >= ONE:
            return None
        return ratio(subtract(entry_value, margin), multiply(quantity, subtract(ONE, maintenance_margin)))
    return ratio(add(entry_value, margin), multiply(quantity, add(ONE, maintenance_margin)))


class MarginTier(msgspec.Struct, frozen=True):
    """The least rates of a position of `from_quantity` units or more: IM = max(base, size-dependent)."""

    from_quantity: int
    initial_margin: Decimal
    maintenance_margin: Decimal


def tier_of(tiers: Sequence[MarginTier], quantity: int) -> MarginTier | None:
    """Return the tier that a position of (absolute) `quantity` units is in; tiers rise by `from_quantity`."""
    found = None
    for tier in tiers:
        if quantity < tier.from_quantity:
            break
        found = tier
    return found


class ProfileRates(msgspec.Struct, frozen=True):
    maintenance_margin: Decimal
    close_out_margin: Decimal


def international_margin_rates(initial_margin: Decimal) -> ProfileRates:
    """Return the international profile: maintenance 2/3 IM; close-out max(1/3 IM, MM - 12 points). Rounded to 1e-18."""
    maintenance = ratio(multiply(Decimal(2), initial_margin), Decimal(3))
    close_out = max(ratio(initial_margin, Decimal(3)), subtract(maintenance, Decimal("0.12")))
    return ProfileRates(maintenance, close_out)


class MarginPosition(msgspec.Struct, frozen=True):
    """A perpetual position for the cross check: signed base quantity, prices in quote currency."""

    quantity: Decimal
    entry_price: Decimal
    mark: Decimal
    maintenance_margin: Decimal


class MarginCheck(msgspec.Struct, frozen=True):
    equity: Decimal
    maintenance: Decimal
    liquidate: bool


def margin_check(wallet: Decimal, positions: Sequence[MarginPosition]) -> MarginCheck:
    """Return equity against the sum of maintenance; liquidate when equity is strictly below (cross margin)."""
    equity = wallet
    maintenance = ZERO
    for position in positions:
        equity = add(equity, multiply(position.quantity, subtract(position.mark, position.entry_price)))
        notional = multiply(abs(position.quantity), position.mark)
        maintenance = add(maintenance, multiply(position.maintenance_margin, notional))
    return MarginCheck(equity, maintenance, equity < maintenance)


def share_needed(*, is_long: bool, maintenance_margin: Decimal, distance: Decimal) -> Decimal:
    """Return the share of notional that equity has to be for liquidation to be `distance`, a share of the mark, away.

    A mark that is worse by d leaves equity - d x notional against maintenance x (1 -+ d) x notional (long -, short +).
    """
    moved = subtract(ONE, distance) if is_long else add(ONE, distance)
    return add(distance, multiply(maintenance_margin, moved))


def funding_amount(notional: Decimal, rate: Decimal) -> Decimal:
    """Return what a position of signed `notional` receives: longs pay when the rate is positive."""
    return multiply(notional.copy_negate(), rate)
