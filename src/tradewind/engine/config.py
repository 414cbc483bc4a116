"""What an engine is told once, at the start: account, bots, limits and how stages are asked."""

from decimal import Decimal

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeSchedule, flat_fees
from tradewind.model.instrument import Instrument
from tradewind.model.intents import Exits
from tradewind.model.money import ONE, ZERO
from tradewind.risk.limits import Limits
from tradewind.risk.protections import ProtectionRules
from tradewind.strategy.base import Strategy

HOUR_NS = 3_600_000_000_000


class BotSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One bot: a strategy with its parameters, the instruments it sees, and its share of the account's equity."""

    id: str
    strategy: Strategy
    instruments: tuple[str, ...]
    budget: Decimal = ONE
    exits: Exits | None = None


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

    def __post_init__(self) -> None:
        known = {instrument.id for instrument in self.instruments}
        seen: set[str] = set()
        for bot in self.bots:
            if bot.id in seen:
                raise ConfigError(f"bot id {bot.id!r} is used twice: give each bot its own id")
            seen.add(bot.id)
            for name in bot.instruments:
                if name not in known:
                    raise ConfigError(f"bot {bot.id!r} wants instrument {name!r}, which the run does not have")
        if self.cash < 0:
            raise ConfigError(f"cash must not be negative, was {self.cash}")
