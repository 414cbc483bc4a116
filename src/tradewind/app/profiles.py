"""Named starting points: what a backtest, a paper session and the demo set before file, environment and flags."""

from collections.abc import Mapping
from typing import Any

from tradewind.model.errors import ConfigError
from tradewind.strategy.registry import nearest

PROFILES: Mapping[str, Mapping[str, Any]] = {
    # One strategy may use the whole account: what is studied is the strategy.
    "research": {"limits": {"instrument_share_max": "1", "exposure_share_max": "1", "leverage_max": "1"}},
    # The limits that a live account will have.
    "paper": {
        "limits": {"instrument_share_max": "0.20", "exposure_share_max": "0.80", "leverage_max": "1"},
        "simulation": {"half_spread_bps": "1", "slippage_bps": "1", "participation": "0.10"},
        "protections": {"drawdown_max": "0.25", "stop_loss_guard_count": 4},
    },
    # As paper, in a market that is made up; fast enough to see a season in a minute.
    "demo": {
        "limits": {"instrument_share_max": "0.20", "exposure_share_max": "0.80", "leverage_max": "1"},
        "simulation": {"half_spread_bps": "1", "slippage_bps": "1", "participation": "0.10"},
        "protections": {"drawdown_max": "0.25", "stop_loss_guard_count": 4, "cooldown": "2h"},
        "fees": {"maker": "0.0006", "taker": "0.0010"},
    },
}


def profile_values(name: str) -> Mapping[str, Any]:
    """Return what the profile sets.

    Raises  ConfigError that suggests the nearest profile.
    """
    if name not in PROFILES:
        raise ConfigError(f"there is no profile {name!r}: {nearest(name, PROFILES)}")
    return PROFILES[name]
