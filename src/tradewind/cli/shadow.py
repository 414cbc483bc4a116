"""`tradewind shadow`: a candidate that ran beside a session, compared with it, taken over, taken back."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.operating import Reason
from tradewind.cli.options import Json

Run = Annotated[str, Parameter(help="A run's id, its beginning or end, or `latest`.")]
Bot = Annotated[str | None, Parameter(help="A bot that the candidate does otherwise.")]


def report(
    run: Run = "latest",
    /,
    *,
    within: Annotated[
        str | None, Parameter(help="Entries this far apart may be of one trade: 90s, 4h. Without it: a bar.")
    ] = None,
    out: Annotated[Path | None, Parameter(help="Folder for the page and its figures.")] = None,
    json: Json = False,
) -> int:
    """Compare a run with the candidate that ran beside it, trade by trade.

    A session may still be running: what is on the disk is compared.

    Example: tradewind shadow report latest

    Example: tradewind shadow report latest --out shadow-report --json
    """
    from tradewind.cli.shadowing import show_report

    return show_report(run, within, out, json=json)


def promote(
    run: Run,
    bot: Bot = None,
    /,
    *,
    everything: Annotated[bool, Parameter(name="--all", negative="", help="Every bot that differs.")] = False,
    reason: Reason = "operator",
    json: Json = False,
) -> int:
    """Let a bot of a running session become what its shadow tries out:
    strategy, parameters, budget, and the exits of new entries.

    What the bot holds stays with it, with its exits. The command is in the
    session's journal; a new session begins with what its file says.

    Example: tradewind shadow promote latest trend --reason "better for a month"

    Example: tradewind shadow promote latest --all
    """
    from tradewind.cli.shadowing import promote_bots

    return promote_bots(run, bot, reason, everything=everything, json=json)


def roll_back(run: Run, bot: Bot = None, /, *, reason: Reason = "operator", json: Json = False) -> int:
    """Let a bot, or without one all that were promoted, become again what
    they were before.

    Example: tradewind shadow roll-back latest
    """
    from tradewind.cli.shadowing import roll_back_bots

    return roll_back_bots(run, bot, reason, json=json)
