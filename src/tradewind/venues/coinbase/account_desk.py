"""What we own and may do: balances, positions, rates, volume and the key's rights."""

from decimal import Decimal

from tradewind.model.errors import PermissionMissing, VenueRejected
from tradewind.model.fees import FeeTier
from tradewind.model.money import ZERO, subtract
from tradewind.model.venue import VenueBalance, VenuePosition
from tradewind.venues.coinbase import requests
from tradewind.venues.coinbase.client import Client
from tradewind.venues.coinbase.incoming import (
    fee_tier,
    futures_position,
    key_rights,
    perpetual_position,
    venue_balances,
)
from tradewind.venues.coinbase.market_desk import CoinbaseMarket
from tradewind.venues.coinbase.pages import pages
from tradewind.venues.coinbase.wire.accounts import Account, KeyPermissions, ListAccounts, TransactionSummary
from tradewind.venues.coinbase.wire.futures import (
    BalanceSummary,
    CfmPositions,
    ListPerpetualBalances,
    PerpetualPositions,
)
from tradewind.venues.coinbase.wire.values import amount
from tradewind.venues.ports import KeyRights

INTX = "INTX"
US_MONEY = "USD"


class CoinbaseAccount:
    """The account's side of the desk: of the portfolio that the key belongs to."""

    def __init__(self, client: Client, market: CoinbaseMarket) -> None:
        self.client = client
        self.market = market
        self._rights: KeyRights | None = None
        self._futures_told = False

    async def accounts(self) -> tuple[Account, ...]:
        """Return the venue's own records, one per currency."""
        found: list[Account] = []
        async for page in pages(
            self.client,
            ListAccounts,
            lambda cursor: requests.list_accounts(cursor=cursor),
            lambda page: page.cursor if page.has_next else "",
        ):
            found += page.accounts
        return tuple(found)

    async def balances(self) -> tuple[VenueBalance, ...]:
        """Return what is owned, sorted by currency, without what is nothing.

        Where futures are traded, their money is what the futures' side says, before profits that are not realised: a
        wallet shows what it has left beside the margin.
        """
        wallets = venue_balances(await self.accounts())
        if not self._trades_futures:
            return wallets
        totals = await self._futures_money()
        whole = {each.currency: each for each in wallets}
        for currency, total in totals.items():
            hold = whole[currency].hold if currency in whole else ZERO
            whole[currency] = VenueBalance(currency, subtract(total, hold), hold)
        return tuple(whole[currency] for currency in sorted(whole))

    async def _futures_money(self) -> dict[str, Decimal]:
        rights = self._rights or await self.permissions()
        if rights.portfolio_type != INTX:
            told = await self.client.call(requests.futures_balance_summary(), BalanceSummary)
            total = None if told.balance_summary is None else amount(told.balance_summary.total_usd_balance)
            return {} if total is None else {US_MONEY: total}
        answer = await self.client.call(requests.perpetuals_balances(rights.portfolio_id), ListPerpetualBalances)
        listed = answer.portfolio_balances
        portfolios = listed if isinstance(listed, list) else [listed]
        return {
            each.asset.asset_name or each.asset.asset_id: each.quantity
            for portfolio in portfolios
            for each in portfolio.balances
            if each.asset is not None and each.quantity
        }

    @property
    def _trades_futures(self) -> bool:
        return any(not each.is_spot for each in self.market.known.values())

    async def positions(self) -> tuple[VenuePosition, ...]:
        """Return open futures positions: US contracts, and perpetuals where the portfolio is of that kind.

        An account that has no futures is refused an answer, and so has none. Where futures are traded here, or were
        told before, a refusal is an error: no position is taken for gone because nobody may say so just now.
        """
        rights = self._rights or await self.permissions()
        if rights.portfolio_type == INTX:
            request = requests.list_perpetuals_positions(rights.portfolio_id)
            found = [
                perpetual_position(each) for each in (await self.client.call(request, PerpetualPositions)).positions
            ]
        else:
            found = await self._futures_positions()
        return tuple(each for each in found if each.quantity)

    async def fee_rates(self) -> FeeTier:
        """Return the rates of the tier that applies now."""
        return fee_tier(await self.transaction_summary())

    async def volume_30d(self) -> Decimal:
        """Return what was traded in thirty days, in US dollars, as the venue counts it."""
        return (await self.transaction_summary()).total_volume or ZERO

    async def transaction_summary(self) -> TransactionSummary:
        """Return the venue's own record of volume, fees and tier."""
        return await self.client.call(requests.transaction_summary(), TransactionSummary)

    async def permissions(self) -> KeyRights:
        """Return what the key may do, asked anew."""
        self._rights = key_rights(await self.client.call(requests.key_permissions(), KeyPermissions))
        return self._rights

    async def futures_balances(self) -> BalanceSummary | None:
        """Return margin and buying power of US futures, None for an account without them."""
        try:
            return await self.client.call(requests.futures_balance_summary(), BalanceSummary)
        except (PermissionMissing, VenueRejected):
            return None

    async def _futures_positions(self) -> list[VenuePosition]:
        needed = self._futures_told or self._trades_futures
        try:
            found = await self.client.call(requests.list_futures_positions(), CfmPositions)
        except (PermissionMissing, VenueRejected):
            if needed:
                raise
            return []
        self._futures_told = True
        return [futures_position(each) for each in found.positions]
