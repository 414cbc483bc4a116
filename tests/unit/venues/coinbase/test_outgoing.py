"""Orders as the venue takes them: every kind and time in force, what is emulated, and what is refused unsent."""

from decimal import Decimal

import msgspec
import pytest

from tradewind.model.errors import InvalidOrder
from tradewind.model.instrument import InstrumentKind, define_instrument
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import PlaceRefused
from tradewind.venues.coinbase import configurations as made
from tradewind.venues.coinbase.outgoing import Outgoing, outgoing_order
from tradewind.venues.ports import ProductMode, ProductState
from tradewind.venues.terms import refusal_before_sending

SPOT = define_instrument("BTC-USD", price_increment="0.01", base_increment="0.0001", min_notional=Decimal(1))
PERPETUAL = define_instrument("BTC-PERP-INTX", kind=InstrumentKind.PERPETUAL, base_increment="0.0001")
MOMENT_NS = 1_767_225_600_123_456_789
MOMENT = "2026-01-01T00:00:00.123456Z"
STATE = ProductState(
    instrument="BTC-USD",
    price=Decimal(50_000),
    min_quantity=Decimal("0.0002"),
    max_quantity=Decimal(100),
    min_notional=Decimal(20),
    max_notional=Decimal(1_000_000),
)


def order(kind: OrderKind = OrderKind.LIMIT, side: Side = Side.BUY, **fields: object) -> OrderRequest:
    given = {"quantity": 5, "price": 5_000_000 if kind in {OrderKind.LIMIT, OrderKind.STOP_LIMIT} else None, **fields}
    return OrderRequest("name-1", "BTC-USD", side, kind, **given)  # type: ignore[arg-type]


BASE = {"base_size": "0.0005"}
LIMIT = {**BASE, "limit_price": "50000"}
STOP = {**LIMIT, "stop_price": "51000", "stop_direction": "STOP_DIRECTION_STOP_UP"}
FORMS = [
    (order(OrderKind.MARKET), {"market_market_ioc": BASE}),
    (order(OrderKind.MARKET, time_in_force=TimeInForce.IOC), {"market_market_ioc": BASE}),
    (order(OrderKind.MARKET, time_in_force=TimeInForce.FOK), {"market_market_fok": BASE}),
    (
        order(OrderKind.MARKET, quantity=None, quote_quantity=Decimal("12.50")),
        {"market_market_ioc": {"quote_size": "12.5"}},
    ),
    (order(), {"limit_limit_gtc": {**LIMIT, "post_only": False}}),
    (order(post_only=True), {"limit_limit_gtc": {**LIMIT, "post_only": True}}),
    (
        order(time_in_force=TimeInForce.GTD, expire_ns=MOMENT_NS),
        {"limit_limit_gtd": {**LIMIT, "end_time": MOMENT, "post_only": False}},
    ),
    (order(time_in_force=TimeInForce.IOC), {"sor_limit_ioc": LIMIT}),
    (order(time_in_force=TimeInForce.FOK), {"limit_limit_fok": LIMIT}),
    (order(OrderKind.STOP_LIMIT, stop=5_100_000), {"stop_limit_stop_limit_gtc": STOP}),
    (
        order(OrderKind.STOP_LIMIT, stop=5_100_000, time_in_force=TimeInForce.GTD, expire_ns=MOMENT_NS),
        {"stop_limit_stop_limit_gtd": {**STOP, "end_time": MOMENT}},
    ),
    (
        order(OrderKind.STOP_LIMIT, Side.SELL, stop=5_100_000),
        {"stop_limit_stop_limit_gtc": {**STOP, "stop_direction": "STOP_DIRECTION_STOP_DOWN"}},
    ),
]


@pytest.mark.parametrize(("request_", "wanted"), FORMS, ids=[str(number) for number in range(len(FORMS))])
def test_each_order_has_its_form(request_: OrderRequest, wanted: object) -> None:
    assert outgoing_order(request_, SPOT) == Outgoing(wanted)  # type: ignore[arg-type]


def test_a_stop_market_becomes_a_stop_limit_beyond_the_stop_and_says_so() -> None:
    sell = outgoing_order(order(OrderKind.STOP_MARKET, Side.SELL, stop=5_000_001), SPOT)
    assert isinstance(sell, Outgoing)
    terms = sell.configuration["stop_limit_stop_limit_gtc"]
    assert (terms["stop_price"], terms["limit_price"]) == ("50000.01", "47500")
    assert "5 % beyond" in sell.emulation
    buy = outgoing_order(order(OrderKind.STOP_MARKET, stop=5_000_001), SPOT, stop_band=Decimal("0.001"))
    assert isinstance(buy, Outgoing)
    assert buy.configuration["stop_limit_stop_limit_gtc"]["limit_price"] == "50050.02"


