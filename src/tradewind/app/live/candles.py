"""Closed candles of one instrument without hole or double: history joined to what the stream builds (SPEC O9).

A bucket that the stream has seen whole is built from its trades. One that it saw in part (the stream began, broke off
or lost messages in it) is asked of the venue when it has closed. What the venue cannot give either is a hole, and a
hole means no trading on the instrument until it is filled or the indicators are warm again.
"""

from collections.abc import Iterable, Sequence

import msgspec

from tradewind.market.aggregate import bucket_open
from tradewind.model.market_events import Bar, Gap, TradePrint

GRACE_NS = 500_000_000
PATIENCE_NS = 30_000_000_000


class Forming:
    """A bucket while trades of it arrive."""

    __slots__ = ("close", "first_id", "high", "last_id", "low", "open", "volume")

    def __init__(self, trade: TradePrint) -> None:
        self.open = self.high = self.low = self.close = trade.price
        self.volume = trade.quantity
        self.first_id = self.last_id = trade.trade_id

    def add(self, trade: TradePrint) -> None:
        price = trade.price
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.volume += trade.quantity
        self.last_id = max(self.last_id, trade.trade_id)


class Missing(msgspec.Struct, frozen=True):
    """Buckets to ask of the venue: those that open in [start_ns, end_ns)."""

    instrument: str
    span_ns: int
    start_ns: int
    end_ns: int


