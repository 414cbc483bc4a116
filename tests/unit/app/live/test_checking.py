"""Orders that only their executions tell of are asked for once, and known for what they are."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.engine_rig import BTC, Desk, config
from tradewind.app.live.checking import Checker
from tradewind.engine.order_truth import OrderTruth
from tradewind.engine.reconciling import Reconciler
from tradewind.model.corrections import PositionAdopted
from tradewind.model.effects import Alarm
from tradewind.model.orders import Side
from tradewind.model.venue import VenueBalance, VenueFill, VenueOrder, VenueOrderStatus

S = 1_000_000_000
OWN, OTHER = "0123456789ab", "ba9876543210"


class Venue:
    """An account whose order `h` a halt sent; it counts how often each order was asked for."""

    def __init__(self, client_id: str) -> None:
        self.asked: list[str] = []
        self.client_id = client_id
        self.open: tuple[VenueOrder, ...] = ()

    async def fills(self, since_ns: int) -> Sequence[VenueFill]:
        common: dict[str, Any] = {
            "instrument": "BTC-USD", "side": Side.SELL, "price": Decimal(90), "fee": Decimal(0)
        }  # fmt: skip
        return (
            VenueFill(fill_id="o", venue_order_id="old", quantity=Decimal(9), ts_ns=1, **common),
            VenueFill(fill_id="f", venue_order_id="h", quantity=Decimal("0.5"), ts_ns=50 * S, **common),
        )

    async def open_orders(self) -> Sequence[VenueOrder]:
        return self.open

    async def find_venue_order(self, venue_id: str) -> VenueOrder:
        self.asked.append(venue_id)
        return VenueOrder(
            client_id=self.client_id, venue_id=venue_id, instrument="BTC-USD", side=Side.SELL, kind="market",
            quantity=Decimal("0.5"), filled=Decimal("0.5"), status=VenueOrderStatus.FILLED,
        )  # fmt: skip

    async def balances(self) -> Sequence[VenueBalance]:
        return (VenueBalance("USD", Decimal(1_000)), VenueBalance("BTC", Decimal("0.5")))

    async def positions(self) -> Sequence[Any]:
        return ()


class Rig(Desk):
    """An engine in place of the live one: it hears what the gateway would tell it, and every event is audited."""

    def __init__(self, venue: Venue) -> None:
        super().__init__(config([None], cash=Decimal(1_000)))
        self.truth = OrderTruth([BTC])
        self.alarms: list[Alarm] = []
        any_self: Any = self
        any_venue: Any = venue
        self.checker = Checker(
            any_venue, any_venue, any_self, any_self, Reconciler(self.truth, [BTC], opened_ns=2),
            orders_every_s=1, holdings_every_s=1, since_ns=0, timeout_s=1, own={OWN}, on_alarm=self.alarms.append,
        )  # fmt: skip
        self.clock_ns = 100 * S

    def hold(self, bot: str, quantity: int) -> None:
        self.take(PositionAdopted("BTC-USD", 3, quantity, Decimal(45), "supplied", "handed over", bot=bot))

    def now_ns(self) -> int:
        self.clock_ns += S
        return self.clock_ns

    def told(self, events: Sequence[Any]) -> None:
        for event in events:
            self.take(event)

    def rounds(self, count: int) -> None:
        for _ in range(count):
            assert asyncio.run(self.checker.round(holdings=False))


def test_what_a_halt_sold_goes_to_the_bot_that_held_it() -> None:
    venue = Venue("halt-1")
    rig = Rig(venue)
    rig.hold("a", 500)
    rig.rounds(3)
    assert (rig.position("a"), rig.position("external")) == (0, 0)
    assert venue.asked == ["h"]  # once, and not for what is older than the run


def test_what_somebody_else_sold_is_external() -> None:
    venue = Venue("by hand")
    rig = Rig(venue)
    rig.hold("a", 500)
    rig.rounds(3)
    assert (rig.position("a"), rig.position("external")) == (500, -500)
    assert venue.asked == ["h"]


def resting(client_id: str) -> VenueOrder:
    return VenueOrder(
        client_id=client_id, venue_id=f"v {client_id}", instrument="BTC-USD", side=Side.BUY, kind="limit",
        quantity=Decimal("0.1"), price=Decimal(80), filled=Decimal(0), status=VenueOrderStatus.OPEN,
    )  # fmt: skip


def test_an_operator_hears_once_of_another_session_on_the_account() -> None:
    venue = Venue("by hand")
    rig = Rig(venue)
    venue.open = (resting(f"{OWN}-1"), resting("by hand"))
    rig.rounds(1)
    assert rig.alarms == []
    venue.open += (resting(f"{OTHER}-7"), resting(f"{OTHER}-8-sl"))
    rig.rounds(3)
    (alarm,) = rig.alarms
    assert alarm.name == "another_session"
    assert f"{OTHER}-7 (buy BTC-USD), {OTHER}-8-sl" in alarm.text
