"""What `tradewind data fetch` does and prints."""

from pathlib import Path

import msgspec

from tradewind.app.times import moment_ns, moment_text
from tradewind.cli.layers import here
from tradewind.cli.main import DONE
from tradewind.cli.output import print_json, progress
from tradewind.cli.reaching import access_of, asked
from tradewind.cli.venue_options import Reach
from tradewind.storage.catalog import Catalog


def fetch_and_show(
    series: str, span: tuple[str | None, str | None], catalog: Path | None, reach: Reach, *, json: bool
) -> int:
    """Fetch what the catalog lacks of a series and print what came of it."""
    access = access_of(reach)
    from tradewind.app.fetching import fetch_candles, series_key

    key = series_key(series)
    start_ns, end_ns = (
        None if text is None else moment_ns(text, option) for text, option in zip(span, ("--from", "--to"), strict=True)
    )
    into = Catalog(catalog if catalog is not None else here().catalog)
    with progress(f"fetching {series}", quiet=json) as observer:
        found = asked(access, lambda desk: fetch_candles(desk, into, key, start_ns, end_ns, observer))
    if json:
        print_json(msgspec.to_builtins(found))
    else:
        first, last = moment_text(found.first_ns), moment_text(found.last_ns)
        print(f"{found.series}: {found.bars:,} new bars in {found.requests:,} requests")
        print(f"  the catalog has {first} to {last} UTC")
    return DONE