class CandleJoin:
    """The candles of one instrument. `joined_ns` is the end of the last bucket that was handed on.

    `askable` says whether the venue has candles of this span; without, a bucket seen in part is a hole at once.
    `volume_digits` is how many digits a candle's volume has more than a trade's quantity (fewer, when negative).
    """

    def __init__(
        self, instrument: str, span_ns: int, *, joined_ns: int, askable: bool = True, volume_digits: int = 0
    ) -> None:
        self.instrument = instrument
        self.span_ns = span_ns
        self.joined_ns = joined_ns
        self.askable = askable
        self.volume_digits = volume_digits
        self.holes = 0
        self.late = 0
        self.lost = 0
        self._forming: dict[int, Forming] = {}
        self._whole_from_ns: int | None = None  # the stream has been whole since then
        self._asked: dict[int, Bar] = {}  # what the venue gave, by opening time
        self._asked_until_ns = joined_ns  # up to where the venue's answer is complete
        self._refused_ns: int | None = None  # since when the venue has failed to give what was asked
        self._last_id = 0

    # -- what the stream says -----------------------------------------------------------------------------------------

    def stream_whole(self, ts_ns: int) -> None:
        """The stream is complete from now on."""
        if self._whole_from_ns is None:
            self._whole_from_ns = ts_ns

    def stream_broken(self) -> None:
        """The stream lost something, or may have: the present bucket cannot be built from it."""
        self._whole_from_ns = None

    def on_trade(self, trade: TradePrint) -> None:
        """Take a trade at its own time; one that the stream told before, or of a bucket handed on, is not taken."""
        last, self._last_id = self._last_id, max(self._last_id, trade.trade_id)
        if trade.trade_id and trade.trade_id <= last:
            return
        if last and trade.trade_id > last + 1 and self._whole_from_ns is not None:
            self._whole_from_ns = trade.ts_ns + 1  # numbers are missing: so are trades of this bucket, or of one before
            self.lost += 1
        open_ns = bucket_open(trade.ts_ns, self.span_ns)
        if open_ns < self.joined_ns:
            self.late += 1
            return
        forming = self._forming.get(open_ns)
        if forming is None:
            self._forming[open_ns] = Forming(trade)
        else:
            forming.add(trade)

    # -- what the venue gave ------------------------------------------------------------------------------------------

    def missing(self, now_ns: int) -> Missing | None:
        """Return the closed buckets that the stream cannot give and the venue has not been asked for, or None."""
        if not self.askable:
            return None
        end_ns = self._closed_until(now_ns)
        if self._whole_from_ns is not None:
            first_whole_ns = bucket_open(self._whole_from_ns + self.span_ns - 1, self.span_ns)
            end_ns = min(end_ns, first_whole_ns)
        start_ns = max(self.joined_ns, self._asked_until_ns)
        return Missing(self.instrument, self.span_ns, start_ns, end_ns) if start_ns < end_ns else None

    def on_history(self, asked: Missing, bars: Iterable[Bar], now_ns: int) -> None:
        """Take the venue's answer to `asked`; its last bucket counts when the venue shows it or has had time to."""
        shown = {bar.open_ns: bar for bar in bars if asked.start_ns <= bar.open_ns < asked.end_ns}
        self._asked.update(shown)
        last_open_ns = asked.end_ns - self.span_ns
        if last_open_ns in shown or now_ns - asked.end_ns > PATIENCE_NS:
            self._asked_until_ns = max(self._asked_until_ns, asked.end_ns)
        elif shown:
            self._asked_until_ns = max(self._asked_until_ns, max(shown) + self.span_ns)
        self._refused_ns = None

    def on_refusal(self, now_ns: int) -> None:
        """The venue could not be asked."""
        if self._refused_ns is None:
            self._refused_ns = now_ns

    # -- what comes of it ---------------------------------------------------------------------------------------------

    def ready(self, now_ns: int) -> list[Bar | Gap]:
        """Return the closed candles and gaps that follow without a hole, oldest first; each is returned once."""
        out: list[Bar | Gap] = []
        until_ns = self._closed_until(now_ns)
        while self.joined_ns < until_ns:
            source = self._bucket(self.joined_ns, now_ns)
            if source is None:
                break
            self._forming.pop(self.joined_ns, None)
            self._asked.pop(self.joined_ns, None)
            self.joined_ns += self.span_ns
            self._append(out, source)
        return out

    @property
    def is_waiting(self) -> bool:
        """Whether the venue owes candles: no decision should be made on what came before."""
        return self._refused_ns is not None

    def _bucket(self, open_ns: int, now_ns: int) -> Bar | Gap | None:
        """Return the bucket's bar, a gap, or None while it is not known."""
        end_ns = open_ns + self.span_ns
        if open_ns < self._asked_until_ns:
            bar = self._asked.get(open_ns)
            return bar if bar is not None else Gap(self.instrument, end_ns, 1, no_trade=True)
        if self._whole_from_ns is not None and self._whole_from_ns <= open_ns:
            forming = self._forming.get(open_ns)
            if forming is None:
                return Gap(self.instrument, end_ns, 1, no_trade=True)
            return Bar(
                self.instrument, end_ns, self.span_ns, forming.open, forming.high, forming.low, forming.close,
                self._volume(forming.volume),
            )  # fmt: skip
        if not self.askable or (self._refused_ns is not None and now_ns - self._refused_ns > PATIENCE_NS):
            self.holes += 1
            return Gap(self.instrument, end_ns, 1)
        return None

    def _volume(self, quantity: int) -> int:
        """Return a sum of quantities in the units of a candle's volume, rounded down where those are coarser."""
        digits = self.volume_digits
        return int(quantity * 10**digits) if digits >= 0 else quantity // 10**-digits

    def _closed_until(self, now_ns: int) -> int:
        return bucket_open(now_ns - GRACE_NS, self.span_ns)

    def _append(self, out: list[Bar | Gap], source: Bar | Gap) -> None:
        last = out[-1] if out else None
        if type(source) is Gap and type(last) is Gap and last.no_trade == source.no_trade:
            out[-1] = Gap(self.instrument, source.ts_ns, last.bars + 1, no_trade=source.no_trade)
        else:
            out.append(source)


def stamped(events: Sequence[Bar | Gap], now_ns: int) -> list[Bar | Gap]:
    """Return the candles with the time from which they may be known: a session learns of a close after it (I38)."""
    return [msgspec.structs.replace(event, ts_ns=max(event.ts_ns, now_ns)) for event in events]
