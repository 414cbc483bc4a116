"""The composition root: a checked configuration and a market become an engine, a venue and what drives them."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from tradewind.app.flags import flag_values
from tradewind.app.market_data import BOOK_KINDS, MarketData
from tradewind.app.plan_terms import bot_planning
from tradewind.app.regime import LoadedModel, load_regime_model
from tradewind.app.settings import (
    AllocationSection,
    BotSettings,
    BreakerSection,
    Config,
    ExitSettings,
    FeeSettings,
    GuardSection,
    ProtectionSettings,
    SizingSection,
    TiersSection,
    VarSection,
)
from tradewind.app.strategies import make_strategy
from tradewind.app.times import UNIT_NS, duration_ns
from tradewind.engine.config import BotSpec, EngineConfig, GuardPlan, RegimePlan, Resting, TailPlan
from tradewind.engine.ports import Venue
from tradewind.engine.resolved import engine_values
from tradewind.engine.sequencer import Recorded, RecordedBars, gap_source
from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeSchedule, FeeTier, flat_fees
from tradewind.model.instrument import Instrument
from tradewind.model.intents import Exits
from tradewind.model.market_events import Gap
from tradewind.model.money import ONE, ZERO, plain, ratio
from tradewind.portfolio.allocation import RegimeAllocation
from tradewind.portfolio.budgets import BudgetRules
from tradewind.portfolio.position_size import SizingRules
from tradewind.portfolio.tiers import TIERS, Tier, TierRules
from tradewind.regime.settings import RegimeSettings
from tradewind.risk.breakers import BreakerRules
from tradewind.risk.guards import Action, GuardLimits
from tradewind.risk.liquidation import LiquidationRules
from tradewind.risk.protections import ProtectionRules
from tradewind.risk.tail import TailLimits
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import OpeningAccount, OpeningPosition, SimulationSettings
from tradewind.storage.catalog import Convention

SESSION_DIGITS = 12
VOLUME_DAYS = 30
FAMILY_OF = {
    "bollinger": "mean_reversion",
    "carry": "arbitrage",
    "cross_momentum": "momentum",
    "donchian": "trend",
    "grid": "mean_reversion",
    "macd": "momentum",
    "momentum": "momentum",
    "moving_average": "trend",
    "pairs": "pairs",
    "rsi_reversion": "mean_reversion",
    "sma_stack": "trend",
    "triangular": "arbitrage",
    "volatility_breakout": "trend",
}
"""The family of a built-in strategy; one that is not here shares no budget unless its bot names a family."""


def engine_config(config: Config, instruments: Sequence[Instrument]) -> EngineConfig:
    """Return what the engine is told at the start; the order of instruments and bots leaves no trace in it.

    Raises  ConfigError for bots that cannot be made, and for values with which no order could ever pass.
    """
    ordered = tuple(sorted(instruments, key=lambda each: each.id))
    _refuse_the_impossible(config, ordered)
    engine = EngineConfig(
        session="",
        instruments=ordered,
        bots=tuple(sorted(_bots(config, ordered), key=lambda bot: bot.id)),
        cash=config.account.cash,
        currency=_currency(config, ordered),
        fees=fee_schedule(config.fees),
        volume_30d=config.account.volume_30d,
        limits=config.limits,
        protections=_protections(config.protections),
        price_allowance=config.account.price_allowance,
        netting=flag_values(config.flags)["netting"],
        gap_bars_max=config.account.gap_bars_max,
        regime=_regimes(config),
        tail=tail_plan(config.var),
        breakers=_breakers(config.breakers),
        budgets=_budgets(config.allocation),
        tiers=_tiers(config.tiers),
        liquidation=_liquidation(config, ordered),
        guards=guard_plan(config.guards) if config.guards.enabled else UNSET,
        sizing=_sizing(config.sizing),
    )
    return msgspec.structs.replace(engine, session=session_name(engine, simulation_settings(config)))


def simulation_settings(config: Config) -> SimulationSettings:
    """Return the rules of the simulated venue."""
    section = config.simulation
    return SimulationSettings(
        fees=fee_schedule(config.fees),
        half_spread_bps=section.half_spread_bps,
        slippage_bps=section.slippage_bps,
        participation=section.participation,
        fill_on_touch=section.fill_on_touch,
        entry_latency_ns=section.entry_latency_ms * UNIT_NS["ms"],
        response_latency_ns=section.response_latency_ms * UNIT_NS["ms"],
    )


def session_name(engine: EngineConfig, settings: SimulationSettings) -> str:
    """Return the name that order ids begin with: a hash of everything that decides what is done with given data."""
    classes = {type(bot.strategy): type(bot.strategy).__qualname__ for bot in engine.bots}
    terms = [engine_values(engine, classes), msgspec.to_builtins(settings)]
    encoded = msgspec.json.encode(terms, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=SESSION_DIGITS // 2).hexdigest()


def fee_schedule(fees: FeeSettings) -> FeeSchedule:
    """Return the tiers, or one tier of the two rates."""
    if fees.tiers:
        return FeeSchedule(
            tuple(FeeTier(tier.from_volume, tier.maker, tier.taker) for tier in fees.tiers), volume_days=VOLUME_DAYS
        )
    return flat_fees(fees.maker, fees.taker)


def streamed_sources(market: Sequence[MarketData]) -> list[Recorded]:
    """Return ticks, bars, gaps, marks and funding as sources for the sequencer, with nothing computed beforehand."""
    sources: list[Recorded] = []
    for each in sorted(market, key=lambda one: one.instrument.id):
        bars = each.bars
        sources += each.ticks
        sources += each.carry.sources(each.instrument.id)
        if each.feeds_bars:
            columns = (bars.open, bars.high, bars.low, bars.close)
            sources.append(RecordedBars(each.instrument.id, bars.span_ns, bars.close_ns, columns, bars.volume))
            if gaps := _gaps(each):
                sources.append(gap_source(each.instrument.id, gaps))
    return sources


def simulated_venue(engine: EngineConfig, settings: SimulationSettings, market: Sequence[MarketData]) -> Venue:
    """Return the venue that fills against the data there are: the displayed book where it is recorded, else bars."""
    account = opening_account(engine)
    if any(each.kind in BOOK_KINDS for each in market):
        return BookVenue(engine.instruments, settings, account)
    moving = [each.instrument.id for each in market if each.carry.windows]
    return BarVenue(engine.instruments, settings, account, moving)


def opening_account(engine: EngineConfig) -> OpeningAccount:
    """Return the simulated venue's account at the start: the same cash, volume and positions as the engine's."""
    held = tuple(OpeningPosition(each.instrument, each.quantity, each.average_price) for each in engine.held)
    return OpeningAccount(engine.cash, engine.volume_30d, held)


def _gaps(market: MarketData) -> list[Gap]:
    bars = market.bars
    no_trade = bars.convention is Convention.NO_TRADE
    rows = zip(bars.gap_rows.tolist(), bars.gap_bars.tolist(), strict=True)
    # A gap at the first row lies before the chosen range.
    return [Gap(market.instrument.id, int(bars.close_ns[row]), count, no_trade) for row, count in rows if row > 0]


def _bots(config: Config, instruments: Sequence[Instrument]) -> list[BotSpec]:
    if not config.bots:
        raise ConfigError("there is no bot: add --strategy NAME, or a [[bots]] table to the configuration")
    equal = ratio(ONE, Decimal(len(config.bots)))
    everything = tuple(each.id for each in instruments)
    section = config.execution
    if section.entries == "rest" and section.policy != "market":
        raise ConfigError(
            f"execution.entries is 'rest' and execution.policy {section.policy!r}: a plan says itself how entries "
            "wait; leave one of them out"
        )
    of_families = config.allocation.by_regime or config.tiers.enabled
    rest = Resting(section.offset_bps, duration_ns(section.rest)) if section.entries == "rest" else UNSET
    plans = [bot_planning(section, bot, config.simulation.half_spread_bps) for bot in config.bots]
    return [
        BotSpec(
            id=name,
            strategy=make_strategy(bot.strategy, strategy_parameters(bot)),
            instruments=tuple(sorted(bot.instruments)) or everything,
            budget=equal if bot.budget is None else bot.budget,
            exits=_exits(bot.exits or config.exits),
            family=(bot.family or FAMILY_OF.get(bot.strategy, UNSET)) if of_families else UNSET,
            rest=rest if plan is UNSET else UNSET,
            plan=plan,
        )
        for name, bot, plan in zip(bot_ids(config.bots), config.bots, plans, strict=True)
    ]


def _regimes(config: Config) -> RegimePlan | UnsetType:
    """Return how regimes are told; a model that is missing or refused is said in every answer, and the rules answer.

    Raises  ConfigError for an allocation by regime without regimes.
    """
    section, allocation = config.regime, config.allocation
    if not section.enabled:
        if allocation.by_regime:
            raise ConfigError(
                f"allocation.method is {allocation.method!r}, which needs regimes: set regime.enabled, or 'off'"
            )
        return UNSET
    settings = RegimeSettings(use_model=section.tier == "model", gaps_are_no_trade=section.absent_bars == "no_trade")
    loaded = load_regime_model() if settings.use_model else LoadedModel(None)
    shared = None
    if allocation.by_regime:
        shared = RegimeAllocation(blend=allocation.method == "blend", band=float(allocation.band))
    return RegimePlan(
        settings=settings, model=loaded.model, missing=loaded.flag, block=section.block, allocation=shared
    )


def _budgets(section: AllocationSection) -> BudgetRules | UnsetType:
    """Return how the account is shared among bots by their results; nothing where each keeps its own budget."""
    if section.method == "off" or section.by_regime:
        return UNSET
    return BudgetRules(
        method=section.method,
        every_ns=duration_ns(section.every),
        window=section.window,
        minimum=section.minimum,
        band=float(section.band),
        least=float(section.weight_min),
        most=float(section.weight_max),
    )


def _sizing(section: SizingSection) -> SizingRules | UnsetType:
    """Return how entries are sized; nothing where a bot's weight alone decides.

    Raises  ConfigError for a volatility target without a target.
    """
    if section.method == "weight":
        return UNSET
    return SizingRules(
        method=section.method,
        kelly_fraction=float(section.kelly_fraction),
        volatility=None if section.volatility is None else float(section.volatility),
        volume_share=None if section.volume_share is None else float(section.volume_share),
        share_max=float(section.share_max),
        trades_min=section.trades_min,
        probe=float(section.probe),
        record_ns=duration_ns(section.record),
        regime=section.regime,
    )


def _tiers(section: TiersSection) -> TierRules | UnsetType:
    """Return the tiers in force; nothing where there are none.

    Raises  ConfigError for a table whose bounds do not rise.
    """
    if not section.enabled:
        return UNSET
    table = tuple(Tier(**msgspec.structs.asdict(each)) for each in section.table) or TIERS
    return TierRules(table=table, excluded=section.excluded, confidence_min=float(section.confidence_min))


def _breakers(section: BreakerSection) -> BreakerRules | UnsetType:
    """Return the rules of the breakers; nothing where all are off."""
    rules = BreakerRules(
        volatility_warn=section.volatility_warn,
        volatility_reduce=section.volatility_reduce,
        volatility_halt=section.volatility_halt,
        volatility_lock_ns=duration_ns(section.volatility_lock),
        daily_loss_max=section.daily_loss_max,
        losses_in_row_max=section.losses_in_row_max,
        losses_lock_ns=duration_ns(section.losses_lock),
        errors_per_hour_max=section.errors_per_hour_max,
        errors_lock_ns=duration_ns(section.errors_lock),
        stops_per_day_max=section.stops_per_day_max,
    )
    off = all(getattr(rules, name) is None for name in rules.__struct_fields__ if not name.endswith("_ns"))
    return UNSET if off else rules


def _liquidation(config: Config, instruments: Sequence[Instrument]) -> LiquidationRules | UnsetType:
    """Return how close liquidation may come; nothing where nothing is ever liquidated, or both rules are off."""
    rules = config.liquidation
    margined = any(
        not each.is_spot and (each.maintenance_margin is not None or _gets_maintenance(config, each))
        for each in instruments
    )
    if not margined or (rules.warn is None and rules.reduce_only is None):
        return UNSET
    return LiquidationRules(warn=rules.warn, reduce_only=rules.reduce_only)


def _gets_maintenance(config: Config, instrument: Instrument) -> bool:
    """Return whether an instrument is liquidated overnight only."""
    terms = config.instruments.get(instrument.id)
    return terms is not None and bool(terms.overnight) and terms.overnight_maintenance_margin is not None


def guard_plan(section: GuardSection, *, woken: bool = False) -> GuardPlan:
    """Return the runtime guards; `woken` where a session's clock lets them look."""
    return GuardPlan(
        limits=GuardLimits(
            daily_loss_share_max=section.daily_loss_max,
            daily_loss_action=_asked(section.daily_loss_action),
            mark_age_ns_max=_length(section.mark_age_max),
            mark_age_action=_asked(section.mark_age_action),
            errors_per_minute_max=section.errors_per_minute_max,
            errors_action=_asked(section.errors_action),
            position_age_ns_max=_length(section.position_age_max),
            position_age_action=_asked(section.position_age_action),
            drawdown_share_max=section.drawdown_max,
            drawdown_action=_asked(section.drawdown_action),
            concentration_max=None if section.concentration_max is None else float(section.concentration_max),
            concentration_action=_asked(section.concentration_action),
            exposure_share_max=section.exposure_max,
            exposure_action=_asked(section.exposure_action),
            cooldown_ns=duration_ns(section.cooldown),
        ),
        every_ns=duration_ns(section.every),
        woken=woken,
    )


