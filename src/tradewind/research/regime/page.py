"""The pages of `tradewind regime`: one HTML document each, that needs nothing else."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple, Protocol

from tradewind.model.regime import CLASSES, Regime, RegimeReading
from tradewind.research.pages import environment
from tradewind.research.regime.bench import BenchReport
from tradewind.research.regime.scores import Scores

BOX = 1000.0
POINTS_MAX = 1500

FIGURES = (
    ("Accuracy", "accuracy"), ("Balanced accuracy", "balanced_accuracy"), ("Macro F1", "macro_f1"),
    ("Gate (trade or not)", "gate_accuracy"), ("Settled accuracy", "settled_accuracy"),
    ("Crisis recall", "crisis_recall"), ("Crisis precision", "crisis_precision"),
    ("Crisis false alarms", "crisis_false_alarm_rate"), ("Crisis delay, bars", "delay_median"),
    ("Delay of all, bars", "delay_median_all"), ("ECE", "ece"), ("ECE of the label", "confidence_ece"),
    ("Brier", "brier"), ("Switches per 1,000", "switches_per_1000"),
)  # fmt: skip
PER_CLASS = ("model", "rules", "markov", "jumps", "breaks")
BARS = {"delay_median", "delay_median_all", "switches_per_1000"}


class Place(Protocol):
    """Where an instrument of the market stands."""

    @property
    def reading(self) -> RegimeReading: ...
    @property
    def since_ns(self) -> int: ...


class History(Protocol):
    """What the page of an instrument shows."""

    @property
    def instrument(self) -> str: ...
    @property
    def instruments(self) -> tuple[str, ...]: ...
    @property
    def readings(self) -> tuple[RegimeReading, ...]: ...
    @property
    def closes(self) -> tuple[float, ...]: ...
    @property
    def latest(self) -> Sequence[Place]: ...
    @property
    def shares(self) -> dict[str, float]: ...
    @property
    def switches_per_1000(self) -> float: ...


class Strip(NamedTuple):
    """A stretch under one regime, in shares of the plot's width."""

    x: float
    width: float
    regime: str
    text: str


def bench_page(report: BenchReport) -> str:
    """Return the report of the bench as a page."""
    names = list(report.contenders)
    rows = [(title, [_figure(report.contenders[name], key) for name in names]) for title, key in FIGURES]
    spreads = [report.spreads[name] for name in names]
    rows.insert(1, ("± between seeds", ["–" if each is None else f"{each:.3f}" for each in spreads]))
    classes = [each.value for each in CLASSES]
    seeds = [
        (seed, [f"{report.accuracies[name][place]:.3f}" for name in names]) for place, seed in enumerate(report.seeds)
    ]
    tables = [(name, _matrix(report.contenders[name])) for name in ("model", "rules", "ceiling")]
    return _render(
        "bench.html", report=report, names=names, rows=rows, classes=classes, seeds=seeds, tables=tables,
        per_class=[(name, _per_class(report.contenders[name])) for name in PER_CLASS],
    )  # fmt: skip


def history_page(history: History) -> str:
    """Return an instrument's price over its regimes as a page."""
    readings = history.readings
    step = max(1, len(readings) // POINTS_MAX)
    low, high = min(history.closes), max(history.closes)
    room = (high - low) or 1.0
    width = max(1, len(readings) - 1)
    points = " ".join(
        f"{BOX * i / width:.1f},{BOX * (high - history.closes[i]) / room * 0.92 + 40:.1f}"
        for i in range(0, len(readings), step)
    )
    lines = [
        (each.value, " ".join(f"{BOX * i / width:.1f},{BOX * (1 - readings[i].probabilities[k]):.0f}"
                              for i in range(0, len(readings), step)))
        for k, each in enumerate(CLASSES)
    ]  # fmt: skip
    return _render(
        "history.html", history=history, last=readings[-1], strips=_strips(readings, width), points=points, lines=lines,
        first=_minute(readings[0].ts_ns), end=_minute(readings[-1].ts_ns), low=f"{low:,.6g}", high=f"{high:,.6g}",
        market=[_place(each) for each in history.latest], regimes=[each.value for each in Regime],
        changes=_changes(readings)[-20:][::-1], percent=_percent,
        named=[(each.value, _percent(readings[-1].probabilities[k])) for k, each in enumerate(CLASSES)],
    )  # fmt: skip


def _place(place: Place) -> tuple[str, str, str, str]:
    """An instrument, its regime, since when, and how sure that is or why it is unknown."""
    reading = place.reading
    sure = reading.reason.replace("_", " ") or _percent(reading.confidence)
    return reading.instrument, reading.regime.value, _minute(place.since_ns), sure


def _strips(readings: Sequence[RegimeReading], width: int) -> list[Strip]:
    edges = [0, *(i for i in range(1, len(readings)) if readings[i].regime is not readings[i - 1].regime)]
    stops = [*edges[1:], len(readings)]
    return [
        Strip(
            BOX * start / width,
            max(BOX * (stop - start) / width, 0.5),
            readings[start].regime.value,
            f"{readings[start].regime.value} from {_minute(readings[start].ts_ns)}, {stop - start} bars",
        )
        for start, stop in zip(edges, stops, strict=True)
    ]


def _changes(readings: Sequence[RegimeReading]) -> list[tuple[str, str, str, str]]:
    pairs = pairwise(readings)
    return [
        (_minute(after.ts_ns), before.regime.value, after.regime.value, _percent(after.confidence))
        for before, after in pairs
        if before.regime is not after.regime
    ]


def _render(template: str, **values: object) -> str:
    return environment("tradewind.research.regime").get_template(template).render(**values)


def _figure(scores: Scores, key: str) -> str:
    value = getattr(scores, key)
    if value is None:
        return "–"
    return f"{value:.1f}".replace("inf", "never") if key in BARS else f"{value:.3f}"


def _matrix(scores: Scores) -> list[tuple[str, list[tuple[str, float]]]]:
    """Rows of the confusion matrix: (truth, [(count, share of the row)])."""
    made = []
    for each, row in zip(CLASSES, scores.confusion, strict=True):
        total = sum(row) or 1
        made.append((each.value, [(f"{value:,}", value / total) for value in row]))
    return made


def _per_class(scores: Scores) -> list[tuple[str, str, str]]:
    rows = zip(CLASSES, scores.recall, scores.precision, strict=True)
    return [(each.value, _percent(recall), _percent(precision)) for each, recall, precision in rows]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _minute(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M")
