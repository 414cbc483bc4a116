"""`tradewind execution` from the outside: its last line, its page, its refusals."""

import json
import math
from pathlib import Path

import polars as pl
import pytest

from tradewind.app.captures import find_captures, read_capture
from tradewind.cli.main import DONE, WRONG_INPUT, main
from tradewind.model.errors import DataError
from tradewind.model.market_events import BookSnapshot, LevelUpdate, TradePrint

ASKED = ["execution", "plan", "--instrument", "BTC-USD", "--side", "buy"]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEWIND_HOME", str(tmp_path / "home"))


def capture_tree(folder: Path) -> Path:
    """A book of a minute with trades that hit both sides of it, as collected data lie."""
    second = 1_000_000_000
    at, rows = 1_700_000_000 * second, []
    for side, price in (("bid", 99.99), ("ask", 100.01)):
        rows.append((at, 1, "snapshot", side, price, 50.0, 1, 1))
    for number in range(2, 62):
        side, price = ("bid", 99.99) if number % 2 else ("ask", 100.01)
        rows.append((at + number * second, number, "update", side, price, 50.0 + number, number, number))
    names = ["ts_recv", "msg", "event", "side", "price", "size", "first_id", "last_id"]
    book = pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.from_epoch("ts_recv", "ns"))
    trades = pl.DataFrame(
        [(at + n * second, n, 99.99 if n % 2 else 100.01, 80.0, "sell" if n % 2 else "buy") for n in range(2, 62)],
        schema=["ts_recv", "trade_id", "price", "size", "aggressor"], orient="row",
    ).with_columns(pl.from_epoch("ts_recv", "ns"))  # fmt: skip
    for kind, name, frame in (("l2", "20240101_depth", book), ("trades", "20240101_trades", trades)):
        place = folder / kind / "made" / "BTC-USD"
        place.mkdir(parents=True)
        frame.write_parquet(place / f"{name}.parquet")
    return folder


def test_captures_are_found_and_read_with_their_trades(tmp_path: Path) -> None:
    tree = capture_tree(tmp_path / "data")
    (capture,) = find_captures(tree)
    assert find_captures(tree / "l2" / "made") == [capture]
    assert capture.title == "made BTC-USD 20240101"
    recording = read_capture(capture)
    assert recording.trades == 60
    kinds = [type(event) for event in recording.events]
    assert (kinds[0], kinds.count(BookSnapshot), kinds.count(LevelUpdate)) == (BookSnapshot, 1, 60)
    assert kinds.count(TradePrint) == 60
    times = [event.ts_ns for event in recording.events]
    assert times == sorted(times)


def test_without_books_there_is_nothing_to_study(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no recorded books"):
        find_captures(tmp_path)
    with pytest.raises(DataError, match="check the path"):
        find_captures(tmp_path / "nowhere")


def test_real_captures_are_found(shared: Path) -> None:
    found = find_captures(shared / "data")
    assert {capture.venue for capture in found} >= {"binance", "binance_perp", "coinbase"}


@pytest.mark.slow
def test_the_study_of_a_recording_ends_with_one_object(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tree = capture_tree(tmp_path / "data")
    line = [
        "execution",
        "study",
        "--data",
        str(tree),
        "--starts",
        "2",
        "--seeds",
        "7",
        "--out",
        str(tmp_path),
        "--json",
    ]
    assert main(line) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(found["groups"]) == {"recorded", "generated", "hourly"}
    for result in found["groups"].values():
        assert 0 <= result["maker_ratio"] <= 1
        assert len(result["tiers"]) == 9
        assert [verdict["wanted"] for verdict in result["verdicts"]] == [0.8, 0.4, 0.2, 0.3]
    assert (tmp_path / "execution-study.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((tmp_path / "execution-study.json").read_text(encoding="utf-8")) == found


def test_a_plan_ends_with_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    quote = ["--bid", "60000", "--ask", "60001", "--json"]
    assert main([*ASKED, "--notional", "2500", *quote]) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["route"], found["policy"], found["arrival"]) == ("POST_ONLY", "maker_first", "60000.5")
    assert 0 < found["estimate"]["total_bps"] < found["estimate"]["all_market_bps"]
    assert "generated market" in found["source"]
    assert main([*ASKED, "--notional", "2500", "--policy", "bands", "--volume-30d", "200000", *quote]) == DONE
    richer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert richer["maker"]["ending"] == "leave"
    assert richer["estimate"]["fee_bps"] < found["estimate"]["fee_bps"]


def test_a_plan_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ASKED, "--notional", "9000", "--urgency", "low", "--multipliers", "BTC-USD:2,oops"]) == DONE
    told = capsys.readouterr().out
    assert "TWAP, ABOVE_TWAP_TIER" in told
    assert "'oops' is left out" in told
    assert "all at market" in told
    (head,) = [line for line in told.splitlines() if line.startswith("buy ")]
    assert head.endswith(", urgency low")
    assert " USD) at " in head


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--notional", "0.000001"], "BELOW_MINIMUM, 0.000001 USD buys too little: the smallest order is "),
        (["--notional", "100", "--bid", "6", "--ask", "5"], "NO_QUOTE, the bid 6 is not below the ask 5"),
    ],
)
def test_a_plan_that_cannot_be_says_why(words: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*ASKED, *words]) == WRONG_INPUT
    assert f"refused: {why}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--notional", "x"],
        ["--notional", "-5"],
        ["--notional", "0.000001"],
        ["--notional", "100", "--bid", "5"],
        ["--notional", "100", "--bid", "0", "--ask", "1", "--json"],
        ["--notional", "100", "--bid", "0", "--ask", "0"],
        ["--notional", "100", "--bid", "6", "--ask", "5"],
    ],
)
def test_what_cannot_be_planned_is_wrong_input(words: list[str]) -> None:
    assert main([*ASKED, *words]) == WRONG_INPUT


