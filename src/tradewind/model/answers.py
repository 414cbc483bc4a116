"""What a venue says about our orders and our account, as events."""

from decimal import Decimal
from enum import Enum

import msgspec

from tradewind.model.money import ZERO
from tradewind.model.orders import Liquidity, Side


class OrderAccepted(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="accepted"):
    """The order rests at the venue; `quantity` is what the venue works (clipped when reduce-only)."""

    order_id: str
    ts_ns: int
    quantity: int


class OrderRejected(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="rejected"):
    order_id: str
    ts_ns: int
    reason: str


class OrderFilled(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="filled"):
    """One execution. `fill_id` is its identity: it is booked at most once."""

    order_id: str
    fill_id: str
    ts_ns: int
    instrument: str
    side: Side
    quantity: int
    price: int
    liquidity: Liquidity
    fee: Decimal


class OrderCanceled(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="canceled"):
    order_id: str
    ts_ns: int
    reason: str


class OrderAmended(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="amended"):
    """The order's total quantity changed at the venue (a reduce-only order shrank with its position)."""

    order_id: str
    ts_ns: int
    quantity: int
    reason: str


class OrderTriggered(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="triggered"):
    """A stop or trailing stop was reached, or a child order woke with its parent's fill."""

    order_id: str
    ts_ns: int


class CancelRejected(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="cancel_rejected"):
    order_id: str
    ts_ns: int
    reason: str


class OrderUnknown(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="unknown"):
    """Sent, and no usable answer: the order is in doubt until evidence from the venue ends that."""

    order_id: str
    ts_ns: int
    reason: str


class LiquidationKind(Enum):
    PARTIAL = "partial"
    FULL = "full"


class PositionLiquidated(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="liquidated"):
    """The venue closed `quantity` (absolute) at `price`; `deficit` beyond the margin went to the insurance account.

    A negative `deficit` is what the venue charged for it.
    """

    instrument: str
    fill_id: str
    ts_ns: int
    kind: LiquidationKind
    side: Side
    quantity: int
    price: Decimal
    deficit: Decimal = ZERO


class FundingPaid(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="funding_paid"):
    """Funding moved to or from cash (received is positive); `quantity` is the position it was computed for.

    `payment_id` is the venue's name for the payment. Without one, equal payments of one time are taken for the same.
    """

    instrument: str
    ts_ns: int
    amount: Decimal
    quantity: int
    payment_id: str = ""

    @property
    def identity(self) -> str:
        """What is booked at most once."""
        return self.payment_id or f"{self.ts_ns}:{self.amount.normalize()}:{self.quantity}"


class FundingAccrued(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="funding_accrued"):
    """Funding that is owed but not yet moved; fields as of `FundingPaid`."""

    instrument: str
    ts_ns: int
    amount: Decimal
    quantity: int
    payment_id: str = ""

    @property
    def identity(self) -> str:
        """What is booked at most once."""
        return self.payment_id or f"{self.ts_ns}:{self.amount.normalize()}:{self.quantity}"


class CashTransferred(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="transfer"):
    """A deposit (+) or withdrawal (-), found by reconciliation: changes equity, never PnL, return or drawdown."""

    currency: str
    ts_ns: int
    amount: Decimal
    reason: str


VenueAnswer = (
    OrderAccepted
    | OrderRejected
    | OrderFilled
    | OrderCanceled
    | OrderAmended
    | OrderTriggered
    | CancelRejected
    | OrderUnknown
    | PositionLiquidated
    | FundingPaid
    | FundingAccrued
    | CashTransferred
)
