"""What people see of a session: rows of orders, fills, round trips, positions, profit and alarms.

Prices and quantities are exact decimals in quote and base units; amounts are in the instrument's quote currency.
"""

from decimal import Decimal

import msgspec

from tradewind.model.intents import Intent, PlaceOrder, TargetQuantity, TargetWeight
from tradewind.model.money import ZERO, add, plain, subtract


def words(intent: Intent | str) -> str:
    """Return what was wanted in a few words: the strategy's own reason where it gave one."""
    if isinstance(intent, str):
        return intent
    if intent.reason:
        return intent.reason
    if isinstance(intent, TargetWeight):
        return f"target weight {intent.weight!r}"
    if isinstance(intent, TargetQuantity):
        return f"target {plain(intent.quantity)}"
    return "order" if isinstance(intent, PlaceOrder) else "cancel"


class OrderRow(msgspec.Struct):
    """One of our orders as far as it has come; `status` is open, filled, canceled, rejected or unknown."""

    order_id: str
    sequence: int
    ts_ns: int
    instrument: str
    bots: tuple[str, ...]
    side: str
    kind: str
    quantity: Decimal
    price: Decimal | None
    stop: Decimal | None
    intent: str
    protects: bool
    status: str = "open"
    filled: Decimal = ZERO
    average_price: Decimal | None = None
    fees: Decimal = ZERO
    reason: str = ""
    ended_ns: int | None = None


class PlacementRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders of an instrument were sent, and what became of that: attempted = successful + failed + in_doubt.

    The venue took the successful ones, whatever became of them later; it rejected the failed ones.
    """

    instrument: str
    attempted: int
    successful: int
    failed: int
    in_doubt: int


class FillRow(msgspec.Struct, frozen=True):
    """One bot's part of one execution, with the profit it realised (fees apart) and the bot's position after it."""

    fill_id: str
    order_id: str
    ts_ns: int
    bot: str
    strategy: str
    instrument: str
    side: str
    quantity: Decimal
    price: Decimal
    notional: Decimal
    liquidity: str
    fee: Decimal
    realised: Decimal
    position: Decimal
    reason: str


class RoundTrip(msgspec.Struct, frozen=True):
    """One position of one bot from flat to flat (or through zero): prices are averages, `gained` is net of everything.

    `reason` says how it left: target, stop_loss, take_profit, trailing, time_stop, flatten, overshoot, liquidation, or
    end for one that is still open and was marked.
    """

    bot: str
    strategy: str
    instrument: str
    direction: str
    entry_ns: int
    exit_ns: int
    entry_price: Decimal
    exit_price: Decimal
    quantity: Decimal
    realised: Decimal
    fees: Decimal
    funding: Decimal
    gained: Decimal
    reason: str


class OpenPosition(msgspec.Struct, frozen=True):
    """What a bot holds now; `unrealised` is None where no mark was given.

    `dust` says that it is too little for an order of its own: no exit covers it, the next one takes it along.
    """

    bot: str
    strategy: str
    instrument: str
    direction: str
    quantity: Decimal
    average_price: Decimal
    since_ns: int
    fees: Decimal
    funding: Decimal
    mark: Decimal | None
    unrealised: Decimal | None
    dust: bool = False


class PnlRow(msgspec.Struct):
    """Profit from fills only, with its parts; `profit` and `loss` sum the round trips that won and lost (loss >= 0)."""

    key: str
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    notional: Decimal = ZERO
    maker_notional: Decimal = ZERO
    fills: int = 0
    trips: int = 0
    wins: int = 0
    profit: Decimal = ZERO
    loss: Decimal = ZERO

    @property
    def gained(self) -> Decimal:
        """Realised profit less fees plus funding."""
        return add(subtract(self.realised, self.fees), self.funding)

    def include(self, other: "PnlRow") -> None:
        """Add another row's figures to this one."""
        for name in ("realised", "fees", "funding", "notional", "maker_notional", "profit", "loss"):
            setattr(self, name, add(getattr(self, name), getattr(other, name)))
        for name in ("fills", "trips", "wins"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def include_trip(self, trip: RoundTrip) -> None:
        """Count a finished round trip."""
        self.trips += 1
        if trip.gained > ZERO:
            self.wins += 1
            self.profit = add(self.profit, trip.gained)
        else:
            self.loss = subtract(self.loss, trip.gained)


class AlarmRow(msgspec.Struct, frozen=True):
    """Something an operator must see.

    `name` is one of liquidation, order_in_doubt, halted, reduce_only, strategy_failed, unprotected.
    """

    ts_ns: int
    name: str
    text: str
