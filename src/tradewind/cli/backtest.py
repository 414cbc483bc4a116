"""`tradewind backtest`: strategies over recorded bars, through the same engine as live."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import SAID_NOTHING, Json, Run, Shadow


def backtest(
    config: Annotated[Path | None, Parameter(help="A configuration file (TOML).")] = None,
    /,
    *,
    options: Run = SAID_NOTHING,
    out: Annotated[Path | None, Parameter(help="Folder for the report; by default it is kept with the runs.")] = None,
    report: Annotated[bool, Parameter(negative="--no-report", help="Write the tear sheet.")] = True,
    ranges: Annotated[
        bool, Parameter(name="--range", negative="", help="Run optimistic and pessimistic fills too, for the report.")
    ] = False,
    shadow: Shadow = None,
    json: Json = False,
) -> int:
    """Run strategies over recorded bars and show what came of it.

    Orders are decided at the close of a bar and filled from the open of the
    next one. Results are exact and the same in every process; their digest
    covers orders, fills, decisions and the final ledger.

    Example: tradewind backtest --strategy macd --data candles/coinbase --instrument BTC-USD,ETH-USD --interval 1h

    Example: tradewind backtest --strategy rsi_reversion --param length=10 --instrument BTC-USD --interval 1h

    Example: tradewind backtest my-run.toml --from 2024-06-01 --json
    """
    from tradewind.cli.backtesting import run_and_show

    if shadow is not None:
        options = replace(options, settings=[*(options.settings or ()), f"shadow.candidate={shadow}"])
    return run_and_show(config, options, out=out, report=report, ranges=ranges, json=json)
