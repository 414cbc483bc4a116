"""Whether a strategy knows the future: the same rules on data whose future is cut off, changed, or shuffled (SPEC B5).

Five tests, each blind where another sees. A run is repeated, with indicators streamed and computed beforehand; its
decisions up to a bar must be the same when the bars after it are missing, and when they are others; a position must not
earn what nobody can earn; and on shuffled returns, where there is nothing to know, nothing may be earned.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.engine.config import EngineConfig
from tradewind.engine.sequencer import Recorded
from tradewind.model.commands import StrategyFailed
from tradewind.model.decisions import Decided
from tradewind.model.intents import TargetQuantity, TargetWeight
from tradewind.numeric.bars import FloatArray
from tradewind.research.backtest import BacktestResult, run_backtest
from tradewind.research.series import BarSeries
from tradewind.simulation.settings import SimulationSettings

CUTS, CHANGES, SHUFFLES = 8, 4, 8
T_IMPOSSIBLE, SHARPE_IMPOSSIBLE, SHARPE_RISE = 8.0, 0.25, 0.2
T_SHUFFLED = 3.0
JUMP = 0.05


class LeakTest(msgspec.Struct, frozen=True):
    """One test: what it found, and in how many cases it looked."""

    test: str
    passed: bool
    cases: int
    told: str


class LeakReport(msgspec.Struct, frozen=True):
    """All tests of a strategy; without a decision, or after it `failed`, none of them says anything."""

    decisions: int
    bars: int
    tests: tuple[LeakTest, ...]
    failed: str = ""

    @property
    def clean(self) -> bool:
        """Return whether there was something to look at and no test found a leak."""
        return self.decisions > 0 and not self.failed and all(test.passed for test in self.tests)


def check_lookahead(
    config: EngineConfig,
    settings: SimulationSettings,
    series: Sequence[BarSeries],
    *,
    extra: Sequence[Recorded] = (),
    seed: int = 1,
) -> LeakReport:
    """Return what five tests say of the bots of `config` on these bars; costs are those of the settings."""
    rng = np.random.default_rng(seed)
    run = partial(run_backtest, config, settings, extra=extra)
    whole = run(series)
    decided = _decided(whole)
    rows = min(len(each) for each in series)
    tests = (
        _repeated(whole, run(series), run(series, serve=False)),
        _same_until("truncation", decided, ((cut, run(_head(series, cut))) for cut in _rows(rows, CUTS)), series),
        _same_until(
            "future changed",
            decided,
            ((cut, run([_changed(each, cut, rng) for each in series])) for cut in _rows(rows, CHANGES)),
            series,
        ),
        _too_good(decided, series),
        _shuffled([run(_shuffle(series, rng)) for _ in range(SHUFFLES)]),
    )
    return LeakReport(len(decided), sum(len(each) for each in series), tests, _failure(whole))


def _repeated(first: BacktestResult, second: BacktestResult, streamed: BacktestResult) -> LeakTest:
    if first.digest != second.digest:
        return LeakTest("repetition", False, 2, "a second run decides otherwise: something is remembered between runs")
    if first.digest != streamed.digest:
        told = "with streamed indicators it decides otherwise: an indicator over columns is not that of its stream"
        return LeakTest("repetition", False, 2, told)
    return LeakTest("repetition", True, 2, "run again, and with streamed indicators, it decides the same")


def _same_until(
    test: str, decided: list[Decided], runs: Iterator[tuple[int, BacktestResult]], series: Sequence[BarSeries]
) -> LeakTest:
    """Hold each run's decisions up to its row to those that were made knowing everything."""
    cases = 0
    for cut, other in runs:
        cases += 1
        until_ns = min(int(each.open_ns[cut - 1]) + each.span_ns for each in series)
        known = [_said(each) for each in _decided(other) if each.ts_ns <= until_ns]
        hindsight = [_said(each) for each in decided if each.ts_ns <= until_ns]
        if known != hindsight:
            at = next((n for n, pair in enumerate(zip(known, hindsight, strict=False)) if pair[0] != pair[1]), None)
            place = min(len(known), len(hindsight)) if at is None else at
            told = f"decision {place + 1} depends on bars after row {cut}, which it precedes"
            return LeakTest(test, False, cases, told)
    return LeakTest(test, True, cases, f"no decision changed at {cases} rows")


def _too_good(decided: list[Decided], series: Sequence[BarSeries]) -> LeakTest:
    """Hold what the positions wanted at each close earn on the next bar to what is possible, and to a bar's delay."""
    now, late = [], []
    for each in series:
        held = _wanted(decided, each)
        returns = np.diff(np.log(each.close.astype(np.float64)))
        if held.any():
            now.append(held[:-1] * returns)
            late.append(held[:-2] * returns[1:])
    if not now:
        return LeakTest("too good", True, 0, "no targets to look at")
    (sharpe, t_value), (delayed, t_delayed) = _quality(np.concatenate(now)), _quality(np.concatenate(late))
    told = f"Sharpe per bar {sharpe:.3f} (t {t_value:.1f}), a bar later {delayed:.3f} (t {t_delayed:.1f})"
    impossible = t_value > T_IMPOSSIBLE and sharpe > SHARPE_IMPOSSIBLE
    rises = delayed - sharpe > SHARPE_RISE and t_delayed > T_IMPOSSIBLE
    return LeakTest("too good", not (impossible or rises), len(now), told)


