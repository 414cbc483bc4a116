"""`tradewind data`: market data in, looked at, checked, converted, out."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tradewind.cli.options import From, Json, To
from tradewind.cli.venue_options import Ccxt, Endpoint, Reach

Key = Annotated[str, Parameter(help="A series: VENUE INSTRUMENT INTERVAL, such as coinbase/BTC-USD/1h.")]
Catalog = Annotated[Path | None, Parameter(help="The catalog's folder, instead of the one in the home folder.")]
SomeKey = Annotated[str | None, Parameter(help="A series, such as coinbase/BTC-USD/1h; without it: all.")]


def import_(
    source: Annotated[Path, Parameter(help="A CSV, Parquet, Feather or JSON file, or a folder of them.")],
    /,
    *,
    venue: Annotated[str | None, Parameter(help="Where it was traded; a folder may tell.")] = None,
    instrument: Annotated[
        str | None, Parameter(help="What was traded, such as BTC-USD; the file's name may tell.")
    ] = None,
    interval: Annotated[str | None, Parameter(help="Length of a bar; the file's name may tell.")] = None,
    kind: Annotated[
        Literal["bars", "trades", "quotes", "book", "funding"], Parameter(help="What the rows are.")
    ] = "bars",
    on_bad: Annotated[
        Literal["refuse", "report"], Parameter(help="Bad rows: refuse the file, or leave them out and list them.")
    ] = "refuse",
    sort: Annotated[bool, Parameter(negative="", help="Sort rows that are newest first.")] = False,
    replace: Annotated[bool, Parameter(negative="", help="Replace the series instead of adding to it.")] = False,
    column: Annotated[
        list[str] | None, Parameter(negative="", help="Our name=the file's name of a column: --column open=o.")
    ] = None,
    time_unit: Annotated[str, Parameter(help="Unit of whole-number times: s, ms, us or ns. Guessed without it.")] = "",
    tick: Annotated[str, Parameter(help="The venue's price increment; derived from the data without it.")] = "",
    lot: Annotated[str, Parameter(help="The venue's quantity increment; derived without it.")] = "",
    traded_as: Annotated[
        Literal["spot", "perpetual"] | None, Parameter(help="What the instrument is; -PERP at the end tells too.")
    ] = None,
    catalog: Catalog = None,
    json: Json = False,
) -> int:
    """Import candles, trades, quotes, books or funding into the catalog.

    Bad rows are counted by reason and refuse the file, unless told to be left
    out; nothing is filled or dropped in silence. A folder laid out as
    candles/VENUE/SYMBOL/1h.parquet, funding/VENUE/SYMBOL.parquet and so on is
    imported whole.

    Example: tradewind data import btc.csv --venue coinbase --instrument BTC-USD --interval 1h

    Example: tradewind data import data-folder
    """
    from tradewind.cli.data_commands import ImportChoice, import_and_show

    choice = ImportChoice(
        venue=venue,
        instrument=instrument,
        interval=interval,
        kind=kind,
        on_bad=on_bad,
        sort=sort,
        replace=replace,
        columns=column or [],
        time_unit=time_unit,
        tick=tick,
        lot=lot,
        traded_as=traded_as,
    )
    return import_and_show(source, choice, catalog, json=json)


def fetch(
    series: Annotated[str, Parameter(help="A series, such as coinbase/BTC-USD/1h or binance/BTC-USDT/1h.")],
    /,
    *,
    venue: Annotated[str | None, Parameter(help="Whose series it is, where the series does not tell.")] = None,
    start: From = None,
    end: To = None,
    catalog: Catalog = None,
    endpoint: Endpoint = None,
    ccxt: Ccxt = False,
    json: Json = False,
) -> int:
    """Download candles into the catalog, from Coinbase or with tradewind[venues]
    from any venue of ccxt; no key is needed.

    Only what is missing is fetched: run it again after an interruption, or
    without --from to go on where the series ends.

    Example: tradewind data fetch coinbase/BTC-USD/1h --from 2024-01-01

    Example: tradewind data fetch BTC-USDT/1h --venue binance --from 2024-01-01
    """
    from tradewind.cli.fetching import FetchChoice, fetch_and_show

    choice = FetchChoice(
        series=series,
        venue=venue,
        start=start,
        end=end,
        catalog=catalog,
        reach=Reach(endpoint),
        through_ccxt=ccxt,
    )
    return fetch_and_show(choice, json=json)


def list_(*, catalog: Catalog = None, json: Json = False) -> int:
    """List the series of the catalog.

    Example: tradewind data list
    """
    from tradewind.cli.data_commands import list_series

    return list_series(catalog, json=json)


def verify(series: SomeKey = None, /, *, catalog: Catalog = None, json: Json = False) -> int:
    """Check files against their hashes and rows against the rules of an import;
    exit with 1 when something is wrong.

    Example: tradewind data verify coinbase/BTC-USD/1h
    """
    from tradewind.cli.data_commands import verify_and_show

    return verify_and_show(series, catalog, json=json)


def resample(
    series: Key,
    interval: Annotated[str, Parameter(help="The longer interval, a multiple of the series' own.")],
    /,
    *,
    replace: Annotated[bool, Parameter(negative="", help="Replace a series of that interval from elsewhere.")] = False,
    catalog: Catalog = None,
    json: Json = False,
) -> int:
    """Make longer bars of a series and keep them beside it.

    Example: tradewind data resample coinbase/BTC-USD/1h 4h
    """
    from tradewind.cli.data_commands import resample_and_show

    return resample_and_show(series, interval, catalog, replace=replace, json=json)


def export(
    series: Key,
    path: Annotated[Path, Parameter(help="A .csv or .parquet file.")],
    /,
    *,
    start: From = None,
    end: To = None,
    exact: Annotated[bool, Parameter(negative="", help="Write scaled integers instead of numbers.")] = False,
    overwrite: Annotated[bool, Parameter(negative="", help="Replace the file if it exists.")] = False,
    catalog: Catalog = None,
    json: Json = False,
) -> int:
    """Write a series to a CSV or Parquet file.

    Example: tradewind data export coinbase/BTC-USD/1h btc.csv --from 2024-06-01
    """
    from tradewind.cli.data_commands import export_and_show

    return export_and_show(series, path, (start, end), catalog, exact=exact, overwrite=overwrite, json=json)
