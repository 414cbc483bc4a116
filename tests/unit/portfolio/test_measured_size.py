"""The size of an entry where it is measured: the least of the rules, and its name."""

from typing import Any

import pytest

from tradewind.model.errors import ConfigError
from tradewind.model.regime import Regime
from tradewind.portfolio.position_size import Measured, SizingRules, measured_size

GOOD = [200.0] * 60 + [-100.0] * 40
USUAL: dict[str, Any] = {"wanted": 0.5, "results": GOOD, "volatility": 0.04, "volume": None, "regime": None}


def size(rules: dict[str, Any] | None = None, **changes: Any) -> tuple[float, str]:
    chosen = {"method": "volatility_target", "volatility": 0.01, **(rules or {})}
    found = measured_size(SizingRules(**chosen), Measured(**{**USUAL, **changes}))
    return found.share, found.binding


@pytest.mark.parametrize(
    ("rules", "changes", "expected", "binding"),
    [
        ({}, {}, 0.25, "volatility_target"),
        ({}, {"wanted": 0.1}, 0.1, "weight"),
        ({"share_max": 0.2}, {}, 0.2, "limit"),
        ({}, {"volume": 2.0}, 0.1, "liquidity"),
        ({}, {"volume": 0.0}, 0.0, "liquidity"),
        ({"volume_share": None}, {"volume": 0.0}, 0.25, "volatility_target"),
        ({}, {"regime": Regime.RANGING}, 0.1875, "volatility_target"),
        ({}, {"regime": Regime.CRISIS}, 0.0, "regime"),
        ({}, {"regime": Regime.UNKNOWN}, 0.0, "regime"),
        ({"regime": False}, {"regime": Regime.CRISIS}, 0.25, "volatility_target"),
        ({}, {"volatility": None}, 0.0, "no_data"),
        ({}, {"volatility": 0.0}, 0.0, "no_data"),
        ({}, {"volatility": float("nan")}, 0.0, "no_data"),
        ({}, {"volume": float("nan")}, 0.0, "no_data"),
        ({"method": "kelly", "volatility": None}, {"results": GOOD[:19]}, 0.02, "probe"),
        ({"method": "kelly", "volatility": None}, {"results": [0.0] * 20}, 0.0, "no_edge"),  # enough to judge by
        ({"method": "kelly", "volatility": None}, {"results": [-100.0] * 30}, 0.0, "no_edge"),
        ({"method": "kelly", "volatility": None}, {"results": [0.0] * 30}, 0.0, "no_edge"),
        ({"method": "kelly"}, {"volatility": 0.5}, 0.02, "volatility_target"),
    ],
)
def test_the_least_size_binds(rules: dict[str, Any], changes: dict[str, Any], expected: float, binding: str) -> None:
    assert size(rules, **changes) == (pytest.approx(expected), binding)


def test_kelly_pools_ten_wins_and_losses_of_typical_size() -> None:
    # p = 70/120; mean size 160; b = (12000 + 1600)/70 / ((4000 + 1600)/50)
    p, b = 70 / 120, ((12_000 + 1_600) / 70) / ((4_000 + 1_600) / 50)
    expected = 0.25 * (p - (1 - p) / b)
    assert size({"method": "kelly", "volatility": None}) == (pytest.approx(expected), "kelly")


@pytest.mark.parametrize("rules", [{"method": "guess"}, {"method": "volatility_target", "volatility": None}])
def test_rules_that_are_none_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"sizing\.method"):
        SizingRules(**rules)
