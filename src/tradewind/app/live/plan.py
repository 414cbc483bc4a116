"""The settings of a live session as numbers that are used."""

from decimal import Decimal
from typing import Literal

import msgspec

from tradewind.app.live.exits import ProtectingRules
from tradewind.app.live.windows import Window, parse_windows
from tradewind.app.settings import Config, OnStop
from tradewind.app.tail_fits import fit_span_ns
from tradewind.app.times import UNIT_NS, duration_ns
from tradewind.app.wiring import tail_plan
from tradewind.engine.config import TailPlan
from tradewind.market.activity import ActivityLimits
from tradewind.model.errors import ConfigError

DEFAULT_INTERVAL = "1m"
SECOND_NS = UNIT_NS["s"]


class LivePlan(msgspec.Struct, frozen=True, kw_only=True):
    """How a session behaves; durations in seconds where the event loop waits, in nanoseconds where the engine does."""

    span_ns: int
    windows: tuple[Window, ...]
    protecting: ProtectingRules
    timeout_s: float
    orders_every_s: float
    accounts_every_s: float
    guards_every_s: float
    telemetry_every_s: float
    on_stop: OnStop
    foreign_orders: Literal["adopt", "cancel", "quarantine"]
    unprotected: Literal["flatten", "alarm"]
    ioc_only: bool
    preview: bool
    dry_run: bool
    daily_loss_max: Decimal | None
    activity: ActivityLimits
    skew_max_ns: int
    minutes: Decimal | None
    unprotected_healthy_s: float = 5.0
    unprotected_faulty_s: float = 60.0
    products_every_s: float = 60.0
    stop_within_s: float = 30.0
    tick_s: float = 0.05


def live_plan(config: Config) -> LivePlan:
    """Return the plan of a configuration.

    Raises  ConfigError for a window that is none, a stop that could never be placed, or candles that do not make up
            those that VaR is to be fitted on.
    """
    live = config.live
    if live.daily_loss_max is not None and live.daily_loss_max <= 0:
        raise ConfigError(f"live.daily_loss_max must be above 0, was {live.daily_loss_max}")
    planned = [bot.execution or config.execution.policy for bot in config.bots]
    if live.ioc_only and any(policy != "market" for policy in planned):
        raise ConfigError(
            "live.ioc_only lets nothing rest, and the children of plans do: set execution.policy, and bots' own "
            "execution, to 'market', or ioc_only to false where the profile allows that"
        )
    span_ns, tail = duration_ns(config.data.interval or DEFAULT_INTERVAL), tail_plan(config.var)
    if isinstance(tail, TailPlan):
        fit_span_ns(tail, span_ns)  # before anything begins that could not go on
    return LivePlan(
        span_ns=span_ns,
        windows=parse_windows(live.windows),
        protecting=ProtectingRules(
            stop_limit_bps=live.stop_limit_bps, escalate_after_ns=duration_ns(live.escalate_after)
        ),
        timeout_s=_seconds(live.request_timeout),
        orders_every_s=_seconds(live.orders_every),
        accounts_every_s=_seconds(live.accounts_every),
        guards_every_s=_seconds(config.guards.every),
        telemetry_every_s=_seconds(live.telemetry_every),
        on_stop=live.on_stop,
        foreign_orders=live.foreign_orders,
        unprotected=live.unprotected,
        ioc_only=live.ioc_only,
        preview=live.preview,
        dry_run=live.dry_run,
        daily_loss_max=live.daily_loss_max,
        activity=ActivityLimits(gaps_per_five_minutes=live.gaps_per_five_minutes),
        skew_max_ns=duration_ns(live.skew_max),
        minutes=config.paper.minutes,
    )


def _seconds(text: str) -> float:
    return duration_ns(text) / SECOND_NS
