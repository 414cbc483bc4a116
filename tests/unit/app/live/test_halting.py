"""The halt without a bot: what it does when the venue answers late, wrongly or not at all."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from tradewind.app.home import Home
from tradewind.app.live import halting
from tradewind.app.live.clearing import Clearing, Pace
from tradewind.app.live.coinbase import CoinbaseSide
from tradewind.app.live.halting import halt_venue
from tradewind.app.live.latch import LATCH_FILE, Latch
from tradewind.app.live.lease import AccountIdentity, Lease
from tradewind.app.venue_access import Access
from tradewind.model.errors import AuthenticationFailed, VenueError, VenueUnavailable
from tradewind.model.instrument import Instrument, define_instrument
from tradewind.model.orders import OrderRequest, Side
from tradewind.model.venue import (
    CancelTaken,
    InDoubt,
    PlaceAnswer,
    Placed,
    PlaceRefused,
    VenueBalance,
    VenueOrder,
    VenueOrderStatus,
    VenuePosition,
)
from tradewind.venues.coinbase.addresses import Address

PACE = Pace(within_s=0.3, answer_s=0.1, pause_s=0.005, quiet_s=0.03)
BTC = define_instrument("BTC-USD")
ACCESS = Access(Address("http://127.0.0.1:1", "ws://127.0.0.1:1"))


def resting(venue_id: str) -> VenueOrder:
    return VenueOrder(
        client_id="a", venue_id=venue_id, instrument="BTC-USD", side=Side.BUY, status=VenueOrderStatus.OPEN
    )


class Venue:
    """One account whose every answer a test can spoil; it is all of the desks at once."""

    def __init__(self, orders: Sequence[str] = (), base: str = "0", perpetual: str = "0") -> None:
        self.live = set(orders)
        self.base = Decimal(base)
        self.perpetual = Decimal(perpetual)
        self.bad: dict[str, list[Any]] = {}
        self.names: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.identity = AccountIdentity(venue="coinbase", endpoint=ACCESS.address.rest, account="a")
        self.orders = self.account = self.market = self

    async def _told(self, what: str) -> Any:
        self.asked[what] += 1
        queue = self.bad.get(what, [])
        bad = queue.pop(0) if queue else None
        if isinstance(bad, Exception):
            raise bad
        if bad == "silence":
            await asyncio.sleep(1)
        return bad

    async def open_orders(self) -> list[VenueOrder]:
        hidden = await self._told("open_orders")
        return [] if hidden else [resting(each) for each in sorted(self.live)]

    async def cancel_venue_orders(self, ids: Sequence[str]) -> dict[str, CancelTaken]:
        if await self._told("cancel") != "ignored":
            self.live -= set(ids)
        return {each: CancelTaken() for each in ids}

    async def positions(self) -> list[VenuePosition]:
        await self._told("positions")
        return [VenuePosition(instrument="BTC-PERP", quantity=self.perpetual)] if self.perpetual else []

    async def balances(self) -> list[VenueBalance]:
        await self._told("balances")
        return [VenueBalance("BTC", self.base, Decimal(0))]

    async def instruments(self, names: Sequence[str]) -> list[Instrument]:
        return [BTC]

    async def close_position(self, name: str, instrument: str, size: Decimal) -> PlaceAnswer:
        assert instrument == "BTC-PERP"
        self.perpetual = Decimal(0)
        return Placed(name)

    async def place(self, request: OrderRequest) -> PlaceAnswer:
        self.names[request.order_id] += 1
        bad = await self._told("place")
        if bad == "never arrived":
            return InDoubt("dropped")
        if isinstance(bad, PlaceRefused):
            return bad
        if self.names[request.order_id] == 1 or bad is None:
            self.base = Decimal("0.4") if bad == "in part" else Decimal(0)
        return InDoubt("dropped") if bad == "no answer" else Placed("v")

    async def close(self) -> None:
        self.asked["closed"] += 1


def cleared(venue: Venue, instruments: Sequence[str] | None = None) -> Clearing:
    made = Clearing(cast(CoinbaseSide, venue), PACE)

    async def run() -> None:
        await made.cancel_everything()
        if instruments is not None:
            await made.close_everything(instruments)

    asyncio.run(run())
    return made


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"open_orders": [VenueUnavailable("503"), "silence"]},
        {"open_orders": ["hidden", "hidden"]},  # a list that lags behind is not believed at once
        {"cancel": [VenueUnavailable("502"), "ignored", "silence"]},
    ],
)
def test_cancels_are_asked_for_until_the_venue_has_shown_nothing_for_a_while(bad: dict[str, list[Any]]) -> None:
    venue = Venue(["v1", "v2"])
    venue.bad = bad
    made = cleared(venue)
    assert (made.canceled, made.left, made.errors) == (["v1", "v2"], [], [])
    assert venue.asked["open_orders"] > 3


def test_what_cannot_be_canceled_is_left_and_said() -> None:
    venue = Venue(["v1"])
    venue.bad = {"cancel": ["ignored"] * 1_000}
    made = cleared(venue)
    assert made.canceled == []
    assert made.left == ["BTC-USD buy: order v1"]
    venue.bad = {"open_orders": [VenueUnavailable("503: maintenance")] * 1_000}
    made = cleared(venue)
    assert made.errors == ["open orders: VenueUnavailable: 503: maintenance"]


@pytest.mark.parametrize(
    ("bad", "names"),
    [
        ([], 1),
        (["never arrived", "never arrived"], 1),  # in doubt: again under the same name
        (["no answer"], 1),
        (["in part"], 2),  # what is left is another order
        ([PlaceRefused("RATE_LIMITED")], 2),
    ],
)
def test_a_holding_is_sold_once_whatever_is_answered(bad: list[Any], names: int) -> None:
    venue = Venue(base="1")
    venue.bad = {"place": bad}
    made = cleared(venue, ["BTC-USD"])
    assert (made.closed, made.left, made.errors) == (["BTC-USD 1"], [], [])
    assert len(venue.names) == names


def test_futures_are_closed_whole_and_spot_that_is_not_named_stays() -> None:
    venue = Venue(base="1", perpetual="-3")
    made = cleared(venue, [])
    assert made.closed == ["BTC-PERP -3"]
    assert venue.base == 1


def test_a_refusal_for_good_is_told_and_not_tried_again() -> None:
    venue = Venue(base="1", perpetual="2")
    venue.bad = {"place": [PlaceRefused("INVALID_PRODUCT_ID", "no")]}
    made = cleared(venue, ["BTC-USD"])
    assert made.closed == ["BTC-PERP 2"]
    assert made.left == ["BTC-USD 1 is still held: INVALID_PRODUCT_ID no"]
    assert venue.asked["place"] == 1


def halted(home: Path, monkeypatch: pytest.MonkeyPatch, *answers: Venue | VenueError) -> halting.VenueHalted:
    turns = iter(answers)
    last: list[Venue | VenueError] = []

    async def opened(_: Access) -> Venue:
        last[:] = [next(turns, *last)]
        if isinstance(last[0], VenueError):
            raise last[0]
        return last[0]

    monkeypatch.setattr(halting, "open_side", opened)
    return asyncio.run(halt_venue(Home(home), ACCESS, "news", (), flatten=False, pace=PACE))


def test_the_account_is_latched_before_anything_is_canceled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venue = Venue(["v1"])
    done = halted(tmp_path, monkeypatch, VenueUnavailable("503"), venue)
    assert done.is_done
    assert done.canceled == ("v1",)
    assert done.latched == (venue.identity.name,)
    assert Latch(tmp_path / "live" / venue.identity.name).is_set
    assert venue.asked["closed"] == 1


@pytest.mark.parametrize("error", [VenueUnavailable("503: away"), AuthenticationFailed("401: no such key")])
def test_while_the_venue_does_not_say_whose_key_it_is_every_account_there_is_latched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: VenueError
) -> None:
    here = AccountIdentity(venue="coinbase", endpoint=ACCESS.address.rest, account="a")
    elsewhere = AccountIdentity(venue="coinbase", endpoint="https://other", account="a")
    paper = AccountIdentity(venue="coinbase", endpoint=ACCESS.address.rest, account="paper", mode="paper")
    for identity in (here, elsewhere, paper):
        Lease.take(tmp_path / "live", identity).release()
    done = halted(tmp_path, monkeypatch, error)
    assert not done.is_done
    assert done.latched == (here.name,)
    assert str(error) in done.errors[0]
    assert {path.parent.name for path in tmp_path.rglob(LATCH_FILE)} == {here.name}


def test_a_latch_that_cannot_be_written_does_not_keep_the_orders_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue = Venue(["v1"])
    (tmp_path / "live").write_text("not a folder")
    done = halted(tmp_path, monkeypatch, venue)
    assert done.canceled == ("v1",)
    assert not done.is_done
    assert "cannot be written" in done.errors[0]
