"""The cells on returns whose truth is known: right forecasts pass, wrong ones fail, short series are left out."""

from typing import NamedTuple

import numpy as np
import pytest

from tradewind.model.errors import DataError
from tradewind.numeric.var_backtests import kupiec, pinball_loss
from tradewind.research.var.backtest import (
    DAY_NS,
    HOUR_NS,
    LEVELS,
    RiskReport,
    forecasts,
    ratio_interval,
    run_backtest,
    scored_bars,
)
from tradewind.research.var.goals import goals
from tradewind.research.var.methods import DEFAULT, METHODS
from tradewind.research.var.page import backtest_page


class Made(NamedTuple):
    venue: str
    instrument: str
    span_ns: int
    close_ns: np.ndarray
    returns: np.ndarray

    @property
    def frequency(self) -> str:
        return "1d" if self.span_ns == DAY_NS else "1h"


def made(returns: np.ndarray, span_ns: int = DAY_NS, name: str = "AAA-USD") -> Made:
    return Made("made", name, span_ns, np.arange(1, returns.size + 1) * span_ns, returns)


def normal(seed: int, size: int = 1400) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.02, size)


@pytest.fixture(scope="module")
def report() -> RiskReport:
    return run_backtest([made(normal(seed), name=f"A{seed}-USD") for seed in (1, 2, 3)])


def test_there_is_a_cell_for_each_asset_level_and_method(report: RiskReport) -> None:
    found = {(cell.asset, cell.level, cell.method) for cell in report.cells}
    assert found == {(f"A{seed}-USD", level, name) for seed in (1, 2, 3) for level in LEVELS for name in METHODS}
    assert {cell.observations for cell in report.cells} == {900}


def test_figures_of_a_cell_are_those_of_its_forecasts(report: RiskReport) -> None:
    history = made(normal(2))
    tails, _ = forecasts(history)[DEFAULT]
    cell = next(c for c in report.cells if (c.asset, c.level, c.method) == ("A2-USD", 0.95, DEFAULT))
    returns, quantile = history.returns[500:], tails.quantile[0, 500:]
    assert cell.violations == int((returns < quantile).sum())
    assert cell.kupiec_p == kupiec(900, cell.violations, 1 - 0.95).p_value
    assert cell.pinball == pytest.approx(pinball_loss(returns, quantile, 1 - 0.95), rel=1e-12)
    assert cell.coverage_error == pytest.approx(abs(cell.violations / 900 - 0.05) / 0.05)


def test_right_forecasts_pass(report: RiskReport) -> None:
    assert report.methods["parametric"].passed_share is not None
    assert report.methods["parametric"].passed_share >= 5 / 6
    assert report.methods["historical"].pinball_ratio == 1.0


def test_a_market_that_turned_wild_fails_the_slow_and_not_the_quick() -> None:
    calm, wild = normal(5, 700), 4 * normal(6, 1300)
    found = run_backtest([made(np.concatenate([calm, wild]))]).methods
    assert found["historical"].passed == 0
    assert found[DEFAULT].passed == 2
    assert found[DEFAULT].pinball_ratio is not None
    assert found[DEFAULT].pinball_ratio < 0.95


def test_short_series_are_left_out_with_a_reason() -> None:
    found = run_backtest([made(normal(1)), made(normal(2, 190), name="NEW-USD")])
    assert [each[:2] for each in found.left_out] == [("NEW-USD", "1d")]
    assert "190 are there" in found.left_out[0][2]
    with pytest.raises(DataError, match="longer history"):
        run_backtest([made(normal(2, 190))])


def test_a_series_that_is_barely_long_enough_starts_earlier() -> None:
    sizes = {950: 750, 1000: 750, 1249: 750, 1250: 750, 1260: 760, 700: 500}
    for size, observations in sizes.items():
        history = made(normal(1, size))
        assert scored_bars(history, [], None, None).sum() == observations
    found = run_backtest([made(normal(1, 950))])
    assert {cell.observations for cell in found.cells} == {750}
    assert all(cell.counted for cell in found.cells)


def test_cells_with_few_bars_are_told_and_not_counted() -> None:
    found = run_backtest([made(normal(1, 900))])
    assert not any(cell.counted for cell in found.cells)
    assert found.methods[DEFAULT].cells == 0
    assert found.methods[DEFAULT].passed_share is None
    assert not any(goal.reached for goal in goals(found))


def test_a_range_is_scored_with_what_came_before_it() -> None:
    history = made(normal(3))
    whole = forecasts(history)
    part = run_backtest([history], start_ns=1000 * DAY_NS, end_ns=1300 * DAY_NS)
    cell = next(c for c in part.cells if c.method == DEFAULT and c.level == 0.95)
    assert cell.observations == 300
    assert cell.violations == int((history.returns < whole[DEFAULT][0].quantile[0])[1000:1300].sum())
    scored = scored_bars(history, [tails for tails, _ in whole.values()])
    assert not scored[:500].any()
    assert scored[500:].all()


def test_prices_that_never_move_are_reported_and_do_not_pass() -> None:
    flat = run_backtest([made(np.zeros(1400)), made(normal(1), name="B-USD")])
    cells = [cell for cell in flat.cells if cell.asset == "AAA-USD" and cell.method == DEFAULT]
    assert [cell.violations for cell in cells] == [0, 0]
    assert not any(cell.passed for cell in cells)
    assert all(cell.pinball_ratio is None and cell.es_z2 == 1.0 for cell in cells)
    backtest_page(flat)


def test_hours_are_scored_with_their_time_of_day() -> None:
    hours = np.arange(24 * 120)
    returns = np.random.default_rng(9).normal(0, 0.01, hours.size) * np.where(hours % 24 == 14, 5.0, 1.0)
    found = run_backtest([made(returns, HOUR_NS)])
    assert all(cell.counted and cell.traffic_light is None for cell in found.cells)
    default = found.methods[DEFAULT]
    assert default.pinball_ratio is not None
    assert default.pinball_ratio < 0.95


def test_the_light_is_that_of_the_last_250_days(report: RiskReport) -> None:
    lights = {(cell.level, cell.traffic_light is not None) for cell in report.cells}
    assert lights == {(0.95, False), (0.99, True)}


def test_the_interval_holds_the_ratio(report: RiskReport) -> None:
    for found in report.methods.values():
        assert found.pinball_ratio is not None
        assert found.pinball_ratio_low is not None
        assert found.pinball_ratio_high is not None
        assert found.pinball_ratio_low <= found.pinball_ratio <= found.pinball_ratio_high
    assert ratio_interval([]) == (None, None)


def test_the_page_says_what_the_report_says(report: RiskReport) -> None:
    page = backtest_page(report)
    assert "http" not in page.lower().replace("http-equiv", "")
    for name in METHODS:
        assert f"<td>{name}</td>" in page
    for cell in report.cells:
        if cell.method == DEFAULT:
            assert f"<td>{cell.violations:,} of {cell.observations:,}</td>" in page
    assert page.count("<svg") == 3
    met = [goal.reached for goal in goals(report)]
    assert met[0] is False  # three assets are not ten
    assert page.count(">no</td>") == met.count(False)


def test_names_are_written_as_text() -> None:
    page = backtest_page(run_backtest([made(normal(1), name="<b>X</b>")]))
    assert "<b>X" not in page
