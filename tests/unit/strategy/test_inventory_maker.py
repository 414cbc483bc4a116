"""Quotes that lean: the published formulas in basis points, what inventory and variance do to them, when they move."""

from decimal import Decimal

import numpy as np
import pytest

from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.driver import Driver
from tradewind.engine.state import EngineState
from tradewind.market.book import Book
from tradewind.model.answers import OrderFilled
from tradewind.model.instrument import InstrumentKind, define_instrument
from tradewind.model.intents import PlaceOrder
from tradewind.model.market_events import BookSnapshot, TradePrint
from tradewind.model.orders import Liquidity, Side
from tradewind.risk.limits import Limits
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.strategy.base import View
from tradewind.strategy.builtin.inventory_maker import InventoryMaker, LeaningMemory
from tradewind.strategy.formulas import avellaneda_stoikov, glft_depths

D = Decimal
UNIT = 10**8
SECOND = 1_000_000_000
BOOK = Book("BTC-USD")
MID = 1_000_000  # price units: a tick of 0.01 is a hundredth of a basis point


def measured(maker: InventoryMaker, *, position: int = 0, spot: bool = False, sigma: float = 2.0) -> View:
    """A view after a quiet half-life, with a variance that is known."""
    kind = InstrumentKind.SPOT if spot else InstrumentKind.PERPETUAL
    seen = View(define_instrument("BTC-USD", kind=kind, price_increment="0.01"), maker.memory())
    seen.position = position * UNIT
    seen.best_bid, seen.best_ask = MID - 100, MID + 100
    seen.now_ns = int(maker.half_life_s * SECOND)
    memory = seen.memory
    assert isinstance(memory, LeaningMemory)
    memory.variance, memory.mid, memory.ts_ns = sigma * sigma, float(MID), seen.now_ns
    return seen


def quotes(maker: InventoryMaker, view: View) -> dict[Side, int]:
    wish = maker.on_book(view, BOOK) or ()
    return {each.side: int(each.price * 100) for each in wish if isinstance(each, PlaceOrder) and each.price}


@pytest.mark.parametrize("held", [-2, 0, 2])
@pytest.mark.parametrize("sigma", [0.1, 2.0])
def test_quotes_are_those_of_the_formulas_in_basis_points(held: int, sigma: float) -> None:
    glft = InventoryMaker(quantity=D(1))
    depths = glft_depths(held, 0.05, sigma, 0.3, 0.5, 5)
    assert depths.bid is not None
    assert depths.ask is not None
    found = quotes(glft, measured(glft, position=held, sigma=sigma))
    assert found[Side.BUY] == pytest.approx(min(MID * (1 - depths.bid / 10_000), MID + 99), abs=1)
    assert found[Side.SELL] == pytest.approx(max(MID * (1 + depths.ask / 10_000), MID - 99), abs=1)
    rolling = InventoryMaker(quantity=D(1), model="avellaneda_stoikov")
    wanted = avellaneda_stoikov(0.0, held, 0.05, sigma, 60.0, 0.3)
    found = quotes(rolling, measured(rolling, position=held, sigma=sigma))
    assert found[Side.BUY] == pytest.approx(min(MID * (1 + wanted.bid / 10_000), MID + 99), abs=1)
    assert found[Side.SELL] == pytest.approx(max(MID * (1 + wanted.ask / 10_000), MID - 99), abs=1)


@pytest.mark.parametrize("model", ["glft", "avellaneda_stoikov"])
def test_who_is_long_quotes_lower_and_who_is_short_higher(model: str) -> None:
    maker = InventoryMaker(quantity=D(1), model=model)  # type: ignore[arg-type]
    short, flat, long = (quotes(maker, measured(maker, position=held, sigma=0.2)) for held in (-3, 0, 3))
    assert long[Side.BUY] < flat[Side.BUY] < short[Side.BUY]
    assert long[Side.SELL] < flat[Side.SELL] < short[Side.SELL]


def test_a_quote_never_crosses_the_other_side() -> None:
    maker = InventoryMaker(quantity=D(1), model="avellaneda_stoikov", gamma=10.0)
    found = quotes(maker, measured(maker, position=-3))
    assert found == {Side.BUY: MID + 99, Side.SELL: found[Side.SELL]}


