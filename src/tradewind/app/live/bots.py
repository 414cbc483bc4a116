"""What an operator does with one bot of a running session: pause, disable, give a budget, reload, restore (S11).

Everything is tried out before the engine hears of it: what cannot be is told, and the bot goes on as it was. The engine
gets one journaled event, with the history that new indicators warm up on.
"""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from msgspec import UNSET

from tradewind.app.live.session import LiveSession
from tradewind.app.replaying import place_of
from tradewind.app.strategies import source_of
from tradewind.engine.changing import made_strategy
from tradewind.engine.config import BotSpec
from tradewind.engine.state import Bot, Market
from tradewind.engine.working import look_key
from tradewind.market.aggregate import bucket_open
from tradewind.model.commands import (
    CancelAll,
    ChangeBot,
    Flatten,
    NewExits,
    PauseBot,
    RestoreBot,
    ResumeBot,
    TimerFired,
)
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.market_events import Bar
from tradewind.model.money import ONE, ZERO, plain
from tradewind.strategy.base import Strategy, overrides, warmup_bars
from tradewind.strategy.registry import BUILTIN

DISABLED = "disabled"
MARGIN_BARS = 5
HISTORY_TIMEOUT_S = 30.0
_NAMES = {cls: name for name, cls in BUILTIN.items()}


def bot_row(bot: Bot) -> dict[str, Any]:
    """Return how a bot stands, for people."""
    spec = bot.spec
    if bot.failed is not None:
        state = f"failed: {bot.failed}"
    elif bot.paused is not None:
        state = bot.paused if bot.paused.startswith(DISABLED) else f"paused: {bot.paused}"
    else:
        state = "running"
    return {
        "bot": bot.id,
        "state": state,
        "strategy": strategy_place(spec.strategy),
        "parameters": msgspec.to_builtins(spec.strategy, enc_hook=str),
        "budget": plain(spec.budget),
        "instruments": list(spec.instruments),
        "exits": None if spec.exits is None else msgspec.structs.asdict(spec.exits),
        "changed": bot.changed,
        "former": None if bot.former is None else strategy_place(bot.former.strategy),
    }


def pause(session: LiveSession, name: str, reason: str) -> dict[str, Any]:
    """Let a bot take no new decisions; working orders and exits go on, and plans that open nothing."""
    bot, engine = _bot(session, name), session.engine
    planned = [seat for seat in bot.seats if seat.parent is not None]
    engine.take(PauseBot(engine.now_ns(), bot.id, reason))
    engine.take(*(TimerFired(engine.now_ns(), look_key(seat)) for seat in planned))  # looked at now, not in a second
    return bot_row(bot)


def disable(session: LiveSession, name: str, reason: str, *, flatten: bool) -> dict[str, Any]:
    """Switch a bot off: no new decisions, its entries are canceled, its exits stay; with `flatten` it closes."""
    bot, engine = _bot(session, name), session.engine
    engine.take(PauseBot(engine.now_ns(), bot.id, f"{DISABLED}: {reason}"))
    engine.take(CancelAll(engine.now_ns(), bot.id, exits_stay=True))
    if flatten:
        engine.take(Flatten(engine.now_ns(), bot.id))
    return bot_row(bot)


def resume(session: LiveSession, name: str) -> dict[str, Any]:
    """Let a bot that was paused or disabled decide again."""
    bot = _bot(session, name)
    if bot.failed is not None:
        raise StateError(f"bot {name} has failed ({bot.failed}): `tradewind bots reload {name}` starts it anew")
    session.engine.take(ResumeBot(session.engine.now_ns(), bot.id))
    return bot_row(bot)


def set_budget(session: LiveSession, name: str, budget: object, reason: str) -> dict[str, Any]:
    """Give a bot another share of the account; what it holds is left alone, its next entry is sized by it."""
    bot = _bot(session, name)
    try:
        share = Decimal(str(budget))
    except InvalidOperation:
        share = ZERO
    if not (share.is_finite() and ZERO < share <= ONE):
        raise ConfigError(f"a budget is a share above 0 and at most 1, such as 0.25, was {budget!r}")
    session.engine.take(ChangeBot(session.engine.now_ns(), bot.id, reason, budget=share))
    return bot_row(bot)


async def reload(
    session: LiveSession, name: str, strategy: str, parameters: Mapping[str, object], reason: str
) -> dict[str, Any]:
    """Give a bot its strategy anew, from its file as it is now; with other parameters, or another strategy."""
    bot = _bot(session, name)
    present = strategy_place(bot.spec.strategy)
    kept = {} if strategy and strategy != present else msgspec.to_builtins(bot.spec.strategy, enc_hook=str)
    place = strategy or present
    event = ChangeBot(0, bot.id, reason, place, {**kept, **parameters}, source_of(place))
    return await change(session, event)


async def change(session: LiveSession, event: ChangeBot) -> dict[str, Any]:
    """Let one bot become what the event says, unless that cannot be.

    Raises  ConfigError that says why not; then nothing has changed.
    """
    bot, strategy = _bot(session, event.bot), refuse_impossible(session, event)
    history: tuple[Bar, ...] = ()
    trouble = ""
    if strategy is not None:
        history, trouble = await _history(session, bot, strategy)
    now_ns = session.engine.now_ns()
    session.engine.take(msgspec.structs.replace(event, ts_ns=now_ns, history=history))
    return bot_row(bot) | {"warms_up": _waiting(bot), "trouble": trouble}


