"""What a strategy wants: a target, an order, or a cancel. Weights are floats; prices and quantities are exact."""

from decimal import Decimal

import msgspec

from tradewind.model.orders import OrderKind, Side, TimeInForce


class Exits(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How an entry leaves again, as shares of the decision's reference price, or a time in position.

    Children are placed with the entry and live from its complete fill on: `stop_loss` 0.05 sells 5 % lower,
    `take_profit` 0.10 sells 10 % higher, `trailing` follows the best price at that distance, `time_ns` closes after.
    """

    stop_loss: float | None = None
    take_profit: float | None = None
    trailing: float | None = None
    time_ns: int | None = None


class TargetWeight(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="weight"):
    """Hold this share of the bot's budget: 1.0 all of it long, -0.5 half of it short, 0 flat.

    Acted on when it differs from the target last acted on; a target that is repeated is no new decision.
    """

    weight: float
    exits: Exits | None = None
    reason: str = ""


class TargetQuantity(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="quantity"):
    """Hold this signed quantity in base units (contracts of a perpetual)."""

    quantity: Decimal
    exits: Exits | None = None
    reason: str = ""


class PlaceOrder(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="place"):
    """Send this order; prices and quantity in quote and base units, rounded to the increments side-aware."""

    side: Side
    quantity: Decimal
    kind: OrderKind = OrderKind.MARKET
    price: Decimal | None = None
    stop: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    expire_ns: int | None = None
    trail: Decimal | None = None
    display: Decimal | None = None
    exits: Exits | None = None
    tag: str = ""
    reason: str = ""


class CancelWorking(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="cancel"):
    """Cancel this bot's working orders on the instrument, all of them or those with the given tag."""

    tag: str | None = None
    reason: str = ""


Intent = TargetWeight | TargetQuantity | PlaceOrder | CancelWorking

FLAT = TargetWeight(0.0)
