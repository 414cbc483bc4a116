"""From the bytes of a frame to the bytes of an order request, in a live session with everything on.

    python -m bench.live_path [--rate 2000] [--seconds 20] [--products 10] [--folder DIR] [--json]

The session is the one that trades: its stream, books, engine, strategy, risk review, journal on this disk, outbox,
protection, the last gate, order truth, and the desk that signs and encodes. The socket and the venue are replaced at
the level of bytes (`bench.live_feed`): frames arrive at the rate, orders fill. A frame's time begins when it is due, so
that waiting for its turn counts; it ends when the order request's headers and body are ready to be written. Each order
is put down to the frame that decided it. `without_disk` leaves out the wait for the durable intent, between the
outbox's commit and its release; `signing` is the token (ES256), shown apart, and alone in a loop as the reference.
While the disk writes, the request is made ready, token and all: `made_ready` is what that takes of the thread's time,
and is on no order's way unless the disk was quicker.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench.figures import Report, show
from bench.live_feed import Feed, RecordedStream, metronome
from bench.live_side import DECISIONS, Quiet
from bench.stream_decode import product
from tradewind.app.config import Resolved, resolve
from tradewind.app.home import Home
from tradewind.app.live.building import build
from tradewind.app.live.coinbase import BracketOrders, CoinbaseSide
from tradewind.app.live.gateway import Gateway
from tradewind.app.live.inbound import Inbound
from tradewind.app.live.lease import AccountIdentity
from tradewind.app.live.outbox import Leaving, Outbox
from tradewind.app.live.status import status
from tradewind.app.venue_access import Access
from tradewind.cli.living import run_loop
from tradewind.model.effects import SubmitOrder
from tradewind.model.instrument import Instrument
from tradewind.model.orders import OrderRequest
from tradewind.venues.coinbase.addresses import Address
from tradewind.venues.coinbase.client import Client
from tradewind.venues.coinbase.keys import ApiKey, make_key
from tradewind.venues.coinbase.market_desk import CoinbaseMarket
from tradewind.venues.coinbase.requests import Request
from tradewind.venues.coinbase.session import Step, StreamSession
from tradewind.venues.coinbase.signing import Signer

GOAL_P50_US, GOAL_P99_US, GOAL_DURABLE_P99_MS = 60.0, 250.0, 5.0
WARM_S = 3.0
STAGES = (
    ("waiting for its turn", "sent", "read"),
    ("decode, book of the stream", "read", "decoded"),
    ("hand over to the session", "decoded", "taken"),
    ("books of the engine, strategy", "taken", "decided"),
    ("sizing, risk, order, rest of frame", "decided", "boxed"),
    ("commit to the journal", "boxed", "committed"),
    ("wait for the disk", "committed", "durable"),
    ("protection, gate, truth, form", "durable", "formed"),
    ("sign", "formed", "signed"),
    ("encode", "signed", "encoded"),
)
Moment = tuple[int, int]  # of the clock, and of this thread's own time on a processor
Marks = dict[str, Moment]
NOWHERE = Address("http://127.0.0.1:1", "ws://127.0.0.1:1")
clock = time.perf_counter_ns


def moment() -> Moment:
    return time.perf_counter_ns(), time.thread_time_ns()


class Watch:
    """The moments of frames by number, and of orders by name."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.frames: dict[int, Marks] = {}
        self.orders: dict[str, Marks] = {}
        self.taken: Moment = (0, 0)
        self.begins = 0

    def whole(self) -> list[Marks]:
        """Return the moments of every order after the warm-up that has all of them."""
        names = {name for _, *both in STAGES for name in both}
        return [each for each in self.orders.values() if names <= each.keys() and each["sent"][0] >= self.begins]


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Note the moments while the block runs: five notes a frame or an order, some tenths of a microsecond each."""
    originals: list[tuple[type, str, Any]] = []

    def put(owner: type, name: str, make: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        originals.append((owner, name, original))
        setattr(owner, name, make(original))

    put(StreamSession, "on_frame", lambda original: _on_frame(watch, original))
    put(Inbound, "take", lambda original: _taking(watch, original))
    put(Outbox, "submit", lambda original: _boxing(watch, original))
    put(Outbox, "release", lambda original: _releasing(watch, original))
    put(Gateway, "prepare", lambda original: _preparing(watch, original))
    put(Gateway, "send", lambda original: _sending(watch, original))
    put(Client, "_exchange", lambda original: _exchanging(watch, original))
    try:
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def _on_frame(watch: Watch, original: Callable[..., Step]) -> Callable[..., Step]:
    def on_frame(self: StreamSession, raw: bytes | str, now_ns: int) -> Step:
        read = moment()
        step = original(self, raw, now_ns)
        watch.frames[self._sequence] = {"read": read, "decoded": moment()}
        return step

    return on_frame


def _taking(watch: Watch, original: Callable[..., None]) -> Callable[..., None]:
    def take(self: Inbound, events: Sequence[Any]) -> None:
        watch.taken = moment()
        original(self, events)

    return take


def _boxing(watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Outbox, request: OrderRequest, ts_ns: int) -> Any:
        number, decided = DECISIONS[-1]
        marks = watch.orders[request.order_id] = {"decided": decided, "taken": watch.taken}
        marks |= watch.frames[number]
        marks["sent"] = watch.feed.due_ns[number], marks["read"][1]
        return original(self, request, ts_ns)

    return submit


def _releasing(watch: Watch, original: Callable[[Outbox], None]) -> Callable[[Outbox], None]:
    def release(self: Outbox) -> None:
        box = list(self._box)
        if not box:
            return
        boxed = moment()
        original(self)
        committed = moment()
        for name in _names(box):
            watch.orders[name] |= {"boxed": boxed, "committed": committed}

    return release


def _preparing(watch: Watch, original: Callable[..., None]) -> Callable[..., None]:
    def prepare(self: Gateway, box: Sequence[Leaving]) -> None:
        began = moment()
        original(self, box)
        ended = moment()
        for name in _names(box):
            watch.orders[name] |= {"preparing": began, "prepared": ended}

    return prepare


def _sending(watch: Watch, original: Callable[..., None]) -> Callable[..., None]:
    def send(self: Gateway, box: Sequence[Leaving]) -> None:
        durable = moment()
        for name in _names(box):
            watch.orders[name]["durable"] = durable
        original(self, box)

    return send


def _exchanging(watch: Watch, original: Callable[..., Any]) -> Callable[..., Any]:
    """Note when a request's bytes are ready, and have it answered here."""

    async def exchange(self: Client, request: Request, *_: object) -> Any:
        if request.path.endswith("/orders") and request.body is not None:
            marks = watch.orders[request.body["client_order_id"]]
            marks["formed"] = moment()
            headers = self._headers(request)
            marks["signed"] = moment()
            payload = request.payload
            marks["encoded"] = moment()
            assert payload
            assert headers
        return await watch.feed.answer(request)

    return exchange


