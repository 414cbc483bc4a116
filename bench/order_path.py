"""What one order costs on its whole way: intent, sizing, risk review, order, match, fill, ledger, records, digest.

    python -m bench.order_path [--bars 50000] [--rounds 9] [--profile] [--json]

A strategy that turns over at every bar against one that does nothing, over the same bars through the same
`run_backtest`, in turn: the difference per order is what an order costs. The reference is the bare loop with the same
turning strategy in the same process. Then where the time goes: every stage is wrapped with a timer (its own cost is
measured and taken off), and `--profile` adds the profiler's table.
"""

import argparse
import cProfile
import functools
import io
import pstats
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import msgspec

from bench import bare_loop
from bench.event_engine import FEES, FLAT, ONE, Noop
from bench.figures import Report, in_turn, show
from bench.market import make_series
from tradewind.engine import answering, core, deciding, driver, placing
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.digest import AuditDigest
from tradewind.engine.state import EngineState
from tradewind.model.instrument import Instrument
from tradewind.orders.order import Order
from tradewind.portfolio.ledger import Ledger
from tradewind.research.backtest import BacktestResult, run_backtest
from tradewind.research.series import BarSeries
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.risk.review import Reviewer
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import SimulationSettings
from tradewind.simulation.wallet import Wallet
from tradewind.strategy.base import Strategy, View, Wish

GOAL_US, FLOOR_US = 10.0, 15.0


class Flip(Strategy):
    """Holds one unit after every other bar: an order at each."""

    def on_bar(self, view: View) -> Wish:
        return FLAT if view.position else ONE


class BareFlip:
    """The same for the bare loop."""

    def __init__(self, engine: bare_loop.BareLoop) -> None:
        self.engine = engine
        self.position = 0

    def on_bar(self, bar: bare_loop.Bar) -> None:
        self.engine.market(-1.0 if self.position else 1.0)
        self.position = 1 - self.position


STAGES: tuple[tuple[str, object, str], ...] = (
    ("feed: sequence, dispatch", driver.Driver, "feed"),
    ("venue: a bar with orders", BarVenue, "on_event"),
    ("venue: book the fill", Wallet, "trade"),
    ("engine: process one event", driver, "process"),
    ("decide: wish to proposal", core, "decide"),
    ("place: question to risk", deciding, "propose"),
    ("equity for the question", EngineState, "equity"),
    ("risk: review", Reviewer, "review"),
    ("place: approved, send, record", placing, "settle"),
    ("venue: take the order", BarVenue, "submit"),
    ("answer: fill and its end", answering, "on_filled"),
    ("answer: order takes the fill", Order, "take_fill"),
    ("answer: ledger", Ledger, "fill"),
    ("answer: marks and worth", EngineState, "rebase"),
    ("digest of the records", AuditDigest, "update"),
)


class Stopwatch:
    """Inclusive and own time of wrapped calls, by name; calls may nest."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.own_ns: dict[str, int] = {}
        self._inner = [0]

    def wrap(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return `work` with a timer round it."""
        self.calls[name] = self.own_ns[name] = 0
        inner, clock = self._inner, time.perf_counter_ns

        @functools.wraps(work)
        def timed(*given: Any, **named: Any) -> Any:
            inner.append(0)
            started = clock()
            try:
                return work(*given, **named)
            finally:
                taken = clock() - started
                self.own_ns[name] += taken - inner.pop()
                inner[-1] += taken
                self.calls[name] += 1

        return timed


@contextmanager
def timed_stages(watch: Stopwatch) -> Iterator[None]:
    """Wrap every stage while the block runs."""
    before = [(owner, attribute, getattr(owner, attribute)) for _, owner, attribute in STAGES]
    for name, owner, attribute in STAGES:
        setattr(owner, attribute, watch.wrap(name, getattr(owner, attribute)))
    try:
        yield
    finally:
        for owner, attribute, original in before:
            setattr(owner, attribute, original)


def run(strategy: Strategy, series: BarSeries, instrument: Instrument) -> BacktestResult:
    """Return what a backtest with everything on did."""
    config = EngineConfig(
        session="bench",
        instruments=(instrument,),
        bots=(BotSpec(id="bench", strategy=strategy, instruments=(instrument.id,)),),
        cash=Decimal(10_000_000),
        fees=FEES,
        limits=RESEARCH_LIMITS,
    )
    return run_backtest(config, SimulationSettings(fees=FEES), (series,))


