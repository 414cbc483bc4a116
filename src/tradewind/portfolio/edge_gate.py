"""May this strategy trade live? Its expected edge must pay for two takers and the spread (SPEC S9)."""

import math
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from tradewind.model.money import ZERO, add, multiply, plain, ratio

BPS = Decimal(10_000)
TWO = Decimal(2)
PRIOR_TRADES = 20
"""Trades without any edge that each record is pooled with: a short one says little."""


class KnownEdge(msgspec.Struct, frozen=True):
    """What earlier runs of the same strategy showed: how many trades, and their mean result before costs."""

    trades: int
    mean_bps: Decimal


class EdgeRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By bot: what is known of its edge, and who lets it trade all the same and why.

    `spread_bps` counts where no quote is known.
    """

    known: dict[str, KnownEdge] = {}
    overrides: dict[str, str] = {}
    spread_bps: Decimal = Decimal(5)


class GateAnswer(msgspec.Struct, frozen=True):
    """Whether it may trade, the edge and what it must exceed in bps, and why; `overridden` by whom."""

    passes: bool
    edge_bps: Decimal | None
    hurdle_bps: Decimal
    reason: str
    overridden: str = ""


def expected_edge(known: KnownEdge | None, gross_bps: Sequence[Decimal]) -> Decimal | None:
    """Return a bot's expected result of a round trip before costs, in bps; None without a single trade.

    Earlier runs and the trades of this one count alike, pulled towards none by `PRIOR_TRADES`.
    """
    count = len(gross_bps) + (0 if known is None else known.trades)
    if not count:
        return None
    total = ZERO if known is None else multiply(known.mean_bps, Decimal(known.trades))
    for each in gross_bps:
        total = add(total, each)
    return ratio(total, Decimal(count + PRIOR_TRADES))


def edge_gate(
    edge_bps: float | Decimal | None, taker_rate: Decimal, spread_bps: Decimal, override: str = ""
) -> GateAnswer:
    """Return whether the expected gain of a round trip before costs reaches 2 x taker + spread.

    `edge_bps` comes from trades that no parameter was chosen on; None or NaN is unknown, and does not pass. `override`
    names the operator who lets it trade all the same: the answer says so, for the record.
    """
    hurdle = add(multiply(multiply(TWO, taker_rate), BPS), spread_bps)
    edge = None if edge_bps is None or not math.isfinite(edge_bps) else Decimal(str(edge_bps))
    if edge is None:
        passes, reason = False, f"the expected edge is not known; it must be at least {plain(hurdle)} bps"
    elif edge < hurdle:
        passes, reason = False, f"the expected edge of {edge:.2f} bps is below {plain(hurdle)} bps"
    else:
        return GateAnswer(True, edge, hurdle, f"the expected edge of {edge:.2f} bps pays for {plain(hurdle)} bps")
    if override:
        return GateAnswer(True, edge, hurdle, f"{reason}; {override} lets it trade", override)
    return GateAnswer(passes, edge, hurdle, reason)
