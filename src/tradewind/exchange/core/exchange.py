"""The exchange: every call a server or a market feed makes, in decimals, each told the time.

Calls that change something first let happen what is due by then. Unknown accounts and products raise ConfigError;
what a client may get wrong is answered, never raised.
"""

from collections.abc import Sequence
from decimal import Decimal

from tradewind.exchange.core import editing, listing, news, placing, timing
from tradewind.exchange.core.accounts import Account, BalanceView, balance_view
from tradewind.exchange.core.amounts import decimal_of, units_of
from tradewind.exchange.core.desk import Desk
from tradewind.exchange.core.entering import enter, revalue
from tradewind.exchange.core.events import CoreEvent, ModeChanged
from tradewind.exchange.core.fees import PERPETUAL_FEES, RATE_DIGITS, SPOT_FEES, FeeTierView
from tradewind.exchange.core.futures import PositionView, encumbered
from tradewind.exchange.core.listing import view_of
from tradewind.exchange.core.orders import NewOrder, OrderStatus
from tradewind.exchange.core.positions import position_view
from tradewind.exchange.core.products import Product, ProductKind, ProductMode
from tradewind.exchange.core.state import State
from tradewind.exchange.core.views import (
    BookView,
    CancelOutcome,
    CandleView,
    EditOutcome,
    FillView,
    OrderView,
    PlaceOutcome,
    Preview,
    TradeView,
    candle_view,
    levels_view,
    trade_view,
)
from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeSchedule
from tradewind.model.money import ZERO


