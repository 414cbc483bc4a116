"""Random commands to an exchange with several accounts, small numbers, so that ties and exact exhaustion are common."""

from collections import Counter
from decimal import Decimal
from random import Random

from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.orders import TERMINAL, NewOrder, OrderStatus, OrderType, StopDirection, TriggerStatus
from tradewind.exchange.core.products import Product, ProductKind, ProductMode
from tradewind.exchange.core.views import OrderView, PlaceOutcome
from tradewind.model.fees import FeeSchedule, FeeTier
from tradewind.model.orders import Side, TimeInForce

D = Decimal
SECOND_NS = 1_000_000_000
SPOT = Product(
    id="BTC-USD", price_increment=D("0.5"), base_increment=D("0.01"), base_min_size=D("0.01"), quote_min_size=D(1)
)
CROSS_PAIR = Product(
    id="ETH-BTC",
    price_increment=D("0.00001"),
    base_increment=D("0.0001"),
    quote_increment=D("0.00000001"),
    base_min_size=D("0.0001"),
    quote_min_size=D("0.00001"),
)
PERPETUAL = Product(
    id="BTC-PERP-X",
    kind=ProductKind.PERPETUAL,
    quote="USD",
    price_increment=D("0.5"),
    base_increment=D(1),
    base_min_size=D(1),
    quote_min_size=D(0),
    contract_size=D("0.01"),
    initial_margin=D("0.1"),
    maintenance_margin=D("0.05"),
)
FEES = FeeSchedule((FeeTier(D(0), D("0.002"), D("0.005")), FeeTier(D(2000), D("-0.0001"), D("0.003"))))
STEPS = (
    ["limit"] * 10
    + ["market"] * 3
    + ["ioc", "fok", "post_only", "stop", "bracket", "twap", "quote", "perp", "perp", "perp", "perp market"]
    + ["cancel"] * 4
    + ["edit", "edit", "repeat", "advance", "mode", "mark", "close", "cross pair", "big"]
)


