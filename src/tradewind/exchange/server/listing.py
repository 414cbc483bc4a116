"""What the venue says of a product beyond what the matching core needs to know: names, family, expiry."""

from decimal import Decimal

import msgspec

from tradewind.exchange.core.products import Product, ProductKind, ProductMode
from tradewind.exchange.server.texts import Json, iso, plain
from tradewind.model.money import ONE

NAMES = {
    "ADA": "Cardano",
    "ATOM": "Cosmos",
    "AVAX": "Avalanche",
    "BTC": "Bitcoin",
    "DOGE": "Dogecoin",
    "DOT": "Polkadot",
    "ETH": "Ethereum",
    "EUR": "Euro",
    "LINK": "Chainlink",
    "LTC": "Litecoin",
    "SOL": "Solana",
    "UNI": "Uniswap",
    "USD": "US Dollar",
    "USDC": "USDC",
    "USDT": "Tether",
    "XRP": "XRP",
}
US, INTERNATIONAL = "FCM", "INTX"
FIAT = frozenset({"USD", "EUR", "GBP"})


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A product and its record. `root` is the coin a future is about; `expires_ns` belongs to contracts that end."""

    product: Product
    root: str = ""
    display_name: str = ""
    venue: str = "CBE"
    code: str = ""
    expires_ns: int | None = None
    max_leverage: str = "10"
    listed_ns: int = 1_672_531_200_000_000_000

    @property
    def product_type(self) -> str:
        return "SPOT" if self.product.is_spot else "FUTURE"

    @property
    def expiry_type(self) -> str:
        """PERPETUAL for contracts without an end; those of the US venue are dated far away, and perpetual in style."""
        if self.product.kind is ProductKind.SPOT:
            return "UNKNOWN_CONTRACT_EXPIRY_TYPE"
        return "PERPETUAL" if self.expires_ns is None else "EXPIRING"

    @property
    def risk_managed_by(self) -> str:
        return "MANAGED_BY_FCM" if self.venue == US else "MANAGED_BY_VENUE"


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What moves in a product's record: last price, the day behind, the best of both sides, mode and funding."""

    price: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    open_24h: Decimal | None = None
    volume_24h: Decimal = Decimal(0)
    mode: ProductMode = ProductMode.ONLINE
    funding_rate: Decimal = Decimal(0)
    funding_ns: int = 0
    funding_interval_ns: int = 3_600_000_000_000
    open_interest: Decimal = Decimal(0)


def product_record(listed: Listed, quote: Quote) -> Json:
    """Return a product as `/products` lists it."""
    product, mode, spot = listed.product, quote.mode, listed.product.is_spot
    mid = (quote.bid + quote.ask) / 2 if quote.bid is not None and quote.ask is not None else None
    turnover = quote.volume_24h * quote.price * product.contract_size if quote.price is not None else None
    record: Json = {
        "product_id": product.id,
        "price": plain(quote.price),
        "price_percentage_change_24h": _change(quote),
        "volume_24h": plain(quote.volume_24h),
        "volume_percentage_change_24h": "0",
        "base_increment": plain(product.base_increment),
        "quote_increment": plain(product.quote_increment),
        "quote_min_size": plain(product.quote_min_size),
        "quote_max_size": plain(product.quote_max_size or Decimal(150_000_000)),
        "base_min_size": plain(product.base_min_size),
        "base_max_size": plain(product.base_max_size or Decimal(100_000_000)),
        "base_name": NAMES.get(product.base, product.base) if spot else "",
        "quote_name": NAMES.get(product.quote, product.quote),
        "watched": False,
        "is_disabled": mode is ProductMode.DISABLED,
        "new": False,
        "status": ("delisted" if mode is ProductMode.DISABLED else "online") if spot else "",
        "cancel_only": mode is ProductMode.CANCEL_ONLY,
        "limit_only": mode is ProductMode.LIMIT_ONLY,
        "post_only": mode is ProductMode.POST_ONLY,
        "trading_disabled": mode in (ProductMode.DISABLED, ProductMode.VIEW_ONLY),
        "auction_mode": mode is ProductMode.AUCTION,
        "product_type": listed.product_type,
        "quote_currency_id": product.quote,
        "base_currency_id": product.base if spot else "",
        "fcm_trading_session_details": None,
        "mid_market_price": "" if spot else plain(mid),
        "alias": "",
        "alias_to": [],
        "base_display_symbol": product.base if spot else "",
        "quote_display_symbol": product.quote,
        "view_only": mode is ProductMode.VIEW_ONLY,
        "price_increment": plain(product.price_increment),
        "display_name": listed.display_name or product.id,
        "product_venue": listed.venue,
        "approximate_quote_24h_volume": "" if turnover is None else plain(turnover.quantize(Decimal("0.01"))),
        "new_at": iso(listed.listed_ns, 0).replace(".Z", "Z"),
        "market_cap": "",
        "base_cbrn": "",
        "quote_cbrn": "",
        "product_cbrn": "",
        "icon_color": "",
        "icon_url": "",
        "display_name_overwrite": "",
        "is_alpha_testing": False,
        "about_description": "",
        "best_bid_price": plain(quote.bid),
        "best_ask_price": plain(quote.ask),
    }
    if not spot:
        record["future_product_details"] = _future(listed, quote)
        if listed.venue == US:
            record["fcm_trading_session_details"] = {
                "is_session_open": True,
                "open_time": iso(listed.listed_ns),
                "close_time": iso(listed.expires_ns or 0),
            }
    return record


def _future(listed: Listed, quote: Quote) -> Json:
    product = listed.product
    root = listed.root or product.base
    funding_time = iso(quote.funding_ns) if quote.funding_ns else None
    return {
        "venue": "cde" if listed.venue == US else "",
        "contract_code": listed.code or root,
        "contract_expiry": None if listed.expires_ns is None else iso(listed.expires_ns, 0).replace(".Z", "Z"),
        "contract_size": plain(product.contract_size),
        "contract_root_unit": root,
        "group_description": f"{NAMES.get(root, root)} perpetual-style futures" if listed.expires_ns else "",
        "contract_expiry_timezone": "Europe/London" if listed.expires_ns else "",
        "group_short_description": f"{root} perp" if listed.expires_ns else "",
        "risk_managed_by": listed.risk_managed_by,
        "contract_expiry_type": listed.expiry_type,
        "perpetual_details": {
            "open_interest": plain(quote.open_interest),
            "funding_rate": plain(quote.funding_rate),
            "funding_time": funding_time,
            "max_leverage": listed.max_leverage,
        },
        "contract_display_name": listed.display_name or product.id,
        "funding_interval": f"{quote.funding_interval_ns // 1_000_000_000}s",
        "open_interest": plain(quote.open_interest),
        "funding_rate": plain(quote.funding_rate),
        "funding_time": funding_time,
        "intraday_margin_rate": _margin(product.initial_margin),
        "overnight_margin_rate": _margin(product.initial_margin),
    }


def _margin(rate: Decimal) -> Json:
    return {"long_margin_rate": plain(rate), "short_margin_rate": plain(rate)}


def _change(quote: Quote) -> str:
    if quote.price is None or not quote.open_24h:
        return ""
    return plain(((quote.price / quote.open_24h - ONE) * 100).quantize(Decimal("1E-14")))
