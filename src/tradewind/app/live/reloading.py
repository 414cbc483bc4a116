"""Applying a changed configuration to a running session without losing positions (SPEC S11, K11).

What can be applied becomes a journaled event for each bot; all of it is tried out before the first one. What guards the
money or makes the session another one is refused by name.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tradewind.app.config_changes import Change, changes
from tradewind.app.config_watch import open_positions
from tradewind.app.live import bots
from tradewind.app.live.session import LiveSession
from tradewind.app.setting_classes import Weight
from tradewind.app.settings import Config
from tradewind.app.wiring import engine_config, named_bots
from tradewind.engine.config import BotSpec
from tradewind.model.commands import ChangeBot
from tradewind.model.errors import ConfigError

REASON = "the configuration was reloaded"
REMEDY = "set it back, or stop the session in order and start it with the new settings"


async def reload_config(session: LiveSession) -> dict[str, Any]:
    """Return what was applied, bot by bot, and what waits for the next start.

    Raises  ConfigError naming the keys that cannot be applied; then nothing has changed.
    """
    watch = session.config_watch
    if watch is None or not watch.files:
        raise ConfigError("this session was started without a configuration file: there is nothing to reload")
    told = watch.told()
    found = changes(watch.running, told, open_positions(session.engine.state))
    refuse_grave(found)
    events = _events(session, told, found)
    for event in events:
        bots.refuse_impossible(session, event)
    applied = [await bots.change(session, event) for event in events]
    watch.adopt(told)
    return {
        "applied": [each.key for each in found if each.weight is Weight.RELOAD],
        "waits": [each.key for each in found if each.weight is Weight.START],
        "bots": applied,
    }


def refuse_grave(found: Sequence[Change]) -> None:
    """Raise ConfigError for settings that a running session cannot take over."""
    grave = [each.text for each in found if each.weight.is_grave]
    if grave:
        raise ConfigError(f"a running session cannot take over {', '.join(grave)}: {REMEDY}")


def _events(session: LiveSession, told: Config, found: Sequence[Change]) -> list[ChangeBot]:
    """Return what each changed bot becomes."""
    specs = _specs(session, told)
    keys: dict[str, set[str]] = {}
    for change in found:
        if change.weight is Weight.RELOAD:
            keys.setdefault(change.bot, set()).add(change.key.rpartition(".")[2])
    return [_event(specs[name], changed) for name, changed in keys.items()]


def _event(spec: BotSpec, changed: set[str]) -> ChangeBot:
    whole = bots.becoming(spec, REASON, promoted=False)
    return ChangeBot(
        0,
        spec.id,
        REASON,
        *((whole.strategy, whole.parameters, whole.source) if changed & {"strategy", "parameters"} else ("", {}, "")),
        budget=spec.budget if "budget" in changed else None,
        family=whole.family if "family" in changed else None,
    )


def _specs(session: LiveSession, told: Config) -> dict[str, BotSpec]:
    """Return the session's bots as the file describes them now, on the instruments that they have.

    Raises  ConfigError for a strategy that is not there or refuses its parameters.
    """
    state = session.engine.state
    kept = tuple(
        msgspec.structs.replace(bot, id=name, instruments=state.bots[name].spec.instruments)
        for name, bot in named_bots(told).items()
        if name in state.bots
    )
    config = msgspec.structs.replace(told, bots=kept)
    instruments = [market.instrument for market in state.markets.values()]
    return {spec.id: spec for spec in engine_config(config, instruments).bots}
