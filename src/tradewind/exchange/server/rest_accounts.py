"""Accounts of one portfolio (one a currency), fees, and what a key may do."""

from decimal import Decimal
from uuid import NAMESPACE_OID, uuid5

from tradewind.exchange.core.accounts import BalanceView
from tradewind.exchange.core.products import ProductKind
from tradewind.exchange.server.asking import Ask, not_found
from tradewind.exchange.server.listing import FIAT
from tradewind.exchange.server.paging import page
from tradewind.exchange.server.texts import Json, amount, iso, number, plain
from tradewind.exchange.server.venue import Venue
from tradewind.model.money import ZERO

ACCOUNTS_USUALLY, ACCOUNTS_AT_ONCE = 49, 250


def list_accounts(venue: Venue, ask: Ask) -> Json:
    account = ask.account
    limit = ask.count("limit", ACCOUNTS_USUALLY, ACCOUNTS_AT_ONCE)
    shown, cursor = page(balances(venue, account), lambda balance: balance.currency, ask.one("cursor"), limit)
    accounts = [_account(venue, account, balance) for balance in shown]
    return {"accounts": accounts, "has_next": bool(cursor), "cursor": cursor, "size": len(accounts)}


def get_account(venue: Venue, ask: Ask) -> Json:
    wanted = ask.named["account_uuid"]
    for balance in balances(venue, ask.account):
        if account_uuid(ask.account, balance.currency) == wanted:
            return {"account": _account(venue, ask.account, balance)}
    raise not_found(f"account {wanted} was not found")


def transaction_summary(venue: Venue, ask: Ask) -> Json:
    """Return volume, fees and tier; its numbers are numbers, unlike everybody else's."""
    account = ask.account
    futures = ask.one("product_type") == "FUTURE"
    tier = venue.exchange.fee_tier(account, ProductKind.PERPETUAL if futures else ProductKind.SPOT)
    spot, derivatives, fees = _traded(venue, account)
    volume, upper = venue.exchange.volume_30d(account), plain(tier.to_volume)
    return {
        "total_volume": number(volume),
        "total_fees": number(fees),
        "fee_tier": {
            "pricing_tier": tier.name,
            "usd_from": plain(tier.from_volume),
            "usd_to": upper,
            "taker_fee_rate": plain(tier.taker),
            "maker_fee_rate": plain(tier.maker),
            "aop_from": "",
            "aop_to": "",
            "volume_types_and_range": [
                {
                    "volume_types": ["VOLUME_TYPE_SPOT", "VOLUME_TYPE_US_DERIVATIVES"],
                    "vol_from": plain(tier.from_volume),
                    "vol_to": upper,
                }
            ],
        },
        "margin_rate": None,
        "goods_and_services_tax": None,
        "advanced_trade_only_volume": number(volume),
        "advanced_trade_only_fees": number(fees),
        "coinbase_pro_volume": 0,
        "coinbase_pro_fees": 0,
        "total_balance": plain(round(worth(venue, account), 2)),
        "has_promo_fee": False,
        "volume_breakdown": [
            {"volume_type": "VOLUME_TYPE_SPOT", "volume": number(spot)},
            {"volume_type": "VOLUME_TYPE_US_DERIVATIVES", "volume": number(derivatives)},
        ],
    }


def key_permissions(venue: Venue, ask: Ask) -> Json:
    key = ask.key
    assert key is not None
    return {
        "can_view": key.can_view,
        "can_trade": key.can_trade,
        "can_transfer": key.can_transfer,
        "portfolio_uuid": key.account,
        "portfolio_type": venue.portfolios[key.account].type,
    }


def list_payment_methods(venue: Venue, ask: Ask) -> Json:
    """Return none: money does not come to or leave this exchange by its API."""
    return {"payment_methods": []}


def get_payment_method(venue: Venue, ask: Ask) -> Json:
    raise not_found(f"payment method {ask.named['payment_method_id']} was not found")


def account_uuid(account: str, currency: str) -> str:
    """Return the id of one currency's account in a portfolio."""
    return str(uuid5(NAMESPACE_OID, f"{account} {currency}"))


def price_in_dollars(venue: Venue, currency: str) -> Decimal:
    """Return what one unit of a currency is worth, zero when the exchange cannot tell."""
    if currency in ("USD", "USDC", "USDT"):
        return Decimal(1)
    for quote in ("USD", "USDC", "USDT"):
        if (product_id := f"{currency}-{quote}") in venue.listings:
            return venue.last_price(product_id) or ZERO
    return ZERO


def worth(venue: Venue, account: str) -> Decimal:
    """Return the worth of all balances in dollars, and of open positions."""
    owned = sum(
        (balance.total * price_in_dollars(venue, balance.currency) for balance in venue.exchange.balances(account)),
        ZERO,
    )
    return owned + sum((position.unrealised for position in venue.exchange.positions(account)), ZERO)


def balances(venue: Venue, account: str) -> list[BalanceView]:
    """Return the account's balances and a zero for each other currency that is traded."""
    found = {balance.currency: balance for balance in venue.exchange.balances(account)}
    for listed in venue.listings.values():
        product = listed.product
        for currency in (product.quote, product.base) if product.is_spot else (product.quote,):
            found.setdefault(currency, BalanceView(currency, ZERO, ZERO, ZERO))
    return [found[currency] for currency in sorted(found)]


def _account(venue: Venue, account: str, balance: BalanceView) -> Json:
    portfolio = venue.portfolios[account]
    created = iso(portfolio.created_ns, 3)
    currency = balance.currency
    return {
        "uuid": account_uuid(account, currency),
        "name": f"{currency} Wallet",
        "currency": currency,
        "available_balance": amount(balance.available, currency),
        "default": True,
        "active": True,
        "created_at": created,
        "updated_at": created,
        "deleted_at": None,
        "type": "ACCOUNT_TYPE_FIAT" if currency in FIAT else "ACCOUNT_TYPE_CRYPTO",
        "ready": True,
        "hold": amount(balance.hold, currency),
        "retail_portfolio_id": account,
        "platform": "ACCOUNT_PLATFORM_CONSUMER",
    }


def _traded(venue: Venue, account: str) -> tuple[Decimal, Decimal, Decimal]:
    """Return the value traded in spot and in futures, and the fees paid, over the fills that are remembered."""
    spot = derivatives = fees = ZERO
    for fill in venue.exchange.fills(account, limit=10_000):
        fees += fill.commission
        if venue.listings[fill.product_id].product.is_spot:
            spot += fill.value
        else:
            derivatives += fill.value
    return spot, derivatives, fees