def test_at_the_limit_and_on_spot_only_one_side_is_quoted() -> None:
    maker = InventoryMaker(quantity=D(1), inventory_quotes=2)
    assert set(quotes(maker, measured(maker, position=2))) == {Side.SELL}
    assert set(quotes(maker, measured(maker, position=-2))) == {Side.BUY}
    assert set(quotes(maker, measured(maker, spot=True))) == {Side.BUY}


def test_a_market_that_is_not_measured_yet_is_not_quoted() -> None:
    maker = InventoryMaker(quantity=D(1))
    seen = measured(maker)
    seen.now_ns -= 1
    assert quotes(maker, seen) == {}
    seen = measured(maker, sigma=0.0)
    assert quotes(maker, seen) == {}
    seen = measured(maker)
    seen.best_ask = None
    assert quotes(maker, seen) == {}


def test_a_quote_within_its_slack_stays_in_its_queue() -> None:
    maker = InventoryMaker(quantity=D(1), keep_ticks=5)
    seen = measured(maker, sigma=0.1)
    assert set(quotes(maker, seen)) == {Side.BUY, Side.SELL}
    for shift, moved in ((4, set()), (40, {Side.BUY, Side.SELL})):
        seen.best_bid, seen.best_ask = MID - 100 + shift, MID + 100 + shift
        assert set(quotes(maker, seen)) == moved


def test_the_variance_is_per_second_whatever_the_pace_of_events() -> None:
    maker = InventoryMaker(quantity=D(1), half_life_s=2000.0)
    found = []
    for pace in (1, 10):
        seen = measured(maker, sigma=0.0)
        memory = seen.memory
        assert isinstance(memory, LeaningMemory)
        rng, price = np.random.default_rng(4), float(MID)
        for step in range(1, 20_000 // pace):
            price *= 1 + 2e-4 * float(np.sqrt(pace)) * rng.standard_normal()  # two basis points per root second
            maker._measure(memory, price, seen.now_ns + step * pace * SECOND)
        found.append(memory.variance)
    assert found == pytest.approx([4.0, 4.0], rel=0.15)


def test_in_a_moving_book_it_is_hit_on_both_sides_and_stays_within_its_inventory() -> None:
    instrument = define_instrument(
        "BTC-USD", kind=InstrumentKind.PERPETUAL, price_increment="0.05", initial_margin=D("0.1")
    )
    maker = InventoryMaker(quantity=D(1), inventory_quotes=2, k=5.0, half_life_s=5.0)
    limits = Limits(leverage_max=None, instrument_share_max=None, exposure_share_max=None, slippage_bps_max=None)
    bot = BotSpec(id="maker", strategy=maker, instruments=("BTC-USD",))
    state = EngineState(EngineConfig(session="t", instruments=(instrument,), bots=(bot,), limits=limits))
    driver = Driver(state, BookVenue([instrument], SimulationSettings(), OpeningAccount(cash=state.config.cash)))
    (seat,) = state.markets["BTC-USD"].seats_all
    rng, bid, held = np.random.default_rng(8), 1_000_00, []
    for step in range(400):
        bid += 5 * int(rng.integers(-1, 2))
        levels = [
            tuple((start + sign * 5 * level, UNIT) for level in range(12)) for start, sign in ((bid, -1), (bid + 10, 1))
        ]
        driver.feed([BookSnapshot("BTC-USD", step * SECOND + 1, *levels, sequence=step + 1)])
        side = Side.BUY if rng.random() < 0.5 else Side.SELL
        sweep = bid + 50 if side is Side.BUY else bid - 40
        driver.feed([TradePrint("BTC-USD", step * SECOND + 500, side, sweep, 50 * UNIT)])
        held.append(seat.view.position)
    driver.finish()
    assert seat.bot.failed is None
    fills = [each for each in state.audit if isinstance(each, OrderFilled)]
    assert {each.side for each in fills} == {Side.BUY, Side.SELL}
    assert {each.liquidity for each in fills} == {Liquidity.MAKER}
    assert -2 * UNIT <= min(held) < 0 < max(held) <= 2 * UNIT
    reading = maker.reading(seat.view)
    assert reading["inventory_quotes"] == held[-1] / UNIT
    assert float(reading["volatility_bps_per_root_second"]) > 0
