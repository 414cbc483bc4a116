"""What a setting that changes under a running session does to it (SPEC K11): one table of every key there is.

critical    the session is another one: it halts
risk        what guards the money is no longer what was agreed to: it only reduces
reload      nothing, until `tradewind reload` applies it to the bots
start       nothing, until the next start
"""

from collections.abc import Iterator
from enum import Enum


class Weight(Enum):
    """What a changed setting does to a running session."""

    CRITICAL = "critical"
    RISK = "risk"
    RELOAD = "reload"
    START = "start"

    @property
    def is_grave(self) -> bool:
        return self in (Weight.CRITICAL, Weight.RISK)


ROWS: tuple[tuple[Weight, str, str], ...] = (
    (Weight.CRITICAL, "", "profile"),
    (Weight.START, "", "seed"),
    (Weight.CRITICAL, "data", "kind path catalog venue interval"),
    # One with an open position cannot be removed: see `app.config_watch`.
    (Weight.START, "data", "instruments from to funding funding_path marks"),
    (Weight.START, "market", "instruments bars interval difficulty"),
    (Weight.CRITICAL, "account", "currency"),
    (Weight.RISK, "account", "price_allowance gap_bars_max"),
    (Weight.START, "account", "cash volume_30d"),
    (Weight.RISK, "fees", "maker taker tiers"),
    (Weight.START, "simulation", "half_spread_bps slippage_bps participation fill_on_touch entry_latency_ms"),
    (Weight.START, "simulation", "response_latency_ms"),
    (Weight.RISK, "limits", "data_age_ns_max impact_bps_max order_notional_max leverage_max instrument_notional_max"),
    (Weight.RISK, "limits", "instrument_notional_caps instrument_share_max exposure_share_max concentration_max"),
    (Weight.RISK, "limits", "liquidation_buffer_min liquidation_distance_min slippage_bps_max"),
    (Weight.RISK, "limits", "instrument_orders_per_minute_max orders_per_minute_max orders_per_hour_max"),
    (Weight.RISK, "limits", "orders_per_day_max seconds_between_orders_min"),
    (Weight.RISK, "protections", "cooldown stop_loss_guard_count stop_loss_guard_window stop_loss_guard_lock"),
    (Weight.RISK, "protections", "low_profit_trades low_profit_minimum low_profit_lock drawdown_max drawdown_flatten"),
    (Weight.RISK, "liquidation", "warn reduce_only"),
    (Weight.RISK, "exits", "stop_loss take_profit trailing time"),
    (Weight.RISK, "regime", "enabled tier block absent_bars"),
    (Weight.START, "allocation", "method band every window minimum weight_min weight_max history"),
    (Weight.START, "execution", "entries offset_bps rest policy urgency exit_urgency market_below twap_above slices"),
    (Weight.START, "execution", "low normal dynamic_sizing multipliers algorithm participation display risk_aversion"),
    (Weight.RISK, "execution", "impact_guard impact_bps_max"),
    (Weight.RISK, "var", "share_max correlation_max correlation_warn every interval move_max"),
    (Weight.RISK, "breakers", "volatility_warn volatility_reduce volatility_halt volatility_lock daily_loss_max"),
    (Weight.RISK, "breakers", "losses_in_row_max losses_lock errors_per_hour_max errors_lock stops_per_day_max"),
    (Weight.RISK, "tiers", "enabled excluded confidence_min table"),
    (Weight.RISK, "guards", "enabled every cooldown daily_loss_max daily_loss_action mark_age_max mark_age_action"),
    (Weight.RISK, "guards", "errors_per_minute_max errors_action position_age_max position_age_action drawdown_max"),
    (Weight.RISK, "guards", "drawdown_action concentration_max concentration_action exposure_max exposure_action"),
    (Weight.RISK, "sizing", "method kelly_fraction probe record regime share_max trades_min volatility volume_share"),
    (Weight.RISK, "edge", "gate runs override spread_bps"),
    (Weight.RELOAD, "bots", "strategy parameters budget family"),
    (Weight.START, "bots", "id instruments execution urgency"),
    (Weight.RISK, "bots", "exits"),
    (Weight.CRITICAL, "instruments", "kind tick lot margin_mode"),
    (Weight.RISK, "instruments", "min_quantity min_notional initial_margin maintenance_margin close_out_margin"),
    (Weight.RISK, "instruments", "margin_tiers overnight overnight_initial_margin overnight_maintenance_margin"),
    (Weight.START, "", "flags"),
    (Weight.START, "paper", "speed minutes on_stop warmup"),
    (Weight.CRITICAL, "live", "venue endpoint account keys real_money dry_run"),
    (Weight.RISK, "live", "ioc_only preview on_stop foreign_orders unprotected windows daily_loss_max"),
    (Weight.RISK, "live", "gaps_per_five_minutes orders_every accounts_every"),
    (Weight.RISK, "live", "stop_limit_bps escalate_after skew_max"),
    (Weight.START, "live", "request_timeout telemetry_every"),
    (Weight.START, "shadow", "candidate share_max waiting_max"),
)
"""Weight, section, its keys; a list or table in a section is one key. Of `bots` and `instruments` it is each one's."""


def _classified() -> Iterator[tuple[str, Weight]]:
    for weight, section, names in ROWS:
        for name in names.split():
            yield f"{section}.{name}".removeprefix("."), weight


WEIGHTS: dict[str, Weight] = dict(_classified())
