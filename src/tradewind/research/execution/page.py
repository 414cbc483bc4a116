"""The page of the execution study: one HTML document that needs nothing else."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from tradewind.research.execution.study import BANDS, Result, Study, TierCost, Verdict
from tradewind.research.execution.trials import MARKOUTS_S
from tradewind.research.pages import environment

TITLES = {
    "recorded": "(a) real books",
    "generated": "(b) generated order flow",
    "hourly": "(c) generated, hourly bars",
}
WIDTH, ROW, LEFT = 900.0, 18.0, 200.0
LOWEST = -2.0  # a reduction below it is drawn at the edge


class Mark(NamedTuple):
    """A reduction with its interval, in pixels of the chart."""

    source: str
    x: float
    low: float
    high: float
    y: float
    text: str


def study_page(study: Study) -> str:
    """Return the study as a page."""
    sources = [source for source in TITLES if source in study.groups]
    results = [study.groups[source] for source in sources]
    pages = environment("tradewind.research.execution")
    axis, marks, height = _chart(results)
    return pages.get_template("study.html").render(
        study=study,
        titles=[TITLES[source] for source in sources],
        results=results,
        notionals=", ".join(f"{each:,}" for each in study.notionals),
        goals=_goals(results),
        tiers=_tiers(results),
        figures=_figures(results),
        axis=axis,
        marks=marks,
        height=height,
        labels=[
            (f"{tier.from_volume:,.0f}+", (i + 0.5) * ROW * len(results)) for i, tier in enumerate(results[0].tiers)
        ],
        left=LEFT,
        width=WIDTH,
        tapes=[(TITLES[source], [_tape(each) for each in study.tapes[source]]) for source in sources],
        bands=BANDS,
    )


def figures_of(result: Result) -> list[tuple[str, str]]:
    """Return the figures of a result as (name, text), the costs by tier aside."""
    rows = [
        ("Parents", f"{result.parents:,}"),
        ("Horizon", f"{result.horizon_s:,.0f} s"),
        ("Maker ratio by notional", percent(result.maker_ratio)),
        ("Maker ratio by count", percent(result.maker_ratio_count)),
        ("Filled by the deadline, taking included", percent(result.fill_rate)),
        ("Slippage, ours", bps(result.slippage_bps)),
        ("Slippage, all-market", bps(result.market_slippage_bps)),
        ("Mean wait", f"{result.wait_s:,.0f} s"),
        ("Moves of a parent", f"{result.reprices:.1f}"),
        ("Expected by the plans, lowest tier", bps(result.estimate_bps)),
        ("Measured, lowest tier", bps(result.tiers[0].ours_bps)),
    ]
    for seconds in map(str, MARKOUTS_S):
        value = result.markouts.get(seconds)
        rows.append((f"Markout after {seconds} s", "–" if value is None else bps(value)))
    return rows


def verdict_text(verdict: Verdict) -> str:
    """Return a goal's measurement with its interval, and whether it was met."""
    interval = (
        "" if verdict.low is None or verdict.high is None else f" [{_short(verdict.low)}, {_short(verdict.high)}]"
    )
    return f"{percent(verdict.measured)}{interval} {'met' if verdict.met else 'MISSED'}"


def reduction_text(tier: TierCost) -> str:
    """Return ours against all-market, and the reduction with its interval."""
    return (
        f"{tier.ours_bps:.1f} / {tier.market_bps:.1f} bps, "
        f"{percent(tier.reduction)} [{_short(tier.low)}, {_short(tier.high)}]"
    )


def percent(value: float) -> str:
    """Return a share as text."""
    return f"{100 * value:.1f} %"


def bps(value: float) -> str:
    """Return basis points as text."""
    return f"{value:.2f} bps"


def _short(value: float) -> str:
    return f"{100 * value:.1f}"


def _goals(results: Sequence[Result]) -> list[tuple[str, str, list[tuple[str, bool]]]]:
    rows = []
    for i, verdict in enumerate(results[0].verdicts):
        cells = [(verdict_text(result.verdicts[i]), result.verdicts[i].met) for result in results]
        rows.append((verdict.goal, f"≥ {100 * verdict.wanted:.0f} %", cells))
    return rows


def _tiers(results: Sequence[Result]) -> list[tuple[str, str, list[str]]]:
    return [
        (
            f"{tier.from_volume:,.0f}",
            f"{100 * tier.maker:.2f} / {100 * tier.taker:.2f} %",
            [reduction_text(result.tiers[i]) for result in results],
        )
        for i, tier in enumerate(results[0].tiers)
    ]


def _figures(results: Sequence[Result]) -> list[tuple[str, list[str]]]:
    columns = [figures_of(result) for result in results]
    return [(name, [column[i][1] for column in columns]) for i, (name, _) in enumerate(columns[0])]


def _tape(result: Result) -> list[tuple[str, bool]]:
    """A row: name, length, horizon, trades, parents, maker ratio, fill rate, markout and the goals."""
    plain = [
        result.name,
        f"{result.seconds:,.0f} s",
        f"{result.horizon_s:,.0f} s",
        f"{result.trades:,}",
        f"{result.parents:,}",
        percent(result.fill_rate),
        f"{result.slippage_bps:.1f}",
        f"{result.markouts.get('5', float('nan')):.1f}",
    ]
    goals = [(f"{percent(each.measured)}{'' if each.met else ' missed'}", not each.met) for each in result.verdicts]
    return [(text, False) for text in plain] + goals


def _chart(results: Sequence[Result]) -> tuple[list[tuple[float, str]], list[Mark], float]:
    """Gridlines (x, text), marks and the height: reductions by tier up to 80 %, from as far down as there are any."""
    deepest = min(tier.low for result in results for tier in result.tiers)
    lowest, highest = max(LOWEST, min(-0.2, math.floor(deepest * 5) / 5)), 0.8

    def place(value: float) -> float:
        inside = min(max(value, lowest), highest)
        return LEFT + (WIDTH - LEFT - 20) * (inside - lowest) / (highest - lowest)

    marks = []
    for row, _ in enumerate(results[0].tiers):
        for part, result in enumerate(results):
            tier = result.tiers[row]
            y = (row * len(results) + part + 0.5) * ROW
            text = f"{TITLES[result.source]}, from {tier.from_volume:,.0f}: {reduction_text(tier)}"
            marks.append(Mark(result.source, place(tier.reduction), place(tier.low), place(tier.high), y, text))
    axis = [(place(share / 100), f"{share} %") for share in range(round(100 * lowest), 81, 20)]
    return axis, marks, ROW * len(results) * len(results[0].tiers)
