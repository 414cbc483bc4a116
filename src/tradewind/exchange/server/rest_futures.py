"""Futures: balances, positions and margin of the US venue (`cfm`), and of the international one (`intx`)."""

from decimal import Decimal
from uuid import uuid4

import msgspec

from tradewind.exchange.core.futures import PositionView
from tradewind.exchange.server.asking import Ask, bad_request, not_found
from tradewind.exchange.server.listing import INTERNATIONAL, US
from tradewind.exchange.server.order_requests import decimal
from tradewind.exchange.server.texts import SECOND_NS, Json, amount, iso, plain
from tradewind.exchange.server.venue import Venue
from tradewind.model.money import ONE, ZERO

MARGIN_SETTINGS = ("INTRADAY_MARGIN_SETTING_STANDARD", "INTRADAY_MARGIN_SETTING_INTRADAY")


class SweepBody(msgspec.Struct, frozen=True):
    usd_amount: str = ""


class SettingBody(msgspec.Struct, frozen=True):
    setting: str = ""


class AllocateBody(msgspec.Struct, frozen=True):
    portfolio_uuid: str = ""
    symbol: str = ""
    amount: str = ""
    currency: str = ""


class CollateralBody(msgspec.Struct, frozen=True):
    portfolio_uuid: str = ""
    multi_asset_collateral_enabled: bool = False


_SWEEP = msgspec.json.Decoder(SweepBody)
_SETTING = msgspec.json.Decoder(SettingBody)
_ALLOCATE = msgspec.json.Decoder(AllocateBody)
_COLLATERAL = msgspec.json.Decoder(CollateralBody)


class Margins(msgspec.Struct, frozen=True):
    """The futures side of one account in one currency."""

    currency: str
    cash: Decimal
    hold: Decimal
    initial: Decimal
    maintenance: Decimal
    unrealised: Decimal
    realised: Decimal
    notional: Decimal

    @property
    def equity(self) -> Decimal:
        return self.cash + self.unrealised

    @property
    def available(self) -> Decimal:
        return max(ZERO, self.equity - self.initial - self.hold)

    @property
    def buffer(self) -> Decimal:
        return self.equity - self.maintenance

    @property
    def buffer_percent(self) -> str:
        return plain(round(self.buffer / self.maintenance * 100, 2)) if self.maintenance else "1000"


def margins(venue: Venue, account: str, family: str) -> Margins:
    """Return what an account's positions of one family need and are worth."""
    currency = "USD" if family == US else "USDC"
    balance = venue.exchange.balance(account, currency)
    held = _positions(venue, account, family)

    def total(name: str) -> Decimal:
        return sum((getattr(position, name) for position in held), ZERO)

    return Margins(
        currency,
        balance.total,
        balance.hold,
        total("initial_margin"),
        total("maintenance_margin"),
        total("unrealised"),
        total("realised"),
        total("notional"),
    )


# -- the US venue ------------------------------------------------------------------------------------------------------


def balance_summary(venue: Venue, ask: Ask) -> Json:
    sums = margins(venue, ask.account, US)

    def dollars(value: Decimal) -> Json:
        return amount(value, sums.currency)

    def window(name: str) -> Json:
        return {
            "margin_window_type": f"FCM_MARGIN_WINDOW_TYPE_{name}",
            "margin_level": "MARGIN_LEVEL_TYPE_BASE",
            "initial_margin": dollars(sums.initial),
            "maintenance_margin": dollars(sums.maintenance),
            "liquidation_buffer_percentage": sums.buffer_percent,
            "total_hold": dollars(sums.hold),
            "futures_buying_power": dollars(sums.available),
        }

    return {
        "balance_summary": {name: dollars(value) for name, value in _summary(sums).items()}
        | {
            "liquidation_buffer_percentage": sums.buffer_percent,
            "intraday_margin_window_measure": window("INTRADAY"),
            "overnight_margin_window_measure": window("OVERNIGHT"),
        }
    }


def stream_summary(venue: Venue, account: str) -> Json:
    """Return the summary as its channel has it: plain texts where the REST answer has money objects."""
    sums = margins(venue, account, US)
    summary: Json = {name: plain(value) for name, value in _summary(sums).items()}
    return summary | {"liquidation_buffer_percentage": sums.buffer_percent}


def list_positions(venue: Venue, ask: Ask) -> Json:
    return {"positions": [_position(venue, held) for held in _positions(venue, ask.account, US)]}


