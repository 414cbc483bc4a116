"""The study: many parents of low urgency on many tapes, both ways, by fee tier, with what chance leaves open.

Parents start at even times over a tape, both sides and every size at each, so that the drift of the market weighs on
both sides alike. Intervals are of a block bootstrap over the starts: neighbours see the same market.
Source  METHODS 3 (TCA), SPEC X11.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from heapq import heappop, heappush

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.execution.fill_rates import FillRates, noted
from tradewind.execution.planner import MarketFigures, PlannerSettings
from tradewind.model.fees import FeeSchedule, FeeTier
from tradewind.model.orders import Side
from tradewind.research.execution.tapes import Tape, books_at
from tradewind.research.execution.trials import GRACE_NS, LATENCY_NS, MARKOUTS_S, Trial, Way, run_trial

FloatArray = NDArray[np.float64]

NOTIONALS = (Decimal(500), Decimal(2_500), Decimal(10_000))
HORIZON_SHARE = 2 / 3
SETTLE_NS = 1_000_000_000
RESAMPLES = 2_000
MAKER_GOAL = 0.80
BANDS = (("0-10k", Decimal(0), 0.40), ("10-100k", Decimal(10_000), 0.20), ("100k+", Decimal(100_000), 0.30))
SECOND_NS = 1_000_000_000
DAY_S = 86_400.0


class TierCost(msgspec.Struct, frozen=True, kw_only=True):
    """The all-in cost at one tier, ours and all-market, in bps of the parents; `reduction` with its 95 % interval."""

    from_volume: Decimal
    maker: Decimal
    taker: Decimal
    ours_bps: float
    market_bps: float
    reduction: float
    low: float
    high: float


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A goal, and what was measured: at the band's first tier."""

    goal: str
    wanted: float
    measured: float
    low: float | None
    high: float | None
    met: bool


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the parents of one tape, or of several, came to; means are weighted by notional.

    `estimate_bps` is what the plans expected at the lowest tier, to be held against its `ours_bps`.
    """

    name: str
    source: str
    parents: int
    seconds: float
    horizon_s: float
    trades: int
    maker_ratio: float
    maker_ratio_count: float
    fill_rate: float
    slippage_bps: float
    market_slippage_bps: float
    wait_s: float
    reprices: float
    children: float
    estimate_bps: float
    markouts: dict[str, float]
    tiers: tuple[TierCost, ...]
    verdicts: tuple[Verdict, ...]


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """All results: the whole of each source, and each tape of it."""

    notionals: tuple[Decimal, ...]
    latency_ms: float
    fees_source: str
    fees_as_of: str
    groups: dict[str, Result]
    tapes: dict[str, tuple[Result, ...]]


class Tried(msgspec.Struct, frozen=True, eq=False):
    """The trials of one tape, and what is told of the tape itself."""

    tape: str
    source: str
    seconds: float
    horizon_s: float
    trades: int
    trials: tuple[Trial, ...]


class Measured:
    """What the parents of one tape have filled so far; one that still works at a time has said nothing by then."""

    def __init__(self) -> None:
        self._rates = FillRates()
        self._waiting: list[tuple[int, int, tuple[int, int, int]]] = []  # by the time from which it is known
        self._seen = 0

    def note(self, trial: Trial) -> None:
        """Take a parent's fills, to be known once it is over."""
        self._seen += 1
        if trial.measured is not None:
            heappush(self._waiting, (trial.over_ns, self._seen, trial.measured))

    def rates_at(self, ts_ns: int) -> FillRates:
        """Return the measured rates of the parents that were over by then; times must not go back."""
        while self._waiting and self._waiting[0][0] <= ts_ns:
            self._rates = noted(self._rates, *heappop(self._waiting)[2])
        return self._rates


