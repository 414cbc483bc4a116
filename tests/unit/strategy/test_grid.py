"""The grid's rungs: bought step by step, sold one step higher, given up beyond the stop."""

from tradewind.model.instrument import define_instrument
from tradewind.model.intents import TargetWeight
from tradewind.model.market_events import Bar
from tradewind.strategy.base import View
from tradewind.strategy.builtin.grid import Grid, GridMemory


def weights(bot: Grid, prices: list[float]) -> tuple[list[float | None], object]:
    """What the bot wants at these closes, when each wish is filled at once, and its memory at the end."""
    view = View(define_instrument("BTC-USD"), bot.memory())
    wanted: list[float | None] = []
    for price in prices:
        units = round(price * view.price_divisor)
        view.bar = Bar("BTC-USD", 1, 1, units, units, units, units)
        wish = bot.on_bar(view)
        assert wish is None or isinstance(wish, TargetWeight)
        wanted.append(None if wish is None else wish.weight)
        view.position = view.position if wish is None else round(100 * wish.weight)
    return wanted, view.memory


def test_weights_are_rungs_and_an_empty_grid_follows_the_price_up() -> None:
    bot = Grid(step=0.01, rungs=4, stop_steps=2)
    wanted, memory = weights(bot, [99.0, 100.0, 98.9, 97.9, 98.5, 98.96, 100.0, 101.0])
    assert wanted == [None, None, 0.25, 0.5, 0.5, 0.5, 0.0, None]
    assert memory == GridMemory(anchor=101.0, rungs=0)


def test_a_rung_is_sold_one_step_above_its_price() -> None:
    wanted, _ = weights(Grid(step=0.01, rungs=4), [100.0, 98.0, 99.005, 99.011])
    assert wanted == [None, 0.5, 0.5, 0.25]


def test_beyond_the_stop_all_is_closed_and_the_grid_is_hung_anew() -> None:
    wanted, memory = weights(Grid(step=0.01, rungs=4, stop_steps=2), [100.0, 95.0, 94.0, 93.05])
    assert wanted == [None, 1.0, 0.0, 0.25]
    assert memory == GridMemory(anchor=94.0, rungs=1)


def test_with_short_it_sells_rungs_above_a_fixed_anchor() -> None:
    wanted, memory = weights(Grid(step=0.01, rungs=4, short=True), [100.0, 101.1, 103.1, 102.0, 99.0])
    assert wanted == [None, -0.25, -0.75, -0.5, 0.25]
    assert memory == GridMemory(anchor=100.0, rungs=1)
