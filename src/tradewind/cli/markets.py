"""`tradewind markets`: what can be traded at a venue."""

from typing import Annotated, Literal

from cyclopts import Parameter

from tradewind.cli.options import Json
from tradewind.cli.venue_options import Account, Endpoint, Key, Reach


def markets(
    *,
    search: Annotated[str, Parameter(help="Part of a name: BTC, -USD.")] = "",
    kind: Annotated[Literal["all", "spot", "future"], Parameter(help="Spot or futures alone.")] = "all",
    quote: Annotated[str, Parameter(help="A quote currency: USD.")] = "",
    limit: Annotated[int, Parameter(help="So many at most, the most traded first; 0 shows all.")] = 40,
    endpoint: Endpoint = None,
    account: Account = "",
    key: Key = None,
    json: Json = False,
) -> int:
    """List what Coinbase trades: price, volume, increments, minimum, and what
    each product lets people do now. No key is needed.

    Example: tradewind markets --quote USD --search SOL

    Example: tradewind markets --kind future --json
    """
    from tradewind.cli.market_tables import Wanted, show_markets

    wanted = Wanted(search=search.upper(), kind=kind, quote=quote.upper(), limit=limit)
    return show_markets(Reach(endpoint, account, key), wanted, json=json)
