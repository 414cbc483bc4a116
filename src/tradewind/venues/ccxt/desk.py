"""The desk: one account at any venue of ccxt as the protocols of `venues.ports` know it."""

from collections.abc import Iterable, Mapping
from typing import Any

from tradewind.model.instrument import Instrument
from tradewind.venues.ccxt.account_desk import CcxtAccount
from tradewind.venues.ccxt.client import Client, Credentials, open_client
from tradewind.venues.ccxt.market_desk import CcxtMarket
from tradewind.venues.ccxt.order_desk import CcxtOrders
from tradewind.venues.ports import AccountDesk, MarketDesk, OrderDesk


class CcxtDesk:
    """Three desks that share a connection: `market`, `account` and `orders`."""

    def __init__(self, client: Client, instruments: Iterable[Instrument] = ()) -> None:
        self.client = client
        self.market = CcxtMarket(client, instruments)
        self.account = CcxtAccount(client, self.market)
        self.orders = CcxtOrders(client, self.market)

    async def close(self) -> None:
        """Close every connection."""
        await self.client.close()


def open_desk(
    venue: str,
    credentials: Credentials | None = None,
    instruments: Iterable[Instrument] = (),
    *,
    address: str = "",
    authority: str = "",
    options: Mapping[str, Any] | None = None,
) -> CcxtDesk:
    """Return a desk at a venue of ccxt; nothing is sent before something is asked. Without a key: the market alone.

    Raises  ConfigError when ccxt is not installed or knows no such venue.
    """
    client = open_client(venue, credentials, address=address, authority=authority, options=options)
    return CcxtDesk(client, instruments)


def ports_of(desk: CcxtDesk) -> tuple[MarketDesk, AccountDesk, OrderDesk]:
    """Return the desk as the protocols that a session asks for."""
    return desk.market, desk.account, desk.orders
