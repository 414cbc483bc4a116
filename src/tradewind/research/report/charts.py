"""Charts as values: paths, ticks and markers in shares of the plot. The template draws them; nothing here is markup.

A plot is a box of 1000 by 1000 that stretches with the page; lines keep their width, and labels are text beside it.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import numpy as np

from tradewind.research.report.thinning import COLUMNS, FloatArray, IntArray, positions, thin

BOX = 1000


class Line(msgspec.Struct, frozen=True):
    """One series: its name, the class that colours it, and whether the space to the base line is filled."""

    name: str
    style: str
    ts_ns: IntArray
    values: FloatArray
    filled: bool = False
    stepped: bool = False


class Path(msgspec.Struct, frozen=True):
    style: str
    line: str
    area: str | None


class Tick(msgspec.Struct, frozen=True):
    """A label at a share (per cent) of the plot's width or height."""

    at: float
    text: str


class Marker(msgspec.Struct, frozen=True):
    """A sign on the plot; `text` is shown on touch."""

    x: float
    y: float
    sign: str
    style: str
    text: str


class Legend(msgspec.Struct, frozen=True):
    name: str
    style: str


class Chart(msgspec.Struct, frozen=True):
    """Everything the template needs; `hover` is what the script shows under the pointer."""

    id: str
    title: str
    note: str
    tall: bool
    paths: tuple[Path, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    zero: float | None
    legend: tuple[Legend, ...]
    hover: dict[str, object]
    markers: tuple[Marker, ...] = ()
    summary: str = ""


class Scale(msgspec.Struct, frozen=True):
    """From a value to its height in the box, from the top; logarithmic where `log`."""

    low: float
    high: float
    log: bool = False

    def height(self, values: FloatArray) -> FloatArray:
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        points = np.log(values) if self.log else values
        return np.asarray(BOX * (high - points) / (high - low))


def line_chart(
    id: str,
    title: str,
    lines: Sequence[Line],
    start_ns: int,
    end_ns: int,
    unit: str,
    *,
    note: str = "",
    tall: bool = False,
    zero: bool = False,
    log: bool = False,
    summary: str = "",
    columns: int = COLUMNS,
) -> Chart:
    """Return a chart of lines over one time line. `unit` is how values read: `money`, `percent` or `number`.

    `zero` keeps zero in sight and draws its line; `log` is a logarithmic scale where values allow it and span enough.
    Of each of so many `columns` the highest and the lowest point are drawn.
    """
    lowest = min(float(line.values.min()) for line in lines)
    highest = max(float(line.values.max()) for line in lines)
    scale, ticks = scale_of(lowest, highest, unit, zero=zero, log=log)
    base = float(scale.height(np.array([min(max(0.0, scale.low), scale.high)]))[0]) if not scale.log else BOX
    paths, legend, shown = [], [], []
    for line in lines:
        x = positions(line.ts_ns, start_ns, end_ns)
        rows = thin(x, line.values, columns)
        drawn = _path(BOX * x[rows], scale.height(line.values[rows]), line.stepped)
        area = f"{drawn}V{base:.0f}H{BOX * float(x[rows[0]]):.1f}Z" if line.filled else None
        paths.append(Path(line.style, drawn, area))
        legend.append(Legend(line.name, line.style))
        shown.append(_sampled(x, line))
    return Chart(
        id, title, note, tall, tuple(paths), time_ticks(start_ns, end_ns),
        tuple(ticks), base / 10 if zero and scale.low <= 0 <= scale.high else None, tuple(legend),
        {"start": start_ns // 10**9, "end": end_ns // 10**9, "unit": unit, "lines": shown}, summary=summary,
    )  # fmt: skip


def scale_of(
    lowest: float, highest: float, unit: str, *, zero: bool = False, log: bool = False
) -> tuple[Scale, list[Tick]]:
    """Return a scale with a little room round the values, and its labelled ticks."""
    if zero:
        lowest, highest = min(lowest, 0.0), max(highest, 0.0)
    if log and lowest > 0 and highest / lowest > 4:
        scale = Scale(lowest / 1.05, highest * 1.05, log=True)
        values = _log_steps(scale.low, scale.high)
    else:
        room = (highest - lowest) * 0.06 or abs(highest) * 0.01 or 1.0
        # A series that never leaves zero on one side needs no room beyond it.
        low = lowest if zero and lowest == 0 else lowest - room
        high = highest if zero and highest == 0 else highest + room
        if low == high:  # nothing but zero: the line is in the middle
            low, high = -room, room
        scale = Scale(low, high)
        values = _steps(low, high)
    heights = scale.height(np.array(values)) / 10
    step = values[1] - values[0] if len(values) > 1 and not scale.log else abs(values[0]) if values else 1.0
    return scale, [
        Tick(round(float(at), 2), label(value, unit, step)) for at, value in zip(heights, values, strict=True)
    ]


def label(value: float, unit: str, step: float) -> str:
    """Return a tick's text, with the digits that its step needs."""
    if unit == "percent":
        digits = max(0, -math.floor(math.log10(abs(step) * 100) + 1e-9)) if step else 0
        return f"{100 * value:.{min(digits, 4)}f} %".replace("-", "−")
    if abs(value) >= 1e6 and unit == "money":
        digits = max(0, 6 - math.floor(math.log10(abs(step)) + 1e-9)) if step else 2
        return f"{value / 1e6:,.{min(digits, 4)}f} M".replace("-", "−")
    digits = max(0, -math.floor(math.log10(abs(step)) + 1e-9)) if step else 2
    return f"{value:,.{min(digits, 8)}f}".replace("-", "−")


def time_ticks(start_ns: int, end_ns: int, most: int = 7) -> tuple[Tick, ...]:
    """Return labels at round dates or times (UTC), at most `most` of them."""
    start, end = start_ns / 1e9, end_ns / 1e9
    if end <= start:
        return (Tick(0.0, _utc(start).strftime("%Y-%m-%d %H:%M")),)
    months = _month_starts(start, end)
    for every, form in ((1, "%b %Y"), (3, "%b %Y"), (6, "%b %Y"), (12, "%Y"), (24, "%Y"), (60, "%Y")):
        chosen = [each for each in months if (each.year * 12 + each.month - 1) % every == 0]
        if 3 <= len(chosen) <= most:
            return tuple(_tick(each.timestamp(), start, end, each.strftime(form)) for each in chosen)
    for step, form in (
        (14 * 86400, "%d %b"), (7 * 86400, "%d %b"), (2 * 86400, "%d %b"), (86400, "%d %b"), (6 * 3600, "%d %b %H:%M"),
        (3600, "%H:%M"), (900, "%H:%M"), (300, "%H:%M"), (60, "%H:%M"),
    ):  # fmt: skip
        first = math.ceil(start / step) * step
        count = int((end - first) // step) + 1
        if 2 <= count <= most:
            return tuple(
                _tick(first + at * step, start, end, _utc(first + at * step).strftime(form)) for at in range(count)
            )
    return tuple(_tick(at, start, end, _utc(at).strftime("%Y-%m-%d")) for at in (start, end))


def _tick(at: float, start: float, end: float, text: str) -> Tick:
    return Tick(round(100 * (at - start) / (end - start), 2), text)


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _month_starts(start: float, end: float) -> list[datetime]:
    first, last = _utc(start), _utc(end)
    out = []
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        at = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        if start <= at.timestamp() <= end:
            out.append(at)
    return out


def _steps(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round values between low and high, about `wanted` of them."""
    raw = (high - low) / wanted
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(at * step, 12) for at in range(first, math.floor(high / step + 1e-9) + 1)]


def _log_steps(low: float, high: float, most: int = 8) -> list[float]:
    """Return 1, 2, 5 (or fewer) of each power of ten between low and high."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    candidates = [
        [value for decade in decades for factor in factors if low <= (value := factor * 10.0**decade) <= high]
        for factors in ((1, 2, 5), (1, 3), (1,))
    ]
    return next((values for values in candidates if len(values) <= most), candidates[-1])


def _path(x: FloatArray, y: FloatArray, stepped: bool) -> str:
    points = list(zip((f"{value:.1f}".removesuffix(".0") for value in x), (f"{value:.0f}" for value in y), strict=True))
    if len(points) == 1:
        return f"M0 {points[0][1]}H{BOX}"
    first, *rest = points
    if stepped:
        return f"M{first[0]} {first[1]}" + "".join(f"H{at}V{height}" for at, height in rest)
    return f"M{first[0]} {first[1]}L" + " ".join(f"{at} {height}" for at, height in rest)


def _sampled(x: FloatArray, line: Line, most: int = 400) -> dict[str, object]:
    """Return the values to show under the pointer: the last of each of at most `most` columns."""
    if len(x) > most:
        column = np.minimum((x * most).astype(np.int64), most - 1)
        rows = np.concatenate([np.flatnonzero(np.diff(column)), [len(x) - 1]])
    else:
        rows = np.arange(len(x))
    return {
        "name": line.name,
        "style": line.style,
        "x": [round(value, 4) for value in x[rows].tolist()],
        "y": [float(f"{value:.6g}") for value in line.values[rows].tolist()],
    }
