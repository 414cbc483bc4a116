"""`tradewind check`: does a strategy know the future, and are its indicators warm when they say so."""

from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import NO_BARS, Json, OnBars

Name = Annotated[str, Parameter(help="A built-in name, module:Class or file.py:Class.")]
Bars = Annotated[int, Parameter(help="Bars per instrument to look at, the latest.")]


def lookahead(strategy: Name, /, *, options: OnBars = NO_BARS, bars: Bars = 600, json: Json = False) -> int:
    """Tell whether a strategy knows the future.

    It is run again, with the future cut off, with another future, and on
    shuffled returns; and what it earns is held to what can be earned. Without
    --data the market is generated. Exit code 1 says that a leak was found, or
    that it never decided anything.

    Example: tradewind check lookahead macd

    Example: tradewind check lookahead my_trend.py --data candles --interval 1h
    """
    from tradewind.cli.checking import check_lookahead_and_show

    return check_lookahead_and_show(options.run_of(strategy), bars=bars, json=json)


def warmup(strategy: Name, /, *, options: OnBars = NO_BARS, bars: Bars = 2000, json: Json = False) -> int:
    """Tell whether a strategy's indicators have values from their warm-up on, not
    before and not later, and after how many bars the beginning no longer shows.

    Example: tradewind check warmup donchian
    """
    from tradewind.cli.checking import check_warmup_and_show

    return check_warmup_and_show(options.run_of(strategy), bars=bars, json=json)
