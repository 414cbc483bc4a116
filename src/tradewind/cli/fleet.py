"""`tradewind fleet`: what the whole stack is worth against a naive fleet, measured."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import From, Json, To, Venue


def run(
    config: Annotated[Path, Parameter(help="The fleet: a configuration with [[bots]], and a [fleet] table if wanted.")],
    /,
    *,
    data: Annotated[Path, Parameter(help="A folder of candle files, or one file.")],
    venue: Venue = None,
    start: From = None,
    end: To = None,
    out: Annotated[Path | None, Parameter(help="Folder for a page (HTML) and everything found (JSON).")] = None,
    json: Json = False,
) -> int:
    """Run a fleet of bots with the whole stack, naively, and with parts left out.

    Every bot of the file trades every instrument. The arms: naive, full, the
    stack without regimes, resting entries, risk or allocation, entries by
    chance, and buy and hold. The configuration's hash is printed before the
    data are read. Goals that are missed are told as missed.

    Example: tradewind fleet run examples/fleet.toml --data candles/binance --from 2021-07-01 --to 2025-07-01

    Example: tradewind fleet run examples/fleet.toml --data candles/coinbase --json --out scorecard
    """
    from tradewind.cli.fleeting import run_and_show

    return run_and_show(config, data, venue, (start, end), out, json=json)
