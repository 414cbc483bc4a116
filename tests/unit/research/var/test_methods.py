"""Each method against the measure it rolls, and that none sees the bar it forecasts."""

import math

import numpy as np
import pytest

from tradewind.numeric import risk_measures as measures
from tradewind.research.var.methods import DEFAULT, METHODS, filtered

LEVELS = (0.95, 0.99)
ALPHAS = [1 - level for level in LEVELS]
SAMPLE = np.random.default_rng(8).standard_t(5, 700) * 0.02
SLOTS = np.arange(SAMPLE.size) % 24


def test_the_default_is_one_of_them():
    assert DEFAULT in METHODS


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("slots", [None, SLOTS])
def test_a_forecast_does_not_know_its_bar_or_any_later(name, slots):
    crash = SAMPLE.copy()
    crash[650:] = -0.5
    before, after = (METHODS[name](each, slots, ALPHAS) for each in (SAMPLE, crash))
    assert np.array_equal(before.quantile[:, :651], after.quantile[:, :651], equal_nan=True)
    assert np.array_equal(before.mean[:, :651], after.mean[:, :651], equal_nan=True)
    assert (before.quantile[:, 660] != after.quantile[:, 660]).all()


@pytest.mark.parametrize("name", METHODS)
def test_the_tail_is_worse_than_where_it_begins(name):
    tails = METHODS[name](SAMPLE, None, ALPHAS)
    known = np.isfinite(tails.quantile[0])
    assert known[200:].all()
    assert (tails.mean[:, known] <= tails.quantile[:, known]).all()
    assert (tails.quantile[1, known] <= tails.quantile[0, known]).all()


def test_windows_are_those_of_the_single_measures():
    window = SAMPLE[100:600]
    mean, deviation = float(window.mean()), float(window.std(ddof=1))
    for level, confidence in enumerate(LEVELS):
        historical = METHODS["historical"](SAMPLE, None, ALPHAS)
        assert -historical.quantile[level, 600] == pytest.approx(measures.var_historical(window, confidence))
        assert -historical.mean[level, 600] == pytest.approx(measures.es_historical(window, confidence))
        normal = METHODS["parametric"](SAMPLE, None, ALPHAS)
        assert -normal.quantile[level, 600] == pytest.approx(measures.var_parametric(mean, deviation, confidence))
        assert -normal.mean[level, 600] == pytest.approx(measures.es_parametric(mean, deviation, confidence))
        corrected = METHODS["cornish_fisher"](SAMPLE, None, ALPHAS)
        one = measures.cornish_fisher_risk(window, confidence)
        assert -corrected.quantile[level, 600] == pytest.approx(one.var)
        assert -corrected.mean[level, 600] == pytest.approx(one.es)


def test_while_there_are_fewer_returns_all_are_used():
    window = SAMPLE[:300]
    one = measures.cornish_fisher_risk(window, 0.95)
    assert -METHODS["historical"](SAMPLE, None, ALPHAS).quantile[0, 300] == pytest.approx(
        measures.var_historical(window, 0.95)
    )
    assert -METHODS["cornish_fisher"](SAMPLE, None, ALPHAS).mean[0, 300] == pytest.approx(one.es)
    normal = measures.var_parametric(float(window.mean()), float(window.std(ddof=1)), 0.95)
    assert -METHODS["parametric"](SAMPLE, None, ALPHAS).quantile[0, 300] == pytest.approx(normal)


def test_a_tail_that_the_correction_cannot_describe_is_historical():
    wild = SAMPLE.copy()
    wild[::40] *= 12
    window = wild[100:600]
    assert measures.cornish_fisher_risk(window, 0.95).flag is not None
    corrected = METHODS["cornish_fisher"](wild, None, ALPHAS)
    assert -corrected.quantile[0, 600] == pytest.approx(measures.var_historical(window, 0.95))


def test_the_textbook_filter_is_the_single_measure():
    variances = measures.ewma_variances(SAMPLE)
    one = measures.filtered_historical_risk(SAMPLE[:640], variances[:640], 0.99)
    tails = METHODS["filtered_ewma"](SAMPLE, None, ALPHAS)
    assert -tails.quantile[1, 640] == pytest.approx(one.var)
    assert -tails.mean[1, 640] == pytest.approx(one.es)
    scale = np.concatenate([[np.nan], np.sqrt(variances[:-1])])
    assert np.array_equal(filtered(SAMPLE, scale, ALPHAS).quantile, tails.quantile, equal_nan=True)


def test_a_wild_hour_is_forecast_wilder():
    generator = np.random.default_rng(4)
    slots = np.arange(24 * 90) % 24
    returns = generator.normal(0, 0.01, slots.size) * np.where(slots == 14, 4.0, 1.0)
    tails = METHODS[DEFAULT](returns, slots, ALPHAS)
    late = np.arange(slots.size) > 24 * 60
    wild, calm = (float(np.median(tails.quantile[0, late & (slots == hour)])) for hour in (14, 3))
    assert wild < 2.5 * calm < 0


@pytest.mark.parametrize("name", METHODS)
def test_prices_that_never_move_have_no_risk(name):
    tails = METHODS[name](np.zeros(600), None, ALPHAS)
    assert (tails.quantile[:, 520:] == 0).all()
    assert not any(math.isnan(value) for value in tails.mean[:, 520:].ravel().tolist())
