"""The exit price at which a round trip neither earns nor loses, fees on both legs included."""

from decimal import Decimal

from tradewind.model.money import ONE, add, multiply, ratio, subtract


def break_even_price(*, is_long: bool, entry_price: Decimal, entry_fee: Decimal, exit_fee: Decimal) -> Decimal:
    """The exit price that pays for both fees: long `entry (1 + f_in) / (1 - f_out)`, short the mirror image.

    Fees are shares of notional. Rounded half-even to 1e-18, the ledger's smallest amount.

    Raises  ValueError if the entry price is not positive or a fee takes everything.
    """
    if entry_price <= 0:
        raise ValueError(f"entry_price must be positive, was {entry_price}")
    if not (-ONE < entry_fee < ONE and -ONE < exit_fee < ONE):
        raise ValueError(f"fees are shares of notional between -1 and 1, were {entry_fee} and {exit_fee}")
    if is_long:
        return ratio(multiply(entry_price, add(ONE, entry_fee)), subtract(ONE, exit_fee))
    return ratio(multiply(entry_price, subtract(ONE, entry_fee)), add(ONE, exit_fee))
