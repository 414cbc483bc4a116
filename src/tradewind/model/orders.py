"""Words of an order: side, kind, time in force, and the request that is sent to a venue.

Prices and quantities are integers in the instrument's units (see `model.instrument`).
"""

from decimal import Decimal
from enum import Enum, IntEnum

import msgspec


class Side(IntEnum):
    """BUY is +1 and SELL is -1, so that side x quantity is the change of the position."""

    BUY = 1
    SELL = -1

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderKind(Enum):
    MARKET = "market"
    LIMIT = "limit"
    STOP_MARKET = "stop_market"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(Enum):
    GTC = "gtc"
    GTD = "gtd"
    IOC = "ioc"
    FOK = "fok"


class Liquidity(Enum):
    MAKER = "maker"
    TAKER = "taker"


class OrderRequest(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is sent to a venue. Exactly one of `quantity`, `quote_quantity`, `maximum` sizes it.

    `quote_quantity` buys for that much quote currency (fee on top); `maximum` (spot buy) spends all free cash.
    `trail` is a trailing stop's offset in price units; `display` an iceberg's visible quantity; orders that share
    `oco` cancel each other; `after` names the parent whose complete fill wakes this order.
    """

    order_id: str
    instrument: str
    side: Side
    kind: OrderKind
    quantity: int | None
    price: int | None = None
    stop: int | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    expire_ns: int | None = None
    quote_quantity: Decimal | None = None
    maximum: bool = False
    trail: int | None = None
    display: int | None = None
    oco: str | None = None
    after: str | None = None