def where_it_goes(series: BarSeries, instrument: Instrument) -> list[str]:
    """Return own microseconds per order of each stage, the wrappers' cost taken off, as lines."""
    watch = Stopwatch()
    with timed_stages(watch):
        orders = run(Flip(), series, instrument).orders
    inside_ns, outside_ns = _cost_of_a_wrapper()
    lines = ["", f"{'own time by stage (idle bars included)':42}{'us per order':>14}{'calls per order':>18}"]
    total = 0.0
    nested = sum(watch.calls.values()) - watch.calls[STAGES[0][0]]
    for name, own_ns in watch.own_ns.items():
        calls = watch.calls[name]
        children = _children(watch, name, nested)
        us = max(0.0, own_ns - calls * inside_ns - children * outside_ns) / orders / 1e3
        total += us
        lines.append(f"{name:42}{us:14.2f}{calls / orders:18.2f}")
    return [*lines, f"{'all stages':42}{total:14.2f}"]


INSIDE: dict[str, tuple[str, ...]] = {
    "feed": ("on_event", "process", "submit"),
    "on_event": ("trade",),
    "process": ("decide", "on_filled"),
    "decide": ("propose",),
    "propose": ("equity", "review", "settle"),
    "on_filled": ("take_fill", "fill", "rebase"),
}


def _children(watch: Stopwatch, name: str, nested: int) -> int:
    """Return how many wrapped calls a stage makes itself: their wrappers' cost is part of its own time."""
    by_attribute = {attribute: stage for stage, _, attribute in STAGES}
    attribute = next(attribute for stage, _, attribute in STAGES if stage == name)
    return min(nested, sum(watch.calls[by_attribute[inner]] for inner in INSIDE.get(attribute, ())))


def _cost_of_a_wrapper(calls: int = 200_000) -> tuple[float, float]:
    """Return what one wrapper adds (inside, outside) its own measurement, in nanoseconds."""
    watch = Stopwatch()

    def nothing() -> None:
        return None

    wrapped = watch.wrap("nothing", nothing)
    started = time.perf_counter_ns()
    for _ in range(calls):
        nothing()
    bare = time.perf_counter_ns() - started
    started = time.perf_counter_ns()
    for _ in range(calls):
        wrapped()
    whole = time.perf_counter_ns() - started
    inside = watch.own_ns["nothing"] / calls
    return inside, max(0.0, (whole - bare) / calls - inside)


def profile(series: BarSeries, instrument: Instrument, rows: int = 40) -> str:
    """Return the profiler's table of a run, by own time."""
    profiler = cProfile.Profile()
    profiler.runcall(run, Flip(), series, instrument)
    out = io.StringIO()
    pstats.Stats(profiler, stream=out).strip_dirs().sort_stats("tottime").print_stats(rows)
    return out.getvalue()


def measure(bars: int, rounds: int) -> Report:
    """Return the figures."""
    series, instrument = make_series(bars)
    rows: list[Any] = [series.open_ns.tolist()]
    rows += [(column / 100).tolist() for column in (series.open, series.high, series.low, series.close)]
    rows.append([0.0] * bars)
    kept: dict[str, Any] = {}

    def bare(strategy: type) -> None:
        engine = bare_loop.BareLoop()
        engine.run(strategy(engine), zip(*rows, strict=True))
        kept[strategy.__name__] = engine

    def bare_noop() -> None:
        bare_loop.BareLoop().run(bare_loop.Noop(), zip(*rows, strict=True))

    def flipping() -> BacktestResult:
        result = run(Flip(), series, instrument)
        kept["flip"] = msgspec.structs.replace(result, audit=[], alarms=[])
        return result

    flip, noop, bare_flip, bare_idle = in_turn(
        rounds, flipping, lambda: run(Noop(), series, instrument), lambda: bare(BareFlip), bare_noop
    )
    result = kept["flip"]
    orders = result.orders
    costs = [(a - b) / orders * 1e6 for a, b in zip(flip, noop, strict=True)]
    bare_costs = [(a - b) / orders * 1e6 for a, b in zip(bare_flip, bare_idle, strict=True)]
    report = Report(benchmark="order_path", facts={"orders": orders, "fills": result.fills, "digest": result.digest})
    report.add("us_per_order", statistics.median(costs), "us", goal=GOAL_US, floor=FLOOR_US)
    report.add("us_per_order_best", min(costs), "us")
    report.add("reference_us_per_order", statistics.median(bare_costs), "us")
    report.add("order_in_bare_bars", statistics.median(costs) / (statistics.median(bare_idle) / bars * 1e6), "bars")
    report.add("noop_ns_per_bar", statistics.median(noop) / bars * 1e9, "ns")
    return report


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bars", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = measure(options.bars, options.rounds)
    if not options.json:
        series, instrument = make_series(options.bars)
        report.notes += where_it_goes(series, instrument)
        if options.profile:
            report.notes.append(profile(series, instrument))
    show(report, as_json=options.json)


if __name__ == "__main__":
    main()