def _names(box: Sequence[Leaving]) -> list[str]:
    return [each.request.order_id for each in box if isinstance(each, SubmitOrder)]


class BenchSide(CoinbaseSide):
    """Coinbase as ever, but for the socket, and for questions of market and account, which are answered here."""

    def __init__(self, access: Access, instruments: Sequence[Instrument], feed: Feed) -> None:
        desk = access.desk()
        super().__init__(access, desk, AccountIdentity(venue="bench", endpoint="memory", account="bench"))
        self.quiet = Quiet(instruments)
        self.orders = BracketOrders(desk.client, CoinbaseMarket(desk.client, instruments), desk.account)
        self.feed = feed

    @property
    def market(self) -> Any:
        return self.quiet

    @property
    def account(self) -> Any:
        return self.quiet

    def spans_ns(self) -> frozenset[int]:
        return frozenset()

    def _stream(self, session: StreamSession, names: tuple[str, ...]) -> RecordedStream:
        stream = RecordedStream("", session, token=self._token)
        stream.feed = self.feed
        return stream


def new_key() -> ApiKey:
    private = generate_private_key(SECP256R1())
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    return make_key("organizations/bench/apiKeys/bench", secret, "the benchmark")


def signing_us(key: ApiKey, count: int = 2_000) -> list[float]:
    """Return the microseconds of making one token, `count` times, with nothing else going on."""
    signer, taken = Signer(key), []
    for number in range(count):
        started = clock()
        signer.rest_token("POST", "127.0.0.1", "/api/v3/brokerage/orders", 1_700_000_000 + number, f"{number:032x}")
        taken.append((clock() - started) / 1e3)
    return taken


