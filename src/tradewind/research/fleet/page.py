"""The scorecard's page, one HTML document that needs nothing else, and its figures as one JSON value."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from tradewind.research.curve import DAY_NS, FloatArray
from tradewind.research.fleet.arms import FULL, HOLD, NAIVE, WITHOUT
from tradewind.research.fleet.reasons import Reasons
from tradewind.research.fleet.scorecard import Scorecard, worth
from tradewind.research.fleet.scoring import ArmScore
from tradewind.research.fleet.selection import WalkForward
from tradewind.research.fleet.tables import (
    AUDIT_HEADS,
    HEADS,
    PERPETUAL_HEADS,
    REASON_HEADS,
    audit_rows,
    cells,
    choice_rows,
    moment,
    perpetual_rows,
    reason_rows,
    reason_words,
)
from tradewind.research.pages import environment

WIDTH, HEIGHT = 1000, 300
POINTS_MAX = 600
STEEP = 5.0  # times the lowest: from there on the scale is logarithmic
DRAWN = (HOLD, NAIVE, "risk_off", FULL)  # the last lies on top


def arms_object(card: Scorecard) -> dict[str, dict[str, Any]]:
    """Return the figures of every arm, by its name: money as exact numbers, what is undefined as None."""
    return {arm: _plain(score) for arm, score in card.arms.items()}


def card_object(card: Scorecard) -> dict[str, Any]:
    """Return everything the scorecard found, for the JSON file."""
    return {
        "config": card.digest,
        "from": moment(card.start_ns),
        "to": moment(card.end_ns),
        "instruments": card.instruments,
        "left_out": dict(card.left_out),
        "perpetuals": card.perpetuals,
        "bars": card.bars,
        "currency": card.currency,
        "cash": card.cash,
        "arms": arms_object(card),
        **verdicts(card),
        "reasons": {arm: _builtin(each) for arm, each in card.reasons.items()},
        "audits": {arm: msgspec.to_builtins(each) for arm, each in card.audits.items()},
        "walk_forward": None if card.walk_forward is None else _walked(card.walk_forward),
        "bots": card.by_bot,
        "seconds": {arm: round(seconds, 2) for arm, seconds in card.seconds.items()},
    }


def verdicts(card: Scorecard) -> dict[str, Any]:
    """Return the comparisons with the naive fleet, what each part brought, and the goals."""
    return {
        "paired_with_naive": {
            arm: {
                "net_pnl": each.net_pnl._asdict(),
                "max_drawdown": each.drawdown._asdict(),
                "settled": each.settled,
            }
            for arm, each in card.paired.items()
        },
        "worth": worth(card),
        "trials": card.trials,
        "limit_breaches": {arm: score.limit_breaches for arm, score in card.arms.items()},
        "goals": [
            {"name": goal.name, "target": goal.target, "found": goal.found, "reached": goal.reached}
            for goal in card.goals
        ],
    }


def _walked(walk: WalkForward) -> dict[str, Any]:
    return {
        "candidates": walk.candidates,
        "windows": [
            {
                "trained_from": moment(each.window.train_from_ns),
                "trained_to": moment(each.window.train_to_ns),
                "from": moment(each.window.from_ns),
                "to": moment(each.window.to_ns),
                "trades": each.trades,
                "shares": each.shares,
                "edges_bps": each.edges_bps,
            }
            for each in walk.choices
        ],
    }


def _builtin(found: Reasons) -> dict[str, Any]:
    """Return the reasons as JSON has them; money stays exact."""
    kinds = {kind: msgspec.structs.asdict(row) for kind, row in found.kinds.items()}
    sides = {side: msgspec.structs.asdict(row) for side, row in found.sides.items()}
    return {**msgspec.structs.asdict(found), "kinds": kinds, "sides": sides}


def fleet_page(card: Scorecard) -> str:
    """Return the scorecard as a page."""
    return (
        environment("tradewind.research.fleet")
        .get_template("scorecard.html")
        .render(
            card=card,
            window=(moment(card.start_ns), moment(card.end_ns)),
            heads=HEADS,
            rows=[(arm, WITHOUT[arm], cells(score)) for arm, score in card.arms.items()],
            paired=[(arm, _money(p.net_pnl), _percents(p.drawdown), p.settled) for arm, p in card.paired.items()],
            worth=[
                (arm.removesuffix("_off"), f"{float(value):+,.0f}", _mood(value)) for arm, value in worth(card).items()
            ],
            lines=_lines(card),
            height=HEIGHT,
            width=WIDTH,
            bots=_bots(card),
            tripped={arm: moment(s.tripped_ns) for arm, s in card.arms.items() if s.tripped_ns is not None},
            cash=f"{card.cash:,.0f}",
            choices=choice_rows(card),
            reason_heads=REASON_HEADS,
            reasons=reason_rows(card),
            reason_words=reason_words(card),
            audit_heads=AUDIT_HEADS,
            audits=audit_rows(card),
            perpetual_heads=PERPETUAL_HEADS,
            perpetuals=perpetual_rows(card),
        )
    )


def _plain(score: ArmScore) -> dict[str, Any]:
    return {name: getattr(score, name) for name in score.__struct_fields__}


def _lines(card: Scorecard) -> list[dict[str, Any]]:
    """Return the equity of the main arms as points of the drawing, with the ends of its scale."""
    drawn = {arm: card.days[arm].equity for arm in DRAWN}
    low = min(float(each.min()) for each in drawn.values())
    high = max(float(each.max()) for each in drawn.values())
    steep = low > 0 and high > STEEP * low  # one line far above would press all others to the floor

    def heights(equity: FloatArray) -> FloatArray:
        scaled = np.concatenate([[low, high], equity])
        scaled = np.log(scaled) if steep else scaled
        return np.asarray(HEIGHT * (1 - (scaled[2:] - scaled[0]) / ((scaled[1] - scaled[0]) or 1.0)))

    lines = []
    for arm, equity in drawn.items():
        rows = np.unique(np.linspace(0, len(equity) - 1, min(POINTS_MAX, len(equity))).astype(int))
        x = WIDTH * rows / max(len(equity) - 1, 1)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, heights(equity[rows]), strict=True))
        lines.append({"arm": arm, "points": points, "last": f"{equity[-1]:,.0f}"})
    start = float(card.cash)
    level = float(heights(np.array([start]))[0]) if low <= start <= high else None
    first, last = (moment(int(card.days[NAIVE].day[at]) * DAY_NS)[:10] for at in (0, -1))
    ends = {"low": f"{low:,.0f}", "high": f"{high:,.0f}", "start": f"{start:,.0f}"}
    return [{"lines": lines, **ends, "level": level, "steep": steep, "first": first, "last": last}]


def _bots(card: Scorecard) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each bot's net gain in the naive fleet, the whole stack and by chance, best in the stack first."""
    names = sorted(card.by_bot[FULL], key=lambda name: (-card.by_bot[FULL][name], name))
    shown: Sequence[str] = (NAIVE, FULL, "random_entry")
    return [
        (name, [(f"{float(card.by_bot[arm][name]):+,.0f}", _mood(card.by_bot[arm][name])) for arm in shown])
        for name in names
    ]


def _mood(value: Decimal) -> str:
    return "good" if value > 0 else "bad" if value < 0 else ""


def _money(estimate: Any) -> str:
    return f"{estimate.value:+,.0f} [{estimate.low:+,.0f}, {estimate.high:+,.0f}]"


def _percents(estimate: Any) -> str:
    return f"{estimate.value:+.1%} [{estimate.low:+.1%}, {estimate.high:+.1%}]"
