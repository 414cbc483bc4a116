"""Triangular arbitrage: exact products after fees, depth on every leg, and three orders that come out even."""

from decimal import Decimal
from itertools import permutations

import numpy as np
import pytest

from tests.engine_rig import OPEN_LIMITS
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.core import process
from tradewind.engine.state import EngineState
from tradewind.model.decisions import Decided
from tradewind.model.errors import ConfigError
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import PlaceOrder
from tradewind.model.market_events import QuoteTick
from tradewind.model.orders import OrderKind, Side, TimeInForce
from tradewind.strategy.base import GroupView, NoMemory, View, Wish
from tradewind.strategy.builtin.triangular import TriangleMemory, Triangular, cycles

D = Decimal
CROSS = define_instrument("ETH-BTC", price_increment="0.00001", base_increment="0.0001")
INSTRUMENTS = (
    define_instrument("BTC-USD", price_increment="0.01", base_increment="0.000001"),
    CROSS,
    define_instrument("ETH-USD", price_increment="0.01", base_increment="0.0001"),
)
NAMES = tuple(each.id for each in INSTRUMENTS)
Touch = tuple[str, str, str, str]  # bid, its size, ask, its size


def group(strategy: Triangular, *touches: Touch) -> GroupView:
    """The three instruments, each with a touch."""
    seen = GroupView(strategy.group_memory(), lambda _: None)
    for instrument, (bid, bid_size, ask, ask_size) in zip(INSTRUMENTS, touches, strict=True):
        seen.views[instrument.id] = View(instrument, NoMemory())
        units = [instrument.price_units(D(each)) for each in (bid, ask)]
        sizes = [instrument.quantity_units(D(each)) for each in (bid_size, ask_size)]
        seen.quotes[instrument.id] = QuoteTick(instrument.id, 1, units[0], sizes[0], units[1], sizes[1])
    seen.now_ns = 10**12
    return seen


def orders(wishes: dict[str, Wish] | None) -> dict[str, PlaceOrder]:
    found = wishes or {}
    assert all(isinstance(each, PlaceOrder) for each in found.values())
    return found  # type: ignore[return-value]


EVEN: tuple[Touch, Touch, Touch] = (
    ("49990", "1", "50000", "1"), ("0.05990", "9", "0.06000", "9"), ("3030", "9", "3040", "9"),
)  # fmt: skip


@pytest.mark.parametrize("amount", ["0", "-5", "NaN", "Infinity"])
def test_a_bound_on_what_goes_round_is_a_positive_amount(amount: str) -> None:
    with pytest.raises(ConfigError, match="notional_max must be more than 0"):
        Triangular(notional_max=D(amount))


def test_one_per_cent_is_no_trade_after_three_taker_fees() -> None:
    """F09: gross 1.01, net 0.99792842."""
    strategy = Triangular()
    seen = group(strategy, *EVEN)
    assert strategy.on_group_quote(seen) is None
    assert strategy.group_reading(seen)["net_bps"] == pytest.approx(-20.7158, abs=1e-4)


def test_with_cheaper_legs_all_three_orders_go_at_the_touch() -> None:
    strategy = Triangular(fee_bps=10.0)
    seen = group(strategy, *EVEN)
    sent = orders(strategy.on_group_quote(seen))  # type: ignore[arg-type]
    assert {name: (each.side, each.price) for name, each in sent.items()} == {
        "BTC-USD": (Side.BUY, D(50000)),
        "ETH-BTC": (Side.BUY, D("0.06")),
        "ETH-USD": (Side.SELL, D(3030)),
    }
    assert all(each.kind is OrderKind.LIMIT and each.time_in_force is TimeInForce.IOC for each in sent.values())
    coins = D("0.3333")  # what 1000 dollars buy of ether, by way of bitcoin
    assert sent["ETH-BTC"].quantity == sent["ETH-USD"].quantity == coins
    assert sent["BTC-USD"].quantity == (coins * D("0.06") * D("1.001")).quantize(D("0.000001"), "ROUND_DOWN")
    assert strategy.on_group_quote(seen) is None  # it has just been sent
    seen.now_ns += 10**9
    assert strategy.on_group_quote(seen) is not None


