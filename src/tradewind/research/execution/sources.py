"""The markets of the study: real books, generated order flow as the local exchange serves it, and hourly bars of it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tradewind.app.settings import MarketSettings
from tradewind.exchange.core.fees import SPOT_FEES
from tradewind.execution.planner import PlannerSettings
from tradewind.research.execution.study import Study, Tried, study_of, try_tape
from tradewind.research.execution.tapes import Tape, generated_tape, recorded_tapes, served_tapes

SEEDS = (900, 901)
SERVED_MINUTES = 90
HOURLY_BARS = 24


def run_study(
    data: Path | None,
    *,
    starts: int = 16,
    seeds: Sequence[int] = SEEDS,
    market: MarketSettings = MarketSettings(),  # noqa: B008 - frozen
    settings: PlannerSettings = PlannerSettings(),  # noqa: B008 - frozen
    progress: Callable[[str], None] | None = None,
) -> Study:
    """Return the study on the recorded books below `data`, if given, and on generated markets of the seeds.

    `progress` is told the name of each tape that is done.
    """
    tried: list[Tried] = []
    for tape in _tapes(data, seeds, market):
        tried.append(try_tape(tape, starts, SPOT_FEES, settings))
        if progress is not None:
            progress(tape.name)
    return study_of(tried, SPOT_FEES)


def _tapes(data: Path | None, seeds: Sequence[int], market: MarketSettings) -> Iterator[Tape]:
    if data is not None:
        yield from recorded_tapes(data)
    for seed in seeds:
        yield from served_tapes(seed, SERVED_MINUTES, market.instruments)
    for seed in seeds:
        for asset in range(market.instruments):
            yield generated_tape(seed, asset, market, HOURLY_BARS)


def tape_count(seeds: Sequence[int], market: MarketSettings) -> int:
    """Return how many generated tapes a study of some seeds has."""
    return 2 * len(seeds) * market.instruments
