"""The market maker's quotes: where they stand, when they move, and where inventory stops them."""

from decimal import Decimal

from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.core import process
from tradewind.engine.state import EngineState
from tradewind.model.answers import OrderFilled
from tradewind.model.effects import SubmitOrder
from tradewind.model.instrument import InstrumentKind, define_instrument
from tradewind.model.intents import CancelWorking, PlaceOrder
from tradewind.model.market_events import Bar, QuoteTick
from tradewind.model.orders import Liquidity, OrderKind, Side
from tradewind.risk.limits import Limits
from tradewind.strategy.base import View, Wish
from tradewind.strategy.builtin.market_maker import MarketMaker

D = Decimal
MAKER = MarketMaker(quantity=D(1), inventory_quotes=2)
UNIT = 10**8


def view(*, kind: InstrumentKind = InstrumentKind.PERPETUAL, position: int = 0) -> View:
    seen = View(define_instrument("BTC-USD", kind=kind, price_increment="0.05"), MAKER.memory())
    seen.position = position * UNIT
    seen.best_bid, seen.best_ask = 100_00, 100_10
    return seen


def prices(wish: Wish) -> dict[Side, Decimal | None]:
    return {each.side: each.price for each in wish or () if isinstance(each, PlaceOrder)}


def test_it_quotes_one_tick_off_the_touch_and_never_takes() -> None:
    seen = view()
    wish = MAKER.on_book(seen, None)
    assert prices(wish) == {Side.BUY: D("99.95"), Side.SELL: D("100.15")}
    orders = [each for each in wish or () if isinstance(each, PlaceOrder)]
    assert all(each.post_only and each.kind is OrderKind.LIMIT and each.quantity == 1 for each in orders)


def test_nothing_is_sent_while_the_touch_stands_still() -> None:
    seen = view()
    assert MAKER.on_book(seen, None) is not None
    assert MAKER.on_book(seen, None) is None


def test_only_the_side_that_moved_is_quoted_anew() -> None:
    seen = view()
    MAKER.on_book(seen, None)
    seen.best_ask = 100_20
    wish = MAKER.on_book(seen, None)
    assert prices(wish) == {Side.SELL: D("100.25")}
    assert [each.tag for each in wish or () if isinstance(each, CancelWorking)] == ["ask"]


def test_after_a_fill_the_side_that_was_hit_is_quoted_again() -> None:
    seen = view()
    MAKER.on_book(seen, None)
    fill = OrderFilled("o", "o:1", 1, "BTC-USD", Side.BUY, UNIT, 99_95, Liquidity.MAKER, D(0))
    MAKER.on_fill(seen, fill)
    assert prices(MAKER.on_book(seen, None)) == {Side.BUY: D("99.95")}


def test_at_the_inventory_limit_the_adding_side_is_withdrawn() -> None:
    seen = view()
    MAKER.on_book(seen, None)
    seen.position = 2 * UNIT
    wish = MAKER.on_book(seen, None)
    assert list(wish or ()) == [CancelWorking("bid", reason="bid moves")]
    seen.position = -2 * UNIT
    assert prices(MAKER.on_book(seen, None)) == {Side.BUY: D("99.95")}
    assert seen.memory == type(MAKER.memory())(bid=99_95, ask=None, size=UNIT)


def test_on_spot_it_sells_only_what_it_holds() -> None:
    assert set(prices(MAKER.on_book(view(kind=InstrumentKind.SPOT), None))) == {Side.BUY}
    assert set(prices(MAKER.on_book(view(kind=InstrumentKind.SPOT, position=1), None))) == {Side.BUY, Side.SELL}


def test_without_a_touch_there_is_no_quote() -> None:
    seen = view()
    MAKER.on_book(seen, None)
    seen.best_bid = None
    wish = MAKER.on_book(seen, None)
    assert list(wish or ()) == [CancelWorking("bid", reason="bid moves")]


def test_the_engine_sends_its_quotes_on_the_tick() -> None:
    instrument = define_instrument("BTC-USD", price_increment="0.05")
    no_limits = Limits(leverage_max=None, instrument_share_max=None, exposure_share_max=None)
    bot = BotSpec(id="maker", strategy=MAKER, instruments=("BTC-USD",))
    state = EngineState(EngineConfig(session="t", instruments=(instrument,), bots=(bot,), limits=no_limits))
    process(state, Bar("BTC-USD", 1, 1, 100_00, 100_00, 100_00, 100_00))
    effects = process(state, QuoteTick("BTC-USD", 2, 100_00, UNIT, 100_10, UNIT))
    (order,) = [each.request for each in effects if isinstance(each, SubmitOrder)]
    assert (order.side, order.price, order.quantity, order.post_only) == (Side.BUY, 99_95, UNIT, True)
    assert not process(state, QuoteTick("BTC-USD", 3, 100_00, UNIT, 100_10, UNIT))