def _asked(word: str) -> Action:
    return Action[word.upper()]


def _length(text: str | None) -> int | None:
    return None if text is None else duration_ns(text)


def tail_plan(section: VarSection) -> TailPlan | UnsetType:
    """Return the limits on VaR and correlation; nothing where both are off."""
    if section.share_max is None and section.correlation_max is None and section.correlation_warn is None:
        return UNSET
    limits = TailLimits(var_share_max=section.share_max, correlation_max=section.correlation_max)
    return TailPlan(
        limits=limits,
        every_ns=duration_ns(section.every),
        correlation_warn=section.correlation_warn,
        span_ns=UNSET if section.interval is None else duration_ns(section.interval),
        move_max=UNSET if section.move_max is None else float(section.move_max),
    )


def named_bots(config: Config) -> dict[str, BotSettings]:
    """Return the bots of a configuration by the name that each has in a run."""
    return dict(zip(bot_ids(config.bots), config.bots, strict=True))


def bot_ids(bots: Sequence[BotSettings]) -> list[str]:
    """Return the bots' ids, those that are not said included."""
    return [bot.id or _default_id(bots, number) for number, bot in enumerate(bots)]


def _default_id(bots: Sequence[BotSettings], number: int) -> str:
    """Return the strategy's name; a second bot of it gets a number."""
    name = bots[number].strategy
    before = sum(1 for bot in bots[:number] if bot.strategy == name and not bot.id)
    return name if not before else f"{name}-{before + 1}"


