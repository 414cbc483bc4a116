"""What reconciliation and doubt say, as events: each correction names the evidence of the venue behind it (I33)."""

from decimal import Decimal

import msgspec

from tradewind.model.decisions import Share
from tradewind.model.orders import OrderRequest


class InstrumentDoubted(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="doubted"):
    """We do not know enough of this instrument: nothing that adds risk there until `cause` is cleared.

    Several causes may hold at once, each under its own name; a cause that comes again changes only the reason.
    `alarm` says that an operator must see it now.
    """

    ts_ns: int
    instrument: str
    cause: str
    reason: str
    alarm: bool = False


class InstrumentCleared(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="cleared"):
    """One cause of doubt is over; `evidence` says how we know."""

    ts_ns: int
    instrument: str
    cause: str
    evidence: str


class PositionAdopted(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="position_adopted"):
    """The venue holds `quantity` units more (less, if negative) than our fills explain; `bot` takes the difference.

    `value` is its whole cost in quote currency, never negative; what leaves takes the cost it had, so that no profit
    arises. `basis` says where the value comes from: `supplied`, `venue`, `mark` (the price of that moment, since the
    real cost is not known), `cost` (what leaves) or `unknown` (nothing, not even a price: valued at zero).
    """

    instrument: str
    ts_ns: int
    quantity: int
    value: Decimal
    basis: str
    evidence: str
    bot: str = "external"


class OrderAdopted(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="order_adopted"):
    """An order on our account that we did not send: from now on its fills are booked, for `bot`, or by `shares`.

    `request.quantity` is what can still be booked of it. Executions up to `since_ns` are contained in the holdings
    that were adopted then, and are never booked.
    """

    request: OrderRequest
    ts_ns: int
    venue_id: str
    evidence: str
    since_ns: int = 0
    bot: str = "external"
    shares: tuple[Share, ...] = ()

    @property
    def parts(self) -> tuple[Share, ...]:
        """Who gets what of it."""
        return self.shares or (Share(self.bot, 0, int(self.request.quantity or 0)),)


Correction = InstrumentDoubted | InstrumentCleared | PositionAdopted | OrderAdopted