def test_the_other_way_round_sells_the_cross() -> None:
    strategy = Triangular(fee_bps=10.0)
    touches = (("50000", "1", "50010", "1"), ("0.06100", "9", "0.06110", "9"), ("2990", "9", "3000", "9"))
    sent = orders(strategy.on_group_quote(group(strategy, *touches)))  # type: ignore[arg-type]
    assert [sent[name].side for name in NAMES] == [Side.SELL, Side.SELL, Side.BUY]
    coins = sent["ETH-USD"].quantity
    assert sent["BTC-USD"].quantity == (coins * D("0.061") * D("0.999")).quantize(D("0.000001"), "ROUND_DOWN")


@pytest.mark.parametrize("leg", range(3))
def test_no_leg_wants_more_than_is_shown(leg: int) -> None:
    strategy = Triangular(fee_bps=10.0)
    shown = ("0.0012", "0.02", "0.02")[leg]
    touches = [list(each) for each in EVEN]
    touches[leg][1] = touches[leg][3] = shown
    sent = orders(strategy.on_group_quote(group(strategy, *map(tuple, touches))))  # type: ignore[arg-type]
    assert 0.95 * float(shown) < float(sent[NAMES[leg]].quantity) <= float(shown)


def test_what_is_below_an_increment_is_not_sent() -> None:
    strategy = Triangular(fee_bps=10.0, notional_max=D("0.01"))
    seen = group(strategy, *EVEN)
    assert strategy.on_group_quote(seen) is None
    assert seen.memory == TriangleMemory(net_bps=pytest.approx(69.7303, abs=1e-4))  # type: ignore[arg-type]


def test_only_a_triangle_that_is_quoted_whole_counts() -> None:
    strategy = Triangular()
    seen = group(strategy, *EVEN)
    assert len(list(cycles(seen.views, seen.quotes))) == 2
    del seen.quotes["ETH-BTC"]
    assert list(cycles(seen.views, seen.quotes)) == []
    assert strategy.on_group_quote(seen) is None
    others = {name: View(define_instrument(name), NoMemory()) for name in ("BTC-USD", "ETH-USD", "SOL-USD")}
    quoted = {name: QuoteTick(name, 1, 1, 1, 2, 1) for name in others}
    assert list(cycles(others, quoted)) == []


@pytest.mark.parametrize("seed", range(20))
def test_the_better_way_round_is_that_of_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    strategy = Triangular(fee_bps=3.0, buffer_bps=0.0)
    prices = [50_000 * rng.uniform(0.99, 1.01), 0.06 * rng.uniform(0.99, 1.01), 3_000.0]
    touches: list[Touch] = [
        (f"{price * 0.9995:.{digits}f}", "5", f"{price * 1.0005:.{digits}f}", "5")
        for price, digits in zip(prices, (2, 5, 2), strict=True)
    ]
    seen = group(strategy, *touches)
    strategy.on_group_quote(seen)
    best = max(_walked(seen, route) for route in permutations(("BTC", "ETH")))
    memory = seen.memory
    assert isinstance(memory, TriangleMemory)
    assert memory.net_bps == pytest.approx((best - 1) * 10_000, abs=1e-6)


def _walked(seen: GroupView, route: tuple[str, ...]) -> float:
    """What a dollar becomes on its way through the coins and back, by whichever market joins each two."""
    money, have = 1.0, "USD"
    for want in (*route, "USD"):
        for view in seen.views.values():
            quote, instrument = seen.quotes[view.instrument.id], view.instrument
            if (instrument.base, instrument.quote) == (want, have):
                money = money / float(instrument.price_decimal(quote.ask)) * (1 - 0.0003)
            elif (instrument.base, instrument.quote) == (have, want):
                money = money * float(instrument.price_decimal(quote.bid)) * (1 - 0.0003)
        have = want
    return money


def test_the_engine_asks_it_after_quotes_and_refuses_what_is_not_funded() -> None:
    bot = BotSpec(id="t", strategy=Triangular(fee_bps=10.0), instruments=NAMES)
    state = EngineState(
        EngineConfig(
            session="t", instruments=INSTRUMENTS, bots=(bot,), limits=OPEN_LIMITS, conversions={"BTC": "BTC-USD"}
        )
    )
    for quote in group(Triangular(), *EVEN).quotes.values():
        process(state, quote)
    decided = [each for each in state.audit if isinstance(each, Decided)]
    assert state.bots["t"].failed is None
    assert [(each.order.instrument, type(each.outcome).__name__) for each in decided if each.order is not None] == [
        ("BTC-USD", "Approved"),
        ("ETH-BTC", "Refused"),
        ("ETH-USD", "Refused"),
    ]
