"""What an engine is told once, at the start: account, bots, limits and how stages are asked."""

from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from tradewind.execution.engines import RiskFlags
from tradewind.execution.multipliers import Multipliers
from tradewind.execution.planner import PlannerSettings
from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeSchedule, flat_fees
from tradewind.model.instrument import Instrument
from tradewind.model.intents import Exits
from tradewind.model.money import ONE, ZERO
from tradewind.model.plans import Urgency
from tradewind.portfolio.allocation import RegimeAllocation
from tradewind.portfolio.budgets import BudgetRules
from tradewind.portfolio.edge_gate import EdgeRules
from tradewind.portfolio.position_size import SizingRules
from tradewind.portfolio.tiers import TierRules
from tradewind.regime.model_file import RegimeModel
from tradewind.regime.settings import RegimeSettings
from tradewind.risk.breakers import BreakerRules
from tradewind.risk.guards import GuardLimits
from tradewind.risk.limits import Limits
from tradewind.risk.liquidation import LiquidationRules
from tradewind.risk.protections import ProtectionRules
from tradewind.risk.tail import TailLimits
from tradewind.strategy.base import Strategy

MINUTE_NS = 60_000_000_000
HOUR_NS = 3_600_000_000_000


class RegimePlan(msgspec.Struct, frozen=True, kw_only=True):
    """How regimes are told: with `model`, or by the rules, and then `missing` is the flag that says why.

    `block` refuses new risk in CRISIS, CHOPPY and UNKNOWN; `allocation` shares an instrument's budget among families of
    strategies by its regime.
    """

    settings: RegimeSettings = RegimeSettings()
    model: RegimeModel | None = None
    missing: str = ""
    block: bool = True
    allocation: RegimeAllocation | None = None


class TailPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The limits on VaR and correlation, and how often whoever runs the engine makes the fit that they need.

    A close that has moved by `move_max` since the last fit asks for one at once; `span_ns` is the length of the bars
    that fits are made of, where those of the run are not meant. At `correlation_warn` an operator is told of pairs that
    begin to move together.
    """

    limits: TailLimits = TailLimits()
    every_ns: int = HOUR_NS // 4
    correlation_warn: float | None = None
    span_ns: int | UnsetType = UNSET
    move_max: float | UnsetType = UNSET


class GuardPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of the runtime guards, and how often they look.

    Unless `woken` the engine wakes itself after a bar; where a session runs by the clock, that does.
    """

    limits: GuardLimits = GuardLimits()
    every_ns: int = MINUTE_NS
    woken: bool = False


class Resting(msgspec.Struct, frozen=True):
    """Entries wait as post-only limit orders `offset_bps` from the mark, for `rest_ns`, and pay no spread."""

    offset_bps: Decimal = Decimal(5)
    rest_ns: int = 3 * HOUR_NS

    def __post_init__(self) -> None:
        if not 0 <= self.offset_bps < 10_000 or self.rest_ns <= 0:
            raise ConfigError(
                f"entries rest at 0 to 10000 bps from the mark and for some time, were {self.offset_bps} and "
                f"{self.rest_ns} ns"
            )


class Planning(msgspec.Struct, frozen=True, kw_only=True):
    """A bot's changes are worked as plans (SPEC X3): of what urgency, on what terms, under which guards.

    `exit_urgency` is that of reductions; None is as of everything else, and at once where exits guard the position.
    Without a book the touch is taken to be `half_spread_bps` from the mark.
    """

    settings: PlannerSettings = PlannerSettings()
    urgency: Urgency = Urgency.NORMAL
    exit_urgency: Urgency | None = None
    flags: RiskFlags = RiskFlags()
    multipliers: Multipliers = Multipliers()
    half_spread_bps: Decimal = ZERO

    def __post_init__(self) -> None:
        if not 0 <= self.half_spread_bps < 10_000:
            raise ConfigError(f"a plan's half spread must be 0 to 10000 bps, was {self.half_spread_bps}")


class BotSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One bot: a strategy with its parameters, the instruments it sees, and its share of the account's equity."""

    id: str
    strategy: Strategy
    instruments: tuple[str, ...]
    budget: Decimal = ONE
    exits: Exits | None = None
    family: str | UnsetType = UNSET
    rest: Resting | UnsetType = UNSET
    plan: Planning | UnsetType = UNSET


class HeldAtStart(msgspec.Struct, frozen=True):
    """A position found at the start, adopted by `bot` (default: `external`, which no strategy touches)."""

    instrument: str
    quantity: int
    average_price: Decimal
    bot: str = "external"


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that determines what the engine does with a given sequence of events."""

    session: str
    instruments: tuple[Instrument, ...]
    bots: tuple[BotSpec, ...]
    cash: Decimal = Decimal(100_000)
    currency: str = "USD"
    conversions: dict[str, str] = {}
    held: tuple[HeldAtStart, ...] = ()
    fees: FeeSchedule = flat_fees(Decimal("0.0025"), Decimal("0.004"))
    volume_30d: Decimal = ZERO
    limits: Limits = Limits()
    protections: ProtectionRules = ProtectionRules()
    price_allowance: Decimal = Decimal("0.005")
    asked: frozenset[str] = frozenset()
    ask_timeout_ns: int = 1_000_000_000
    netting: bool = True
    gap_bars_max: int = 3
    regime: RegimePlan | UnsetType = UNSET
    tail: TailPlan | UnsetType = UNSET
    breakers: BreakerRules | UnsetType = UNSET
    budgets: BudgetRules | UnsetType = UNSET
    tiers: TierRules | UnsetType = UNSET
    edge: EdgeRules | UnsetType = UNSET
    liquidation: LiquidationRules | UnsetType = UNSET
    guards: GuardPlan | UnsetType = UNSET
    sizing: SizingRules | UnsetType = UNSET

    def __post_init__(self) -> None:
        known = {instrument.id: instrument for instrument in self.instruments}
        seen: set[str] = set()
        for bot in self.bots:
            if bot.id in seen:
                raise ConfigError(f"bot id {bot.id!r} is used twice: give each bot its own id")
            seen.add(bot.id)
            if bot.plan is not UNSET and (bot.rest is not UNSET or "risk" in self.asked):
                why = "entries that rest" if bot.rest is not UNSET else "risk asked of somebody else"
                raise ConfigError(f"bot {bot.id!r} cannot have plans and {why}: leave one of them out")
            for name in bot.instruments:
                if name not in known:
                    raise ConfigError(f"bot {bot.id!r} wants instrument {name!r}, which the run does not have")
            if (reason := bot.strategy.unsuited([known[name] for name in bot.instruments])) is not None:
                raise ConfigError(f"bot {bot.id!r}: {reason}")
        for name in self.limits.instrument_notional_caps:
            if name not in known:
                raise ConfigError(f"limits.instrument_notional_caps names {name!r}, which the run does not have")
        if self.cash < 0:
            raise ConfigError(f"cash must not be negative, was {self.cash}")
