"""What strategies say of themselves: of each instrument or of all together, and of one that raises that it did."""

from collections.abc import Mapping

from tests.unit.strategy.group_runs import instrument
from tests.unit.strategy.runs import CASH, FEES, NO_LIMITS
from tradewind.app.readings import Reading, readings
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.digest import state_digest
from tradewind.engine.state import EngineState
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.carry import Carry
from tradewind.strategy.builtin.macd import Macd
from tradewind.strategy.builtin.score import ScoreBot

NAMES = ("A-PERP", "B-USD")


class Broken(Strategy):
    def reading(self, view: View) -> Mapping[str, float | str]:
        raise RuntimeError("no words")


def state(**bots: Strategy) -> EngineState:
    specs = tuple(BotSpec(id=name, strategy=each, instruments=NAMES) for name, each in bots.items())
    return EngineState(
        EngineConfig(
            session="t", instruments=tuple(map(instrument, NAMES)), bots=specs, cash=CASH, fees=FEES, limits=NO_LIMITS
        )
    )


def test_readings_are_by_bot_and_instrument_and_of_a_group_once() -> None:
    cold = {"temperature": "FROZEN", "score": 0.0, "distance": 0.3}
    assert readings(state(voter=ScoreBot(), silent=Macd(), both=Carry())) == [
        Reading("both", "", {"expected_bps": 0.0, "hurdle_bps": 50.0}),
        Reading("voter", "A-PERP", cold),
        Reading("voter", "B-USD", cold),
    ]


def test_a_strategy_that_raises_stops_nobody() -> None:
    made = state(broken=Broken())
    before = state_digest(made)
    assert [each.values for each in readings(made)] == [{"failed": "RuntimeError: no words"}] * 2
    assert state_digest(made) == before
