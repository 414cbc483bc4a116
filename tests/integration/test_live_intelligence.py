"""Budgets by results, measured sizes, tiers and the edge gate in a live session: they decide, recover and replay."""

import asyncio
import time
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.live_history import SecondsVenue
from tests.live_stage import Stage, play, until
from tests.live_venue import PRICES, PRODUCTS, CoreVenue
from tradewind.app.live.building import build
from tradewind.app.live.status import status
from tradewind.app.replaying import replay_run
from tradewind.engine.digest import state_values
from tradewind.engine.readmodel import ReadModel
from tradewind.exchange.core.products import Product
from tradewind.model.decisions import Refused
from tradewind.model.errors import ConfigError

SOL = Product(id="SOL-USD", price_increment=Decimal("0.01"), base_increment=Decimal("0.00000001"))
MARKET: dict[str, Any] = {"seed": 3, "products": [*PRODUCTS, SOL], "prices": {**PRICES, SOL.id: Decimal(150)}}
LEAN = "tests/live_strategies.py:Leaner"
PROBE = 0.02
NAMES = ("BTC-USD", "ETH-USD", "SOL-USD")
SECTIONS: dict[str, dict[str, Any]] = {
    "allocation": {"method": "exponentiated_gradient", "every": "1s", "band": "0"},
    "sizing": {"method": "kelly", "volatility": "off", "volume_share": "off", "probe": str(PROBE), "regime": False},
    "tiers": {"enabled": True, "excluded": ["SOL-USD"]},
    "edge": {"gate": "block", "override": {"good": "ann: a trial", "out": "ann: a trial"}},
}


def leaner(name: str, instrument: str) -> dict[str, Any]:
    return {"id": name, "strategy": LEAN, "instruments": [instrument], "family": "trend"}


BOTS = [leaner("good", "BTC-USD"), leaner("poor", "ETH-USD"), leaner("out", "SOL-USD")]


def gates(model: ReadModel) -> dict[str, str]:
    """Return what a gate said to each bot that it refused."""
    return {
        each.bot: finding.number
        for each in model.decisions
        if isinstance(each.outcome, Refused)
        for finding in each.outcome.findings
        if finding.check == "entry_gate"
    }


def test_results_sizes_tiers_and_edges_decide_live_and_the_same_after_a_death(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        state, model = built.session.engine.state, built.session.engine.model
        await until(lambda: model.budgets and state.bots["good"].seats[0].view.position, 20)
        weights = status(built.session)["budgets"]
        assert set(weights) == {"good", "poor", "out"}
        assert weights["good"] != weights["poor"] == weights["out"]  # one of them has earned something, or lost it
        assert float(state.bots["good"].seats[0].budget) == int(weights["good"] * 1e6) / 1e6

        (size,) = {each.binding for each in model.sizes if each.bot == "good"}
        assert size == "probe"
        first = next(row for row in model.orders.values() if row.bots == ("good",) and row.side == "buy")
        equity = state.equity()
        assert equity is not None
        assert abs(float(first.quantity * venue.prices["BTC-USD"] / equity) - PROBE) < PROBE / 10
        told = gates(model)
        assert told["poor"].startswith("edge: the expected edge is not known")
        assert told["out"].startswith("excluded")
        assert all(row.bots == ("good",) for row in model.orders.values())

        journal = built.recorder.journal
        journal.wait(journal.commit())
        kept = state_values(state)
        await stage.die()
        again = await stage.start(ready=False)
        assert again.recovered is not None
        after = state_values(again.session.engine.state)
        assert {part: after[part] for part in ("budgets", "sizing", "tiers")} == {
            part: kept[part] for part in ("budgets", "sizing", "tiers")
        }
        await asyncio.wait_for(again.session.ready.wait(), 20)
        assert (await stage.stop()).is_clean
        stage.settled()

    make = partial(SecondsVenue, **MARKET)
    play(tmp_path, scene, BOTS, make=make, instruments=NAMES, interval="1s", sections=SECTIONS)
    (run,) = [each for each in (tmp_path / "runs").iterdir() if not each.name.startswith(".")]
    outcome = replay_run(run)
    assert outcome.equal, outcome.message
    assert outcome.complete


def test_a_session_goes_on_from_the_results_of_one_before_and_refuses_those_of_others(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        state = built.session.engine.state
        await until(lambda: built.session.engine.model.budgets, 20)
        assert (await stage.stop()).is_clean
        assert state.budgets is not None
        run, measured = built.record.id, list(state.budgets.rows)
        weights = dict(state.budgets.weights)

        def another(bots: list[dict[str, Any]], **changed: Any) -> Stage:
            told = SECTIONS | {"allocation": {**SECTIONS["allocation"], "history": run, **changed}}
            return Stage(tmp_path, venue, bots, instruments=NAMES, interval="1s", sections=told)

        for bots, changed, why in (
            ([*BOTS[:2], {**BOTS[2], "parameters": {"seconds": 7}}], {}, "bot 'out' was another one"),
            (BOTS[::2], {}, "'poor' is in one only"),
            (BOTS, {"every": "2s"}, "did not measure results every 2s"),
            (BOTS, {"history": "nowhere"}, "there is no run 'nowhere'"),
            (BOTS, {"method": "off"}, "budgets do not go by results"),
        ):
            with pytest.raises(ConfigError, match=why):
                await another(bots, **changed).start()
        late = another(BOTS)
        with pytest.raises(ConfigError, match="longer ago than allocation"):
            await build(late.resolved, late.home, venue, now_ns=lambda: time.time_ns() + 60_000_000_000)

        again = another(BOTS)
        begun = await again.start(ready=False)
        after = begun.session.engine.state.budgets
        assert after is not None
        assert (after.rows, after.weights) == (measured, weights)
        assert float(begun.session.engine.state.bots["good"].seats[0].budget) == int(weights["good"] * 1e6) / 1e6
        await asyncio.wait_for(begun.session.ready.wait(), 20)
        assert (await again.stop()).is_clean
        replayed = replay_run(tmp_path / "runs" / begun.record.id)
        assert (replayed.equal, replayed.complete) == (True, True), replayed.message

    make = partial(SecondsVenue, **MARKET)
    play(tmp_path, scene, BOTS, make=make, instruments=NAMES, interval="1s", sections=SECTIONS)
