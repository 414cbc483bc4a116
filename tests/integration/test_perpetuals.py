"""Perpetuals on the command line: funding and marks come with the bars, are charged exactly, and are told of."""

import csv
import json
import os
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tradewind.cli.main import main

HEAD = "ts,open,high,low,close,volume\n"
NAME = "X-USDT-PERP"
FOLLOWER = ("--strategy", "moving_average", "--param", "fast=2", "--param", "slow=5", "--param", "short=true")
BOTH_SIDES = ("--strategy", "donchian", "--param", "short=true", "--set", "instruments.BTC-USDT-PERP.lot=0.001")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own for each test."""
    for name in [name for name in os.environ if name.startswith("TRADEWIND_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("TRADEWIND_HOME", str(folder))
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return command


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Sixty hours of a perpetual that only rises, a funding rate every eight hours, and no mark prices."""
    bars = tmp_path / "made" / "candles" / "venue" / NAME
    rates = tmp_path / "made" / "funding" / "venue"
    bars.mkdir(parents=True)
    rates.mkdir(parents=True)
    hours = np.datetime64("2024-01-01") + np.arange(60) * np.timedelta64(1, "h")
    lines = [f"{at}:00:00Z,{100 + n}.0,{101.5 + n},{99.5 + n},{101 + n}.0,1000\n" for n, at in enumerate(hours)]
    (bars / "1h.csv").write_text(HEAD + "".join(lines))
    settled = [f"{at}:00:00Z,{'0.0001' if n % 2 else '-0.00025'}\n" for n, at in enumerate(hours[::8])]
    (rates / f"{NAME}.csv").write_text("ts,rate\n" + "".join(settled))
    return tmp_path / "made"


def backtest(run: Run, data: Path, *words: object, strategy: tuple[str, ...] = FOLLOWER) -> Any:
    code, out, err = run("backtest", *strategy, "--data", data, "--json", *words)
    assert (code, err) == (0, "")
    return json.loads(out.splitlines()[-1])


def fills_of(found: Any) -> list[tuple[np.datetime64, Decimal]]:
    """Time and signed quantity of every fill, as the run's own table has them."""
    with (Path(found["report"]).parent / "fills.csv").open() as file:
        return [
            (
                np.datetime64(row["time"].removesuffix("Z")),
                Decimal(row["quantity"]) * (1 if row["side"] == "buy" else -1),
            )
            for row in csv.DictReader(file)
        ]


def held_at(fills: list[tuple[np.datetime64, Decimal]], at: np.datetime64) -> Decimal:
    """What was held at a close: an order that fills at the next open, the same moment, comes after it."""
    return sum((quantity for time, quantity in fills if time < at), Decimal(0))


def test_what_is_held_at_a_close_pays_and_what_fills_at_the_next_open_does_not(run: Run, made: Path) -> None:
    found = backtest(run, made / "candles")
    fills = fills_of(found)
    assert len(fills) == 1  # it rises: bought once, at an open
    bought, quantity = fills[0]
    due = Decimal(0)
    for number in range(1, 8):
        at = np.datetime64("2024-01-01") + np.timedelta64(8 * number, "h")
        rate = Decimal("0.0001" if number % 2 else "-0.00025")
        if at > bought:
            due -= quantity * Decimal(100 + 8 * number) * rate
    assert Decimal(found["metrics"]["funding"]) == due != 0
    assert found["perpetuals"][NAME]["funding"].startswith(
        f"7 settlements of venue {NAME} funding, 2024-01-01 08:00 to"
    )
    assert found["perpetuals"][NAME]["marks"] == "the bars are the marks"
    assert f"state [instruments.{NAME}] initial_margin and maintenance_margin" in found["perpetuals"][NAME]["margin"]
    assert "positions are never liquidated" in Path(found["report"]).read_text(encoding="utf-8")
    assert "7 settlements" in json.dumps(
        json.loads((Path(found["report"]).parents[1] / "run.json").read_text())["data"]
    )


def test_a_settlement_at_the_moment_of_the_fill_is_not_charged(run: Run, made: Path) -> None:
    (bought, quantity), *_ = fills_of(backtest(run, made / "candles", "--set", "data.funding=false"))
    after = bought + np.timedelta64(1, "h")
    table = made / "funding" / "venue" / f"{NAME}.csv"
    table.write_text(f"ts,rate\n{bought}Z,0.01\n{after}Z,0.001\n")
    found = backtest(run, made / "candles")
    close = Decimal(100 + int((after - np.datetime64("2024-01-01")) / np.timedelta64(1, "h")))
    assert Decimal(found["metrics"]["funding"]) == -quantity * close * Decimal("0.001")


