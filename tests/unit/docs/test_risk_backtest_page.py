"""docs/risk-backtest.md names the methods, the constants and the goals that the code has."""

from tests.unit.docs.pages import codes, read, rows, section
from tradewind.numeric import layered_scale
from tradewind.research.var import backtest, garch, goals, methods

PAGE = read("docs/risk-backtest.md")


def test_every_method_is_listed() -> None:
    assert [codes(row[0])[0] for row in rows(section(PAGE, "Methods"))] == [*methods.METHODS, garch.GARCH]


def test_the_constants_are_true() -> None:
    assert "decays 0.6, 0.9 and 0.98, weights ¼, ½, ¼" in PAGE
    assert (layered_scale.DECAYS, layered_scale.WEIGHTS) == ((0.6, 0.9, 0.98), (0.25, 0.5, 0.25))
    assert "a fall counts 1.4\n  where a rise counts 0.6" in PAGE
    assert layered_scale.FALL_WEIGHT == 0.4
    assert f"Hours keep {methods.INTRADAY_WINDOW:,} returns, days {methods.HISTORICAL_WINDOW}" in PAGE
    assert f"every {garch.REFIT_DAILY} days or {garch.REFIT_HOURLY} hours" in PAGE
    assert f"{backtest.OBSERVATIONS_MIN['1d']} days or {backtest.OBSERVATIONS_MIN['1h']:,} hours" in PAGE
    assert f"the {backtest.WARM_UP_MIN + 1}st at the earliest" in PAGE
    assert f"{backtest.BLOCK_DAYS:.0f} days on average, {backtest.REPLICATES:,} times" in PAGE


def test_the_goals_are_true() -> None:
    assert f"at least {goals.PASSED_MIN:.0%}".replace("%", " %") in PAGE
    assert f"at most {goals.COVERAGE_ERROR_MAX:.0%}".replace("%", " %") in PAGE
    assert goals.PINBALL_RATIO_MAX == 1


def test_the_figures_are_named_as_in_the_report() -> None:
    told = {name for row in rows(section(PAGE, "Tests")) for name in codes(row[0])}
    assert told < set(backtest.Cell.__struct_fields__)
