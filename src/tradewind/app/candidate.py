"""The configuration of a shadow: that of the session with what the candidate's file says otherwise (S12).

Bots go by their ids: one that the session has too becomes what the file says, others stay, new ones come along. Market,
account, fees and fills are the session's: only so do the two differ by what is tried out.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tradewind.app.config import check_layer, file_layer, merge, with_none
from tradewind.app.settings import BotSettings, Config
from tradewind.app.shadow import ShadowPlan
from tradewind.app.wiring import bot_ids, engine_config
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.model.errors import ConfigError
from tradewind.model.money import ONE, ratio
from tradewind.portfolio.budgets import BudgetRules
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import overrides

SAME = frozenset(
    {
        "profile", "seed", "data", "market", "account", "fees", "simulation", "instruments", "flags", "paper", "live",
        "shadow",
    }
)  # fmt: skip


def shadow_plan(config: Config, engine: EngineConfig, settings: SimulationSettings) -> ShadowPlan | None:
    """Return the shadow that a run's configuration asks for, None where it asks for none.

    Raises  ConfigError for a candidate that cannot be, and for one that is no other than the session.
    """
    if not config.shadow.candidate:
        return None
    path = Path(config.shadow.candidate)
    other = candidate_config(config, path)
    made = engine_config(other, engine.instruments)
    ours = {bot.id: bot for bot in engine.bots}
    changed = frozenset(bot.id for bot in made.bots if not _is_alike(bot, ours.get(bot.id)))
    if made.session == engine_config(config, engine.instruments).session:  # a hash of all that is done
        raise ConfigError(f"{path} says nothing that the run does not do: a shadow of it would be the same")
    made = msgspec.structs.replace(
        made,
        session=f"{engine.session}s",
        cash=engine.cash,
        currency=engine.currency,
        conversions=engine.conversions,
        held=engine.held,
        fees=engine.fees,
        volume_30d=engine.volume_30d,
        budgets=_begun_alike(made, engine),
    )
    return ShadowPlan(
        engine=made,
        settings=msgspec.structs.replace(settings, fees=engine.fees),
        changed=changed,
        added=changed - ours.keys(),
        share_max=float(config.shadow.share_max),
        waiting_max=config.shadow.waiting_max,
    )


def refuse_unheard(plan: ShadowPlan, engine: EngineConfig, *, books: bool) -> None:
    """Raise ConfigError for a candidate that needs what its session neither hears nor fits: it would wait for ever.

    With `books` the session hears only the books that its own bots look at.
    """
    fits = {request.kind for bot in engine.bots for request in bot.strategy.fits(bot.instruments)}
    heard = {name for bot in engine.bots if overrides(bot.strategy, "on_book") for name in bot.instruments}
    for bot in plan.engine.bots:
        if lacking := {request.kind for request in bot.strategy.fits(bot.instruments)} - fits:
            raise ConfigError(
                f"shadow: bot {bot.id!r} needs the fit {min(lacking)}, which no bot of the session asks for"
            )
        if books and overrides(bot.strategy, "on_book") and not heard.issuperset(bot.instruments):
            raise ConfigError(f"shadow: bot {bot.id!r} decides on books, which no bot of the session looks at")


def candidate_config(config: Config, path: Path) -> Config:
    """Return the run's configuration with what the file says otherwise.

    Raises  ConfigError naming the file, the key and the remedy.
    """
    layer = file_layer(path)
    check_layer(layer)
    values: dict[str, Any] = msgspec.to_builtins(config)
    bots = _with_ids(values["bots"], config.bots)
    said = dict(layer.values)
    rows = said.pop("bots", [])
    merge(values, said)
    values["bots"] = _merged_bots(bots, rows)
    other = msgspec.convert(with_none(values), Config, strict=False)
    for part in sorted(SAME & layer.values.keys()):
        if getattr(other, part) != getattr(config, part):
            raise ConfigError(
                f"{path}: a candidate trades on the market and the account of its run: leave [{part}] out, or as it is"
            )
    return other


def _with_ids(rows: list[dict[str, Any]], bots: tuple[BotSettings, ...]) -> list[dict[str, Any]]:
    """Return the run's bots with the ids and the budgets that they have: more bots must not make theirs smaller."""
    equal = str(ratio(ONE, Decimal(len(bots)))) if bots else "1"
    return [
        {**row, "id": name, "budget": equal if row["budget"] is None else row["budget"]}
        for row, name in zip(rows, bot_ids(bots), strict=True)
    ]


def _merged_bots(ours: list[dict[str, Any]], rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = {row["id"]: row for row in ours}
    for row in rows:
        name = row.get("id") or row["strategy"]
        before = known.get(name, {})
        same = before.get("strategy") == row["strategy"]
        parameters = {**(before["parameters"] if same else {}), **row.get("parameters", {})}
        known[name] = {**before, **row, "id": name, "parameters": parameters}
    return list(known.values())


def _begun_alike(made: EngineConfig, engine: EngineConfig) -> BudgetRules | UnsetType:
    """Return the candidate's rules for budgets; where they are the session's, both go on from the same results."""
    ours = engine.budgets
    if ours is UNSET or {bot.id for bot in made.bots} != {bot.id for bot in engine.bots}:
        return made.budgets
    return ours if made.budgets == msgspec.structs.replace(ours, known=UNSET) else made.budgets


def _is_alike(bot: BotSpec, other: BotSpec | None) -> bool:
    return other is not None and type(bot.strategy) is type(other.strategy) and bot == other
