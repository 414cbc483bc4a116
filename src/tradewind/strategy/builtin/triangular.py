"""Triangular arbitrage: three prices of three currencies that multiply to more than one, after fees and with depth."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from tradewind.model.instrument import Instrument
from tradewind.model.intents import PlaceOrder
from tradewind.model.market_events import QuoteTick
from tradewind.model.money import ONE, add, multiply, ratio
from tradewind.model.orders import OrderKind, Side, TimeInForce
from tradewind.strategy.base import GroupView, Strategy, View, Wish
from tradewind.strategy.builtin.bounds import require_positive
from tradewind.strategy.formulas import BPS, triangular_return

BUY, SELL = Side.BUY, Side.SELL
SECOND_NS = 1_000_000_000


class Leg(NamedTuple):
    """One order of a cycle: at the touch, for as much as is shown there."""

    view: View
    side: Side
    price: Decimal
    shown: Decimal


class Cycle(NamedTuple):
    """Three legs that lead from a currency back to it; `cross` is the leg between the two others' bases."""

    first: Leg
    cross: Leg
    last: Leg

    @property
    def rates(self) -> list[tuple[Side, Decimal]]:
        """Return the sides and prices in order."""
        return [(leg.side, leg.price) for leg in self]


class TriangleMemory(msgspec.Struct):
    """When the last cycle was sent, and what the better one came to after fees at the latest quote."""

    sent_ns: int = -1
    net_bps: float = 0.0


class Triangular(Strategy, frozen=True, kw_only=True):
    """Sends all three legs at once, at the touch or not at all, when a cycle beats its fees by the buffer."""

    fee_bps: Annotated[float, Meta(ge=0, lt=BPS, description="taker fee of a leg in basis points")] = 40.0
    buffer_bps: Annotated[float, Meta(ge=0, lt=BPS, description="what must be left after fees")] = 5.0
    notional_max: Annotated[Decimal, Meta(description="most to send round, in the currency it starts from")] = Decimal(
        1000
    )
    wait_s: Annotated[float, Meta(ge=0, le=1e6, description="seconds from one cycle to the next")] = 1.0

    def __post_init__(self) -> None:
        require_positive("triangular", "notional_max", self.notional_max)

    def unsuited(self, instruments: Sequence[Instrument]) -> str | None:
        if len(instruments) == 3 and any(_corners(cross, instruments) for cross in instruments):
            return None
        names = ", ".join(each.id for each in instruments)
        return f"triangular needs three instruments such as BTC-USD, ETH-BTC and ETH-USD, has {names}"

    def group_memory(self) -> TriangleMemory:
        return TriangleMemory()

    def group_reading(self, group: GroupView) -> dict[str, float | str]:
        memory = group.memory
        assert isinstance(memory, TriangleMemory)
        return {"net_bps": memory.net_bps, "hurdle_bps": self.buffer_bps}

    def on_group_quote(self, group: GroupView) -> Mapping[str, Wish] | None:
        memory = group.memory
        assert isinstance(memory, TriangleMemory)
        fee = Decimal(str(self.fee_bps)) / BPS
        best: tuple[float, Cycle] | None = None
        for cycle in cycles(group.views, group.quotes):
            found = triangular_return(cycle.rates, fee, Decimal(str(self.buffer_bps)))
            if best is None or found.net_bps > best[0]:
                best = found.net_bps, cycle
        if best is None:
            return None
        memory.net_bps = best[0]
        recent = memory.sent_ns >= 0 and group.now_ns - memory.sent_ns < self.wait_s * SECOND_NS
        if best[0] <= self.buffer_bps or recent:
            return None
        orders = self._orders(best[1], fee)
        if orders is not None:
            memory.sent_ns = group.now_ns
        return orders

    def _orders(self, cycle: Cycle, fee: Decimal) -> dict[str, Wish] | None:
        """Return the three orders for as much as every leg shows; None where that is below an increment."""
        quantity = min(_coins(cycle, fee), ratio(self.notional_max, _home_price(cycle)))
        for leg in cycle:
            if (
                leg.view.instrument.base == cycle.cross.view.instrument.base
            ):  # what goes round, in lots of both its legs
                quantity = leg.view.instrument.quantity_decimal(leg.view.instrument.order_quantity(quantity))
        quantities = _amounts(cycle, quantity, fee)
        units = [leg.view.instrument.order_quantity(each) for leg, each in zip(cycle, quantities, strict=True)]
        if min(units) <= 0:
            return None
        return {
            leg.view.instrument.id: PlaceOrder(
                leg.side,
                leg.view.instrument.quantity_decimal(each),
                OrderKind.LIMIT,
                leg.price,
                time_in_force=TimeInForce.IOC,
                tag="triangle",
                reason="the cycle beats its fees",
            )
            for leg, each in zip(cycle, units, strict=True)
        }


def cycles(views: Mapping[str, View], quotes: Mapping[str, QuoteTick]) -> Iterator[Cycle]:
    """Yield both ways round a triangle of three instruments that are all quoted; nothing where they are no triangle."""
    if len(views) != 3 or any(name not in quotes for name in views):
        return
    for cross in views.values():
        one = [v for v in views.values() if v is not cross and v.instrument.base == cross.instrument.quote]
        other = [v for v in views.values() if v is not cross and v.instrument.base == cross.instrument.base]
        if len(one) == len(other) == 1 and one[0].instrument.quote == other[0].instrument.quote:
            yield Cycle(*(_leg(each, side, quotes) for each, side in ((one[0], BUY), (cross, BUY), (other[0], SELL))))
            yield Cycle(*(_leg(each, side, quotes) for each, side in ((other[0], BUY), (cross, SELL), (one[0], SELL))))


def _corners(cross: Instrument, instruments: Sequence[Instrument]) -> bool:
    """Return whether two of the instruments lead from one currency to the two sides of the cross."""
    homes = [
        {each.quote for each in instruments if each.base == side} - {cross.quote} for side in (cross.base, cross.quote)
    ]
    return bool(homes[0] & homes[1])


def _leg(view: View, side: Side, quotes: Mapping[str, QuoteTick]) -> Leg:
    quote, instrument = quotes[view.instrument.id], view.instrument
    price, size = (quote.ask, quote.ask_size) if side is BUY else (quote.bid, quote.bid_size)
    return Leg(view, side, instrument.price_decimal(price), instrument.quantity_decimal(size))


def _coins(cycle: Cycle, fee: Decimal) -> Decimal:
    """Return how much of the cross's base all three legs can take at what they show."""
    first, cross, last = cycle
    if cross.side is BUY:  # coin B for the cross is bought first, coin A is sold last
        return min(last.shown, cross.shown, ratio(first.shown, multiply(cross.price, add(ONE, fee))))
    return min(first.shown, cross.shown, ratio(last.shown, multiply(cross.price, ONE - fee)))


def _amounts(cycle: Cycle, coins: Decimal, fee: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Return the base quantities of the three legs when so much of the cross's base goes round."""
    if cycle.cross.side is BUY:
        return multiply(multiply(coins, cycle.cross.price), add(ONE, fee)), coins, coins
    return coins, coins, multiply(multiply(coins, cycle.cross.price), ONE - fee)


def _home_price(cycle: Cycle) -> Decimal:
    """Return what one of the cross's base costs in the currency that the cycle starts from."""
    if cycle.cross.side is BUY:
        return multiply(cycle.cross.price, cycle.first.price)
    return cycle.first.price
