"""How a paper session's memory grows: 39 instruments, ten simulated hours, after a warm-up of five.

    python -m bench.paper_memory [--hours 10] [--minutes 3] [--kind recorded|live] [--json]
    python -m bench.paper_memory --minutes 60           # ten hours in one hour

`recorded` is `tradewind paper` on one-minute bars of 39 instruments, a bot that turns over at each, with stops, the
journal on this disk, views of 400 rows. `live` is a paper session on a venue's live data: the stream's books, trades
and quotes through the session of live trading, its candles, and the fills of a simulation; its clock runs faster. The
slope is the least-squares line through what the process holds, a reading every simulated minute, collected first.
"""

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from bench.figures import Report, show
from bench.live_side import BarTurner, Quiet
from bench.stream_burst import resident_mb
from tradewind.app.config import resolve
from tradewind.app.home import Home
from tradewind.app.live import building
from tradewind.app.live.building import build_paper
from tradewind.app.live.clock import SessionClock
from tradewind.app.live.lease import AccountIdentity
from tradewind.app.pacing import Pacer, SystemClock
from tradewind.app.paper import Glance, PaperSession
from tradewind.app.replaying import begin_session, recorded_engine
from tradewind.cli.living import run_loop
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.readmodel import ReadModel
from tradewind.model.instrument import Instrument, define_instrument
from tradewind.model.market_events import BookSnapshot, QuoteTick, TradePrint
from tradewind.model.orders import Side
from tradewind.research.series import BarSeries, recorded_sources
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import SimulationSettings
from tradewind.storage.runs import RunRecord, RunStore
from tradewind.venues.ports import StreamEvent, StreamKind, StreamState, Take

INSTRUMENTS = 39
GOAL_MB_PER_H = 1.0
WARM_H = 5.0  # until the views of a busy session are full
MINUTE_NS, HOUR_NS = 60_000_000_000, 3_600_000_000_000
START_NS = 1_700_000_000_000_000_000 // MINUTE_NS * MINUTE_NS
KEPT_ROWS = 400
STEP_NS = 1_000_000_000  # of simulated time between two moments of the live market


class Scale:
    """Readings of memory over simulated time."""

    def __init__(self) -> None:
        self.hours: list[float] = []
        self.resident: list[float] = []
        self.blocks: list[int] = []
        self._next_ns = 0
        self._first_ns = 0

    def look(self, ts_ns: int) -> None:
        """Take a reading if a simulated minute has passed since the last one."""
        if ts_ns < self._next_ns:
            return
        self._first_ns = self._first_ns or ts_ns
        self._next_ns = ts_ns + MINUTE_NS
        gc.collect()
        self.hours.append((ts_ns - self._first_ns) / HOUR_NS)
        self.resident.append(resident_mb())
        self.blocks.append(sys.getallocatedblocks())

    def values(self) -> dict[str, float]:
        """Return the slopes after the warm-up, per simulated hour, and what was held at both ends."""
        hours = np.array(self.hours)
        late = hours >= min(WARM_H, hours[-1] / 2)
        slope = np.polyfit(hours[late], np.array(self.resident)[late], 1)[0]
        blocks = np.polyfit(hours[late], np.array(self.blocks)[late], 1)[0]
        return {
            "mb_per_h": float(slope), "blocks_per_h": float(blocks), "hours": float(hours[-1]),
            "warm_mb": self.resident[int(np.argmax(late))], "end_mb": self.resident[-1],
        }  # fmt: skip


def product(number: int) -> Instrument:
    return define_instrument(f"P{number:02}-USD", price_increment="0.01", base_increment="0.0001")


# -- recorded bars ----------------------------------------------------------------------------------------------------


def bars(number: int, count: int) -> BarSeries:
    rng = np.random.default_rng(number)
    close = np.maximum(1_000, 100_000 + np.cumsum(rng.integers(-60, 61, count))).astype(np.int64)
    opened = np.concatenate(([100_000], close[:-1]))
    high, low = np.maximum(opened, close) + 20, np.minimum(opened, close) - 20
    open_ns = START_NS + np.arange(count, dtype=np.int64) * MINUTE_NS
    volume = np.full(count, 10**9, dtype=np.int64)
    return BarSeries(product(number), MINUTE_NS, open_ns, opened, high, low, close, volume, source="generated")


