"""The runtime guards of a session: what they find is journaled, latched where they halt, and comes out of a replay."""

from decimal import Decimal
from pathlib import Path

from tests.live_stage import FLIP, Stage, play, until
from tests.live_venue import CoreVenue
from tradewind.app.live.status import status
from tradewind.app.replaying import replay_run

HOLDER = {
    "id": "hold",
    "strategy": FLIP,
    "parameters": {"seconds": 1, "quantity": "0.5", "hold": True},
    "instruments": ["BTC-USD"],
}


def replayed(folder: Path) -> None:
    (run,) = [each for each in (folder / "runs").iterdir() if not each.name.startswith(".")]
    outcome = replay_run(run)
    assert outcome.equal, outcome.message


def test_a_guard_lets_the_account_only_reduce_and_another_halts_it(tmp_path: Path) -> None:
    guards = {"every": "1s", "cooldown": "1s", "exposure_max": "0.2", "drawdown_max": "off", "concentration_max": "off"}

    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        state = built.session.engine.state
        await until(lambda: "guards" in state.reduce_only)
        told = status(built.session)
        assert state.reduce_only["guards"].startswith("exposure ")
        assert {each["guard"]: each["action"] for each in told["guards"]}["exposure"] == "reduce_only"
        assert any(alarm["name"] == "guard" for alarm in told["alarms"])
        venue.prices["BTC-USD"] *= Decimal("0.7")
        await until(lambda: state.halted is not None and built.session.latch.is_set)
        assert (state.halted or "").startswith("guard: daily_loss ")
        assert (await stage.stop()).is_clean

    play(tmp_path, scene, [HOLDER], sections={"guards": guards})
    replayed(tmp_path)
