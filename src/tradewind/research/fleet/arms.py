"""The arms of the comparison, each a configuration of the one engine: naive, the whole stack, the stack less a part."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from tradewind.app.settings import (
    AllocationSection,
    BotSettings,
    BreakerSection,
    Config,
    ExecutionSection,
    ExitSettings,
    GuardSection,
    ProtectionSettings,
    RegimeSection,
    SizingSection,
    TiersSection,
    VarSection,
)
from tradewind.app.wiring import engine_config
from tradewind.engine.config import EngineConfig
from tradewind.model.instrument import Instrument
from tradewind.model.money import ONE, ZERO, add, multiply, ratio
from tradewind.research.fleet.habits import Habit
from tradewind.research.fleet.random_entry import RandomEntry
from tradewind.risk.limits import Limits
from tradewind.strategy.builtin.buy_and_hold import BuyAndHold

NAIVE, FULL, RANDOM, HOLD = "naive", "full", "random_entry", "buy_and_hold"
SELECTION_OFF = "selection_off"  # only where a fleet has walk-forward
ABLATIONS = ("regime_off", "maker_off", "risk_off", "allocation_off")
ARMS = (NAIVE, FULL, *ABLATIONS, RANDOM, HOLD)
WITHOUT: Mapping[str, str] = {
    NAIVE: "taker, each bot for itself, no regime, no portfolio risk, exits by the opposite signal",
    FULL: "the stack, as the file has it: regimes, budgets, sizes, exits, entries that wait, limits and breaker",
    "regime_off": "the stack, but no regimes: new risk at any time, and equal budgets, since none can follow a regime",
    "maker_off": "the stack, but entries at the market",
    "risk_off": "the stack, but no limits, no breakers, no guards, no VaR, no tiers and no pause after a trade",
    "allocation_off": "the stack, but equal budgets in every regime; the block stays",
    SELECTION_OFF: "the stack, but every bot trades in every window",
    RANDOM: "naive, but entries and exits by chance, as often, for as long and as often short as the naive fleet's",
    HOLD: "naive, but bought once and held",
}
ROOM = Decimal("0.95")  # of a limit: prices move between the size of an order and its review
NO_LIMITS = Limits(
    leverage_max=None,
    instrument_share_max=None,
    exposure_share_max=None,
    liquidation_buffer_min=None,
    slippage_bps_max=None,
)
# Everything that holds an order back for the account's sake.
NO_RISK: Mapping[str, Any] = {
    "limits": NO_LIMITS,
    "protections": ProtectionSettings(),
    "breakers": BreakerSection(),
    "guards": GuardSection(),
    "var": VarSection(),
    "tiers": TiersSection(),
}


def arms_of(walk_forward: object | None) -> tuple[str, ...]:
    """Return the arms of a fleet: one more where there is a choice to do without."""
    return ARMS if walk_forward is None else (NAIVE, FULL, *ABLATIONS, SELECTION_OFF, RANDOM, HOLD)


def arm_config(
    arm: str, config: Config, instruments: Sequence[Instrument], *, budget: Decimal = ONE, quiet: bool = False
) -> EngineConfig:
    """Return the engine's configuration of an arm; `quiet` says that absent bars mean that nothing traded.

    `budget` is what the stack's bots have together; the naive fleet has the whole account.
    """
    regime = msgspec.structs.replace(config.regime, absent_bars="no_trade") if quiet else config.regime
    bots = expanded(config, instruments, ONE if arm == NAIVE else budget)
    chosen = _without(arm, msgspec.structs.replace(config, regime=regime, bots=bots))
    return engine_config(msgspec.structs.replace(chosen, bots=within_limits(chosen)), instruments)


def paper_config(config: Config, instruments: Sequence[Instrument]) -> EngineConfig:
    """Return every bot alone, as walk-forward follows it: its entries and exits, no regimes and no account's limits."""
    bots = expanded(config, instruments)
    alone = msgspec.structs.replace(
        config, bots=bots, regime=RegimeSection(), allocation=AllocationSection(), **NO_RISK
    )
    return engine_config(alone, instruments)


