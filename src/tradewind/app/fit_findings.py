"""What the doctor finds of the fits that a session would need: it makes each of them from the venue's candles."""

from collections.abc import Mapping, Sequence

from tradewind.app.findings import Finding, ready, review
from tradewind.app.live.fit_history import FitHistory
from tradewind.app.live.fit_jobs import FitJob, StrategyJob, TailJob
from tradewind.app.live.plan import live_plan
from tradewind.app.settings import Config
from tradewind.app.strategies import make_strategy
from tradewind.app.wiring import strategy_parameters, tail_plan
from tradewind.engine.config import TailPlan
from tradewind.market.aggregate import bucket_open
from tradewind.model.errors import TradewindError
from tradewind.model.instrument import Instrument
from tradewind.risk.tail_book import TAIL
from tradewind.venues.ports import MarketDesk

CHECK = "fits"
REMEDY = "a session starts all the same, and until it has seen enough it only reduces (VaR) or stays flat (pairs)"


def fits_of(config: Config, names: Sequence[str]) -> list[FitJob]:
    """Return what a session of this configuration would fit; nothing for most.

    Raises  ConfigError for strategies that cannot be made, and bars that do not make up those of VaR.
    """
    span_ns, plan = live_plan(config).span_ns, tail_plan(config.var)
    jobs: list[FitJob] = [TailJob(plan, names, span_ns)] if isinstance(plan, TailPlan) else []
    requests = {
        request
        for bot in config.bots
        for request in make_strategy(bot.strategy, strategy_parameters(bot)).fits(sorted(bot.instruments or names))
    }
    jobs.extend(StrategyJob(each, span_ns) for each in sorted(requests, key=lambda each: each.kind))
    return jobs


async def fit_finding(desk: MarketDesk, jobs: Sequence[FitJob], now_ns: int) -> Finding:
    """Return whether the venue's candles are enough for the fits that a session would make at its start."""
    names = sorted({name for job in jobs for name in job.names})
    try:
        instruments = {each.id: each for each in await desk.instruments(names)}
        wrong = [text for job in jobs if (text := await _trouble(desk, job, instruments, now_ns))]
    except TradewindError as error:
        return review(CHECK, f"no candles: {error}", REMEDY)
    if wrong:
        return review(CHECK, "; ".join(wrong), REMEDY)
    made = (f"{job.kind} from candles of {job.span_ns / 60e9:g} minutes" for job in jobs)
    return ready(CHECK, ", ".join(made))


async def _trouble(desk: MarketDesk, job: FitJob, instruments: Mapping[str, Instrument], now_ns: int) -> str:
    """Return what is wrong with a fit made now, "" when nothing is."""
    history = FitHistory(instruments, job.span_ns, job.bars)
    end_ns = bucket_open(now_ns, job.span_ns)
    for name in job.names:
        history.begin(name, await desk.candles(name, job.span_ns, end_ns - job.bars * job.span_ns, end_ns))
    made = job.make(history.snapshot(now_ns, job.names, {}))
    what = "VaR" if job.kind == TAIL else job.kind
    return f"{what}: {made.trouble}" if made.trouble else ""
