"""Texts become numbers, times and words, exactly or not at all."""

from decimal import Decimal

import msgspec
import pytest

from tradewind.model.errors import ProtocolError
from tradewind.venues.coinbase.round_trip import compare
from tradewind.venues.coinbase.wire import accounts, converting, futures, orders, products, stream
from tradewind.venues.coinbase.wire.orders import CreateOrder, GetOrder, Terms
from tradewind.venues.coinbase.wire.products import Product
from tradewind.venues.coinbase.wire.stream import decode_frame
from tradewind.venues.coinbase.wire.values import Money, Timestamp, amount, moment_ns, ns_of, number, read
from tradewind.venues.coinbase.wire.words import OrderStatus

ORDER = b'{"order": {"order_id": "a", "product_id": "BTC-USD", "side": "BUY", "status": "OPEN", %b}}'


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2023-01-04T06:20:06.456Z", 1_672_813_206_456_000_000),
        ("2026-09-05T22:10:29.562008293Z", 1_788_646_229_562_008_293),
        ("2023-02-09T20:19:35.39625135Z", 1_675_973_975_396_251_350),
        ("2023-06-23 20:31:56.121961769 +0000 UTC m=+91717.525857105", 1_687_552_316_121_961_769),
        ("2026-04-07 14:30:10.000000000+00:00", 1_775_572_210_000_000_000),
        ("2015-02-11T16:54:02-08:00", 1_423_702_442_000_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000_000),
        ("1714143600", 1_714_143_600_000_000_000),
        ("1714143600123", 1_714_143_600_123_000_000),
    ],
)
def test_a_time_is_read_to_the_nanosecond_and_written_as_it_was(text: str, ns: int) -> None:
    moment = Timestamp.parse(text)
    assert (moment.ns, moment.text) == (ns, text)
    assert moment_ns(text) == ns
    assert ns_of(moment) == max(ns, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "0",
        "17141436001",
        "0714143600",
        "-714143600",
        "1714143600.5",
        "2023-13-01T00:00:00Z",
        "2023-01-01T24:00:00Z",
        "2023-01-01T00:00:00",
        "٢٠٢٣-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Timestamp.parse(text)


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "sNaN", "1e500", "1e-500", "9" * 80, "0." + "1" * 80, "x", ""])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        number(text)
    if text:
        with pytest.raises(ProtocolError, match="cannot be read"):
            read(Product, msgspec.json.encode({"product_id": "BTC-USD", "price": text}))


@pytest.mark.parametrize("moment", ["1714143600", 1_714_143_600, "2024-04-26T15:00:00Z"])
def test_an_expiry_is_read_in_each_way_it_is_written(moment: str | int) -> None:
    raw = {"product_id": "BTC-26APR24-CDE", "future_product_details": {"contract_expiry": moment}}
    product = read(Product, msgspec.json.encode(raw))
    assert product.future_product_details is not None
    assert ns_of(product.future_product_details.contract_expiry) == 1_714_143_600_000_000_000
    assert compare(product, raw, "Product").differences == []


def test_a_truth_is_no_moment() -> None:
    with pytest.raises(ProtocolError, match="expected a Timestamp"):
        read(Product, b'{"product_id": "A", "future_product_details": {"contract_expiry": true}}')


def test_the_bounds_of_a_tier_may_be_grouped_and_nothing_else_may() -> None:
    raw = {"fee_tier": {"usd_from": "10,000", "usd_to": "1,000,000.50", "taker_fee_rate": "0.006"}}
    summary = read(accounts.TransactionSummary, msgspec.json.encode(raw))
    tier = summary.fee_tier
    assert tier.usd_from is not None
    assert tier.usd_to is not None
    assert (tier.usd_from.value, tier.usd_to.value) == (Decimal(10_000), Decimal("1000000.50"))
    assert compare(summary, raw, "TransactionSummary").differences == []
    for text in ("1,00", "1,0000", "1.000,5", ",100", "x"):
        with pytest.raises(ProtocolError, match="usd_to"):
            read(accounts.TransactionSummary, msgspec.json.encode({"fee_tier": {"usd_to": text}}))
    with pytest.raises(ProtocolError, match="price"):
        read(Product, b'{"product_id": "BTC-USD", "price": "10,000"}')


def test_json_numbers_are_exact() -> None:
    raw = b'{"total_volume": 9.995989116664404, "total_fees": 0, "fee_tier": {"taker_fee_rate": "0.012", "usd_to": ""}}'
    summary = read(accounts.TransactionSummary, raw)
    assert summary.total_volume == Decimal("9.995989116664404")
    assert summary.total_fees == 0
    assert (summary.fee_tier.taker_fee_rate, summary.fee_tier.usd_to) == (Decimal("0.012"), None)


@pytest.mark.parametrize("raw", [b'"fee": ""', b'"fee": null', b'"user_id": ""'])
def test_no_value_is_said_in_three_ways(raw: bytes) -> None:
    order = read(GetOrder, ORDER % raw).order
    assert (order.fee, order.user_id) == (None, "")


def test_an_unknown_word_is_kept_and_says_so() -> None:
    raw = ORDER.replace(b'"OPEN"', b'"DREAMING"') % b'"fee": ""'
    status = read(GetOrder, raw).order.status
    assert (status, status.known, OrderStatus("OPEN").known) == ("DREAMING", False, True)


