"""Options of commands that talk to a venue. Nothing else is imported here, so that help is quick."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Endpoint = Annotated[Path | None, Parameter(help="The keys file of a local exchange; without it: the real Coinbase.")]
Account = Annotated[str, Parameter(help="Which account of the endpoint file; without it: the first.")]
Key = Annotated[Path | None, Parameter(name="--key", help="A key file (JSON) that you alone can read.")]
Ccxt = Annotated[
    bool, Parameter(name="--ccxt", negative="", help="Go through ccxt, also where there is an adapter of our own.")
]
Yes = Annotated[bool, Parameter(name="--yes", negative="", help="Do not ask back.")]


@dataclass(frozen=True)
class Reach:
    """What a command line said about where to go and with which key."""

    endpoint: Path | None = None
    account: str = ""
    key: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Wish:
    """An order as a command line says it."""

    instrument: str
    side: str
    quantity: str | None
    quote: str | None
    price: str | None
    stop: str | None
    take_profit: str | None
    force: str
    until: str | None
    post_only: bool
    reduce_only: bool
    name: str = ""
