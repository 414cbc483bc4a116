"""Payloads are told apart by their content, compared field by field, and left out by named rules only."""

import gzip
from pathlib import Path, PurePath
from typing import Any

import msgspec
import pytest

from tradewind.model.errors import ConfigError
from tradewind.venues.coinbase.decoding import decode_file, decode_path, decode_payload, tally
from tradewind.venues.coinbase.recognition import SKIP_RULES, content_rule, folder_rule, message_type, type_name
from tradewind.venues.coinbase.round_trip import compare
from tradewind.venues.coinbase.wire.products import Candle, ServerTime
from tradewind.venues.coinbase.wire.values import read_values

TIME = {"iso": "2024-02-27T03:37:14Z", "epochSeconds": "1709005034", "epochMillis": "1709005034333"}
FRAME = {"channel": "heartbeats", "sequence_num": 1, "events": [{"heartbeat_counter": 1}]}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (TIME, "ServerTime"),
        ({}, "Empty"),
        ({"success": True}, "Succeeded"),
        ({"success": True, "errors": []}, "EditOrder"),
        ({"success": True, "order_id": "a", "success_response": {}}, "CreateOrder"),
        ({"success": True, "order_id": "a", "failure_reason": ""}, "CancelResult"),
        ({"success": True, "order_id": "a", "failure_reason": "UNKNOWN_FAILURE_REASON"}, "CreateOrder"),
        ({"positions": []}, "CfmPositions"),
        ({"positions": [], "summary": {}}, "PerpetualPositions"),
        ({"positions": [{"product_id": "A", "net_size": "1"}]}, "PerpetualPositions"),
        ({"position": {"product_id": "A", "net_size": "1"}}, "OnePerpetualPosition"),
        ({"position": {"product_id": "A", "number_of_contracts": "1"}}, "OneCfmPosition"),
        ({"portfolios": [{"uuid": "a"}]}, "ListPortfolios"),
        ({"portfolios": [{"portfolio_uuid": "a"}]}, "PerpetualSummary"),
        ({"order_total": "1", "errs": []}, "PreviewOrder"),
        ({"errors": [], "slippage": "1"}, "EditPreview"),
        ([{"start": "1", "low": "1", "high": "2", "open": "1", "close": "1", "volume": "1"}], "list of Candle"),
        ({"error": "x", "message": "y"}, "ErrorAnswer"),
        ({"message": "y"}, "ErrorAnswer"),
        ({"errors": [{"id": "too_many", "message": "y"}]}, "ErrorAnswer"),
        ({"errors": [{"edit_failure_reason": "y"}]}, "EditPreview"),
        ({"position": None}, "OneCfmPosition"),
        ({"type": "error", "message": "y"}, "ErrorFrame"),
        ({"channel": "user", "events": []}, "UserFrame"),
    ],
)
def test_the_fields_tell_the_message(values: Any, name: str) -> None:
    assert type_name(message_type(values)) == name


@pytest.mark.parametrize("values", [{"x": 1}, [], [1], 3, None, "x", {"channel": "dreams"}])
def test_what_is_none_of_ours_is_not_guessed(values: Any) -> None:
    assert message_type(values) is None


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("c/intx_exchange/rest/a.json", "INTX exchange"),
        ("c/exchange_legacy/a.jsonl.gz", "legacy feed"),
        ("c/advanced_trade/requests/a.json", "requests"),
        ("c/spec/a.yml", "reference tables"),
        ("c/advanced_trade/README.md", "reference tables"),
        ("c/MISSING.txt", "reference tables"),
        ("c/advanced_trade/rest/live_error_401.txt", ""),
        ("c/intx_exchange/advanced_trade/rest/a.json", ""),
        ("products/advanced_trade/a.json", ""),
    ],
)
def test_folders_are_left_out_by_rules_with_names(path: str, rule: str) -> None:
    assert folder_rule(PurePath(path)) == rule
    assert not rule or rule in SKIP_RULES


@pytest.mark.parametrize(
    ("values", "name", "rule"),
    [
        ({"data": {"epoch": 1}}, "time.json", "v2"),
        ({"data": {}}, "fetch_deposit.json", "deposits and withdrawals"),
        ({"address_info": {}}, "a.json", "deposits and withdrawals"),
        ({"type": "l2update", "changes": []}, "a.json", "legacy feed"),
        ([{"resource": "buy"}], "a.json", "v2"),
        (TIME, "a.json", ""),
        (3, "a.json", ""),
    ],
)
def test_payloads_of_other_interfaces_are_left_out(values: Any, name: str, rule: str) -> None:
    assert content_rule(values, PurePath(name)) == rule


def test_unknown_fields_and_words_are_listed_and_are_no_failure() -> None:
    raw = {"trades": [{"trade_id": "1", "side": "BOTH", "mood": "good", "depth": {"deep": 1}}]}
    _, _, found = decode_payload(raw)
    assert found.differences == []
    assert found.unknown_fields == ["MarketTrades.trades[].mood", "MarketTrades.trades[].depth"]
    assert found.unknown_words == ["MarketTrades.trades[].side=BOTH"]


