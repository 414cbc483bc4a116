"""An order as the reference venue remembers it: the request, and everything that has happened to it since."""

from fractions import Fraction

from tradewind.model.fees import FeeTier
from tradewind.model.instrument import Instrument
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, TimeInForce

STOPS = (OrderKind.STOP_MARKET, OrderKind.STOP_LIMIT, OrderKind.TRAILING_STOP)


class LiveOrder:
    """One order. `sequence` is its age; prices are in price units, quantities in quantity units."""

    def __init__(self, request: OrderRequest, instrument: Instrument, sequence: int, sent_ns: int, tier: FeeTier):
        self.request = request
        self.instrument = instrument
        self.sequence = sequence
        self.ready_ns = sent_ns
        # "its fee rate is fixed there": the tier at placement, never looked up again.
        self.tier = tier
        self.quantity = request.quantity or 0
        self.filled = 0
        self.fills = 0
        self.status = "open"
        self.reason: str | None = None
        self.active = False
        self.triggered = False
        self.stop: int | None = request.stop
        self.peak: Fraction | None = None
        self.market_price = Fraction(0)
        self.held_price = Fraction(0)
        self.ahead: Fraction | None = None
        self.visible = 0
        self.traded = 0

    @property
    def id(self) -> str:
        return self.request.order_id

    @property
    def side(self) -> int:
        return int(self.request.side)

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled

    @property
    def is_live(self) -> bool:
        return self.status == "open"

    @property
    def is_stop_waiting(self) -> bool:
        return self.request.kind in STOPS and not self.triggered

    @property
    def is_limit_now(self) -> bool:
        """Whether the order is now worked as a limit: a limit, or a triggered stop-limit."""
        kind = self.request.kind
        return kind is OrderKind.LIMIT or (kind is OrderKind.STOP_LIMIT and self.triggered)

    @property
    def limit(self) -> int:
        """The limit price; asked only of orders that have one."""
        if self.request.price is None:
            raise ValueError(f"order {self.id} is a {self.request.kind.value} and needs a price")
        return self.request.price

    @property
    def time_in_force(self) -> TimeInForce:
        return self.request.time_in_force

    def rate(self, liquidity: Liquidity) -> Fraction:
        return Fraction(self.tier.maker if liquidity is Liquidity.MAKER else self.tier.taker)

    @property
    def taker_rate(self) -> Fraction:
        return Fraction(self.tier.taker)

    def order_price(self) -> Fraction:
        """The price of checks and holds: "the fill price (market), else the limit, else the stop"."""
        if self.request.kind is OrderKind.MARKET:
            return self.market_price
        if self.request.price is not None:
            return Fraction(self.request.price)
        if self.stop is None:
            raise ValueError(f"order {self.id} is a {self.request.kind.value} and needs a stop")
        return Fraction(self.stop)
