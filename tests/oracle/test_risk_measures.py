"""Our risk measures against empyrical, scipy and scikit-learn on the same samples."""

import numpy as np
import pytest

from tradewind.numeric import covariance, cross_asset, risk_measures, var_backtests

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


def samples():
    rng = np.random.default_rng(11)
    return [rng.standard_t(3, n) * 0.02 for n in (20, 137, 500)]


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_historical_var_and_es(confidence):
    empyrical = pytest.importorskip("empyrical")
    for sample in samples():
        assert risk_measures.var_historical(sample, confidence) == pytest.approx(
            -empyrical.value_at_risk(sample, 1 - confidence), abs=1e-12
        )
        # The library takes a fixed number of worst returns; that is the mean beyond VaR where the counts agree.
        count = int((len(sample) - 1) * (1 - confidence)) + 1
        beyond = int((sample <= -risk_measures.var_historical(sample, confidence)).sum())
        if count == beyond:
            assert risk_measures.es_historical(sample, confidence) == pytest.approx(
                -empyrical.conditional_value_at_risk(sample, 1 - confidence), abs=1e-12
            )


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.975, 0.99])
def test_parametric_and_quantiles(confidence):
    stats = pytest.importorskip("scipy.stats")
    for sample in samples():
        mean, sigma = float(sample.mean()), float(sample.std(ddof=1))
        normal = stats.norm(mean, sigma)
        assert risk_measures.var_parametric(mean, sigma, confidence) == pytest.approx(
            -normal.ppf(1 - confidence), abs=1e-12
        )
        z = stats.norm.ppf(1 - confidence)
        expected = -mean + sigma * stats.norm.pdf(z) / (1 - confidence)
        assert risk_measures.es_parametric(mean, sigma, confidence) == pytest.approx(expected, abs=1e-12)


def test_bias_corrected_moments():
    stats = pytest.importorskip("scipy.stats")
    for sample in samples():
        skew, kurtosis = risk_measures.bias_corrected_moments(sample)
        assert skew == pytest.approx(stats.skew(sample, bias=False), rel=1e-10)
        assert kurtosis == pytest.approx(stats.kurtosis(sample, bias=False), rel=1e-10)


def test_ewma_variances():
    pandas = pytest.importorskip("pandas")
    sample = samples()[1]
    ours = risk_measures.ewma_variances(sample)
    seeded = np.concatenate([[sample[:30].var(ddof=1)], sample[30:] ** 2])
    theirs = pandas.Series(seeded).ewm(alpha=0.06, adjust=False).mean().to_numpy()
    assert ours[29:] == pytest.approx(theirs, abs=1e-12)


def test_chi_square_survival():
    stats = pytest.importorskip("scipy.stats")
    for statistic in (0.0, 0.1, 1.0, 3.84, 5.99, 25.0, 60.0):
        assert var_backtests.chi_square_survival_1(statistic) == pytest.approx(stats.chi2.sf(statistic, 1), rel=1e-12)
        assert var_backtests.chi_square_survival_2(statistic) == pytest.approx(stats.chi2.sf(statistic, 2), rel=1e-12)


@pytest.mark.parametrize(("rows", "assets"), [(60, 4), (30, 12), (250, 6), (5, 8)])
def test_ledoit_wolf_and_turbulence(rows, assets):
    sklearn_covariance = pytest.importorskip("sklearn.covariance")
    rng = np.random.default_rng(rows)
    returns = rng.standard_normal((rows, assets)) @ rng.standard_normal((assets, assets)) * 0.01
    theirs = sklearn_covariance.LedoitWolf().fit(returns)
    ours = covariance.ledoit_wolf(returns)
    assert ours.shrinkage == pytest.approx(theirs.shrinkage_, abs=1e-12)
    assert ours.covariance == pytest.approx(theirs.covariance_, abs=1e-12)
    observation = rng.standard_normal(assets) * 0.05
    distance = theirs.mahalanobis(observation[None, :])[0] / assets
    assert cross_asset.turbulence(returns, observation) == pytest.approx(distance, rel=1e-9)


def test_garch_recursion_and_forecast():
    """Our volatility recursion is the library's; where the fit is done again, it starts from the same forecast."""
    arch = pytest.importorskip("arch")
    from tradewind.research.var.garch import FIT_MINIMUM, PERCENT, fit_garch, garch_scales

    rng = np.random.default_rng(4)
    variance, returns = 1.0, []
    for _ in range(900):
        returns.append(float(rng.standard_t(6)) * np.sqrt(variance * 4 / 6) * 0.01)
        variance = 0.05 + 0.10 * (returns[-1] * 100) ** 2 + 0.85 * variance
    sample = np.array(returns)
    model = arch.arch_model(sample[:600] * PERCENT, mean="Constant", vol="GARCH", p=1, q=1, dist="t", rescale=False)
    result = model.fit(disp="off", show_warning=False)
    ours = fit_garch(sample[:600])
    assert ours is not None
    assert [ours.mean, ours.omega, ours.alpha, ours.beta] == pytest.approx(
        [result.params[name] for name in ("mu", "omega", "alpha[1]", "beta[1]")], rel=1e-3
    )
    forecast = result.forecast(horizon=1, reindex=False).variance.to_numpy()[0, 0]
    assert ours.variance == pytest.approx(forecast, rel=1e-6)
    scales, flagged = garch_scales(sample, 50)
    assert flagged == 0
    whole = arch.arch_model(sample * PERCENT, mean="Constant", vol="GARCH", p=1, q=1, dist="t", rescale=False)
    start = FIT_MINIMUM + 7 * 50  # a refit on the first 600 returns
    fixed = whole.fix(result.params)
    assert scales[start : start + 50] * PERCENT == pytest.approx(
        fixed.conditional_volatility[start : start + 50], rel=1e-4
    )


def test_garch_that_does_not_fit_is_replaced_and_told():
    pytest.importorskip("arch")
    from tradewind.research.var.garch import FIT_MINIMUM, garch_tails

    tails, flagged = garch_tails(np.zeros(400), [0.05], 50)
    assert flagged == 400 - FIT_MINIMUM
    assert (tails.quantile[0, 300:] == 0).all()


def test_centred_quantiles():
    from tradewind.numeric.rolling_tail import rolling_tails

    stats = pytest.importorskip("scipy.stats.mstats")
    sample = samples()[2]
    tails = rolling_tails(sample, [0.05], 200, 200, centred=True)
    for t in (200, 333, 499):
        theirs = stats.mquantiles(sample[t - 200 : t], 0.05, alphap=0, betap=0)[0]
        assert tails.quantile[0, t] == pytest.approx(theirs, abs=1e-12)
