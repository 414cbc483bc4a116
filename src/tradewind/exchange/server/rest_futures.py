"""Futures of the US venue (`cfm`): balances, positions, sweeps and margin settings."""

from decimal import Decimal
from uuid import uuid4

import msgspec

from tradewind.exchange.core.futures import PositionView
from tradewind.exchange.server.asking import Ask, bad_request, not_found
from tradewind.exchange.server.listing import US
from tradewind.exchange.server.margins import Margins, margins, positions
from tradewind.exchange.server.order_requests import decimal
from tradewind.exchange.server.texts import SECOND_NS, Json, amount, iso, plain
from tradewind.exchange.server.venue import Venue
from tradewind.model.money import ZERO

MARGIN_SETTINGS = ("INTRADAY_MARGIN_SETTING_STANDARD", "INTRADAY_MARGIN_SETTING_INTRADAY")


class SweepBody(msgspec.Struct, frozen=True):
    usd_amount: str = ""


class SettingBody(msgspec.Struct, frozen=True):
    setting: str = ""


_SWEEP = msgspec.json.Decoder(SweepBody)
_SETTING = msgspec.json.Decoder(SettingBody)


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
    return {"positions": [_position(venue, held) for held in positions(venue, ask.account, US)]}


def get_position(venue: Venue, ask: Ask) -> Json:
    for held in positions(venue, ask.account, US):
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
