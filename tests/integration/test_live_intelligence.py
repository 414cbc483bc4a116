"""Budgets by results, measured sizes, tiers and the edge gate in a live session: they decide, recover and replay."""

import asyncio
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from tests.live_history import SecondsVenue
from tests.live_stage import Stage, play, until
from tests.live_venue import PRICES, PRODUCTS, CoreVenue
from tradewind.app.live.status import status
from tradewind.app.replaying import replay_run
from tradewind.engine.digest import state_values
from tradewind.engine.readmodel import ReadModel
from tradewind.exchange.core.products import Product
from tradewind.model.decisions import Refused

SOL = Product(id="SOL-USD", price_increment=Decimal("0.01"), base_increment=Decimal("0.00000001"))
MARKET: dict[str, Any] = {"seed": 3, "products": [*PRODUCTS, SOL], "prices": {**PRICES, SOL.id: Decimal(150)}}
LEAN = "tests/live_strategies.py:Leaner"
PROBE = 0.02
SECTIONS = {
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
    names = ("BTC-USD", "ETH-USD", "SOL-USD")
    play(tmp_path, scene, BOTS, make=make, instruments=names, interval="1s", sections=SECTIONS)
    (run,) = [each for each in (tmp_path / "runs").iterdir() if not each.name.startswith(".")]
    outcome = replay_run(run)
    assert outcome.equal, outcome.message
    assert outcome.complete
