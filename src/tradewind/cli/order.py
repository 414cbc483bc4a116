"""`tradewind order`: one order by hand, outside any session."""

from typing import Annotated, Literal

from cyclopts import Parameter

from tradewind.cli.options import Json
from tradewind.cli.venue_options import Account, Endpoint, Key, Reach, Wish, Yes

Instrument = Annotated[str, Parameter(help="What to trade: BTC-USD.")]
Side = Annotated[Literal["buy", "sell"], Parameter(help="Buy or sell.")]
Quantity = Annotated[str | None, Parameter(help="How much, in base units or contracts; or name --quote.")]
Name = Annotated[str, Parameter(help="The order's name: ours, or the venue's id.")]
Quote = Annotated[str | None, Parameter(help="Buy for that much quote currency instead of a quantity.")]
Price = Annotated[str | None, Parameter(help="Limit price; without it a market order.")]
Stop = Annotated[str | None, Parameter(help="Stop price: the order wakes there.")]
TakeProfit = Annotated[str | None, Parameter(help="With --stop: a bracket that leaves at this price or at the stop.")]
Force = Annotated[Literal["gtc", "gtd", "ioc", "fok"], Parameter(name="--tif", help="How long it lasts.")]
Until = Annotated[str | None, Parameter(help="The end of a gtd order, UTC: 2026-05-01T12:00.")]
PostOnly = Annotated[bool, Parameter(negative="", help="Only ever add to the book.")]
ReduceOnly = Annotated[bool, Parameter(negative="", help="Only ever reduce a futures position.")]


def preview(
    instrument: Instrument,
    side: Side,
    quantity: Quantity = None,
    /,
    *,
    quote: Quote = None,
    price: Price = None,
    stop: Stop = None,
    take_profit: TakeProfit = None,
    force: Force = "gtc",
    until: Until = None,
    post_only: PostOnly = False,
    reduce_only: ReduceOnly = False,
    endpoint: Endpoint = None,
    account: Account = "",
    key: Key = None,
    json: Json = False,
) -> int:
    """Ask the venue what an order would cost and why it would be refused;
    nothing is placed. Exit with 1 when it would be refused.

    Example: tradewind order preview BTC-USD buy 0.001 --price 50000
    """
    from tradewind.cli.ordering import preview_order

    wish = Wish(
        instrument=instrument,
        side=side,
        quantity=quantity,
        quote=quote,
        price=price,
        stop=stop,
        take_profit=take_profit,
        force=force,
        until=until,
        post_only=post_only,
        reduce_only=reduce_only,
    )
    return preview_order(Reach(endpoint, account, key), wish, json=json)


def place(
    instrument: Instrument,
    side: Side,
    quantity: Quantity = None,
    /,
    *,
    quote: Quote = None,
    price: Price = None,
    stop: Stop = None,
    take_profit: TakeProfit = None,
    force: Force = "gtc",
    until: Until = None,
    post_only: PostOnly = False,
    reduce_only: ReduceOnly = False,
    name: Annotated[str, Parameter(help="A name for it; without one a new one is made and shown first.")] = "",
    endpoint: Endpoint = None,
    account: Account = "",
    key: Key = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Place one order, after asking back. When no answer comes the order is
    looked for by its name and never sent again; exit with 1 when it was
    refused or is still in doubt.

    Example: tradewind order place BTC-USD buy 0.001 --price 50000 --post-only

    Example: tradewind order place BTC-USD sell 0.001 --stop 45000 --take-profit 60000
    """
    from tradewind.cli.ordering import place_order

    wish = Wish(
        instrument=instrument,
        side=side,
        quantity=quantity,
        quote=quote,
        price=price,
        stop=stop,
        take_profit=take_profit,
        force=force,
        until=until,
        post_only=post_only,
        reduce_only=reduce_only,
        name=name,
    )
    return place_order(Reach(endpoint, account, key), wish, yes=yes, json=json)


def edit(
    name: Name,
    /,
    *,
    price: Annotated[str | None, Parameter(help="The new limit price.")] = None,
    quantity: Annotated[str | None, Parameter(help="The new total quantity, what has filled included.")] = None,
    endpoint: Endpoint = None,
    account: Account = "",
    key: Key = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Change price or quantity of a live limit order.

    Example: tradewind order edit my-order --price 51000
    """
    from tradewind.cli.ordering import edit_order

    return edit_order(Reach(endpoint, account, key), name, price, quantity, yes=yes, json=json)


def cancel(
    names: Annotated[list[str] | None, Parameter(help="Orders: our names, or the venue's ids.")] = None,
    /,
    *,
    all_: Annotated[bool, Parameter(name="--all", negative="", help="Every open order of the account.")] = False,
    instrument: Annotated[str, Parameter(help="With --all: of one instrument alone.")] = "",
    endpoint: Endpoint = None,
    account: Account = "",
    key: Key = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Cancel orders, each with its own answer; exit with 1 unless all were taken.

    Example: tradewind order cancel my-order

    Example: tradewind order cancel --all --instrument BTC-USD --yes
    """
    from tradewind.cli.ordering import cancel_orders

    asked = None if all_ else list(names or ())
    return cancel_orders(Reach(endpoint, account, key), asked, instrument, yes=yes, json=json)
