"""How alive each instrument's data are: age, message, error and gap rates, spread and volume over 1, 5 and 15 minutes.

A reading past a soft limit warns; past the hard limit, twice the soft one, the instrument takes no new risk (SPEC D7).
Nothing here reads a clock: each note and each question brings its time. A note costs one bucket's update.
"""

from enum import IntEnum

import msgspec

from tradewind.model.errors import ConfigError

SECOND_NS = 1_000_000_000
BUCKET_NS = 10 * SECOND_NS
WINDOWS_MIN = (1, 5, 15)
BUCKETS = WINDOWS_MIN[-1] * 60 * SECOND_NS // BUCKET_NS
HARD = 2  # a hard limit is so many soft ones


class ActivityLevel(IntEnum):
    """OK, a warning, or no new risk on the instrument."""

    OK = 0
    WARN = 1
    BLOCKED = 2


class ActivityLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Soft limits; the hard ones are twice as wide. None switches a limit off.

    Rates count over the last minute, gaps over the last five, the spread is the mean of the last minute.
    """

    age_max_ns: int | None = 30 * SECOND_NS
    errors_per_minute: int | None = 5
    gaps_per_five_minutes: int | None = 3
    spread_bps_max: float | None = 100.0
    messages_per_second: float | None = 5_000.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"activity.{name} must be above 0, was {value}: leave it out to switch it off")


class Window(msgspec.Struct, frozen=True):
    """What was seen in the last so many minutes; `spread_bps` is None without a quote, volume in quantity units."""

    minutes: int
    messages: int
    errors: int
    gaps: int
    spread_bps: float | None
    volume: int


class Activity(msgspec.Struct, frozen=True):
    """One instrument's reading; `age_ns` is None before its first message. Windows are of 1, 5 and 15 minutes."""

    instrument: str
    ts_ns: int
    level: ActivityLevel
    reasons: tuple[str, ...]
    age_ns: int | None
    messages_per_second: float
    windows: tuple[Window, ...]


class _Bucket:
    __slots__ = ("errors", "gaps", "messages", "number", "quotes", "spread_bps", "volume")

    def __init__(self) -> None:
        self.clear(-1)

    def clear(self, number: int) -> None:
        self.number = number
        self.messages = self.errors = self.gaps = self.quotes = self.volume = 0
        self.spread_bps = 0.0


class ActivityMonitor:
    """Counts what arrives for each instrument, and says how things stand."""

    def __init__(self, instruments: tuple[str, ...], limits: ActivityLimits | None = None) -> None:
        self._limits = limits or ActivityLimits()
        self._rings = {name: [_Bucket() for _ in range(BUCKETS)] for name in sorted(instruments)}
        self._last_ns: dict[str, int] = {}
        self._since_ns: int | None = None

    def note_message(self, instrument: str, ts_ns: int) -> None:
        """A message about the instrument was received and read."""
        self._bucket(instrument, ts_ns).messages += 1
        if ts_ns > self._last_ns.get(instrument, ts_ns - 1):
            self._last_ns[instrument] = ts_ns

    def note_error(self, instrument: str, ts_ns: int) -> None:
        """A message could not be read, or a request about the instrument failed; it does not make data younger."""
        self._bucket(instrument, ts_ns).errors += 1

    def note_gap(self, instrument: str, ts_ns: int) -> None:
        """Messages are missing from the instrument's sequence."""
        self._bucket(instrument, ts_ns).gaps += 1

    def note_quote(self, instrument: str, ts_ns: int, bid: int, ask: int) -> None:
        """Best bid and ask, in price units; a crossed or empty side is no quote."""
        if 0 < bid <= ask:
            bucket = self._bucket(instrument, ts_ns)
            bucket.quotes += 1
            bucket.spread_bps += 20_000.0 * (ask - bid) / (ask + bid)

    def note_trade(self, instrument: str, ts_ns: int, quantity: int) -> None:
        """A public trade of so many quantity units."""
        self._bucket(instrument, ts_ns).volume += quantity

    def reading(self, instrument: str, now_ns: int) -> Activity:
        """Return how the instrument stands at `now_ns`; without any message its age counts from the first note of all.

        Raises  KeyError for an instrument that is not watched.
        """
        windows = tuple(self._window(instrument, now_ns, minutes) for minutes in WINDOWS_MIN)
        last_ns = self._last_ns.get(instrument)
        age_ns = None if last_ns is None else max(0, now_ns - last_ns)
        silent_ns = age_ns if age_ns is not None else now_ns - (now_ns if self._since_ns is None else self._since_ns)
        rate = windows[0].messages / 60.0
        level, reasons = self._judge(silent_ns, rate, windows)
        return Activity(instrument, now_ns, level, reasons, age_ns, rate, windows)

    def readings(self, now_ns: int) -> tuple[Activity, ...]:
        """Return every instrument's reading, by name."""
        return tuple(self.reading(name, now_ns) for name in self._rings)

    def _judge(self, silent_ns: int, rate: float, windows: tuple[Window, ...]) -> tuple[ActivityLevel, tuple[str, ...]]:
        limits, minute, five = self._limits, windows[0], windows[1]
        told: tuple[tuple[str, float | None, float | None], ...] = (
            ("age_s", silent_ns / SECOND_NS, None if limits.age_max_ns is None else limits.age_max_ns / SECOND_NS),
            ("errors_per_minute", minute.errors, limits.errors_per_minute),
            ("gaps_per_five_minutes", five.gaps, limits.gaps_per_five_minutes),
            ("spread_bps", minute.spread_bps, limits.spread_bps_max),
            ("messages_per_second", rate, limits.messages_per_second),
        )
        level, reasons = ActivityLevel.OK, []
        for name, value, soft in told:
            if value is None or soft is None or value <= soft:
                continue
            bound = soft * HARD if value > soft * HARD else soft
            level = max(level, ActivityLevel.WARN if bound == soft else ActivityLevel.BLOCKED)
            reasons.append(f"{name} {value:g} above {bound:g}")
        return level, tuple(reasons)

    def _bucket(self, instrument: str, ts_ns: int) -> _Bucket:
        if self._since_ns is None:
            self._since_ns = ts_ns
        number = ts_ns // BUCKET_NS
        bucket = self._rings[instrument][number % BUCKETS]
        if bucket.number < number:
            bucket.clear(number)
        return bucket  # a note that comes a quarter of an hour late counts in the newer bucket: nothing is lost

    def _window(self, instrument: str, now_ns: int, minutes: int) -> Window:
        newest = now_ns // BUCKET_NS
        oldest = newest - minutes * 60 * SECOND_NS // BUCKET_NS
        ring = [bucket for bucket in self._rings[instrument] if oldest < bucket.number <= newest]
        quotes = sum(bucket.quotes for bucket in ring)
        return Window(
            minutes,
            sum(bucket.messages for bucket in ring),
            sum(bucket.errors for bucket in ring),
            sum(bucket.gaps for bucket in ring),
            sum(bucket.spread_bps for bucket in ring) / quotes if quotes else None,
            sum(bucket.volume for bucket in ring),
        )
