"""Every malformed or unaffordable order has the venue's reason for it, and changes nothing."""

from decimal import Decimal

import pytest

from tests.exchange_rig import BUY, SECOND_NS, SELL, START_NS, Rig
from tradewind.exchange.core.orders import NewOrder, OrderType, StopDirection
from tradewind.exchange.core.products import Product, ProductKind
from tradewind.model.errors import ConfigError
from tradewind.model.orders import Side, TimeInForce

D = Decimal
IOC, FOK, GTC, GTD = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC, TimeInForce.GTD
BRACKET = OrderType.BRACKET
UNSUPPORTED = "UNSUPPORTED_ORDER_CONFIGURATION"


@pytest.mark.parametrize(
    ("size", "price", "fields", "why"),
    [
        ("1", "20000", {"product_id": "NO-SUCH"}, "INVALID_PRODUCT_ID"),
        ("1", "20000", {"client_order_id": ""}, "INVALID_REQUEST"),
        ("1", None, {"time_in_force": GTC}, UNSUPPORTED),
        ("1", "20000", {"kind": OrderType.MARKET, "time_in_force": IOC}, UNSUPPORTED),
        ("1", None, {"kind": OrderType.LIMIT, "time_in_force": GTC}, UNSUPPORTED),
        ("1", "20000", {"quote_size": "5"}, UNSUPPORTED),
        (None, "20000", {}, UNSUPPORTED),
        ("1", "20000", {"stop_price": "19000"}, UNSUPPORTED),
        ("1", "20000", {"stop_direction": StopDirection.UP}, UNSUPPORTED),
        ("1", "20000", {"kind": OrderType.STOP_LIMIT, "stop_price": "21000"}, UNSUPPORTED),
        ("1", "20000", {"post_only": True, "time_in_force": IOC}, UNSUPPORTED),
        ("1", "20000", {"post_only": True, "time_in_force": FOK}, "POST_ONLY_NOT_ALLOWED_WITH_FOK"),
        (None, "2", {"kind": BRACKET, "stop_price": "9", "quote_size": "5"}, "QUOTE_SIZE_NOT_ALLOWED_FOR_BRACKET"),
        ("1", "20000", {"time_in_force": GTD}, "GTD_ORDERS_MUST_HAVE_END_TIME"),
        ("1", "20000", {"time_in_force": GTD, "end_ns": START_NS}, "END_TIME_IS_IN_THE_PAST"),
        ("NaN", "20000", {}, "PREVIEW_NON_NUMERIC_ORDER_SIZE"),
        ("sNaN", "20000", {}, "PREVIEW_NON_NUMERIC_ORDER_SIZE"),
        ("Infinity", "20000", {}, "PREVIEW_NON_NUMERIC_ORDER_SIZE"),
        ("1", "-Infinity", {}, "PREVIEW_NON_NUMERIC_ORDER_SIZE"),
        ("-1", "20000", {}, "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
        ("0", "20000", {}, "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
        ("-0", "20000", {}, "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
        ("0.000999", "20000", {}, "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
        ("0.000000001", "20000", {}, "INVALID_SIZE_PRECISION"),
        ("1." + "0" * 60 + "1", "20000", {}, "INVALID_SIZE_PRECISION"),
        ("1e40", "20000", {}, "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE"),
        ("50.1", "10", {}, "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE"),
        ("1", "1e40", {}, "INVALID_LIMIT_PRICE"),
        ("1", "0", {}, "INVALID_LIMIT_PRICE"),
        ("1", "-5", {}, "INVALID_LIMIT_PRICE"),
        ("1", "20000.001", {}, "INVALID_PRICE_PRECISION"),
        ("0.001", "900", {}, "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"),
        ("50", "20000.01", {}, "PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE"),
        (None, "20000", {"quote_size": "0"}, "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"),
        (None, "20000", {"quote_size": "10.001"}, "INVALID_SIZE_PRECISION"),
        (None, None, {"quote_size": "5"}, "INVALID_NO_LIQUIDITY"),
        ("5", "20000", {}, "INSUFFICIENT_FUND"),
    ],
)  # fmt: skip
def test_reasons(size: str | None, price: str | None, fields: dict[str, object], why: str) -> None:
    rig = Rig()
    before = rig.money(rig.ann)

    assert rig.refused(rig.ann, BUY, size, price, **fields) == why
    assert rig.money(rig.ann) == before
    assert rig.exchange.orders(rig.ann) == []
    given = str(fields.get("client_order_id", "c1"))
    assert rig.exchange.order_by_client_id(rig.ann, given) is None


def test_a_sale_cannot_be_sized_in_quote_at_the_market() -> None:
    assert Rig().refused(Rig().ann, SELL, None, quote_size="50") == UNSUPPORTED


def test_a_preview_says_what_a_placement_would() -> None:
    rig = Rig()
    rig.place(rig.bob, SELL, "0.1", "20000")
    rig.place(rig.bob, SELL, "0.1", "20200")
    request = rig.ask(BUY, "0.2")
    preview = rig.exchange.preview(rig.ann, request, rig.now_ns)
    refused = rig.exchange.preview(rig.ann, rig.ask(BUY, "0.2", "20200", post_only=True), rig.now_ns)

    assert preview.failures == ()
    assert (preview.base_size, preview.quote_size) == (D("0.2"), D("4020"))
    assert preview.commission_total == D("24.12")
    assert preview.order_total == D("4044.12")
    assert preview.average_filled_price == D("20100")
    assert preview.slippage == D("0.005")
    assert (preview.best_bid, preview.best_ask) == (None, D("20000"))
    assert refused.failures[0].preview_reason == "PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY"
    placed = rig.exchange.place(rig.ann, request, rig.now_ns).order
    assert placed is not None
    assert placed.fees == preview.commission_total
    resting = rig.exchange.preview(rig.ann, rig.ask(BUY, "0.1", "10000"), rig.now_ns)
    assert resting.commission_total == D("4")


def test_asking_for_what_is_not_there_is_the_callers_mistake() -> None:
    rig = Rig()
    with pytest.raises(ConfigError, match="no account 'nobody'"):
        rig.exchange.balances("nobody")
    with pytest.raises(ConfigError, match="no product 'NO-SUCH'"):
        rig.exchange.book("NO-SUCH")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"id": "BTC"}, "no base and quote"),
        ({"id": "BTC-USD", "price_increment": D(0)}, "price_increment"),
        ({"id": "BTC-USD", "price_increment": D("1e-12")}, "decimals"),
    ],
)
def test_products_that_cannot_be(fields: dict[str, object], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Product(**fields)  # type: ignore[arg-type]


def test_a_perpetual_is_settled_in_dollar_coins_unless_told() -> None:
    product = Product(id="ETH-PERP-INTX", kind=ProductKind.PERPETUAL)
    assert (product.base, product.quote) == ("ETH", "USDC")


def test_requests_are_values() -> None:
    request = NewOrder(client_order_id="a", product_id="BTC-USD", side=Side.BUY, end_ns=START_NS + SECOND_NS)
    assert request == NewOrder(client_order_id="a", product_id="BTC-USD", side=Side.BUY, end_ns=START_NS + SECOND_NS)
