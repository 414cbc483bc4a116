"""A session that decides and records, and never sends: the venue is read, and no request that writes leaves (SPEC X6).

Whoever holds a `DryDesk` has no way to the venue's writing side, so nothing that is decided above can change that.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from tradewind.app.live.lease import AccountIdentity
from tradewind.app.live.venue_side import VenueSide
from tradewind.model.instrument import Instrument
from tradewind.model.orders import OrderRequest
from tradewind.model.venue import CancelAnswer, CancelRefused, PlaceAnswer, PlaceRefused, VenueFill, VenueOrder
from tradewind.venues.ports import AccountDesk, Look, MarketDesk, OrderDesk, Take

DRY_RUN = "DRY_RUN"
MODE = "dry"
REFUSED = PlaceRefused(DRY_RUN, "decided and recorded, not sent")


class DryDesk:
    """What is at the venue can be read; every write is refused here."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk

    async def place(self, request: OrderRequest, look: Look | None = None) -> PlaceAnswer:
        return REFUSED

    def prepare(self, request: OrderRequest) -> None:
        return None

    def forget(self, client_ids: Iterable[str]) -> None:
        return None

    async def cancel(self, client_ids: Sequence[str]) -> Mapping[str, CancelAnswer]:
        return dict.fromkeys(client_ids, CancelRefused(DRY_RUN))

    async def cancel_venue_orders(self, venue_ids: Sequence[str]) -> Mapping[str, CancelAnswer]:
        return dict.fromkeys(venue_ids, CancelRefused(DRY_RUN))

    async def edit(
        self, client_id: str, *, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> PlaceAnswer:
        return REFUSED

    async def find(self, client_id: str) -> VenueOrder | None:
        return await self._desk.find(client_id)

    async def find_venue_order(self, venue_id: str) -> VenueOrder | None:
        return await self._desk.find_venue_order(venue_id)

    async def open_orders(self, instrument: str | None = None) -> Sequence[VenueOrder]:
        return await self._desk.open_orders(instrument)

    async def fills(self, since_ns: int, order_id: str | None = None) -> Sequence[VenueFill]:
        return await self._desk.fills(since_ns, order_id)


class DrySide:
    """An account that is only looked at; its state is kept apart from that of real sessions."""

    def __init__(self, side: VenueSide) -> None:
        self.identity: AccountIdentity = msgspec.structs.replace(side.identity, mode=MODE)
        self.is_real = side.is_real
        self.orders: OrderDesk = DryDesk(side.orders)
        self._side = side

    @property
    def account(self) -> AccountDesk:
        return self._side.account

    @property
    def market(self) -> MarketDesk:
        return self._side.market

    def know(self, instruments: Sequence[Instrument]) -> None:
        self._side.know(instruments)

    def spans_ns(self) -> frozenset[int]:
        return self._side.spans_ns()

    def use_time(self, offset_ns: int) -> None:
        self._side.use_time(offset_ns)

    async def listen(self, instruments: Sequence[Instrument], *, books: frozenset[str], user: bool, take: Take) -> None:
        await self._side.listen(instruments, books=books, user=user, take=take)

    async def preview(self, request: OrderRequest) -> PlaceRefused | None:
        return None

    async def close(self) -> None:
        await self._side.close()
