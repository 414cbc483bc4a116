"""`tradewind demo`: a dozen bots trade a generated market for about a minute."""

from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import Json, RunOptions, Seed, Set


def demo(
    *,
    minutes: Annotated[float, Parameter(help="How long it lasts.")] = 1.0,
    headless: Annotated[bool, Parameter(negative="", help="Print a line now and then instead of a screen.")] = False,
    seed: Seed = None,
    settings: Set = None,
    json: Json = False,
) -> int:
    """Let a dozen bots of different strategies trade a generated market under
    risk limits, with a report at the end.

    Needs no key, no server and no data. The same seed gives the same market.

    Example: tradewind demo

    Example: tradewind demo --minutes 0.5 --headless --seed 11
    """
    from tradewind.cli.demonstration import run_demo

    return run_demo(minutes, headless=headless, options=RunOptions(seed=seed, settings=settings), json=json)
