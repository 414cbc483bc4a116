"""What we own, through ccxt: balances, positions and rates. What ccxt has no word for is refused, never made up."""

from decimal import Decimal
from typing import Any

from tradewind.model.errors import MalformedAnswer, VenueRejected
from tradewind.model.fees import FeeTier
from tradewind.model.money import ZERO
from tradewind.model.venue import VenueBalance, VenuePosition
from tradewind.venues.ccxt.capabilities import Support
from tradewind.venues.ccxt.client import UNSUPPORTED, Client
from tradewind.venues.ccxt.exact import exact
from tradewind.venues.ccxt.incoming import venue_balances, venue_position
from tradewind.venues.ccxt.market_desk import CcxtMarket
from tradewind.venues.ports import KeyRights


class CcxtAccount:
    """The account's side of the desk."""

    def __init__(self, client: Client, market: CcxtMarket) -> None:
        self.client = client
        self.market = market

    async def balances(self) -> tuple[VenueBalance, ...]:
        """Return what is owned, sorted by currency, without what is nothing."""
        self.client.need("account", "balances")
        self.client.need_key()
        return venue_balances(await self.client.call("fetch_balance"))

    async def positions(self) -> tuple[VenuePosition, ...]:
        """Return open positions in contracts; a venue that has no contracts has none."""
        contracts = self.client.map_for(spot=False)
        if contracts is None:
            return ()
        if contracts.support("account", "positions") is Support.MISSING:
            raise VenueRejected(f"{self.client.venue} through ccxt does not tell positions", UNSUPPORTED)
        self.client.need_key()
        names = await self.client.names()
        made = (venue_position(each, names) for each in await self.client.call("fetch_positions"))
        return tuple(each for each in made if each.quantity)

    async def fee_rates(self) -> FeeTier:
        """Return the highest rates of the instruments that are known: where they differ, no less is expected.

        Raises  MalformedAnswer when the venue names none: nothing may be assumed about what trading costs.
        """
        self.client.need("account", "fee rates")
        self.client.need_key()
        symbols = [await self.market.symbol(each) for each in self.market.known]
        if self.client.exchange.has.get("fetchTradingFees"):
            told: dict[str, Any] = await self.client.call("fetch_trading_fees")
        else:
            told = {symbol: await self.client.call("fetch_trading_fee", symbol) for symbol in symbols}
        rows = [told[symbol] for symbol in symbols if symbol in told] or list(told.values())
        rates = [(_rate(row, "maker"), _rate(row, "taker")) for row in rows if isinstance(row, dict)]
        if not rates:
            raise MalformedAnswer(f"{self.client.venue} names no rates: ask for an instrument first")
        return FeeTier(ZERO, max(maker for maker, _ in rates), max(taker for _, taker in rates))

    async def permissions(self) -> KeyRights:
        """Raise VenueRejected: ccxt has no word for what a key may do."""
        raise VenueRejected(f"ccxt cannot tell what a key of {self.client.venue} may do", UNSUPPORTED)

    async def volume_30d(self) -> Decimal:
        """Raise VenueRejected: ccxt has no word for the volume of thirty days."""
        raise VenueRejected(f"ccxt cannot tell what was traded at {self.client.venue} in 30 days", UNSUPPORTED)


def _rate(row: dict[str, Any], kind: str) -> Decimal:
    found = exact(row.get(kind), f"{kind} rate of {row.get('symbol')}")
    if found is None:
        raise MalformedAnswer(f"{row.get('symbol')} has no {kind} rate")
    return found
