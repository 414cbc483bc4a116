"""The simulated venue of books and the local exchange side by side: one account's commands, the same crowd around it.

The exchange is the world: a crowd's orders stand in its books, and what happens to them is told to the simulated venue
as a real venue would, in prints and level updates. Both have written their rules separately.

Three places where the rules differ by intent are stepped round and counted, never compared:
- a taking limit buy is held at its limit by the exchange, at what it would really cost by the simulation;
- at the price of an own resting order the exchange takes what stands before it, the simulation stops above it;
- a print that fills us is, to the simulation, a print of a market we were not in: all of it was the crowd's. So where
  the crowd stands between two own orders in one queue, the younger comes up sooner there.
"""

from collections import Counter
from decimal import Decimal
from random import Random

from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.matching import Market
from tradewind.exchange.core.orders import NewOrder, Order, OrderType
from tradewind.exchange.core.products import Product
from tradewind.exchange.core.views import FillView, PlaceOutcome
from tradewind.model.answers import CancelRejected, OrderFilled, VenueAnswer
from tradewind.model.fees import FeeSchedule, FeeTier
from tradewind.model.instrument import define_instrument
from tradewind.model.market_events import LevelUpdate, TradePrint
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side, TimeInForce
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import OpeningAccount, OpeningPosition, SimulationSettings

D = Decimal
NAME = "BTC-USD"
TICK, LOT = 5, 1
MIDDLE = 1000
INSTRUMENT = define_instrument(NAME, price_increment="0.5", base_increment="0.01")
PRODUCT = Product(
    id=NAME, price_increment=D("0.5"), base_increment=D("0.01"), base_min_size=D("0.01"), quote_min_size=D(0)
)
FEES = FeeSchedule(
    (
        FeeTier(D(0), D("0.004"), D("0.006")),
        FeeTier(D(500), D("0.0015"), D("0.0025")),
        FeeTier(D(2_500), D("-0.0001"), D("0.001")),
    )
)
REASONS = {
    "SELF_TRADE_PREVENTION": "SELF_TRADE",
    "USER_CANCEL": "REQUESTED",
    "END_TIME": "EXPIRED",
    "FOK_NOT_FILLABLE": "FOK_NOT_FILLABLE",
    "INSUFFICIENT_FUND": "INSUFFICIENT_FUNDS",
    "INVALID_LIMIT_PRICE_POST_ONLY": "POST_ONLY_WOULD_CROSS",
    "INVALID_NO_LIQUIDITY": "NO_LIQUIDITY",
}
EITHER = {"POST_ONLY_WOULD_CROSS", "SELF_TRADE", "NO_LIQUIDITY", "INSUFFICIENT_FUNDS", "FOK_NOT_FILLABLE"}
Fill = tuple[str, int, int, Liquidity, Decimal]


