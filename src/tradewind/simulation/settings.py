"""What a simulated venue is told at the start, and what it reports about itself at any moment."""

from decimal import Decimal
from enum import Enum

import msgspec

from tradewind.model.fees import FeeSchedule, flat_fees
from tradewind.model.money import ZERO

STANDARD_FEES = flat_fees(maker=Decimal("0.0025"), taker=Decimal("0.004"))


class QueueModel(Enum):
    """How a resting order's place in the queue moves when its level changes without trades (METHODS 3)."""

    RISK_AVERSE = "risk_averse"
    POWER = "power"


class SimulationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one simulated venue. `participation` None means unlimited; spreads apply to market orders only."""

    fees: FeeSchedule = STANDARD_FEES
    half_spread_bps: Decimal = ZERO
    slippage_bps: Decimal = ZERO
    participation: Decimal | None = None
    fill_on_touch: bool = False
    entry_latency_ns: int = 0
    response_latency_ns: int = 0
    queue_model: QueueModel = QueueModel.RISK_AVERSE
    queue_power: float = 3.0
    self_trade_prevention: str = "cancel_newest"


class OpeningPosition(msgspec.Struct, frozen=True):
    """A position that exists at the start; `margin` only for isolated perpetuals."""

    instrument: str
    quantity: int
    average_price: Decimal
    margin: Decimal | None = None


class OpeningAccount(msgspec.Struct, frozen=True):
    """The account at the start; `cash` is the whole wallet, isolated margins included."""

    cash: Decimal = Decimal(100000)
    volume_30d: Decimal = ZERO
    positions: tuple[OpeningPosition, ...] = ()


class OrderReport(msgspec.Struct, frozen=True):
    """An order as the venue sees it; `status` is pending, open, filled, canceled or rejected."""

    status: str
    reason: str | None
    filled: int
    remaining: int
    price: int | None
    ahead: Decimal | None


class PositionReport(msgspec.Struct, frozen=True):
    quantity: int
    average_price: Decimal | None
    realised_pnl: Decimal
    margin: Decimal | None
    liquidation_price: Decimal | None


class AccountReport(msgspec.Struct, frozen=True):
    """The venue's own books at a moment; every figure is exact."""

    cash: Decimal
    equity: Decimal
    fees: Decimal
    realised_pnl: Decimal
    unrealised_pnl: Decimal
    free_margin: Decimal
    funding: Decimal
    accrued_funding: Decimal
    volume_30d: Decimal
    insurance_deficit: Decimal
    marks: dict[str, Decimal]
    staleness: dict[str, int]
    positions: dict[str, PositionReport]
    orders: dict[str, OrderReport]
