"""What benchmarks of live sessions share: a venue's market and account that answer at once, and busy strategies."""

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from tradewind.market.book import Book
from tradewind.model.fees import FeeTier
from tradewind.model.instrument import Instrument
from tradewind.model.intents import FLAT, Exits, Intent, PlaceOrder, TargetWeight
from tradewind.model.market_events import Bar, BookSnapshot, QuoteTick, TradePrint
from tradewind.model.money import ZERO
from tradewind.model.orders import OrderKind, Side, TimeInForce
from tradewind.model.venue import VenueBalance, VenuePosition
from tradewind.strategy.base import NoMemory, Strategy, View
from tradewind.venues.ports import KeyRights, ProductState

MAKER, TAKER = Decimal("0.001"), Decimal("0.001")
CASH = Decimal(10_000_000)


class Quiet:
    """Market and account desks that answer at once: the instruments are open, the account has cash and nothing else."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.known = {each.id: each for each in instruments}

    async def instruments(self, ids: Sequence[str]) -> Sequence[Instrument]:
        return [self.known[each] for each in ids]

    async def product_states(self, ids: Sequence[str]) -> Mapping[str, ProductState]:
        return {each: ProductState(instrument=each) for each in ids}

    async def candles(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Bar]:
        return []

    async def book(self, id: str) -> BookSnapshot:
        return BookSnapshot(id, time.time_ns(), (), ())

    async def trades(self, id: str) -> Sequence[TradePrint]:
        return []

    async def server_time_ns(self) -> int:
        return time.time_ns()

    async def balances(self) -> Sequence[VenueBalance]:
        return [VenueBalance("USD", CASH)]

    async def positions(self) -> Sequence[VenuePosition]:
        return []

    async def fee_rates(self) -> FeeTier:
        return FeeTier(ZERO, MAKER, TAKER)

    async def permissions(self) -> KeyRights:
        return KeyRights(view=True, trade=True, transfer=False)

    async def volume_30d(self) -> Decimal:
        return ZERO


class Seen(msgspec.Struct):
    """How many changes have passed since the last decision."""

    changes: int = 0


DECISIONS: list[tuple[int, tuple[int, int]]] = []  # the frame's number and the moment (clock, processor) of each


class Taker(Strategy, frozen=True, kw_only=True):
    """Takes the other side's best price after every so many changes of the book, in and out in turn."""

    every: int = 64
    quantity: Decimal = Decimal("0.001")

    def memory(self) -> Seen:
        return Seen()

    def on_book(self, view: View, book: Book) -> Intent | None:
        memory = view.memory
        assert isinstance(memory, Seen)
        memory.changes += 1
        if memory.changes < self.every or view.working or view.best_ask is None or view.best_bid is None:
            return None
        memory.changes = 0
        DECISIONS.append((book.sequence, (time.perf_counter_ns(), time.thread_time_ns())))
        side, price = (Side.SELL, view.best_bid) if view.position else (Side.BUY, view.best_ask)
        return PlaceOrder(
            side, self.quantity, OrderKind.LIMIT, view.price(price), time_in_force=TimeInForce.IOC, reason="turn"
        )


class Turner(Strategy, frozen=True, kw_only=True):
    """In and out of the market at every so many quotes."""

    every: int = 60
    share: float = 0.02

    def memory(self) -> Seen:
        return Seen()

    def on_quote(self, view: View, quote: QuoteTick) -> Intent | None:
        memory = view.memory
        assert isinstance(memory, Seen)
        memory.changes += 1
        if memory.changes < self.every or view.working:
            return None
        memory.changes = 0
        return FLAT if view.position else TargetWeight(self.share, reason="in")


class BarTurner(Strategy, frozen=True, kw_only=True):
    """In and out of the market at every bar, with a stop that rests meanwhile."""

    share: float = 0.02
    exits: Exits = Exits(stop_loss=0.05)

    def memory(self) -> NoMemory:
        return NoMemory()

    def on_bar(self, view: View) -> Intent:
        return FLAT if view.position else TargetWeight(self.share, self.exits, "in")