def expanded(config: Config, instruments: Sequence[Instrument], budget: Decimal = ONE) -> tuple[BotSettings, ...]:
    """Return one bot of each kind on each instrument that it is for, with equal parts of the budget."""
    names = [each.id for each in sorted(instruments, key=lambda each: each.id)]
    pairs = [(number, bot, name) for number, bot in enumerate(config.bots) for name in bot.instruments or names]
    pairs = [pair for pair in pairs if pair[2] in names]
    part = ratio(budget, Decimal(max(len(pairs), 1)))
    kinds = [bot.id or bot.strategy for bot in config.bots]
    labels = [kind if kinds.count(kind) == 1 else f"{kind}-{number + 1}" for number, kind in enumerate(kinds)]
    return tuple(
        msgspec.structs.replace(bot, id=f"{labels[number]}@{name}", instruments=(name,), budget=part)
        for number, bot, name in pairs
    )


def within_limits(config: Config) -> tuple[BotSettings, ...]:
    """Return the bots with budgets that together stay within what one instrument may hold.

    An order that is too large is refused, not cut: with few instruments the stack would do nothing at all.
    """
    most = config.limits.instrument_share_max
    if most is None:
        return config.bots
    totals: dict[str, Decimal] = {}
    for bot in config.bots:
        totals[bot.instruments[0]] = add(totals.get(bot.instruments[0], ZERO), bot.budget or ZERO)
    room = multiply(most, ROOM)
    return tuple(
        msgspec.structs.replace(bot, budget=ratio(multiply(bot.budget, room), total)) if total > room else bot
        for bot in config.bots
        if bot.budget is not None and (total := totals[bot.instruments[0]])
    )


def random_config(naive: EngineConfig, habits: Mapping[str, Habit], seed: int) -> EngineConfig:
    """Return the naive fleet with traders without a reason, who trade as often and hold for as long."""
    bots = []
    for number, spec in enumerate(naive.bots):
        habit = habits.get(spec.id, Habit())
        chance = RandomEntry(seed=seed * 1_000_003 + number, enter=habit.enter, leave=habit.leave, short=habit.short)
        bots.append(msgspec.structs.replace(spec, strategy=chance))
    return msgspec.structs.replace(naive, bots=tuple(bots))


def hold_config(naive: EngineConfig) -> EngineConfig:
    """Return the naive fleet with everything bought once and held."""
    bots = tuple(msgspec.structs.replace(spec, strategy=BuyAndHold()) for spec in naive.bots)
    return msgspec.structs.replace(naive, bots=bots)


def _without(arm: str, stack: Config) -> Config:
    """Return the stack less what the arm goes without."""
    replace = msgspec.structs.replace
    if arm == NAIVE:
        bots = tuple(replace(bot, exits=None) for bot in _at_market(stack.bots))
        return replace(
            stack,
            bots=bots,
            regime=RegimeSection(),
            allocation=AllocationSection(),
            execution=ExecutionSection(),
            exits=ExitSettings(),
            sizing=SizingSection(),
            **NO_RISK,
            flags={**stack.flags, "netting": False},
        )
    if arm == "regime_off":
        budgets = AllocationSection() if stack.allocation.by_regime else stack.allocation
        return replace(stack, regime=RegimeSection(), allocation=budgets)
    if arm == "maker_off":
        return replace(stack, execution=ExecutionSection(), bots=_at_market(stack.bots))
    if arm == "risk_off":
        return replace(stack, **NO_RISK)
    if arm == "allocation_off":
        return replace(stack, allocation=AllocationSection())
    return stack


def _at_market(bots: Sequence[BotSettings]) -> tuple[BotSettings, ...]:
    """Return the bots with no way of their own to get to the market."""
    return tuple(msgspec.structs.replace(bot, execution="", urgency="") for bot in bots)
