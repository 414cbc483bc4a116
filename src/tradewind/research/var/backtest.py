"""Forecasts of VaR and expected shortfall against what came, cell by cell: asset x bar length x level x method.

All methods of a series are held to the same bars: those from the 501st return on that every one has a forecast for. A
series that would then have too few bars to count starts earlier, from the 201st on at the earliest.

Source  METHODS 2: Kupiec, Christoffersen, traffic light, Acerbi-Szekely Z2, pinball loss against historical simulation.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.model.errors import DataError
from tradewind.numeric.bootstrap import stationary_counts
from tradewind.numeric.risk_measures import HISTORICAL_WINDOW
from tradewind.numeric.rolling_tail import Tails
from tradewind.numeric.var_backtests import (
    acerbi_szekely_z2,
    christoffersen_independence,
    conditional_coverage,
    kupiec,
    traffic_light,
    transitions,
    violations,
)
from tradewind.research.var.garch import GARCH, REFIT_DAILY, REFIT_HOURLY, garch_tails
from tradewind.research.var.methods import DEFAULT, METHODS

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

LEVELS = (0.95, 0.99)
OBSERVATIONS_MIN = {"1d": 750, "1h": 2_000}
WARM_UP_MIN = 200
PASS_P = 0.05
LIGHT_DAYS = 250
BLOCK_DAYS = 20.0
REPLICATES = 1_000
SEED = 20_260_101
HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
BASE = "historical"


class Returns(Protocol):
    """What is tested: the returns of an instrument at one bar length, and when each was known."""

    @property
    def venue(self) -> str: ...
    @property
    def instrument(self) -> str: ...
    @property
    def frequency(self) -> str: ...
    @property
    def span_ns(self) -> int: ...
    @property
    def close_ns(self) -> IntArray: ...
    @property
    def returns(self) -> FloatArray: ...


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """How one method did for one asset, bar length and level. `counted` cells are long enough for the summary."""

    venue: str
    asset: str
    frequency: str
    level: float
    method: str
    observations: int
    violations: int
    coverage_error: float
    kupiec_p: float
    independence_p: float
    conditional_coverage_p: float
    pinball: float
    pinball_ratio: float | None
    es_z2: float | None
    traffic_light: str | None
    flagged: int
    observations_min: int
    counted: bool

    @property
    def passed(self) -> bool:
        """Return whether both tests let the forecasts stand."""
        return self.kupiec_p > PASS_P and self.conditional_coverage_p > PASS_P


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A method over the counted cells; the interval is of the mean pinball ratio, by resampled days."""

    cells: int
    passed: int
    passed_share: float | None
    kupiec_share: float | None
    conditional_coverage_share: float | None
    coverage_error_95: float | None
    coverage_error_99: float | None
    pinball_ratio: float | None
    pinball_ratio_low: float | None
    pinball_ratio_high: float | None


class Plot(msgspec.Struct, frozen=True):
    """One series of the page: returns, the default's VaR at both levels, and which bars fell below."""

    asset: str
    frequency: str
    close_ns: IntArray
    returns: FloatArray
    var: FloatArray


class RiskReport(msgspec.Struct, frozen=True, kw_only=True):
    """All cells, the summary of each method, what was left out and why, and some series to draw."""

    cells: tuple[Cell, ...]
    methods: dict[str, Summary]
    left_out: tuple[tuple[str, str, str], ...]
    plots: tuple[Plot, ...]
    first_ns: int
    last_ns: int


class _Losses(NamedTuple):
    """Pinball losses of a cell and of historical simulation, summed by day."""

    days: IntArray
    own: FloatArray
    base: FloatArray