def strategy_parameters(bot: BotSettings) -> dict[str, object]:
    """Return the bot's parameters for the registry: an exact decimal is text, read as the parameter's own type."""
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in bot.parameters.items()}


def _exits(settings: ExitSettings) -> Exits | None:
    shares = [None if each is None else float(each) for each in (settings.stop_loss, settings.take_profit)]
    trailing = None if settings.trailing is None else float(settings.trailing)
    time_ns = None if settings.time is None else duration_ns(settings.time)
    exits = Exits(shares[0], shares[1], trailing, time_ns)
    return None if exits == Exits() else exits


def _protections(settings: ProtectionSettings) -> ProtectionRules:
    return ProtectionRules(
        cooldown_ns=None if settings.cooldown is None else duration_ns(settings.cooldown),
        stop_loss_guard_count=settings.stop_loss_guard_count,
        stop_loss_guard_window_ns=duration_ns(settings.stop_loss_guard_window),
        stop_loss_guard_lock_ns=duration_ns(settings.stop_loss_guard_lock),
        low_profit_trades=settings.low_profit_trades,
        low_profit_minimum=settings.low_profit_minimum,
        low_profit_lock_ns=duration_ns(settings.low_profit_lock),
        drawdown_max=settings.drawdown_max,
        drawdown_flatten=True if settings.drawdown_flatten else UNSET,
    )


