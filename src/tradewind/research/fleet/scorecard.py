"""Every arm of a fleet on the same bars, and what the differences come to."""

import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.app.fleet import FleetPlan
from tradewind.app.wiring import simulation_settings
from tradewind.engine.config import EngineConfig
from tradewind.engine.sequencer import Recorded
from tradewind.model.instrument import Instrument
from tradewind.model.money import subtract
from tradewind.numeric.resampling import paired_drawdown, paired_sum, stationary_blocks
from tradewind.numeric.significance import deflated_sharpe
from tradewind.research.backtest import run_backtest
from tradewind.research.breakdown import read_model
from tradewind.research.fleet.arms import (
    FULL,
    HOLD,
    NAIVE,
    RANDOM,
    SELECTION_OFF,
    arm_config,
    arms_of,
    hold_config,
    paper_config,
    random_config,
)
from tradewind.research.fleet.breaches import LimitAudit
from tradewind.research.fleet.goals import Goal, Paired, goals
from tradewind.research.fleet.reasons import Reasons
from tradewind.research.fleet.scoring import ArmScore, Days, Scored, score_arm
from tradewind.research.fleet.selection import WalkForward, paper_trades, scheduled, walk_forward, windows
from tradewind.research.series import BarSeries, perpetual_notes

Told = Callable[[str, int, int], None]


class Scorecard(msgspec.Struct, frozen=True, eq=False):
    """Everything the fleet run found. `seconds` are this machine's processor's; all else depends on the data alone."""

    digest: str
    start_ns: int
    end_ns: int
    instruments: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    bars: int
    currency: str
    cash: Decimal
    arms: dict[str, ArmScore]
    paired: dict[str, Paired]
    goals: tuple[Goal, ...]
    days: dict[str, Days]
    by_bot: dict[str, dict[str, Decimal]]
    reasons: dict[str, Reasons]
    audits: dict[str, LimitAudit]
    trials: int
    walk_forward: WalkForward | None
    perpetuals: dict[str, dict[str, str]]
    seconds: dict[str, float]


def run_fleet(
    plan: FleetPlan,
    series: Sequence[BarSeries],
    *,
    left_out: Sequence[tuple[str, str]] = (),
    extra: Sequence[Recorded] = (),
    training: Sequence[BarSeries] = (),
    training_extra: Sequence[Recorded] = (),
    told: Told | None = None,
) -> Scorecard:
    """Run every arm over the bars and return the scorecard; `told` hears (arm, arms done, arms in all).

    Walk-forward learns from `training` and `training_extra`: the same instruments, from before the window on; without,
    from the window.
    """
    instruments = [each.instrument for each in series]
    quiet = bool(series) and all(each.no_trade for each in series)
    settings = simulation_settings(plan.config)
    scored: dict[str, Scored] = {}
    seconds: dict[str, float] = {}
    naive = arm_config(NAIVE, plan.config, instruments, quiet=quiet)
    arms = arms_of(plan.walk_forward)
    walk = _chosen(plan, series, training or series, training_extra if training else extra)
    for done, arm in enumerate(arms):
        if told is not None:
            told(arm, done, len(arms))
        engine = _engine(arm, plan, instruments, naive, scored, quiet=quiet)
        if walk is not None and arm not in (NAIVE, RANDOM, HOLD, SELECTION_OFF):
            engine = scheduled(engine, walk)
        began = time.process_time()
        result = run_backtest(engine, settings, series, extra=extra)
        seconds[arm] = time.process_time() - began
        scored[arm] = score_arm(result, series, plan.fleet.benchmark)
        del result
    trials = len(arms) + (0 if walk is None else walk.candidates)
    scores = deflated(scored, trials)
    paired = _paired(plan, scored)
    return Scorecard(
        digest=plan.digest,
        start_ns=min(int(each.open_ns[0]) for each in series),
        end_ns=max(int(each.open_ns[-1]) + each.span_ns for each in series),
        instruments=tuple(sorted(each.id for each in instruments)),
        left_out=tuple(left_out),
        bars=sum(len(each) for each in series),
        currency=naive.currency,
        cash=naive.cash,
        arms=scores,
        paired=paired,
        goals=goals(scores, paired[FULL], {arm: each.audit for arm, each in scored.items()}),
        days={arm: each.days for arm, each in scored.items()},
        by_bot={arm: each.by_bot for arm, each in scored.items()},
        reasons={arm: each.reasons for arm, each in scored.items()},
        audits={arm: each.audit for arm, each in scored.items()},
        trials=trials,
        walk_forward=walk,
        perpetuals={each.instrument.id: dict(notes) for each in series if (notes := perpetual_notes(each))},
        seconds=seconds,
    )


