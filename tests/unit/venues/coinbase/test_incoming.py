"""The venue's records as facts: recorded orders, fills, accounts and positions, and numbers that cannot be."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tradewind.model.errors import MalformedAnswer, ProtocolError
from tradewind.model.orders import Liquidity, Side
from tradewind.model.venue import VenueBalance, VenueOrderStatus
from tradewind.venues.coinbase.incoming import (
    fee_tier,
    futures_position,
    is_execution,
    key_rights,
    perpetual_position,
    venue_balances,
    venue_fill,
    venue_order,
)
from tradewind.venues.coinbase.wire.accounts import KeyPermissions, ListAccounts, TransactionSummary
from tradewind.venues.coinbase.wire.futures import CfmPosition, CfmPositions, PerpetualPosition
from tradewind.venues.coinbase.wire.orders import Fill, GetOrder, ListFills, ListOrders, Order
from tradewind.venues.coinbase.wire.values import read, read_values

REST = "fixtures/coinbase/advanced_trade/rest"
ORDER = {"order_id": "v", "product_id": "BTC-USD", "side": "BUY", "status": "OPEN", "client_order_id": "c"}
FILL = {
    "entry_id": "e",
    "trade_id": "t",
    "order_id": "v",
    "product_id": "BTC-USD",
    "side": "SELL",
    "price": "100",
    "size": "2",
    "trade_time": "2026-01-01T00:00:00.123456789Z",
}


def order(**fields: Any) -> Order:
    return read_values(Order, {**ORDER, **fields})


def fill(**fields: Any) -> Fill:
    return read_values(Fill, {**FILL, **fields})


def test_a_recorded_order_is_told_whole(shared: Path) -> None:
    found = venue_order(read(GetOrder, (shared / REST / "nautilus_http_order.json").read_bytes()).order)
    assert (found.client_id, found.venue_id) == ("11111-000000-000000", "0000-000000-000000")
    assert (found.instrument, found.side, found.kind, found.time_in_force) == ("BTC-USD", Side.BUY, "limit", "gtc")
    assert found.status is VenueOrderStatus.OPEN
    assert (found.quantity, found.filled, found.price) == (Decimal("0.001"), Decimal("0.001"), Decimal("10000.00"))
    assert (found.average_price, found.fees, found.reason) == (Decimal(50), Decimal("5.00"), "")
    assert found.created_ns == 1_622_455_199_000_000_000
    assert found.updated_ns == 1_622_457_000_000_000_000


def test_a_recorded_order_by_quote_amount_has_no_quantity(shared: Path) -> None:
    text = (shared / REST / "ccxt_sample_fetch_orders.json").read_text(encoding="utf-8")
    found = venue_order(read_values(ListOrders, json.loads(text)[0]["payload"]).orders[0])
    assert (found.kind, found.time_in_force, found.quantity, found.quote_quantity) == (
        "market",
        "ioc",
        None,
        Decimal("6.36"),
    )
    assert (found.status, found.filled) == (VenueOrderStatus.FILLED, Decimal("0.000297920684505"))
    assert found.reason == "Internal error"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PENDING", VenueOrderStatus.PENDING),
        ("QUEUED", VenueOrderStatus.QUEUED),
        ("OPEN", VenueOrderStatus.OPEN),
        ("EDIT_QUEUED", VenueOrderStatus.OPEN),
        ("CANCEL_QUEUED", VenueOrderStatus.CANCEL_QUEUED),
        ("FILLED", VenueOrderStatus.FILLED),
        ("CANCELLED", VenueOrderStatus.CANCELED),
        ("EXPIRED", VenueOrderStatus.EXPIRED),
        ("FAILED", VenueOrderStatus.REJECTED),
        ("UNKNOWN_ORDER_STATUS", VenueOrderStatus.UNKNOWN),
        ("SOMETHING_NEW", VenueOrderStatus.UNKNOWN),
    ],
)
def test_every_status_is_told_and_a_new_one_counts_as_live(word: str, status: VenueOrderStatus) -> None:
    found = venue_order(order(status=word))
    assert found.status is status
    assert found.is_final == (word in {"FILLED", "CANCELLED", "EXPIRED", "FAILED"})


def test_an_open_order_whose_cancel_is_pending_is_told_so() -> None:
    assert venue_order(order(pending_cancel=True)).status is VenueOrderStatus.CANCEL_QUEUED
    assert venue_order(order(status="FILLED", pending_cancel=True)).status is VenueOrderStatus.FILLED


@pytest.mark.parametrize(
    ("name", "terms", "kind", "force"),
    [
        ("stop_limit_stop_limit_gtd", {"stop_price": "9", "end_time": "2026-01-01T00:00:00Z"}, "stop_limit", "gtd"),
        ("trigger_bracket_gtc", {"stop_trigger_price": "9"}, "bracket", "gtc"),
        ("twap_limit_gtd", {}, "twap", "gtd"),
        ("sor_limit_ioc", {}, "limit", "ioc"),
        ("limit_limit_fok", {}, "limit", "fok"),
    ],
)
def test_kinds_are_read_from_the_configuration(name: str, terms: dict[str, str], kind: str, force: str) -> None:
    configuration = {name: {"base_size": "1", "limit_price": "10", **terms}}
    found = venue_order(order(order_configuration=configuration, trigger_status="STOP_TRIGGERED"))
    assert (found.kind, found.time_in_force, found.price) == (kind, force, Decimal(10))
    assert found.stop == (Decimal(9) if {"stop_price", "stop_trigger_price"} & set(terms) else None)
    assert found.triggered
    assert found.expire_ns == (1_767_225_600_000_000_000 if "end_time" in terms else None)


def test_the_reason_is_the_first_thing_that_is_said() -> None:
    assert venue_order(order(reject_reason="REJECT_REASON_UNSPECIFIED", cancel_message="by user")).reason == "by user"
    assert venue_order(order(reject_reason="HOLD_FAILURE", reject_message="text")).reason == "HOLD_FAILURE"


@pytest.mark.parametrize(
    "fields",
    [
        {"filled_size": "-1"},
        {"average_filled_price": "-1"},
        {"side": "UNKNOWN_ORDER_SIDE"},
        {"side": "SHORT"},
        {"order_configuration": {"limit_limit_gtc": {"base_size": "-1", "limit_price": "1"}}},
        {"order_configuration": {"limit_limit_gtc": {"base_size": "1", "limit_price": "-1"}}},
    ],
)
def test_an_order_that_cannot_be_is_malformed(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer, match="order v"):
        venue_order(order(**fields))


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1E+100", "1E-100", "abc", "1,000"])
def test_numbers_that_are_none_are_not_read(text: str) -> None:
    with pytest.raises(ProtocolError):
        order(filled_size=text)
    with pytest.raises(ProtocolError):
        fill(price=text)


def test_recorded_fills_are_told(shared: Path) -> None:
    found = read(ListFills, (shared / REST / "nautilus_http_fills.json").read_bytes()).fills
    first, second = (venue_fill(each, "mine") for each in found)
    assert (first.fill_id, first.venue_order_id, first.client_id) == ("1111-11111-111111", "0000-000000-000000", "mine")
    assert (first.side, first.quantity, first.price) == (Side.BUY, Decimal("0.005"), Decimal("45123.45"))
    assert (first.fee, first.liquidity) == (Decimal("1.14"), Liquidity.MAKER)
    assert (second.side, second.liquidity) == (Side.SELL, Liquidity.TAKER)


def test_a_fill_in_quote_currency_is_divided_by_its_price(shared: Path) -> None:
    text = (shared / REST / "ccxt_sample_parse_trade.json").read_text(encoding="utf-8")
    found = venue_fill(read_values(Fill, json.loads(text)[2]["payload"]))
    assert found.quantity == Decimal("0.000000220684504963")
    assert found.liquidity is None
    assert found.fee == Decimal("0.0000280983986004")


def test_what_the_venue_has_not_said_of_a_fill_is_none() -> None:
    found = venue_fill(fill())
    assert (found.fee, found.liquidity, found.ts_ns) == (None, None, 1_767_225_600_123_456_789)


def test_corrections_are_no_executions() -> None:
    told = [is_execution(fill(trade_type=word)) for word in ("FILL", None, "REVERSAL", "CORRECTION", "NEW")]
    assert told == [True, True, False, False, False]


@pytest.mark.parametrize("fields", [{"size": "-1"}, {"size": "0"}, {"price": "-1"}, {"price": "0"}, {"side": "BOTH"}])
def test_a_fill_that_cannot_be_is_malformed(fields: dict[str, str]) -> None:
    with pytest.raises(MalformedAnswer, match="fill t"):
        venue_fill(fill(**fields))


def test_recorded_accounts_are_balances(shared: Path) -> None:
    found = read(ListAccounts, (shared / REST / "nautilus_http_accounts.json").read_bytes()).accounts
    btc, usd = (
        VenueBalance("BTC", Decimal("1.23456789"), Decimal("0.005")),
        VenueBalance("USD", Decimal("10000.5"), Decimal(450)),
    )
    assert venue_balances(found) == (btc, usd)
    doubled = venue_balances([*found, *found])
    assert [each.total for each in doubled] == [Decimal("2.47913578"), Decimal("20901")]


def test_accounts_with_nothing_are_left_out_and_a_negative_hold_is_malformed() -> None:
    empty = {"uuid": "u", "currency": "ETH", "available_balance": {"value": "0", "currency": "ETH"}}
    assert venue_balances(read_values(ListAccounts, {"accounts": [empty]}).accounts) == ()
    broken = {**empty, "hold": {"value": "-1", "currency": "ETH"}}
    with pytest.raises(MalformedAnswer, match="ETH"):
        venue_balances(read_values(ListAccounts, {"accounts": [broken]}).accounts)


def test_recorded_futures_positions_are_signed(shared: Path) -> None:
    position = read(CfmPositions, (shared / REST / "nautilus_http_cfm_positions.json").read_bytes()).positions[0]
    found = futures_position(position)
    assert (found.instrument, found.quantity) == ("BIP-20DEC30-CDE", Decimal(2))
    assert (found.average_price, found.unrealised, found.liquidation_price) == (
        Decimal("49000.00"),
        Decimal("20.00"),
        Decimal("40000.00"),
    )
    fields = {"product_id": "P", "number_of_contracts": "3"}
    assert futures_position(read_values(CfmPosition, {**fields, "side": "SHORT"})).quantity == -3
    with pytest.raises(MalformedAnswer, match="position P"):
        futures_position(read_values(CfmPosition, {**fields, "side": "UNKNOWN"}))


def test_a_perpetual_position_is_signed_once() -> None:
    for size, side, wanted in (("2", "POSITION_SIDE_SHORT", -2), ("-2", "POSITION_SIDE_SHORT", -2), ("2", "LONG", 2)):
        found = read_values(PerpetualPosition, {"product_id": "P", "net_size": size, "position_side": side})
        assert perpetual_position(found).quantity == wanted


def test_recorded_rates_are_exact(shared: Path) -> None:
    text = (shared / REST / "live_transaction_summary_intro1_20251109.json").read_bytes()
    found = fee_tier(read(TransactionSummary, text))
    assert (found.from_volume, found.maker, found.taker) == (0, Decimal("0.006"), Decimal("0.012"))


def test_no_rate_is_assumed() -> None:
    with pytest.raises(MalformedAnswer, match="rate"):
        fee_tier(read_values(TransactionSummary, {"fee_tier": {"maker_fee_rate": "0.1", "taker_fee_rate": ""}}))


def test_rights_that_are_not_told_are_not_had() -> None:
    found = key_rights(read_values(KeyPermissions, {"can_view": True, "portfolio_uuid": "p", "portfolio_type": "INTX"}))
    assert msgspec.to_builtins(found) == {
        "view": True,
        "trade": False,
        "transfer": False,
        "portfolio_id": "p",
        "portfolio_type": "INTX",
    }
