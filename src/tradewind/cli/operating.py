"""A running session asked and told: `tradewind status`, `orders`, `positions`, `fills`, `halt`, `resume` and others."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tradewind.cli.options import Json

Session = Annotated[
    str | None,
    Parameter(name="--session", help="Which account's session: a part of its folder's name, if there are several."),
]
Reason = Annotated[str, Parameter(help="Why, for the record.")]


def status(*, session: Session = None, json: Json = False) -> int:
    """Say how a running session stands: equity, positions, doubts, guards,
    requests, data ages.

    Example: tradewind status

    Example: tradewind status --json
    """
    from tradewind.cli.operations import show_status

    return show_status(session, json=json)


def orders(
    *,
    everything: Annotated[bool, Parameter(name="--all", negative="", help="Also those that are over.")] = False,
    session: Session = None,
    json: Json = False,
) -> int:
    """List a running session's open orders.

    Example: tradewind orders --all
    """
    from tradewind.cli.operations import show_rows

    return show_rows("orders", {"all": everything}, session, json=json)


def positions(*, session: Session = None, json: Json = False) -> int:
    """List what each bot of a running session holds.

    Example: tradewind positions
    """
    from tradewind.cli.operations import show_rows

    return show_rows("positions", {}, session, json=json)


def fills(
    *,
    limit: Annotated[int, Parameter(help="The latest so many.")] = 50,
    session: Session = None,
    json: Json = False,
) -> int:
    """List a running session's latest executions.

    Example: tradewind fills --limit 10
    """
    from tradewind.cli.operations import show_rows

    return show_rows("fills", {"limit": limit}, session, json=json)


def halt(
    *,
    reason: Reason = "operator",
    flatten: Annotated[bool, Parameter(negative="", help="Also close the positions.")] = False,
    at_venue: Annotated[
        bool, Parameter(name="--venue", negative="", help="Do it at the venue itself: it works when the bot is dead.")
    ] = False,
    endpoint: Annotated[Path | None, Parameter(help="With --venue: the file of a local exchange.")] = None,
    account: Annotated[str | None, Parameter(help="With --venue: an account of that file.")] = None,
    key: Annotated[Path | None, Parameter(help="With --venue: a key file.")] = None,
    instrument: Annotated[
        list[str] | None, Parameter(negative="", help="With --venue --flatten: spot instruments to sell.")
    ] = None,
    session: Session = None,
    json: Json = False,
) -> int:
    """Stop trading: the kill switch. It is latched on the disk until
    `tradewind resume`.

    A running session cancels its entries and keeps its exits. With --venue
    nothing of the bot is needed: every open order of the account is canceled
    at the venue, and with --flatten futures positions and the named spot
    holdings are closed at the market.

    Example: tradewind halt --reason "news"

    Example: tradewind halt --venue --key key.json --flatten --instrument BTC-USD
    """
    from tradewind.cli.operations import halt_at_venue, halt_session

    if at_venue:
        return halt_at_venue(reason, endpoint, account, key, instrument or [], flatten=flatten, json=json)
    return halt_session(reason, session, flatten=flatten, json=json)


def resume(*, reason: Reason = "operator", session: Session = None, json: Json = False) -> int:
    """Take the kill switch back and let trading go on.

    Example: tradewind resume --reason "looked at it"
    """
    from tradewind.cli.operations import resume_session

    return resume_session(reason, session, json=json)


def reload_(*, session: Session = None, json: Json = False) -> int:
    """Apply the configuration as its files are now to a running session:
    strategies, their parameters, budgets and families of its bots.

    Positions and exits stay. Settings that guard the money, or make the
    session another one, are refused by name; others wait for the next start.

    Example: tradewind reload
    """
    from tradewind.cli.operations import reload_session

    return reload_session(session, json=json)


def flatten(
    *,
    bot: Annotated[str | None, Parameter(help="Only this bot's positions.")] = None,
    session: Session = None,
    json: Json = False,
) -> int:
    """Cancel and close the positions of a running session, of one bot or of
    all; what was there before the first start is left alone.

    Example: tradewind flatten --bot macd-eth
    """
    from tradewind.cli.operations import told_session

    asked: dict[str, Any] = {"do": "flatten", "bot": bot}
    return told_session(asked, session, json=json)
