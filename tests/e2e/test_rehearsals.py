"""The rehearsals of `make e2e-venue` and `make e2e-kill`, short; and the kill switch with the bot dead."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.live_rig import BotProcess, ExchangeProcess, bots_config, until
from tests.e2e.venue_faults import rehearse
from tests.e2e.venue_kill import kill_again_and_again

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(600)]


def tradewind(home: Path, *words: str) -> tuple[int, Any, str]:
    """Run a command, and return its exit code, its JSON and what it complained of."""
    done = subprocess.run(
        [sys.executable, "-m", "tradewind", *words],
        cwd=REPOSITORY,
        env={**os.environ, "TRADEWIND_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    return done.returncode, json.loads(lines[-1]) if lines else None, done.stderr


def test_faults_in_halves(tmp_path: Path) -> None:
    done = rehearse(tmp_path, seconds=60, half_s=30, seed=2)
    assert done.differences == []
    assert done.late == []
    assert done.result["fills"] > 0


def test_killed_again_and_again(tmp_path: Path) -> None:
    done = kill_again_and_again(tmp_path, 4, seed=3, longest_s=4.0)
    assert done.differences == []
    assert done.result["recovered"]


def test_killed_with_everything_on(tmp_path: Path) -> None:
    """Budgets by results, regimes, sizes, tiers, edges, plans, VaR and a shadow recover, and the run replays."""
    done = kill_again_and_again(tmp_path, 3, seed=3, longest_s=4.0, stack="results")
    assert done.differences == []
    assert done.result["recovered"]


def test_a_session_answers_and_the_halt_works_with_the_bot_dead(tmp_path: Path) -> None:
    exchange = ExchangeProcess(tmp_path)
    try:
        bot = BotProcess(tmp_path, exchange, bots_config(tmp_path / "bots.toml", bots=4, seconds=1))
        bot.ready_within(30)
        until(lambda: bot.status()["requests"]["placed"] > 4, 30, "the bots do not trade")
        home = bot.home
        for words, key in ((("status",), "phase"), (("orders", "--all"), "orders"), (("fills",), "fills")):
            code, told, error = tradewind(home, *words, "--json")
            assert code == 0, error
            assert told[key]
        assert tradewind(home, "positions", "--json")[0] == 0
        code, _, error = tradewind(home, "live", str(tmp_path / "bots.toml"), "--endpoint", str(exchange.keys), "--yes")
        assert code == 2
        assert "trades this account already" in error
        code, told, _ = tradewind(home, "halt", "--reason", "a look", "--json")
        assert (code, told["halted"]) == (0, "a look")
        assert bot.status()["halted"] == "a look"
        assert tradewind(home, "flatten", "--json")[0] == 0
        assert tradewind(home, "resume", "--json")[0] == 0
        until(lambda: bot.status()["orders_open"] > 0, 30, "nothing is placed after the halt")
        bot.kill()
        assert tradewind(home, "status", "--json")[0] == 2
        endpoint = ("--endpoint", str(exchange.keys))
        code, told, error = tradewind(home, "halt", "--venue", *endpoint, "--reason", "the bot is dead", "--json")
        assert code == 0, error
        assert told["left"] == []
        live = {"OPEN", "PENDING", "QUEUED", "CANCEL_QUEUED"}
        assert not [order for order in exchange.truth()["orders"] if order["status"] in live]
        again = BotProcess(tmp_path, exchange, tmp_path / "bots.toml", 1)
        again.ready_within(30)
        assert again.status()["halted"] == "the bot is dead"
        code, result = again.stop()
        assert code == 0, result
    finally:
        exchange.stop()


def test_paper_on_a_venues_live_market(tmp_path: Path) -> None:
    exchange = ExchangeProcess(tmp_path)
    try:
        config = bots_config(tmp_path / "bots.toml", bots=4, seconds=1)
        words = (
            "paper",
            str(config),
            "--venue",
            "coinbase",
            "--endpoint",
            str(exchange.keys),
            "--minutes",
            "0.2",
            "--json",
        )
        code, told, error = tradewind(tmp_path / "home", *words)
        assert code == 0, error
        assert told["fills"] > 0
        assert exchange.truth()["orders"] == []
    finally:
        exchange.stop()