def test_funding_can_be_switched_off_and_its_absence_is_told(run: Run, made: Path) -> None:
    charged = backtest(run, made / "candles")
    free = backtest(run, made / "candles", "--set", "data.funding=false")
    assert Decimal(free["metrics"]["funding"]) == 0
    assert free["perpetuals"][NAME]["funding"] == "not charged: data.funding is off"
    assert free["digest"] != charged["digest"]
    (made / "funding" / "venue" / f"{NAME}.csv").unlink()
    without = backtest(run, made / "candles")
    assert without["perpetuals"][NAME]["funding"].startswith("none found for venue")
    assert without["digest"] == free["digest"]
    words = ("--strategy", "moving_average", "--data", made / "candles", "--no-report")
    code, out, _ = run("backtest", *words)
    assert code == 0
    assert f"{NAME} funding: none found for venue {NAME}: none is charged" in out
    assert f"no maintenance margin is set for {NAME}" in out


def test_marks_come_with_the_bars_and_are_no_candles(run: Run, made: Path) -> None:
    plain = backtest(run, made / "candles")
    bars = made / "candles" / "venue" / NAME
    lines = [line.split(",") for line in (bars / "1h.csv").read_text().splitlines()[1:]]
    marks = [f"{line[0]},{','.join(f'{float(price) - 0.25:.6f}' for price in line[1:5])},0\n" for line in lines]
    (bars / "1h_mark.csv").write_text(HEAD + "".join(marks))
    found = backtest(run, made / "candles")
    assert found["perpetuals"][NAME]["marks"].startswith(f"60 prices of venue {NAME} bars 1h_mark")
    assert Decimal(found["metrics"]["funding"]) != Decimal(plain["metrics"]["funding"])
    assert backtest(run, made / "candles", "--set", "data.marks=false")["digest"] == plain["digest"]
    fills = fills_of(found)
    cost = Decimal(found["equity"]) - Decimal(plain["equity"])
    funding = Decimal(found["metrics"]["funding"]) - Decimal(plain["metrics"]["funding"])
    assert cost - funding == fills[0][1] * Decimal("-0.2")  # of prices with one decimal, halves up: 159.8


def test_an_imported_perpetual_finds_its_funding_in_the_catalog_and_replays(run: Run, made: Path) -> None:
    from_files = backtest(run, made / "candles")
    for file, words in (
        ("candles/venue/X-USDT-PERP/1h.csv", ("--interval", "1h")),
        ("funding/venue/X-USDT-PERP.csv", ()),
    ):
        kind = () if words else ("--kind", "funding")
        code, _, err = run("data", "import", made / file, "--venue", "venue", "--instrument", NAME, *kind, *words)
        assert (code, err) == (0, "")
    code, out, _ = run("backtest", *FOLLOWER, "--instrument", NAME, "--json")
    assert code == 0
    found = json.loads(out.splitlines()[-1])
    assert found["digest"] == from_files["digest"]
    code, out, _ = run("replay", found["run"])
    assert (code, "equal" in out) == (0, True)


def test_a_year_of_bitcoin_pays_to_the_last_digit_what_its_positions_owe(run: Run, shared: Path) -> None:
    data = shared / "data"
    symbol, start, end = "BTC-USDT-PERP", np.datetime64("2021-01-01"), np.datetime64("2022-01-01")
    words = ("--venue", "binance_perp", "--instrument", symbol, "--interval", "1h", "--from", start, "--to", end)
    found = backtest(run, data / "candles", *words, strategy=BOTH_SIDES)
    bars = data / "candles" / "binance_perp" / symbol
    places = max(
        -int(Decimal(repr(price)).as_tuple().exponent) for price in pl.read_parquet(bars / "1h.parquet")["close"]
    )
    table = pl.read_parquet(bars / "1h_mark.parquet")
    marks = dict(zip(table["ts"].dt.offset_by("1h").to_list(), table["close"].to_list(), strict=True))
    fills = fills_of(found)
    due, sides = Decimal(0), set()
    for row in pl.read_parquet(data / "funding" / "binance_perp" / f"{symbol}.parquet").iter_rows(named=True):
        at = np.datetime64(row["ts"].replace(tzinfo=None))
        held = held_at(fills, at)
        if start < at <= end and held:
            mark = Decimal(repr(marks[row["ts"]])).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
            due -= held * mark * Decimal(repr(row["rate"]))
            sides.add(held > 0)
    assert sides == {True, False}
    assert Decimal(found["metrics"]["funding"]) == due != 0
    assert found["perpetuals"][symbol]["funding"].startswith("1,095 settlements of binance_perp BTC-USDT-PERP funding")
    assert backtest(run, data / "candles", *words, strategy=BOTH_SIDES)["digest"] == found["digest"]
    code, out, _ = run("replay", found["run"])
    assert (code, found["digest"] in out) == (0, True)


def test_mark_prices_beside_candles_leave_one_series_to_trade(run: Run, shared: Path) -> None:
    folder = shared / "data" / "candles" / "binance_perp" / "BTC-USDT-PERP"
    found = backtest(run, folder.parent.parent, "--venue", "binance_perp", "--instrument", folder.name,
                     "--from", "2024-01-01", "--to", "2024-02-01", "--no-report")  # fmt: skip
    alone = backtest(run, folder / "1h.parquet", "--from", "2024-01-01", "--to", "2024-02-01", "--no-report")
    assert found["digest"] == alone["digest"]
    assert found["perpetuals"] == alone["perpetuals"]
