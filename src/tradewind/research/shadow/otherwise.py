"""In what two engines differ, and what bots of a session were told meanwhile, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from tradewind.engine.config import EngineConfig
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.resolved import engine_values
from tradewind.model.commands import ChangeBot, RestoreBot
from tradewind.research.shadow.page import moment

NOTHING = "nothing"
OWN = frozenset({"session", "guards.woken"})  # a name, and who wakes the guards: never what is tried out


def otherwise(session: EngineConfig, shadow: EngineConfig) -> list[str]:
    """Return a line for each setting that is not the same in both, bots by their ids."""
    one, other = _flat(_by_bot(session)), _flat(_by_bot(shadow))
    names = [*one, *(name for name in other if name not in one)]
    return [
        f"{name}: {one.get(name, NOTHING)} → {other.get(name, NOTHING)}"
        for name in sorted(names)
        if one.get(name) != other.get(name) and name not in OWN
    ]


def changes(model: ReadModel) -> list[str]:
    """Return what the session's bots were made meanwhile, in order."""
    told = []
    for event in model.commands:
        if isinstance(event, ChangeBot):
            what = "promoted" if event.promoted else "changed"
            told.append(f"{event.bot} {what} at {moment(event.ts_ns)} ({event.reason})")
        elif isinstance(event, RestoreBot):
            told.append(f"{event.bot} rolled back at {moment(event.ts_ns)} ({event.reason})")
    return told


def _by_bot(config: EngineConfig) -> dict[str, Any]:
    classes = {type(bot.strategy): type(bot.strategy).__qualname__ for bot in config.bots}
    values = engine_values(config, classes)
    bots = {bot.pop("id"): bot for bot in values.pop("bots")}
    del values["instruments"]
    return {**values, **bots}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    return dict(_leaves(values, prefix))


def _leaves(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", "off" if value is None else str(value)
