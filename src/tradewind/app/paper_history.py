"""Recorded candles from before a paper session, as history for its indicators, regimes, sizes and fits (SPEC O9).

They are fed at their own times with every bot paused, as a session on a venue warms up, so that they are journaled and
a replay is exact. Too few, or a hole at the join, is refused before anything starts.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from tradewind.app.home import Home
from tradewind.app.live.fit_jobs import fit_jobs
from tradewind.app.live.warming import first_needed
from tradewind.app.market_data import BARS, MarketData, load_market
from tradewind.app.settings import Config
from tradewind.app.strategies import load_source
from tradewind.app.times import moment_ns, moment_text
from tradewind.app.wiring import engine_config
from tradewind.engine.state import EngineState
from tradewind.model.errors import ConfigError
from tradewind.portfolio.gauge import SEEDS
from tradewind.storage.catalog import Convention

KEY = "paper.warmup"


class History(msgspec.Struct, frozen=True, eq=False):
    """A market that begins before the session does: bots decide on what happens after `until_ns`."""

    market: Sequence[MarketData]
    until_ns: int


def with_history(config: Config, home: Home, market: Sequence[MarketData]) -> History | None:
    """Return the session's market with the candles before it, None where no warm-up is asked for.

    Raises  ConfigError where there are too few, or none that the session's own follow on.
    """
    if not config.paper.warmup:
        return None
    if config.data.kind != BARS or not config.data.start:
        raise ConfigError(f"{KEY} needs recorded candles and data.from: from where on the session trades")
    from_ns = moment_ns(config.data.start, "data.from")
    start_ns = _needed_from_ns(config, market, from_ns)
    earlier = msgspec.structs.replace(config.data, start=moment_text(start_ns, seconds=True))
    longer = load_market(msgspec.structs.replace(config, data=earlier), home)
    for each in longer:
        _refuse_bare(each, start_ns, from_ns)
    return History(longer, from_ns)


def _needed_from_ns(config: Config, market: Sequence[MarketData], from_ns: int) -> int:
    """Return from when on candles are needed, so that everything is warm at `from_ns`."""
    span_ns = min(each.bars.span_ns for each in market)
    engine = engine_config(config, [each.instrument for each in market])
    state = EngineState(engine, load_source)
    bars = 0 if state.regimes is None else state.regimes.warmup_bars
    if state.sizing is not None:
        bars = max(bars, SEEDS + 1)
    needed = [first_needed(each, span_ns, from_ns, bars) for each in state.markets.values()]
    fits = [from_ns - (job.bars + 1) * job.span_ns for job in fit_jobs(engine, engine.bots, span_ns)]
    return min(*needed, *fits) if fits else min(needed)


def _refuse_bare(market: MarketData, start_ns: int, from_ns: int) -> None:
    """Raise ConfigError where the candles before the session are not there from `start_ns` on, or end before it."""
    name, bars = market.instrument.id, market.bars
    row = int(np.searchsorted(bars.open_ns, from_ns))
    first_ns = int(bars.open_ns[0])
    if not row or first_ns >= start_ns + bars.span_ns:
        raise ConfigError(
            f"{KEY}: the candles of {name} begin at {moment_text(first_ns)} UTC, and its warm-up needs those from "
            f"{moment_text(start_ns)} on: import them, or let the session begin later (data.from)"
        )
    follows = row == len(bars) or int(bars.close_ns[row - 1]) == int(bars.open_ns[row])
    if not follows and bars.convention is not Convention.NO_TRADE:
        raise ConfigError(
            f"{KEY}: the candles of {name} have a hole at data.from, after {moment_text(int(bars.close_ns[row - 1]))} "
            "UTC: import what is missing, or let the session begin elsewhere"
        )
