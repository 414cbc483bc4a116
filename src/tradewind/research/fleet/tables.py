"""The scorecard's tables for people: the same cells on a page and on a screen."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tradewind.model.money import ZERO, add
from tradewind.research.fleet.arms import FULL, NAIVE
from tradewind.research.fleet.reasons import KindRow, SideRow
from tradewind.research.fleet.scorecard import Scorecard
from tradewind.research.fleet.scoring import ArmScore

HEADS = (
    "profitable", "Wilson 95 %", "net", "fees", "maker", "Sharpe", "deflated", "drawdown", "BTC corr.", "turnover",
    "exposure", "trades", "short", "liq.",
)  # fmt: skip
REASON_HEADS = ("profitable", "trades", "by prices", "fees", "funding", "net")
PERPETUAL_HEADS = ("perpetual", "funding", "marks", "margin")
AUDIT_HEADS = (
    "limits", "orders", "breaches", "most in one", "most in all", "drawdown", "gap",
)  # fmt: skip


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
        f"{score.shorts:,}",
        f"{score.liquidations:,}",
    ]


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


def perpetual_rows(card: Scorecard) -> list[tuple[str, str, str, str]]:
    """Return, for people, each perpetual's funding, marks and margin."""
    return [
        (name, told.get("funding", "-"), told.get("marks", "-"), told.get("margin", "-"))
        for name, told in card.perpetuals.items()
    ]


def reason_rows(card: Scorecard) -> list[tuple[str, ...]]:
    """Return, for people, where the net gain of naive and of the stack comes from, kind by kind and in all."""
    rows = []
    for arm in (NAIVE, FULL):
        kinds = card.reasons[arm].kinds
        rows += [(f"{arm}: {kind}", *_reason_cells(row)) for kind, row in kinds.items()]
        rows.append((f"{arm}: all", *_reason_cells(_together(list(kinds.values())))))
    return rows


def reason_words(card: Scorecard) -> list[str]:
    """Return what held the stack back, a sentence each."""
    naive, full = card.reasons[NAIVE], card.reasons[FULL]
    said = [
        f"It held {full.held:.0%} of its equity in the mean (naive {naive.held:.0%}).",
        f"It refused {full.blocked:,} entries for the regime and {full.refused:,} for other reasons.",
    ]
    if card.walk_forward is not None:
        shares = [share for each in card.walk_forward.choices for share in each.shares.values()]
        said.append(f"Of the bots' budgets {1 - sum(shares) / max(len(shares), 1):.0%} were not chosen.")
    if "short" in full.sides:
        said += [f"{side.capitalize()}, {_side(row)}." for side, row in full.sides.items()]
    if full.stopped:
        said.append(f"Its breaker had tripped for {full.stopped:.0%} of the window.")
    return said


def _side(row: SideRow) -> str:
    return f"{row.trades:,} closed trades ({row.won / row.trades:.0%} won) brought {float(row.net):+,.0f}"


def _together(rows: Sequence[KindRow]) -> KindRow:
    prices = fees = funding = net = ZERO
    for row in rows:
        prices, fees, net = add(prices, row.prices), add(fees, row.fees), add(net, row.net)
        funding = add(funding, row.funding)
    counts = [sum(getattr(row, name) for row in rows) for name in ("bots", "profitable", "trades")]
    return KindRow(counts[0], counts[1], counts[2], prices, fees, funding, net)


def _reason_cells(row: KindRow) -> tuple[str, ...]:
    return (
        f"{row.profitable} of {row.bots}",
        f"{row.trades:,}",
        f"{float(row.prices):+,.0f}",
        f"{-float(row.fees):+,.0f}",
        f"{float(row.funding):+,.0f}",
        f"{float(row.net):+,.0f}",
    )


def moment(ts_ns: int) -> str:
    """Return a time to the minute, UTC."""
    return datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M")


def _share(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
