"""Whatever the bots have earned: weights are finite, none is above its most, and together they are never above 1."""

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tradewind.portfolio.budgets import METHODS, PARTS, BudgetRules, Budgets, budget_weights


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[list[float]], list[float]]:
    count, size = draw(st.integers(1, 6)), draw(st.integers(0, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scales = draw(st.lists(st.sampled_from([0.0, 1e-9, 0.01, 0.3, 5.0]), min_size=count, max_size=count))
    table = rng.normal(draw(st.sampled_from([-0.1, 0.0, 0.1])), 1, (size, count)) * scales
    if draw(st.booleans()):  # singular: every bot does the same
        table[:] = table[:, :1]
    if draw(st.booleans()) and size:
        table[rng.integers(size), rng.integers(count)] = draw(st.sampled_from([np.nan, np.inf, -1.0, -3.0]))
    held = rng.dirichlet(np.ones(count)) * draw(st.floats(0, 1))
    return table.tolist(), held.tolist()


@given(
    histories(),
    st.sampled_from(METHODS),
    st.floats(0, 0.3),
    st.floats(0.3, 1),
    st.floats(0, 0.05),
)
def test_weights_are_finite_capped_and_never_above_one(
    history: tuple[list[list[float]], list[float]], method: str, least: float, most: float, cost: float
) -> None:
    rows, held = history
    rules = BudgetRules(method=method, minimum=5, least=least, most=most)
    weights = budget_weights(rules, rows, held, cost)
    budgets = Budgets(rules, {f"bot-{n}": Decimal("0.7") for n in range(len(held))})
    if weights is not None:
        assert all(np.isfinite(weight) and 0 <= weight <= most + 1e-9 for weight in weights)
        told = dict(zip(budgets.names, weights, strict=True))
        assert sum(weights) <= 1 + 1e-8
        if budgets.usable(told):
            budgets.weights = told
        else:  # rounding at the last digit: refused, not used
            assert sum(int(weight * PARTS) for weight in weights) > PARTS
    assert sum(budgets.part(name, 1) for name in budgets.names) <= budgets.whole <= 1
