"""The commands as a person types them: results, exit codes, messages word for word, and nothing half written."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tradewind.cli.main import main

HEAD = "ts,open,high,low,close,volume\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own for each test."""
    for name in [name for name in os.environ if name.startswith("TRADEWIND_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("TRADEWIND_HOME", str(folder))
    return folder


def rows(count: int = 400, seed: int = 3, start: float = 100.0) -> list[str]:
    """Hourly bars of a wandering price, oldest first."""
    rng = np.random.default_rng(seed)
    path = start * np.exp(np.cumsum(rng.normal(0, 0.012, count + 1)))
    lines = []
    for hour in range(count):
        opened, close = float(path[hour]), float(path[hour + 1])
        day, rest = divmod(hour, 24)
        stamp = np.datetime64("2024-01-01") + np.timedelta64(day, "D")
        high, low = max(opened, close) * 1.002, min(opened, close) * 0.998
        lines.append(f"{stamp}T{rest:02d}:00:00Z,{opened:.2f},{high:.2f},{low:.2f},{close:.2f},{1000 + hour % 50}")
    return lines


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    """Two instruments' candles as people keep them."""
    folder = tmp_path / "candles"
    folder.mkdir()
    (folder / "BTC-USD-1h.csv").write_text(HEAD + "\n".join(rows(seed=3)) + "\n")
    (folder / "ETH-USD-1h.csv").write_text(HEAD + "\n".join(rows(seed=4, start=20.0)) + "\n")
    return folder


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return command


def last_object(out: str) -> Any:
    return json.loads(out.splitlines()[-1])


# -- running -------------------------------------------------------------------------------------------------------


def test_backtest_prints_figures_or_one_object_and_keeps_the_run(run: Run, candles: Path, home: Path) -> None:
    words = ("backtest", "--strategy", "macd", "--data", candles, "--interval", "1h", "--fees", "0.0005,0.001")
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    found = last_object(out)
    assert {"digest", "fills", "orders", "equity", "metrics", "run"} <= set(found)
    assert isinstance(found["equity"], str)
    assert found["fills"] > 0
    assert found["metrics"]["fees"] != "0"
    assert Path(found["report"]).is_file()
    assert (home / "runs" / found["run"] / "run.json").is_file()
    code, out, _ = run(*words, "--no-report")
    assert code == 0
    for word in ("Equity", "Sharpe", "Max drawdown", "Win rate", "By instrument", "BTC-USD", "By strategy", "macd"):
        assert word in out
    assert found["digest"] in out


def test_digest_does_not_hang_on_order_process_hash_seed_or_time_zone(candles: Path, home: Path) -> None:
    def digest(instruments: str, **environment: str) -> str:
        words = [
            "backtest",
            "--strategy",
            "donchian",
            "--data",
            str(candles),
            "--interval",
            "1h",
            "--json",
            "--no-report",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "tradewind", *words, "--instrument", instruments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return str(last_object(done.stdout)["digest"])

    one = digest("BTC-USD,ETH-USD", PYTHONHASHSEED="1", TZ="UTC")
    other = digest("ETH-USD,BTC-USD", PYTHONHASHSEED="99", TZ="Asia/Tokyo")
    assert one == other


def test_streamed_indicators_and_the_catalog_give_the_same_digest(run: Run, candles: Path) -> None:
    words = ("backtest", "--strategy", "macd", "--interval", "1h", "--json", "--no-report")
    _, out, _ = run(*words, "--data", candles)
    direct = last_object(out)["digest"]
    _, out, _ = run(*words, "--data", candles, "--set", "flags.precomputed_indicators=false")
    assert last_object(out)["digest"] == direct
    for name in ("BTC-USD", "ETH-USD"):
        code, _, _ = run("data", "import", candles / f"{name}-1h.csv", "--venue", "file")
        assert code == 0
    _, out, _ = run(*words, "--instrument", "ETH-USD,BTC-USD")
    assert last_object(out)["digest"] == direct


def test_demo_trades_with_all_its_bots_and_ends_with_what_to_try_next(run: Run) -> None:
    code, out, err = run("demo", "--headless", "--minutes", "0.02", "--set", "paper.speed=max")
    assert (code, err) == (0, "")
    assert "12 bots, 6 instruments" in out
    assert "tear sheet: " in out
    page = Path(next(line for line in out.splitlines() if line.startswith("tear sheet: "))[12:])
    assert page.read_text().startswith("<!doctype html>")
    assert len(out.split("Try next:\n")[1].splitlines()) == 3
    code, out, _ = run("demo", "--minutes", "0.5", "--json", "--set", "paper.speed=max")
    found = last_object(out)
    assert found["no_trades"] == []
    assert found["metrics"]["refusals"] > 20
    assert len(found["metrics"]["by_exit_reason"]) >= 4
    assert len(found["metrics"]["by_strategy"]) == 8
    assert run("demo", "--minutes", "0")[2] == "error: --minutes must be above 0 and at most 1440, was 0.0\n"


def test_a_session_is_replayed_to_the_same_digest_and_a_cut_journal_says_so(run: Run, home: Path) -> None:
    _, out, _ = run("paper", "--strategy", "macd", "--speed", "max", "--set", "market.bars=600", "--json")
    session = last_object(out)
    code, out, _ = run("replay", session["run"], "--json")
    replayed = last_object(out)
    assert (code, replayed["digest"], replayed["equal"], replayed["complete"]) == (0, session["digest"], True, True)
    code, out, _ = run("replay", "latest", "--break", "fill")
    assert code == 0
    assert "held at fill" in out
    journal = home / "runs" / session["run"] / "journal.twj"
    journal.write_bytes(journal.read_bytes()[:-7])
    code, out, _ = run("replay", journal, "--json")
    cut = last_object(out)
    assert (code, cut["complete"]) == (1, False)
    assert "cut" in cut["message"] or "incomplete" in cut["message"]
    assert len(cut["digest"]) == 32


def test_a_backtest_is_replayed_and_reported_from_its_record(run: Run, candles: Path, tmp_path: Path) -> None:
    _, out, _ = run("backtest", "--strategy", "macd", "--data", candles, "--interval", "1h", "--no-report", "--json")
    found = last_object(out)
    assert found["report"] is None
    code, out, _ = run("replay", "latest")
    assert code == 0
    assert f"equal: run again it gives digest {found['digest']}" in out
    code, out, _ = run("report", "latest", "--json")
    assert code == 0
    page = Path(last_object(out)["report"])
    assert page.is_file()
    code, out, _ = run("report", "latest", "--out", tmp_path / "copy")
    assert out.strip() == str(tmp_path / "copy" / "report.html")
    code, _, err = run("report", "latest", "--out", tmp_path / "copy")
    assert (code, err) == (2, f"error: {tmp_path / 'copy'} already exists: choose another folder for --out\n")
    (candles / "BTC-USD-1h.csv").write_text(HEAD + "\n".join(rows(seed=5)) + "\n")
    code, _, err = run("replay", "latest")
    assert code == 2
    assert err.startswith(f"error: the data of BTC-USD have changed since run {found['run']}: restore BTC-USD-1h.csv")


def test_a_signal_stops_a_session_in_order(home: Path) -> None:
    words = ["paper", "--strategy", "macd", "--speed", "36000", "--headless"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tradewind", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    runs = home / "runs"
    sizes: set[int] = set()
    while len(sizes) < 3:  # empty or its head, and then growing: the session runs
        assert process.poll() is None
        sizes.update(journal.stat().st_size for journal in runs.glob("2*/journal.twj"))
        time.sleep(0.02)
    process.terminate()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "ended since it was asked to stop" in out
    record = json.loads(next(runs.glob("2*/run.json")).read_text())
    assert (record["status"], record["ended"]) == ("finished", "asked")


def test_recorded_quotes_and_trades_run_as_a_stream_would(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    mids = 10_000 + np.cumsum(rng.integers(-3, 4, 900))
    stamps = [str(np.datetime64("2024-01-01T00:00:00") + np.timedelta64(second, "s")) + "Z" for second in range(900)]
    quotes, trades = tmp_path / "quotes.csv", tmp_path / "trades.csv"
    rows_of_quotes = [
        f"{at},{(mid - 1) / 100:.2f},5.00,{(mid + 1) / 100:.2f},5.00" for at, mid in zip(stamps, mids, strict=True)
    ]
    quotes.write_text("ts,bid,bid_size,ask,ask_size\n" + "\n".join(rows_of_quotes) + "\n")
    rows_of_trades = [
        f"{at},{(mid - 2 if mid % 2 else mid + 2) / 100:.2f},0.25,{'sell' if mid % 2 else 'buy'}"
        for at, mid in zip(stamps, mids, strict=True)
    ]
    trades.write_text("ts,price,size,side\n" + "\n".join(rows_of_trades) + "\n")
    names = ("--venue", "tape", "--instrument", "BTC-USD")
    for kind, path in (("quotes", quotes), ("trades", trades)):
        assert run("data", "import", path, "--kind", kind, *names)[0] == 0
    ran = {}
    for kind, strategy, interval in (
        ("quotes", "market_maker", ""),
        ("quotes", "moving_average", "5s"),
        ("trades", "moving_average", "5s"),
    ):
        words = ("--kind", kind, *names, "--strategy", strategy, *(("--interval", interval) if interval else ()))
        code, out, _ = run("backtest", *words, "--json")
        assert code == 0
        ran[kind, strategy] = last_object(out)
        assert ran[kind, strategy]["fills"] > 5
        assert run("replay", "latest")[0] == 0
    words = ("--kind", "quotes", *names, "--strategy", "market_maker", "--profile", "research")
    _, out, _ = run("paper", *words, "--speed", "max", "--on-stop", "keep", "--json")
    assert last_object(out)["digest"] == ran["quotes", "market_maker"]["digest"]
    assert run("replay", "latest")[0] == 0
    assert run("backtest", *words, "--range")[0] == 2
    assert run("backtest", "--kind", "book", *names, "--strategy", "market_maker")[2].startswith("error: the catalog ")


# -- looking -------------------------------------------------------------------------------------------------------


def test_runs_are_listed_shown_compared_and_deleted(run: Run, candles: Path) -> None:
    assert run("runs", "list")[1] == "No runs yet: tradewind demo makes one.\n"
    ids = []
    for strategy in ("macd", "macd", "donchian"):
        words = ("--strategy", strategy, "--data", candles, "--interval", "1h", "--no-report", "--json")
        ids.append(last_object(run("backtest", *words)[1])["run"])
    assert [each["id"] for each in last_object(run("runs", "list", "--json")[1])["runs"]] == ids
    assert ids[2] in run("runs", "list", "--last", 1)[1]
    assert ids[0] not in run("runs", "list", "--last", 1)[1]
    assert "Max drawdown".lower() in run("runs", "show", ids[0])[1]
    assert last_object(run("runs", "show", ids[0], "--json")[1])["metrics"]["trades"] > 0
    assert run("runs", "compare", ids[0], ids[1])[0] == 0
    code, out, _ = run("runs", "compare", ids[0], ids[2], "--json")
    assert (code, last_object(out)["equal"]) == (1, False)
    code, _, err = run("runs", "delete", ids[0], "nonsense")
    assert code == 2
    assert err.startswith("error: there is no run 'nonsense': the latest is")
    assert run("runs", "delete", ids[0], ids[1])[0] == 0
    assert [each["id"] for each in last_object(run("runs", "list", "--json")[1])["runs"]] == ids[2:]


def test_data_go_in_are_checked_made_longer_and_come_out(run: Run, candles: Path, tmp_path: Path) -> None:
    code, out, _ = run("data", "import", candles / "BTC-USD-1h.csv", "--venue", "coinbase")
    assert code == 0
    assert "coinbase BTC-USD bars 1h: 400 of 400 rows from BTC-USD-1h.csv" in out
    (series,) = last_object(run("data", "list", "--json")[1])["series"]
    assert (series["series"], series["rows"]) == ("coinbase/BTC-USD/1h", 400)
    assert run("data", "verify")[0] == 0
    assert run("data", "resample", "coinbase/BTC-USD/1h", "4h")[1] == "coinbase/BTC-USD/4h: 100 bars\n"
    target = tmp_path / "out.csv"
    assert run("data", "export", "coinbase/BTC-USD/4h", target, "--from", "2024-01-02")[1] == f"{target}: 94 rows\n"
    assert len(target.read_text().splitlines()) == 95
    code, _, err = run("data", "export", "coinbase/BTC-USD/4h", target)
    assert (code, err) == (2, f"error: {target} already exists: choose another name, or ask to overwrite it\n")
    damaged = next((tmp_path / "home" / "catalog").rglob("*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-20])
    code, out, _ = run("data", "verify", "--json")
    assert (code, last_object(out)["passed"]) == (1, False)
    code, _, err = run("data", "verify", "BTC-USD")
    assert err == "error: 'BTC-USD' names no series: write VENUE/INSTRUMENT/INTERVAL, such as coinbase/BTC-USD/1h\n"


def test_a_folder_of_collected_data_is_imported_whole(run: Run, candles: Path, tmp_path: Path) -> None:
    import polars as pl

    folder = tmp_path / "collected"
    for name in ("BTC-USD", "ETH-USD"):
        place = folder / "candles" / "kraken" / name
        place.mkdir(parents=True)
        frame = pl.read_csv(candles / f"{name}-1h.csv").with_columns(pl.col("ts").str.to_datetime(time_zone="UTC"))
        frame.write_parquet(place / "1h.parquet")
    (folder / "notes.txt").write_text("x")
    code, out, _ = run("data", "import", folder, "--json")
    found = last_object(out)
    assert (code, found["rows"], found["skipped"]) == (0, 800, {"notes.txt": "not a Parquet file of a series"})
    code, out, _ = run("backtest", "--strategy", "macd", "--venue", "kraken", "--instrument", "BTC-USD", "--no-report")
    assert code == 0


def test_strategies_are_listed_shown_and_begun(run: Run, candles: Path, tmp_path: Path) -> None:
    assert {"macd", "donchian"} <= {
        each["name"] for each in last_object(run("strategies", "list", "--json")[1])["strategies"]
    }
    assert "donchian" in run("strategies", "list")[1]
    assert last_object(run("strategies", "show", "macd", "--json")[1])["name"] == "macd"
    assert "bars of the fast average" in run("strategies", "show", "macd")[1]
    target = tmp_path / "my_trend.py"
    code, out, _ = run("strategies", "new", target)
    assert code == 0
    assert f"wrote {target}:MyTrend" in out
    assert (
        "MyTrend: Long while the fast average is above the slow one"
        in run("strategies", "show", f"{target}:MyTrend")[1]
    )
    code, out, _ = run(
        "backtest",
        "--strategy",
        f"{target}:MyTrend",
        "--param",
        "fast=5",
        "--data",
        candles,
        "--interval",
        "1h",
        "--json",
    )
    assert last_object(out)["fills"] > 0
    assert run("replay", "latest")[0] == 0
    assert run("strategies", "new", target)[0] == 2


def test_config_is_shown_checked_and_described(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("profile = 'paper'\n[account]\ncash = 5\n[[bots]]\nstrategy = 'macd'\nparameters = { fast = 3 }\n")
    _, out, _ = run("config", "show", file, "--set", "seed=9", "--json")
    found = last_object(out)
    assert (found["config"]["account"]["cash"], found["origins"]["account.cash"]) == ("5", str(file))
    assert found["origins"]["seed"] == "command line"
    assert "profile paper" in run("config", "show", file)[1]
    assert "is in order" in run("config", "check", file)[1]
    file.write_text("[[bots]]\nstrategy = 'macd'\nparameters = { fst = 3 }\n")
    assert run("config", "check", file)[2] == "error: strategy 'macd' has no parameter 'fst': did you mean 'fast'?\n"
    assert "AccountSettings" in json.loads(run("config", "schema")[1])["$defs"]


def test_flags_are_listed_and_switched(run: Run) -> None:
    assert run("flags", "set", "netting", "off")[0] == 0
    flags = {each["name"]: each for each in last_object(run("flags", "list", "--json")[1])["flags"]}
    assert flags["netting"]["value"] is False
    assert flags["netting"]["default"] is True
    assert run("flags", "set", "netting", "default")[0] == 0
    assert "retired: none" in run("flags", "list")[1]
    code, _, err = run("flags", "set", "neting", "off")
    assert (code, err) == (2, "error: there is no flag 'neting': did you mean 'netting'?\n")


def test_scenarios_pass_or_fail_by_line_and_exit_code(run: Run, tmp_path: Path) -> None:
    good = {
        "id": "A01", "title": "fee", "kind": "function", "function": "execution.twap",
        "args": {}, "expect": {}, "tolerance": 0,
    }  # fmt: skip
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([good]))
    code, out, _ = run("scenarios", "run", file, "--json")
    assert code == 1
    assert out.startswith("A01 FAIL ")
    assert last_object(out)["failed"] == 1
    code, _, err = run("scenarios", "run", tmp_path / "none")
    assert code == 2
    assert err.startswith("error: no scenario file at ")
    assert run("scenarios", "run")[0] == 2


def test_shared_scenarios_pass(run: Run, shared: Path) -> None:
    code, out, _ = run("scenarios", "run", shared / "scenarios")
    assert code == 0
    assert all(line.endswith(" PASS") for line in out.splitlines())


def test_bad_rows_can_be_left_out_and_listed(run: Run, home: Path, tmp_path: Path) -> None:
    good = rows(24)
    file = tmp_path / "some.csv"
    file.write_text(HEAD + "\n".join([*good[:5], "2024-01-01T05:00:00Z,1,1,-1,1,1", *good[6:20], *good[22:]]) + "\n")
    words = ("data", "import", file, "--venue", "x", "--instrument", "BTC-USD", "--interval", "1h")
    code, out, _ = run(*words, "--on-bad", "report")
    assert code == 0
    assert "x BTC-USD bars 1h: 21 of 22 rows from some.csv" in out
    assert "1 bad rows left out (1 non-positive price), listed in " in out
    assert "3 bars absent in 2 gaps: data are missing" in out
    code, out, _ = run(*words, "--on-bad", "report", "--tick", "0.01", "--lot", "0.001")
    assert "21 rows were known already" in out
    assert "derived" not in out
    assert "x/BTC-USD/1h" in run("data", "list")[1]
    assert run(*words, "--column", "open")[2] == "error: --column 'open': write our name=the file's, such as open=o\n"
    assert run("data", "import", file, "--kind", "trades")[2] == "error: trades need --venue and --instrument\n"
    assert run("data", "import", tmp_path / "no", "--kind", "trades")[2].startswith("error: no file or folder ")
    folder = tmp_path / "empty"
    folder.mkdir()
    assert run("data", "import", folder)[2].startswith(f"error: no files of series in {folder}")


def test_a_folder_with_a_damaged_file_takes_the_others_and_fails(run: Run, candles: Path, tmp_path: Path) -> None:
    import polars as pl

    place = tmp_path / "collected" / "candles" / "kraken" / "BTC-USD"
    place.mkdir(parents=True)
    frame = pl.read_csv(candles / "BTC-USD-1h.csv").with_columns(pl.col("ts").str.to_datetime(time_zone="UTC"))
    frame.write_parquet(place / "1h.parquet")
    (place / "1d.parquet").write_bytes(b"nothing")
    code, out, _ = run("data", "import", tmp_path / "collected")
    assert code == 1
    assert "kraken BTC-USD bars 1h" in out
    assert "refused candles/kraken/BTC-USD/1d.parquet" in out
    assert "400 rows, 1 files refused" in out


def test_a_choice_that_is_not_clear_is_asked_for(run: Run, candles: Path) -> None:
    for venue in ("one", "two"):
        run("data", "import", candles / "BTC-USD-1h.csv", "--venue", venue)
    words = ("backtest", "--strategy", "macd")
    assert run(*words)[2] == "error: no instrument was chosen: add --instrument BTC-USD (see tradewind data list)\n"
    assert run(*words, "--instrument", "BTC-USD")[2] == (
        "error: BTC-USD is there more than once (one 1h, two 1h): choose with --venue and --interval\n"
    )
    assert run(*words, "--instrument", "BTC-UD")[2] == (
        "error: no bars of BTC-UD in the catalog: did you mean 'BTC-USD'?\n"
    )
    assert run(*words, "--instrument", "BTC-USD", "--venue", "one", "--from", "2030-01-01")[2].startswith(
        "error: BTC-USD: there are no bars in the chosen range"
    )
    wrong = run(*words, "--instrument", "BTC-USD", "--venue", "one", "--set", "instruments.ETH-USD.tick=1")
    assert wrong[2] == "error: instruments.ETH-USD is not part of this run: did you mean 'BTC-USD'?\n"


def test_a_range_of_fills_is_reported(run: Run, candles: Path, tmp_path: Path) -> None:
    words = ("--strategy", "macd", "--data", candles, "--instrument", "BTC-USD", "--interval", "1h")
    code, out, _ = run("backtest", *words, "--range", "--out", tmp_path / "with", "--json")
    assert code == 0
    assert "pessimistic" in (tmp_path / "with" / "metrics.json").read_text()
    code, _, err = run("backtest", *words, "--out", tmp_path / "with")
    assert (code, err) == (2, f"error: {tmp_path / 'with'} already exists: choose another folder for --out\n")
    code, out, _ = run("report", "latest", "--range")
    assert code == 0
    assert Path(out.strip()).is_file()
    run("paper", "--strategy", "macd", "--speed", "max", "--set", "market.bars=200", "--json")
    assert "is a session: its report is written when it ends" in run("report", "latest", "--range")[2]


def test_a_strategy_that_raises_is_named(run: Run, candles: Path, tmp_path: Path) -> None:
    file = tmp_path / "faulty.py"
    file.write_text(
        "from tradewind.strategy.base import Strategy\n"
        "class Faulty(Strategy):\n"
        "    def on_bar(self, view):\n"
        "        raise ValueError('no idea')\n"
    )
    words = ("--data", candles, "--instrument", "BTC-USD", "--interval", "1h", "--no-report")
    code, out, _ = run("backtest", "--strategy", file, *words)
    assert code == 0
    assert "made no trade: its code raised an error: ValueError: no idea." in " ".join(out.split())


def test_the_captured_depth_runs_as_a_book(run: Run, shared: Path) -> None:
    names = ("--venue", "binance", "--instrument", "ETH-USDT")
    for folder, kind in (("l2", "book"), ("trades", "trades")):
        (file,) = (shared / "data" / folder / "binance" / "ETH-USDT").glob("*.parquet")
        assert run("data", "import", file, "--kind", kind, *names)[0] == 0
    words = ("--strategy", "market_maker", "--param", "quantity=0.1", "--fees", "0,0.001", "--profile", "research")
    code, out, _ = run("backtest", "--kind", "book", *names, *words, "--json")
    found = last_object(out)
    assert code == 0
    assert found["fills"] > 50
    assert run("replay", "latest")[0] == 0


# -- bad input -----------------------------------------------------------------------------------------------------

BTC = ("--instrument", "BTC-USD", "--interval", "1h")


def refused(run: Run, home: Path, *words: object) -> str:
    """The message of a command that must exit with 2 and leave nothing behind."""
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert not (home / "runs").exists()
    assert not (home / "catalog").exists() or not any((home / "catalog").rglob("*.parquet"))
    return err.removeprefix("error: ").strip()


def test_bad_files_are_named_row_by_row_and_leave_nothing(run: Run, home: Path, tmp_path: Path) -> None:
    good = rows(24)

    def told(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        direct = refused(run, home, "backtest", "--strategy", "macd", "--data", path, *BTC)
        assert refused(run, home, "data", "import", path, "--venue", "x", *BTC) == direct
        return direct

    remedy = "correct the file, or keep the good rows with `tradewind data import --on-bad report`"
    remedy = f"Nothing was imported; {remedy}"
    unsorted = HEAD + "\n".join([good[0], good[2], good[1], *good[3:]])
    assert told("unsorted.csv", unsorted) == (
        "unsorted.csv: 1 of 24 rows are bad (1 out of order); first: row 3 at 2024-01-01T01:00:00Z: "
        f"out of order. {remedy}"
    )
    assert told("twice.csv", HEAD + "\n".join([*good[:3], good[2], *good[3:]])) == (
        "twice.csv: 1 of 25 rows are bad (1 duplicate time); first: row 4 at 2024-01-01T02:00:00Z: "
        f"duplicate time. {remedy}"
    )
    negative = [*good[:5], "2024-01-01T05:00:00Z,105,106,-1,105,10", *good[6:]]
    assert told("negative.csv", HEAD + "\n".join(negative)) == (
        "negative.csv: 1 of 24 rows are bad (1 non-positive price); first: row 6 at 2024-01-01T05:00:00Z: "
        f"non-positive price. {remedy}"
    )
    corrupt = told("corrupt.parquet", b"PAR1 and then nothing of the kind")
    assert corrupt.startswith("corrupt.parquet cannot be read as Parquet (")
    assert corrupt.endswith("it is damaged or of another format; get it again from its source")
    missing = tmp_path / "none.csv"
    words = ("backtest", "--strategy", "macd", "--data", missing, *BTC)
    assert refused(run, home, *words) == f"no file or folder {missing}: check the path"


def test_wrong_settings_and_strategies_are_named(run: Run, home: Path, candles: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.toml"

    def told(*words: object) -> str:
        return refused(run, home, "backtest", *words, "--data", candles, *BTC)

    file.write_text("[limits]\ninstrument_share = 0.3\n")
    assert told(file) == f"{file}: unknown key limits.instrument_share: did you mean limits.instrument_share_max?"
    file.write_text("[account]\ncash = 'lots'\n")
    assert told(file) == f"{file}: account.cash must be an exact number, was 'lots'"
    assert (
        told("--strategy", "macd", "--cash", "lots") == "command line: account.cash must be an exact number, was 'lots'"
    )
    assert told("--strategy", "mcd") == ("there is no strategy 'mcd': did you mean 'macd'?")
    assert told("--strategy", "macd", "--param", "fast=0") == (
        "strategy 'macd': parameter 'fast' must be a whole number from 1 to 10000, was '0'"
    )
    assert told("--strategy", "macd", "--param", "fast=99") == (
        "strategy 'macd': fast must be less than slow, were 99 and 26: lower fast or raise slow"
    )
    assert told("--strategy", "macd", "--cash", "0") == "account.cash is 0: no order could be paid for; set it above 0"
    assert told() == "there is no bot: add --strategy NAME, or a [[bots]] table to the configuration"
    assert told("--strateg", "macd") == "Unknown option: --strateg. Did you mean --strategy?; see tradewind --help"
    assert refused(run, home, "backtst").startswith('Unknown command "backtst"')
    assert refused(run, home, "backtest", "--strategy", "macd").endswith(
        "(tradewind data import FILE) or give --data PATH"
    )


def test_orders_below_the_minimum_and_beyond_the_cash_are_refusals_that_are_shown(
    run: Run, candles: Path, tmp_path: Path
) -> None:
    file = tmp_path / "run.toml"
    file.write_text("[instruments.BTC-USD]\nmin_notional = 60000\n[[bots]]\nstrategy = 'buy_and_hold'\nbudget = 0.5\n")
    code, out, _ = run("backtest", file, "--data", candles, *BTC, "--no-report")
    assert code == 0
    assert "is below the smallest, 60000" in out
    assert "buy_and_hold made no trade: risk refused its orders: instrument_rules 1 times (an order of " in out
    file.write_text(
        "[account]\nprice_allowance = 0.03\n"
        "[[bots]]\nid = 'first'\nstrategy = 'buy_and_hold'\nbudget = 0.8\nexits = { stop_loss = 0.9 }\n"
        "[[bots]]\nid = 'second'\nstrategy = 'buy_and_hold'\nbudget = 0.7\nexits = { stop_loss = 0.8 }\n"
    )
    code, out, _ = run("backtest", file, "--data", candles, *BTC, "--no-report", "--json")
    found = last_object(out)
    (silent,) = found["no_trades"]
    assert silent["refusals"]["funds"] == 1
    assert silent["reason"].startswith("risk refused its orders: funds 1 times (")


def test_silent_strategies_say_why(run: Run, candles: Path) -> None:
    _, out, _ = run("backtest", "--strategy", "market_maker", "--data", candles, *BTC, "--no-report")
    assert "market_maker made no trade: it decides on trades, quotes or books, and this run has only bars." in out
    words = ("backtest", "--strategy", "moving_average", "--param", "slow=5000", "--data", candles, *BTC, "--no-report")
    assert (
        "moving_average made no trade: it needs 5000 bars before it decides, and the run has fewer." in run(*words)[1]
    )


def test_help_and_version_are_quick_and_say_what_to_type() -> None:
    def timed(*words: str) -> tuple[str, float]:
        import time

        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "tradewind", *words], capture_output=True, text=True, check=True)
        return done.stdout, time.perf_counter() - start

    # Generous: a busy machine is no failure; what is loaded is held by tests/architecture.
    out, took = timed("--version")
    assert out.startswith("tradewind ")
    assert took < 1.5
    out, took = timed("backtest", "--help")
    assert "Example: tradewind backtest" in out
    assert took < 4.0
