"""Portfolios of a user, moving money between them, and converting dollars and dollar coins."""

from decimal import Decimal
from uuid import uuid4

import msgspec

from tradewind.exchange.core.amounts import DIGITS
from tradewind.exchange.server.asking import Ask, Refusal, bad_request, not_found
from tradewind.exchange.server.listing import FIAT
from tradewind.exchange.server.order_requests import decimal
from tradewind.exchange.server.rest_accounts import account_uuid, price_in_dollars, worth
from tradewind.exchange.server.texts import Json, amount, iso, number
from tradewind.exchange.server.venue import Conversion, Portfolio, Venue
from tradewind.model.instrument import decimals_of
from tradewind.model.money import ZERO

CONVERTIBLE = frozenset({"USD", "USDC"})
CREATED, COMPLETED = "TRADE_STATUS_CREATED", "TRADE_STATUS_COMPLETED"


class NameBody(msgspec.Struct, frozen=True):
    name: str = ""


class Funds(msgspec.Struct, frozen=True):
    value: str = ""
    currency: str = ""


class MoveBody(msgspec.Struct, frozen=True):
    funds: Funds = Funds()
    source_portfolio_uuid: str = ""
    target_portfolio_uuid: str = ""


class ConvertBody(msgspec.Struct, frozen=True):
    """`from_account` and `to_account` are currencies, or accounts' ids."""

    from_account: str = ""
    to_account: str = ""
    amount: str = ""


_NAME = msgspec.json.Decoder(NameBody)
_MOVE = msgspec.json.Decoder(MoveBody)
_CONVERT = msgspec.json.Decoder(ConvertBody)


def list_portfolios(venue: Venue, ask: Ask) -> Json:
    user, kind = venue.user_of(ask.account), ask.one("portfolio_type")
    found = [
        _portfolio(uuid, portfolio)
        for uuid, portfolio in venue.portfolios.items()
        if portfolio.user == user and not portfolio.deleted and kind in ("", "UNDEFINED", portfolio.type)
    ]
    return {"portfolios": found}


def create_portfolio(venue: Venue, ask: Ask) -> Json:
    name = ask.typed(_NAME).name
    if not name:
        raise bad_request("name is required")
    owner = venue.exchange.state.account(ask.account).owner
    uuid = venue.open_portfolio(name, {}, owner=owner, kind="CONSUMER")
    return {"portfolio": _portfolio(uuid, venue.portfolios[uuid])}


def portfolio_breakdown(venue: Venue, ask: Ask) -> Json:
    uuid = ask.named["portfolio_uuid"]
    portfolio = venue.portfolio(uuid, ask.account)
    total = worth(venue, uuid)
    balances = [(each, price_in_dollars(venue, each.currency)) for each in venue.exchange.balances(uuid)]
    cash = sum((each.total for each, _ in balances if each.currency in FIAT | CONVERTIBLE), ZERO)
    positions = venue.exchange.positions(uuid)
    unrealised = sum((position.unrealised for position in positions), ZERO)
    return {
        "breakdown": {
            "portfolio": _portfolio(uuid, portfolio),
            "portfolio_balances": {
                "total_balance": amount(round(total, 2), "USD"),
                "total_futures_balance": amount(ZERO, "USD"),
                "total_cash_equivalent_balance": amount(cash, "USD"),
                "total_crypto_balance": amount(round(total - cash - unrealised, 2), "USD"),
                "futures_unrealized_pnl": amount(unrealised, "USD"),
                "perp_unrealized_pnl": amount(ZERO, "USD"),
            },
            "spot_positions": [
                {
                    "asset": each.currency,
                    "account_uuid": account_uuid(uuid, each.currency),
                    "total_balance_fiat": number(round(each.total * price, 2)),
                    "total_balance_crypto": number(each.total),
                    "available_to_trade_fiat": number(round(each.available * price, 2)),
                    "allocation": number(round(each.total * price / total, 6)) if total else 0,
                    "one_day_change": 0,
                    "cost_basis": amount(ZERO, "USD"),
                    "asset_img_url": "",
                    "is_cash": each.currency in FIAT,
                }
                for each, price in balances
            ],
            "perp_positions": [],
            "futures_positions": [
                {
                    "product_id": position.product_id,
                    "contract_size": str(venue.listings[position.product_id].product.contract_size),
                    "side": "FUTURES_POSITION_SIDE_LONG" if position.quantity > 0 else "FUTURES_POSITION_SIDE_SHORT",
                    "amount": str(abs(position.quantity)),
                    "avg_entry_price": str(position.average_price),
                    "current_price": str(position.mark_price),
                    "unrealized_pnl": str(position.unrealised),
                }
                for position in positions
            ],
        }
    }


def rename_portfolio(venue: Venue, ask: Ask) -> Json:
    uuid, name = ask.named["portfolio_uuid"], ask.typed(_NAME).name
    if not name:
        raise bad_request("name is required")
    portfolio = venue.portfolio(uuid, ask.account)
    portfolio.name = name
    return {"portfolio": _portfolio(uuid, portfolio)}