def refuse_impossible(session: LiveSession, event: ChangeBot) -> Strategy | None:
    """Return the strategy that a change gives its bot, None where it leaves that alone.

    Raises  ConfigError for one that cannot be made, or that would wait for ever for what the session does not hear.
    """
    bot, strategy = _bot(session, event.bot), made_strategy(session.engine.state, event)
    books = strategy is not None and overrides(strategy, "on_book")
    if strategy is not None and books and not all(seat.market.hears_book for seat in bot.seats):
        raise ConfigError(
            f"{strategy_place(strategy)} decides on books, which this session does not hear: stop the session in "
            "order and start it with that strategy"
        )
    return strategy


async def restore(session: LiveSession, name: str, reason: str) -> dict[str, Any]:
    """Let a bot become again what it was before it was promoted."""
    bot = _bot(session, name)
    if bot.former is None:
        raise StateError(f"bot {name} has not been promoted: there is nothing to roll back")
    history, trouble = await _history(session, bot, bot.former.strategy)
    session.engine.take(RestoreBot(session.engine.now_ns(), bot.id, reason, history))
    return bot_row(bot) | {"warms_up": _waiting(bot), "trouble": trouble}


async def promote(session: LiveSession, name: str | None, reason: str) -> list[dict[str, Any]]:
    """Let a bot, or all that differ, become what the shadow tries out: strategy, budget and the exits of new entries.

    Raises  ConfigError or StateError that says why not; then nothing has changed.
    """
    shadow = session.shadow
    if shadow is None or shadow.ended:
        why = "none runs: start a session with --shadow FILE" if shadow is None else f"it has ended: {shadow.ended}"
        raise StateError(f"no shadow beside this session: {why}")
    changed = sorted(shadow.plan.changed)
    events = []
    for each in changed if name is None else [name]:
        if each not in changed:
            raise ConfigError(f"the shadow does not try out {each!r}: it does {', '.join(changed) or 'no bot'}")
        spec, bot = shadow.state.bots[each].spec, _bot(session, each)
        if spec.instruments != bot.spec.instruments:
            raise ConfigError(f"bot {each!r} trades other instruments in the shadow: that takes a new session")
        event = becoming(spec, reason, promoted=True)
        refuse_impossible(session, event)
        events.append(event)
    return [await change(session, event) for event in events]


async def roll_back(session: LiveSession, name: str | None, reason: str) -> list[dict[str, Any]]:
    """Let a bot, or all that were promoted, become again what they were before."""
    promoted = [each for each, bot in session.engine.state.bots.items() if bot.former is not None]
    if name is None and not promoted:
        raise StateError("no bot has been promoted: there is nothing to roll back")
    return [await restore(session, each, reason) for each in (promoted if name is None else [name])]


def becoming(spec: BotSpec, reason: str, *, promoted: bool) -> ChangeBot:
    """Return the event that makes the bot of this name all of this but for its instruments."""
    place = strategy_place(spec.strategy)
    return ChangeBot(
        0,
        spec.id,
        reason,
        place,
        msgspec.to_builtins(spec.strategy, enc_hook=str),
        source_of(place),
        spec.budget,
        NewExits(spec.exits),
        "" if spec.family is UNSET else spec.family,
        promoted,
    )


def strategy_place(strategy: Strategy) -> str:
    """Return the name under which a strategy is found again."""
    return _NAMES.get(type(strategy)) or place_of(type(strategy))


def _bot(session: LiveSession, name: str) -> Bot:
    bots = session.engine.state.bots
    if name not in bots:
        raise ConfigError(f"there is no bot {name!r}: {', '.join(bots)}")
    if not session.ready.is_set() or session.stop.is_set():
        raise StateError(f"the session is {session.phase}: say it again while it trades")
    return bots[name]


async def _history(session: LiveSession, bot: Bot, strategy: Strategy) -> tuple[tuple[Bar, ...], str]:
    """Return the candles that the strategy's indicators warm up on, and what could not be had."""
    span_ns, need = session.plan.span_ns, warmup_bars(strategy)
    if not need:
        return (), ""
    if span_ns not in session.side.spans_ns():
        return (), f"the venue has no candles of {span_ns / 60e9:g} minutes"

    async def load(market: Market) -> Sequence[Bar]:
        end_ns = bucket_open(session.engine.now_ns() if market.bar is None else market.bar.ts_ns, span_ns)
        start_ns = max(0, end_ns - (need + MARGIN_BARS) * span_ns)
        bars = await session.side.market.candles(market.id, span_ns, start_ns, end_ns)
        return [bar for bar in bars if start_ns <= bar.open_ns < end_ns]

    try:
        async with asyncio.timeout(HISTORY_TIMEOUT_S):
            found = await asyncio.gather(*(load(seat.market) for seat in bot.seats))
    except Exception as error:  # noqa: BLE001 - without history it warms up on what comes (D5)
        return (), f"no candles of the past: {type(error).__name__}: {error}"
    return tuple(bar for bars in found for bar in sorted(bars, key=lambda each: each.ts_ns)), ""


def _waiting(bot: Bot) -> int:
    """Return for how many bars the bot's new indicators still wait."""
    return max((seat.warmup_bars - seat.bars_seen for seat in bot.seats), default=0)
