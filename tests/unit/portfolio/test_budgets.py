"""Budgets by results: weights that are always usable, and defined answers where nothing can be computed."""

from decimal import Decimal

import numpy as np
import pytest

from tradewind.model.errors import ConfigError
from tradewind.portfolio.budgets import DAY_NS, METHODS, BudgetRules, Budgets, KnownResults, budget_weights

BY_RISK = ("inverse_volatility", "risk_parity", "hrp", "mean_variance")


def rules(method: str, **other: object) -> BudgetRules:
    return BudgetRules(method=method, **{"least": 0.0, **other})  # type: ignore[arg-type]


def rows(*deviations: float, size: int = 60, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, deviations, (size, len(deviations)))


@pytest.mark.parametrize("method", BY_RISK)
def test_who_swings_more_gets_less(method: str) -> None:
    calm, wild = budget_weights(rules(method), rows(0.01, 0.05).tolist(), (0.5, 0.5)) or ()
    assert calm > 2 * wild
    assert calm + wild == pytest.approx(1)


@pytest.mark.parametrize("method", METHODS)
def test_one_bot_has_all_of_it(method: str) -> None:
    assert budget_weights(rules(method), rows(0.01).tolist(), (1.0,)) == (1.0,)


@pytest.mark.parametrize("method", BY_RISK)
def test_too_little_history_changes_nothing(method: str) -> None:
    assert budget_weights(rules(method), rows(0.01, 0.02, size=19).tolist(), (0.5, 0.5)) is None
    assert budget_weights(rules(method), [], (0.5, 0.5)) is None


@pytest.mark.parametrize("method", BY_RISK)
def test_rows_with_an_unknown_return_do_not_count(method: str) -> None:
    known = rows(0.01, 0.02, size=25)
    known[:6, 0] = np.nan
    assert budget_weights(rules(method), known.tolist(), (0.5, 0.5)) is None


@pytest.mark.parametrize("method", BY_RISK)
def test_bots_that_never_moved_keep_an_equal_part(method: str) -> None:
    table = rows(0.01, 0.05, 0.0)
    found = budget_weights(rules(method), table.tolist(), (0.3, 0.3, 0.3)) or ()
    assert found[2] == pytest.approx(1 / 3)
    assert sum(found) == pytest.approx(1)
    assert found[0] > found[1]
    assert budget_weights(rules(method), np.zeros((60, 2)).tolist(), (0.7, 0.3)) == (0.5, 0.5)


@pytest.mark.parametrize("method", BY_RISK)
def test_two_bots_that_do_the_same_share_equally(method: str) -> None:
    same = np.repeat(rows(0.02), 2, axis=1)
    assert budget_weights(rules(method), same.tolist(), (0.5, 0.5)) == pytest.approx((0.5, 0.5))


def test_exponentiated_gradient_moves_to_who_gained_and_bears_an_unknown_return() -> None:
    first, second = budget_weights(rules("exponentiated_gradient"), [[0.10, -0.10]], (0.5, 0.5)) or ()
    assert first > 0.5 > second
    assert budget_weights(rules("exponentiated_gradient"), [[float("nan"), 0.0]], (0.5, 0.5)) == (0.5, 0.5)
    assert budget_weights(rules("exponentiated_gradient"), [[-1.0, 0.1]], (0.5, 0.5)) is None


def test_every_bot_keeps_a_least_part_and_none_has_more_than_the_most() -> None:
    table = rows(0.001, 0.2, 0.2).tolist()
    found = budget_weights(rules("inverse_volatility", least=0.05, most=0.4), table, (0.3, 0.3, 0.3)) or ()
    assert min(found) >= 0.05
    assert found[0] == 0.4
    assert sum(found) < 0.9  # what is cut off is cash, not somebody else's


def test_a_bot_is_measured_on_its_own_budget() -> None:
    budgets = Budgets(rules("equal"), {"a": Decimal("0.5"), "b": Decimal("0.5")})
    stakes = {"a": Decimal(1_000), "b": Decimal(0)}
    assert not budgets.measure(5, {"a": Decimal(0), "b": Decimal(0)}, stakes)
    assert budgets.due_ns == DAY_NS
    assert budgets.measure(DAY_NS, {"a": Decimal(20), "b": Decimal(0)}, stakes)
    assert budgets.rows[0][0] == 0.02
    assert np.isnan(budgets.rows[0][1])  # it worked with nothing


def test_a_pause_of_days_is_no_day_of_results() -> None:
    budgets = Budgets(rules("equal"), {"a": Decimal(1)})
    budgets.measure(0, {"a": Decimal(0)}, {"a": Decimal(1_000)})
    assert not budgets.measure(3 * DAY_NS, {"a": Decimal(500)}, {"a": Decimal(1_000)})
    assert budgets.measure(4 * DAY_NS, {"a": Decimal(510)}, {"a": Decimal(1_000)})
    assert budgets.rows == [(0.01,)]


def test_known_results_are_gone_on_from_and_the_oldest_are_let_go_of() -> None:
    returns = ((0.1, 0.2), (0.3, 0.4), (0.5, 0.6), (0.7, 0.8))
    known = KnownResults(run="before", as_of_ns=0, rows=returns, weights=(0.9, 0.1))
    shared = Budgets(rules("equal", window=3, minimum=3, known=known), {"a": Decimal(1), "b": Decimal(1)})
    assert shared.weights == {"a": 0.9, "b": 0.1}
    assert shared.rows == [(0.3, 0.4), (0.5, 0.6), (0.7, 0.8)]
    worth: dict[str, Decimal | None] = {"a": Decimal(0), "b": Decimal(0)}
    stakes = {"a": Decimal(10), "b": Decimal(10)}
    assert not shared.measure(DAY_NS, worth, stakes)  # over the join nobody knows what was earned
    assert shared.measure(2 * DAY_NS, {"a": Decimal(1), "b": Decimal(2)}, stakes)
    assert shared.rows == [(0.5, 0.6), (0.7, 0.8), (0.1, 0.2)]


def test_budgets_of_more_than_the_account_are_shared_out_of_the_account() -> None:
    budgets = Budgets(rules("equal"), {name: Decimal(1) for name in "abc"})
    assert budgets.part("a", 1) == Decimal("0.333333")
    assert budgets.part("a", 3) == Decimal("0.111111")


@pytest.mark.parametrize(
    "weights", [{"a": 0.5}, {"a": 0.6, "b": 0.6}, {"a": -0.1, "b": 0.5}, {"a": float("nan"), "b": 0.5}]
)
def test_what_is_no_weight_is_not_used(weights: dict[str, float]) -> None:
    assert not Budgets(rules("equal"), {"a": Decimal("0.5"), "b": Decimal("0.5")}).usable(weights)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"method": "kelly"}, "allocation.method"),
        ({"method": "hrp", "minimum": 2}, "allocation.minimum"),
        ({"method": "hrp", "window": 10}, "allocation.window"),
        ({"method": "hrp", "least": 0.6, "most": 0.5}, "weight_min"),
    ],
)
def test_rules_that_are_none_are_refused(values: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        BudgetRules(**values)  # type: ignore[arg-type]
