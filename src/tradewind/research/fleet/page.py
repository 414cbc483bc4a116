"""The scorecard's page, one HTML document that needs nothing else, and its figures as one JSON value."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from tradewind.research.curve import DAY_NS
from tradewind.research.fleet.arms import FULL, HOLD, NAIVE, WITHOUT
from tradewind.research.fleet.scorecard import Scorecard, worth
from tradewind.research.fleet.scoring import ArmScore
from tradewind.research.fleet.selection import WalkForward
from tradewind.research.pages import environment

WIDTH, HEIGHT = 1000, 300
POINTS_MAX = 600
DRAWN = (HOLD, NAIVE, "risk_off", FULL)  # the last lies on top
HEADS = (
    "profitable", "Wilson 95 %", "net", "fees", "maker", "Sharpe", "deflated", "drawdown", "BTC corr.", "turnover",
    "exposure", "trades",
)  # fmt: skip
AUDIT_HEADS = (
    "limits", "orders", "breaches", "most in one", "most in all", "drawdown", "gap",
)  # fmt: skip


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
        "bars": card.bars,
        "currency": card.currency,
        "cash": card.cash,
        "arms": arms_object(card),
        **verdicts(card),
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


def choice_rows(card: Scorecard) -> list[tuple[str, str, str, str]]:
    """Return each choice for people: the window, its training, the trades in it, and how many bots may trade."""
    if card.walk_forward is None:
        return []
    return [
        (
            f"{moment(each.window.from_ns)[:10]} to {moment(each.window.to_ns)[:10]}",
            f"{moment(each.window.train_from_ns)[:10]} to {moment(each.window.train_to_ns)[:10]}",
            f"{each.trades:,}",
            f"{sum(share > 0 for share in each.shares.values())} of {len(each.shares)}",
        )
        for each in card.walk_forward.choices
    ]


def audit_rows(card: Scorecard) -> list[tuple[str, list[str]]]:
    """Return what the second pass found of each arm, for people."""
    return [
        (
            arm,
            [
                ", ".join(each.checked).replace("_max", "").replace("_", " ") or "none set",
                f"{each.orders:,}",
                f"{len(each.breaches)}",
                f"{each.instrument_share:.1%}",
                f"{each.exposure_share:.1%}",
                f"{each.drawdown:.2%}",
                f"{each.gap:.2%}",
            ],
        )
        for arm, each in card.audits.items()
    ]


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
            audit_heads=AUDIT_HEADS,
            audits=audit_rows(card),
        )
    )


def cells(score: ArmScore) -> list[str]:
    """Return an arm's figures for people, in the order of `HEADS`."""
    low, high = score.wilson
    return [
        f"{score.profitable} of {score.bots}" + (f" ({score.traded} traded)" if score.traded < score.bots else ""),
        f"{low:.0%} to {high:.0%}",
        f"{float(score.net_pnl):+,.0f}",
        f"{float(score.fees):,.0f}",
        _share(score.maker_ratio, 0),
        _number(score.sharpe),
        _number(score.deflated_sharpe),
        _share(score.max_drawdown, 1),
        _number(score.btc_correlation),
        f"{score.turnover:,.1f}",
        _share(score.exposure, 0),
        f"{score.trades:,}",
    ]


def moment(ts_ns: int) -> str:
    """Return a time to the minute, UTC."""
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M")


def _plain(score: ArmScore) -> dict[str, Any]:
    return {name: getattr(score, name) for name in score.__struct_fields__}


def _lines(card: Scorecard) -> list[dict[str, Any]]:
    """Return the equity of the main arms as points of the drawing, with the ends of its scale."""
    drawn = {arm: card.days[arm].equity for arm in DRAWN}
    low = min(float(each.min()) for each in drawn.values())
    high = max(float(each.max()) for each in drawn.values())
    room = (high - low) or 1.0
    lines = []
    for arm, equity in drawn.items():
        rows = np.unique(np.linspace(0, len(equity) - 1, min(POINTS_MAX, len(equity))).astype(int))
        x = WIDTH * rows / max(len(equity) - 1, 1)
        y = HEIGHT * (1 - (equity[rows] - low) / room)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        lines.append({"arm": arm, "points": points, "last": f"{equity[-1]:,.0f}"})
    start = float(card.cash)
    level = HEIGHT * (1 - (start - low) / room) if low <= start <= high else None
    first, last = (moment(int(card.days[NAIVE].day[at]) * DAY_NS)[:10] for at in (0, -1))
    return [
        {"lines": lines, "low": f"{low:,.0f}", "high": f"{high:,.0f}", "level": level, "first": first, "last": last}
    ]


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


def _share(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
