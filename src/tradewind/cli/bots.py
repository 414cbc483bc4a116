"""`tradewind bots`: one bot of a running session paused, switched off, given a budget, or given its strategy anew."""

from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.operating import Reason, Session
from tradewind.cli.options import Json, Param

Bot = Annotated[str, Parameter(help="The bot's id: `tradewind bots list` tells them.")]


def list_(*, session: Session = None, json: Json = False) -> int:
    """List the bots of a running session: state, strategy, parameters, budget.

    Example: tradewind bots list
    """
    from tradewind.cli.operations import show_bots

    return show_bots(session, json=json)


def pause(bot: Bot, /, *, reason: Reason = "operator", session: Session = None, json: Json = False) -> int:
    """Let a bot take no new decisions. What it holds keeps its exits, what
    works goes on.

    Example: tradewind bots pause trend --reason "news"
    """
    return _tell("pause_bot", bot, session, json=json, reason=reason)


def resume(bot: Bot, /, *, session: Session = None, json: Json = False) -> int:
    """Let a bot that was paused or disabled decide again.

    Example: tradewind bots resume trend
    """
    return _tell("resume_bot", bot, session, json=json)


def disable(
    bot: Bot,
    /,
    *,
    reason: Reason = "operator",
    flatten: Annotated[bool, Parameter(negative="", help="Also close what it holds.")] = False,
    session: Session = None,
    json: Json = False,
) -> int:
    """Switch a bot off: it takes no decisions and its entries are canceled.
    What it holds keeps its exits, also after a restart.

    Example: tradewind bots disable trend --flatten
    """
    return _tell("disable_bot", bot, session, json=json, reason=reason, flatten=flatten)


def budget(
    bot: Bot,
    share: Annotated[str, Parameter(help="A share of the account, above 0 and at most 1.")],
    /,
    *,
    reason: Reason = "operator",
    session: Session = None,
    json: Json = False,
) -> int:
    """Give a bot another share of the account, from its next entry on. What
    it holds is left alone.

    Example: tradewind bots budget trend 0.25
    """
    return _tell("budget_bot", bot, session, json=json, budget=share, reason=reason)


def reload(
    bot: Bot,
    /,
    *,
    strategy: Annotated[str | None, Parameter(help="Another strategy: a name, module:Class or file.py:Class.")] = None,
    param: Param = None,
    reason: Reason = "operator",
    session: Session = None,
    json: Json = False,
) -> int:
    """Give a bot its strategy anew: its file as it is now, with the parameters
    named here and the others as they were, or another strategy.

    What it holds stays with it, with its exits. If the strategy cannot be
    made, the old one goes on, and the exit code is 2.

    Example: tradewind bots reload trend --param fast=12

    Example: tradewind bots reload mine

    Example: tradewind bots reload trend --strategy donchian --param entry_bars=40
    """
    from tradewind.cli.layers import parameters
    from tradewind.cli.operations import whole_place

    return _tell(
        "reload_bot",
        bot,
        session,
        json=json,
        strategy="" if strategy is None else whole_place(strategy),
        parameters=parameters(param),
        reason=reason,
    )


def _tell(what: str, bot: str, session: str | None, *, json: bool, **more: object) -> int:
    from tradewind.cli.operations import tell_bot

    return tell_bot({"do": what, "bot": bot, **more}, session, json=json)
