"""The size of a new position: the least of the rules, and its name."""

import math
from typing import Any

import pytest

from tradewind.model.regime import Regime
from tradewind.portfolio.position_size import SizeQuestion, position_size

USUAL: dict[str, Any] = {
    "wins": 90, "losses": 50, "payoff_ratio": 1.5, "volatility": 0.5, "volatility_target": 0.2,
    "regime": Regime.TRENDING,
}  # fmt: skip


def size(**changes: Any) -> tuple[float, str]:
    return position_size(SizeQuestion(**{**USUAL, **changes}))


def test_kelly_is_shrunk_and_taken_in_part() -> None:
    # p = (90 + 10) / (140 + 20) = 0.625; f = 0.625 - 0.375 / 1.5 = 0.375; a quarter of it
    assert size() == (pytest.approx(0.09375), "kelly")


@pytest.mark.parametrize(
    ("changes", "expected", "binding"),
    [
        ({"volatility_target": 0.02}, 0.04, "volatility_target"),
        ({"limit": 0.05}, 0.05, "limit"),
        ({"volume": 0.4}, 0.02, "liquidity"),
        ({"volume": 0.0}, 0.0, "liquidity"),
        ({"regime": Regime.RANGING}, 0.09375 * 0.75, "kelly"),
        ({"regime": Regime.CRISIS}, 0.0, "regime"),
        ({"regime": Regime.UNKNOWN}, 0.0, "regime"),
        ({"payoff_ratio": 0.5}, 0.0, "no_edge"),
        ({"wins": 0, "losses": 200}, 0.0, "no_edge"),
    ],
)
def test_the_answer_names_what_was_binding(changes: dict[str, Any], expected: float, binding: str) -> None:
    assert size(**changes) == (pytest.approx(expected), binding)


@pytest.mark.parametrize(
    "changes",
    [
        {"volatility": 0.0}, {"volatility": math.nan}, {"payoff_ratio": math.inf}, {"payoff_ratio": 0.0},
        {"limit": -0.1}, {"volume": math.nan}, {"wins": -1},
        {"kelly_fraction": math.nan}, {"volume": 1.0, "volume_share_max": math.nan}, {"volume_share_max": -0.1},
    ],
)  # fmt: skip
def test_without_data_there_is_no_new_risk(changes: dict[str, Any]) -> None:
    assert size(**changes) == (0.0, "no_data")


def test_no_trades_yet_is_a_coin_and_an_even_coin_has_no_edge() -> None:
    assert size(wins=0, losses=0, payoff_ratio=1.0) == (0.0, "no_edge")
