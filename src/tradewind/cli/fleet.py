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
    funding: Annotated[
        Path | None, Parameter(help="A folder of the perpetuals' funding, where it does not lie beside the candles.")
    ] = None,
    venue: Venue = None,
    start: From = None,
    end: To = None,
    out: Annotated[Path | None, Parameter(help="Folder for a page (HTML) and everything found (JSON).")] = None,
    json: Json = False,
) -> int:
    """Run a fleet of bots with the whole stack, naively, and with parts left out.

    Every bot of the file trades every instrument. The arms: naive, full, the
    stack without regimes, resting entries, risk, allocation or (with a
    [walk_forward] table) selection, entries by chance, and buy and hold. The
    configuration's hash is printed before the data are read. Goals that are
    missed are told as missed. Limits are audited in a second pass.
    Perpetuals may be sold short (`short = true` of a strategy) and are charged
    the funding that lies beside their candles; which have none is said.

    Example: tradewind fleet run examples/fleet.toml --data candles/binance --from 2021-07-01 --to 2025-07-01

    Example: tradewind fleet run examples/fleet.toml --data candles/coinbase --json --out scorecard
    """
    from tradewind.cli.fleeting import run_and_show

    return run_and_show(config, data, venue, (start, end), out, funding=funding, json=json)


def calibrate(
    config: Annotated[
        Path | None, Parameter(help="A fleet whose bots judge; two that follow trends if left out.")
    ] = None,
    /,
    *,
    markets: Annotated[int, Parameter(help="Generated markets of each kind, 1 to 1000.")] = 40,
    seed: Annotated[int, Parameter(help="Of the generated markets.")] = 7,
    json: Json = False,
) -> int:
    """Measure whether an edge is found where one is planted, and none where there is none.

    Each kind of market is generated: without an edge, the same without costs,
    and with one on half of the instruments. A bot is discovered when its trades
    earned more than luck explains (Benjamini-Hochberg at 10 %).

    Example: tradewind fleet calibrate

    Example: tradewind fleet calibrate examples/fleet.toml --markets 100 --json
    """
    from tradewind.cli.fleeting import calibrate_and_show

    return calibrate_and_show(config, markets, seed, json=json)