class Twin:
    """Both venues; `seen` counts the branches of the rules that were compared."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.seen: Counter[str] = Counter()
        self.now_ns = 1_700_000_000_000_000_000
        cash, coins = chance.choice(((D(500), 3), (D(5_000), 40), (D(100_000), 1_000)))
        held = OpeningPosition(NAME, coins * 100, D(100))
        self.venue = BookVenue([INSTRUMENT], SimulationSettings(fees=FEES), OpeningAccount(cash, positions=(held,)))
        self.exchange = Exchange([PRODUCT], seed=1, spot_fees=FEES)
        self.account = self.exchange.open_account("ours", {"USD": cash, "BTC": D(coins)})
        crowds = [self.exchange.open_account(name, unlimited=True) for name in ("makers", "takers")]
        self.makers, self.takers = (self.exchange.desk(account, NAME) for account in crowds)
        self.crowd: dict[tuple[int, int], list[Order]] = {}
        self.told: dict[tuple[int, int], int] = {}
        self.ids: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        self.orders = 0
        self.matched = 0

    # -- the crowd ----------------------------------------------------------------------------------------------------

    def crowd_level(self) -> None:
        """Let a level of the crowd grow at its back or shrink from its back, never across what stands."""
        chance = self.chance
        sign = chance.choice((1, -1))
        price = MIDDLE + TICK * chance.randrange(-14, 15)
        standing = [order for order in self.crowd.get((sign, price), []) if order.open]
        if standing and chance.random() < 0.5:
            self._shrink(standing, chance.randrange(1, 400))
            self.seen["crowd shrank"] += 1
        elif not self._crosses(sign, price):
            order = self.makers.limit(sign, price, chance.randrange(1, 400), self.now_ns)
            if order is not None:
                self.crowd.setdefault((sign, price), []).append(order)
                self.seen["crowd grew"] += 1

    def _shrink(self, standing: list[Order], by: int) -> None:
        for order in reversed(standing):
            gone = min(by, order.open)
            by -= gone
            left = order.open - gone
            if left == 0:
                self.makers.cancel(order, self.now_ns)
            elif gone:
                side = self._market.bids if order.sign > 0 else self._market.asks
                side.shrink(order, gone)
                order.quantity -= gone
                order.seat.quote.hold -= order.hold_unit * gone if order.sign > 0 else 0
                order.seat.base.hold -= order.hold_unit * gone if order.sign < 0 else 0

    def crowd_takes(self) -> None:
        """Let the crowd take from the book, us included; the simulated venue hears of it as prints, best first."""
        sign = self.chance.choice((1, -1))
        price = MIDDLE + TICK * sign * self.chance.randrange(-3, 12)
        before = self._market.trade_numbers
        self.takers.limit(sign, price, self.chance.randrange(1, 900), self.now_ns, TimeInForce.IOC)
        printed: dict[int, int] = {}
        for trade in self._market.tape.trades[len(self._market.tape.trades) - (self._market.trade_numbers - before) :]:
            printed[trade.price] = printed.get(trade.price, 0) + trade.quantity
        answers: list[VenueAnswer] = []
        for at, quantity in printed.items():
            answers += self.venue.on_event(TradePrint(NAME, self.now_ns, Side(sign), at, quantity))
        self.seen["crowd took"] += bool(printed)
        self._compare(answers)

    def _crosses(self, sign: int, price: int) -> bool:
        return self._market.crosses(sign, price)

    @property
    def _market(self) -> Market:
        return self.exchange.state.markets[NAME]

    def tell_levels(self) -> None:
        """Tell the simulated venue the crowd's size at every level where it has changed."""
        for key, orders in self.crowd.items():
            orders[:] = [order for order in orders if order.open]
            size = sum(order.open for order in orders)
            if self.told.get(key, 0) != size:
                self.told[key] = size
                answers = self.venue.on_event(LevelUpdate(NAME, self.now_ns, Side(key[0]), key[1], size))
                assert not answers, f"a level of the crowd filled us: {answers}"

    # -- our commands -------------------------------------------------------------------------------------------------

    def place(self) -> None:
        """Send the same random order to both."""
        chance = self.chance
        side = chance.choice(list(Side))
        kind = OrderType.MARKET if chance.random() < 0.2 else OrderType.LIMIT
        forces = [TimeInForce.IOC, TimeInForce.FOK]
        if kind is OrderType.LIMIT:
            forces += [TimeInForce.GTC] * 5 + [TimeInForce.GTD]
        force = chance.choice(forces)
        post_only = kind is OrderType.LIMIT and force in {TimeInForce.GTC, TimeInForce.GTD} and chance.random() < 0.3
        price = MIDDLE + TICK * chance.randrange(-10, 11) if kind is OrderType.LIMIT else None
        quantity = chance.choice((chance.randrange(1, 60), chance.randrange(1, 700)))
        expire = self.now_ns + chance.randrange(1, 30) if force is TimeInForce.GTD else None
        self.orders += 1
        name = f"o{self.orders}"
        request = NewOrder(
            client_order_id=name,
            product_id=NAME,
            side=side,
            kind=kind,
            time_in_force=force,
            base_size=D(quantity).scaleb(-2),
            limit_price=None if price is None else D(price).scaleb(-1),
            end_ns=expire,
            post_only=post_only,
        )
        if self._differs_by_intent(request, price):
            return
        sent = OrderRequest(
            name,
            NAME,
            side,
            OrderKind.MARKET if price is None else OrderKind.LIMIT,
            quantity,
            price,
            time_in_force=force,
            post_only=post_only,
            expire_ns=expire,
        )
        outcome = self.exchange.place(self.account, request, self.now_ns)
        self._note(name, outcome)
        answers = [*self.venue.submit(sent, self.now_ns), *self.venue.advance(self.now_ns)]
        self._compare(answers)
        self._compare_order(name, count=True)
        if post_only and outcome.order is not None:
            self.seen["post-only rested"] += 1

    def _differs_by_intent(self, request: NewOrder, price: int | None) -> bool:
        sign = int(request.side)
        own = [order.price * sign for order in self._own_open() if order.sign == -sign]
        bound = None if price is None else price * sign
        if own and (bound is None or min(own) <= bound) and not request.post_only:
            level = self.told.get((-sign, min(own) * sign), 0)
            if level:
                self.seen["stepped round: own price level"] += 1
                return True
        if price is not None and self._stands_before_crowd(sign, price):
            self.seen["stepped round: crowd between own orders"] += 1
            return True
        if price is not None and sign > 0 and self._crosses(sign, price) and not request.post_only:
            preview = self.exchange.preview(self.account, request, self.now_ns)
            if preview.failures and preview.failures[0].reason == "INSUFFICIENT_FUND":
                self.seen["stepped round: hold at limit"] += 1
                return True
        return False

    def _stands_before_crowd(self, sign: int, price: int) -> bool:
        own = [order.number for order in self._own_open() if (order.sign, order.price) == (sign, price)]
        crowd = [order.number for order in self.crowd.get((sign, price), []) if order.open]
        return bool(own and crowd) and max(crowd) > min(own)

    def _own_open(self) -> list[Order]:
        return list(self.exchange.state.registers[self.account].open.values())

    def _note(self, name: str, outcome: PlaceOutcome) -> None:
        if outcome.order is not None:
            self.ids[name] = outcome.order.order_id
        elif outcome.failure is not None:
            self.failures[name] = outcome.failure.reason

    def cancel(self) -> None:
        """Cancel one of the newest orders at both, ended or not."""
        if self.ids:
            name = self.chance.choice(list(self.ids)[-8:])
            taken = self.exchange.cancel(self.account, [self.ids[name]], self.now_ns)[0].success
            answers = [*self.venue.cancel(name, self.now_ns), *self.venue.advance(self.now_ns)]
            assert taken != any(isinstance(answer, CancelRejected) for answer in answers)
            self.seen["canceled" if taken else "cancel refused"] += 1
            self._compare(answers)
            self._compare_order(name)

    def wait(self) -> None:
        """Let time pass: orders good till a date end."""
        self.now_ns += self.chance.randrange(20)
        self.exchange.advance(self.now_ns)
        self._compare(self.venue.advance(self.now_ns))

    # -- what both must agree on --------------------------------------------------------------------------------------

    def _compare(self, answers: object) -> None:
        assert isinstance(answers, list | tuple)
        wanted: list[Fill] = [
            (fill.order_id, fill.quantity, fill.price, fill.liquidity, fill.fee)
            for fill in answers
            if isinstance(fill, OrderFilled)
        ]
        newest = self.exchange.fills(self.account, limit=200)
        got = _by_level([_fill(fill) for fill in reversed(newest) if fill.match_number > self.matched])
        if newest:
            self.matched = newest[0].match_number
        assert got == wanted, f"exchange {got}, simulation {wanted}"
        for fill in got:
            self.seen[f"filled as {fill[3].value}"] += 1
            self.seen["rebate"] += fill[4] < 0

    def check(self) -> None:
        """Cash, coins, holds and every open order are the same."""
        report = self.venue.report()
        usd, btc = (self.exchange.balance(self.account, currency) for currency in ("USD", "BTC"))
        assert report.cash == usd.total
        assert INSTRUMENT.quantity_decimal(report.positions[NAME].quantity) == btc.total
        assert self.venue.wallet.held.total == usd.hold
        assert self.venue.holdings[NAME].base_held.total == btc.hold * 100
        assert report.volume_30d == self.exchange.volume_30d(self.account)
        ours = {order.client_id for order in self._own_open()}
        theirs = {name for name, order in report.orders.items() if order.status == "open"}
        assert ours == theirs
        self._levels_are_the_same()

    def _levels_are_the_same(self) -> None:
        own: Counter[tuple[int, int]] = Counter()
        for order in self._own_open():
            own[order.sign, order.price] += order.open
        for side, book_side in ((1, self._market.bids), (-1, self._market.asks)):
            standing = {price: size - own[side, price] for price, size in book_side.depth()}
            shown = {price: size for (sign, price), size in self.told.items() if sign == side and size}
            assert {price: size for price, size in standing.items() if size} == shown

    def _compare_order(self, name: str, *, count: bool = False) -> None:
        theirs = self.venue.report().orders[name]
        wanted = (theirs.status, theirs.reason)
        if name in self.failures:
            reason = REASONS[self.failures[name]]
            got = ("canceled" if reason == "NO_LIQUIDITY" else "rejected", reason)
            if got != wanted and {reason, theirs.reason} <= EITHER:
                self.seen["refused for either of two reasons"] += count
                assert theirs.status in {"rejected", "canceled"}
                return
        else:
            order = self.exchange.order(self.account, self.ids[name])
            assert order is not None
            assert INSTRUMENT.quantity_decimal(theirs.filled) == order.filled_size
            status = {"CANCELLED": "canceled", "EXPIRED": "canceled"}.get(
                order.status.value, order.status.value.lower()
            )
            reason = REASONS.get(order.reason, order.reason)
            if reason == "IOC_REMAINDER" and order.kind is OrderType.MARKET:
                reason = "NO_LIQUIDITY"
            got = (status, reason or None)
            if status == "open" and order.filled_size:
                self.seen["partly filled, rests"] += count
        assert got == wanted, f"{name}: exchange {got}, simulation {wanted}"
        self.seen[f"{got[0]} {got[1] or ''}".strip()] += count


