"""What a live session must be told before anything else: its instruments, and limits without which none starts."""

from tradewind.app.settings import Config, ExitSettings
from tradewind.model.errors import ConfigError
from tradewind.risk.limits import Limits
from tradewind.risk.review import CHECKS, Reviewer

# An old price, one order or one instrument that is the whole account, and a mistyped limit: with real money none of
# them is left to chance.
REQUIRED = ("data_age", "leverage", "instrument_share", "total_exposure", "slippage_guard")


def instruments_of(config: Config, *, verb: str) -> tuple[str, ...]:
    """Return the instruments of a session: those of the data, or all that the bots name where each names some.

    Raises  ConfigError where that leaves it open.
    """
    if config.data.instruments:
        return config.data.instruments
    if config.bots and all(bot.instruments for bot in config.bots):
        return tuple(sorted({name for bot in config.bots for name in bot.instruments}))
    raise ConfigError(
        f"say which instruments to {verb}: --instrument BTC-USD,ETH-USD, data.instruments, or instruments of each bot"
    )


def without_exits(config: Config) -> tuple[str, ...]:
    """Return the bots whose entries get no exit from the configuration; a strategy may still send its own."""
    nothing = ExitSettings()
    return tuple(bot.id or bot.strategy for bot in config.bots if (bot.exits or config.exits) == nothing)


def refuse_without_required_checks(limits: Limits) -> None:
    """Raise ConfigError where a check is off that real money does not trade without (SPEC K1)."""
    missing = [name for name in REQUIRED if name not in Reviewer(limits).on]
    if missing:
        keys = ", ".join(f"limits.{limit}" for name, _, limit in CHECKS if name in missing)
        raise ConfigError(f"real money does not trade with the checks {', '.join(missing)} off: set {keys}")
