"""A small exchange for tests of its rules: round prices, three accounts, and orders in few words."""

from decimal import Decimal
from itertools import count

from tradewind.exchange.core.accounts import BalanceView
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.orders import NewOrder, OrderType
from tradewind.exchange.core.products import Product, ProductKind
from tradewind.exchange.core.views import OrderView, PlaceOutcome
from tradewind.model.fees import FeeSchedule, FeeTier
from tradewind.model.orders import Side, TimeInForce

D = Decimal
SECOND_NS = 1_000_000_000
HOUR_NS = 3600 * SECOND_NS
START_NS = 1_700_000_000 * SECOND_NS - (1_700_000_000 * SECOND_NS) % HOUR_NS
SPOT = Product(id="BTC-USD", base_min_size=D("0.001"), base_max_size=D(50), quote_max_size=D(1_000_000))
PERPETUAL = Product(
    id="BTC-PERP-INTX",
    kind=ProductKind.PERPETUAL,
    price_increment=D("0.1"),
    base_increment=D("0.001"),
    base_min_size=D("0.001"),
    quote_min_size=D(10),
    initial_margin=D("0.1"),
    maintenance_margin=D("0.05"),
)
FEES = FeeSchedule((FeeTier(D(0), D("0.004"), D("0.006")), FeeTier(D(10_000), D("0.0025"), D("0.004"))))
PERPETUAL_FEES = FeeSchedule((FeeTier(D(0), D("0.0002"), D("0.0004")),))
BUY, SELL = Side.BUY, Side.SELL
FIELDS = {"limit_price", "stop_price", "base_size", "quote_size", "leverage"}


class Rig:
    """`ann`, `bob` and `cat` with 100,000 USD, 10 BTC and 10,000 USDC each, and a clock that only tests move."""

    def __init__(self, **settings: int) -> None:
        self.exchange = Exchange([SPOT, PERPETUAL], seed=1, spot_fees=FEES, perpetual_fees=PERPETUAL_FEES, **settings)
        money = {"USD": D(100_000), "BTC": D(10), "USDC": D(10_000)}
        self.ann, self.bob, self.cat = (self.exchange.open_account(name, money) for name in ("ann", "bob", "cat"))
        self.now_ns = START_NS
        self.exchange.advance(self.now_ns)
        self._names = count(1)

    def ask(self, side: Side, size: str | None, price: str | None = None, **fields: object) -> NewOrder:
        """Return a request: a limit order with a price, a market order without."""
        kind = OrderType.LIMIT if price is not None else OrderType.MARKET
        force = TimeInForce.GTC if price is not None else TimeInForce.IOC
        given: dict[str, object] = {
            "client_order_id": f"c{next(self._names)}",
            "product_id": SPOT.id,
            "kind": kind,
            "time_in_force": force,
            "base_size": size,
            "limit_price": price,
            **fields,
        }
        numbers = {name: D(str(given[name])) for name in FIELDS & set(given) if given[name] is not None}
        return NewOrder(side=side, **{**given, **numbers})  # type: ignore[arg-type]

    def send(
        self, account: str, side: Side, size: str | None, price: str | None = None, **fields: object
    ) -> PlaceOutcome:
        """Place an order a microsecond later; return the outcome."""
        self.now_ns += 1000
        return self.exchange.place(account, self.ask(side, size, price, **fields), self.now_ns)

    def place(
        self, account: str, side: Side, size: str | None, price: str | None = None, **fields: object
    ) -> OrderView:
        """Place an order that must be taken; return it."""
        outcome = self.send(account, side, size, price, **fields)
        assert outcome.order is not None, outcome.failure
        return outcome.order

    def refused(self, account: str, side: Side, size: str | None, price: str | None = None, **fields: object) -> str:
        """Place an order that must be refused; return the reason, the preview's where the order family has none."""
        failure = self.send(account, side, size, price, **fields).failure
        assert failure is not None
        return failure.preview_reason if failure.reason == "UNKNOWN_FAILURE_REASON" else failure.reason

    def see(self, order: OrderView) -> OrderView:
        """Return an order as it is now."""
        found = self.exchange.order(order.account_id, order.order_id)
        assert found is not None
        return found

    def cancel(self, order: OrderView) -> str:
        """Cancel an order; return why not, empty when it was taken."""
        self.now_ns += 1000
        return self.exchange.cancel(order.account_id, [order.order_id], self.now_ns)[0].failure_reason

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += round(seconds * SECOND_NS)
        self.exchange.advance(self.now_ns)

    def money(self, account: str, currency: str = "USD") -> BalanceView:
        """Return a balance."""
        return self.exchange.balance(account, currency)

    def trade_at(self, price: str, size: str = "0.01", product_id: str = SPOT.id) -> None:
        """Let a trade happen at a price between two accounts of the market's own; the book must be open there."""
        makers = self.exchange.open_account("maker", unlimited=True)
        takers = self.exchange.open_account("taker", unlimited=True)
        self.place(makers, SELL, size, price, product_id=product_id)
        self.place(takers, BUY, size, price, product_id=product_id)
