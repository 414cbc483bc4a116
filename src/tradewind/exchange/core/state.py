"""Everything the exchange knows: markets, accounts, timers; and the small steps that belong to all of it."""

from collections.abc import Sequence
from heapq import heappush

from tradewind.exchange.core.accounts import Account
from tradewind.exchange.core.events import CoreEvent
from tradewind.exchange.core.fees import FeeTable
from tradewind.exchange.core.matching import Market
from tradewind.exchange.core.orders import Order, Register
from tradewind.exchange.core.products import HOUR_NS, Product
from tradewind.exchange.core.views import Naming
from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeSchedule

HOUSE = "house"
NO_ROOM_NEEDED = 1 << 120


class State:
    """The exchange's memory. `house` earns the fees and stands behind liquidations."""

    def __init__(
        self,
        products: Sequence[Product],
        *,
        seed: int,
        spot_fees: FeeSchedule,
        perpetual_fees: FeeSchedule,
        history: int,
        entry_delay_ns: int,
        cancel_delay_ns: int,
    ) -> None:
        self.naming = Naming(seed)
        self.history = history
        self.entry_delay_ns = entry_delay_ns
        self.cancel_delay_ns = cancel_delay_ns
        self.spot_fees, self.perpetual_fees = FeeTable(spot_fees), FeeTable(perpetual_fees)
        self.accounts: dict[str, Account] = {}
        self.registers: dict[str, Register] = {}
        self.house = self.add_account(Account(HOUSE, HOUSE, HOUSE, unlimited=True, history=0))
        self.markets: dict[str, Market] = {}
        self.timers: list[tuple[int, int, str, Market, Order | None]] = []
        self.news: list[CoreEvent] = []
        self.now_ns = 0
        self.started = False  # whether anybody has said what time it is
        self.hour = 0
        self.order_numbers = 0
        self._timer_numbers = 0
        for product in products:
            self.list_product(product)

    def list_product(self, product: Product) -> Market:
        """Add a product to the exchange."""
        if product.id in self.markets:
            raise ConfigError(f"product {product.id!r} is listed twice")
        fees = self.spot_fees if product.is_spot else self.perpetual_fees
        house = self.house.balance(product.quote)
        market = Market(product, len(self.markets), fees, house, self.registers, self.history)
        self.markets[product.id] = market
        return market

    def add_account(self, account: Account) -> Account:
        """Let an account exist, with a register for its orders."""
        self.accounts[account.id] = account
        self.registers[account.id] = Register(keeps=not account.unlimited)
        return account

    def account(self, account_id: str) -> Account:
        """Return an account; raises ConfigError when there is none of that id."""
        try:
            return self.accounts[account_id]
        except KeyError:
            raise ConfigError(f"no account {account_id!r}: open it first") from None

    def market(self, product_id: str) -> Market:
        """Return a market; raises ConfigError when there is no such product."""
        try:
            return self.markets[product_id]
        except KeyError:
            raise ConfigError(f"no product {product_id!r} on this exchange") from None

    def next_order(self) -> int:
        """Return the next order's number."""
        self.order_numbers += 1
        return self.order_numbers

    def at(self, due_ns: int, action: str, market: Market, order: Order | None) -> None:
        """Let something happen at a time; at equal times in the order of asking."""
        self._timer_numbers += 1
        heappush(self.timers, (due_ns, self._timer_numbers, action, market, order))

    # -- fee tiers ----------------------------------------------------------------------------------------------------

    def refresh(self, account: Account) -> None:
        """Count what the account has traded, and give its seats the rates of the tier it has reached."""
        volume = account.volume
        if account.fresh:
            volume.add(self.hour, account.fresh)
            account.fresh = 0
        if self.started:
            volume.roll(self.hour)
        total = volume.total
        room = NO_ROOM_NEEDED
        for table in (self.spot_fees, self.perpetual_fees):
            following = table.tier_at(total) + 1
            if following < len(table.starts):
                room = min(room, table.starts[following] - total)
        account.room = room
        for product_id, seat in account.seats.items():
            market = self.markets[product_id]
            if market.fees.tier_at(total) != seat.tier:
                market.rate(seat)

    def reach_hour(self, now_ns: int) -> None:
        """When a new hour begins, count what was traded in the last one and let old volume go."""
        hour = now_ns // HOUR_NS
        if hour != self.hour:
            for account in self.accounts.values():
                if account.fresh:
                    self.refresh(account)
            self.hour = hour
            for account in self.accounts.values():
                self.refresh(account)

    def volume_30d(self, account: Account) -> int:
        """Return the account's 30-day volume in money units, trades of this moment included."""
        return account.volume.total + account.fresh
