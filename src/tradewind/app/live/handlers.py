"""What operators may ask of a running session over its control socket."""

from collections.abc import Mapping
from typing import Any

from tradewind.app.live import bots
from tradewind.app.live.control import Handler, Values
from tradewind.app.live.reloading import reload_config
from tradewind.app.live.session import LiveSession
from tradewind.app.live.status import fills, orders, positions, status
from tradewind.model.errors import ConfigError

FILLS_SHOWN = 50


def handlers(session: LiveSession) -> Mapping[str, Handler]:
    """Return the handlers by the word that asks for them."""

    async def tell_status(_: Values) -> Any:
        return status(session)

    async def tell_orders(asked: Values) -> Any:
        return orders(session, everything=bool(asked.get("all")))

    async def tell_positions(_: Values) -> Any:
        return positions(session)

    async def tell_fills(asked: Values) -> Any:
        return fills(session, int(asked.get("limit", FILLS_SHOWN)))

    async def halt(asked: Values) -> Any:
        session.halt(str(asked.get("reason") or "operator"), "operator")
        if asked.get("flatten"):
            session.flatten(None)
        return {"halted": session.engine.state.halted}

    async def resume(asked: Values) -> Any:
        session.resume(str(asked.get("reason") or "operator"))
        return {"halted": session.engine.state.halted}

    async def flatten(asked: Values) -> Any:
        bot = asked.get("bot")
        if bot is not None and bot not in session.engine.state.bots:
            raise ConfigError(f"there is no bot {bot!r}: {', '.join(session.engine.state.bots)}")
        session.flatten(bot)
        return {"positions": positions(session)}

    async def reload(_: Values) -> Any:
        try:
            return await reload_config(session)
        except ConfigError as error:  # the answer of a command says whose fault it is, an error's text does not
            return {"refused": str(error)}

    async def stop(_: Values) -> Any:
        session.stop.set()
        return {"phase": session.phase}

    return {
        "status": tell_status,
        "orders": tell_orders,
        "positions": tell_positions,
        "fills": tell_fills,
        "halt": halt,
        "resume": resume,
        "flatten": flatten,
        **_bot_handlers(session),
        "reload": reload,
        "stop": stop,
    }


def _bot_handlers(session: LiveSession) -> Mapping[str, Handler]:
    """Return the handlers of what is said to one bot."""

    async def tell_bots(_: Values) -> Any:
        return [bots.bot_row(bot) for bot in session.engine.state.bots.values()]

    async def pause_bot(asked: Values) -> Any:
        return bots.pause(session, str(asked.get("bot")), _reason(asked))

    async def resume_bot(asked: Values) -> Any:
        return bots.resume(session, str(asked.get("bot")))

    async def disable_bot(asked: Values) -> Any:
        return bots.disable(session, str(asked.get("bot")), _reason(asked), flatten=bool(asked.get("flatten")))

    async def budget_bot(asked: Values) -> Any:
        return bots.set_budget(session, str(asked.get("bot")), asked.get("budget"), _reason(asked))

    async def reload_bot(asked: Values) -> Any:
        strategy, parameters = str(asked.get("strategy") or ""), asked.get("parameters") or {}
        return await bots.reload(session, str(asked.get("bot")), strategy, parameters, _reason(asked))

    async def promote(asked: Values) -> Any:
        return await bots.promote(session, asked.get("bot"), _reason(asked))

    async def roll_back(asked: Values) -> Any:
        return await bots.roll_back(session, asked.get("bot"), _reason(asked))

    return {
        "promote": promote,
        "roll_back": roll_back,
        "bots": tell_bots,
        "pause_bot": pause_bot,
        "resume_bot": resume_bot,
        "disable_bot": disable_bot,
        "budget_bot": budget_bot,
        "reload_bot": reload_bot,
    }


def _reason(asked: Values) -> str:
    return str(asked.get("reason") or "operator")
