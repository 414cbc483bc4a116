"""`tradewind account`: what there is, and the two ways to move it between one's own pockets."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import Json
from tradewind.cli.venue_options import Account, Endpoint, Key, Reach, Yes

MovingKey = Annotated[
    Path | None, Parameter(name="--key", help="A key file of its own for this call; never stored, no other is taken.")
]


def snapshot(*, endpoint: Endpoint = None, account: Account = "", key: Key = None, json: Json = False) -> int:
    """Show balances, positions, open orders, fees, volume and the key's rights.

    Example: tradewind account snapshot --key key.json

    Example: tradewind account snapshot --endpoint keys.json --account alice
    """
    from tradewind.cli.accounting import show_snapshot

    return show_snapshot(Reach(endpoint, account, key), json=json)


def convert(
    amount: Annotated[str, Parameter(help="How much of the first currency.")],
    source: Annotated[str, Parameter(help="The currency to give: USD.")],
    target: Annotated[str, Parameter(help="The currency to have: USDC.")],
    /,
    *,
    endpoint: Endpoint = None,
    account: Account = "",
    key: MovingKey = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Convert one of your currencies into another where Coinbase does so at par
    (USD and USDC), after showing the quote.

    The key is named for this call: the one of a session is never taken.

    Example: tradewind account convert 100 USD USDC --key moving-key.json
    """
    from tradewind.cli.money_moves import convert_money

    return convert_money(Reach(endpoint, account, key), amount, source, target, yes=yes, json=json)


def move_funds(
    amount: Annotated[str, Parameter(help="How much.")],
    currency: Annotated[str, Parameter(help="Of which currency: USD.")],
    /,
    *,
    source: Annotated[str, Parameter(name="--from", help="One of your portfolios, by name or id.")],
    target: Annotated[str, Parameter(name="--to", help="Another of your portfolios, by name or id.")],
    endpoint: Endpoint = None,
    account: Account = "",
    key: MovingKey = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Move money between two of your own portfolios; there is no way to send it
    to anybody else.

    The key is named for this call: the one of a session is never taken.

    Example: tradewind account move-funds 100 USD --from Default --to bots --key moving-key.json
    """
    from tradewind.cli.money_moves import move_money

    return move_money(Reach(endpoint, account, key), amount, currency, (source, target), yes=yes, json=json)
