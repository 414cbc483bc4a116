"""Where an arm's net gain comes from: prices, fees and the ways of each kind of bot, and what held it back."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.engine.views import RoundTrip
from tradewind.model.money import ZERO, add, subtract
from tradewind.research.breakdown import GroupRow
from tradewind.research.curve import EquityCurve

SIDES = ("long", "short")


class KindRow(msgspec.Struct, frozen=True):
    """The bots of one kind together; `prices` is their gain before fees and funding, after spread and slippage."""

    bots: int
    profitable: int
    trades: int
    prices: Decimal
    fees: Decimal
    funding: Decimal
    net: Decimal


class SideRow(msgspec.Struct, frozen=True):
    """The closed trades in one direction, and what they brought net of everything."""

    trades: int
    won: int
    net: Decimal


class Reasons(msgspec.Struct, frozen=True):
    """Why an arm came to what it did. Shares are of the window: with anything held, and after its breaker had tripped.

    `held` is the mean of what was held, a share of equity; `blocked` and `refused` count entries refused for the regime
    and for anything else. `sides` are the trades by direction.
    """

    kinds: dict[str, KindRow]
    sides: dict[str, SideRow]
    held: float
    stopped: float
    blocked: int
    refused: int


def reasons(
    rows: Sequence[GroupRow],
    trips: Sequence[RoundTrip],
    bots: Sequence[str],
    curve: EquityCurve,
    *,
    tripped_ns: int | None,
    blocked: int,
    refusals: int,
) -> Reasons:
    """Return where the net gain of an arm comes from; `rows` are its bots' figures, `trips` their trades."""
    by_name = {row.name: row for row in rows}
    members: dict[str, list[str]] = {}
    for name in bots:
        members.setdefault(kind_of(name), []).append(name)
    whole = int(curve.ts_ns[-1]) - curve.opening_ns
    after = 0 if tripped_ns is None else int(curve.ts_ns[-1]) - tripped_ns
    return Reasons(
        kinds={kind: _kind([by_name.get(each) for each in names]) for kind, names in members.items()},
        sides={side: _side(found) for side in SIDES if (found := [each for each in trips if each.direction == side])},
        held=float(np.nanmean(curve.exposure)) if len(curve) else 0.0,
        stopped=after / whole if whole else 0.0,
        blocked=blocked,
        refused=refusals - blocked,
    )


def kind_of(bot: str) -> str:
    """Return the kind of a fleet's bot, which its name begins with."""
    return bot.partition("@")[0]


def _side(trips: Sequence[RoundTrip]) -> SideRow:
    net = ZERO
    for trip in trips:
        net = add(net, trip.gained)
    return SideRow(len(trips), sum(trip.gained > ZERO for trip in trips), net)


def _kind(rows: Sequence[GroupRow | None]) -> KindRow:
    net = fees = funding = ZERO
    there = [row for row in rows if row is not None]
    for row in there:
        net, fees, funding = add(net, row.net), add(fees, row.fees), add(funding, row.funding)
    return KindRow(
        bots=len(rows),
        profitable=sum(row.net > 0 for row in there),
        trades=sum(row.trades for row in there),
        prices=subtract(add(net, fees), funding),
        fees=fees,
        funding=funding,
        net=net,
    )