def delete_portfolio(venue: Venue, ask: Ask) -> Json:
    uuid = ask.named["portfolio_uuid"]
    portfolio = venue.portfolio(uuid, ask.account)
    if portfolio.type == "DEFAULT":
        raise bad_request("the default portfolio cannot be deleted")
    if any(balance.total for balance in venue.exchange.balances(uuid)):
        raise bad_request("a portfolio with a balance cannot be deleted")
    portfolio.deleted = True
    return {}


def move_funds(venue: Venue, ask: Ask) -> Json:
    body = ask.typed(_MOVE)
    for uuid in (body.source_portfolio_uuid, body.target_portfolio_uuid):
        venue.portfolio(uuid, ask.account)
    value = _positive(body.funds.value)
    moved = venue.exchange.transfer(body.source_portfolio_uuid, body.target_portfolio_uuid, body.funds.currency, value)
    if not moved:
        raise Refusal(400, "INSUFFICIENT_FUND", "Insufficient balance in source account")
    return {
        "source_portfolio_uuid": body.source_portfolio_uuid,
        "target_portfolio_uuid": body.target_portfolio_uuid,
    }


def convert_quote(venue: Venue, ask: Ask) -> Json:
    """Offer a conversion between dollars and dollar coins, one to one and without a fee."""
    body = ask.typed(_CONVERT)
    source, target = (_currency(ask.account, name) for name in (body.from_account, body.to_account))
    if {source, target} != CONVERTIBLE:
        raise bad_request("only USD and USDC can be converted")
    value = _positive(body.amount)
    trade = _trade(str(uuid4()), source, target, value, ask)
    venue.conversions[str(trade["id"])] = Conversion(ask.account, source, target, value, trade)
    return {"trade": trade}


def convert_commit(venue: Venue, ask: Ask) -> Json:
    found = _conversion(venue, ask)
    if found.trade["status"] != CREATED:
        raise bad_request("the trade was committed before")
    if not venue.exchange.convert(ask.account, found.source, found.target, found.value):
        raise Refusal(400, "INSUFFICIENT_FUND", "Insufficient balance in source account")
    found.trade["status"] = COMPLETED
    return {"trade": found.trade}


def get_conversion(venue: Venue, ask: Ask) -> Json:
    return {"trade": _conversion(venue, ask).trade}


def _conversion(venue: Venue, ask: Ask) -> Conversion:
    found = venue.conversions.get(ask.named["trade_id"])
    if found is None or found.account != ask.account:
        raise not_found(f"trade {ask.named['trade_id']} was not found")
    return found


def _trade(id: str, source: str, target: str, value: Decimal, ask: Ask) -> Json:
    def end(currency: str) -> Json:
        return {
            "type": "LEDGER_ACCOUNT",
            "network": "internal",
            "ledger_account": {
                "account_id": account_uuid(ask.account, currency),
                "currency": currency,
                "owner": {"id": "", "uuid": "", "user_uuid": "", "type": "USER"},
            },
        }

    return {
        "id": id,
        "status": CREATED,
        "user_entered_amount": amount(value, source),
        "amount": amount(value, source),
        "subtotal": amount(value, source),
        "total": amount(value, target),
        "fees": [],
        "total_fee": {
            "title": "",
            "description": "",
            "amount": amount(ZERO, source),
            "label": "",
            "disclosure": None,
        },
        "source": end(source),
        "target": end(target),
        "unit_price": {
            "target_to_fiat": {"amount": amount(Decimal(1), "USD"), "scale": 2},
            "target_to_source": {"amount": amount(Decimal(1), source), "scale": 2},
            "source_to_fiat": {"amount": amount(Decimal(1), "USD"), "scale": 2},
        },
        "user_warnings": [],
        "user_reference": "",
        "source_currency": source,
        "target_currency": target,
        "cancellation_reason": None,
        "source_id": account_uuid(ask.account, source),
        "target_id": account_uuid(ask.account, target),
        "subscription_info": None,
        "exchange_rate": amount(Decimal(1), target),
        "tax_details": [],
        "trade_incentive_info": None,
        "total_fee_without_tax": None,
        "fiat_denoted_total": amount(value, "USD"),
        "created_at": iso(ask.now_ns),
    }


def _currency(account: str, name: str) -> str:
    """Return the currency that a conversion names directly, or by an account's id."""
    return next((currency for currency in CONVERTIBLE if name in (currency, account_uuid(account, currency))), name)


def _positive(text: str) -> Decimal:
    value = decimal(text)
    if value is None or not value.is_finite() or value <= 0 or decimals_of(value) > DIGITS or value.adjusted() > DIGITS:
        raise bad_request(f"amount must be a positive number, was {text!r}")
    return value


def _portfolio(uuid: str, portfolio: Portfolio) -> Json:
    return {"name": portfolio.name, "uuid": uuid, "type": portfolio.type, "deleted": portfolio.deleted}
