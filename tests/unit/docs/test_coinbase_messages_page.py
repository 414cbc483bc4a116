"""docs/venues/coinbase-messages.md lists the rules that leave payloads out, and every recording with its message."""

from pathlib import Path

from tests.unit.docs.pages import codes, read, rows, section
from tradewind.venues.coinbase.decoding import DECODED, decode_path
from tradewind.venues.coinbase.recognition import SKIP_RULES
from tradewind.venues.coinbase.session import PATIENT

PAGE = "docs/venues/coinbase-messages.md"


def test_every_rule_is_on_the_page() -> None:
    listed = {row[0]: row[1] for row in rows(section(read(PAGE), "Recordings held against the types")) if len(row) == 2}
    assert listed == dict(SKIP_RULES)


def test_every_recording_is_on_the_page(shared: Path) -> None:
    listed = {
        (codes(row[0])[0], file)
        for row in rows(section(read(PAGE), "Recordings held against the types"))
        if len(row) == 3
        for file in codes(row[1])
    }
    outcomes = decode_path(shared / "fixtures" / "coinbase")
    found = {(each.message, each.file.removeprefix("advanced_trade/")) for each in outcomes if each.result == DECODED}
    assert listed == found


def test_the_patience_on_the_page_is_the_sessions() -> None:
    text = section(read(PAGE), "The stream")
    assert f"no frame for {PATIENT.silence_ns // 10**9} s" in text
    assert f"crossed for {PATIENT.crossed_ns // 10**9} s" in text
    assert f"missing after {PATIENT.acknowledge_ns // 10**9} s" in text
    assert f"more than {PATIENT.late_max} in a row" in text
