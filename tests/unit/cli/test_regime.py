"""`tradewind regime` from the outside: its last line, its pages, its refusals."""

import json
from pathlib import Path

import pytest

from tradewind.cli.main import DONE, WRONG_INPUT, main
from tradewind.cli.regiming import parse_seeds
from tradewind.model.errors import ConfigError
from tradewind.numeric.regime_chain import Difficulty
from tradewind.numeric.regime_market import regime_market

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


def test_show_of_one_alone_is_by_rules(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = candles / "AAA-USD-1h.csv"
    assert main(["regime", "show", "AAA-USD", "--data", str(file), "--interval", "1h"]) == DONE
    assert "single_asset" in capsys.readouterr().out


def test_show_of_a_stranger_is_refused(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["regime", "show", "ZZZ-USD", "--data", str(candles), "--interval", "1h"]) == WRONG_INPUT
    assert "ZZZ-USD" in capsys.readouterr().err
