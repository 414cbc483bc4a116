"""Budgets by regime: the table, the blend, the band and what a switch costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.model.errors import ConfigError
from tradewind.model.regime import Regime, RegimeReading, RegimeSource
from tradewind.portfolio.allocation import REGIME_TABLE, RegimeAllocation, blended, no_trade


def told(regime: Regime, *probabilities: float) -> RegimeReading:
    return RegimeReading("BTC-USD", regime, 0.8, probabilities, {}, RegimeSource.MODEL, 1)  # type: ignore[arg-type]


def test_the_table_allots_by_the_label() -> None:
    assert RegimeAllocation(blend=False).weights(told(Regime.RANGING, 0.4, 0.6, 0, 0)) == {
        "mean_reversion": 0.5, "pairs": 0.3, "arbitrage": 0.2,
    }  # fmt: skip


@pytest.mark.parametrize("regime", [Regime.CHOPPY, Regime.CRISIS, Regime.UNKNOWN])
def test_the_table_allots_nothing_where_no_new_risk_is_taken(regime: Regime) -> None:
    assert RegimeAllocation(blend=False).weights(told(regime, 0.2, 0.1, 0.4, 0.3)) == {}


def test_the_blend_weighs_the_rows_by_their_probabilities() -> None:
    weights = blended(REGIME_TABLE, (0.5, 0.25, 0.25, 0.0))
    assert weights == pytest.approx(
        {"momentum": 0.3, "trend": 0.15, "arbitrage": 0.1, "mean_reversion": 0.125, "pairs": 0.075}
    )


def test_an_unknown_regime_has_no_probabilities_and_gets_nothing() -> None:
    assert sum(RegimeAllocation().weights(told(Regime.UNKNOWN, 0, 0, 0, 0)).values()) == 0


def test_a_change_inside_the_band_is_left_alone() -> None:
    current = {"momentum": 0.30, "trend": 0.20}
    assert no_trade(current, {"momentum": 0.34, "trend": 0.16}, 0.05).weights is current


def test_a_change_of_the_whole_band_is_left_alone() -> None:
    current = {"momentum": 0.25}
    assert no_trade(current, {"momentum": 0.5}, 0.25).weights is current


def test_a_change_beyond_the_band_is_made_and_costed() -> None:
    switch = no_trade({"momentum": 0.3, "trend": 0.2}, {"momentum": 0.1, "trend": 0.4}, 0.05, cost_rate=0.004)
    assert switch.weights == {"momentum": 0.1, "trend": 0.4}
    assert switch.turnover == pytest.approx(0.2)
    assert switch.cost == pytest.approx(0.0016)  # 0.4 of weight is traded


def test_a_switch_that_does_not_earn_its_cost_is_not_made() -> None:
    current, wanted = {"momentum": 0.3}, {"momentum": 0.5}
    assert no_trade(current, wanted, 0.05, 0.01, gain=0.001).weights is current
    assert no_trade(current, wanted, 0.05, 0.01, gain=0.003).weights is wanted


def test_what_is_to_have_nothing_leaves_inside_the_band_too() -> None:
    assert no_trade({"momentum": 0.03}, {}, 0.05, 0.01, gain=0.0).weights == {}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"SIDEWAYS": {}}, "no regime SIDEWAYS"),
        ({"TRENDING": {"luck": 0.5}}, "luck"),
        ({"TRENDING": {"momentum": 0.8, "trend": 0.3}}, "sum to 1"),
        ({"TRENDING": {"momentum": -0.1}}, "sum to 1"),
    ],
)
def test_an_impossible_table_is_refused(table: dict[str, dict[str, float]], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        RegimeAllocation(table=table)


def test_an_impossible_band_is_refused() -> None:
    with pytest.raises(ConfigError, match="band"):
        RegimeAllocation(band=1.0)


weights = st.dictionaries(st.sampled_from(("momentum", "trend", "arbitrage")), st.sampled_from((0.0, 0.1, 0.14, 0.16)))


@given(weights, weights)
def test_next_weights_are_those_that_the_band_lets_through(current: dict[str, float], row: dict[str, float]) -> None:
    """Asked for every bar they are told without the cost of a switch; the answer is the same."""
    allocation = RegimeAllocation(table={"TRENDING": row}, blend=False)
    following = allocation.next_weights(current, told(Regime.TRENDING, 1, 0, 0, 0))
    names = current.keys() | row.keys()
    gone = any(current.get(name, 0.0) > 0 and row.get(name, 0.0) <= 0 for name in names)
    beyond = any(abs(current.get(name, 0.0) - row.get(name, 0.0)) > allocation.band for name in names)
    assert following is (row if gone or beyond else current)
    assert no_trade(current, row, allocation.band).weights is following
