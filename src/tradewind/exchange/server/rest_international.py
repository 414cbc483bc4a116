"""Futures of the international venue (`intx`): portfolio, positions and balances."""

import msgspec

from tradewind.exchange.core.futures import PositionView
from tradewind.exchange.server.asking import Ask, not_found
from tradewind.exchange.server.listing import INTERNATIONAL
from tradewind.exchange.server.margins import margins, positions
from tradewind.exchange.server.texts import Json, amount, plain
from tradewind.exchange.server.venue import Venue
from tradewind.model.money import ONE, ZERO


class AllocateBody(msgspec.Struct, frozen=True):
    portfolio_uuid: str = ""
    symbol: str = ""
    amount: str = ""
    currency: str = ""


class CollateralBody(msgspec.Struct, frozen=True):
    portfolio_uuid: str = ""
    multi_asset_collateral_enabled: bool = False


_ALLOCATE = msgspec.json.Decoder(AllocateBody)
_COLLATERAL = msgspec.json.Decoder(CollateralBody)


def intx_portfolio(venue: Venue, ask: Ask) -> Json:
    account = _own(venue, ask)
    sums = margins(venue, account, INTERNATIONAL)
    share = sums.initial / sums.equity if sums.equity > 0 else ZERO
    return {
        "portfolios": [
            {
                "portfolio_uuid": account,
                "collateral": plain(sums.cash),
                "position_notional": plain(sums.notional),
                "open_position_notional": plain(sums.notional),
                "pending_fees": "0",
                "borrow": "0",
                "accrued_interest": "0",
                "rolling_debt": "0",
                "portfolio_initial_margin": plain(round(share, 8)),
                "portfolio_im_notional": amount(sums.initial, sums.currency),
                "portfolio_maintenance_margin": plain(
                    round(sums.maintenance / sums.equity, 8) if sums.equity > 0 else ZERO
                ),
                "portfolio_mm_notional": amount(sums.maintenance, sums.currency),
                "liquidation_percentage": "0",
                "liquidation_buffer": plain(sums.buffer),
                "margin_type": "MARGIN_TYPE_CROSS",
                "margin_flags": "PORTFOLIO_MARGIN_FLAGS_UNSPECIFIED",
                "liquidation_status": "PORTFOLIO_LIQUIDATION_STATUS_NOT_LIQUIDATING",
                "unrealized_pnl": amount(sums.unrealised, sums.currency),
                "total_balance": amount(sums.equity, sums.currency),
            }
        ],
        "summary": {
            "unrealized_pnl": amount(sums.unrealised, sums.currency),
            "buying_power": amount(sums.available, sums.currency),
            "total_balance": amount(sums.equity, sums.currency),
            "max_withdrawal_amount": amount(sums.available, sums.currency),
        },
    }


def intx_positions(venue: Venue, ask: Ask) -> Json:
    account = _own(venue, ask)
    held = positions(venue, account, INTERNATIONAL)
    total = sum((position.unrealised for position in held), ZERO)
    return {
        "positions": [intx_position_record(account, position) for position in held],
        "summary": {"aggregated_pnl": amount(total, "USDC")},
    }


def intx_position(venue: Venue, ask: Ask) -> Json:
    account = _own(venue, ask)
    for held in positions(venue, account, INTERNATIONAL):
        if held.product_id == ask.named["symbol"]:
            return {"position": intx_position_record(account, held)}
    raise not_found(f"there is no position in {ask.named['symbol']}")


def intx_balances(venue: Venue, ask: Ask) -> Json:
    account = _own(venue, ask)
    balances = [
        {
            "asset": {"asset_id": balance.currency, "asset_name": balance.currency, "status": "ACTIVE"},
            "quantity": plain(balance.total),
            "hold": plain(balance.hold),
            "transfer_hold": "0",
            "collateral_value": plain(balance.total if balance.currency == "USDC" else ZERO),
            "collateral_weight": "1" if balance.currency == "USDC" else "0",
            "max_withdraw_amount": plain(balance.available),
            "loan": "0",
            "loan_collateral_requirement_usd": "0",
            "pledged_quantity": "0",
        }
        for balance in venue.exchange.balances(account)
    ]
    return {"portfolio_balances": [{"portfolio_uuid": account, "balances": balances, "is_margin_limit_reached": False}]}


def intx_allocate(venue: Venue, ask: Ask) -> Json:
    """Take an allocation to isolated margin only as far as it changes nothing: positions are cross margined here."""
    body = ask.typed(_ALLOCATE)
    venue.portfolio(body.portfolio_uuid, ask.account)
    venue.listed(body.symbol)
    return {}


def intx_collateral(venue: Venue, ask: Ask) -> Json:
    body = ask.typed(_COLLATERAL)
    portfolio = venue.portfolio(body.portfolio_uuid or ask.account, ask.account)
    portfolio.multi_asset_collateral = body.multi_asset_collateral_enabled
    return {"cross_collateral_enabled": portfolio.multi_asset_collateral}


def intx_position_record(account: str, held: PositionView) -> Json:
    """Return a position as the international family tells of it."""
    currency = "USDC"
    return {
        "product_id": held.product_id,
        "product_uuid": "",
        "portfolio_uuid": account,
        "symbol": held.product_id,
        "vwap": amount(held.average_price, currency),
        "entry_vwap": amount(held.average_price, currency),
        "position_side": "POSITION_SIDE_LONG" if held.quantity > 0 else "POSITION_SIDE_SHORT",
        "margin_type": "MARGIN_TYPE_CROSS",
        "net_size": plain(held.quantity),
        "buy_order_size": "0",
        "sell_order_size": "0",
        "im_contribution": plain(held.initial_margin),
        "unrealized_pnl": amount(held.unrealised, currency),
        "mark_price": amount(held.mark_price, currency),
        "liquidation_price": amount(held.liquidation_price or ZERO, currency),
        "leverage": plain(round(ONE / (held.initial_margin / held.notional), 2)) if held.initial_margin else "1",
        "im_notional": amount(held.initial_margin, currency),
        "mm_notional": amount(held.maintenance_margin, currency),
        "position_notional": amount(held.notional, currency),
        "aggregated_pnl": amount(held.unrealised + held.realised + held.funding, currency),
    }


def _own(venue: Venue, ask: Ask) -> str:
    """Return the portfolio a path names, if it is of the user who asks."""
    venue.portfolio(ask.named["portfolio_uuid"], ask.account)
    return ask.named["portfolio_uuid"]
