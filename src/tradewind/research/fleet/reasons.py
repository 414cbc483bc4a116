"""Where an arm's net gain comes from: prices, fees and the ways of each kind of bot, and what held it back."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.model.money import ZERO, add
from tradewind.research.breakdown import GroupRow
from tradewind.research.curve import EquityCurve


class KindRow(msgspec.Struct, frozen=True):
    """The bots of one kind together; `prices` is their gain before fees, after spread and slippage, with funding."""

    bots: int
    profitable: int
    trades: int
    prices: Decimal
    fees: Decimal
    net: Decimal


class Reasons(msgspec.Struct, frozen=True):
    """Why an arm came to what it did. Shares are of the window: with anything held, and after its breaker had tripped.

    `held` is the mean of what was held, a share of equity; `blocked` and `refused` count entries refused for the regime
    and for anything else.
    """

    kinds: dict[str, KindRow]
    held: float
    stopped: float
    blocked: int
    refused: int


def reasons(
    rows: Sequence[GroupRow],
    bots: Sequence[str],
    curve: EquityCurve,
    *,
    tripped_ns: int | None,
    blocked: int,
    refusals: int,
) -> Reasons:
    """Return where the net gain of an arm comes from; `rows` are its bots' figures."""
    by_name = {row.name: row for row in rows}
    members: dict[str, list[str]] = {}
    for name in bots:
        members.setdefault(kind_of(name), []).append(name)
    whole = int(curve.ts_ns[-1]) - curve.opening_ns
    after = 0 if tripped_ns is None else int(curve.ts_ns[-1]) - tripped_ns
    return Reasons(
        kinds={kind: _kind([by_name.get(each) for each in names]) for kind, names in members.items()},
        held=float(np.nanmean(curve.exposure)) if len(curve) else 0.0,
        stopped=after / whole if whole else 0.0,
        blocked=blocked,
        refused=refusals - blocked,
    )


def kind_of(bot: str) -> str:
    """Return the kind of a fleet's bot, which its name begins with."""
    return bot.partition("@")[0]


def _kind(rows: Sequence[GroupRow | None]) -> KindRow:
    net = fees = ZERO
    there = [row for row in rows if row is not None]
    for row in there:
        net, fees = add(net, row.net), add(fees, row.fees)
    return KindRow(
        bots=len(rows),
        profitable=sum(row.net > 0 for row in there),
        trades=sum(row.trades for row in there),
        prices=add(net, fees),
        fees=fees,
        net=net,
    )
