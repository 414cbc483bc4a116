"""Over random books of orders the question to risk says what counting everything anew says, and both reviews agree."""

from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tests.engine_rig import BTC, ETH, PERP, Desk, config
from tradewind.engine.config import HeldAtStart, TailPlan
from tradewind.engine.placing import propose, question_of
from tradewind.engine.state import EngineState, Market, Proposal
from tradewind.model.commands import Fitted
from tradewind.model.corrections import OrderAdopted
from tradewind.model.decisions import Approved, Share
from tradewind.model.instrument import define_instrument
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.orders.order import OrderRole
from tradewind.risk.limits import Limits
from tradewind.risk.tail import TailLimits
from tradewind.risk.tail_book import TAIL, TailBook, tail_parameters

COARSE = define_instrument("SOL-USD", price_increment="1", base_increment="1")
INSTRUMENTS = (BTC, ETH, PERP, COARSE)
NAMES = sorted(each.id for each in INSTRUMENTS)
PRICES = {"BTC-USD": 10_000, "ETH-USD": 5_000, "BTC-PERP": 10_000, "SOL-USD": 90}
FOREVER = 10**18
SPREAD = [[0.0016 if i == j else 0.0007 * (i - j) / 3 for j in range(4)] for i in range(4)]
EVERYTHING = Limits(
    data_age_ns_max=FOREVER,
    order_notional_max=Decimal(9_000),
    leverage_max=Decimal("1.5"),
    instrument_notional_max=Decimal(12_000),
    concentration_max=Decimal("0.7"),
    liquidation_buffer_min=Decimal("0.05"),
    liquidation_distance_min=Decimal("0.1"),
    instrument_orders_per_minute_max=9,
    orders_per_minute_max=25,
    orders_per_hour_max=40,
    orders_per_day_max=40,
    seconds_between_orders_min=Decimal(0),
)


class Books:
    """An engine with orders of its own in four instruments, and a book of the tail that sees everything every time."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        tail = TailPlan(limits=TailLimits(var_share_max=Decimal("0.04"), correlation_max=Decimal("0.8")))
        held = (HeldAtStart("BTC-USD", 10_000, Decimal(100)), HeldAtStart("ETH-USD", 1_500, Decimal(50)))
        words: dict[str, Any] = {"cash": Decimal(20_000), "limits": EVERYTHING, "tail": tail, "held": held}
        self.desk = Desk(config([None], instruments=INSTRUMENTS, **words))
        self.shadow = TailBook(NAMES)
        self.number = 0
        if self.chance.random() < 0.8:
            for name in NAMES:
                self.desk.bar(PRICES[name], name)
            self.fit(1.0)

    @property
    def state(self) -> EngineState:
        return self.desk.state

    def step(self) -> str:
        """Let something happen; return what."""
        live = self.state.live_orders()
        what = self.chance.choice(("mark", "mark", "fit", "send", "send", "send", "fill", "cancel", "adopt"))
        if what == "mark":
            name = self.chance.choice(NAMES)
            self.desk.bar(PRICES[name] * self.chance.choice((995, 1000, 1001, 1010)) // 1000, name)
        elif what == "fit":
            self.fit(self.chance.choice((0.5, 1.0)))
        elif what == "send":
            return self.send()
        elif what == "adopt":
            request = self.proposal(self.state.markets[self.chance.choice(NAMES)]).request
            self.desk.take(OrderAdopted(request, self.desk.ts_ns, f"v{self.number}", "open at the venue"))
        elif live:
            order = self.chance.choice(live)
            if what == "fill":
                part = self.chance.randint(1, order.remaining)
                self.desk.fill(order.request.order_id, part, PRICES[order.request.instrument])
            else:
                self.desk.cancel(order.request.order_id)
        return what

    def fit(self, scale: float) -> None:
        parameters = tail_parameters(NAMES, [[scale * each for each in row] for row in SPREAD], 1.5)
        self.shadow.fit(parameters)
        self.desk.take(Fitted(self.desk.ts_ns, TAIL, self.desk.ts_ns, parameters, FOREVER))

    def send(self) -> str:
        """Put an order to risk, and look at the question first."""
        market = self.state.markets[self.chance.choice(NAMES)]
        wanted = self.proposal(market)
        question = question_of(self.state, market, wanted)
        assert question == structs.replace(question, **self.counted_anew(market))
        reviewer = self.state.reviewer
        quick, slow = reviewer.review(question), reviewer.explain(question)
        assert repr(quick) == repr(slow), "the same to the last digit, since the record is part of the digest"
        if market.held >= 0 and propose(self.state, market, wanted):
            self.desk.take(Fitted(self.desk.ts_ns, "other", self.desk.ts_ns, {}, FOREVER))  # hands out what was sent
        return "approved" if type(quick) is Approved else "refused"

    def proposal(self, market: Market) -> Proposal:
        self.number += 1
        side, price = self.chance.choice((Side.BUY, Side.BUY, Side.SELL)), PRICES[market.id]
        limit = self.chance.choice((None, price - 2, price + 1))
        kind = OrderKind.MARKET if limit is None else OrderKind.LIMIT
        size = self.chance.choice((1, 5, 20)) * (200_000 // price) * market.instrument.lot // market.instrument.lot
        request = OrderRequest(f"own-{self.number}", market.id, side, kind, max(size // 10, 1), limit)
        share = Share("a", self.number, request.quantity or 0)
        return Proposal(request, (share,), OrderRole.PLACED, "", None, (market.seats_all[0],), "test")

    def counted_anew(self, market: Market) -> dict[str, object]:
        """Return what the question has to say, from every order and holding."""
        shape = None
        if TAIL in self.state.fitted:
            for name, other in self.state.markets.items():
                up, down, unit = other.held + other.open_buys, other.held - other.open_sells, other.line.unit_value
                self.shadow.see(name, up, down, other.mark, float(unit))
            shape = self.shadow.shape(market.id)
        others = [other for other in self.state.markets.values() if other is not market and self.worst_units(other.id)]
        if any(other.mark is None for other in others):
            return {"exposure": None, "squares": None, "tail": shape}
        worst = [other.instrument.notional(self.worst_units(other.id), other.mark or 0) for other in others]
        squares = sum((one * one for one in worst), Decimal(0))
        return {"exposure": sum(worst, Decimal(0)), "squares": squares, "tail": shape}

    def worst_units(self, name: str) -> int:
        """Return the larger of what is held with all orders of either side filled."""
        held = self.state.ledger.lines[name].position.quantity
        live = [order for order in self.state.live_orders() if order.request.instrument == name]
        up = held + sum(order.remaining for order in live if order.request.side is Side.BUY)
        down = held - sum(order.remaining for order in live if order.request.side is Side.SELL)
        return max(abs(up), abs(down))


@given(st.integers(0, 10**9))
def test_what_is_kept_up_is_what_counting_anew_says(seed: int) -> None:
    books = Books(seed)
    for _ in range(60):
        books.step()


def test_the_books_meet_both_answers_and_every_kind_of_step() -> None:
    seen = {what for seed in range(6) for books in (Books(seed),) for _ in range(60) for what in (books.step(),)}
    assert seen >= {"approved", "refused", "fill", "cancel", "fit", "adopt"}
