"""What is asked for candles ends in candles, in another question, or in the end of the session; never in silence."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tests.engine_rig import MINUTE_NS, Desk, config
from tradewind.app.live.candle_keeping import CandleKeeping
from tradewind.app.live.doubts import Doubts
from tradewind.model.errors import VenueUnavailable
from tradewind.model.market_events import Bar


class Market:
    """A venue's candles, or what it does instead of giving them."""

    def __init__(self, *answers: Exception | Sequence[Bar]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def candles(self, instrument: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Bar]:
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Rig:
    """Candles of one instrument an hour after the join, with nothing of the stream in between."""

    def __init__(self, market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tradewind.app.live.candle_keeping.AGAIN_S", 0.0)
        desk = Desk(config([None]))
        self.errors = 0
        self.now_ns = 60 * MINUTE_NS
        self.fed: list[Any] = []
        engine: Any = SimpleNamespace(state=desk.state, now_ns=lambda: self.now_ns, feed=self.fed.extend)
        side: Any = SimpleNamespace(market=market)
        plan: Any = SimpleNamespace(span_ns=MINUTE_NS, timeout_s=1.0)
        doubts = Doubts(lambda *events: [], lambda: self.now_ns, [])
        self.keeping = CandleKeeping(side, engine, plan, doubts, self._guarding(), askable=True)

    def _guarding(self) -> Any:
        def count() -> None:
            self.errors += 1

        return SimpleNamespace(note_error=count)

    async def steps(self, count: int) -> None:
        for _ in range(count):
            self.keeping.step()
            await asyncio.sleep(0.01)
            self.now_ns += MINUTE_NS // 60


def test_a_question_that_breaks_stops_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(Market(ValueError("a bar that is none")), monkeypatch)
    asyncio.run(rig.steps(1))
    assert isinstance(rig.keeping.broken, ValueError)


def test_a_venue_that_does_not_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    market = Market(VenueUnavailable("away"), VenueUnavailable("away"), *[()] * 9)
    rig = Rig(market, monkeypatch)
    asyncio.run(rig.steps(6))
    assert rig.keeping.broken is None
    assert (market.asked >= 3, rig.errors) == (True, 2)
