"""`tradewind venues decode` prints every payload, the rules and the counts, and fails when one payload does."""

from pathlib import Path

import msgspec
import pytest

from tradewind.cli.venue_payloads import decode_and_show

TIME = b'{"iso": "2024-02-27T03:37:14Z", "epochSeconds": "1709005034", "mood": 1}'


def test_the_last_line_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "time.json").write_bytes(TIME)
    assert decode_and_show(tmp_path, json=True) == 0
    *rest, last = capsys.readouterr().out.splitlines()
    assert msgspec.json.decode(last) == {
        "decoded": 1, "failed": 0, "skipped": 0, "unknown_fields": ["ServerTime.mood"], "unknown_words": [],
    }  # fmt: skip
    assert any("time.json" in line and "ServerTime" in line and "decoded" in line for line in rest)
    assert any("deposits and withdrawals" in line for line in rest)


def test_a_failed_payload_fails_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "time.json").write_bytes(b'{"iso": "yesterday"}')
    assert decode_and_show(tmp_path / "time.json", json=False) == 1
    out = capsys.readouterr().out
    assert "0 decoded, 1 failed, 0 left out" in out
    assert "not a time" in out
