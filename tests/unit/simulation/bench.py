"""A short way to say what happens to a simulated venue, in decimal text; the books are checked after every event."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tradewind.model.answers import OrderFilled, PositionLiquidated, VenueAnswer
from tradewind.model.instrument import Instrument, InstrumentKind, MarginMode, define_instrument
from tradewind.model.market_events import (
    Bar,
    BookSnapshot,
    FundingRate,
    FundingSettlement,
    Gap,
    LevelUpdate,
    MarkPrice,
    TradePrint,
)
from tradewind.model.money import plain
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import OpeningAccount, OpeningPosition, OrderReport, SimulationSettings

HOUR_NS = 3_600_000_000_000
MS = 1_000_000
NO_OPENING = OpeningAccount()
BTC = define_instrument("BTC-USD", base_increment="0.0001")
ETH = define_instrument("ETH-USD", base_increment="0.0001")


def perpetual(id: str = "BTC-PERP", **terms: str) -> Instrument:
    """Return a perpetual with a step of 0.0001, contract size 1 and 10 % initial margin; `terms` as text."""
    words = {"margin_mode": MarginMode, "base_increment": str}
    given: dict[str, Any] = {name: words.get(name, Decimal)(value) for name, value in terms.items()}
    given.setdefault("initial_margin", Decimal("0.1"))
    increment = given.pop("base_increment", "0.0001")
    return define_instrument(id, kind=InstrumentKind.PERPETUAL, base_increment=increment, **given)


def account(cash: str = "100000", *positions: tuple[Instrument, str, str], volume: str = "0") -> OpeningAccount:
    """Return an opening account; a position is (instrument, quantity, average price[, isolated margin])."""
    held = [
        OpeningPosition(
            position[0].id,
            position[0].quantity_units(position[1]),
            Decimal(position[2]),
            Decimal(position[3]) if len(position) > 3 else None,
        )
        for position in positions
    ]
    return OpeningAccount(Decimal(cash), Decimal(volume), tuple(held))


class Bench:
    """What both modes share: orders in decimal text, and what came of them."""

    def __init__(self, venue: BarVenue | BookVenue, instruments: Sequence[Instrument]) -> None:
        self.venue = venue
        self.instruments = {instrument.id: instrument for instrument in instruments}
        self.first = instruments[0]
        self.log: list[VenueAnswer] = []
        self.ts_ns = 0

    def take(self, answers: Sequence[VenueAnswer]) -> None:
        self.log.extend(answers)
        self.venue.check()

    def request(self, id: str, side: str, kind: str, quantity: str | None, **terms: Any) -> OrderRequest:
        instrument = self.instruments[terms.pop("instrument", self.first.id)]
        direction = Side[side.upper()]
        if "price" in terms:
            terms["price"] = instrument.limit_price(terms["price"], direction)
        if "stop" in terms:
            terms["stop"] = instrument.stop_price(terms["stop"], direction)
        if "trail" in terms:
            terms["trail"] = instrument.price_units(terms["trail"])
        if "display" in terms:
            terms["display"] = instrument.order_quantity(terms["display"])
        if "tif" in terms:
            terms["time_in_force"] = TimeInForce(terms.pop("tif"))
        units = None if quantity is None else instrument.order_quantity(quantity)
        return OrderRequest(id, instrument.id, direction, OrderKind(kind), units, **terms)

    def cancel(self, id: str) -> None:
        self.take(self.venue.cancel(id, self.ts_ns))

    def mark(self, price: str) -> None:
        self.take(self.venue.on_event(MarkPrice(self.first.id, self.ts_ns, self.first.price_units(price))))

    def fund(self, rate: str, *, mark: str | None = None, settle: bool = True) -> None:
        units = None if mark is None else self.first.price_units(mark)
        self.take(self.venue.on_event(FundingRate(self.first.id, self.ts_ns, Decimal(rate), units, settle)))

    def settle(self) -> None:
        self.take(self.venue.on_event(FundingSettlement(self.first.id, self.ts_ns)))

    def order(self, id: str) -> OrderReport:
        return self.venue.report().orders[id]

    def status(self, id: str) -> str:
        """Return the order's status, with its reason after a colon."""
        report = self.order(id)
        return report.status if report.reason is None else f"{report.status}:{report.reason}"

    def filled(self, id: str) -> str:
        return plain(self.first.quantity_decimal(self.order(id).filled))

    def fills(self) -> list[str]:
        """Return each fill as 'order quantity @ price liquidity fee'."""
        return [self._fill_text(answer) for answer in self.log if isinstance(answer, OrderFilled)]

    def _fill_text(self, fill: OrderFilled) -> str:
        instrument = self.instruments[fill.instrument]
        quantity = plain(instrument.quantity_decimal(fill.quantity))
        price = plain(instrument.price_decimal(fill.price))
        return f"{fill.order_id} {quantity} @ {price} {fill.liquidity.value} {plain(fill.fee)}"

    def liquidations(self) -> list[str]:
        """Return each liquidation as 'kind quantity @ price' with its deficit, if any."""
        told = []
        for answer in self.log:
            if isinstance(answer, PositionLiquidated):
                quantity = plain(self.instruments[answer.instrument].quantity_decimal(answer.quantity))
                deficit = f" deficit {plain(answer.deficit)}" if answer.deficit else ""
                told.append(f"{answer.kind.value} {quantity} @ {plain(answer.price)}{deficit}")
        return told

    def kinds(self, id: str) -> list[str]:
        """Return the types of the answers about one order, in order."""
        return [type(answer).__name__ for answer in self.log if getattr(answer, "order_id", None) == id]

    def money(self, figure: str) -> str:
        return plain(getattr(self.venue.report(), figure))

    def position(self, id: str | None = None) -> str:
        instrument = self.instruments[id or self.first.id]
        return plain(instrument.quantity_decimal(self.venue.report().positions[instrument.id].quantity))


