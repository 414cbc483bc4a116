"""`tradewind risk`: how good the forecasts of losses are, on recorded prices."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import From, Json, To, Venue

Data = Annotated[Path | None, Parameter(help="A folder of candles, one file, or a catalog. Without it: the catalog.")]
Assets = Annotated[
    list[str] | None, Parameter(negative="", help="Instruments: BTC-USDT,ETH-USDT. Without it: all there are.")
]
Garch = Annotated[
    bool, Parameter(negative="", help="Add a GARCH(1,1) with t errors, refitted: slow; needs `research`.")
]
Out = Annotated[Path | None, Parameter(help="Folder for a page (HTML) and the figures (JSON).")]


def backtest(
    *,
    data: Data = None,
    assets: Assets = None,
    venue: Venue = None,
    start: From = None,
    end: To = None,
    garch: Garch = False,
    out: Out = None,
    json: Json = False,
) -> int:
    """Hold forecasts of value at risk and expected shortfall against what came.

    Every bar's forecast is made from the bars before it, at 95 and 99 percent,
    on daily and hourly returns, by six methods. Tests of coverage, of
    clustering and of expected shortfall, and the quantile loss against
    historical simulation, for every asset. --from and --to choose the bars
    that are scored; earlier ones are still used to forecast.

    Example: tradewind risk backtest --data candles/binance

    Example: tradewind risk backtest --data candles --assets BTC-USDT,ETH-USDT --garch --out var --json
    """
    from tradewind.cli.risking import backtest_and_show

    return backtest_and_show(data, assets, venue, (start, end), out, garch=garch, json=json)
