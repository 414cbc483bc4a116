"""Mutated recordings and random bytes never raise, and never become an event that no market could tell."""

import gzip
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import shared_folder
from tradewind.market.book import BookState
from tradewind.model.errors import ProtocolError
from tradewind.model.instrument import define_instrument
from tradewind.model.market_events import Bar, BookSnapshot, LevelUpdate, QuoteTick, TradePrint
from tradewind.model.orders import Side
from tradewind.venues.coinbase.decoding import decode_payload
from tradewind.venues.coinbase.session import StreamSession
from tradewind.venues.coinbase.units import units
from tradewind.venues.coinbase.wire.stream import decode_frame
from tradewind.venues.coinbase.wire.values import Timestamp, parse
from tradewind.venues.ports import OrderSeen, StreamEvent, StreamState

NOW = 1_700_000_000_000_000_000
PLAN = dict.fromkeys(("level2", "market_trades", "ticker", "ticker_batch", "candles"), ("BTC-USD", "BTC-PERP-INTX"))
INSTRUMENTS = [
    define_instrument("BTC-USD", price_increment="0.01", base_increment="0.00000001"),
    define_instrument("BTC-PERP-INTX", price_increment="0.1", base_increment="0.0001"),
]
NASTY = [
    "",
    "NaN",
    "-1",
    "0",
    "1e999",
    "Infinity",
    "1_0",
    " 1",
    "٣",
    "9" * 40,
    "0." + "0" * 50 + "1",
    None,
    [],
    {},
    True,
    1.5,
    -3,
]
ROW = {"side": "bid", "event_time": "1970-01-01T00:00:00Z", "price_level": "21921.74", "new_quantity": "0.06317902"}
TRADE = {"trade_id": "99", "product_id": "BTC-USD", "price": "68900.50", "size": "0.0015", "side": "BUY", "time": ""}
CANDLE = {
    "start": "1775521800",
    "high": "3",
    "low": "1",
    "open": "2",
    "close": "2",
    "volume": "4",
    "product_id": "BTC-USD",
}
ORDER = {"order_id": "a", "status": "OPEN", "product_id": "BTC-USD", "order_side": "BUY", "leaves_quantity": "1"}
WRITTEN = [
    {"channel": channel, "sequence_num": 0, "events": [{"type": kind, **event}]}
    for kind in ("snapshot", "update")
    for channel, event in (
        ("l2_data", {"product_id": "BTC-USD", "updates": [ROW]}),
        ("market_trades", {"trades": [TRADE]}),
        ("candles", {"candles": [CANDLE]}),
        ("user", {"orders": [ORDER], "positions": {}}),
    )
]


@cache
def recordings() -> list[bytes]:
    """Every recorded payload of REST and stream, and a few written ones so that there is always something."""
    found = [msgspec.json.encode(each) for each in WRITTEN]
    folder = shared_folder() / "fixtures" / "coinbase" / "advanced_trade"
    for path in sorted(folder.rglob("*.json*")) if folder.is_dir() else []:
        raw = path.read_bytes() if path.suffix != ".gz" else gzip.decompress(path.read_bytes())
        if path.suffix == ".json":
            values = msgspec.json.decode(raw)
            items = [each["payload"] for each in values] if isinstance(values, list) else [values]
            found += [msgspec.json.encode(each) for each in items if isinstance(each, dict | list)]
        else:
            found += raw.splitlines()
    return found