def settings(home: Home, names: Sequence[str], every: int) -> Resolved:
    bot = {"id": "taker", "strategy": "bench.live_side:Taker", "parameters": {"every": every}, "instruments": names}
    overrides = {
        "data": {"instruments": names, "interval": "1m"},
        "bots": [bot],
        "limits": {"instrument_share_max": "1", "slippage_bps_max": "off"},
        "guards": {"errors_per_minute_max": 1_000_000},
    }
    return resolve(home, {}, profile="dev", overrides=overrides)


async def session(folder: Path, key: ApiKey, options: argparse.Namespace, watch: Watch) -> None:
    """Run a session for the time asked for."""
    instruments = [product(number) for number in range(options.products)]
    side = BenchSide(Access(NOWHERE, key), instruments, watch.feed)
    home = Home(folder / "home")
    with watched(watch):
        built = await build(settings(home, watch.feed.names, options.every), home, side)
        running = asyncio.create_task(built.session.run())
        await asyncio.wait({running, asyncio.create_task(built.session.ready.wait())}, return_when="FIRST_COMPLETED")
        await asyncio.sleep(WARM_S)
        watch.begins = clock()
        await asyncio.sleep(options.seconds)
        if running.done():
            running.result()
        told = status(built.session)
        built.session.stop.set()
        built.close(await running)
    await side.close()
    if not watch.whole():
        raise SystemExit(f"the session has sent nothing: {told}")


def measure(options: argparse.Namespace) -> Report:
    """Return the figures."""
    key = new_key()
    alone = signing_us(key)
    with metronome(options.rate) as beats, tempfile.TemporaryDirectory(dir=options.folder) as place:
        watch = Watch(Feed(options.products, options.rate, options.seconds + 2 * WARM_S, beats))
        run_loop(session(Path(place), key, options, watch))
    return reported(watch.whole(), alone, options)


def reported(orders: Sequence[Marks], alone: Sequence[float], options: argparse.Namespace) -> Report:
    def spans(first: str, last: str, *, cpu: bool = False) -> list[float]:
        return [(marks[last][cpu] - marks[first][cpu]) / 1e3 for marks in orders]

    def own(first: str, last: str) -> float:
        return statistics.median(spans(first, last, cpu=True))

    signing, disk = spans("formed", "signed"), spans("committed", "durable")
    whole = spans("sent", "encoded")
    without_disk = [a - b for a, b in zip(whole, disk, strict=True)]
    pure = [a - b for a, b in zip(without_disk, signing, strict=True)]
    report = Report(benchmark="live_path", facts={"rate": int(options.rate), "products": options.products})
    p99 = percentile(whole, 99) / 1e3
    report.add("without_disk_p50_us", statistics.median(without_disk), "us")
    report.add("without_disk_and_signing_p50_us", statistics.median(pure), "us", goal=GOAL_P50_US)
    report.add("without_disk_p99_us", percentile(without_disk, 99), "us", goal=GOAL_P99_US)
    report.add("durable_p50_ms", statistics.median(whole) / 1e3, "ms")
    report.add("durable_p99_ms", p99, "ms", goal=GOAL_DURABLE_P99_MS)
    report.add("signing_p50_us", statistics.median(signing), "us")
    report.add("signing_alone_p50_us", statistics.median(alone), "us")
    report.add("path_by_signing", statistics.median(pure) / statistics.median(alone), "x")
    busy = own("read", "committed") + own("durable", "formed") + own("signed", "encoded")
    report.add("cpu_without_signing_p50_us", busy, "us")
    report.add("cpu_made_ready_p50_us", own("preparing", "prepared"), "us")
    report.add("orders", len(orders), "", higher=True)
    report.notes.append(f"\n{'stage':40}{'cpu p50 us':>12}{'p10 us':>10}{'p50 us':>10}{'p99 us':>10}")
    for name, first, last in STAGES:
        taken = spans(first, last)
        report.notes.append(f"{name:40}{own(first, last):12.1f}{columns(taken)}")
    return report


def columns(taken: Sequence[float]) -> str:
    return "".join(f"{percentile(taken, share):10.1f}" for share in (10, 50, 99))


def percentile(values: Sequence[float], share: int) -> float:
    return sorted(values)[len(values) * share // 100]


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=2_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--products", type=int, default=10)
    parser.add_argument("--every", type=int, default=1_000, help="changes of a book between two orders")
    parser.add_argument("--folder", help="where the journal is written: the disk that is measured")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    show(measure(options), as_json=options.json)


if __name__ == "__main__":
    main()