def test_a_tiny_stop_keeps_a_positive_price() -> None:
    sell = outgoing_order(order(OrderKind.STOP_MARKET, Side.SELL, stop=1), SPOT)
    assert isinstance(sell, Outgoing)
    assert sell.configuration["stop_limit_stop_limit_gtc"]["limit_price"] == "0.01"


def test_all_free_cash_is_a_quote_size() -> None:
    everything = order(OrderKind.MARKET, quantity=None, maximum=True)
    form = outgoing_order(everything, SPOT, cash=Decimal("99.99"))
    assert isinstance(form, Outgoing)
    assert form.configuration == {"market_market_ioc": {"quote_size": "99.99"}}
    refused = outgoing_order(everything, SPOT, cash=Decimal(0))
    assert isinstance(refused, PlaceRefused)
    assert refused.reason == "INSUFFICIENT_FUND"


def test_reduce_only_is_written_for_contracts_alone() -> None:
    for kind in (OrderKind.MARKET, OrderKind.LIMIT):
        request = order(kind, reduce_only=True)
        spot, perpetual = outgoing_order(request, SPOT), outgoing_order(request, PERPETUAL)
        assert isinstance(spot, Outgoing)
        assert isinstance(perpetual, Outgoing)
        assert [each.get("reduce_only") for each in spot.configuration.values()] == [None]
        assert [each["reduce_only"] for each in perpetual.configuration.values()] == [True]


LACKING = [
    (order(OrderKind.TRAILING_STOP, trail=100), "trailing"),
    (order(display=1), "iceberg"),
    (order(oco="pair"), "bracket"),
    (order(after="parent"), "wait"),
    (order(time_in_force=TimeInForce.IOC, post_only=True), "post-only"),
    (order(OrderKind.MARKET, post_only=True), "post-only"),
    (order(OrderKind.STOP_LIMIT, stop=1, post_only=True), "post-only"),
    (order(OrderKind.MARKET, time_in_force=TimeInForce.GTD, expire_ns=1), "market order that is gtd"),
    (order(OrderKind.STOP_LIMIT, stop=1, time_in_force=TimeInForce.IOC), "stop order that is ioc"),
    (order(time_in_force=TimeInForce.GTD), "not named"),
    (order(price=None), "price"),
    (order(OrderKind.STOP_LIMIT), "stop price"),
    (order(OrderKind.STOP_LIMIT, stop=1, price=None), "price"),
    (order(quantity=None, quote_quantity=Decimal(1)), "market order"),
    (order(OrderKind.MARKET, Side.SELL, quantity=None, quote_quantity=Decimal(1)), "sale"),
    (
        order(OrderKind.MARKET, quantity=None, quote_quantity=Decimal(1), time_in_force=TimeInForce.FOK),
        "fill-or-kill",
    ),
    (msgspec.structs.replace(order(), order_id="x" * 129), "128"),
    (msgspec.structs.replace(order(), order_id=""), "name"),
]


@pytest.mark.parametrize(("request_", "word"), LACKING, ids=[str(number) for number in range(len(LACKING))])
def test_what_the_venue_lacks_is_refused_in_words(request_: OrderRequest, word: str) -> None:
    refused = outgoing_order(request_, SPOT)
    assert isinstance(refused, PlaceRefused)
    assert refused.reason == "UNSUPPORTED_ORDER"
    assert word in refused.text


