"""`tradewind fleet run` from the outside: on data of two venues that nobody has seen before, and its refusals."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tradewind.cli.main import DONE, WRONG_INPUT, main
from tradewind.research.fleet.arms import ARMS

FIGURES = {
    "bots", "profitable", "wilson", "net_pnl", "fees", "maker_ratio", "sharpe", "deflated_sharpe", "max_drawdown",
    "btc_correlation", "turnover",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Ten days of hourly candles in a flat folder, one file that is broken, and a fleet of two kinds of bot."""
    for seed, name in enumerate(("BTC-EUR", "SOL-EUR")):
        closes = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, 240)))
        rows = [f"{1_700_000_000 // 3600 * 3600 + 3600 * i},{c:.2f},{c:.2f},{c:.2f},{c:.2f},9"
                for i, c in enumerate(closes.tolist())]  # fmt: skip
        (tmp_path / f"{name}-1h.csv").write_text("ts,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    (tmp_path / "XRP-EUR-1h.csv").write_text("nothing,of,use\n1,2,3\n")
    (tmp_path / "fleet.toml").write_text(
        '[fleet]\ndraws = 100\n[regime]\ntier = "rules"\n'
        '[[bots]]\nstrategy = "momentum"\n[[bots]]\nstrategy = "rsi_reversion"\n'
    )
    return tmp_path


def test_the_last_line_has_every_arm_and_the_line_before_says_what_took_part(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = place / "out"
    assert main(["fleet", "run", str(place / "fleet.toml"), "--data", str(place), "--out", str(out), "--json"]) == DONE
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1].keys() == set(ARMS)
    assert all(figures.keys() >= FIGURES for figures in lines[-1].values())
    assert lines[-2]["instruments"] == ["BTC-EUR", "SOL-EUR"]
    assert lines[-2]["left_out"].keys() == {"XRP-EUR"}
    assert lines[-2]["limit_breaches"] == dict.fromkeys(ARMS, 0)
    assert json.loads((out / "fleet.json").read_text())["audits"]["full"]["checked"]
    assert lines[0]["config"] == json.loads((out / "fleet.json").read_text())["config"]
    assert (out / "fleet.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere"], "no file or folder nowhere: check the path"),
        (["--data", "{place}/empty"], "no 1h candles in"),
        (["--data", "{place}", "--venue", "elsewhere"], "no elsewhere 1h candles in"),
        (["--data", "{place}", "--from", "2030-01-01"], "no instrument .* has them from 2023-11-14 .*: choose --from"),
        (
            ["--data", "{place}", "--from", "2023-11-20", "--to", "2023-11-15"],
            "data.from 2023-11-20 is not before data.to 2023-11-15",
        ),
        (["--data", "{place}", "--from", "yesterday"], "data.from 'yesterday' is not a date"),
        (["--data", "{place}", "--out", "{place}/fleet.toml"], "can be no folder .*: choose another"),
    ],
)
def test_what_cannot_be_run_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (place / "empty").mkdir()
    given = [each.replace("{place}", str(place)) for each in arguments]
    assert main(["fleet", "run", str(place / "fleet.toml"), *given]) == WRONG_INPUT
    assert re.search(said, " ".join(capsys.readouterr().err.split()))


def test_walk_forward_adds_an_arm_and_is_shown(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = place / "walk.toml"
    path.write_text((place / "fleet.toml").read_text() + '[walk_forward]\ntrain = "5d"\ntest = "2d"\n')
    arguments = ["fleet", "run", str(path), "--data", str(place), "--from", "2023-11-20"]
    assert main([*arguments, "--json", "--out", str(place / "out")]) == DONE
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1].keys() == {*ARMS, "selection_off"}
    assert lines[-2]["trials"] == 9 + 4
    windows = json.loads((place / "out" / "fleet.json").read_text())["walk_forward"]["windows"]
    assert [each["from"][:10] for each in windows] == ["2023-11-20", "2023-11-22", "2023-11-24"]
    assert windows[0]["trained_from"][:10] == "2023-11-14"  # from before --from
    assert any(each["trades"] for each in windows)
    assert main(arguments) == DONE
    shown = capsys.readouterr().out
    assert "Who might trade" in shown
    assert "Were the limits kept" in shown


def test_calibrate_finds_what_is_planted_and_refuses_what_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "calibrate", "--markets", "1", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["planted_edge"]["reported"] == 1
    assert found["no_edge"]["reported"] == 0
    assert found.keys() >= {"found", "false_discovery", "false_reports", "reached", "no_edge_no_costs"}
    assert main(["fleet", "calibrate", "--markets", "1"]) == DONE
    assert "planted_edge" in capsys.readouterr().out
    for wrong in (["--markets", "0"], ["--seed", "-1"], ["nowhere.toml"]):
        assert main(["fleet", "calibrate", *wrong]) == WRONG_INPUT
