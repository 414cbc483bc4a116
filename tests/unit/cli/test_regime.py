"""`tradewind regime` from the outside: its last line, its pages, its refusals."""

import itertools
import json
from pathlib import Path

import pytest

from tradewind.cli.main import DONE, WRONG_INPUT, main
from tradewind.cli.regiming import parse_seeds
from tradewind.model.errors import ConfigError
from tradewind.numeric.regime_chain import Difficulty
from tradewind.numeric.regime_market import regime_market
from tradewind.research.report.formats import minute

HOUR_NS = 3_600_000_000_000
FIGURES = (
    "accuracy balanced_accuracy macro_f1 gate_accuracy crisis_recall crisis_precision delay_median ece brier "
    "switches_per_1000"
).split()


@pytest.mark.parametrize(("text", "seeds"), [("10-12", [10, 11, 12]), ("7", [7]), ("3, 5-6,3", [3, 5, 6])])
def test_seeds_are_read(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "5-3", "1-", "-4", "0-5000"])
def test_other_seeds_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--seeds"):
        parse_seeds(text)


@pytest.mark.parametrize(
    "wrong", [["--level", "silly"], ["--seeds", "15-10"], ["--seeds", "x"], ["--assets", "2"], ["--bars", "520"]]
)
def test_wrong_markets_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regime", "bench", *wrong]) == WRONG_INPUT
    assert wrong[0] in capsys.readouterr().err


def test_markets_of_another_size(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["regime", "bench", "--level", "hard", "--assets", "3", "--bars", "521", "--seeds"]
    assert main([*line, "11-12", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["assets"], found["bars"]) == (3, 521)
    assert sum(map(sum, found["model"]["confusion"])) == 4  # one bar of two assets of two markets
    one, other = found["accuracies"]["model"]
    assert found["spreads"]["model"] == pytest.approx(abs(one - other) / 2**0.5)
    assert main([*line, "11"]) == DONE
    assert "±" not in capsys.readouterr().out


@pytest.mark.slow
def test_the_bench_reaches_its_numbers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = ["regime", "bench", "--level", "medium", "--seeds", "10-15", "--json", "--out", str(tmp_path)]
    assert main(line) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    for name in ("model", "rules", "majority", "ceiling"):
        assert set(FIGURES) <= found[name].keys()
    model = found["model"]
    assert model["accuracy"] >= 0.69
    assert model["gate_accuracy"] >= 0.845
    assert model["crisis_recall"] >= 0.87
    assert model["crisis_precision"] >= 0.80
    assert model["delay_median"] <= 4
    assert model["ece"] <= 0.03
    assert model["switches_per_1000"] <= 55
    assert model["accuracy"] <= found["ceiling"]["accuracy"] + 0.02
    assert found["rules"]["accuracy"] >= 0.55
    assert found["unseen"]
    assert (tmp_path / "regime-bench.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.slow
@pytest.mark.parametrize(("level", "least"), [("easy", 0.80), ("hard", 0.53)])
def test_the_other_levels(capsys: pytest.CaptureFixture[str], level: str, least: float) -> None:
    assert main(["regime", "bench", "--level", level, "--seeds", "10-15", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["model"]["accuracy"] >= least
    assert not found["leak_suspected"]


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    """Three files of generated hourly bars."""
    market = regime_market(5, Difficulty.EASY, assets=3, bars=650)
    start = 1_704_067_200
    for i, name in enumerate(("AAA-USD", "BBB-USD", "CCC-USD")):
        rows = ["ts,open,high,low,close,volume"]
        for t in range(650):
            opened, high, low, close = (round(float(each[t, i]), 4) for each in market[:4])
            high, low = max(high, opened, close), min(low, opened, close)
            rows.append(f"{start + 3600 * t},{opened},{high},{low},{close},{float(market.volume[t, i]):.4f}")
        (tmp_path / f"{name}-1h.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_show_tells_the_regime(candles: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "page"
    line = ["regime", "show", "BBB-USD", "--data", str(candles), "--interval", "1h", "--json", "--out", str(page)]
    assert main(line) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["bars"] == 650
    assert found["latest"]["source"] == "model"
    assert sum(found["latest"]["probabilities"].values()) == pytest.approx(1.0)
    assert set(found["market"]) == {"AAA-USD", "BBB-USD", "CCC-USD"}
    assert "BBB-USD" in (page / "regime-BBB-USD.html").read_text(encoding="utf-8")


def test_the_history_is_told_by_stretches(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regime", "show", "BBB-USD", "--data", str(candles), "--interval", "1h", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    history = found["history"]
    assert sum(each["bars"] for each in history) == found["bars"]
    assert (history[0]["regime"], history[0]["reason"], history[0]["bars"]) == ("UNKNOWN", "insufficient_data", 99)
    assert {each["source"] for each in history} == {"none", "rules", "model"}
    for before, after in itertools.pairwise(history):
        assert after["from_ns"] - before["to_ns"] == HOUR_NS
    assert history[-1]["to_ns"] == found["latest"]["ts_ns"]


def test_the_overview_has_a_row_for_each(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (candles / "AAA-USD-1h.csv").read_text(encoding="utf-8").splitlines()
    (candles / "AAA-USD-1h.csv").write_text("\n".join(lines[:-20]) + "\n", encoding="utf-8")  # it trades no more
    line = ["regime", "overview", "--data", str(candles), "--interval", "1h"]
    assert main([*line, "--json"]) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    gone, known = found["market"]["AAA-USD"], found["market"]["BBB-USD"]
    assert (gone["regime"], gone["reason"]) == ("UNKNOWN", "stale_data")
    assert gone["since_ns"] == found["ts_ns"] - 16 * HOUR_NS
    assert known["since_ns"] <= known["ts_ns"] == found["ts_ns"]
    assert sum(found["counts"].values()) == len(found["market"]) == 3
    main(["regime", "show", "BBB-USD", "--data", str(candles), "--interval", "1h", "--json"])
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    ends = {name: each.pop("last_bar_ns") for name, each in found["market"].items()}
    assert ends == {"AAA-USD": found["ts_ns"] - 20 * HOUR_NS, "BBB-USD": found["ts_ns"], "CCC-USD": found["ts_ns"]}
    assert shown["market"] == found["market"]
    began = [each["from_ns"] for each in shown["history"] if each["regime"] == known["regime"]]
    assert known["since_ns"] in began
    assert main(line) == DONE
    table = capsys.readouterr().out
    assert f"stale_data, last bar {minute(ends['AAA-USD'])}" in table
    assert table.count("last bar") == 1
    assert all(name in table for name in found["market"])


def test_an_overview_of_no_bars_is_refused(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regime", "overview", "--data", str(candles), "--interval", "1h", "--bars", "0"]) == WRONG_INPUT
    assert "--bars must be at least 1" in capsys.readouterr().err


def test_show_of_one_alone_is_by_rules(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = candles / "AAA-USD-1h.csv"
    assert main(["regime", "show", "AAA-USD", "--data", str(file), "--interval", "1h"]) == DONE
    assert "single_asset" in capsys.readouterr().out


def test_show_of_a_stranger_is_refused(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regime", "show", "ZZZ-USD", "--data", str(candles), "--interval", "1h"]) == WRONG_INPUT
    assert "ZZZ-USD" in capsys.readouterr().err
