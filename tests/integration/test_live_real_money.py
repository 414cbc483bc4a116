"""Before real money is traded somebody reads what is at stake and types the account's name; on a terminal, for real."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.live_rig import ExchangeProcess

pytestmark = pytest.mark.slow
PROMPT = "to trade: "
WITHIN_S = 40.0
CONFIG = """
[data]
instruments = ["DOGE-USD"]
interval = "1m"
[[bots]]
id = "flip"
strategy = "tests/live_strategies.py:Flipper"
instruments = ["DOGE-USD"]
parameters = {seconds = 1, quantity = "50"}
[edge]
override = {flip = "ann: trial"}
"""


class Desk:
    """A folder with a configuration and a key file, and an exchange that passes for the real one."""

    def __init__(self, folder: Path, exchange: ExchangeProcess) -> None:
        self.folder = folder
        self.exchange = exchange
        account = json.loads(exchange.keys.read_text())["accounts"][1]
        self.secret, self.portfolio = account["api_secret"], account["portfolio"]
        self.key = folder / "key.json"
        self.key.write_text(json.dumps({"name": account["api_key"], "privateKey": self.secret}))
        self.key.chmod(0o600)
        self.config = folder / "bots.toml"
        self.config.write_text(CONFIG)

    def command(self, *words: str) -> list[str]:
        live = ("live", str(self.config), "--key", str(self.key), "--minutes", "0.15", *words)
        return [sys.executable, "-m", "tests.integration.real_money", str(self.exchange.keys), *live]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "TRADEWIND_HOME": str(self.folder / "home"), "COLUMNS": "200"}

    def piped(self, *words: str) -> tuple[int, str]:
        """Run without a terminal."""
        done = subprocess.run(
            self.command(*words), cwd=REPOSITORY, env=self.environment, input="yes\n", capture_output=True, text=True,
            timeout=WITHIN_S, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def typed(self, answer: str, *words: str) -> tuple[int, str]:
        """Run on a terminal of its own, answer the question, and return code and everything that was on the screen."""
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            self.command(*words), cwd=REPOSITORY, env=self.environment, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        screen, answered, end_s = b"", False, time.monotonic() + WITHIN_S
        try:
            while time.monotonic() < end_s:
                if select.select([ours], [], [], 0.1)[0]:
                    try:
                        part = os.read(ours, 65_536)
                    except OSError:  # the other end is closed
                        break
                    screen += part
                if not answered and PROMPT.encode() in screen:
                    os.write(ours, answer.encode() + b"\n")
                    answered = True
            code = process.wait(5)
        finally:
            process.kill()
            os.close(ours)
        return code, screen.decode()

    def orders(self) -> int:
        return len(self.exchange.truth("beta")["orders"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    exchange = ExchangeProcess(tmp_path)
    yield Desk(tmp_path, exchange)
    exchange.stop()


def test_real_money_is_traded_only_by_who_says_so_and_types_the_accounts_name(desk: Desk) -> None:
    code, told = desk.piped("--yes")
    assert code == 2
    assert "nothing trades real money by default" in told

    code, told = desk.piped("--real-money")
    assert code == 2
    assert "nobody is there to confirm" in told

    code, told = desk.piped("--real-money", "--profile", "prod", "--yes")
    assert code == 2
    assert "the canary comes first" in told

    word = desk.portfolio[:8]
    for wrong in ("yes", "", word[:-1]):
        code, told = desk.typed(wrong, "--real-money")
        assert code == 2, told
        assert "not confirmed: nothing was started" in told
    assert desk.orders() == 0

    code, told = desk.typed(word, "--real-money")
    assert code == 0, told
    for shown in (
        f"coinbase {desk.portfolio}",
        "REAL",
        "canary",
        f"the key file {desk.key}",
        "flip",
        "loss a day  10",
        "flip (ann: trial)",
    ):
        assert shown in told, shown
    assert desk.secret.splitlines()[1] not in told
    assert desk.orders() > 0

    code, told = desk.typed("no", "--real-money", "--profile", "prod")  # the canary has been there now
    assert code == 2
    assert "not confirmed" in told


def test_a_bot_whose_edge_nobody_knows_opens_nothing_with_real_money(desk: Desk) -> None:
    desk.config.write_text(CONFIG.partition("[edge]")[0])
    code, told = desk.typed(desk.portfolio[:8], "--real-money")
    assert code == 0, told
    assert desk.orders() == 0
    (folder,) = [each for each in (desk.folder / "home" / "runs").iterdir() if (each / "run.json").exists()]
    assert "overrides" in (folder / "run.json").read_text()


def test_a_dry_run_at_the_real_venue_needs_no_confirmation_and_sends_nothing(desk: Desk) -> None:
    code, told = desk.piped("--dry-run")
    assert code == 0, told
    assert "a dry run: nothing was sent" in told
    assert desk.orders() == 0