def test_unknown_words_of_the_quick_frames_are_listed_too() -> None:
    trade = {"trade_id": "1", "product_id": "A", "price": "1", "size": "1", "side": "HOLD", "time": ""}
    frame = {"channel": "market_trades", "sequence_num": 1, "events": [{"type": "delta", "trades": [trade]}]}
    _, _, found = decode_payload(frame)
    assert found.differences == []
    assert found.unknown_words == ["TradesFrame.events[].type=delta", "TradesFrame.events[].trades[].side=HOLD"]
    level = {"side": "ask", "price_level": "1", "new_quantity": "1", "event_time": ""}
    event = {"type": "update", "product_id": "A", "updates": [level]}
    _, _, found = decode_payload({"channel": "l2_data", "sequence_num": 1, "events": [event]})
    assert found.unknown_words == ["LevelFrame.events[].updates[].side=ask"]


def test_what_a_difference_quotes_is_short_and_says_why() -> None:
    row = {"side": "bid", "price_level": "9" * 400, "new_quantity": "NaN", "event_time": "soon"}
    event = {"type": "update", "product_id": "A", "updates": [row]}
    _, _, found = decode_payload({"channel": "l2_data", "sequence_num": 1, "events": [event]})
    assert [each.partition(": ")[2] for each in found.differences] == [
        "a number of more than 60 digits is no price and no size", "not a finite number: NaN", "not a time: 'soon'",
    ]  # fmt: skip
    value = read_values(ServerTime, TIME)
    assert len(compare(value, {**TIME, "epochSeconds": "9" * 400}, "T").differences[0]) < 200


def test_a_difference_is_found() -> None:
    value = read_values(ServerTime, TIME)
    assert compare(value, {**TIME, "epochSeconds": "1709005035"}, "T").differences != []
    assert compare(value, {**TIME, "iso": "2024-02-27T03:37:14.0Z"}, "T").differences != []
    assert compare(value, {**TIME, "epochMillis": None}, "T").differences != []
    assert compare(value, TIME, "T").differences == []
    candle = {"start": "1", "low": "1.0", "high": "2", "open": "1", "close": "1", "volume": "1e-8"}
    typed = read_values(Candle, candle)
    assert compare(typed, candle, "C").differences == []
    assert compare(typed, {**candle, "low": "1"}, "C").differences != []  # the digits are the venue's
    assert compare([typed], [], "C").differences != []
    assert compare(typed, [], "C").differences != []


@pytest.mark.parametrize("text", ["NaN", "-", "1.2.3"])
def test_a_number_kept_as_text_must_be_one(text: str) -> None:
    row = {"side": "bid", "price_level": text, "new_quantity": "1", "event_time": ""}
    event = {"type": "update", "product_id": "A", "updates": [row]}
    _, _, found = decode_payload({"channel": "l2_data", "sequence_num": 1, "events": [event]})
    assert len(found.differences) == 1


def test_every_kind_of_file_is_read(tmp_path: Path) -> None:
    rest, ws = tmp_path / "rest", tmp_path / "ws"
    rest.mkdir(), ws.mkdir()
    encode = msgspec.json.encode
    (rest / "one.json").write_bytes(encode(TIME))
    (rest / "labelled.json").write_bytes(encode([{"label": "a", "payload": TIME}, {"label": "b", "payload": {"z": 1}}]))
    (rest / "error_401.txt").write_text("Unauthorized\n")
    (ws / "frames.jsonl").write_bytes(encode(FRAME) + b"\n\n" + encode(FRAME) + b"\n")
    packed = encode({"recv": 1.5, "msg": FRAME}) + b"\n" + encode({"recv": 2, "msg": encode(FRAME).decode()})
    (ws / "packed.jsonl.gz").write_bytes(gzip.compress(packed))
    (ws / "many.json").write_bytes(encode([FRAME, FRAME]))
    (ws / "torn.jsonl.gz").write_bytes(b"\x1f\x8b nothing")
    (ws / "torn.json").write_bytes(b'{"channel": ')
    (tmp_path / "notes.txt").write_text("about")
    outcomes = decode_path(tmp_path)
    totals = tally(outcomes)
    assert (totals.decoded, totals.failed, totals.skipped) == (9, 3, 1)
    assert [each.label for each in outcomes if each.file == "rest/labelled.json"] == ["a", "b"]
    assert decode_file(rest / "one.json", "one")[0].fields == [
        "ServerTime.iso",
        "ServerTime.epochSeconds",
        "ServerTime.epochMillis",
    ]


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no files"):
        decode_path(tmp_path)
    with pytest.raises(ConfigError, match="neither a file nor a folder"):
        decode_path(tmp_path / "x")


def test_every_recorded_payload_decodes_and_writes_back(shared: Path) -> None:
    outcomes = decode_path(shared / "fixtures" / "coinbase")
    totals = tally(outcomes)
    assert [each for each in outcomes if each.result == "failed"] == []
    assert (totals.unknown_fields, totals.unknown_words) == ([], [])
    assert totals.decoded == 69
    assert {each.detail for each in outcomes if each.result == "skipped"} == set(SKIP_RULES)
