"""A candidate beside sessions and backtests: reported, promoted and rolled back in a live session, and replayed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.command_rig import Say, speaker
from tests.live_history import HistoryVenue
from tests.live_stage import FLIP, Stage, play, until
from tests.live_venue import CoreVenue
from tradewind.app.home import HOME_VARIABLE
from tradewind.app.live.handlers import handlers
from tradewind.app.live.status import status
from tradewind.app.replaying import replay_run
from tradewind.engine.state import EngineState
from tradewind.model.errors import ConfigError, StateError
from tradewind.storage.runs import RunStore

BASE = """
[market]
instruments = 3
bars = 500
[paper]
speed = "max"
[[bots]]
id = "trend"
strategy = "donchian"
parameters = { entry_bars = 20 }
[[bots]]
strategy = "rsi_reversion"
"""
OTHER = '[[bots]]\nid = "trend"\nstrategy = "donchian"\nparameters = { entry_bars = 10 }\n'
FLIPS = {"seconds": 1, "quantity": "0.01"}
BOTS: list[dict[str, Any]] = [
    {"id": "flip", "strategy": FLIP, "parameters": FLIPS, "instruments": ["BTC-USD"]},
    {"id": "other", "strategy": FLIP, "parameters": {**FLIPS, "seconds": 2}, "instruments": ["ETH-USD"]},
]
TRIED = f"""
[[bots]]
id = "flip"
strategy = "{FLIP}"
budget = 0.4
parameters = {{ seconds = 1, quantity = "0.02" }}
"""


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "other.toml").write_text(OTHER)
    return speaker(capsys)


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    """An hourly walk of forty days in a CSV file."""
    rows, price = ["ts,open,high,low,close,volume"], 100.0
    for hour in range(960):
        opened, price = price, price * (1.004 if (hour // 60) % 2 else 0.997)
        high, low = max(opened, price), min(opened, price)
        rows.append(f"{1_699_999_200 + hour * 3_600},{opened:.2f},{high:.2f},{low:.2f},{price:.2f},10")
    path = tmp_path / "BTC-USD-1h.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_paper_session_is_compared_with_its_shadow(tmp_path: Path, say: Say) -> None:
    code, alone, _ = say("paper", "base.toml", "--json")
    assert code == 0
    code, both, _ = say("paper", "base.toml", "--shadow", "other.toml", "--json")
    assert code == 0
    assert both["digest"] == alone["digest"]
    code, told, _ = say("shadow", "report", both["run"], "--out", "page", "--json")
    assert code == 0
    assert told["otherwise"] == ["trend.strategy.parameters.entry_bars: 20 → 10"]
    assert told["ended"]
    assert told["pairs"]
    assert 0 < told["agreement"] < 1
    assert told["shadow"]["trips"] == len(told["pairs"]) + len(told["only_shadow"])
    page = Path(told["page"]).read_text()
    assert "Session and shadow" in page
    assert "http" not in page
    code, out, _ = say("shadow", "report", both["run"])
    assert code == 0
    assert "of their trades" in out
    code, _, error = say("shadow", "report", alone["run"])
    assert code == 2
    assert "had no shadow" in error
    code, _, error = say("shadow", "promote", both["run"], "--all")
    assert code == 2
    assert "no session that runs now" in error
    code, _, error = say("shadow", "promote", both["run"])
    assert code == 2
    assert "which bot to promote, or --all" in error


def test_a_backtest_is_compared_with_a_backtest_of_the_candidate(tmp_path: Path, say: Say, candles: Path) -> None:
    words = ("--data", candles, "--interval", "1h", "--no-report", "--set", "limits.instrument_share_max=1", "--json")
    code, alone, error = say("backtest", "other.toml", *words)
    assert code == 0, error
    (tmp_path / "base.toml").write_text(OTHER.replace("10", "20"))
    code, both, error = say("backtest", "base.toml", "--shadow", "other.toml", *words)
    assert code == 0, error
    code, told, _ = say("shadow", "report", both["run"], "--json")
    assert code == 0
    assert both["digest"] != alone["digest"]
    assert told["shadow"]["trips"] > 0
    journal = tmp_path / "home" / "runs" / both["run"] / "shadow" / "journal.twj"
    outcome = replay_run(journal)
    assert outcome.equal, outcome.message
    assert outcome.complete


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("[account]\ncash = 5\n", "leave [account] out"), (BASE, "would be the same"), ("x = [", "not valid TOML")],
)
def test_a_candidate_that_cannot_be_is_wrong_input(tmp_path: Path, say: Say, text: str, complaint: str) -> None:
    (tmp_path / "other.toml").write_text(text)
    code, _, error = say("paper", "base.toml", "--shadow", "other.toml")
    assert code == 2
    assert complaint in error
    assert not list((tmp_path / "home").glob("runs/*"))


@pytest.mark.slow
def test_a_live_bot_takes_over_its_candidate_and_goes_back(tmp_path: Path) -> None:
    tried = tmp_path / "tried.toml"
    tried.write_text(TRIED)

    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        session = built.session
        shadow, say = session.shadow, handlers(session)
        assert shadow is not None
        bot = session.engine.state.bots["flip"]
        former, seat = bot.spec, bot.seats[0]
        await until(lambda: shadow.state.fills and seat.view.position)
        for asked, kind, told in (
            ({"bot": "other"}, ConfigError, "does not try out 'other': it does flip"),
            ({"bot": "nobody"}, ConfigError, "does not try out 'nobody'"),
        ):
            with pytest.raises(kind, match=told):
                await say["promote"](asked)
        with pytest.raises(StateError, match="nothing to roll back"):
            await say["roll_back"]({})

        held = seat.view.position
        (row,) = await say["promote"]({"bot": None, "reason": "better"})
        assert (row["parameters"]["quantity"], row["budget"]) == ("0.02", "0.4")
        assert seat.view.position == held
        assert row["former"].endswith("live_strategies.py:Flipper")
        await until(lambda: str(seat.view.quantity).startswith("0.02"))
        assert status(session)["bots"][0]["changed"]

        (row,) = await say["roll_back"]({"reason": "worse"})
        assert bot.spec == former
        assert row["former"] is None
        told = status(session)["shadow"]
        assert told["ended"] == ""
        assert told["events"] > 0

        # What goes wrong in the shadow ends it, is told once, and the session trades on.
        shadow._driver.venue = None  # type: ignore[assignment]
        await until(lambda: shadow.ended)
        attempted = status(session)["requests"]["attempted"]
        await until(lambda: status(session)["requests"]["attempted"] > attempted)
        assert len([each for each in session.alarms if each.name == "shadow"]) == 1
        with pytest.raises(StateError, match="has ended"):
            await say["promote"]({"bot": "flip"})
        await asyncio.sleep(0.6)
        await stage.die()

        # The next start goes on with the session, and its shadow begins where the session did.
        built = await stage.start()
        again = built.session.shadow
        assert again is not None
        await until(lambda: not again._behind and again.state.fills)
        assert isinstance(again.state, EngineState)
        assert (await stage.stop()).is_clean
        assert again.ended == "asked"
        stage.settled()

    play(
        tmp_path, scene, BOTS, make=lambda: HistoryVenue(seed=3),
        sections={"shadow": {"candidate": str(tried)}},
    )  # fmt: skip
    store = RunStore(tmp_path / "runs")
    folder = store.folder("latest")
    outcome = replay_run(folder)
    assert outcome.equal, outcome.message
    assert outcome.complete
    beside = replay_run(folder / "shadow-2" / "journal.twj")
    assert beside.equal, beside.message
    assert beside.complete