def run_recorded(hours: float, minutes: float, folder: Path, *, keep_all: bool) -> dict[str, Any]:
    """Return the readings of a paper session on recorded bars."""
    series = [bars(number, int(hours * 60)) for number in range(INSTRUMENTS)]
    names = tuple(each.instrument.id for each in series)
    config = EngineConfig(
        session="bench",
        instruments=tuple(each.instrument for each in series),
        bots=(BotSpec(id="turner", strategy=BarTurner(), instruments=names, budget=Decimal("0.9")),),
        cash=Decimal(10_000_000),
        limits=RESEARCH_LIMITS,
    )
    settings, store, scale = SimulationSettings(fees=config.fees), RunStore(folder / "runs"), Scale()
    record = RunRecord(kind="paper", created_at_ns=1, code_version="bench", engine=recorded_engine(config))
    _, recorder = begin_session(store, record)
    speed = hours * 60 / minutes if minutes else None
    session = PaperSession(
        config,
        settings,
        BarVenue(config.instruments, settings),
        [source for at, each in enumerate(series) for source in recorded_sources(each, (), at, serve=False)],
        pacer=Pacer(SystemClock(), threading.Event(), speed, None),
        model=ReadModel(config.instruments, keep=KEPT_ROWS),
        recorder=recorder,
        keep_all=keep_all,
    )

    def watch(glance: Glance) -> None:
        scale.look(glance.ts_ns)

    done = session.run(watch)
    recorder.close(done.state, done.audit_digest, done.ended)
    return {**scale.values(), "orders": done.state.orders_made, "events": done.events}


# -- live data --------------------------------------------------------------------------------------------------------


class LiveMarket:
    """A venue whose market moves with a clock that is faster than ours: quotes and trades of every instrument."""

    is_real = False

    def __init__(self, clock: SessionClock, until_ns: int, scale: Scale) -> None:
        self.instruments = [product(number) for number in range(INSTRUMENTS)]
        self.identity = AccountIdentity(venue="bench", endpoint="memory", account="paper", mode="paper")
        self.market = self.account = self.orders = Quiet(self.instruments)
        self.over = asyncio.Event()
        self._clock, self._until_ns, self._scale = clock, until_ns, scale

    def know(self, instruments: Sequence[Instrument]) -> None:
        return None

    def spans_ns(self) -> frozenset[int]:
        return frozenset()

    def use_time(self, offset_ns: int) -> None:
        return None

    async def close(self) -> None:
        return None

    async def listen(self, instruments: Sequence[Instrument], *, books: frozenset[str], user: bool, take: Take) -> None:
        now_ns = self._clock.now_ns
        take([StreamState(kind=StreamKind.CONNECTED, ts_ns=now_ns())])
        levels = ((99_990, 10**6),), ((100_010, 10**6),)
        take([BookSnapshot(each.id, now_ns(), *levels) for each in instruments])
        rng, prices, next_ns, number = np.random.default_rng(1), np.full(len(instruments), 100_000), now_ns(), 0
        while next_ns < self._until_ns:
            prices = np.maximum(1_000, prices + rng.integers(-15, 16, len(instruments)))
            events: list[StreamEvent] = []
            for each, price in zip(instruments, prices.tolist(), strict=True):
                number += 1
                events.append(QuoteTick(each.id, next_ns, price - 5, 10**6, price + 5, 10**6))
                events.append(TradePrint(each.id, next_ns, Side.BUY, price + 5, 10_000, number))
            take(events)
            self._scale.look(next_ns)
            next_ns += STEP_NS
            while now_ns() < next_ns:
                await asyncio.sleep(max(0.001, STEP_NS / self._clock.speed / 4e9))  # type: ignore[attr-defined]
        self.over.set()
        await asyncio.Event().wait()