def _currency(config: Config, instruments: Sequence[Instrument]) -> str:
    """Return the account's currency: the instruments' own quote currency where they agree and none was chosen."""
    quotes = {each.quote for each in instruments}
    if config.account.currency in quotes or len(quotes) != 1:
        missing = sorted(quotes - {config.account.currency})
        if missing:
            raise ConfigError(
                f"the instruments are quoted in {', '.join(sorted(quotes))}: run those of one currency together, "
                f"and set account.currency"
            )
        return config.account.currency
    return quotes.pop()


def refuse_impossible_limits(config: Config) -> None:
    """Raise ConfigError for limits and budgets with which nothing could be traded."""
    for name in ("instrument_share_max", "exposure_share_max", "leverage_max", "order_notional_max"):
        if getattr(config.limits, name) == ZERO:
            raise ConfigError(f"limits.{name} is 0: no order could pass; raise it, or switch it off with 'off'")
    for bot in config.bots:
        if bot.budget is not None and not ZERO < bot.budget <= ONE:
            raise ConfigError(f"bots.{bot.id or bot.strategy}.budget must be above 0 and at most 1, was {bot.budget}")


def _refuse_the_impossible(config: Config, instruments: Sequence[Instrument]) -> None:
    """Raise for values with which no order could ever pass, since a run would only be silent about it."""
    cash = config.account.cash
    if cash <= ZERO:
        raise ConfigError(f"account.cash is {plain(cash)}: no order could be paid for; set it above 0")
    refuse_impossible_limits(config)
    for instrument in instruments:
        if instrument.min_notional > cash:
            raise ConfigError(
                f"instruments.{instrument.id}.min_notional {plain(instrument.min_notional)} is more than account.cash "
                f"{plain(cash)}: no order could pass; lower the one or raise the other"
            )
