"""`tradewind risk` from the outside: its last line, its page, its refusals."""

import json
from collections.abc import Sequence
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


def write(folder: Path, name: str, interval: str, closes: Sequence[float], span_s: int) -> None:
    path = folder / name / f"{interval}.csv"
    path.parent.mkdir(parents=True)
    rows = [f"{i * span_s},{c},{c},{c},{c},1" for i, c in enumerate(closes)]
    path.write_text("ts,open,high,low,close,volume\n" + "\n".join(rows) + "\n")


def wandering(bars: int) -> list[float]:
    return [
        round(each, 4) for each in (100 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.01, bars)))).tolist()
    ]


def test_a_bad_file_among_good_ones_is_refused_by_name(
    candles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(candles / "somewhere", "CCC-USD", "1d", [100.0, float("nan"), *wandering(600)], 86_400)
    line = ["risk", "backtest", "--data", str(candles), "--out", str(tmp_path / "out"), "--json"]
    assert main(line) == WRONG_INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert "somewhere CCC-USD cannot be read: 1d.csv: 1 of 602 rows are bad (1 non-finite value)" in told.err
    assert "--assets leaves an instrument out" in told.err
    assert not list((tmp_path / "out").glob("*"))
    assert main([*line, "--assets", "AAA-USD,BBB-USD"]) == DONE


def test_too_few_hours_are_shown_and_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "hours", "AAA-USD", "1h", wandering(1_500), 3_600)
    assert main(["risk", "backtest", "--data", str(tmp_path / "hours"), "--json"]) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {(row["frequency"], row["observations"], row["observations_min"]) for row in found["cells"]} == {
        ("1h", 1_299, 2_000)
    }
    assert not any(row["counted"] for row in found["cells"])
    assert [(each["asset"], each["frequency"]) for each in found["left_out"]] == [("AAA-USD", "1d")]
    assert main(["risk", "backtest", "--data", str(tmp_path / "hours")]) == DONE
    assert "shown, but too short to count: AAA-USD 1h with 1,299 of 2,000 bars" in capsys.readouterr().out


def test_prices_that_never_move_have_no_violations_and_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "flat", "AAA-USD", "1d", [100.0] * 1_000, 86_400)
    assert (
        main(["risk", "backtest", "--data", str(tmp_path / "flat"), "--out", str(tmp_path / "out"), "--json"]) == DONE
    )
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    for row in found["cells"]:
        assert (row["violations"], row["pinball"], row["pinball_ratio"], row["passed"]) == (0, 0.0, None, False)


def test_a_history_that_is_too_short_is_told_with_its_length(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "few", "AAA-USD", "1d", wandering(50), 86_400)
    assert main(["risk", "backtest", "--data", str(tmp_path / "few"), "--json"]) == WRONG_INPUT
    assert "AAA-USD 1d needs more than 200 returns before those to score, 49 are there" in capsys.readouterr().err


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
