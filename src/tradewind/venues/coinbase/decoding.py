"""Payload files held against our types: each payload's message, whether it reads and writes back, what we do not know.

Files may hold one JSON payload, a list of `{label, payload}`, one frame a line (.jsonl), such lines packed and with
their time of receipt (`{recv, msg}`, .jsonl.gz), or an error's plain text (.txt).
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tradewind.model.errors import ConfigError, ProtocolError
from tradewind.venues.coinbase.recognition import (
    content_rule,
    folder_rule,
    is_error_text,
    message_type,
    type_name,
)
from tradewind.venues.coinbase.round_trip import Findings, compare
from tradewind.venues.coinbase.wire.accounts import ErrorText
from tradewind.venues.coinbase.wire.stream import FAST_TYPES, decode_frame
from tradewind.venues.coinbase.wire.values import parse, read_values

DECODED, FAILED, SKIPPED = "decoded", "failed", "skipped"
_AGAIN = msgspec.json.Encoder(decimal_format="number")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one payload. `detail` is the reason of a failure, or the rule that left it out."""

    file: str
    label: str = ""
    message: str = "-"
    result: str
    detail: str = ""
    fields: list[str] = []
    unknown_fields: list[str] = []
    unknown_words: list[str] = []


class Tally(msgspec.Struct, frozen=True):
    """All outcomes of a folder, counted."""

    decoded: int
    failed: int
    skipped: int
    unknown_fields: list[str]
    unknown_words: list[str]


def tally(outcomes: list[Outcome]) -> Tally:
    """Return how many payloads went which way, and everything unknown, once."""
    decoded, failed, skipped = (
        sum(each.result == result for each in outcomes) for result in (DECODED, FAILED, SKIPPED)
    )
    fields = sorted({name for each in outcomes for name in each.unknown_fields})
    words = sorted({word for each in outcomes for word in each.unknown_words})
    return Tally(decoded, failed, skipped, fields, words)


def decode_path(path: Path) -> list[Outcome]:
    """Return the outcomes of a file, or of every file below a folder; raises ConfigError if there is none."""
    if path.is_file():
        return decode_file(path, path.name)
    if not path.is_dir():
        raise ConfigError(f"{path} is neither a file nor a folder: name a payload file or a folder of them")
    files = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith("."))
    if not files:
        raise ConfigError(f"{path} holds no files: name a payload file or a folder of them")
    return [outcome for each in files for outcome in decode_file(each, each.relative_to(path).as_posix())]


def decode_file(path: Path, name: str) -> list[Outcome]:
    """Return one outcome per payload of a file; one for the whole file when a rule leaves it out."""
    where = path.absolute()
    rule = folder_rule(where)
    if rule:
        return [Outcome(file=name, result=SKIPPED, detail=rule)]
    try:
        if path.suffix.lower() == ".txt" and is_error_text(where):
            return [_text_outcome(path.read_text(encoding="utf-8"), name)]
        return [_outcome(values, label, name, where) for label, values in _payloads(path)]
    except (ProtocolError, OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        return [Outcome(file=name, result=FAILED, detail=str(error))]


def decode_payload(values: Any) -> tuple[Any, Any, Findings]:
    """Return a payload's type, its typed value and what the round trip found; raises ProtocolError if it has none."""
    kind = message_type(values)
    if kind is None:
        raise ProtocolError("no message of Advanced Trade has these fields")
    value = decode_frame(_AGAIN.encode(values)) if kind in FAST_TYPES else read_values(kind, values)
    return kind, value, compare(value, values, type_name(kind))


def _outcome(values: Any, label: str, name: str, path: Path) -> Outcome:
    rule = content_rule(values, path)
    if rule:
        return Outcome(file=name, label=label, result=SKIPPED, detail=rule)
    try:
        kind, _, found = decode_payload(values)
    except ProtocolError as error:
        message = type_name(message_type(values)) if message_type(values) is not None else "-"
        return Outcome(file=name, label=label, message=message, result=FAILED, detail=str(error))
    return Outcome(
        file=name,
        label=label,
        message=type_name(kind),
        result=FAILED if found.differences else DECODED,
        detail="; ".join(found.differences[:5]),
        fields=found.fields,
        unknown_fields=found.unknown_fields,
        unknown_words=found.unknown_words,
    )


def _text_outcome(text: str, name: str) -> Outcome:
    value = ErrorText(text=text.strip())
    failed = "" if value.text else "an empty error text"
    return Outcome(
        file=name, message="ErrorText", result=FAILED if failed else DECODED, detail=failed, fields=["ErrorText.text"]
    )


def _payloads(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield a file's payloads with their labels."""
    raw = path.read_bytes()
    names = path.name.lower()
    if names.endswith(".gz"):
        raw, names = gzip.decompress(raw), names.removesuffix(".gz")
    if names.endswith(".jsonl"):
        for line in raw.splitlines():
            if line.strip():
                yield "", _received(parse(line))
        return
    values = parse(raw)
    if isinstance(values, list) and values and all(_is_labelled(item) for item in values):
        for item in values:
            yield str(item.get("label", "")), item["payload"]
        return
    if isinstance(values, list) and any(_is_frame(item) for item in values):
        for item in values:
            yield "", _received(item)
        return
    yield "", _received(values)


def _is_labelled(item: Any) -> bool:
    return isinstance(item, dict) and {"label", "payload"} <= item.keys()


def _is_frame(item: Any) -> bool:
    return isinstance(item, dict) and ("channel" in item or item.keys() == {"recv", "msg"})


def _received(values: Any) -> Any:
    """Return the frame of a line that was kept with its time of receipt."""
    if isinstance(values, dict) and values.keys() == {"recv", "msg"}:
        message = values["msg"]
        return parse(message) if isinstance(message, str) else message
    return values
