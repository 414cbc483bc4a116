"""What `tradewind markets` asks and prints."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from tradewind.cli.main import DONE
from tradewind.cli.output import amount, console, print_json, table
from tradewind.cli.reaching import access_of, asked
from tradewind.cli.venue_options import Reach
from tradewind.model.money import ZERO

if TYPE_CHECKING:
    from tradewind.venues.coinbase.wire.products import Product

HEADS = ("product", "price", "24 h %", "24 h volume", "tick", "lot", "minimum", "mode")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which products a person asked for."""

    search: str = ""
    kind: str = "all"
    quote: str = ""
    limit: int = 0


def show_markets(reach: Reach, wanted: Wanted, *, json: bool) -> int:
    """Print the products that fit, the most traded first."""
    access = access_of(reach)
    found = asked(access, lambda desk: desk.market.products())
    chosen = pick(found, wanted)
    if json:
        print_json({"markets": [_object(each) for each in chosen], "total": len(found)})
        return DONE
    screen = console()
    screen.print(table("Markets", HEADS, [_row(each) for each in chosen]))
    screen.print(f"{len(chosen)} of {len(found)} products at {access.address.host}", markup=False)
    return DONE


def pick(found: "Sequence[Product]", wanted: Wanted) -> "list[Product]":
    """Return the products that were asked for, by what was traded of them in a day."""
    fitting = [
        each
        for each in found
        if wanted.search in each.product_id
        and wanted.quote in ("", each.quote_currency_id)
        and wanted.kind in ("all", str(each.product_type or "").lower())
    ]
    fitting.sort(key=lambda each: (-_traded(each), each.product_id))
    return fitting[: wanted.limit] if wanted.limit > 0 else fitting


def _traded(product: "Product") -> Decimal:
    if product.approximate_quote_24h_volume is not None:
        return product.approximate_quote_24h_volume
    return (product.volume_24h or ZERO) * (product.price or ZERO)


def _row(product: "Product") -> Sequence[object]:
    from tradewind.venues.coinbase.products import mode_of

    change = product.price_percentage_change_24h
    return (
        product.product_id,
        product.price,
        "-" if change is None else f"{change:+.2f}",
        amount(_traded(product), 0),
        product.price_increment or product.quote_increment,
        product.base_increment,
        product.quote_min_size,
        mode_of(product).value,
    )


def _object(product: "Product") -> dict[str, object]:
    from tradewind.venues.coinbase.products import state_of

    state = state_of(product)
    return {
        "product": product.product_id,
        "price": product.price,
        "volume_24h": product.volume_24h,
        "tick": product.price_increment or product.quote_increment,
        "lot": product.base_increment,
        "min_notional": product.quote_min_size,
        "min_quantity": product.base_min_size,
        "mode": state.mode.value,
        "canonical": state.canonical,
        "is_future": state.is_future,
        "is_perpetual": state.is_perpetual,
        "expiry_ns": state.expiry_ns,
    }