class Session:
    """Four accounts on three products; `seen` counts what happened."""

    def __init__(self, chance: Random, *, exchange_seed: int = 1) -> None:
        self.chance = chance
        self.fees = FEES
        delayed = chance.random() < 0.25
        self.exchange = Exchange(
            [SPOT, CROSS_PAIR, PERPETUAL],
            seed=exchange_seed,
            spot_fees=FEES,
            perpetual_fees=FEES,
            entry_delay_ns=SECOND_NS * delayed,
            cancel_delay_ns=2 * SECOND_NS * delayed,
        )
        rich = {"USD": D(3000), "BTC": D(20), "ETH": D(20)}
        poor = {"USD": D(150), "BTC": D(1)}
        self.accounts = [
            self.exchange.open_account("rich", rich),
            self.exchange.open_account("other", rich),
            self.exchange.open_account("poor", poor),
            self.exchange.open_account("crowd", unlimited=True),
        ]
        self.now_ns = 1_700_000_000 * SECOND_NS
        self.placed: list[tuple[str, str]] = []
        self.requests: list[tuple[str, NewOrder]] = []
        self.seen: Counter[str] = Counter()
        self.exchange.set_funding_rate(PERPETUAL.id, D("0.001"))

    def step(self, name: str) -> None:
        """Do one thing of that name."""
        self.now_ns += self.chance.randrange(3) * SECOND_NS // 2
        before = self.exchange.fee_tier(self.accounts[0]).name
        getattr(self, f"_{name.replace(' ', '_')}")()
        self.seen["tier moved"] += self.exchange.fee_tier(self.accounts[0]).name != before
        self._count()

    # -- orders -------------------------------------------------------------------------------------------------------

    def _limit(self) -> None:
        self._place(limit_price=self._price(), base_size=self._size())

    def _big(self) -> None:
        self._place(limit_price=self._price(), base_size=D(self.chance.choice((5, 15, 25))))

    def _market(self) -> None:
        self._place(kind=OrderType.MARKET, time_in_force=TimeInForce.IOC, base_size=self._size())

    def _quote(self) -> None:
        spend = D(self.chance.randrange(50, 500))
        self._place(kind=OrderType.MARKET, time_in_force=TimeInForce.IOC, quote_size=spend, side=Side.BUY)
        self.seen["quote sized"] += 1

    def _ioc(self) -> None:
        self._place(limit_price=self._price(), base_size=self._size(), time_in_force=TimeInForce.IOC)
        self.seen["ioc"] += 1

    def _fok(self) -> None:
        kind = self.chance.choice((OrderType.MARKET, OrderType.LIMIT))
        price = self._price() if kind is OrderType.LIMIT else None
        self._place(kind=kind, limit_price=price, base_size=self._size(), time_in_force=TimeInForce.FOK)
        self.seen["fok"] += 1

    def _post_only(self) -> None:
        outcome = self._place(limit_price=self._price(), base_size=self._size(), post_only=True)
        if outcome.failure is not None:
            self.seen["post-only refused"] += outcome.failure.reason == "INVALID_LIMIT_PRICE_POST_ONLY"

    def _stop(self) -> None:
        self._place(
            kind=OrderType.STOP_LIMIT,
            limit_price=self._price(),
            stop_price=self._price(),
            stop_direction=self.chance.choice(list(StopDirection)),
            base_size=self._size(),
            product_id=self.chance.choice((SPOT.id, PERPETUAL.id)),
        )

    def _bracket(self) -> None:
        prices = sorted((self._price(), self._price()))
        side = self.chance.choice(list(Side))
        low, high = prices
        self._place(
            kind=OrderType.BRACKET,
            side=side,
            limit_price=low if side is Side.BUY else high,
            stop_price=high if side is Side.BUY else low,
            base_size=self._size(),
        )

    def _twap(self) -> None:
        start = self.now_ns + self.chance.randrange(3) * SECOND_NS
        self._place(
            kind=OrderType.TWAP,
            time_in_force=TimeInForce.GTD,
            limit_price=self._price(),
            base_size=D(self.chance.randrange(1, 5)),
            start_ns=start,
            end_ns=start + 10 * SECOND_NS,
            buckets=5,
        )

    def _perp(self) -> None:
        outcome = self._place(
            product_id=PERPETUAL.id,
            limit_price=self._price(),
            base_size=D(self.chance.randrange(1, 60)),
            reduce_only=self.chance.random() < 0.2,
        )
        if outcome.failure is not None:
            self.seen["margin refused"] += "FUTURES" in outcome.failure.preview_reason

    def _perp_market(self) -> None:
        self._place(
            product_id=PERPETUAL.id,
            kind=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            base_size=D(self.chance.randrange(1, 40)),
        )

    def _cross_pair(self) -> None:
        price = D(self.chance.randrange(5990, 6010)).scaleb(-5)
        self._place(product_id=CROSS_PAIR.id, limit_price=price, base_size=D(self.chance.randrange(1, 9)).scaleb(-3))

    def _repeat(self) -> None:
        if self.requests:
            account, request = self.chance.choice(self.requests)
            outcome = self.exchange.place(account, request, self.now_ns)
            self.seen["repeated"] += outcome.repeated

    def _close(self) -> None:
        account = self.chance.choice(self.accounts)
        name = f"close {len(self.placed)} {self.now_ns}"
        outcome = self.exchange.close_position(account, PERPETUAL.id, name, self.now_ns)
        self.seen["closed position"] += outcome.order is not None

    def _place(self, **fields: object) -> PlaceOutcome:
        chance = self.chance
        account = chance.choice(self.accounts)
        fields.setdefault("product_id", SPOT.id)
        fields.setdefault("side", chance.choice(list(Side)))
        if fields.get("kind", OrderType.LIMIT) is not OrderType.TWAP and "time_in_force" not in fields:
            if chance.random() < 0.1:
                fields["time_in_force"] = TimeInForce.GTD
                fields["end_ns"] = self.now_ns + chance.randrange(1, 8) * SECOND_NS
        request = NewOrder(client_order_id=f"order {len(self.requests)}", **fields)  # type: ignore[arg-type]
        self.requests.append((account, request))
        outcome = self.exchange.place(account, request, self.now_ns)
        if outcome.order is not None:
            self.placed.append((account, outcome.order.order_id))
        elif outcome.failure is not None:
            self.seen["funds refused"] += outcome.failure.preview_reason == "PREVIEW_INSUFFICIENT_FUND"
        return outcome

    def _price(self) -> Decimal:
        return D(self.chance.randrange(190, 211)) / 2

    def _size(self) -> Decimal:
        return D(self.chance.randrange(1, 300)) / 100

    # -- the rest -----------------------------------------------------------------------------------------------------

    def _cancel(self) -> None:
        if self.placed:
            account, order_id = self.chance.choice(self.placed[-12:])
            for outcome in self.exchange.cancel(account, [order_id, order_id], self.now_ns):
                self.seen["duplicate cancel"] += outcome.failure_reason == "DUPLICATE_CANCEL_REQUEST"

    def _edit(self) -> None:
        if self.placed:
            account, order_id = self.chance.choice(self.placed[-12:])
            price = self.chance.choice((None, self._price()))
            size = self.chance.choice((None, self._size(), D(self.chance.randrange(1, 60))))
            outcome = self.exchange.edit(account, order_id, self.now_ns, price=price, size=size)
            self.seen["edited" if outcome.order is not None else "edit refused"] += 1

    def _advance(self) -> None:
        self.now_ns += self.chance.choice((1, 5, 3600)) * SECOND_NS
        self.exchange.advance(self.now_ns)

    def _mode(self) -> None:
        product = self.chance.choice((SPOT.id, PERPETUAL.id))
        mode = self.chance.choice([*ProductMode, *[ProductMode.ONLINE] * 14])
        self.exchange.set_mode(product, mode, self.now_ns)
        self.seen["auction"] += mode is ProductMode.AUCTION
        if self.chance.random() < 0.8:
            self.exchange.set_mode(product, ProductMode.ONLINE, self.now_ns)

    def _mark(self) -> None:
        mark = self.chance.choice((None, D(self.chance.randrange(60, 150))))
        self.exchange.set_mark(PERPETUAL.id, mark, self.now_ns)

    def _count(self) -> None:
        state = self.exchange.state
        for account in self.accounts[:3]:
            for order in self.exchange.orders(account, limit=3):
                self._count_order(order)
            self.seen["reducing"] += any(order.reducing for order in state.registers[account].open.values())
        for position in (seat for market in state.markets.values() for seat in market.seats.values()):
            self.seen["funded"] += position.funding != 0

    def _count_order(self, order: OrderView) -> None:
        seen = self.seen
        seen[order.status.value] += 1
        seen[order.kind.value] += 1
        seen[order.reason] += 1
        seen["self-trade"] += order.reason == "SELF_TRADE_PREVENTION"
        seen["liquidated"] += order.is_liquidation
        seen["stop triggered"] += order.trigger is TriggerStatus.TRIGGERED
        seen["partial"] += order.status is OrderStatus.OPEN and order.filled_size > 0
        assert order.is_terminal == (order.status in TERMINAL)