def _chosen(
    plan: FleetPlan, series: Sequence[BarSeries], training: Sequence[BarSeries], extra: Sequence[Recorded]
) -> WalkForward | None:
    """Return who may trade when: decided on trades on paper that had ended before; None without walk-forward."""
    if plan.walk_forward is None:
        return None
    start_ns = min(int(each.open_ns[0]) for each in series)
    end_ns = max(int(each.open_ns[-1]) + each.span_ns for each in series)
    windows(plan.walk_forward, start_ns, end_ns)  # refused before the long run on paper, not after it
    engine = paper_config(plan.config, [each.instrument for each in training])
    result = run_backtest(engine, simulation_settings(plan.config), training, extra=extra)
    return walk_forward(plan.walk_forward, paper_trades(read_model(result).trips), engine, start_ns, end_ns)


def _engine(
    arm: str,
    plan: FleetPlan,
    instruments: Sequence[Instrument],
    naive: EngineConfig,
    scored: dict[str, Scored],
    *,
    quiet: bool,
) -> EngineConfig:
    if arm == NAIVE:
        return naive
    if arm == RANDOM:
        return random_config(naive, scored[NAIVE].habits, plan.fleet.seed)
    if arm == HOLD:
        return hold_config(naive)
    return arm_config(arm, plan.config, instruments, budget=plan.fleet.budget, quiet=quiet)


def deflated(scored: Mapping[str, Scored], trials: int) -> dict[str, ArmScore]:
    """Return the figures with the deflated Sharpe ratio: the trials are the arms and the candidates really run."""
    ratios = {arm: _per_day(each.days) for arm, each in scored.items()}
    known = [each for each in ratios.values() if each is not None]
    variance = float(np.var(known, ddof=1)) if len(known) > 1 else 0.0
    return {
        arm: msgspec.structs.replace(each.score, deflated_sharpe=_deflated(each.days, ratios[arm], trials, variance))
        for arm, each in scored.items()
    }


def _per_day(days: Days) -> float | None:
    spread = float(days.returns.std(ddof=1)) if len(days.returns) > 1 else 0.0
    return float(days.returns.mean()) / spread if spread > 0 else None


def _deflated(days: Days, ratio: float | None, trials: int, variance: float) -> float | None:
    if ratio is None:
        return None
    centred = (days.returns - days.returns.mean()) / days.returns.std()
    skew, kurtosis = float((centred**3).mean()), float((centred**4).mean())
    return deflated_sharpe(ratio, len(days.returns), skew, kurtosis, trials, variance).probability


def _paired(plan: FleetPlan, scored: dict[str, Scored]) -> dict[str, Paired]:
    naive = scored[NAIVE].days
    rng = np.random.default_rng(plan.fleet.seed)
    blocks = stationary_blocks(len(naive.returns), plan.fleet.block_days, plan.fleet.draws, rng)
    gains = {arm: np.diff(each.days.equity, prepend=float(plan.config.account.cash)) for arm, each in scored.items()}
    return {
        arm: Paired(
            paired_sum(gains[arm], gains[NAIVE], blocks),
            paired_drawdown(each.days.returns, naive.returns, blocks),
        )
        for arm, each in scored.items()
        if arm != NAIVE
    }


def worth(card: Scorecard) -> dict[str, Decimal]:
    """Return what each part of the stack brought: the whole less the stack without it."""
    full = card.arms[FULL].net_pnl
    return {arm: subtract(full, score.net_pnl) for arm, score in card.arms.items() if arm.endswith("_off")}