def places(values: Any) -> list[tuple[Any, Any]]:
    """Every container of a payload with one of its keys."""
    found: list[tuple[Any, Any]] = []
    for key, value in values.items() if isinstance(values, dict) else enumerate(values):
        found.append((values, key))
        if isinstance(value, dict | list):
            found += places(value)
    return found


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A recording with bytes flipped, cut off, or with values replaced by what no venue should write."""
    raw = draw(st.sampled_from(recordings()))
    how = draw(st.sampled_from(["values", "values", "bytes", "cut", "random"]))
    if how == "random":
        return draw(st.binary(max_size=200))
    if how == "cut":
        return raw[: draw(st.integers(0, len(raw)))]
    if how == "bytes":
        broken = bytearray(raw)
        for _ in range(draw(st.integers(1, 5))):
            broken[draw(st.integers(0, len(broken) - 1))] = draw(st.integers(0, 255))
        return bytes(broken)
    values = msgspec.json.decode(raw)
    for _ in range(draw(st.integers(1, 3))):
        choices = places(values)
        if not choices:
            break
        container, key = draw(st.sampled_from(choices))
        if draw(st.booleans()) or isinstance(container, list):
            container[key] = draw(st.sampled_from(NASTY))
        else:
            del container[key]
    return msgspec.json.encode(values)


@given(mutated())
def test_decoding_reads_or_refuses_in_our_words(raw: bytes) -> None:
    with suppress(ProtocolError):
        decode_frame(raw)
    with suppress(ProtocolError):
        decode_payload(parse(raw))


@given(st.lists(mutated(), min_size=1, max_size=8), st.booleans())
def test_a_session_survives_everything_and_tells_only_what_a_market_can(frames: list[bytes], tell_levels: bool) -> None:
    session = StreamSession({**PLAN, "user": ()}, INSTRUMENTS, tell_levels=tell_levels)
    session.on_connected(NOW)
    events: list[StreamEvent] = []
    for number, raw in enumerate(frames):
        events += session.on_frame(raw, NOW + number).events
        events += session.settle(NOW + number)
        events += session.on_time(NOW + number).events
    for event in events:
        assert is_possible(event), event
    assert len(session.unreadable) <= session.unreadable_count
    for feed in session.feeds.by_product.values():
        best = feed.book.quote()
        assert best is None or (best.bid > 0 and best.bid_size > 0 and best.ask > 0 and best.ask_size > 0)


def is_possible(event: StreamEvent) -> bool:
    """Whether a market could have told the event."""
    if isinstance(event, BookSnapshot):
        return all(price > 0 and size > 0 for price, size in (*event.bids, *event.asks))
    if isinstance(event, LevelUpdate):
        return event.price > 0 and event.size >= 0
    if isinstance(event, TradePrint):
        return event.price > 0 and event.quantity >= 0 and event.trade_id >= 0
    if isinstance(event, QuoteTick):
        return 0 < event.bid < event.ask and event.bid_size >= 0 and event.ask_size >= 0
    if isinstance(event, Bar):
        return 0 < event.low <= min(event.open, event.close) <= max(event.open, event.close) <= event.high
    if isinstance(event, OrderSeen):
        return event.order.filled >= 0 and event.order.filled.is_finite()
    return isinstance(event, StreamState)


LEVELS = st.lists(
    st.tuples(st.sampled_from(["bid", "offer"]), st.integers(1, 12), st.integers(0, 3)), min_size=1, max_size=4
)


@given(st.lists(st.tuples(LEVELS, st.sampled_from(["sent", "sent", "sent", "lost", "twice", "late"])), max_size=30))
def test_a_believed_book_is_the_venues(changes: list[tuple[list[tuple[str, int, int]], str]]) -> None:
    """Frames are lost, doubled and reordered: a book that is believed equals the venue's at its number."""
    session = StreamSession({"level2": ("BTC-USD",)}, INSTRUMENTS[:1])
    session.on_connected(NOW)
    truth: dict[tuple[str, int], int] = {}
    sequence, held = 0, b""

    def frame(kind: str, rows: list[tuple[str, int, int]]) -> bytes:
        nonlocal sequence
        updates = [{"side": side, "price_level": str(price), "new_quantity": str(size)} for side, price, size in rows]
        event = {"type": kind, "product_id": "BTC-USD", "updates": updates}
        sequence += 1
        return msgspec.json.encode({"channel": "l2_data", "sequence_num": sequence - 1, "events": [event]})

    def whole() -> bytes:
        return frame("snapshot", [(side, price, size) for (side, price), size in truth.items()])

    now = NOW
    session.on_frame(whole(), now)
    for rows, fate in changes:
        now += 6_000_000_000
        for side, price, size in rows:
            truth[side, price] = size
        sent = frame("update", rows)
        deliveries = {"sent": [sent], "lost": [], "twice": [sent, sent], "late": []}[fate]
        asked = False
        for raw in (*deliveries, *([held] if held and fate == "sent" else [])):
            asked |= any(send.subscribe for send in session.on_frame(raw, now).sends)
        held = sent if fate == "late" else b"" if fate == "sent" else held
        book = session.feeds.by_product["BTC-USD"].book
        if book.state is BookState.VALID and book.sequence == sequence - 1:
            shown = {("bid", price): size for price, size in book.depth(Side.BUY, 99)}
            shown |= {("offer", price): size for price, size in book.depth(Side.SELL, 99)}
            assert shown == {(side, price * 100): size * 10**8 for (side, price), size in truth.items() if size}
        if asked:
            session.on_frame(whole(), now)


@given(st.integers(0, 10**12), st.integers(0, 8))
def test_texts_and_units_agree(value: int, scale: int) -> None:
    text = f"{value / 10**scale:.{scale}f}" if value < 10**12 and scale == 0 else _text(value, scale)
    assert units(text, scale) == value


def _text(value: int, scale: int) -> str:
    digits = f"{value:0{scale + 1}}"
    return f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits


@given(st.integers(-(10**18), 4 * 10**18), st.integers(0, 9))
def test_times_are_written_as_they_were_read(ns: int, digits: int) -> None:
    rounded = ns - ns % 10 ** (9 - digits)
    text = Timestamp(rounded, digits).text
    assert (Timestamp.parse(text).ns, Timestamp.parse(text).text) == (rounded, text)


def test_there_are_recordings(shared: Path) -> None:
    assert shared.is_dir()
    assert len(recordings()) > 60
