"""The benchmarks make their own data by the recipe that the published peer figures were measured with, bit for bit."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from bench.market import make_columns, make_series
from bench.stream import DEPTH, SNAPSHOT, TRADE, make_stream

BUY = 1 << 29
BARS = 20_000
EVENTS = 50_000


@pytest.fixture(scope="module")
def recipe(shared: Path) -> ModuleType:
    path = shared / "peers" / "gen_data.py"
    if not path.is_file():
        pytest.skip("peer recipe missing from the shared data folder")
    spec = importlib.util.spec_from_file_location("peer_recipe", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = written
    return module


def test_bars(recipe: ModuleType) -> None:
    _, *theirs = recipe.bars(BARS)
    for ours, column in zip(make_columns(BARS), theirs, strict=True):
        assert np.array_equal(ours, column)


def test_bar_times_and_units(recipe: ModuleType) -> None:
    times, opens, *_ = recipe.bars(BARS)
    series, _ = make_series(BARS)
    assert np.array_equal(series.open_ns, times.astype("datetime64[ns]").astype(np.int64))
    assert np.array_equal(series.open / 100, opens)


def test_stream(recipe: ModuleType) -> None:
    theirs, spread = recipe.ticks(EVENTS)
    ours = make_stream(EVENTS)
    kind = (theirs["ev"] & 0xFF).astype(np.int64)
    assert np.array_equal(ours.kind, kind)
    assert set(np.unique(kind)) == {DEPTH, TRADE, SNAPSHOT}
    buys = (theirs["ev"] & BUY) != 0
    assert np.array_equal(ours.bid, np.where(kind == TRADE, ~buys, buys))
    assert np.array_equal(ours.exchange_ns, theirs["exch_ts"])
    assert np.array_equal(ours.local_ns, theirs["local_ts"])
    assert np.array_equal(ours.price, np.rint(theirs["px"] * 100).astype(np.int64))
    assert np.array_equal(ours.size, np.rint(theirs["qty"] * 1000).astype(np.int64))
    assert np.abs(theirs["qty"] * 1000 - ours.size).max() < 1e-6
    assert np.array_equal(ours.spread, spread)
