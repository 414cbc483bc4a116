"""A year of hourly bars of 13 instruments, traded by 39 bots: each on one instrument, then each on all of them.

    python -m bench.fleet [--bars 8760] [--rounds 5] [--json]

Everything is on (ledger, risk review, decision records, digest), through the same `run_backtest` as a user's run. The
reference in the same process is the bare loop with its own moving averages, over as many bars as strategies are
called: what CPython takes to hand that many bars to that many objects, without an account behind them.
"""

import argparse
import statistics
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from bench import bare_loop
from bench.event_engine import FEES
from bench.figures import Report, in_turn, median_ratio, peak_mb, show
from bench.market import START_NS, make_columns
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.model.instrument import Instrument, define_instrument
from tradewind.research.backtest import BacktestResult, run_backtest
from tradewind.research.series import BarSeries
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import Strategy
from tradewind.strategy.builtin.bollinger import Bollinger
from tradewind.strategy.builtin.donchian import Donchian
from tradewind.strategy.builtin.momentum import Momentum
from tradewind.strategy.builtin.moving_average import MovingAverage
from tradewind.strategy.builtin.rsi_reversion import RsiReversion

HOUR_NS = 3_600_000_000_000
INSTRUMENTS, BOTS = 13, 39
MEMORY_MB_MAX = 300
SEED = 20240601


def hourly_series(bars: int) -> list[BarSeries]:
    """Return one series per instrument, each from its own seed."""
    return [_one(f"COIN{number:02}-USD", bars, SEED + number) for number in range(INSTRUMENTS)]


def _one(name: str, bars: int, seed: int) -> BarSeries:
    instrument = define_instrument(name, price_increment="0.01", base_increment="0.0001")
    columns = make_columns(bars, seed)
    prices = [np.round(column * 100).astype(np.int64) for column in columns[:4]]
    volume = np.round(columns[4] * 10_000).astype(np.int64)
    open_ns = START_NS + np.arange(bars, dtype=np.int64) * HOUR_NS
    return BarSeries(instrument, HOUR_NS, open_ns, *prices, volume, source="generated")


def strategies() -> list[Strategy]:
    """Return 39 strategies, no two alike: averages, channels, bands, momentum and reversion of many lengths."""
    return [
        *(MovingAverage(fast=5 + 3 * n, slow=20 + 11 * n, average="sma") for n in range(15)),
        *(RsiReversion(length=7 + n, entry=25.0 + n) for n in range(9)),
        *(Bollinger(length=15 + 5 * n) for n in range(5)),
        *(Donchian(entry_bars=20 + 10 * n, exit_bars=10 + 5 * n) for n in range(5)),
        *(Momentum(length=24 + 24 * n) for n in range(5)),
    ]


def one_each(series: Sequence[BarSeries]) -> tuple[BotSpec, ...]:
    """Return 39 bots, three on each instrument, each trading one."""
    return tuple(
        BotSpec(
            id=f"bot{number:02}",
            strategy=strategy,
            instruments=(series[number % INSTRUMENTS].instrument.id,),
            budget=Decimal(1) / 50,
        )
        for number, strategy in enumerate(strategies())
    )


def all_on_all(series: Sequence[BarSeries]) -> tuple[BotSpec, ...]:
    """Return 39 bots that each trade all instruments: 507 seats."""
    names = tuple(one.instrument.id for one in series)
    return tuple(
        BotSpec(id=f"bot{number:02}", strategy=strategy, instruments=names, budget=Decimal(1) / 50)
        for number, strategy in enumerate(strategies())
    )


def run(bots: tuple[BotSpec, ...], series: Sequence[BarSeries]) -> BacktestResult:
    """Return what the fleet did."""
    instruments: tuple[Instrument, ...] = tuple(one.instrument for one in series)
    config = EngineConfig(
        session="fleet",
        instruments=instruments,
        bots=bots,
        cash=Decimal(10_000_000),
        fees=FEES,
        limits=RESEARCH_LIMITS,
    )
    return run_backtest(config, SimulationSettings(fees=FEES), series)


def bare_calls(rows: list[Any], seats: int) -> Callable[[], None]:
    """Return work that hands the bars of one instrument to as many bare strategies as there are seats."""

    def work() -> None:
        for _ in range(seats):
            engine = bare_loop.BareLoop()
            engine.run(bare_loop.Crossover(engine), zip(*rows, strict=True))

    return work


def measure(bars: int, rounds: int) -> Report:
    """Return the figures."""
    series = hourly_series(bars)
    rows: list[Any] = [series[0].open_ns.tolist()]
    rows += [(c / 100).tolist() for c in (series[0].open, series[0].high, series[0].low, series[0].close)]
    rows.append([0.0] * bars)
    report = Report(benchmark="fleet")

    def engine(name: str, bots: tuple[BotSpec, ...]) -> Callable[[], None]:
        def work() -> None:
            result = run(bots, series)  # only its facts are kept: two results at once would count twice in the peak
            report.facts |= {f"{name}_fills": result.fills, f"{name}_equity": f"{result.equity:.2f}"}
            report.facts[f"{name}_digest"] = result.digest

        return work

    plan = (
        ("one_each", one_each(series), 0.5, 2.0, rounds),
        ("all_on_all", all_on_all(series), 5.0, 10.0, max(1, rounds // 2)),
    )
    for name, bots, goal_s, floor_s, times in plan:
        seats = sum(len(bot.instruments) for bot in bots)
        ours, bare = in_turn(times, engine(name, bots), bare_calls(rows, seats))
        report.add(f"{name}_s", statistics.median(ours), "s", goal=goal_s, floor=floor_s)
        report.add(f"{name}_ratio", median_ratio(bare, ours), "x bare loop", higher=True)
        report.add(f"{name}_ns_per_call", statistics.median(ours) / (seats * bars) * 1e9, "ns")
    report.add("peak_mb", peak_mb(), "MB", floor=MEMORY_MB_MAX)
    return report


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bars", type=int, default=8_760)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    show(measure(options.bars, options.rounds), as_json=options.json)


if __name__ == "__main__":
    main()
