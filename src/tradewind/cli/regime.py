"""`tradewind regime`: how good the classifier is, what it says of recorded bars, and training it."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tradewind.cli.options import Data, From, Instruments, Interval, Json, To, Venue

Level = Literal["easy", "medium", "hard"]
Folder = Annotated[Path | None, Parameter(help="A folder of files that `regime train` made, in place of the shipped.")]
Out = Annotated[Path | None, Parameter(help="Folder for a page (HTML) and the figures (JSON).")]


def bench(
    *,
    level: Annotated[Level, Parameter(help="How clear the generated regimes are.")] = "medium",
    seeds: Annotated[str, Parameter(help="Seeds of the markets: 10-15, or 10,12,20-25.")] = "10-15",
    assets: Annotated[int, Parameter(help="How many assets a market has; the first two are scored.")] = 6,
    bars: Annotated[int, Parameter(help="How many bars a market has; the first 520 are warm-up.")] = 4000,
    model: Folder = None,
    out: Out = None,
    json: Json = False,
) -> int:
    """Score model, rules, rivals and ceiling on generated markets.

    The markets' truth is known bar by bar. The model is trained on seeds 0 to
    9, so ask for others; the ceiling is one of its kind that was also shown
    the future: a model above it by more than two points has a leak, and the
    exit code is 1.

    Example: tradewind regime bench --level medium --seeds 10-15

    Example: tradewind regime bench --level hard --seeds 40-47 --out bench-hard --json

    Example: tradewind regime bench --seeds 10-15 --assets 3 --bars 8000
    """
    from tradewind.cli.regiming import Markets, bench_and_show

    return bench_and_show(Markets(level, seeds, assets, bars), model, out, json=json)


def show(
    instrument: Annotated[str, Parameter(help="The instrument to tell the regime of.")],
    /,
    *,
    beside: Instruments = None,
    data: Data = None,
    venue: Venue = None,
    interval: Interval = None,
    start: From = None,
    end: To = None,
    bars: Annotated[int, Parameter(help="How many bars to read at most, the latest.")] = 3000,
    out: Out = None,
    json: Json = False,
) -> int:
    """Tell the regime of an instrument in recorded bars, and how it came there.

    The model compares instruments with each other: --instrument names the
    others, and without it all in --data are read. With fewer than three the
    rules answer, flag single_asset.

    Example: tradewind regime show BTC-USD --data candles/coinbase --interval 1h

    Example: tradewind regime show BTC-USDT --instrument ETH-USDT,SOL-USDT --data candles/binance --interval 1h --json
    """
    from tradewind.cli.options import RunOptions
    from tradewind.cli.regiming import show_regime

    options = RunOptions(data=data, venue=venue, interval=interval, start=start, end=end, instrument=beside)
    return show_regime(instrument, options, bars, out, json=json)


def overview(
    *,
    instrument: Instruments = None,
    data: Data = None,
    venue: Venue = None,
    interval: Interval = None,
    start: From = None,
    end: To = None,
    bars: Annotated[int, Parameter(help="How many closes to read at most, the latest.")] = 1000,
    json: Json = False,
) -> int:
    """Tell the regime of every instrument of a market, in one table.

    Each with its confidence, the close since which it has held, all
    probabilities, who told it, and why it is unknown where it is. The model
    needs 520 closes, the rules 100.

    Example: tradewind regime overview --data candles/coinbase --interval 1h

    Example: tradewind regime overview --data candles/binance --interval 1h --instrument BTC-USDT,ETH-USDT --json
    """
    from tradewind.cli.options import RunOptions
    from tradewind.cli.regiming import show_overview

    options = RunOptions(data=data, venue=venue, interval=interval, start=start, end=end, instrument=instrument)
    return show_overview(options, bars, json=json)


def train(
    folder: Annotated[Path, Parameter(help="Where to write the four files.")],
    /,
) -> int:
    """Train model, ceiling and rivals on the generator's training seeds.

    It takes some minutes, 2.5 GB of memory and the extra `research`. The card
    beside the model names its hash, seeds, markets, features and figures on
    unseen seeds.

    Example: tradewind regime train trained
    """
    from tradewind.cli.regiming import train_and_write

    return train_and_write(folder)
