"""`tradewind replay`: a kept run done again, and held to its digest."""

from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import Json


def replay(
    run: Annotated[str, Parameter(help="A run's id (or its beginning), `latest`, or a journal file.")],
    /,
    *,
    until: Annotated[str | None, Parameter(help="Stop after this moment, UTC.")] = None,
    stop_on: Annotated[
        list[str] | None, Parameter(name="--break", negative="", help="Hold at the first order, fill or refusal.")
    ] = None,
    json: Json = False,
) -> int:
    """Do a run again and compare every decision, order and the final state with
    what was recorded.

    A paper session is replayed from its journal, a backtest from its record.
    Exit code 1 says that something differs, or that the journal was cut off;
    what is left of it is still replayed.

    Example: tradewind replay latest

    Example: tradewind replay latest --until 2024-02-01T12:00 --break fill
    """
    from tradewind.cli.replaying import replay_and_show

    return replay_and_show(run, until=until, stop_on=stop_on or [], json=json)
