"""What the `order` commands do: an order from words, one send, and no second one when the answer is lost."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from tradewind.app.times import moment_ns
from tradewind.cli.main import DONE, FAILED
from tradewind.cli.output import print_json
from tradewind.cli.reaching import access_of, asked, confirm, positive
from tradewind.cli.venue_options import Reach, Wish
from tradewind.model.errors import ConfigError, InvalidOrder, VenueError
from tradewind.model.instrument import Instrument
from tradewind.model.money import plain
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import (
    CancelAnswer,
    CancelRefused,
    CancelTaken,
    InDoubt,
    PlaceAnswer,
    Placed,
    PlaceRefused,
    VenueOrder,
)

if TYPE_CHECKING:
    from tradewind.venues.coinbase.configurations import Configuration
    from tradewind.venues.coinbase.desk import CoinbaseDesk

LOOKS, LOOK_S = 10, 2.0


def preview_order(reach: Reach, wish: Wish, *, json: bool) -> int:
    """Print what the order would cost, and what the venue has against it."""

    async def question(desk: "CoinbaseDesk") -> dict[str, object]:
        request = order_of(wish, await desk.market.instrument(wish.instrument), "preview")
        found = await desk.orders.preview(request)
        if isinstance(found, PlaceRefused):
            return {"refused": [found.reason], "text": found.text}
        fields = ("order_total", "commission_total", "base_size", "quote_size", "best_bid", "best_ask", "slippage")
        return {"refused": found.errs, "warnings": found.warning, **{name: getattr(found, name) for name in fields}}

    if wish.take_profit is not None:
        raise ConfigError("a bracket is not previewed here: preview its price as a limit order")
    found = asked(access_of(reach, needs_key=True), question)
    if json:
        print_json(found)
    else:
        for name, value in found.items():
            if value not in (None, [], ""):
                shown = ", ".join(value) if isinstance(value, list) else value
                print(f"{name.replace('_', ' ')}: {plain(shown) if isinstance(shown, Decimal) else shown}")
    return FAILED if found["refused"] else DONE


def place_order(reach: Reach, wish: Wish, *, yes: bool, json: bool) -> int:
    """Place an order after a yes and print what became of it; a lost answer is looked for under the order's name."""
    check_words(wish)
    access = access_of(reach, needs_key=True)
    name = wish.name or f"tw-{uuid.uuid4().hex}"
    place = "REAL MONEY at" if access.is_real else "at"
    confirm(f"{in_words(wish)} {place} {access.address.host} as {name}?", yes=yes)

    async def question(desk: "CoinbaseDesk") -> tuple[PlaceAnswer, VenueOrder | None]:
        instrument = await desk.market.instrument(wish.instrument)
        if wish.take_profit is not None:
            bracket = bracket_of(wish)
            answer = await desk.orders.place_configuration(name, instrument.id, _side(wish), bracket)
        else:
            answer = await desk.orders.place(order_of(wish, instrument, name))
        return answer, await _look(desk, name) if isinstance(answer, InDoubt) else None

    answer, found = asked(access, question)
    return _told(name, answer, found, json=json)


def edit_order(reach: Reach, name: str, price: str | None, quantity: str | None, *, yes: bool, json: bool) -> int:
    """Edit an order after a yes and print what became of it."""
    if price is None and quantity is None:
        raise ConfigError("say what to change: --price or --quantity")
    new_price = None if price is None else positive(price, "--price")
    new_quantity = None if quantity is None else positive(quantity, "--quantity")
    access = access_of(reach, needs_key=True)
    changes = ", ".join(f"{what} {text}" for what, text in (("price", price), ("quantity", quantity)) if text)
    confirm(f"Change {name} at {access.address.host}: {changes}?", yes=yes)
    answer = asked(access, lambda desk: desk.orders.edit(name, price=new_price, quantity=new_quantity))
    return _told(name, answer, None, json=json)


def cancel_orders(reach: Reach, names: Sequence[str] | None, instrument: str, *, yes: bool, json: bool) -> int:
    """Cancel the orders named (None: all open ones) after a yes, and print one answer each."""
    if names is not None and not names:
        raise ConfigError("say which orders to cancel, or --all")
    access = access_of(reach, needs_key=True)
    what = ", ".join(names) if names is not None else f"all open orders{f' of {instrument}' if instrument else ''}"
    confirm(f"Cancel {what} at {access.address.host}?", yes=yes)

    async def question(desk: "CoinbaseDesk") -> Mapping[str, CancelAnswer]:
        if names is not None:
            return await _cancel_named(desk, names)
        live = await desk.orders.open_orders(instrument or None)
        return await desk.orders.cancel_venue_orders([each.venue_id for each in live])

    told = asked(access, question)
    rows = {name: _cancel_words(answer) for name, answer in told.items()}
    if json:
        print_json({"cancels": rows})
    else:
        for name, words in rows.items():
            print(f"{name}: {words}")
        if not rows:
            print("no open orders")
    return DONE if all(isinstance(each, CancelTaken) for each in told.values()) else FAILED


