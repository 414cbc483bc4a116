"""What an arm came to: the figures of its run, bot by bot where that is the question."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import NormalDist

import msgspec
import numpy as np

from tradewind.engine.views import RoundTrip
from tradewind.model.answers import PositionLiquidated
from tradewind.model.money import ZERO
from tradewind.numeric.resampling import FloatArray
from tradewind.numeric.significance import wilson_interval
from tradewind.research.backtest import BacktestResult
from tradewind.research.breakdown import read_model
from tradewind.research.curve import DAY_NS, IntArray, daily, equity_curve
from tradewind.research.fleet.breaches import LimitAudit, audit_limits
from tradewind.research.fleet.habits import Habit, habits_of
from tradewind.research.fleet.reasons import Reasons, reasons
from tradewind.research.metrics import compute_metrics
from tradewind.research.series import BarSeries

FALSE_DISCOVERY_RATE = 0.10
TRIPS_MIN = 10
_NORMAL = NormalDist()


class Days(msgspec.Struct, frozen=True, eq=False):
    """An account day by day: the day's number since 1970, equity at its end, and the return of the day."""

    day: IntArray
    equity: FloatArray
    returns: FloatArray


class ArmScore(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one arm; money in the account's currency, shares as fractions, `turnover` one-way in equities.

    `profitable` counts bots with a net gain, open positions at their marks, `traded` those that traded at all.
    `discoveries` counts bots whose mean trade is above zero by more than luck (Benjamini-Hochberg at 10 %).
    `limit_breaches` is what a second pass over the records found; `tripped_ns` is when the breaker tripped. `funding`
    is what was received for it less what was paid, `shorts` are the trades that sold first, `liquidations` how often
    the venue closed a position, in part or whole.
    """

    bots: int
    traded: int
    profitable: int
    profitable_share: float
    wilson: tuple[float, float]
    net_pnl: Decimal
    fees: Decimal
    funding: Decimal
    slippage: Decimal
    maker_ratio: float | None
    sharpe: float | None
    deflated_sharpe: float | None
    max_drawdown: float | None
    btc_correlation: float | None
    turnover: float
    exposure: float
    trades: int
    shorts: int
    liquidations: int
    discoveries: int
    limit_breaches: int
    regime_refusals: int
    refusals: int
    tripped_ns: int | None
    digest: str


class Scored(msgspec.Struct, frozen=True, eq=False):
    """An arm's figures, its account day by day, how each bot traded, where its gain is from, and if limits held."""

    score: ArmScore
    days: Days
    habits: dict[str, Habit]
    by_bot: dict[str, Decimal]
    reasons: Reasons
    audit: LimitAudit


def score_arm(result: BacktestResult, series: Sequence[BarSeries], benchmark: str) -> Scored:
    """Return the figures of a run; the deflated Sharpe ratio needs all arms and is still missing."""
    curve, model = equity_curve(result, series), read_model(result)
    metrics = compute_metrics(result, series, curve=curve, model=model)
    by_day = daily(curve)
    days = Days(by_day.day[1:], by_day.equity[1:], np.diff(by_day.equity) / by_day.equity[:-1])
    gained = {row.name: row.net for row in metrics.by_bot}
    bots = [spec.id for spec in result.config.bots]
    audit = audit_limits(result, series, curve)
    profitable = sum(gained.get(name, ZERO) > ZERO for name in bots)
    interval = wilson_interval(profitable, len(bots))
    refusals: Counter[str] = model.refusals
    score = ArmScore(
        bots=len(bots),
        traded=len({fill.bot for fill in model.fills} & set(bots)),
        profitable=profitable,
        profitable_share=profitable / len(bots),
        wilson=(interval.low, interval.high),
        net_pnl=metrics.net_profit,
        fees=metrics.fees,
        funding=metrics.funding,
        slippage=metrics.slippage,
        maker_ratio=metrics.maker_ratio_notional,
        sharpe=metrics.sharpe,
        deflated_sharpe=None,
        max_drawdown=metrics.max_drawdown,
        btc_correlation=_correlation(days, series, benchmark),
        turnover=metrics.turnover,
        exposure=metrics.exposure,
        trades=metrics.trades,
        shorts=sum(trip.direction == "short" for trip in model.trips),
        liquidations=sum(isinstance(record, PositionLiquidated) for record in result.audit),
        discoveries=len(discovered(by_bot_gains(model.trips))),
        limit_breaches=len(audit.breaches),
        regime_refusals=refusals["regime_block"],
        refusals=metrics.refusals,
        tripped_ns=next((alarm.ts_ns for alarm in result.alarms if alarm.name == "drawdown"), None),
        digest=result.digest,
    )
    by_bot = {name: gained.get(name, ZERO) for name in bots}
    found = reasons(
        metrics.by_bot,
        model.trips,
        bots,
        curve,
        tripped_ns=score.tripped_ns,
        blocked=score.regime_refusals,
        refusals=score.refusals,
    )
    return Scored(score, days, habits_of(model, result.config.bots, series), by_bot, found, audit)


def discovered(gains: Mapping[str, Sequence[float]]) -> tuple[str, ...]:
    """Return the bots that earned more per trade than luck explains, with one in ten of them expected to be false.

    A bot with fewer than ten trades says nothing and counts as one that was tried.
    """
    values = {name: _luck(trades) for name, trades in gains.items()}
    ordered = sorted(values, key=lambda name: (values[name], name))
    passing = [k for k, name in enumerate(ordered, 1) if values[name] <= FALSE_DISCOVERY_RATE * k / len(ordered)]
    return tuple(ordered[: max(passing, default=0)])


def _luck(trades: Sequence[float]) -> float:
    """Return the probability of a mean as good as this one without an edge."""
    spread = float(np.std(trades, ddof=1)) if len(trades) >= TRIPS_MIN else 0.0
    return 1 - _NORMAL.cdf(float(np.mean(trades)) / spread * math.sqrt(len(trades))) if spread > 0 else 1.0


def by_bot_gains(trips: Sequence[RoundTrip]) -> dict[str, list[float]]:
    """Return what each bot's closed trades gained, net of everything."""
    found: dict[str, list[float]] = {}
    for trip in trips:
        found.setdefault(trip.bot, []).append(float(trip.gained))
    return found


def _correlation(days: Days, series: Sequence[BarSeries], benchmark: str) -> float | None:
    """Return the correlation of the account's daily returns with those of the benchmark; None without one."""
    found = next((each for each in series if each.instrument.id.startswith(benchmark)), None)
    if found is None or len(days.returns) < 3:
        return None
    closes = found.open_ns + found.span_ns
    rows = np.searchsorted((closes - 1) // DAY_NS, days.day, "right") - 1
    there = rows >= 0
    prices = found.close[rows[there]].astype(np.float64)
    moves, own = prices[1:] / prices[:-1] - 1, days.returns[there][1:]
    if len(own) < 2 or own.std() == 0 or moves.std() == 0:
        return None
    return float(np.corrcoef(own, moves)[0, 1])
