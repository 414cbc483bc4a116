"""What the local exchange lists: a dozen spot products, two perpetual-style futures; and who trades there."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from tradewind.app.exchange_market import Stock
from tradewind.app.generated_assets import ASSETS
from tradewind.exchange.core.products import Product, ProductKind
from tradewind.exchange.server.listing import INTERNATIONAL, US, Listed

FAR_EXPIRY_NS = 1_924_012_800_000_000_000
"""2030-12-20T16:00Z: the date that the US venue's perpetual-style contracts carry."""


class Member(msgspec.Struct, frozen=True):
    """An account with a key: who starts with what, and what the key may do."""

    name: str
    balances: dict[str, Decimal]
    can_view: bool = True
    can_trade: bool = True
    can_transfer: bool = False
    ed25519: bool = False
    kind: str = "DEFAULT"


def _wealth() -> dict[str, Decimal]:
    coins = {"BTC": 10, "ETH": 100, "SOL": 1_000, "XRP": 100_000, "LTC": 500}
    return {"USD": Decimal(1_000_000), "USDC": Decimal(1_000_000)} | {
        coin: Decimal(held) for coin, held in coins.items()
    }


MEMBERS = (
    Member("alpha", _wealth()),
    Member("beta", _wealth()),
    Member("gamma", {"USD": Decimal(100_000)}, ed25519=True),
    Member("viewer", {"USD": Decimal(100_000)}, can_trade=False),
    Member("perpetual", {"USDC": Decimal(100_000)}, kind="INTX"),
    Member("mover", {"USD": Decimal(100_000), "USDC": Decimal(100_000)}, can_transfer=True),
)
"""Two ordinary traders, one whose key is Ed25519, one that may only look, one of international perpetuals, and one that
may also move money.
"""


def listings() -> list[Listed]:
    """Return every product that is listed."""
    spot = [
        Listed(
            product=Product(
                id=asset.name,
                price_increment=Decimal(asset.tick),
                quote_increment=Decimal("0.01"),
                base_increment=Decimal(asset.lot),
                base_min_size=Decimal(asset.lot),
            )
        )
        for asset in ASSETS
    ]
    return [*spot, *_futures()]


def _futures() -> list[Listed]:
    international = Product(
        id="BTC-PERP-INTX",
        kind=ProductKind.PERPETUAL,
        base="BTC",
        quote="USDC",
        price_increment=Decimal("0.1"),
        base_increment=Decimal("0.0001"),
        base_min_size=Decimal("0.0001"),
        quote_min_size=Decimal(10),
    )
    american = Product(
        id="BIP-20DEC30-CDE",
        kind=ProductKind.PERPETUAL,
        base="BTC",
        quote="USD",
        price_increment=Decimal(5),
        base_increment=Decimal(1),
        base_min_size=Decimal(1),
        quote_min_size=Decimal(0),
        contract_size=Decimal("0.01"),
    )
    return [
        Listed(product=international, display_name="BTC PERP", venue=INTERNATIONAL),
        Listed(product=american, display_name="BTC PERP", venue=US, root="BTC", code="BIP", expires_ns=FAR_EXPIRY_NS),
    ]


def stocks(listed: list[Listed]) -> list[Stock]:
    """Return which generated asset each product follows."""
    places = {asset.name.partition("-")[0]: place for place, asset in enumerate(ASSETS)}
    return [
        Stock(
            each.product.id,
            places[each.product.base],
            each.product.price_increment,
            each.product.base_increment,
            each.product.contract_size,
        )
        for each in listed
    ]


def wealthy(members: Sequence[Member], listed: Sequence[Listed]) -> list[Member]:
    """Return the members with something of every currency that is traded, where they would have nothing."""
    extra = {each.product.quote: Decimal(1_000_000) for each in listed if each.product.quote not in ("USD", "USDC")}
    extra |= {each.product.base: Decimal(100) for each in listed if each.product.is_spot and extra}
    return [msgspec.structs.replace(member, balances=extra | member.balances) for member in members]
