"""What `tradewind data fetch` does and prints."""

import asyncio
from pathlib import Path

import msgspec

from tradewind.app.fetching import Fetched, Observer, fetch_candles, series_key
from tradewind.app.times import moment_ns, moment_text
from tradewind.cli.layers import here
from tradewind.cli.main import DONE
from tradewind.cli.output import print_json, progress
from tradewind.cli.reaching import access_of, asked
from tradewind.cli.venue_options import Reach
from tradewind.model.errors import ConfigError
from tradewind.storage.catalog import Catalog, SeriesKey

OWN = "coinbase"  # fetched by the adapter of our own, unless told otherwise


class FetchChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What a command line said about a fetch."""

    series: str
    venue: str | None
    start: str | None
    end: str | None
    catalog: Path | None
    reach: Reach
    through_ccxt: bool


class Span(msgspec.Struct, frozen=True):
    """From when until when; None where nothing was said."""

    start_ns: int | None
    end_ns: int | None


def fetch_and_show(choice: FetchChoice, *, json: bool) -> int:
    """Fetch what the catalog lacks of a series and print what came of it."""
    key = series_key(choice.series, choice.venue)
    told = ((choice.start, "--from"), (choice.end, "--to"))
    span = Span(*(None if text is None else moment_ns(text, option) for text, option in told))
    into = Catalog(choice.catalog if choice.catalog is not None else here().catalog)
    fetch = _by_coinbase if key.venue == OWN and not choice.through_ccxt else _by_ccxt
    with progress(f"fetching {key.venue}/{key.instrument}/{key.interval}", quiet=json) as observer:
        found = fetch(choice.reach, into, key, span, observer)
    if json:
        print_json(msgspec.to_builtins(found))
    else:
        first, last = moment_text(found.first_ns), moment_text(found.last_ns)
        print(f"{found.series}: {found.bars:,} new bars in {found.requests:,} requests")
        print(f"  the catalog has {first} to {last} UTC")
    return DONE


def _by_coinbase(reach: Reach, into: Catalog, key: SeriesKey, span: Span, observer: Observer) -> Fetched:
    access = access_of(reach)
    from tradewind.app.coinbase_candles import CoinbaseCandles

    return asked(
        access,
        lambda desk: fetch_candles(CoinbaseCandles(desk), into, key, span.start_ns, span.end_ns, observer),
    )


def _by_ccxt(reach: Reach, into: Catalog, key: SeriesKey, span: Span, observer: Observer) -> Fetched:
    from tradewind.app.ccxt_candles import CcxtCandles
    from tradewind.venues.ccxt.desk import open_desk

    address, authority = _local(reach, key)

    async def visit() -> Fetched:
        desk = open_desk(key.venue, address=address, authority=authority)
        try:
            return await fetch_candles(CcxtCandles(desk), into, key, span.start_ns, span.end_ns, observer)
        finally:
            await desk.close()

    return asyncio.run(visit())


def _local(reach: Reach, key: SeriesKey) -> tuple[str, str]:
    """Return the address of a local exchange and the file of what it is trusted by, "" without an endpoint file."""
    if reach.endpoint is None:
        return "", ""
    if key.venue != OWN:
        raise ConfigError(f"--endpoint names an exchange that speaks like Coinbase: it has no series of {key.venue}")
    from tradewind.venues.coinbase.addresses import read_endpoint_file

    address = read_endpoint_file(reach.endpoint).address
    return address.rest, str(address.ca or "")
