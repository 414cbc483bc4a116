"""What journaling costs: bytes per instrument and hour, events a second, the wait for a durable intent, and replay.

    python -m bench.journal [--bars 200000] [--intents 300] [--folder DIR] [--json]

Recorded depth is used where the shared data folder is found (TRADEWIND_SHARED, or `shared` beside the repository).
Events are grouped as live trading groups them: those of a quarter second, at most 512, make one record.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from bench.event_engine import FEES, Crossover
from bench.market import make_series
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.replay import replay
from tradewind.engine.resolved import engine_values
from tradewind.model.effects import SubmitOrder
from tradewind.model.entries import Event, Intended
from tradewind.model.market_events import LevelUpdate
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.research.backtest import run_backtest
from tradewind.research.series import recorded_sources
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.simulation.settings import SimulationSettings
from tradewind.storage.journal.layout import SessionHeader
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.journal.recorder import GATHER_EVENTS, GATHER_S, JournalRecorder
from tradewind.storage.journal.writer import Journal

HOUR_NS = 3_600_000_000_000
ROUNDS = 5
DEPTH = {
    "Binance BTC-USDT depth": "l2/binance/BTC-USDT/20240808_depth.parquet",
    "Coinbase BTC-USD level2 (2018)": "l2/coinbase/BTC-USD/20180424_0352_updates_first45min.parquet",
}


def header(engine: dict[str, Any] | None = None) -> SessionHeader:
    return SessionHeader(session="bench", mode="bench", created_at_ns=0, code_version="bench", engine=engine or {})


def grouped(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Yield the events in the groups that live trading would commit."""
    start = 0
    for index, event in enumerate(events):
        if index - start >= GATHER_EVENTS or event.ts_ns - events[start].ts_ns >= GATHER_S * 1e9:
            yield events[start:index]
            start = index
    yield events[start:]


def size_of(folder: Path, name: str, events: Sequence[Event]) -> dict[str, Any]:
    """Write the events as they would come live, and return what they take on the disk."""
    with Journal.create(folder / name.replace(" ", "-"), header()) as journal:
        before = journal.size_bytes
        for group in grouped(events):
            for event in group:
                journal.append(event)
            journal.wait(journal.commit())
        size = journal.size_bytes - before
    hours = (events[-1].ts_ns - events[0].ts_ns) / HOUR_NS
    return {
        "stream": name,
        "events": len(events),
        "events_per_s": round(len(events) / hours / 3600, 1),
        "bytes_per_event": round(size / len(events), 1),
        "bytes_per_instrument_hour": round(size / hours),
    }


def depth_events(path: Path) -> list[Event]:
    """Return a recorded depth file as the level updates that the engine would take."""
    frame = pl.read_parquet(path)
    rows = frame.filter(pl.col("event") == "update") if "event" in frame.columns else frame
    times = rows["ts_recv" if "ts_recv" in rows.columns else "ts"].cast(pl.Datetime("ns")).cast(pl.Int64)
    ids = rows["last_id" if "last_id" in rows.columns else "seq"].cast(pl.Int64)
    sides = [Side.BUY if str(side).lower() in {"buy", "bid", "b"} else Side.SELL for side in rows["side"]]
    prices = (rows["price"].cast(pl.Float64) * 100).round().cast(pl.Int64)
    sizes = (rows["size"].cast(pl.Float64) * 10**8).round().cast(pl.Int64)
    columns = (times, sides, prices, sizes, ids)
    return [LevelUpdate("BTC-USD", *row) for row in zip(*map(list, columns), strict=True)]


def durable_wait(folder: Path, count: int) -> dict[str, float]:
    """Return how long an order waits for its intent to be on the disk, in milliseconds."""
    waits = []
    with Journal.create(folder / "intents", header()) as journal:
        for number in range(count):
            request = OrderRequest(f"bench-{number}", "BTC-USD", Side.BUY, OrderKind.MARKET, 1000)
            started = time.perf_counter()
            journal.append(Intended(number, (SubmitOrder(request),)))
            journal.wait(journal.commit())
            waits.append((time.perf_counter() - started) * 1e3)
    waits.sort()
    return {
        "median_ms": round(statistics.median(waits), 3),
        "p99_ms": round(waits[len(waits) * 99 // 100], 3),
        "max_ms": round(waits[-1], 3),
    }


def session_cost(folder: Path, bars: int) -> dict[str, Any]:
    """Run one session with and without a journal in turn; return both speeds, then replay what was written."""
    series, instrument = make_series(bars)
    bot = BotSpec(id="bench", strategy=Crossover(), instruments=(instrument.id,))
    config = EngineConfig(
        session="bench", instruments=(instrument,), bots=(bot,), cash=Decimal(10_000_000), fees=FEES,
        limits=RESEARCH_LIMITS,
    )  # fmt: skip
    settings = SimulationSettings(fees=FEES)
    plain, journaled, cpu = [], [], []
    for number in range(ROUNDS):
        started, worked = time.perf_counter(), time.process_time()
        run_backtest(config, settings, [series], serve=False, keep_audit=False)
        plain.append(time.perf_counter() - started)
        cpu.append(worked - time.process_time())
        path = folder / f"session-{number}"
        recorder = JournalRecorder(Journal.create(path, header(engine_values(config))))
        started, worked = time.perf_counter(), time.process_time()
        result = run_backtest(config, settings, [series], serve=False, keep_audit=False, recorder=recorder)
        closed = recorder.close(result.state, result.audit_digest)
        journaled.append(time.perf_counter() - started)
        cpu[-1] += time.process_time() - worked
    started = time.perf_counter()
    done = replay(config, read_journal(path))
    replayed = time.perf_counter() - started
    if done.difference is not None or done.digest != closed.digest:
        raise SystemExit(f"the replay differs: {done.difference}")
    without, with_it = statistics.median(plain), statistics.median(journaled)
    return {
        "bars_per_s_without": round(bars / without),
        "bars_per_s_with": round(bars / with_it),
        "journal_ns_per_event": round((with_it - without) / done.events * 1e9),
        "journal_cpu_ns_per_event": round(statistics.median(cpu) / done.events * 1e9),
        "bytes_per_event": round(path.stat().st_size / done.events, 1),
        "replay_events_per_s": round(done.events / replayed),
        "checkpoints_equal": done.checkpoints,
    }


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return all figures."""
    bars, _ = make_series(10_000)
    (source,) = recorded_sources(bars, (), 3, serve=False)
    streams = [size_of(folder, "one-minute bars", source.events(0, len(bars)))]
    shared = Path(os.environ.get("TRADEWIND_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    for name, place in DEPTH.items():
        if (shared / "data" / place).is_file():
            streams.append(size_of(folder, name, depth_events(shared / "data" / place)))
    return {
        "streams": streams,
        "durable_intent": durable_wait(folder, arguments.intents),
        "session": session_cost(folder, arguments.bars),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bars", type=int, default=200_000)
    parser.add_argument("--intents", type=int, default=300)
    parser.add_argument("--folder", help="where to write: the disk that is measured")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        figures = measure(arguments, Path(folder))
    if arguments.json:
        print(json.dumps(figures))
        return
    for stream in figures["streams"]:
        print(
            f"{stream['stream']:32} {stream['events_per_s']:8,.1f} events/s  {stream['bytes_per_event']:6.1f} B/event  "
            f"{stream['bytes_per_instrument_hour']:12,} B per instrument and hour"
        )
    for name in ("durable_intent", "session"):
        print(name, *(f"{key}={value:,}" for key, value in figures[name].items()))


if __name__ == "__main__":
    main()
