"""Metrics of whole runs against empyrical (annualization 365) and quantstats (periods 365) on their daily returns."""

from decimal import Decimal

import numpy as np
import pytest

from tests.unit.research.made_runs import Restless, bot, make_bars, perpetual, run, spot
from tradewind.research.curve import daily, equity_curve
from tradewind.research.metrics import compute_metrics, hold

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

CASES = [(1, False), (2, True), (3, False)]


def a_run(seed, short):
    instrument = perpetual() if short else spot()
    series = [make_bars(instrument, 24 * 120, seed=seed)]
    one = bot(Restless(seed=seed, short=short, every=5), instrument.id, budget=Decimal("0.8"))
    result = run(series, [one])
    return compute_metrics(result, series), equity_curve(result, series), series


def as_series(returns):
    pandas = pytest.importorskip("pandas")
    return pandas.Series(returns, index=pandas.date_range("2024-01-01", periods=len(returns), freq="D"))


@pytest.fixture
def empyrical():
    return pytest.importorskip("empyrical")


@pytest.fixture
def quantstats():
    return pytest.importorskip("quantstats.stats")


@pytest.mark.parametrize(("seed", "short"), CASES)
def test_ratios_of_a_run_equal_empyrical(empyrical, seed, short):
    metrics, curve, _ = a_run(seed, short)
    returns = daily(curve).returns
    assert len(returns) == 120
    assert metrics.sharpe == pytest.approx(empyrical.sharpe_ratio(returns, annualization=365), rel=1e-9)
    assert metrics.sortino == pytest.approx(empyrical.sortino_ratio(returns, annualization=365), rel=1e-9)
    assert metrics.volatility == pytest.approx(empyrical.annual_volatility(returns, annualization=365), rel=1e-9)
    assert metrics.cagr == pytest.approx(empyrical.annual_return(returns, annualization=365), rel=1e-9)
    assert metrics.total_return == pytest.approx(empyrical.cum_returns_final(returns), rel=1e-9)
    # Ours looks at every bar close, which is the deeper view; on the same points both agree.
    path = np.concatenate([[float(curve.opening)], curve.equity])
    assert metrics.max_drawdown == pytest.approx(-empyrical.max_drawdown(path[1:] / path[:-1] - 1), rel=1e-9)
    assert metrics.max_drawdown >= -empyrical.max_drawdown(returns) - 1e-12
    assert (metrics.best_day, metrics.worst_day) == (returns.max(), returns.min())


@pytest.mark.parametrize(("seed", "short"), CASES)
def test_ratios_of_a_run_equal_quantstats(quantstats, seed, short):
    metrics, curve, _ = a_run(seed, short)
    returns = as_series(daily(curve).returns)
    assert metrics.sharpe == pytest.approx(quantstats.sharpe(returns, periods=365), rel=1e-9)
    assert metrics.sortino == pytest.approx(quantstats.sortino(returns, periods=365), rel=1e-9)
    assert metrics.volatility == pytest.approx(quantstats.volatility(returns, periods=365), rel=1e-9)
    assert metrics.total_return == pytest.approx(quantstats.comp(returns), rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_holding_equals_empyrical(empyrical, seed):
    series = make_bars(spot(), 24 * 90, seed=seed)
    opened = int(series.open[0])
    path = np.concatenate([[opened], series.close[23::24]]).astype(float)
    returns = path[1:] / path[:-1] - 1
    row = hold(series)
    assert row.sharpe == pytest.approx(empyrical.sharpe_ratio(returns, annualization=365), rel=1e-9)
    assert row.volatility == pytest.approx(empyrical.annual_volatility(returns, annualization=365), rel=1e-9)
    assert row.cagr == pytest.approx(empyrical.annual_return(returns, annualization=365), rel=1e-9)
