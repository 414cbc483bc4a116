"""What a session needs of a venue, in one hand: its desks, its streams, and what it is called."""

from collections.abc import Sequence
from typing import Protocol

from tradewind.app.live.lease import AccountIdentity
from tradewind.model.instrument import Instrument
from tradewind.model.orders import OrderRequest
from tradewind.model.venue import PlaceRefused
from tradewind.venues.ports import AccountDesk, MarketDesk, OrderDesk, Take


class VenueSide(Protocol):
    """An opened connection to a venue. `is_real` says that real money is behind it."""

    @property
    def identity(self) -> AccountIdentity: ...

    @property
    def is_real(self) -> bool: ...

    @property
    def orders(self) -> OrderDesk: ...

    @property
    def account(self) -> AccountDesk: ...

    @property
    def market(self) -> MarketDesk: ...

    def know(self, instruments: Sequence[Instrument]) -> None:
        """Tell prices and quantities in the units of these instruments from now on."""
        ...

    def spans_ns(self) -> frozenset[int]:
        """Return the lengths of the candles that can be asked for."""
        ...

    def use_time(self, offset_ns: int) -> None:
        """Sign requests with the venue's time: ours plus `offset_ns`."""
        ...

    async def listen(self, instruments: Sequence[Instrument], *, books: frozenset[str], user: bool, take: Take) -> None:
        """Hand over trades and quotes, full books for `books`, and with `user` our own orders, as they come; no end."""
        ...

    async def preview(self, request: OrderRequest) -> PlaceRefused | None:
        """Return why the venue would refuse the order, None when it would not; nothing is placed."""
        ...

    async def close(self) -> None: ...