def try_tape(
    tape: Tape,
    starts: int,
    fees: FeeSchedule,
    settings: PlannerSettings,
    notionals: Sequence[Decimal] = NOTIONALS,
    progress: Callable[[], None] | None = None,
) -> Tried:
    """Return the parents of a tape, tried both ways.

    The horizon is that of low urgency, but at most two thirds of the tape. Offsets follow what earlier parents of the
    tape have filled, of those that were over by then.
    Raises  ValueError without starts.
    """
    if starts < 1:
        raise ValueError(f"a study needs at least one start for each tape, was {starts}")
    length = tape.end_ns - tape.start_ns
    horizon_ns = min(settings.low_ns, int(length * HORIZON_SHARE))
    settings = msgspec.structs.replace(settings, low_ns=horizon_ns)
    first_ns = tape.start_ns + SETTLE_NS
    last_ns = max(first_ns, tape.end_ns - horizon_ns - GRACE_NS)
    times = sorted({first_ns + (last_ns - first_ns) * i // max(1, starts - 1) for i in range(starts)})
    volume_day = tape.volume() / (length / SECOND_NS) * DAY_S
    trials: list[Trial] = []
    known = Measured()
    for slot, (event, book) in enumerate(books_at(tape, times)):
        touch = tape.touch(book.ts_ns)
        if touch is not None and book.bids and book.asks:
            market = MarketFigures(
                bid=touch.bid, ask=touch.ask, tier=fees.tiers[0], sigma_day=_sigma_day(tape), volume_day=volume_day,
                fill_rates=known.rates_at(book.ts_ns),
            )  # fmt: skip
            for side in (Side.BUY, Side.SELL):
                for notional in notionals:
                    made = run_trial(tape, event, book, slot, side, notional, market, settings, horizon_ns)
                    if made is not None:
                        trials.append(made)
                        known.note(made)
        if progress is not None:
            progress()
    return Tried(tape.name, tape.source, length / SECOND_NS, horizon_ns / SECOND_NS, tape.trades, tuple(trials))


def study_of(tried: Iterable[Tried], fees: FeeSchedule, notionals: Sequence[Decimal] = NOTIONALS) -> Study:
    """Return the report on all tapes, by source; a tape on which no parent could be planned is left out."""
    sources: dict[str, list[Tried]] = {}
    for each in tried:
        if each.trials:
            sources.setdefault(each.source, []).append(each)
    return Study(
        notionals=tuple(notionals),
        latency_ms=LATENCY_NS / 1e6,
        fees_source=fees.source,
        fees_as_of=fees.as_of,
        groups={source: result_of(source, each, fees) for source, each in sources.items()},
        tapes={source: tuple(result_of(one.tape, [one], fees) for one in each) for source, each in sources.items()},
    )


def result_of(name: str, tried: Sequence[Tried], fees: FeeSchedule) -> Result:
    """Return the figures of some tapes together."""
    trials = [trial for each in tried for trial in each.trials]
    weights = np.array([trial.notional for trial in trials])

    def mean(of: Callable[[Trial], float]) -> float:
        return float(np.average([of(trial) for trial in trials], weights=weights))

    maker, taker = mean(lambda trial: trial.ours.maker), mean(lambda trial: trial.ours.taker)
    makers = sum(trial.ours.fills_maker for trial in trials)
    fills = makers + sum(trial.ours.fills_taker for trial in trials)
    tiers = _tier_costs(tried, fees)
    ratio = maker / (maker + taker) if maker + taker else 0.0
    return Result(
        name=name,
        source=tried[0].source,
        parents=len(trials),
        seconds=sum(each.seconds for each in tried),
        horizon_s=max(each.horizon_s for each in tried),
        trades=sum(each.trades for each in tried),
        maker_ratio=ratio,
        maker_ratio_count=makers / fills if fills else 0.0,
        fill_rate=mean(lambda trial: trial.ours.filled_share),
        slippage_bps=mean(lambda trial: trial.ours.slippage_bps),
        market_slippage_bps=mean(lambda trial: trial.market.slippage_bps),
        wait_s=mean(lambda trial: trial.ours.seconds),
        reprices=mean(lambda trial: float(trial.ours.reprices)),
        children=mean(lambda trial: float(trial.ours.children)),
        estimate_bps=mean(lambda trial: trial.estimate_bps),
        markouts=_markouts(trials),
        tiers=tiers,
        verdicts=_verdicts(ratio, tiers),
    )


def _tier_costs(tried: Sequence[Tried], fees: FeeSchedule) -> tuple[TierCost, ...]:
    """The cost at every tier with the interval of its reduction."""
    rng = np.random.default_rng(0)
    sums = [_slot_sums(each, fees) for each in tried]
    total = np.sum([each.sum(axis=0) for each in sums], axis=0)
    resampled = np.sum([_resampled(each, rng) for each in sums], axis=0)
    notional = sum(trial.notional for each in tried for trial in each.trials)
    reductions = 1 - resampled[:, :, 0] / resampled[:, :, 1]
    low, high = np.percentile(reductions, [2.5, 97.5], axis=0)
    return tuple(
        TierCost(
            from_volume=tier.from_volume,
            maker=tier.maker,
            taker=tier.taker,
            ours_bps=float(total[i, 0] / notional),
            market_bps=float(total[i, 1] / notional),
            reduction=float(1 - total[i, 0] / total[i, 1]),
            low=float(low[i]),
            high=float(high[i]),
        )
        for i, tier in enumerate(fees.tiers)
    )


def _slot_sums(tried: Tried, fees: FeeSchedule) -> FloatArray:
    """(slots, tiers, 2): cost times notional of the parents of each start, ours and all-market."""
    slots = sorted({trial.slot for trial in tried.trials})
    sums = np.zeros((len(slots), len(fees.tiers), 2))
    for trial in tried.trials:
        row = sums[slots.index(trial.slot)]
        for i, tier in enumerate(fees.tiers):
            row[i, 0] += _all_in(trial.ours, tier) * trial.notional
            row[i, 1] += _all_in(trial.market, tier) * trial.notional
    return sums


def _resampled(sums: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(resamples, tiers, 2): sums over blocks of about the root of the number of starts, drawn with replacement."""
    slots = sums.shape[0]
    length = math.ceil(math.sqrt(slots))
    firsts = rng.integers(0, slots, size=(RESAMPLES, math.ceil(slots / length)))
    drawn = (firsts[:, :, None] + np.arange(length)).reshape(RESAMPLES, -1)[:, :slots] % slots
    return np.asarray(sums[drawn].sum(axis=1))


def _all_in(way: Way, tier: FeeTier) -> float:
    return way.all_in_bps(float(tier.maker), float(tier.taker))


def _markouts(trials: Sequence[Trial]) -> dict[str, float]:
    """The mean markout of the fills by seconds, of the parents that have one."""
    found = {}
    for seconds in map(str, MARKOUTS_S):
        known = [trial for trial in trials if seconds in trial.ours.markouts]
        if known:
            weights = [trial.notional for trial in known]
            found[seconds] = float(np.average([trial.ours.markouts[seconds] for trial in known], weights=weights))
    return found


def _verdicts(maker_ratio: float, tiers: Sequence[TierCost]) -> tuple[Verdict, ...]:
    made = [
        Verdict(
            goal="maker ratio by notional",
            wanted=MAKER_GOAL,
            measured=maker_ratio,
            low=None,
            high=None,
            met=maker_ratio >= MAKER_GOAL,
        )
    ]
    for band, start, wanted in BANDS:
        tier = next((tier for tier in tiers if tier.from_volume == start), None)
        if tier is not None:
            made.append(
                Verdict(
                    goal=f"cost below all-market at {band}",
                    wanted=wanted,
                    measured=tier.reduction,
                    low=tier.low,
                    high=tier.high,
                    met=tier.reduction >= wanted,
                )
            )
    return tuple(made)


def _sigma_day(tape: Tape) -> float:
    """The volatility of a tape as a share per day, from the mids of its seconds."""
    seconds = range(tape.start_ns, tape.end_ns, SECOND_NS)
    mids = np.array([mid for second in seconds if (mid := tape.mid_after(second)) is not None])
    if mids.size < 3:
        return 0.0
    return float(np.diff(np.log(mids)).std(ddof=1) * math.sqrt(DAY_S))
