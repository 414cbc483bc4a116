"""The desk: one account at Coinbase as the protocols of `venues.ports` know it, over one connection."""

from collections.abc import Iterable

from tradewind.model.instrument import Instrument
from tradewind.venues.coinbase.account_desk import CoinbaseAccount
from tradewind.venues.coinbase.addresses import PRODUCTION, Address
from tradewind.venues.coinbase.client import Client
from tradewind.venues.coinbase.keys import ApiKey
from tradewind.venues.coinbase.market_desk import CoinbaseMarket
from tradewind.venues.coinbase.order_desk import CoinbaseOrders
from tradewind.venues.coinbase.signing import Signer
from tradewind.venues.ports import AccountDesk, MarketDesk, OrderDesk


class CoinbaseDesk:
    """Three desks that share a connection, its budget and its clock: `market`, `account` and `orders`."""

    def __init__(self, client: Client, instruments: Iterable[Instrument] = ()) -> None:
        self.client = client
        self.market = CoinbaseMarket(client, instruments)
        self.account = CoinbaseAccount(client, self.market)
        self.orders = CoinbaseOrders(client, self.market, self.account)

    async def close(self) -> None:
        """Close every connection."""
        await self.client.close()


def open_desk(
    address: Address = PRODUCTION, key: ApiKey | None = None, instruments: Iterable[Instrument] = ()
) -> CoinbaseDesk:
    """Return a desk at an address; nothing is sent before something is asked. Without a key: the market alone."""
    return CoinbaseDesk(Client(address, None if key is None else Signer(key)), instruments)


def ports_of(desk: CoinbaseDesk) -> tuple[MarketDesk, AccountDesk, OrderDesk]:
    """Return the desk as the protocols that a session asks for."""
    return desk.market, desk.account, desk.orders