def _fill(fill: FillView) -> Fill:
    units = int(fill.size.scaleb(2)), int(fill.price.scaleb(1))
    return (fill.client_order_id, *units, fill.liquidity, fill.commission)


def _by_level(fills: list[Fill]) -> list[Fill]:
    """Return the fills with those of one order at one price put together: displayed levels know no single makers."""
    merged: list[Fill] = []
    for fill in fills:
        last = merged[-1] if merged else None
        if last is not None and (last[0], last[2], last[3]) == (fill[0], fill[2], fill[3]):
            merged[-1] = (fill[0], last[1] + fill[1], fill[2], fill[3], last[4] + fill[4])
        else:
            merged.append(fill)
    return merged


def run(chance: Random, steps: int) -> Counter[str]:
    """Take both venues through `steps` random steps, comparing after each; return what was seen."""
    twin = Twin(chance)
    actions = [twin.crowd_level] * 4 + [twin.crowd_takes] * 2 + [twin.place] * 5 + [twin.cancel, twin.wait]
    for _ in range(steps):
        twin.now_ns += 1
        twin.exchange.advance(twin.now_ns)
        twin._compare(twin.venue.advance(twin.now_ns))
        chance.choice(actions)()
        twin.tell_levels()
        twin.check()
    tier = twin.exchange.fee_tier(twin.account)
    twin.seen["another fee tier"] += tier.from_volume > 0
    expired = [order for order in twin.exchange.orders(twin.account) if order.status.value == "EXPIRED"]
    for order in expired:
        twin._compare_order(order.client_order_id)
    twin.seen["expired"] += len(expired)
    return twin.seen
