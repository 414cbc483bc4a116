"""`tradewind why` and `why-not`: the chain behind an order, or behind doing nothing."""

from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import Json

RunName = Annotated[str, Parameter(help="A run's id (or its beginning), `latest`, or a journal file.")]


def why(
    order: Annotated[str, Parameter(help="An order's id, or the number it ends with.")],
    /,
    *,
    run: RunName = "latest",
    json: Json = False,
) -> int:
    """Tell why an order was sent or refused: what was known and how old it was,
    regime, signal, size, each risk check with its number against its limit,
    the plan and what became of it.

    The run is replayed to the order's event, so everything is as it was then.

    Example: tradewind why 12

    Example: tradewind why 12 --run 20240301 --json
    """
    from tradewind.cli.explaining import show_why

    return show_why(order, run=run, json=json)


def why_not(
    instrument: Annotated[str, Parameter(help="The instrument in which nothing was done.")],
    /,
    *,
    at: Annotated[str | None, Parameter(help="At this moment, UTC; the end of the run if left out.")] = None,
    bot: Annotated[str | None, Parameter(help="Only this bot.")] = None,
    run: RunName = "latest",
    json: Json = False,
) -> int:
    """Tell why bots did nothing in an instrument at a moment.

    Example: tradewind why-not BTC-USD

    Example: tradewind why-not BTC-USD --at 2024-02-01T12:00 --bot donchian
    """
    from tradewind.cli.explaining import show_why_not

    return show_why_not(instrument, at=at, bot=bot, run=run, json=json)
