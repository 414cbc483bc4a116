"""The market maker's quotes: where they stand, when they move, and where inventory stops them."""

from decimal import Decimal

import numpy as np
import pytest

from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.core import process
from tradewind.engine.driver import Driver
from tradewind.engine.state import EngineState
from tradewind.market.book import Book
from tradewind.model.answers import OrderFilled
from tradewind.model.effects import SubmitOrder
from tradewind.model.instrument import InstrumentKind, define_instrument
from tradewind.model.intents import CancelWorking, PlaceOrder
from tradewind.model.market_events import BookSnapshot, QuoteTick, TradePrint
from tradewind.model.orders import Liquidity, OrderKind, Side
from tradewind.risk.limits import Limits
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.strategy.base import View, Wish
from tradewind.strategy.builtin.inventory_maker import InventoryMaker
from tradewind.strategy.builtin.market_maker import MarketMaker
from tradewind.strategy.builtin.quoting import Quoting

D = Decimal
MAKER = MarketMaker(quantity=D(1), inventory_quotes=2)
UNIT = 10**8
BOOK = Book("BTC-USD")


def view(*, kind: InstrumentKind = InstrumentKind.PERPETUAL, position: int = 0) -> View:
    seen = View(define_instrument("BTC-USD", kind=kind, price_increment="0.05"), MAKER.memory())
    seen.position = position * UNIT
    seen.best_bid, seen.best_ask = 100_00, 100_10
    return seen


def prices(wish: Wish) -> dict[Side, Decimal | None]:
    return {each.side: each.price for each in wish or () if isinstance(each, PlaceOrder)}


def test_it_quotes_one_tick_off_the_touch_and_never_takes() -> None:
    seen = view()
    wish = MAKER.on_book(seen, BOOK)
    assert prices(wish) == {Side.BUY: D("99.95"), Side.SELL: D("100.15")}
    orders = [each for each in wish or () if isinstance(each, PlaceOrder)]
    assert all(each.post_only and each.kind is OrderKind.LIMIT and each.quantity == 1 for each in orders)


@pytest.mark.parametrize("strategy", [MarketMaker(quantity=D("0.009")), InventoryMaker(quantity=D("0.009"))])
def test_a_quote_smaller_than_the_instrument_takes_is_refused_before_anything_runs(strategy: Quoting) -> None:
    coarse = define_instrument("BTC-USD", base_increment="0.001", min_quantity=10)
    fine = define_instrument("ETH-USD", base_increment="0.001")
    assert strategy.unsuited([fine]) is None
    assert strategy.unsuited([fine, coarse]) == f"{strategy.named} quotes 0.009 BTC, BTC-USD takes 0.01 at least"
    lots = define_instrument("BTC-USD", base_increment="0.01")
    assert strategy.unsuited([lots]) == f"{strategy.named} quotes 0.009 BTC, BTC-USD takes 0.01 at least"


def test_nothing_is_sent_while_the_touch_stands_still() -> None:
    seen = view()
    assert MAKER.on_book(seen, BOOK) is not None
    assert MAKER.on_book(seen, BOOK) is None


def test_only_the_side_that_moved_is_quoted_anew() -> None:
    seen = view()
    MAKER.on_book(seen, BOOK)
    seen.best_ask = 100_20
    wish = MAKER.on_book(seen, BOOK)
    assert prices(wish) == {Side.SELL: D("100.25")}
    assert [each.tag for each in wish or () if isinstance(each, CancelWorking)] == ["ask"]


def test_after_a_fill_the_side_that_was_hit_is_quoted_again() -> None:
    seen = view()
    MAKER.on_book(seen, BOOK)
    fill = OrderFilled("o", "o:1", 1, "BTC-USD", Side.BUY, UNIT, 99_95, Liquidity.MAKER, D(0))
    MAKER.on_fill(seen, fill)
    assert prices(MAKER.on_book(seen, BOOK)) == {Side.BUY: D("99.95")}


def test_at_the_inventory_limit_the_adding_side_is_withdrawn() -> None:
    seen = view()
    MAKER.on_book(seen, BOOK)
    seen.position = 2 * UNIT
    wish = MAKER.on_book(seen, BOOK)
    assert list(wish or ()) == [CancelWorking("bid", reason="bid moves")]
    seen.position = -2 * UNIT
    assert prices(MAKER.on_book(seen, BOOK)) == {Side.BUY: D("99.95")}
    assert seen.memory == type(MAKER.memory())(bid=99_95, ask=None, size=UNIT)


def test_on_spot_it_sells_only_what_it_holds() -> None:
    assert set(prices(MAKER.on_book(view(kind=InstrumentKind.SPOT), BOOK))) == {Side.BUY}
    assert set(prices(MAKER.on_book(view(kind=InstrumentKind.SPOT, position=1), BOOK))) == {Side.BUY, Side.SELL}


def test_without_a_touch_there_is_no_quote() -> None:
    seen = view()
    MAKER.on_book(seen, BOOK)
    seen.best_bid = None
    wish = MAKER.on_book(seen, BOOK)
    assert list(wish or ()) == [CancelWorking("bid", reason="bid moves")]


def engine(kind: InstrumentKind) -> EngineState:
    instrument = define_instrument("BTC-USD", kind=kind, price_increment="0.05", initial_margin=D("0.1"))
    limits = Limits(leverage_max=None, instrument_share_max=None, exposure_share_max=None, slippage_bps_max=None)
    bot = BotSpec(id="maker", strategy=MAKER, instruments=("BTC-USD",))
    return EngineState(EngineConfig(session="t", instruments=(instrument,), bots=(bot,), limits=limits))


def test_the_engine_sends_its_quotes_on_the_tick() -> None:
    state = engine(InstrumentKind.SPOT)
    effects = process(state, QuoteTick("BTC-USD", 2, 100_00, UNIT, 100_10, UNIT))
    (order,) = [each.request for each in effects if isinstance(each, SubmitOrder)]
    assert (order.side, order.price, order.quantity, order.post_only) == (Side.BUY, 99_95, UNIT, True)
    assert not process(state, QuoteTick("BTC-USD", 3, 100_00, UNIT, 100_10, UNIT))


def test_in_a_moving_book_it_is_hit_on_both_sides_and_stays_within_its_inventory() -> None:
    state = engine(InstrumentKind.PERPETUAL)
    instruments = [state.markets["BTC-USD"].instrument]
    driver = Driver(state, BookVenue(instruments, SimulationSettings(), OpeningAccount(cash=state.config.cash)))
    (seat,) = state.markets["BTC-USD"].seats_all
    rng, bid, held = np.random.default_rng(8), 100_00, []
    for step in range(400):
        bid += 5 * int(rng.integers(-1, 2))
        levels = [
            tuple((start + sign * 5 * level, UNIT) for level in range(4)) for start, sign in ((bid, -1), (bid + 10, 1))
        ]
        driver.feed([BookSnapshot("BTC-USD", 1000 * step + 1, *levels, sequence=step + 1)])
        side = Side.BUY if rng.random() < 0.5 else Side.SELL
        sweep = bid + 20 if side is Side.BUY else bid - 10
        driver.feed([TradePrint("BTC-USD", 1000 * step + 500, side, sweep, 5 * UNIT)])
        held.append(seat.view.position)
    driver.finish()
    assert seat.bot.failed is None
    fills = [each for each in state.audit if isinstance(each, OrderFilled)]
    assert {each.side for each in fills} == {Side.BUY, Side.SELL}
    assert {each.liquidity for each in fills} == {Liquidity.MAKER}
    assert min(held) == -2 * UNIT
    assert max(held) == 2 * UNIT
