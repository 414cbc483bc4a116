"""Who trades with whom: the exchange against a list of orders that is sorted by price and time at every match."""

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.exchange_audit import queue_order
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.orders import LIVE, NewOrder
from tradewind.exchange.core.products import Product
from tradewind.model.orders import Side, TimeInForce

D = Decimal
PRODUCT = Product(
    id="X-USD", price_increment=D(1), base_increment=D(1), base_min_size=D(1), quote_min_size=D(0), quote_increment=D(1)
)
SIDES = st.sampled_from([1, -1])
PLACE = st.tuples(
    st.just("place"), st.integers(0, 2), SIDES, st.integers(95, 105), st.integers(1, 9), st.sampled_from("gip")
)
CANCEL = st.tuples(st.just("cancel"), st.integers(0, 30))
EDIT = st.tuples(st.just("edit"), st.integers(0, 30), st.integers(95, 105), st.integers(1, 12))


@dataclass
class Standing:
    """An order of the naive model; `since` is its place in time."""

    name: int
    account: int
    sign: int
    price: int
    left: int
    since: int
    filled: int = 0


@dataclass
class Naive:
    """Price-time priority in the plainest words."""

    orders: list[Standing] = field(default_factory=list)
    trades: list[tuple[int, int, int, int]] = field(default_factory=list)
    clock: int = 0

    def enter(self, order: Standing, kind: str) -> bool:
        self.clock += 1
        order.since = self.clock
        if kind == "p" and any(self._crosses(order, other) for other in self.orders):
            return False
        while order.left:
            others = [other for other in self.orders if self._crosses(order, other)]
            if not others:
                break
            best = min(others, key=lambda other: (other.price * other.sign * -1, other.since))
            if best.account == order.account:
                order.left = 0
                return True
            quantity = min(best.left, order.left)
            self.trades.append((best.name, order.name, best.price, quantity))
            for one in (best, order):
                one.left -= quantity
                one.filled += quantity
            self.orders = [other for other in self.orders if other.left]
        if order.left and kind != "i":
            self.orders.append(order)
        return True

    def edit(self, order: Standing, price: int, size: int) -> None:
        left = size - order.filled
        if price == order.price and left < order.left:
            order.left = left
            return
        self.orders.remove(order)
        order.price, order.left = price, left
        self.enter(order, "g")

    @staticmethod
    def _crosses(order: Standing, other: Standing) -> bool:
        return other.sign == -order.sign and (order.price - other.price) * order.sign >= 0

    def depth(self, sign: int) -> list[tuple[int, int]]:
        sizes: dict[int, int] = {}
        for order in self.orders:
            if order.sign == sign:
                sizes[order.price] = sizes.get(order.price, 0) + order.left
        return sorted(sizes.items(), reverse=sign > 0)


@given(st.lists(PLACE | PLACE | PLACE | CANCEL | EDIT, max_size=50))
def test_price_then_time_decides(commands: list[tuple[object, ...]]) -> None:
    exchange = Exchange([PRODUCT], seed=1)
    money = {"USD": D(10**9), "X": D(10**6)}
    accounts = [exchange.open_account(str(index), money) for index in range(3)]
    naive = Naive()
    known: dict[int, tuple[str, int, Standing]] = {}
    names: dict[str, int] = {}
    for now_ns, command in enumerate(commands, start=10**18):
        match command:
            case ("place", int(account), int(sign), int(price), int(size), str(kind)):
                name = len(names)
                request = NewOrder(
                    client_order_id=str(name),
                    product_id=PRODUCT.id,
                    side=Side(sign),
                    time_in_force=TimeInForce.IOC if kind == "i" else TimeInForce.GTC,
                    post_only=kind == "p",
                    base_size=D(size),
                    limit_price=D(price),
                )
                outcome = exchange.place(accounts[account], request, now_ns)
                order = Standing(name, account, sign, price, size, 0)
                assert naive.enter(order, kind) == (outcome.order is not None)
                names[str(name)] = name
                if outcome.order is not None:
                    known[name] = (outcome.order.order_id, account, order)
            case ("cancel", int(name)) if name in known:
                order_id, account, order = known[name]
                done = exchange.cancel(accounts[account], [order_id], now_ns)[0].success
                assert done == (order in naive.orders)
                naive.orders = [other for other in naive.orders if other is not order]
            case ("edit", int(name), int(price), int(size)) if name in known:
                order_id, account, order = known[name]
                edited = exchange.edit(accounts[account], order_id, now_ns, price=D(price), size=D(size)).order
                if edited is not None:
                    naive.edit(order, price, size)
            case _:
                continue
        _same(exchange, accounts, naive)


def _same(exchange: Exchange, accounts: list[str], naive: Naive) -> None:
    market = exchange.state.markets[PRODUCT.id]
    number_of = {}
    for account in accounts:
        for order in exchange.state.registers[account].all():
            number_of[order.number] = int(order.client_id)
    trades = [
        (number_of[trade.maker], number_of[trade.taker], trade.price, trade.quantity) for trade in market.tape.trades
    ]
    assert trades == naive.trades
    book = exchange.book(PRODUCT.id)
    assert list(book.bids) == naive.depth(1)
    assert list(book.asks) == naive.depth(-1)
    queue_order(market)
    for account in accounts:
        for view in exchange.orders(account, statuses=LIVE):
            assert view.leaves > 0