def test_a_missing_name_is_not_made_up() -> None:
    with pytest.raises(ProtocolError, match="order_id"):
        read(GetOrder, b'{"order": {"order_id": "", "product_id": "BTC-USD", "side": "BUY", "status": "OPEN"}}')
    with pytest.raises(ProtocolError, match="success"):
        read(CreateOrder, b"{}")


@pytest.mark.parametrize("raw", [b"", b"{", b"Unauthorized", b"\xff", b"[" * 100_000, b'{"order": [1, 2]}'])
def test_what_is_no_answer_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        read(GetOrder, raw)


def test_amounts_come_bare_and_wrapped() -> None:
    raw = Money(value=Decimal(3), raw_currency=Money(value=Decimal(2)))
    assert [amount(each) for each in (None, Decimal(1), Money(value=Decimal(3)), raw)] == [None, 1, 3, 2]


def test_the_configuration_names_its_kind() -> None:
    raw = b'{"success": false, "order_configuration": {"limit_limit_gtc": {"base_size": "1"}}}'
    configuration = read(CreateOrder, raw).order_configuration
    assert configuration is not None
    assert configuration.the_one() == ("limit_limit_gtc", Terms(base_size=Decimal(1)))
    assert orders.OrderConfiguration().the_one() is None


@pytest.mark.parametrize("text", ['"true"', "true"])
def test_the_user_channel_spells_truth_as_text(text: str) -> None:
    raw = (
        '{"channel": "user", "sequence_num": 3, "events": [{"type": "update", "orders": [{"order_id": "a", '
        f'"status": "OPEN", "product_id": "B", "order_side": "BUY", "post_only": {text}}}]}}]}}'
    )
    frame = decode_frame(raw)
    assert isinstance(frame, stream.UserFrame)
    assert frame.events[0].orders[0].post_only is True


def test_a_quick_frame_is_read_whatever_way_its_numbers_are_written() -> None:
    raw = (
        b'{"channel": "ticker", "sequence_num": 3, "client_id": null, "events": [{"type": "update", "tickers": '
        b'[{"product_id": "A-B", "price": 21932.98, "best_bid": 1e-8, "best_ask": null, "volume_24_h": 3}]}]}'
    )
    frame = decode_frame(raw)
    assert isinstance(frame, stream.TickerFrame)
    row = frame.events[0].tickers[0]
    assert (row.price, row.best_ask, row.volume_24_h) == ("21932.98", "", "3")
    assert number(row.best_bid) == Decimal("1e-8")
    assert frame.sequence_num == 3


@pytest.mark.parametrize(
    "raw",
    [
        b'{"channel": "dreams", "sequence_num": 1, "events": []}',
        b'{"channel": "l2_data", "sequence_num": "x", "events": []}',
        b'{"channel": "l2_data", "events": []}',
        b"[]",
        b"{}",
        b"3",
    ],
)
def test_a_frame_that_cannot_be_read_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_frame(raw)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (futures.BalanceSummary, b'{"balance_summary": null}'),
        (futures.OneCfmPosition, b'{"position": null}'),
        (futures.CurrentMarginWindow, b'{"margin_window": null}'),
        (futures.ListPerpetualBalances, b'{"portfolio_balances": {"portfolio_uuid": "p", "balances": []}}'),
        (futures.ListPerpetualBalances, b'{"portfolio_balances": [{"portfolio_uuid": "p"}]}'),
        (accounts.TransactionSummary, b'{"fee_tier": {}, "goods_and_services_tax": {"rate": {"value": "0.1"}}}'),
        (orders.CancelOrders, b'{"results": [{"success": false, "failure_reason": "UNKNOWN", "order_id": ""}]}'),
        (orders.ListOrders, b'{"orders": [], "sequence": "string"}'),
        (accounts.ErrorAnswer, b'{"code": 5, "details": [{"@type": "t", "reason": "R", "metadata": {"a": "b"}}]}'),
    ],
)
def test_what_the_venue_may_leave_empty_or_wrap_is_read(kind: type[msgspec.Struct], raw: bytes) -> None:
    assert isinstance(read(kind, raw), kind)


def test_a_side_left_empty_is_known_to_be_unknown() -> None:
    order = read(
        orders.GetOrder, b'{"order": {"order_id": "a", "product_id": "B", "status": "OPEN", "side": ""}}'
    ).order
    assert not order.side.known


def test_a_number_that_cannot_be_is_named() -> None:
    with pytest.raises(ProtocolError, match="total_volume: a number of more than 60 digits"):
        read(accounts.TransactionSummary, b'{"fee_tier": {}, "total_volume": 1e999999999}')


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (products.ServerTime, '{"iso": "2024-02-27T03:37:14Z", "epochMillis": "%s"}' % ("9" * 400)),
        (products.ListCandles, '{"candles": [{"start": "%s", "low": 1, "high": 1, "open": 1, "close": 1, "volume": 1}]}'
            % ("9" * 20)),
        (orders.GetOrder, '{"order": {"order_id": "a", "product_id": "B", "status": "OPEN", "num_fills": -1e20}}'),
    ],
)  # fmt: skip
def test_a_count_that_nothing_has_is_refused(kind: type[msgspec.Struct], raw: str) -> None:
    with pytest.raises(ProtocolError):
        read(kind, raw)


@pytest.mark.parametrize("module", [accounts, converting, futures, orders, products, stream])
def test_no_message_passes_anything_through_untyped(module: object) -> None:
    for kind in vars(module).values():
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            inspected = msgspec.inspect.type_info(kind)
            assert "AnyType" not in repr(inspected), kind
            assert "RawType" not in repr(inspected), kind