def faster(speed: float) -> type[SessionClock]:
    """Return the session's clock, that many times as fast."""

    class Faster(SessionClock):
        def __init__(self, not_before_ns: int = 0) -> None:
            zero_ns = time.monotonic_ns()
            monotonic_ns: Callable[[], int] = lambda: int((time.monotonic_ns() - zero_ns) * speed)  # noqa: E731
            super().__init__(not_before_ns, wall_ns=lambda: START_NS, monotonic_ns=monotonic_ns)

    Faster.speed = speed  # type: ignore[attr-defined]
    return Faster


def run_live(hours: float, minutes: float, folder: Path) -> dict[str, Any]:
    """Return the readings of a paper session on live data."""
    clocks: list[SessionClock] = []
    kind = faster(hours * 60 / minutes)

    def clock(not_before_ns: int = 0) -> SessionClock:
        return clocks[0]

    async def session() -> dict[str, Any]:
        clocks.append(kind())
        scale = Scale()
        side = LiveMarket(clocks[0], START_NS + int(hours * HOUR_NS), scale)
        names = [each.id for each in side.instruments]
        bot = {"id": "turner", "strategy": "bench.live_side:Turner", "parameters": {"every": 60}, "instruments": names}
        home = Home(folder)
        overrides = {
            "data": {"instruments": names, "interval": "1m"},
            "bots": [bot],
            "account": {"cash": "10000000"},
            "limits": {"instrument_share_max": "1", "exposure_share_max": "1"},
            "guards": {"errors_per_minute_max": 1_000_000},
        }
        building.SessionClock = clock  # type: ignore[misc, assignment]
        built = await build_paper(resolve(home, {}, profile="dev", overrides=overrides), home, side)  # type: ignore[arg-type]
        running = asyncio.create_task(built.session.run())
        await asyncio.wait({running, asyncio.create_task(side.over.wait())}, return_when="FIRST_COMPLETED")
        if running.done():
            running.result()
        built.session.stop.set()
        built.close(await running)
        state = built.session.engine.state
        return {**scale.values(), "orders": state.orders_made, "events": state.sequence, "fills": state.fills}

    values: dict[str, Any] = run_loop(session())
    return values


# -- figures ----------------------------------------------------------------------------------------------------------


def child(kind: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return what a session of this kind held, run in a process of its own."""
    command = [sys.executable, "-m", "bench.paper_memory", "--child", kind, "--hours", str(options.hours)]
    command += ["--minutes", str(options.minutes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])
    values: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return values


def measure(options: argparse.Namespace) -> Report:
    """Return the figures."""
    report = Report(benchmark="paper_memory", facts={"instruments": INSTRUMENTS})
    kinds = ("recorded", "live") if options.kind == "both" else (options.kind,)
    for kind in kinds:
        values = child(kind, options)
        report.add(f"{kind}_mb_per_h", values["mb_per_h"], "MB/h", floor=GOAL_MB_PER_H)
        report.add(f"{kind}_objects_per_h", values["blocks_per_h"], "1/h")
        report.add(f"{kind}_mb_after_warm_up", values["warm_mb"], "MB")
        report.add(f"{kind}_mb_at_the_end", values["end_mb"], "MB")
        report.add(f"{kind}_hours", values["hours"], "h")
        for name in ("orders", "events"):
            report.facts[f"{kind}_{name}"] = values[name]
    return report


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=10, help="simulated")
    parser.add_argument("--minutes", type=float, default=3, help="real ones that each session takes")
    parser.add_argument("--kind", choices=["recorded", "live", "both"], default="both")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", choices=["recorded", "kept", "live"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        with tempfile.TemporaryDirectory() as folder:
            if options.child == "live":
                values = run_live(options.hours, options.minutes, Path(folder))
            else:
                keep_all = options.child == "kept"
                values = run_recorded(options.hours, options.minutes, Path(folder), keep_all=keep_all)
        print(json.dumps(values))
    else:
        show(measure(options), as_json=options.json)


if __name__ == "__main__":
    main()
