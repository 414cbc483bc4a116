"""How many bars a second the event engine takes, everything on, against a bare CPython loop in the same process.

    python -m bench.event_engine --strategy sma|noop --bars 500000 [--rounds 9] [--json]

Engine and reference run in turn, round by round; medians are reported. The engine runs `research.backtest.run_backtest`
as a user's backtest does: ledger, risk review, decision records and digest on. Data are made before the clock starts;
what the engine does with them (indicators, event objects) is inside. The reference does not pay for its conversion.
"""

import argparse
import gc
import json
import resource
import statistics
import sys
import time
from decimal import Decimal

from bench import bare_loop
from bench.market import make_series
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.model.fees import flat_fees
from tradewind.model.instrument import Instrument
from tradewind.model.intents import TargetQuantity
from tradewind.numeric.indicators import IndicatorSpec, sma
from tradewind.research.backtest import BacktestResult, run_backtest
from tradewind.research.series import BarSeries
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import Strategy, View, Wish

ONE = TargetQuantity(Decimal(1))
FLAT = TargetQuantity(Decimal(0))
FEES = flat_fees(Decimal("0.001"), Decimal("0.001"))


class Crossover(Strategy):
    """One unit long while the fast average is above the slow one."""

    fast: int = 10
    slow: int = 50

    def indicators(self) -> tuple[IndicatorSpec, ...]:
        return sma(self.fast), sma(self.slow)

    def on_bar(self, view: View) -> Wish:
        fast, slow = view.values
        if fast > slow:
            if not view.position:
                return ONE
        elif fast < slow and view.position:
            return FLAT
        return None


class Noop(Strategy):
    """Looks at every bar and wants nothing."""

    def on_bar(self, view: View) -> Wish:
        return None


STRATEGIES: dict[str, Strategy] = {"sma": Crossover(), "noop": Noop()}


def run_engine(name: str, series: BarSeries, instrument: Instrument) -> tuple[float, BacktestResult]:
    """Return (seconds, result) of one backtest with everything on."""
    config = EngineConfig(
        session="bench",
        instruments=(instrument,),
        bots=(BotSpec(id="bench", strategy=STRATEGIES[name], instruments=(instrument.id,)),),
        cash=Decimal(10_000_000),
        fees=FEES,
        limits=RESEARCH_LIMITS,
    )
    gc.collect()
    started = time.perf_counter()
    result = run_backtest(config, SimulationSettings(fees=FEES), (series,))
    return time.perf_counter() - started, result


def run_reference(name: str, rows: list[list[float]]) -> tuple[float, bare_loop.BareLoop]:
    """Return (seconds, engine) of one run of the bare loop."""
    engine = bare_loop.BareLoop()
    strategy = bare_loop.Noop() if name == "noop" else bare_loop.Crossover(engine)
    gc.collect()
    started = time.perf_counter()
    engine.run(strategy, zip(*rows, strict=True))  # type: ignore[arg-type]
    return time.perf_counter() - started, engine


def measure(name: str, bars: int, rounds: int) -> dict[str, object]:
    """Return the figures of one benchmark as plain values."""
    series, instrument = make_series(bars)
    rows: list[list[float]] = [series.open_ns.tolist()]
    rows += [(column / 100).tolist() for column in (series.open, series.high, series.low, series.close)]
    rows.append([0.0] * bars if series.volume is None else (series.volume / 10_000).tolist())
    ours: list[float] = []
    theirs: list[float] = []
    result: BacktestResult | None = None
    reference = bare_loop.BareLoop()
    for _ in range(rounds):
        result = None
        seconds, reference = run_reference(name, rows)
        theirs.append(seconds)
        seconds, result = run_engine(name, series, instrument)
        ours.append(seconds)
    if result is None:
        raise SystemExit("--rounds must be at least 1")
    engine_s, reference_s = statistics.median(ours), statistics.median(theirs)
    return {
        "benchmark": f"event_engine {name}",
        "bars": bars,
        "rounds": rounds,
        "bars_per_s": round(bars / engine_s),
        "reference_bars_per_s": round(bars / reference_s),
        "ratio": round(statistics.median(t / o for t, o in zip(theirs, ours, strict=True)), 3),
        "ns_per_bar": round(engine_s / bars * 1e9, 1),
        "reference_ns_per_bar": round(reference_s / bars * 1e9, 1),
        "fills": result.fills,
        "equity": f"{result.equity:.2f}",
        "reference_fills": reference.fills,
        "reference_equity": f"{reference.equity:.2f}",
        "digest": result.digest,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "python": sys.version.split()[0],
    }


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strategy", choices=sorted(STRATEGIES), default="sma")
    parser.add_argument("--bars", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.strategy, options.bars, options.rounds)
    if not options.json:
        for key, value in figures.items():
            print(f"{key:22} {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
