"""A running session whose file is changed: harmless changes are applied, risky ones let it only reduce, others halt."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.live_stage import Stage, play, until
from tests.live_venue import CoreVenue
from tradewind.app.config import Resolved, resolve
from tradewind.app.config_watch import ConfigWatch
from tradewind.app.live.building import Built
from tradewind.app.live.handlers import handlers
from tradewind.app.live.status import status
from tradewind.app.replaying import replay_run
from tradewind.model.commands import ChangeBot, EnterReduceOnly, Halt
from tradewind.model.money import plain

TEXT = """
[data]
instruments = ["BTC-USD", "ETH-USD"]
interval = "1m"
[limits]
instrument_share_max = 1
[guards]
errors_per_minute_max = 100000
[live]
orders_every = "2s"
accounts_every = "3s"
on_stop = "cancel-all"
[[bots]]
id = "flip"
strategy = "tests/live_strategies.py:Flipper"
parameters = { seconds = 1, quantity = "0.01" }
instruments = ["BTC-USD"]
budget = 0.5
"""


async def started(stage: Stage, file: Path) -> Built:
    """Start a session from the file, under its guardian."""

    def reread() -> Resolved:
        return resolve(stage.home, {}, file=file, profile="dev")

    stage.resolved = reread()
    watch = ConfigWatch([file], reread, stage.resolved.config)
    built = await stage.start(ready=False)
    built.session.config_watch = watch
    await until(built.session.ready.is_set)
    return built


def write(file: Path, text: str) -> None:
    """Replace the file as an editor does."""
    beside = file.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, file)


def outcome(folder: Path) -> list[object]:
    """Hold the run to its journal, and return what was replayed."""
    (run,) = [each for each in (folder / "runs").iterdir() if not each.name.startswith(".")]
    replayed = replay_run(run)
    assert replayed.equal, replayed.message
    return [run]


@pytest.mark.slow
def test_a_running_session_keeps_to_what_was_agreed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewind.app.live.session.EVERY_S", 0.1)
    file = tmp_path / "bots.toml"
    file.write_text(TEXT, encoding="utf-8")

    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await started(stage, file)
        session, state = built.session, built.session.engine.state
        ask = handlers(session)["reload"]
        await until(lambda: state.fills > 2)

        # Budget and parameters are taken over, and what is held stays with its bot.
        write(file, TEXT.replace("budget = 0.5", "budget = 0.25").replace('"0.01"', '"0.02"'))
        told = await ask({})
        assert told["applied"] == ["bots.flip.budget", "bots.flip.parameters"]
        assert plain(state.bots["flip"].spec.budget) == "0.25"
        fills = state.fills
        await until(lambda: state.fills > fills + 2)
        assert state.reduce_only == {}

        # A limit may not be moved: the session only reduces, says why, and a reload is refused by name.
        tight = file.read_text().replace("instrument_share_max = 1", "instrument_share_max = 0.9")
        write(file, tight)
        await until(lambda: "configuration" in state.reduce_only)
        reason = "changed under the running session: limits.instrument_share_max"
        assert status(session)["reduce_only"]["configuration"] == reason
        refused = (await ask({}))["refused"]
        assert "limits.instrument_share_max" in refused
        assert "start it with the new settings" in refused

        # Set back, it trades on; a file that is no TOML takes new risk away again.
        write(file, tight.replace("instrument_share_max = 0.9", "instrument_share_max = 1"))
        await until(lambda: not state.reduce_only)
        write(file, "[limits")
        await until(lambda: "not valid" in state.reduce_only.get("configuration", ""))

        # Another account is another session: it halts, and stays so when the file is set back.
        write(file, tight.replace("[live]", "[live]\naccount = 'other'"))
        await until(lambda: state.halted is not None)
        assert "live.account" in str(state.halted)
        write(file, TEXT)
        await asyncio.sleep(0.5)
        assert "configuration" in str(state.halted)
        kinds = {type(row) for row in session.engine.model.commands} if session.engine.model else set()
        assert kinds >= {ChangeBot, EnterReduceOnly, Halt}
        await stage.stop()
        stage.settled()

    play(tmp_path, scene)
    assert outcome(tmp_path)
