"""The page of `tradewind shadow report`: one HTML document that needs nothing else."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from tradewind.model.money import plain
from tradewind.research.pages import environment
from tradewind.research.shadow.comparing import Comparison, Pair, Side
from tradewind.research.shadow.trips import Trip

WIDTH, HEIGHT = 1000.0, 1000.0
ROWS_MAX = 300


class Shown(NamedTuple):
    """What a comparison is of: the run, what the candidate does otherwise, what became of the shadow, commands."""

    run: str
    otherwise: Sequence[str]
    ended: str
    commands: Sequence[str]


class Paths(NamedTuple):
    """What each side had gained over time, as the coordinates of two lines, and the words at the ends."""

    session: str
    shadow: str
    zero: str
    first: str
    last: str
    low: str
    high: str


def shadow_page(found: Comparison, shown: Shown) -> str:
    """Return the comparison as a page."""
    telling = sorted(found.pairs, key=lambda pair: abs(pair.gained), reverse=True)[:ROWS_MAX]
    kept = {id(pair) for pair in telling}
    return (
        environment("tradewind.research.shadow")
        .get_template("shadow.html")
        .render(
            shown=shown,
            sides=side_rows(found),
            told=told(found),
            paths=_paths(found),
            pairs=[_pair_row(pair) for pair in found.pairs if id(pair) in kept],
            left=len(found.pairs) - len(telling),
            only=[
                ("Only the session", [trip_row(trip) for trip in found.only_session[:ROWS_MAX]], found.only_session),
                ("Only the shadow", [trip_row(trip) for trip in found.only_shadow[:ROWS_MAX]], found.only_shadow),
            ],
        )
    )


def told(found: Comparison) -> str:
    """Return in a sentence what came out."""
    if found.agreement is None:
        return "Neither side has finished a trade yet."
    better = "more" if found.difference > 0 else "less"
    text = f"The shadow gained {money(abs(found.difference))} {better} than the session"
    if not found.difference:
        text = "Both gained the same"
    if found.low is not None and found.high is not None:
        sure = "and excludes" if found.low > 0 or found.high < 0 else "and includes"
        text += f"; the 95 % interval is {found.low:,.2f} to {found.high:,.2f} {sure} zero"
    return f"{text}. The two agree in {100 * found.agreement:.0f} % of their trades."


def side_rows(found: Comparison) -> list[tuple[str, str, str, str]]:
    """Return (figure, session, shadow, difference) in words, for tables of page and screen."""
    one, other = found.session, found.shadow
    counts: Mapping[str, tuple[int, int]] = {"trades": (one.trips, other.trips), "won": (one.won, other.won)}
    rows = [(name, str(mine), str(theirs), f"{theirs - mine:+d}") for name, (mine, theirs) in counts.items()]
    for name in ("gained", "fees", "funding", "slippage"):
        mine, theirs = _amount(one, name), _amount(other, name)
        rows.append((name, money(mine), money(theirs), signed(theirs - mine)))
    mean_s = _means(found.pairs)
    rows.append(("paired", str(len(found.pairs)), str(len(found.pairs)), ""))
    rows.append(("alone", str(len(found.only_session)), str(len(found.only_shadow)), ""))
    if mean_s is not None:
        rows.append(("entry of a pair, later by (mean)", "", "", duration(mean_s[0])))
        rows.append(("exit of a pair, later by (mean)", "", "", duration(mean_s[1])))
    return rows


def trip_row(trip: Trip) -> tuple[str, ...]:
    """Return a trip that only one side had, in words."""
    return (
        trip.bot, trip.instrument, trip.direction, moment(trip.entry_ns), moment(trip.exit_ns), plain(trip.quantity),
        plain(trip.entry_price), plain(trip.exit_price), signed(trip.gained), trip.reason,
    )  # fmt: skip


def money(value: Decimal) -> str:
    """Return an amount for people."""
    return f"{value:,.2f}"


def signed(value: Decimal) -> str:
    """Return a difference for people."""
    text = f"{value:+,.2f}"
    return text[1:] if text in ("+0.00", "-0.00") else text


def duration(seconds: float) -> str:
    """Return a difference of times for people: `+2.0 h`, `-35 s`."""
    size = abs(seconds)
    if size >= 86_400:
        return f"{seconds / 86_400:+.1f} d"
    if size >= 3_600:
        return f"{seconds / 3_600:+.1f} h"
    return f"{seconds / 60:+.1f} min" if size >= 60 else f"{seconds:+.3g} s" if seconds else "0 s"


def moment(ts_ns: int) -> str:
    """Return a time for people, UTC."""
    return datetime.fromtimestamp(ts_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _amount(side: Side, name: str) -> Decimal:
    value: Decimal = getattr(side, name)
    return value


def _means(pairs: Sequence[Pair]) -> tuple[float, float] | None:
    if not pairs:
        return None
    return sum(pair.entry_s for pair in pairs) / len(pairs), sum(pair.exit_s for pair in pairs) / len(pairs)


def _pair_row(pair: Pair) -> tuple[str, ...]:
    trip, other = pair.session, pair.shadow
    reason = trip.reason if trip.reason == other.reason else f"{trip.reason} / {other.reason}"
    return (
        trip.bot, trip.instrument, trip.direction, moment(trip.entry_ns), duration(pair.entry_s),
        duration(pair.exit_s), money(trip.gained), money(other.gained), signed(pair.gained), signed(pair.fees),
        signed(pair.slippage), reason,
    )  # fmt: skip


def _paths(found: Comparison) -> Paths | None:
    """Return both sides' sums over time as steps; None where there is nothing to draw."""
    mine = [*(pair.session for pair in found.pairs), *found.only_session]
    theirs = [*(pair.shadow for pair in found.pairs), *found.only_shadow]
    times = [trip.exit_ns for trip in (*mine, *theirs)]
    if not times or min(times) == max(times):
        return None
    first, last = min(times), max(times)
    sums = [_sums(mine), _sums(theirs)]
    values = [value for side in sums for _, value in side] + [0.0]
    low, high = min(values), max(values)
    room = (high - low) or 1.0

    def height(value: float) -> float:
        return HEIGHT * (high - value) / room

    def line(side: list[tuple[int, float]]) -> str:
        path, before = [f"0,{height(0.0):.1f}"], 0.0
        for ts_ns, value in side:
            x = WIDTH * (ts_ns - first) / (last - first)
            path += [f"{x:.1f},{height(before):.1f}", f"{x:.1f},{height(value):.1f}"]
            before = value
        return " ".join([*path, f"{WIDTH:.1f},{height(before):.1f}"])

    zero = f"{height(0.0):.1f}"
    return Paths(line(sums[0]), line(sums[1]), zero, moment(first), moment(last), f"{low:,.0f}", f"{high:,.0f}")


def _sums(trips: Sequence[Trip]) -> list[tuple[int, float]]:
    total, path = 0.0, []
    for trip in sorted(trips, key=lambda each: each.exit_ns):
        total += float(trip.gained)
        path.append((trip.exit_ns, total))
    return path