def _shuffled(runs: Sequence[BacktestResult]) -> LeakTest:
    """Where returns have been shuffled and their mean taken away, only costs are left."""
    gains = np.array([float(each.equity / each.config.cash) - 1.0 for each in runs])
    _, t_value = _quality(gains, one=True)
    told = f"mean net return {gains.mean() * 100:.2f} % (t {t_value:.1f}) over {len(runs)} shuffled markets"
    return LeakTest("shuffled returns", t_value <= T_SHUFFLED, len(runs), told)


# -- leaves -----------------------------------------------------------------------------------------------------------


def _decided(result: BacktestResult) -> list[Decided]:
    return [record for record in result.audit if type(record) is Decided]


def _failure(result: BacktestResult) -> str:
    """Return what the strategy raised first, empty if nothing."""
    return next((record.error for record in result.audit if type(record) is StrategyFailed), "")


def _said(decided: Decided) -> tuple[object, ...]:
    return decided.ts_ns, decided.bot, decided.intent, decided.order, decided.mark


def _rows(rows: int, count: int) -> list[int]:
    """Return rows to cut at, spread over the last two thirds."""
    return sorted({max(2, int(row)) for row in np.linspace(rows // 3, rows - 1, count)})


def _head(series: Sequence[BarSeries], rows: int) -> list[BarSeries]:
    return [_replaced(each, slice(rows)) for each in series]


def _replaced(one: BarSeries, rows: slice, **columns: NDArray[np.int64]) -> BarSeries:
    names = ("open_ns", "open", "high", "low", "close")
    values = {name: columns.get(name, getattr(one, name))[rows] for name in names}
    volume = None if one.volume is None else one.volume[rows]
    return msgspec.structs.replace(one, **values, volume=volume)


def _changed(one: BarSeries, rows: int, rng: np.random.Generator) -> BarSeries:
    """Return the bars with another future: at `rows` the price jumps against what it did, then it wanders off."""
    steps = np.zeros(len(one))
    steps[rows:] = 0.01 * rng.standard_normal(len(one) - rows)
    steps[rows] = JUMP if one.close[rows] <= one.close[rows - 1] else -JUMP
    factor = np.exp(np.cumsum(steps))
    columns = {name: _units(getattr(one, name) * factor) for name in ("open", "high", "low", "close")}
    return _replaced(one, slice(None), **columns)


def _shuffle(series: Sequence[BarSeries], rng: np.random.Generator) -> list[BarSeries]:
    """Return the bars in another order, the same for all instruments of a length, without the drift of their closes."""
    orders = {size: rng.permutation(size - 1) for size in sorted({len(each) for each in series})}
    return [_in_order(each, orders[len(each)]) for each in series]


def _in_order(one: BarSeries, order: NDArray[np.int64]) -> BarSeries:
    before = one.close[:-1].astype(np.float64)
    moves = {name: np.log(getattr(one, name)[1:] / before)[order] for name in ("open", "high", "low", "close")}
    drift = moves["close"].mean()
    start = math.log(float(one.close[0]))
    closes = start + np.cumsum(moves["close"] - drift)
    previous = np.concatenate([[start], closes[:-1]])
    columns = {}
    for name, first in (("open", one.open), ("high", one.high), ("low", one.low), ("close", one.close)):
        path = closes if name == "close" else previous + moves[name]
        columns[name] = np.concatenate([first[:1], _units(np.exp(path))])
    columns["high"] = np.maximum.reduce([columns["high"], columns["open"], columns["close"]])
    columns["low"] = np.minimum.reduce([columns["low"], columns["open"], columns["close"]])
    return _replaced(one, slice(None), **columns)


def _units(prices: FloatArray) -> NDArray[np.int64]:
    return np.maximum(np.rint(prices), 1).astype(np.int64)


def _wanted(decided: Sequence[Decided], one: BarSeries) -> FloatArray:
    """Return the side wanted at each close by the bots together, from the targets that were acted on."""
    closes = one.open_ns + one.span_ns
    held = np.zeros(len(one))
    for each in decided:
        if each.order is None or each.order.instrument != one.instrument.id:
            continue
        intent = each.intent
        if isinstance(intent, TargetWeight | TargetQuantity):
            aim = intent.weight if isinstance(intent, TargetWeight) else float(intent.quantity)
            held[int(np.searchsorted(closes, each.ts_ns, side="right")) - 1 :] = np.sign(aim)
    return held


def _quality(values: FloatArray, *, one: bool = False) -> tuple[float, float]:
    """Return (mean over deviation, t value) of what was earned while something was held (of all with `one`)."""
    active = values if one else values[values != 0]
    if len(active) < 2 or (deviation := float(active.std(ddof=1))) == 0.0:
        return 0.0, 0.0
    sharpe = float(active.mean()) / deviation
    return sharpe, sharpe * math.sqrt(len(active))
