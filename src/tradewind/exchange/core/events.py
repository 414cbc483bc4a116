"""What the exchange tells those who serve it: what changed since the last drain, in the order trades, books, orders.

Orders are told once per drain with their state at that moment: like the venue's user channel, cumulative.
"""

from decimal import Decimal

import msgspec

from tradewind.exchange.core.futures import PositionView
from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.core.views import OrderView, TradeView
from tradewind.model.orders import Side


class Traded(msgspec.Struct, frozen=True):
    trade: TradeView


class LevelChanged(msgspec.Struct, frozen=True):
    """The size now at a price of one side; zero when the level is gone."""

    product_id: str
    side: Side
    price: Decimal
    size: Decimal


class OrderChanged(msgspec.Struct, frozen=True):
    account_id: str
    order: OrderView


class PositionChanged(msgspec.Struct, frozen=True):
    account_id: str
    position: PositionView


class FundingPaid(msgspec.Struct, frozen=True):
    """Funding booked to an account: negative when it paid."""

    account_id: str
    product_id: str
    amount: Decimal
    rate: Decimal
    ts_ns: int


class ModeChanged(msgspec.Struct, frozen=True):
    product_id: str
    mode: ProductMode


CoreEvent = Traded | LevelChanged | OrderChanged | PositionChanged | FundingPaid | ModeChanged
