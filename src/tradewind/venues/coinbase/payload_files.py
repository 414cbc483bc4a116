"""What payload files hold: each payload with its label and its place, and what could not be read with the reason.

Files may hold one JSON payload, a list of `{label, payload}`, a list of frames, one frame a line (.jsonl), any of them
packed (.gz), with their time of receipt (`{recv, msg}`), or an error's plain text (.txt). One broken line spoils no
other line, and of a packed file that is cut every whole line before the cut is read.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tradewind.model.errors import ProtocolError
from tradewind.venues.coinbase.wire.accounts import ErrorText
from tradewind.venues.coinbase.wire.values import parse

BOM = b"\xef\xbb\xbf"
GZIP_BITS = 31  # zlib's number for "with the header and the check of gzip"


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One payload of a file: its values, or the problem in their place. `at` tells where in the file it is."""

    values: Any = None
    label: str = ""
    at: str = ""
    problem: str = ""


def pieces(path: Path) -> Iterator[Piece]:
    """Yield what a file holds, at least one piece; raises OSError when it cannot be opened."""
    raw, names, cut = path.read_bytes(), path.name.lower(), ""
    if names.endswith(".gz"):
        raw, cut = unpacked(raw)
        names = names.removesuffix(".gz")
    found = list(_lines(raw, bool(cut)) if names.endswith(".jsonl") else _whole(raw, names))
    yield from found if not cut or names.endswith(".jsonl") else ()
    if cut:
        yield Piece(problem=f"the packed file is broken: {cut}; get it again")
    elif not found:
        yield Piece(problem="the file holds no payload")


def unpacked(raw: bytes) -> tuple[bytes, str]:
    """Return the content of a packed file as far as it goes, and why it goes no further ("" when it is whole)."""
    parts: list[bytes] = []
    while raw:
        stream = zlib.decompressobj(GZIP_BITS)
        try:
            parts.append(stream.decompress(raw))
        except zlib.error as error:
            return b"".join(parts), str(error)
        if not stream.eof:
            return b"".join(parts), "it ends in the middle"
        raw = stream.unused_data.lstrip(b"\0")  # parts may follow each other, and padding
    return (b"".join(parts), "") if parts else (b"", "it is empty")


def _lines(raw: bytes, cut: bool) -> Iterator[Piece]:
    """Yield a payload a line; where the file is cut, its last line is not whole and is left to the cut."""
    lines = raw.removeprefix(BOM).splitlines(keepends=True)
    if cut and lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        at = f"line {number}"
        try:
            yield Piece(values=_received(parse(line)), at=at)
        except ProtocolError as error:
            yield Piece(at=at, problem=str(error))


def _whole(raw: bytes, names: str) -> Iterator[Piece]:
    try:
        values = parse(raw.removeprefix(BOM))
    except ProtocolError as error:
        yield _text(raw) if names.endswith(".txt") else Piece(problem=str(error))
        return
    if isinstance(values, list) and values and all(_is_labelled(item) for item in values):
        for item in values:
            payload = item["payload"]
            told = ErrorText(text=payload) if isinstance(payload, str) and payload.strip() else payload
            yield Piece(values=told, label=str(item["label"]))
        return
    many = values if isinstance(values, list) and any(_is_frame(item) for item in values) else [values]
    for item in many:
        try:
            yield Piece(values=_received(item))
        except ProtocolError as error:
            yield Piece(problem=str(error))


def _text(raw: bytes) -> Piece:
    try:
        text = raw.removeprefix(BOM).decode("utf-8").strip()
    except UnicodeDecodeError as error:
        return Piece(problem=f"an error's text that is no UTF-8: {error}")
    return Piece(values=ErrorText(text=text)) if text else Piece(problem="an empty error text")


def _is_labelled(item: Any) -> bool:
    return isinstance(item, dict) and {"label", "payload"} <= item.keys()


def _is_frame(item: Any) -> bool:
    return isinstance(item, dict) and ("channel" in item or _is_received(item))


def _is_received(item: Any) -> bool:
    return isinstance(item, dict) and {"recv", "msg"} <= item.keys() and "channel" not in item


def _received(values: Any) -> Any:
    """Return the frame of a line that was kept with its time of receipt."""
    if not _is_received(values):
        return values
    message = values["msg"]
    return parse(message) if isinstance(message, str) else message
