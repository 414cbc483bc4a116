"""`tradewind venues`: what is known of the venues, and their payloads held against our types."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tradewind.cli.options import Json
from tradewind.cli.venue_options import Ccxt


def decode(
    venue: Annotated[Literal["coinbase"], Parameter(help="Whose payloads they are.")],
    path: Annotated[Path, Parameter(help="A payload file (.json, .jsonl, .jsonl.gz, .txt), or a folder of them.")],
    /,
    *,
    json: Json = False,
) -> int:
    """Read recorded payloads into typed messages, write every field back and
    compare it with the raw JSON; exit with 1 when one differs.

    Fields that we do not know are listed. A payload is left out only by a
    rule with a name, and the rules are printed.

    Example: tradewind venues decode coinbase payloads/
    """
    from tradewind.cli.venue_payloads import decode_and_show

    return decode_and_show(path, json=json)


def list_(
    *,
    ccxt: Annotated[
        bool, Parameter(name="--ccxt", negative="", help="The venues that the installed ccxt knows.")
    ] = False,
    json: Json = False,
) -> int:
    """List the venues: what each can do with an order by itself, what is made
    of other orders for it, and what it cannot.

    Example: tradewind venues list
    """
    from tradewind.cli.venue_tables import show_ccxt_names, show_venues

    return show_ccxt_names(json=json) if ccxt else show_venues(json=json)


def show(
    name: Annotated[str, Parameter(help="A venue: coinbase, simulated, or one that ccxt knows, such as kraken.")],
    /,
    *,
    ccxt: Ccxt = False,
    json: Json = False,
) -> int:
    """Show what one venue can do. For a venue of ccxt: every kind of order, time
    in force, kind of data and question about the account, per kind of market;
    nothing is asked of the venue.

    Example: tradewind venues show binance
    """
    from tradewind.cli.venue_tables import show_venue

    return show_venue(name, through_ccxt=ccxt, json=json)
