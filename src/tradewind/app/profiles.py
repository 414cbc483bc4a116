"""Named starting points: what a backtest, a paper session and the demo set before file, environment and flags."""

from collections.abc import Mapping, Sequence
from typing import Any

from tradewind.model.errors import ConfigError
from tradewind.strategy.registry import nearest

# Every bar strategy, on markets where they meet: two and three bots share an instrument and its limit. Those without
# exits of their own can cross with each other inside the account.
DEMO_BOTS: Sequence[Mapping[str, Any]] = [
    {"id": "averages-btc", "strategy": "moving_average", "instruments": ["BTC-USD"], "budget": "0.12"},
    {
        "id": "averages-eth",
        "strategy": "moving_average",
        "parameters": {"fast": 10, "slow": 50, "average": "sma"},
        "instruments": ["ETH-USD"],
        "budget": "0.12",
        "exits": {"trailing": "0.06"},
    },
    {"id": "reversion-btc", "strategy": "rsi_reversion", "instruments": ["BTC-USD"], "budget": "0.10"},
    {
        "id": "reversion-sol",
        "strategy": "rsi_reversion",
        "parameters": {"length": 7},
        "instruments": ["SOL-USD"],
        "budget": "0.10",
        "exits": {"stop_loss": "0.03", "take_profit": "0.04"},
    },
    {"id": "macd-eth", "strategy": "macd", "instruments": ["ETH-USD"], "budget": "0.12"},
    {"id": "macd-xrp", "strategy": "macd", "instruments": ["XRP-USD"], "budget": "0.10", "exits": {"time": "36h"}},
    {"id": "momentum-sol", "strategy": "momentum", "instruments": ["SOL-USD"], "budget": "0.12"},
    {"id": "momentum-ada", "strategy": "momentum", "instruments": ["ADA-USD"], "budget": "0.12"},
    {
        "id": "donchian-all",
        "strategy": "donchian",
        "instruments": ["BTC-USD", "LINK-USD", "XRP-USD"],
        "budget": "0.30",
        "exits": {"stop_loss": "0.05"},
    },
    {"id": "bollinger-ada", "strategy": "bollinger", "instruments": ["ADA-USD"], "budget": "0.12"},
    {
        "id": "breakout-link",
        "strategy": "volatility_breakout",
        "instruments": ["LINK-USD", "ETH-USD"],
        "budget": "0.20",
        "exits": {"stop_loss": "0.02", "take_profit": "0.05", "time": "24h"},
    },
    {"id": "hold-btc", "strategy": "buy_and_hold", "instruments": ["BTC-USD"], "budget": "0.05"},
]

LIVE_LIMITS = {
    "instrument_share_max": "0.20",
    "exposure_share_max": "0.80",
    "leverage_max": "1",
    "instrument_orders_per_minute_max": "60",
}
REAL_LIMITS = {**LIVE_LIMITS, "data_age_ns_max": "120000000000"}
LIVE_PROTECTIONS = {"drawdown_max": "0.10", "stop_loss_guard_count": 4}

PROFILES: Mapping[str, Mapping[str, Any]] = {
    # One strategy may use the whole account: what is studied is the strategy.
    "research": {"limits": {"instrument_share_max": "1", "exposure_share_max": "1", "leverage_max": "1"}},
    # The limits that a live account will have.
    "paper": {
        "limits": LIVE_LIMITS,
        "simulation": {"half_spread_bps": "1", "slippage_bps": "1", "participation": "0.10"},
        "protections": {"drawdown_max": "0.25", "stop_loss_guard_count": 4},
    },
    # As paper, in a market that is made up; fast enough to see a season in a minute.
    "demo": {
        "seed": 7,
        "market": {"instruments": 6, "interval": "1h", "difficulty": "medium"},
        "limits": {"instrument_share_max": "0.20", "exposure_share_max": "0.80", "leverage_max": "1"},
        "simulation": {"half_spread_bps": "1", "slippage_bps": "1", "participation": "0.10"},
        "protections": {"drawdown_max": "0.25", "stop_loss_guard_count": 4, "cooldown": "2h"},
        "fees": {"maker": "0.0006", "taker": "0.0010"},
        "bots": DEMO_BOTS,
    },
    # A venue on one's own machine, where everything may be tried.
    "dev": {
        "limits": {**LIVE_LIMITS, "exposure_share_max": "1"},
        "protections": {"drawdown_max": "0.50"},
    },
    # Real money, in amounts that teach and do not hurt: nothing of it can be loosened.
    "canary": {
        "limits": {
            "instrument_share_max": "0.10",
            "exposure_share_max": "0.20",
            "leverage_max": "1",
            "data_age_ns_max": "120000000000",
            "order_notional_max": "25",
            "instrument_orders_per_minute_max": "60",
            "orders_per_hour_max": "30",
        },
        "protections": {"drawdown_max": "0.02", "stop_loss_guard_count": 2},
        "live": {"ioc_only": True, "daily_loss_max": "10", "on_stop": "cancel", "foreign_orders": "quarantine"},
    },
    # Real money, spot only: `live.real_money` still has to be said.
    "spot": {"limits": REAL_LIMITS, "protections": LIVE_PROTECTIONS},
    "prod": {"limits": REAL_LIMITS, "protections": LIVE_PROTECTIONS},
}

# Keys that a profile alone decides: what would loosen them elsewhere is an error, not a preference.
LOCKED: Mapping[str, frozenset[str]] = {
    "canary": frozenset(
        {
            "limits.leverage_max",
            "limits.order_notional_max",
            "limits.exposure_share_max",
            "limits.instrument_share_max",
            "limits.orders_per_hour_max",
            "protections.drawdown_max",
            "live.ioc_only",
            "live.daily_loss_max",
            "guards.daily_loss_max",
            "guards.daily_loss_action",
            "guards.drawdown_max",
            "guards.drawdown_action",
            "guards.exposure_max",
            "guards.exposure_action",
            "guards.mark_age_max",
            "guards.mark_age_action",
            "guards.errors_per_minute_max",
            "guards.errors_action",
        }
    ),
}


def profile_values(name: str) -> Mapping[str, Any]:
    """Return what the profile sets.

    Raises  ConfigError that suggests the nearest profile.
    """
    if name not in PROFILES:
        raise ConfigError(f"there is no profile {name!r}: {nearest(name, PROFILES)}")
    return PROFILES[name]
