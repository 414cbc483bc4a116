"""Whole backtests with regimes, VaR, tiers, allocation and plans on data that nobody would wish for.

The answer is defined each time: a refusal that names the row, or a run that takes no risk where it is in doubt.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tradewind.cli.main import DONE, WRONG_INPUT, main

NAMES = ("AAA-USD", "BBB-USD", "CCC-USD")
BARS = 220
Row = list[object]

CONFIG = """
[account]
cash = "100000"
[regime]
enabled = true
tier = "rules"
[allocation]
method = "hrp"
minimum = 3
[breakers]
volatility_halt = 0.25
[var]
share_max = 0.05
correlation_max = 0.8
every = "1h"
[execution]
policy = "maker_first"
dynamic_sizing = true
[tiers]
enabled = true
[exits]
stop_loss = 0.05
[[bots]]
id = "m"
strategy = "moving_average"
parameters = { fast = 3, slow = 8 }
[[bots]]
id = "r"
strategy = "rsi_reversion"
"""


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_HOME", str(tmp_path_factory.mktemp("home")))


def walk(seed: int, *, volume: float = 500.0, step: float = 0.004) -> list[Row]:
    """Hourly rows of a random walk."""
    random, price = Random(seed), 100.0
    rows: list[Row] = []
    for t in range(BARS):
        opened, price = price, round(price * math.exp(random.gauss(0.0, step)), 4)
        high, low = max(opened, price) + 0.1 * bool(step), min(opened, price) - 0.1 * bool(step)
        rows.append([1_704_067_200 + 3600 * t, opened, round(high, 4), round(low, 4), price, volume])
    return rows


def backtest(folder: Path, data: dict[str, list[Row]], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit code, the last line and what was said on the side."""
    (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
    candles = folder / "candles"
    candles.mkdir()
    for name, rows in data.items():
        lines = ["ts,open,high,low,close,volume", *(",".join(map(str, row)) for row in rows)]
        (candles / f"{name}-1h.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    code = main(["backtest", str(folder / "config.toml"), "--data", str(candles), "--interval", "1h", "--json"])
    said = capsys.readouterr()
    return code, (said.out.splitlines() or [""])[-1], said.err


def without(rows: list[Row], seed: int) -> list[Row]:
    """Holes of one to eight bars."""
    random, kept, left = Random(seed), [], 0
    for row in rows:
        left = random.randint(1, 8) if random.random() < 0.05 else max(0, left - 1)
        if not left:
            kept.append(row)
    return kept


def market(made: Callable[[int], list[Row]], names: tuple[str, ...] = NAMES) -> dict[str, list[Row]]:
    return {name: made(seed) for seed, name in enumerate(names)}


def test_the_same_stack_trades_in_an_ordinary_market(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without this the others would prove nothing."""
    code, line, _ = backtest(tmp_path, market(walk), capsys)
    assert code == DONE
    assert json.loads(line)["fills"] > 0


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(market(lambda seed: walk(seed, step=0.0)), id="constant prices"),
        pytest.param(market(lambda seed: walk(seed, volume=0.0)), id="no volume"),
        pytest.param(market(lambda seed: walk(seed)[:60]), id="too few bars to know anything"),
    ],
)
def test_where_nothing_can_be_known_nothing_is_held(
    data: dict[str, list[Row]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, line, _ = backtest(tmp_path, data, capsys)
    found = json.loads(line)
    assert (code, found["fills"], float(found["equity"])) == (DONE, 0, 100_000.0)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(market(walk, NAMES[:1]), id="one instrument"),
        pytest.param(market(lambda seed: without(walk(seed), seed)), id="gaps"),
        pytest.param(market(lambda _: walk(5)), id="singular covariance"),
        pytest.param({**market(walk), "BBB-USD": walk(1, step=0.0)}, id="one stands still"),
        pytest.param({**market(walk), "BBB-USD": walk(1)[:150]}, id="one ends"),
    ],
)
def test_a_market_with_a_flaw_is_traded_within_limits(
    data: dict[str, list[Row]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, line, _ = backtest(tmp_path, data, capsys)
    assert code == DONE
    assert 90_000 < float(json.loads(line)["equity"]) < 110_000


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["nan", "nan", "nan", "nan", 5], "non-finite value"),
        ([100, 101, 99, 100, "inf"], "non-finite value"),
        ([0, 0, 0, 0, 5], "non-positive price"),
        ([100, 90, 110, 100, 5], "high or low does not hold open and close"),
    ],
)
def test_a_row_that_is_none_is_named_and_nothing_runs(
    row: Row, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = walk(0)
    rows[70] = [rows[70][0], *row]
    code, line, error = backtest(tmp_path, {"AAA-USD": rows}, capsys)
    assert (code, line) == (WRONG_INPUT, "")
    assert f"row 71 at 2024-01-03T22:00:00Z: {reason}" in error


@pytest.mark.parametrize("setting", ["tiers.table=[]", "fees.tiers=[]"])
def test_a_table_without_rows_is_the_usual_one(
    setting: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a free market nor an account without tiers comes of a table that somebody left empty."""
    code, usual, _ = backtest(tmp_path, market(walk, NAMES[:1]), capsys)
    line = [
        "backtest",
        str(tmp_path / "config.toml"),
        "--data",
        str(tmp_path / "candles"),
        "--interval",
        "1h",
        "--json",
    ]
    assert main([*line, "--set", setting]) == code == DONE
    again = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert json.loads(usual)["fills"] > 0
    for name in ("fills", "equity", "orders"):
        assert again[name] == json.loads(usual)[name]
