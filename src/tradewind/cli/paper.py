"""`tradewind paper`: a paper session on a generated market or on recorded bars, paced by the clock."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tradewind.cli.options import SAID_NOTHING, Json, Run, Shadow


def paper(
    config: Annotated[Path | None, Parameter(help="A configuration file (TOML).")] = None,
    /,
    *,
    options: Run = SAID_NOTHING,
    speed: Annotated[
        str | None, Parameter(help="recorded, max, or how many times faster than the market, such as 3600.")
    ] = None,
    minutes: Annotated[float | None, Parameter(help="Stop after so many minutes.")] = None,
    on_stop: Annotated[
        Literal["keep", "cancel"] | None, Parameter(help="What becomes of open orders at the end.")
    ] = None,
    shadow: Shadow = None,
    headless: Annotated[bool, Parameter(negative="", help="Print a line now and then instead of a screen.")] = False,
    endpoint: Annotated[
        Path | None, Parameter(help="With --venue coinbase: the file of a local exchange instead of the real one.")
    ] = None,
    json: Json = False,
) -> int:
    """Trade on paper: the engine and the fills of a backtest, paced by the
    clock, with a journal to replay.

    Without data the market is generated; with --venue coinbase and no data
    it is the venue's live market, and no key is needed. Ctrl-C stops in order: open orders
    are cancelled or kept, the records are closed, and the report is written.

    Example: tradewind paper --strategy macd --speed 3600 --minutes 1

    Example: tradewind paper my-bots.toml --venue coinbase --instrument BTC-USD

    Example: tradewind paper my-bots.toml --data candles/coinbase --interval 1h --speed max
    """
    from tradewind.cli.papering import run_paper

    said = [
        *(options.settings or ()),
        *([f"paper.speed={speed}"] if speed else ()),
        *([f"paper.minutes={minutes}"] if minutes is not None else ()),
        *([f"paper.on_stop={on_stop}", f"live.on_stop={on_stop}"] if on_stop else ()),
        *([f"shadow.candidate={shadow}"] if shadow is not None else ()),
        *([f"live.endpoint={endpoint}"] if endpoint is not None else ()),
    ]
    return run_paper(config, replace(options, settings=said), headless=headless, json=json)
