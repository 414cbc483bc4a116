"""The scoring bot: what each score says, confirmation, cooldown and price step, and what an operator is shown."""

import pytest

from tradewind.model.instrument import define_instrument
from tradewind.model.intents import TargetWeight
from tradewind.model.market_events import Bar
from tradewind.strategy.base import View
from tradewind.strategy.builtin.score import MINUTE_NS, ScoreBot
from tradewind.strategy.builtin.scoring import Score, average_score, combined, macd_score, rsi_score

# strength, fast, slow, line, signal, histogram, width, efficiency
BUY = (30.0, 110.0, 100.0, 1.0, 0.0, 1.0, 1.0, 0.5)
SELL = (70.0, 90.0, 100.0, -1.0, 0.0, -1.0, 1.0, 0.5)
NOTHING = (50.0, 100.0, 100.0, 0.0, 0.0, 0.0, 1.0, 0.5)


def test_scores_are_bounded_and_say_what_they_should() -> None:
    assert rsi_score(30.0, 0.0) == Score(1.0, 1.0)
    assert rsi_score(10.0, 0.25) == Score(1.0, 0.75)
    assert rsi_score(60.0, 0.0).score == -0.5
    assert average_score(101.0, 100.0, 2.0, 0.8) == Score(0.5, 0.8)
    assert average_score(101.0, 100.0, 0.0, 0.8).score == 0.0
    assert macd_score(1.0, 0.1, 1.0) == Score(0.4, 1.0)
    assert macd_score(-1.0, 9.0, 1.0) == Score(1.0, 0.5)
    assert macd_score(1.0, 1.0, 0.0).score == 0.0


def test_the_vote_weighs_by_weight_and_confidence() -> None:
    assert combined((Score(1.0, 1.0), Score(-1.0, 0.5)), (0.5, 0.5)) == pytest.approx(1 / 3)
    assert combined((Score(1.0, 0.0), Score(-1.0, 0.0)), (0.5, 0.5)) == 0.0


class Desk:
    """A bot and its view, bar by bar; a wish is taken as filled at once."""

    def __init__(self, bot: ScoreBot) -> None:
        self.bot = bot
        self.view = View(define_instrument("BTC-USD"), bot.memory())
        self.minute = 0

    def bar(self, values: tuple[float, ...], price: float = 100.0, minutes: int = 60) -> float | None:
        self.minute += minutes
        units = round(price * self.view.price_divisor)
        self.view.bar = Bar("BTC-USD", self.minute * MINUTE_NS, 60 * MINUTE_NS, units, units, units, units)
        self.view.values = values
        wish = self.bot.on_bar(self.view)
        if wish is None:
            return None
        assert isinstance(wish, TargetWeight)
        self.view.position = int(wish.weight)
        return wish.weight

    @property
    def temperature(self) -> object:
        return self.bot.reading(self.view)["temperature"]


def test_an_action_must_be_called_for_without_a_break() -> None:
    desk = Desk(ScoreBot(confirm_minutes=120))
    assert [desk.bar(each) for each in (BUY, BUY, NOTHING, BUY, BUY, BUY)] == [None, None, None, None, None, 1.0]


def test_without_confirmation_it_acts_at_once() -> None:
    assert Desk(ScoreBot(confirm_minutes=0)).bar(BUY) == 1.0


def test_a_cooldown_holds_back_entries_and_never_exits() -> None:
    desk = Desk(ScoreBot(confirm_minutes=0, cooldown_minutes=180))
    assert [desk.bar(each) for each in (BUY, SELL, BUY, BUY, SELL)] == [1.0, 0.0, None, 1.0, 0.0]


def test_an_entry_waits_for_a_price_that_differs() -> None:
    desk = Desk(ScoreBot(confirm_minutes=0, cooldown_minutes=0, price_step=0.02))
    assert desk.bar(BUY, 100.0) == 1.0
    assert desk.bar(SELL, 101.0) == 0.0
    assert desk.bar(BUY, 101.9) is None
    assert desk.bar(BUY, 98.0) == 1.0


def test_a_turn_that_must_wait_closes_first() -> None:
    desk = Desk(ScoreBot(confirm_minutes=0, cooldown_minutes=120, short=True))
    assert [desk.bar(each) for each in (BUY, SELL, SELL, SELL)] == [1.0, 0.0, -1.0, None]


def test_the_reading_tells_how_near_an_action_is() -> None:
    desk = Desk(ScoreBot(confirm_minutes=0, threshold=0.4))
    assert desk.temperature == "FROZEN"  # nothing seen yet
    desk.bar(NOTHING)
    assert desk.bot.reading(desk.view) == {"temperature": "COOL", "score": 0.0, "distance": 0.4}
    desk.bar((46.0, 100.4, 100.0, 0.05, 0.0, 0.05, 1.0, 0.5))
    assert desk.temperature == "WARM"
    desk.bar(BUY)
    assert desk.temperature == "HOT"
    desk.bar(SELL)
    desk.bar(BUY)
    assert desk.temperature == "FROZEN"  # out, and cooling down
