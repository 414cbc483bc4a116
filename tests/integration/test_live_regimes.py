"""Regimes of a live session: told at the start from the venue's history, and the same after a restart."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.live_history import HistoryVenue
from tests.live_stage import FLIP, Stage, play
from tests.live_venue import PRICES, PRODUCTS, CoreVenue
from tradewind.app.replaying import replay_run
from tradewind.engine.digest import state_values
from tradewind.exchange.core.products import Product
from tradewind.model.market_events import Bar
from tradewind.model.regime import Regime, RegimeSource

SOL = Product(id="SOL-USD", price_increment=Decimal("0.01"), base_increment=Decimal("0.00000001"))
NAMES = ("BTC-USD", "ETH-USD", "SOL-USD")
BOT = {"id": "flip", "strategy": FLIP, "parameters": {"quantity": "0.01"}, "instruments": ["BTC-USD"]}
REGIMES = {"regime": {"enabled": True}}
MARKET: dict[str, Any] = {
    "seed": 3,
    "products": [*PRODUCTS, SOL],
    "prices": {**PRICES, SOL.id: Decimal(150)},
    "spans_ns": (60_000_000_000,),
}


class Thin(HistoryVenue):
    """One of the instruments does not trade in each minute."""

    async def candles(self, id: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Bar]:
        found = await super().candles(id, span_ns, start_ns, end_ns)
        return [bar for bar in found if id != SOL.id or bar.open_ns // span_ns % 40 or bar.open_ns >= self.born_ns]


def told(stage: Stage) -> object:
    """What the engine's regimes go on from."""
    assert stage.built is not None
    return state_values(stage.built.session.engine.state)["regimes"]


@pytest.mark.parametrize("kind", [HistoryVenue, Thin])
def test_regimes_are_told_by_the_model_at_the_start_and_the_same_after_a_restart(
    kind: type[HistoryVenue], tmp_path: Path
) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        watch = built.session.engine.state.regimes
        assert watch is not None
        assert watch.warmup_bars == 520
        first = dict(watch.readings)
        assert set(first) == set(NAMES)
        assert all(each.source is RegimeSource.MODEL for each in first.values())
        assert all(each.regime is not Regime.UNKNOWN for each in first.values())
        journal = built.recorder.journal
        journal.wait(journal.commit())  # what is known now is what the next start knows
        kept = told(stage)
        await stage.die()
        again = await stage.start(ready=False)
        assert again.recovered is not None
        assert told(stage) == kept
        await asyncio.wait_for(again.session.ready.wait(), 20)
        assert again.session.engine.state.regimes is not None
        readings = again.session.engine.state.regimes.readings
        assert all(each.source is RegimeSource.MODEL for each in readings.values())
        assert (await stage.stop()).is_clean

    play(tmp_path, scene, [BOT], make=partial(kind, **MARKET), instruments=NAMES, sections=REGIMES)
    (run,) = [each for each in (tmp_path / "runs").iterdir() if not each.name.startswith(".")]
    outcome = replay_run(run)
    assert outcome.equal, outcome.message