def order_of(wish: Wish, instrument: Instrument, name: str) -> OrderRequest:
    """Return the order in the instrument's units.

    Raises  ConfigError for words that do not go together, InvalidOrder for a number that the instrument cannot hold.
    """
    if (wish.quantity is None) == (wish.quote is None):
        raise ConfigError("say how much: a quantity, or --quote for an amount of quote currency")
    check_words(wish)
    if wish.reduce_only and instrument.is_spot:
        raise ConfigError(f"--reduce-only is for futures, and {instrument.id} is spot: leave it out")
    quantity = None if wish.quantity is None else positive(wish.quantity, "the quantity")
    try:
        return OrderRequest(
            name,
            instrument.id,
            _side(wish),
            _kind(wish),
            None if quantity is None else instrument.quantity_units(quantity),
            None if wish.price is None else instrument.price_units(positive(wish.price, "--price")),
            None if wish.stop is None else instrument.price_units(positive(wish.stop, "--stop")),
            TimeInForce(wish.force),
            wish.post_only,
            wish.reduce_only,
            None if wish.until is None else moment_ns(wish.until, "--until"),
            None if wish.quote is None else positive(wish.quote, "--quote"),
        )
    except ValueError as error:
        raise InvalidOrder(str(error)) from None


def check_words(wish: Wish) -> None:
    """Raise ConfigError for options that do not go together, and for a name that cannot be one."""
    if wish.force == "gtd" and wish.until is None:
        raise ConfigError("--tif gtd needs --until")
    if wish.until is not None and wish.force != "gtd":
        raise ConfigError("--until needs --tif gtd: without it the order would stay until it is canceled")
    if not wish.name.isprintable():
        raise ConfigError(f"the name of an order is one line of printable letters, was {wish.name!r}")


def bracket_of(wish: Wish) -> "Configuration":
    """Return an exit with both ends in the venue's form.

    Raises  ConfigError for words that do not go together.
    """
    from tradewind.venues.coinbase.configurations import bracket_gtc

    if wish.force != "gtc" or wish.post_only or wish.reduce_only:
        raise ConfigError("a bracket stays until it is canceled: it takes no --tif, --post-only and --reduce-only")
    if wish.quantity is None or wish.stop is None or wish.take_profit is None or wish.price or wish.quote:
        raise ConfigError("a bracket takes a quantity, --take-profit and --stop, and neither --price nor --quote")
    return bracket_gtc(
        positive(wish.quantity, "the quantity"),
        positive(wish.take_profit, "--take-profit"),
        positive(wish.stop, "--stop"),
    )


def in_words(wish: Wish) -> str:
    """Return the order as a sentence that a person can say yes to."""
    size = f"{wish.quantity} {wish.instrument}" if wish.quantity else f"{wish.instrument} for {wish.quote}"
    parts = [f"{wish.side.capitalize()} {size}"]
    prices = (("limit", wish.price), ("stop", wish.stop), ("take-profit", wish.take_profit))
    parts += [f"{word} {text}" for word, text in prices if text is not None]
    parts += ["at the market"] if wish.price is None and wish.stop is None else []
    flags = (("post-only", wish.post_only), ("reduce-only", wish.reduce_only), (wish.force, wish.force != "gtc"))
    return ", ".join([*parts, *(word for word, is_set in flags if is_set)])


async def _look(desk: "CoinbaseDesk", name: str) -> VenueOrder | None:
    """Return the order when it shows up under its name within a while; a look that fails is one that saw nothing."""
    for look in range(LOOKS):
        try:
            found = await desk.orders.find(name)
        except VenueError:
            found = None
        if found is not None:
            return found
        if look < LOOKS - 1:
            await asyncio.sleep(LOOK_S)
    return None


async def _cancel_named(desk: "CoinbaseDesk", names: Sequence[str]) -> Mapping[str, CancelAnswer]:
    """Return one answer per name, which may be ours or the venue's."""
    from tradewind.venues.coinbase.order_desk import UNKNOWN_ORDER

    told = await desk.orders.cancel(names)
    foreign = [name for name, answer in told.items() if answer == CancelRefused(UNKNOWN_ORDER)]
    return {**told, **(await desk.orders.cancel_venue_orders(foreign))} if foreign else told


def _told(name: str, answer: PlaceAnswer, found: VenueOrder | None, *, json: bool) -> int:
    kind = {Placed: "placed", PlaceRefused: "refused", InDoubt: "found" if found else "in doubt"}[type(answer)]
    fields: dict[str, object] = {"name": name, "status": kind}
    if isinstance(answer, Placed):
        fields["id"] = answer.venue_id
    elif found is not None:
        fields |= {"id": found.venue_id, "order": found.status.value, "filled": found.filled}
    else:
        fields |= msgspec.structs.asdict(answer)
    if json:
        print_json(fields)
    else:
        shown = (f"{key} {plain(value) if isinstance(value, Decimal) else value}" for key, value in fields.items())
        print(", ".join(shown))
        if kind == "in doubt":
            print("The venue may have the order or not: look again by its name before sending another.")
    return DONE if kind in {"placed", "found"} else FAILED


def _cancel_words(answer: CancelAnswer) -> str:
    if isinstance(answer, CancelTaken):
        return "taken"
    return f"refused: {answer.reason}" if isinstance(answer, CancelRefused) else f"in doubt: {answer.reason}"


def _side(wish: Wish) -> Side:
    return Side.BUY if wish.side == "buy" else Side.SELL


def _kind(wish: Wish) -> OrderKind:
    if wish.stop is not None:
        return OrderKind.STOP_MARKET if wish.price is None else OrderKind.STOP_LIMIT
    return OrderKind.MARKET if wish.price is None else OrderKind.LIMIT