def run_backtest(
    histories: Sequence[Returns],
    *,
    garch: bool = False,
    start_ns: int | None = None,
    end_ns: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    plots: int = 4,
) -> RiskReport:
    """Return the report over the series; bars before `start_ns` are used for forecasts, but not scored.

    Raises  DataError when no series is long enough to score one bar.
    """
    cells: list[Cell] = []
    losses: dict[str, list[_Losses]] = {}
    left_out: list[tuple[str, str, str]] = []
    drawn: list[Plot] = []
    times: list[int] = []
    for number, history in enumerate(histories):
        found = forecasts(history, garch=garch)
        scored = scored_bars(history, [each for each, _ in found.values()], start_ns, end_ns)
        if int(scored.sum()) < 2:
            need = (
                f"needs more than {WARM_UP_MIN} returns before those to score, {history.returns.size} are there in all"
            )
            left_out.append((history.instrument, history.frequency, need))
        else:
            for cell, daily in _cells(history, found, scored):
                cells.append(cell)
                if cell.counted and cell.pinball_ratio is not None:
                    losses.setdefault(cell.method, []).append(daily)
            times += [int(history.close_ns[scored][0]), int(history.close_ns[scored][-1])]
            if history.frequency == "1d":
                drawn.append(_plot(history, found[DEFAULT][0], scored))
        if progress is not None:
            progress(number + 1, len(histories))
    if not cells:
        told = "; ".join(f"{asset} {frequency} {why}" for asset, frequency, why in left_out[:3])
        raise DataError(
            f"no series has more than {WARM_UP_MIN} returns and then bars to score: give a longer history, or another "
            f"--from and --to ({told or 'no file has two bars'})"
        )
    names = [name for name in (*METHODS, GARCH) if any(cell.method == name for cell in cells)]
    return RiskReport(
        cells=tuple(cells),
        methods={name: summary([c for c in cells if c.method == name], losses.get(name, [])) for name in names},
        left_out=tuple(left_out),
        plots=tuple(sorted(drawn, key=lambda each: -each.returns.size)[:plots]),
        first_ns=min(times),
        last_ns=max(times),
    )


def forecasts(history: Returns, *, garch: bool = False) -> dict[str, tuple[Tails, int]]:
    """Return each method's forecasts of the series, and how many bars a method had to replace its own."""
    alphas = [1 - level for level in LEVELS]
    returns = history.returns
    slots = None if history.span_ns >= DAY_NS else (history.close_ns - history.span_ns) // HOUR_NS % 24
    found = {name: (method(returns, slots, alphas), 0) for name, method in METHODS.items()}
    if garch:
        made = garch_tails(returns, alphas, REFIT_DAILY if history.span_ns >= DAY_NS else REFIT_HOURLY)
        found[GARCH] = (made.tails, made.flagged)
    return found


def scored_bars(
    history: Returns, tails: Iterable[Tails], start_ns: int | None = None, end_ns: int | None = None
) -> BoolArray:
    """Return which bars every method has a forecast for, within the range."""
    scored = np.ones(history.returns.size, dtype=np.bool_)
    spare = history.returns.size - OBSERVATIONS_MIN[history.frequency]
    scored[: min(HISTORICAL_WINDOW, max(WARM_UP_MIN, spare))] = False
    for each in tails:
        scored &= np.isfinite(each.quantile).all(axis=0)
    if start_ns is not None:
        scored &= history.close_ns > start_ns
    if end_ns is not None:
        scored &= history.close_ns <= end_ns
    return scored


def summary(cells: Sequence[Cell], losses: Sequence[_Losses]) -> Summary:
    """Return a method's figures over the cells that count."""
    counted = [cell for cell in cells if cell.counted]
    low, high = ratio_interval(losses)
    ratios = [cell.pinball_ratio for cell in counted if cell.pinball_ratio is not None]
    return Summary(
        cells=len(counted),
        passed=sum(cell.passed for cell in counted),
        passed_share=_mean([cell.passed for cell in counted]),
        kupiec_share=_mean([cell.kupiec_p > PASS_P for cell in counted]),
        conditional_coverage_share=_mean([cell.conditional_coverage_p > PASS_P for cell in counted]),
        coverage_error_95=_mean([cell.coverage_error for cell in counted if cell.level == LEVELS[0]]),
        coverage_error_99=_mean([cell.coverage_error for cell in counted if cell.level == LEVELS[1]]),
        pinball_ratio=_mean(ratios),
        pinball_ratio_low=low,
        pinball_ratio_high=high,
    )