class Exchange:
    """Markets and accounts. `history` is how many ended orders and fills an account, and trades a market, keeps.

    With an entry delay orders are PENDING first; with a cancel delay they are CANCEL_QUEUED, and may still fill.
    """

    def __init__(
        self,
        products: Sequence[Product],
        *,
        seed: int,
        spot_fees: FeeSchedule = SPOT_FEES,
        perpetual_fees: FeeSchedule = PERPETUAL_FEES,
        history: int = 100_000,
        entry_delay_ns: int = 0,
        cancel_delay_ns: int = 0,
    ) -> None:
        self.state = State(
            products,
            seed=seed,
            spot_fees=spot_fees,
            perpetual_fees=perpetual_fees,
            history=history,
            entry_delay_ns=entry_delay_ns,
            cancel_delay_ns=cancel_delay_ns,
        )
        self._account_numbers = 0

    # -- accounts -----------------------------------------------------------------------------------------------------

    def open_account(
        self,
        name: str,
        balances: dict[str, Decimal] | None = None,
        *,
        owner: str = "",
        unlimited: bool = False,
        volume_30d: Decimal = ZERO,
    ) -> str:
        """Open an account (a portfolio) and return its id. `unlimited` ones trade on credit and keep no history."""
        state = self.state
        self._account_numbers += 1
        account_id = state.naming.accounts.text(self._account_numbers)
        account = Account(
            account_id,
            name,
            owner or account_id,
            unlimited=unlimited,
            history=state.history,
            volume=units_of(volume_30d),
        )
        state.add_account(account)
        for currency, amount in (balances or {}).items():
            account.deposit(currency, amount)
        state.refresh(account)
        return account_id

    def accounts(self, owner: str | None = None) -> list[str]:
        """Return the ids of the accounts of an owner (of all), the house's left out."""
        found = list(self.state.accounts.values())[1:]
        return [account.id for account in found if owner is None or account.owner == owner]

    def account_name(self, account_id: str) -> str:
        """Return the name an account was opened with."""
        return self.state.account(account_id).name

    def deposit(self, account_id: str, currency: str, amount: Decimal) -> None:
        """Bring money in from outside, or with a negative amount take it out."""
        self.state.account(account_id).deposit(currency, amount)

    def transfer(self, source_id: str, target_id: str, currency: str, amount: Decimal) -> bool:
        """Move free money between two accounts; return False, with nothing moved, when there is not enough."""
        state = self.state
        source, target = state.account(source_id), state.account(target_id)
        units = units_of(amount)
        balance = source.balance(currency)
        if units <= 0 or units > placing.free(state, source, balance):
            return False
        balance.total -= units
        target.balance(currency).total += units
        return True

    def convert(self, account_id: str, source: str, target: str, amount: Decimal) -> bool:
        """Exchange free money one to one (dollar coins); return False when there is not enough."""
        state = self.state
        account, units = state.account(account_id), units_of(amount)
        balance = account.balance(source)
        if units <= 0 or units > placing.free(state, account, balance):
            return False
        for holder, sign in ((account, 1), (state.house, -1)):
            holder.balance(source).total -= sign * units
            holder.balance(target).total += sign * units
        return True

    def balances(self, account_id: str) -> list[BalanceView]:
        """Return every currency the account has had, in the order of its first use."""
        account, markets = self.state.account(account_id), self.state.markets
        return [
            balance_view(balance, encumbered(account, currency, markets))
            for currency, balance in account.balances.items()
        ]

    def balance(self, account_id: str, currency: str) -> BalanceView:
        """Return one currency of an account; zeros for one it has never had."""
        account = self.state.account(account_id)
        found = account.balances.get(currency)
        if found is None:
            return BalanceView(currency, ZERO, ZERO, ZERO)
        return balance_view(found, encumbered(account, currency, self.state.markets))

    def positions(self, account_id: str) -> list[PositionView]:
        """Return the open futures positions of an account."""
        state = self.state
        account = state.account(account_id)
        return [
            position_view(state, state.markets[product_id], seat)
            for product_id, seat in account.seats.items()
            if seat.position
        ]

    def fee_tier(self, account_id: str, kind: ProductKind = ProductKind.SPOT) -> FeeTierView:
        """Return the tier new orders of an account are charged at."""
        state = self.state
        table = state.spot_fees if kind is ProductKind.SPOT else state.perpetual_fees
        return table.view(table.tier_at(state.volume_30d(state.account(account_id))))

    def volume_30d(self, account_id: str) -> Decimal:
        """Return the dollars an account has traded in the last 30 days, by whole hours."""
        return decimal_of(self.state.volume_30d(self.state.account(account_id)))

    # -- orders -------------------------------------------------------------------------------------------------------

    def place(self, account_id: str, request: NewOrder, now_ns: int) -> PlaceOutcome:
        """Take a new order, or say why not; a client id that was used returns the order it named."""
        timing.reach(self.state, now_ns)
        return placing.place(self.state, self.state.account(account_id), request, self.state.now_ns)

    def preview(self, account_id: str, request: NewOrder, now_ns: int) -> Preview:
        """Return what an order would do now, or why it would be refused."""
        timing.reach(self.state, now_ns)
        return placing.preview(self.state, self.state.account(account_id), request, self.state.now_ns)

    def cancel(self, account_id: str, order_ids: Sequence[str], now_ns: int) -> list[CancelOutcome]:
        """Cancel orders; each has its own outcome."""
        timing.reach(self.state, now_ns)
        return placing.cancel(self.state, self.state.account(account_id), order_ids, self.state.now_ns)

    def edit(
        self,
        account_id: str,
        order_id: str,
        now_ns: int,
        *,
        price: Decimal | None = None,
        size: Decimal | None = None,
        stop_price: Decimal | None = None,
    ) -> EditOutcome:
        """Change an open order's price, whole size or waiting stop."""
        timing.reach(self.state, now_ns)
        account = self.state.account(account_id)
        return editing.edit(self.state, account, order_id, price, size, stop_price, self.state.now_ns)

    def close_position(
        self, account_id: str, product_id: str, client_order_id: str, now_ns: int, size: Decimal | None = None
    ) -> PlaceOutcome:
        """Close a futures position, or `size` of it, at the market."""
        timing.reach(self.state, now_ns)
        account = self.state.account(account_id)
        return placing.close_position(self.state, account, product_id, client_order_id, size, self.state.now_ns)

    def order(self, account_id: str, order_id: str) -> OrderView | None:
        """Return an order of the account by its id."""
        order = placing.find(self.state, self.state.account(account_id), order_id)
        return None if order is None else view_of(self.state, order)

    def order_by_client_id(self, account_id: str, client_order_id: str) -> OrderView | None:
        """Return an order of the account by the client's id."""
        order = self.state.registers[self.state.account(account_id).id].by_client_id.get(client_order_id)
        return None if order is None else view_of(self.state, order)

    def orders(
        self,
        account_id: str,
        *,
        product_id: str | None = None,
        statuses: frozenset[OrderStatus] | None = None,
        limit: int | None = None,
    ) -> list[OrderView]:
        """Return an account's orders, newest first; with only live states asked for, the ended are not looked at."""
        return listing.orders(self.state, self.state.account(account_id), product_id, statuses, limit)

    def fills(
        self,
        account_id: str,
        *,
        order_id: str | None = None,
        product_id: str | None = None,
        since_ns: int | None = None,
        limit: int | None = None,
    ) -> list[FillView]:
        """Return an account's fills, newest first; the forgotten ones left out."""
        return listing.fills(self.state, self.state.account(account_id), order_id, product_id, since_ns, limit)

    # -- markets ------------------------------------------------------------------------------------------------------

    def products(self) -> list[Product]:
        """Return what is traded here."""
        return [market.product for market in self.state.markets.values()]

    def product(self, product_id: str) -> Product:
        """Return a product's terms."""
        return self.state.market(product_id).product

    def mode(self, product_id: str) -> ProductMode:
        """Return what clients may do at a product now."""
        return self.state.market(product_id).mode

    def set_mode(self, product_id: str, mode: ProductMode, now_ns: int) -> None:
        """Change what clients may do. When an auction ends, its orders enter in the order of their arrival."""
        timing.reach(self.state, now_ns)
        market = self.state.market(product_id)
        market.mode = mode
        self.state.news.append(ModeChanged(product_id, mode))
        if mode in {ProductMode.ONLINE, ProductMode.LIMIT_ONLY}:
            queued, market.queued = market.queued, []
            for order in queued:
                if order.open and not order.pending_cancel:
                    enter(self.state, market, order, self.state.now_ns)

    def set_mark(self, product_id: str, price: Decimal | None, now_ns: int) -> None:
        """Give the price positions are valued at; None goes back to the middle of the book."""
        timing.reach(self.state, now_ns)
        market = self.state.market(product_id)
        market.mark = None if price is None else units_of(price, market.scales.price_digits)
        revalue(self.state, market, self.state.now_ns)

    def set_funding_rate(self, product_id: str, rate: Decimal, interval_ns: int | None = None) -> None:
        """Set the rate of the next fundings (positive: longs pay shorts), and if asked for how far apart they are."""
        market = self.state.market(product_id)
        if market.product.is_spot:
            raise ConfigError(f"{product_id} is a spot product: it has no funding")
        market.funding_rate = units_of(rate, RATE_DIGITS)
        if interval_ns is not None:
            timing.set_interval(self.state, market, interval_ns)

    def funding(self, product_id: str) -> tuple[Decimal, int | None]:
        """Return the funding rate and when it is due next."""
        market = self.state.market(product_id)
        return decimal_of(market.funding_rate, RATE_DIGITS), market.next_funding_ns

    def funding_interval_ns(self, product_id: str) -> int:
        """Return how far apart fundings are."""
        return self.state.market(product_id).funding_interval_ns

    def book(self, product_id: str, depth: int | None = None) -> BookView:
        """Return the levels of both sides, best first."""
        market = self.state.market(product_id)
        bids, asks = (levels_view(side.depth(depth), market) for side in (market.bids, market.asks))
        return BookView(product_id, bids, asks)

    def trades(self, product_id: str, limit: int = 100) -> list[TradeView]:
        """Return the newest public trades, newest first."""
        market = self.state.market(product_id)
        return [trade_view(trade, market) for trade in market.tape.trades[: -limit - 1 : -1]]

    def last_price(self, product_id: str) -> Decimal | None:
        """Return the price of the last trade."""
        market = self.state.market(product_id)
        return None if market.last is None else decimal_of(market.last, market.scales.price_digits)

    def mark_price(self, product_id: str) -> Decimal | None:
        """Return the price positions are valued at."""
        market = self.state.market(product_id)
        price = market.mark_price()
        return None if price is None else decimal_of(price, market.scales.price_digits)

    def open_interest(self, product_id: str) -> Decimal:
        """Return the quantity of all long positions."""
        market = self.state.market(product_id)
        held = sum(seat.position for seat in market.seats.values() if seat.position > 0)
        return decimal_of(held, market.scales.quantity_digits)

    def candles(self, product_id: str, granularity_s: int, start_s: int, end_s: int) -> list[CandleView]:
        """Return candles that start in [start_s, end_s), newest first; spans without trades are left out."""
        market = self.state.market(product_id)
        found = market.tape.candles(granularity_s, start_s, end_s)
        return [candle_view(candle, market) for candle in reversed(found)]

    def desk(self, account_id: str, product_id: str) -> Desk:
        """Return the quick way in for a market feed in this process."""
        return Desk(self.state, self.state.account(account_id), self.state.market(product_id))

    # -- time and news ------------------------------------------------------------------------------------------------

    def advance(self, now_ns: int) -> None:
        """Let expiries, delayed entries and cancels, TWAP slices and funding up to `now_ns` happen."""
        timing.advance(self.state, now_ns)

    def drain(self) -> list[CoreEvent]:
        """Return what has changed since the last drain: trades, then levels, orders, positions of each market."""
        return news.drain(self.state)

    def forget(self) -> None:
        """Drop what has changed since the last drain, for when nobody listens: it costs no views."""
        news.forget(self.state)
