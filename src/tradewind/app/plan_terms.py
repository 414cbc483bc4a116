"""How the changes of each bot are planned, from the section `execution` and the bot's own words."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from tradewind.app.market_data import BOOK_KINDS, MarketData
from tradewind.app.settings import BotSettings, Config, ExecutionSection
from tradewind.app.times import duration_ns, duration_text
from tradewind.engine.config import Planning
from tradewind.execution.choosing import AlgorithmTerms
from tradewind.execution.engines import RiskFlags
from tradewind.execution.multipliers import parse_multipliers
from tradewind.execution.planner import PlannerSettings
from tradewind.model.errors import ConfigError
from tradewind.model.plans import Algorithm, PlanPolicy, Urgency


def bot_planning(section: ExecutionSection, bot: BotSettings, half_spread_bps: Decimal) -> Planning | UnsetType:
    """Return how a bot's changes are planned; nothing where they are market orders or entries that rest."""
    policy = bot.execution or section.policy
    if policy == "market":
        return UNSET
    settings = PlannerSettings(
        policy=PlanPolicy(policy),
        market_below=section.market_below,
        twap_above=section.twap_above,
        slices=section.slices,
        algorithm=AlgorithmTerms(
            name=Algorithm(section.algorithm),
            participation=section.participation,
            display=section.display,
            risk_aversion=section.risk_aversion,
        ),
    )
    return Planning(
        settings=_timed(settings, section),
        urgency=Urgency(bot.urgency or section.urgency),
        exit_urgency=Urgency(section.exit_urgency) if section.exit_urgency else None,
        flags=RiskFlags(
            dynamic_sizing=section.dynamic_sizing,
            impact_guard=section.impact_guard,
            impact_bps_max=float(section.impact_bps_max),
        ),
        multipliers=parse_multipliers(section.multipliers),
        half_spread_bps=half_spread_bps,
    )


def refuse_short_plans(config: Config, market: Iterable[MarketData]) -> None:
    """Raise ConfigError for a time of plans that is shorter than the bars by which their children are looked at."""
    section = config.execution
    urgencies = {
        urgency
        for bot in config.bots
        if (bot.execution or section.policy) != "market"
        for urgency in (bot.urgency or section.urgency, section.exit_urgency)
    }
    for name in ("low", "normal"):
        text: str | None = getattr(section, name)
        if text is None or name not in urgencies:
            continue
        for each in market:
            span_ns = each.bars.span_ns
            if each.kind not in BOOK_KINDS and duration_ns(text) < span_ns:
                bars = PlannerSettings().low_bars if name == "low" else PlannerSettings().normal_bars
                raise ConfigError(
                    f"execution.{name} is {text}, and the bars of {each.instrument.id} are {duration_text(span_ns)} "
                    f"long: without a book a plan is looked at once a bar; make it {duration_text(bars * span_ns)}, or "
                    "leave it out"
                )


def _timed(settings: PlannerSettings, section: ExecutionSection) -> PlannerSettings:
    """Return the settings with the times that are configured: those are meant as they are, on bars too."""
    if section.low is not None:
        settings = msgspec.structs.replace(settings, low_ns=duration_ns(section.low), low_bars=1)
    if section.normal is not None:
        settings = msgspec.structs.replace(settings, normal_ns=duration_ns(section.normal), normal_bars=1)
    return settings
