"""The user channel's orders as facts in our words: running totals without fill ids, so hints and never bookings."""

from collections.abc import Mapping
from decimal import Decimal

from tradewind.model.money import ZERO, add
from tradewind.model.orders import Side
from tradewind.model.venue import VenueOrder, VenueOrderStatus
from tradewind.venues.coinbase.incoming import STATUSES
from tradewind.venues.coinbase.wire.stream import UserOrder
from tradewind.venues.coinbase.wire.values import ns_of
from tradewind.venues.coinbase.wire.words import OrderSide, OrderType, TimeInForce, TriggerStatus

FORCES: Mapping[TimeInForce, str] = {
    TimeInForce.GTC: "gtc",
    TimeInForce.GTD: "gtd",
    TimeInForce.GTD_SHORT: "gtd",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
}


def seen_order(order: UserOrder, ts_ns: int) -> VenueOrder:
    """Return an order as the stream tells of it at `ts_ns`.

    Raises  ValueError for a side that is none, or a total that is negative.
    """
    if order.order_side not in (OrderSide.BUY, OrderSide.SELL):
        raise ValueError(f"the side of order {order.order_id} is {order.order_side!r}")
    filled = order.cumulative_quantity or ZERO
    leaves = order.leaves_quantity
    if filled < 0 or (leaves is not None and leaves < 0):
        raise ValueError(f"order {order.order_id} has a negative quantity")
    return VenueOrder(
        client_id=order.client_order_id,
        venue_id=order.order_id,
        instrument=order.product_id,
        side=Side.BUY if order.order_side is OrderSide.BUY else Side.SELL,
        status=STATUSES.get(order.status, VenueOrderStatus.UNKNOWN),
        kind=_kind(order.order_type),
        # Once an order is over nothing is left of it, however much was asked: its size is then not told here.
        quantity=add(filled, leaves) if leaves else None,
        filled=filled,
        average_price=_positive(order.avg_price),
        fees=order.total_fees or ZERO,
        price=_positive(order.limit_price),
        stop=_positive(order.stop_price),
        time_in_force=FORCES.get(order.time_in_force, "gtc") if order.time_in_force is not None else "gtc",
        post_only=bool(order.post_only),
        triggered=order.trigger_status is TriggerStatus.TRIGGERED,
        expire_ns=ns_of(order.end_time) or None,
        created_ns=ns_of(order.creation_time),
        updated_ns=ts_ns,
        reason=order.cancel_reason or order.reject_reason or order.reject_reason_spelled,
    )


def _kind(word: OrderType | None) -> str:
    return "limit" if word is None else word.value.lower().replace(" ", "_")


def _positive(value: Decimal | None) -> Decimal | None:
    """The channel writes 0 for a price that does not apply."""
    return value if value is not None and value > 0 else None
