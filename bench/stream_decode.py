"""What a frame of Coinbase's level2 channel costs: typed decoding, the book, the events, the whole session.

    python -m bench.stream_decode [--messages 20000] [--rounds 5] [--paced 5] [--json]

The frames are written from the seeded stream of the book benchmarks, seven or eight levels each, sizes with eight
digits. A book is updated in two ways: levels noted and read when somebody looks (what a session without level events
does between two looks), or every level told as an event. The reference is a loop of `json.loads` over the same bytes,
run in turn. Then fifty products at 5,000 messages a second, paced by the clock, and as fast as it goes.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice

import msgspec
import numpy as np

from bench.figures import Report, in_turn, median_ratio, peak_mb, show
from bench.stream import DEPTH, SNAPSHOT, make_stream
from tradewind.model.instrument import Instrument, define_instrument
from tradewind.venues.coinbase.market_events import ProductFeed
from tradewind.venues.coinbase.session import StreamSession
from tradewind.venues.coinbase.wire.stream import LevelFrame, decode_frame

GOAL_US = 3.0
RATE, BURST, PRODUCTS = 5_000, 20_000, 50
EVENT_TIME = "2026-09-07T01:57:58.894355Z"
NOW = 1_700_000_000_000_000_000
Frames = list[bytes]


def product(number: int) -> Instrument:
    return define_instrument(f"P{number:02}-USD", price_increment="0.01", base_increment="0.00000001")


def make_frames(count: int, name: str, *, seed: int = 7) -> tuple[bytes, Frames]:
    """Return the snapshot of a book, and `count` frames of seven or eight changes after it."""
    stream = make_stream(count * 10 + 200, seed)
    rng = np.random.default_rng(seed)
    rows = [
        {
            "side": "bid" if bid else "offer",
            "event_time": EVENT_TIME,
            "price_level": f"{price // 100}.{price % 100:02}",
            "new_quantity": quantity(size, spare),
        }
        for kind, bid, price, size, spare in zip(
            stream.kind.tolist(), stream.bid.tolist(), stream.price.tolist(), stream.size.tolist(),
            rng.integers(0, 10**5, len(stream)).tolist(), strict=True,
        )
        if kind in (DEPTH, SNAPSHOT)
    ]  # fmt: skip
    changes = iter(rows[100:])
    frames = [list(islice(changes, int(length))) for length in rng.integers(7, 9, count)]
    return frame(name, "snapshot", rows[:100], 0), [
        frame(name, "update", changed, number) for number, changed in enumerate(frames, 1)
    ]


def quantity(thousandths: int, spare: int) -> str:
    """Return a size as the venue writes one; 0 stays 0."""
    if not thousandths:
        return "0"
    units = thousandths * 10**5 + spare
    return f"{units // 10**8}.{units % 10**8:08}".rstrip("0").rstrip(".")


def frame(name: str, kind: str, rows: Sequence[object], number: int) -> bytes:
    event = {"type": kind, "product_id": name, "updates": rows}
    return msgspec.json.encode(
        {"channel": "l2_data", "client_id": "", "timestamp": EVENT_TIME, "sequence_num": number, "events": [event]}
    )


def feed_of(snapshot: bytes) -> ProductFeed:
    """Return a feed that has its snapshot."""
    feed = ProductFeed(product(0))
    first = decode_frame(snapshot)
    assert isinstance(first, LevelFrame)
    feed.snapshot(first.events[0].updates, 0, NOW)
    return feed


def noted(feed: ProductFeed, raw: bytes) -> None:
    found = decode_frame(raw)
    assert isinstance(found, LevelFrame)
    for event in found.events:
        feed.note(event, found.sequence_num, NOW)


def looked(feed: ProductFeed, raw: bytes) -> None:
    noted(feed, raw)
    feed.settle()
    if feed.book.best_bid is None or feed.book.is_crossed:
        raise AssertionError("the book of the benchmark is none")


def told(feed: ProductFeed, raw: bytes) -> None:
    found = decode_frame(raw)
    assert isinstance(found, LevelFrame)
    for event in found.events:
        feed.updates(event.updates, found.sequence_num, NOW)


def session_of(snapshots: Sequence[bytes], *, tell_levels: bool) -> StreamSession:
    """Return a session whose books are believed; frames are numbered from 0 on."""
    instruments = [product(number) for number in range(len(snapshots))]
    plan = {"level2": [each.id for each in instruments]}
    session = StreamSession(plan, instruments, tell_levels=tell_levels)
    session.on_connected(NOW)
    for number, raw in enumerate(snapshots):
        session.on_frame(renumbered(raw, number), NOW)
    return session


def renumbered(raw: bytes, number: int) -> bytes:
    return raw.replace(raw[raw.index(b'"sequence_num":') : raw.index(b',"events"')], b'"sequence_num":%d' % number)


def p50_us(work: Callable[[bytes], object], frames: Frames) -> float:
    """Return the median time of one frame in microseconds, less what looking at the clock takes."""
    clock = time.perf_counter_ns
    bare = statistics.median(-(clock() - clock()) for _ in range(10_000))
    times = []
    for raw in frames:
        started = clock()
        work(raw)
        times.append(clock() - started)
    return (statistics.median(times) - bare) / 1e3


def measure(report: Report, snapshot: bytes, frames: Frames, rounds: int) -> None:
    """Add the time per message of every stage, and its ratio to `json.loads`. Every round has a book of its own."""
    stages: dict[str, Callable[[ProductFeed, bytes], object]] = {
        "decode": lambda _, raw: decode_frame(raw),
        "decode_and_book": noted,
        "decode_and_book_read_each_time": looked,
        "decode_and_book_and_events": told,
    }
    for name, stage in stages.items():
        goal = {"goal": GOAL_US} if name == "decode_and_book" else {}
        best = min(p50_us(partial(stage, feed_of(snapshot)), frames) for _ in range(rounds))
        report.add(f"{name}_p50_us", best, "us", **goal)
    loops = [partial(run_all, stage, snapshot, frames) for stage in stages.values()]
    reference, *taken = in_turn(rounds, partial(load_all, frames), *loops)
    report.add("json_loads_us", min(reference) / len(frames) * 1e6, "us")
    for name, times in zip(stages, taken, strict=True):
        report.add(f"{name}_by_json_loads", median_ratio(times, reference), "x")


def load_all(frames: Frames) -> None:
    for raw in frames:
        json.loads(raw)


def run_all(stage: Callable[[ProductFeed, bytes], object], snapshot: bytes, frames: Frames) -> None:
    feed = feed_of(snapshot)
    for raw in frames:
        stage(feed, raw)


def many_products(count: int) -> tuple[list[bytes], Frames]:
    """Return the snapshots of fifty books, and frames of all of them in turn with the numbers of one connection."""
    made = [make_frames(count // PRODUCTS + 1, product(number).id, seed=number) for number in range(PRODUCTS)]
    mixed = [made[number % PRODUCTS][1][number // PRODUCTS] for number in range(count)]
    return [snapshot for snapshot, _ in made], [renumbered(raw, PRODUCTS + at) for at, raw in enumerate(mixed)]


def sustain(report: Report, paced_s: float) -> None:
    """Add how a session of fifty products keeps up at the rate, and how fast it can go."""
    snapshots, frames = many_products(max(int(RATE * paced_s), BURST))
    for tell_levels, name in ((False, "quotes"), (True, "levels")):
        session = session_of(snapshots, tell_levels=tell_levels)
        started = time.perf_counter()
        for number, raw in enumerate(frames):
            session.on_frame(raw, NOW)
            if not tell_levels and number % 8 == 7:
                session.settle(NOW)
        taken = time.perf_counter() - started
        if session.gaps or session.unreadable_count:
            raise AssertionError("the benchmark's session lost something")
        report.add(f"session_{name}_messages_per_s", len(frames) / taken, "1/s", goal=BURST, higher=True)
    session = session_of(snapshots, tell_levels=True)
    before, lateness = peak_mb(), []
    started = time.perf_counter()
    for number, raw in enumerate(frames[: int(RATE * paced_s)]):
        due = started + number / RATE
        while (now := time.perf_counter()) < due:
            time.sleep(max(0.0, due - now - 0.0002))
        session.on_frame(raw, NOW)
        lateness.append(time.perf_counter() - due)
    lateness.sort()
    report.add("paced_late_p50_us", statistics.median(lateness) * 1e6, "us")
    report.add("paced_late_p99_us", lateness[len(lateness) * 99 // 100] * 1e6, "us")
    report.add("paced_memory_growth_mb", peak_mb() - before, "MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--paced", type=float, default=5.0, help="seconds of paced traffic; 0 leaves that part out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = Report(benchmark="stream_decode")
    snapshot, frames = make_frames(options.messages, product(0).id)
    report.facts["bytes_per_message"] = sum(map(len, frames)) // len(frames)
    measure(report, snapshot, frames, options.rounds)
    if options.paced:
        sustain(report, options.paced)
    show(report, as_json=options.json)


if __name__ == "__main__":
    main()