class Bars(Bench):
    """Bar mode: each bar opens an hour after the last; orders are decided at the last close."""

    venue: BarVenue

    def __init__(self, *instruments: Instrument, opening: OpeningAccount = NO_OPENING, **settings: Any) -> None:
        known = instruments or (BTC,)
        super().__init__(BarVenue(known, SimulationSettings(**settings), opening), known)

    def bar(self, *prices: str, volume: str | None = None, instrument: str | None = None, later: bool = True) -> None:
        """Let a bar (open, high, low, close; or one price four times) happen."""
        which = self.instruments[instrument or self.first.id]
        four = prices if len(prices) == 4 else prices * 4
        units = None if volume is None else which.volume_units(volume)
        o, h, lo, c = (which.price_units(price) for price in four)
        self.take(self.venue.on_event(Bar(which.id, self.ts_ns + HOUR_NS, HOUR_NS, o, h, lo, c, units)))
        if later:
            self.ts_ns += HOUR_NS

    def send(self, id: str, side: str, kind: str, quantity: str | None, **terms: Any) -> None:
        self.take(self.venue.submit(self.request(id, side, kind, quantity, **terms), self.ts_ns))

    def gap(self, instrument: str | None = None) -> None:
        self.take(self.venue.on_event(Gap(instrument or self.first.id, self.ts_ns)))


class Book(Bench):
    """Book mode: times in milliseconds; everything due is let happen after each call."""

    venue: BookVenue

    def __init__(self, *instruments: Instrument, opening: OpeningAccount = NO_OPENING, **settings: Any) -> None:
        known = instruments or (BTC,)
        super().__init__(BookVenue(known, SimulationSettings(**settings), opening), known)

    def at(self, ms: int) -> "Book":
        self.ts_ns = ms * MS
        return self

    def book(self, bids: dict[str, str], asks: dict[str, str]) -> None:
        units = [
            tuple((self.first.price_units(price), self.first.quantity_units(size)) for price, size in side.items())
            for side in (bids, asks)
        ]
        self._happen(BookSnapshot(self.first.id, self.ts_ns, units[0], units[1]))

    def level(self, side: str, price: str, size: str) -> None:
        direction = Side.BUY if side == "bid" else Side.SELL
        price_units, size_units = self.first.price_units(price), self.first.quantity_units(size)
        self._happen(LevelUpdate(self.first.id, self.ts_ns, direction, price_units, size_units))

    def trade(self, side: str, quantity: str, price: str) -> None:
        price_units, units = self.first.price_units(price), self.first.quantity_units(quantity)
        self._happen(TradePrint(self.first.id, self.ts_ns, Side[side.upper()], price_units, units))

    def _happen(self, event: BookSnapshot | LevelUpdate | TradePrint) -> None:
        self.take(self.venue.on_event(event))

    def send(self, id: str, side: str, kind: str, quantity: str | None, **terms: Any) -> None:
        self.take(self.venue.advance(self.ts_ns))
        self.take(self.venue.submit(self.request(id, side, kind, quantity, **terms), self.ts_ns))
        self.take(self.venue.advance(self.ts_ns))

    def cancel(self, id: str) -> None:
        self.take(self.venue.cancel(id, self.ts_ns))
        self.take(self.venue.advance(self.ts_ns))

    def wait(self, ms: int) -> None:
        self.at(ms)
        self.take(self.venue.advance(self.ts_ns))

    def notices(self) -> list[str]:
        return [
            f"{notice.at_ns // MS} {notice.order_id} {notice.type}" + (f" {notice.reason}" if notice.reason else "")
            for notice in self.venue.notices
        ]

    def ahead(self, id: str) -> str:
        ahead = self.order(id).ahead
        return "none" if ahead is None else plain(ahead)