STATES = [
    (order(quantity=0), STATE, "INVALID_SIZE_PRECISION"),
    (order(quantity=-5), STATE, "INVALID_SIZE_PRECISION"),
    (order(price=-1), STATE, "INVALID_PRICE_PRECISION"),
    (order(OrderKind.STOP_LIMIT, stop=0), STATE, "INVALID_PRICE_PRECISION"),
    (order(quantity=1), STATE, "BELOW_MINIMUM_SIZE"),
    (order(quantity=2, price=100), STATE, "BELOW_MINIMUM_NOTIONAL"),
    (order(quantity=2_000_000), STATE, "ABOVE_MAXIMUM_SIZE"),
    (order(quantity=900_000), STATE, "ABOVE_MAXIMUM_NOTIONAL"),
    (order(OrderKind.MARKET, quantity=2), STATE, "BELOW_MINIMUM_NOTIONAL"),
    (order(OrderKind.MARKET, quantity=None, quote_quantity=Decimal(19)), STATE, "BELOW_MINIMUM_NOTIONAL"),
    *(
        (order(), msgspec.structs.replace(STATE, mode=mode), "PRODUCT_NOT_TAKING_ORDERS")
        for mode in (ProductMode.CANCEL_ONLY, ProductMode.VIEW_ONLY, ProductMode.DISABLED)
    ),
    (order(), msgspec.structs.replace(STATE, session_open=False), "PRODUCT_NOT_TAKING_ORDERS"),
    (order(OrderKind.MARKET), msgspec.structs.replace(STATE, mode=ProductMode.LIMIT_ONLY), "PRODUCT_LIMIT_ONLY"),
    (order(OrderKind.MARKET), msgspec.structs.replace(STATE, mode=ProductMode.AUCTION), "PRODUCT_LIMIT_ONLY"),
    (order(), msgspec.structs.replace(STATE, mode=ProductMode.POST_ONLY), "PRODUCT_POST_ONLY"),
]


@pytest.mark.parametrize(("request_", "state", "reason"), STATES, ids=[str(number) for number in range(len(STATES))])
def test_what_the_product_forbids_is_refused_unsent(request_: OrderRequest, state: ProductState, reason: str) -> None:
    lotted = msgspec.structs.replace(SPOT, lot=1)
    refused = refusal_before_sending(request_, lotted, state)
    assert refused is not None
    assert refused.reason == reason
    assert "BTC-USD" in refused.text


def test_what_the_product_allows_is_not_refused() -> None:
    allowed = [
        (order(), STATE),
        (order(post_only=True), msgspec.structs.replace(STATE, mode=ProductMode.POST_ONLY)),
        (order(), msgspec.structs.replace(STATE, mode=ProductMode.LIMIT_ONLY)),
        (order(OrderKind.MARKET), STATE),
        (order(), None),
    ]
    assert [refusal_before_sending(request, SPOT, state) for request, state in allowed] == [None] * len(allowed)


def test_off_increment_names_the_increment() -> None:
    coarse = define_instrument("BTC-USD", price_increment="0.05", base_increment="0.0005")
    for request, word in ((order(quantity=6), "0.0005"), (order(price=5_000_001), "0.05")):
        refused = refusal_before_sending(request, coarse, STATE)
        assert refused is not None
        assert refused.reason.endswith("PRECISION")
        assert word in refused.text


def test_brackets_and_twaps_have_their_fields() -> None:
    assert made.bracket_gtc(Decimal("0.5"), Decimal(60_000), Decimal(45_000)) == {
        "trigger_bracket_gtc": {"base_size": "0.5", "limit_price": "60000", "stop_trigger_price": "45000"}
    }
    assert made.bracket_gtd(Decimal("0.5"), Decimal(60_000), Decimal(45_000), MOMENT_NS) == {
        "trigger_bracket_gtd": {
            "base_size": "0.5",
            "limit_price": "60000",
            "stop_trigger_price": "45000",
            "end_time": MOMENT,
        }
    }
    assert made.attached_bracket(Decimal(2), Decimal(1)) == {
        "trigger_bracket_gtc": {"limit_price": "2", "stop_trigger_price": "1"}
    }
    twap = made.twap_gtd(Decimal(1), Decimal(2), MOMENT_NS, MOMENT_NS + 1, buckets=4, bucket_s=30)
    assert twap == {
        "twap_limit_gtd": {
            "base_size": "1",
            "limit_price": "2",
            "start_time": MOMENT,
            "end_time": MOMENT,
            "number_buckets": "4",
            "bucket_duration": "30s",
        }
    }
    for buckets, end_ns in ((0, MOMENT_NS + 1), (4, MOMENT_NS)):
        with pytest.raises(InvalidOrder):
            made.twap_gtd(Decimal(1), Decimal(2), MOMENT_NS, end_ns, buckets=buckets, bucket_s=30)


@pytest.mark.parametrize("value", [None, "NaN", "Infinity", "-1", "0", "1E+50", "1E-60"])
def test_no_absurd_number_leaves(value: str | None) -> None:
    with pytest.raises(InvalidOrder, match=r"number|characters"):
        made.number(None if value is None else Decimal(value))


def test_a_market_order_has_one_size() -> None:
    with pytest.raises(InvalidOrder):
        made.market_ioc()
    with pytest.raises(InvalidOrder):
        made.market_ioc(base=Decimal(1), quote=Decimal(1))