def get_position(venue: Venue, ask: Ask) -> Json:
    for held in _positions(venue, ask.account, US):
        if held.product_id == ask.named["product_id"]:
            return {"position": _position(venue, held)}
    raise not_found(f"there is no position in {ask.named['product_id']}")


def schedule_sweep(venue: Venue, ask: Ask) -> Json:
    """Take note of a sweep; spot and futures share their cash here, so that nothing needs to move."""
    asked = decimal(ask.typed(_SWEEP).usd_amount)
    if asked is not None and not (asked.is_finite() and asked > 0):
        raise bad_request("usd_amount must be positive")
    venue.portfolios[ask.account].sweeps[:] = [
        {
            "id": str(uuid4()),
            "requested_amount": amount(asked or ZERO, "USD"),
            "should_sweep_all": asked is None,
            "status": "PENDING",
            "schedule_time": iso(ask.now_ns + 86_400 * SECOND_NS),
            "scheduled_time": iso(ask.now_ns + 86_400 * SECOND_NS),
        }
    ]
    return {"success": True}


def list_sweeps(venue: Venue, ask: Ask) -> Json:
    return {"sweeps": venue.portfolios[ask.account].sweeps}


def cancel_sweep(venue: Venue, ask: Ask) -> Json:
    sweeps = venue.portfolios[ask.account].sweeps
    there = bool(sweeps)
    sweeps.clear()
    return {"success": there}


def get_margin_setting(venue: Venue, ask: Ask) -> Json:
    return {"setting": venue.portfolios[ask.account].intraday_margin}


def set_margin_setting(venue: Venue, ask: Ask) -> Json:
    setting = ask.typed(_SETTING).setting
    if setting not in MARGIN_SETTINGS:
        raise bad_request(f"setting must be one of {', '.join(MARGIN_SETTINGS)}")
    venue.portfolios[ask.account].intraday_margin = setting
    return {}


def current_margin_window(venue: Venue, ask: Ask) -> Json:
    return {
        "margin_window": {
            "margin_window_type": "FCM_MARGIN_WINDOW_TYPE_INTRADAY",
            "end_time": iso(ask.now_ns + 3_600 * SECOND_NS),
        },
        "is_intraday_margin_killswitch_enabled": False,
        "is_intraday_margin_enrollment_killswitch_enabled": False,
    }


# -- the international venue -------------------------------------------------------------------------------------------


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
    held = _positions(venue, account, INTERNATIONAL)
    total = sum((position.unrealised for position in held), ZERO)
    return {
        "positions": [intx_position_record(account, position) for position in held],
        "summary": {"aggregated_pnl": amount(total, "USDC")},
    }


def intx_position(venue: Venue, ask: Ask) -> Json:
    account = _own(venue, ask)
    for held in _positions(venue, account, INTERNATIONAL):
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


def _positions(venue: Venue, account: str, family: str) -> list[PositionView]:
    return [
        position
        for position in venue.exchange.positions(account)
        if venue.listings[position.product_id].venue == family
    ]


def _position(venue: Venue, held: PositionView) -> Json:
    listed = venue.listings[held.product_id]
    quote = listed.product.quote
    return {
        "product_id": held.product_id,
        "expiration_time": "" if listed.expires_ns is None else iso(listed.expires_ns, 0).replace(".Z", "Z"),
        "side": "LONG" if held.quantity > 0 else "SHORT",
        "number_of_contracts": plain(abs(held.quantity)),
        "current_price": plain(held.mark_price),
        "avg_entry_price": plain(held.average_price),
        "unrealized_pnl": plain(held.unrealised),
        "daily_realized_pnl": plain(held.realised),
        "contract_size": plain(listed.product.contract_size),
        "liquidation_price": amount(held.liquidation_price or ZERO, quote),
        "im_contribution": amount(held.initial_margin, quote),
        "mm_contribution": amount(held.maintenance_margin, quote),
        "position_notional": amount(held.notional, quote),
    }


def _summary(sums: Margins) -> dict[str, Decimal]:
    return {
        "futures_buying_power": sums.available,
        "total_usd_balance": sums.cash,
        "cbi_usd_balance": ZERO,
        "cfm_usd_balance": sums.cash,
        "total_open_orders_hold_amount": sums.hold,
        "unrealized_pnl": sums.unrealised,
        "daily_realized_pnl": sums.realised,
        "initial_margin": sums.initial,
        "available_margin": sums.available,
        "liquidation_threshold": sums.maintenance,
        "liquidation_buffer_amount": sums.buffer,
    }