def ratio_interval(losses: Sequence[_Losses]) -> tuple[float | None, float | None]:
    """Return the 95 % interval of the mean ratio of losses: days are drawn in blocks, the same for every cell."""
    if not losses:
        return None, None
    days = np.unique(np.concatenate([each.days for each in losses]))
    own, base = np.zeros((days.size, len(losses))), np.zeros((days.size, len(losses)))
    for place, each in enumerate(losses):
        rows = np.searchsorted(days, each.days)
        own[rows, place], base[rows, place] = each.own, each.base
    generator = np.random.default_rng(SEED)
    counts = stationary_counts(days.size, min(BLOCK_DAYS, float(days.size)), REPLICATES, generator).astype(np.float64)
    drawn, against = counts @ own, counts @ base
    # A cell whose days were not drawn at all has no ratio in that replicate.
    ratios = np.divide(drawn, against, out=np.full_like(drawn, np.nan), where=against > 0)
    means = np.nanmean(ratios, axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _cells(
    history: Returns, found: Mapping[str, tuple[Tails, int]], scored: BoolArray
) -> Iterable[tuple[Cell, _Losses]]:
    returns = history.returns[scored]
    days, starts = np.unique(history.close_ns[scored] // DAY_NS, return_index=True)
    enough = returns.size >= OBSERVATIONS_MIN[history.frequency]
    for level, confidence in enumerate(LEVELS):
        alpha = 1 - confidence
        base = _pinball(returns, found[BASE][0].quantile[level, scored], alpha)
        for name, (tails, flagged) in found.items():
            quantile, beyond = tails.quantile[level, scored], tails.mean[level, scored]
            own = _pinball(returns, quantile, alpha)
            hit = violations(returns, -quantile)
            count, total = int(hit.sum()), int(hit.size)
            cell = Cell(
                venue=history.venue,
                asset=history.instrument,
                frequency=history.frequency,
                level=confidence,
                method=name,
                observations=total,
                violations=count,
                coverage_error=abs(count / total - alpha) / alpha,
                kupiec_p=kupiec(total, count, alpha).p_value,
                independence_p=christoffersen_independence(*transitions(hit)).p_value,
                conditional_coverage_p=conditional_coverage(hit, alpha).p_value,
                pinball=float(own.mean()),
                pinball_ratio=float(own.mean() / base.mean()) if base.mean() > 0 else None,
                es_z2=None if (beyond[hit] >= 0).any() else acerbi_szekely_z2(returns, -quantile, -beyond, alpha),
                traffic_light=_light(history, confidence, hit),
                flagged=flagged,
                observations_min=OBSERVATIONS_MIN[history.frequency],
                counted=enough,
            )
            yield cell, _Losses(days, np.add.reduceat(own, starts), np.add.reduceat(base, starts))


def _pinball(returns: FloatArray, quantiles: FloatArray, alpha: float) -> FloatArray:
    """Return the loss of each bar; its mean is `var_backtests.pinball_loss`."""
    errors = returns - quantiles
    return np.maximum(alpha * errors, (alpha - 1) * errors)


def _light(history: Returns, confidence: float, hit: BoolArray) -> str | None:
    if history.frequency != "1d" or confidence != LEVELS[1] or hit.size < LIGHT_DAYS:
        return None
    return traffic_light(int(hit[-LIGHT_DAYS:].sum()))


def _plot(history: Returns, tails: Tails, scored: BoolArray) -> Plot:
    return Plot(
        history.instrument,
        history.frequency,
        history.close_ns[scored],
        history.returns[scored],
        -tails.quantile[:, scored],
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
