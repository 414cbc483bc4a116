"""Payload files of every shape are read as far as they are whole; what is broken is said, with its place."""

import gzip
from pathlib import Path

import msgspec
import pytest

from tradewind.venues.coinbase.decoding import decode_file, tally
from tradewind.venues.coinbase.payload_files import pieces, unpacked

TIME = b'{"iso": "2024-02-27T03:37:14Z", "epochSeconds": "1709005034"}'
FRAME = {"channel": "heartbeats", "sequence_num": 1, "events": [{"heartbeat_counter": 1}]}
LINE = msgspec.json.encode(FRAME)


def outcomes(folder: Path, name: str, raw: bytes) -> tuple[int, int, list[str]]:
    """Return how many payloads of a file were decoded and failed, and what is said of them."""
    path = folder / "rest" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw)
    found = decode_file(path, name)
    totals = tally(found)
    return totals.decoded, totals.failed, [each.detail for each in found if each.detail]


def zipped(raw: bytes) -> bytes:
    """The bytes packed, without the time: a case has the same name in every process."""
    return gzip.compress(raw, mtime=0)


@pytest.mark.parametrize(
    ("name", "raw", "decoded"),
    [
        ("bom.json", b"\xef\xbb\xbf" + TIME, 1),
        ("windows.json", TIME.replace(b", ", b",\r\n") + b"\r\n", 1),
        ("bom.jsonl", b"\xef\xbb\xbf" + LINE + b"\r\n\r\n" + LINE, 2),
        ("bom.jsonl.gz", zipped(b"\xef\xbb\xbf" + LINE), 1),
        ("parts.jsonl.gz", zipped(LINE + b"\n") + zipped(LINE) + b"\0\0", 2),
        ("one.json.gz", zipped(TIME), 1),
        ("kept.jsonl", b'{"recv": 1, "connection": "a", "msg": ' + LINE + b"}", 1),
        ("error.txt", b"\xef\xbb\xbfUnauthorized\r\n", 1),
        ("error_json.txt", b'{"error": "NOT_FOUND", "message": "no such order"}', 1),
        ("labelled.json", b'[{"label": "401", "payload": "Unauthorized"}, {"label": "t", "payload": %b}]' % TIME, 2),
    ],
)
def test_a_whole_file_is_read_however_it_was_kept(tmp_path: Path, name: str, raw: bytes, decoded: int) -> None:
    assert outcomes(tmp_path, name, raw) == (decoded, 0, [])


@pytest.mark.parametrize(
    ("name", "raw", "decoded", "said"),
    [
        ("empty.json", b"", 0, "truncated"),
        ("empty.jsonl", b"", 0, "holds no payload"),
        ("blank.jsonl", b"\n \r\n", 0, "holds no payload"),
        ("empty.jsonl.gz", b"", 0, "broken: it is empty"),
        ("plain.jsonl.gz", LINE, 0, "broken: "),
        ("cut.json.gz", zipped(TIME)[:-9], 0, "ends in the middle"),
        ("check.jsonl.gz", zipped(LINE)[:-8] + b"\0" * 8, 0, "incorrect data check"),
        ("line.jsonl", LINE + b'\n{"channel": "tick\n' + LINE, 2, "line 2: "),
        ("inner.jsonl", b'{"recv": 1, "msg": "{oops"}\n' + LINE, 1, "line 1: "),
        ("field.jsonl", LINE + b'\n{"channel": "heartbeats", "events": []}', 1, "line 2: "),
        ("error.txt", b" \n", 0, "empty error text"),
        ("error_bytes.txt", b"\xff\xfe", 0, "no UTF-8"),
        ("wide.json", TIME.decode().encode("utf-16"), 0, "no JSON"),
    ],
)
def test_what_is_broken_is_said_and_spoils_nothing_else(
    tmp_path: Path, name: str, raw: bytes, decoded: int, said: str
) -> None:
    good, failed, details = outcomes(tmp_path, name, raw)
    assert (good, failed) == (decoded, 1)
    assert said in details[0]


def test_of_a_cut_file_every_whole_line_is_read(tmp_path: Path) -> None:
    lines = b"".join(b'{"iso": "2024-02-27T03:37:14Z", "epochSeconds": %d}\n' % number for number in range(4_000))
    packed = zipped(lines)
    whole = len(unpacked(packed[: len(packed) // 2])[0].splitlines(keepends=True))
    decoded, failed, details = outcomes(tmp_path, "cut.jsonl.gz", packed[: len(packed) // 2])
    assert whole - 1 <= decoded <= whole
    assert 0 < decoded < 4_000
    assert failed == 1
    assert details == ["the packed file is broken: it ends in the middle; get it again"]


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    found = decode_file(tmp_path / "gone.json", "gone.json")
    assert found[0].result == "failed"
    assert "cannot be read" in found[0].detail
    with pytest.raises(OSError, match=r"gone\.json"):
        list(pieces(tmp_path / "gone.json"))
