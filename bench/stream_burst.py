"""Fifty products at 5,000 messages a second and at 20,000: does every decision see what has arrived, in bounded memory?

    python -m bench.stream_burst [--sustained 10] [--burst 10] [--json]

Frames of level2 go through the session of the stream, its books, and an engine with a strategy that is asked at every
new quote; between two looks as many frames are taken as are due. The age of a decision is the time since the newest
frame in it was due; above 50 ms it is stale. Frames are read from a file as they are sent, so that memory is the
session's.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import msgspec

from bench.figures import Report, show
from bench.stream_decode import PRODUCTS, Frames, make_frames, product, renumbered, session_of
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.driver import Driver
from tradewind.engine.state import EngineState
from tradewind.model.market_events import BookSnapshot, LevelUpdate, QuoteTick
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import NoMemory, Strategy, View

SUSTAINED, BURST = 5_000, 20_000
STALE_MS = 50.0
FRAMES_EACH = 200  # of one product; the file repeats them, each round begun with the book's snapshot
GATHER_S = 0.001


class Asked(msgspec.Struct):
    """What a strategy was asked since somebody looked."""

    products: list[str] = []


ASKED = Asked()


class Listener(Strategy, frozen=True, kw_only=True):
    """Wants nothing, and notes for whom it was asked."""

    def memory(self) -> NoMemory:
        return NoMemory()

    def on_quote(self, view: View, quote: QuoteTick) -> None:
        ASKED.products.append(quote.instrument)


def write_frames(path: Path) -> tuple[list[bytes], int]:
    """Write rounds of frames of all products in turn; return the snapshots, and how many frames a round has."""
    made = [make_frames(FRAMES_EACH, product(number).id, seed=number) for number in range(PRODUCTS)]
    frames: Frames = [snapshot for snapshot, _ in made]
    frames += [changes[at] for at in range(FRAMES_EACH) for _, changes in made]
    with path.open("wb") as file:
        for frame in frames:
            file.write(b"%d\n%b" % (len(frame), frame))
    return [snapshot for snapshot, _ in made], len(frames)


def read_frames(file: BinaryIO, first: int) -> Iterator[bytes]:
    """Yield the file's frames for ever, numbered from `first` on."""
    number = first
    while True:
        head = file.readline()
        if not head:
            file.seek(0)
            continue
        yield renumbered(file.read(int(head)), number)
        number += 1


def engine() -> Driver:
    instruments = tuple(product(number) for number in range(PRODUCTS))
    bot = BotSpec(id="listener", strategy=Listener(), instruments=tuple(each.id for each in instruments))
    config = EngineConfig(session="bench", instruments=instruments, bots=(bot,), cash=Decimal(1_000_000))
    return Driver(EngineState(config), BookVenue(instruments, SimulationSettings(fees=config.fees)))


def pace(report: Report, name: str, path: Path, snapshots: list[bytes], rate: int, seconds: float) -> None:
    """Add how late decisions are at a rate, how many are stale, and how memory grows."""
    session, driver = session_of(snapshots, tell_levels=False), engine()
    total, taken, ages = int(rate * seconds), 0, list[float]()
    last_due: dict[str, float] = {}
    names = [product(number).id for number in range(PRODUCTS)]
    with path.open("rb") as file:
        frames = read_frames(file, PRODUCTS)
        begun_mb = 0.0
        started = time.perf_counter()
        while taken < total:
            due = min(total, int((time.perf_counter() - started) * rate))
            if taken == due:
                time.sleep(GATHER_S / 4)
                continue
            now_ns = time.time_ns()
            for number in range(taken, due):
                step = session.on_frame(next(frames), now_ns)
                last_due[names[number % PRODUCTS]] = started + number / rate
                driver.feed(each for each in step.events if isinstance(each, BookSnapshot | LevelUpdate | QuoteTick))
            taken = due
            driver.feed(each for each in session.settle(now_ns) if isinstance(each, QuoteTick))
            now = time.perf_counter()
            ages += [now - last_due[each] for each in ASKED.products]
            ASKED.products.clear()
            driver.state.audit.clear()
            if not begun_mb and now - started > seconds / 4:
                begun_mb = resident_mb()
        grown = resident_mb() - begun_mb
    if session.gaps or session.unreadable_count:
        raise SystemExit("the benchmark's session lost something")
    ages.sort()
    report.add(f"{name}_messages_per_s", total / (time.perf_counter() - started), "1/s", goal=rate * 0.99, higher=True)
    report.add(f"{name}_decisions_per_s", len(ages) / seconds, "1/s")
    report.add(f"{name}_age_p50_us", statistics.median(ages) * 1e6, "us")
    report.add(f"{name}_age_p99_us", ages[len(ages) * 99 // 100] * 1e6, "us")
    report.add(f"{name}_age_max_ms", ages[-1] * 1e3, "ms")
    report.add(f"{name}_stale_decisions", sum(age * 1e3 > STALE_MS for age in ages), "", goal=0)
    report.add(f"{name}_memory_growth_mb", grown - len(ages) * 8 / 2**20, "MB", goal=5)


def resident_mb() -> float:
    """Return what this process holds in memory now."""
    fields = Path("/proc/self/statm").read_text("ascii").split()
    return int(fields[1]) * 4096 / 2**20


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sustained", type=float, default=10, help="seconds at 5,000 a second")
    parser.add_argument("--burst", type=float, default=10, help="seconds at 20,000 a second")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = Report(benchmark="stream_burst", facts={"products": PRODUCTS})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames"
        snapshots, _ = write_frames(path)
        for name, rate, seconds in (("sustained", SUSTAINED, options.sustained), ("burst", BURST, options.burst)):
            if seconds:
                pace(report, name, path, snapshots, rate, seconds)
    show(report, as_json=options.json)


if __name__ == "__main__":
    main()
