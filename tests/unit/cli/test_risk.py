"""`tradewind risk` from the outside: its last line, its page, its refusals."""

import json
from pathlib import Path

import numpy as np
import pytest

from tradewind.app.price_history import DAY_NS
from tradewind.cli.main import DONE, WRONG_INPUT, main
from tradewind.research.var.methods import METHODS


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    """A folder with days of two instruments that nobody has seen before."""
    for seed, name in enumerate(("AAA-USD", "BBB-USD")):
        path = tmp_path / "candles" / "somewhere" / name / "1d.csv"
        path.parent.mkdir(parents=True)
        closes = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.03, 620)))
        rows = [f"{i * DAY_NS // 10**9},{c:.4f},{c:.4f},{c:.4f},{c:.4f},1" for i, c in enumerate(closes.tolist())]
        path.write_text("ts,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    return tmp_path / "candles"


def test_the_last_line_has_a_row_for_each_asset_level_and_method(
    candles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["risk", "backtest", "--data", str(candles), "--out", str(tmp_path / "out"), "--json"]) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["default"] in METHODS
    rows = {(row["asset"], row["level"], row["method"]): row for row in found["cells"]}
    assert rows.keys() == {
        (asset, level, method) for asset in ("AAA-USD", "BBB-USD") for level in (0.95, 0.99) for method in METHODS
    }
    for row in rows.values():
        assert row["observations"] == 419
        assert 0 <= row["violations"] <= 419
        assert 0 <= row["kupiec_p"] <= 1
        assert 0 <= row["conditional_coverage_p"] <= 1
        assert row["pinball"] > 0
    assert json.loads((tmp_path / "out" / "risk-backtest.json").read_text()) == found
    assert (tmp_path / "out" / "risk-backtest.html").read_text().startswith("<!doctype html>")


def test_people_read_a_table_and_the_goals(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["risk", "backtest", "--data", str(candles), "--assets", "AAA-USD"]) == DONE
    told = capsys.readouterr().out
    assert "filtered_historical" in told
    assert "assets that count: 0 (at least 10) NOT reached" in told


def test_a_range_without_bars_is_refused(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["risk", "backtest", "--data", str(candles), "--from", "2030-01-01"]) == WRONG_INPUT
    assert "longer history" in capsys.readouterr().err


def test_nothing_to_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["risk", "backtest", "--data", str(tmp_path / "nowhere")]) == WRONG_INPUT
    assert "check the path" in capsys.readouterr().err


@pytest.mark.slow
def test_the_default_reaches_its_goals_on_real_candles(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten assets, the years after those that the constants were chosen on."""
    assets = "BTC-USDT,ETH-USDT,LTC-USDT,XRP-USDT,ADA-USDT,TRX-USDT,LINK-USDT,BCH-USDT,DOGE-USDT,SOL-USDT"
    folder = shared / "data" / "candles" / "binance"
    line = ["risk", "backtest", "--data", str(folder), "--assets", assets, "--from", "2022-07-01", "--json"]
    assert main(line) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["goals"]["assets"]["value"] == 10
    assert all(goal["reached"] for goal in found["goals"].values())
    default = found["methods"][found["default"]]
    assert default["cells"] == 40
    assert default["pinball_ratio_high"] < 1
    hourly = [row for row in found["cells"] if row["frequency"] == "1h" and row["level"] == 0.99]
    assert min(row["observations"] for row in hourly) >= 2_000


def test_a_page_has_to_have_a_folder(candles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    assert main(["risk", "backtest", "--data", str(candles), "--out", str(tmp_path / "taken")]) == WRONG_INPUT
    assert "can be no folder" in capsys.readouterr().err
