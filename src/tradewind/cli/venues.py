"""`tradewind venues`: what is known of the venues, and their payloads held against our types."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tradewind.cli.options import Json


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


def list_(*, json: Json = False) -> int:
    """List the venues: what each can do with an order by itself, what is made
    of other orders for it, and what it cannot.

    Example: tradewind venues list
    """
    from tradewind.cli.venue_tables import show_venues

    return show_venues(json=json)
