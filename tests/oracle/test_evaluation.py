"""Our ratios against empyrical (annualization 365) and quantstats (periods 365) on the same returns."""

from decimal import Decimal

import numpy as np
import pytest

from tradewind.numeric import equity_path, evaluation, significance

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

DAYS = [7, 100, 730]


def daily_returns(days):
    return np.random.default_rng(days).standard_t(4, days) * 0.02 + 0.001


def equity_of(returns):
    return [Decimal(1), *(Decimal(repr(float(value))) for value in np.cumprod(1 + returns))]


@pytest.fixture
def empyrical():
    return pytest.importorskip("empyrical")


@pytest.fixture
def quantstats():
    return pytest.importorskip("quantstats.stats")


def as_series(returns):
    pandas = pytest.importorskip("pandas")
    return pandas.Series(returns, index=pandas.date_range("2024-01-01", periods=len(returns), freq="D"))


@pytest.mark.parametrize("days", DAYS)
def test_ratios_equal_empyrical(empyrical, days):
    returns = daily_returns(days)
    assert evaluation.sharpe(returns).sharpe == pytest.approx(
        empyrical.sharpe_ratio(returns, annualization=365), rel=1e-9
    )
    assert evaluation.sortino(returns).sortino == pytest.approx(
        empyrical.sortino_ratio(returns, annualization=365), rel=1e-9
    )
    assert evaluation.volatility(returns) == pytest.approx(
        empyrical.annual_volatility(returns, annualization=365), rel=1e-9
    )
    drawdown = equity_path.max_drawdown(equity_of(returns)).drawdown
    assert drawdown == pytest.approx(-empyrical.max_drawdown(returns), rel=1e-9)
    growth = evaluation.cagr(1.0, 1 + evaluation.total_return(returns), days / 365)
    assert growth == pytest.approx(empyrical.annual_return(returns, annualization=365), rel=1e-9)
    assert evaluation.calmar(growth, drawdown) == pytest.approx(
        empyrical.calmar_ratio(returns, annualization=365), rel=1e-9
    )


@pytest.mark.parametrize("days", DAYS)
def test_ratios_equal_quantstats(quantstats, days):
    returns = daily_returns(days)
    series = as_series(returns)
    assert evaluation.sharpe(returns).sharpe == pytest.approx(quantstats.sharpe(series, periods=365), rel=1e-9)
    assert evaluation.sortino(returns).sortino == pytest.approx(quantstats.sortino(series, periods=365), rel=1e-9)
    assert evaluation.volatility(returns) == pytest.approx(quantstats.volatility(series, periods=365), rel=1e-9)
    drawdown = equity_path.max_drawdown(equity_of(returns)).drawdown
    assert drawdown == pytest.approx(-quantstats.max_drawdown(series), rel=1e-9)


def test_the_sample_of_the_reference_row(empyrical, quantstats):
    returns = np.array([0.01, -0.005, 0.02, 0.0, 0.015])
    assert empyrical.sharpe_ratio(returns, annualization=365) == pytest.approx(14.741178, abs=5e-7)
    assert quantstats.sharpe(as_series(returns), periods=365) == pytest.approx(14.741178, abs=5e-7)
    assert evaluation.sharpe(returns).sharpe == pytest.approx(14.741178, abs=5e-7)


def test_probabilistic_sharpe_agrees_with_quantstats(quantstats):
    # It takes the moments corrected for bias; given those, both agree.
    stats = pytest.importorskip("scipy.stats")
    returns = daily_returns(730)
    ours = significance.probabilistic_sharpe(
        evaluation.sharpe(returns, 1).sharpe,
        0.0,
        returns.size,
        float(stats.skew(returns, bias=False)),
        float(stats.kurtosis(returns, bias=False)) + 3,
    )
    theirs = quantstats.probabilistic_sharpe_ratio(as_series(returns), rf=0.0, periods=365)
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_brier_equals_sklearn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    forecast, happened = rng.random(200), rng.integers(0, 2, 200)
    assert evaluation.brier_binary(forecast, happened) == pytest.approx(
        metrics.brier_score_loss(happened, forecast), abs=1e-12
    )


def test_wilson_equals_scipy():
    stats = pytest.importorskip("scipy.stats")
    for successes, trials in ((0, 10), (3, 17), (50, 100), (10, 10)):
        low, high = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
        assert significance.wilson_interval(successes, trials) == pytest.approx((low, high), abs=1e-12)