def test_a_book_that_is_crossed_throughout_and_a_snapshot_alone_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = capture_tree(tmp_path / "data")
    (depth,) = (tree / "l2").rglob("*.parquet")
    book = pl.read_parquet(depth)
    book.with_columns(price=pl.when(pl.col("side") == "bid").then(200.0).otherwise(pl.col("price"))).write_parquet(
        depth
    )
    line = ["execution", "study", "--data", str(tree), "--starts", "2", "--seeds", "7"]
    assert main(line) == WRONG_INPUT
    assert "no book in it has a bid below an ask" in capsys.readouterr().err
    depth.rename(depth.with_name("20240101_snapshot.parquet"))
    assert main(line) == WRONG_INPUT
    assert "cannot be read: " in capsys.readouterr().err


def test_a_perpetual_is_planned_with_the_fees_of_perpetuals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(1_699_999_980 + n * 60, 100.0, 101.0, 99.0, 100.0, 5.0) for n in range(50)]
    names = ["ts", "open", "high", "low", "close", "volume"]
    place = tmp_path / "candles" / "binance_perp" / "BTC-USDT-PERP"
    place.mkdir(parents=True)
    bars = pl.DataFrame(rows, schema=names, orient="row").with_columns(pl.from_epoch("ts", "s"))
    bars.write_parquet(place / "1m.parquet")
    line = ["execution", "plan", "--instrument", "BTC-USDT-PERP", "--side", "buy", "--notional", "2500", "--json"]
    assert main([*line, "--urgency", "high", "--data", str(tmp_path / "candles")]) == DONE
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["estimate"]["fee_bps"] == pytest.approx(4)


def test_too_few_starts_are_refused() -> None:
    assert main(["execution", "study", "--starts", "1"]) == WRONG_INPUT


def test_the_costs_of_a_run_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    hour_s = 3_600
    closes = [round(100 + 10 * math.sin(n / 7) + n * 0.01, 2) for n in range(300)]
    first_ms = 1_700_000_000 // hour_s * hour_s * 1_000
    candles = pl.DataFrame(
        [
            (first_ms + n * hour_s * 1_000, closes[max(0, n - 1)], c + 3, c - 3, c, 5e4 + n % 7 / 1e4)
            for n, c in enumerate(closes)
        ],
        schema=["timestamp", "open", "high", "low", "close", "volume"], orient="row",
    )  # fmt: skip
    place = tmp_path / "candles" / "made" / "BTC-USD"
    place.mkdir(parents=True)
    candles.with_columns(pl.from_epoch("timestamp", "ms").alias("ts")).drop("timestamp").write_parquet(
        place / "1h.parquet"
    )
    run = ["backtest", "--strategy", "moving_average", "--data", str(tmp_path / "candles"), "--fees", "0.001,0.002"]
    assert main(run) == DONE
    capsys.readouterr()
    assert main(["execution", "costs", "latest", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["total"]["orders"] == len(found["orders"]) > 2
    assert found["total"]["fees_bps"] == pytest.approx(20)
    assert found["total"]["reduction"] == 0
    assert [line["name"] for line in found["strategies"]] == ["moving_average"]
    assert all(line["name"].startswith("2023-11-") for line in found["days"])
    assert main(["execution", "costs"]) == DONE
    assert "Costs of run" in capsys.readouterr().out
    assert main(["execution", "costs", "nowhere"]) == WRONG_INPUT
