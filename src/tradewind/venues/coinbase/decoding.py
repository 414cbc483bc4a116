"""Payload files held against our types: each payload's message, whether it reads and writes back, what is unknown."""

from pathlib import Path
from typing import Any

import msgspec

from tradewind.model.errors import ConfigError, ProtocolError
from tradewind.venues.coinbase.payload_files import Piece, pieces
from tradewind.venues.coinbase.recognition import content_rule, folder_rule, message_type, type_name
from tradewind.venues.coinbase.round_trip import Findings, compare
from tradewind.venues.coinbase.wire.accounts import ErrorText
from tradewind.venues.coinbase.wire.stream import FAST_TYPES, decode_frame
from tradewind.venues.coinbase.wire.values import read_values

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
        return [_outcome(piece, name, where) for piece in pieces(path)]
    except OSError as error:
        return [Outcome(file=name, result=FAILED, detail=f"the file cannot be read: {error}")]


def decode_payload(values: Any) -> tuple[Any, Any, Findings]:
    """Return a payload's type, its typed value and what the round trip found; raises ProtocolError if it has none."""
    kind = message_type(values)
    if kind is None:
        raise ProtocolError("no message of Advanced Trade has these fields")
    value = decode_frame(_AGAIN.encode(values)) if kind in FAST_TYPES else read_values(kind, values)
    return kind, value, compare(value, values, type_name(kind))


def _outcome(piece: Piece, name: str, path: Path) -> Outcome:
    values, label = piece.values, piece.label
    if piece.problem:
        return Outcome(file=name, label=label, result=FAILED, detail=_placed(piece.problem, piece))
    if isinstance(values, ErrorText):
        return Outcome(file=name, label=label, message="ErrorText", result=DECODED, fields=["ErrorText.text"])
    rule = content_rule(values, path)
    if rule:
        return Outcome(file=name, label=label, result=SKIPPED, detail=rule)
    try:
        kind, _, found = decode_payload(values)
    except ProtocolError as error:
        message = type_name(message_type(values)) if message_type(values) is not None else "-"
        return Outcome(file=name, label=label, message=message, result=FAILED, detail=_placed(str(error), piece))
    return Outcome(
        file=name,
        label=label,
        message=type_name(kind),
        result=FAILED if found.differences else DECODED,
        detail=_placed("; ".join(found.differences[:5]), piece),
        fields=found.fields,
        unknown_fields=found.unknown_fields,
        unknown_words=found.unknown_words,
    )


def _placed(problem: str, piece: Piece) -> str:
    return f"{piece.at}: {problem}" if problem and piece.at else problem
