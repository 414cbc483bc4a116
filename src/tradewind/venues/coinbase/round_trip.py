"""Whether a typed message says what the venue wrote: every field of it written back, and compared with the raw JSON.

A field that the type does not know is listed, a word that its enumeration does not know too; neither is a failure.
A known field whose typed value, written back, differs from the raw one is.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec

from tradewind.venues.coinbase.wire.values import Bound, Timestamp, Word, number
from tradewind.venues.coinbase.wire.words import BookSide, EventType, OrderSide

SHOWN_CHARACTERS = 80
READ: Mapping[str, Callable[[str], Any]] = {"number": number, "time": Timestamp.parse}
WORDS: Mapping[str, type[Word]] = {"book side": BookSide, "event": EventType, "order side": OrderSide}


class Findings(msgspec.Struct):
    """What the comparison found: differences (a failure), fields and words that we do not know, fields we do."""

    differences: list[str] = []
    unknown_fields: list[str] = []
    unknown_words: list[str] = []
    fields: list[str] = []


def compare(value: Any, raw: Any, name: str) -> Findings:
    """Return what differs between a typed value and the raw JSON it was read from; paths start with `name`."""
    findings = Findings()
    _compare(value, raw, name, "", findings)
    return findings


def _compare(value: Any, raw: Any, path: str, text_kind: str, found: Findings) -> None:
    if raw is None or raw == "":
        if value not in (None, "", False, 0, [], {}):
            found.differences.append(f"{path}: the venue has no value, we have {_short(value)}")
    elif isinstance(value, msgspec.Struct):
        _compare_struct(value, raw, path, found)
    elif isinstance(value, list):
        if not isinstance(raw, list) or len(raw) != len(value):
            found.differences.append(f"{path}: not the same list")
            return
        for item, raw_item in zip(value, raw, strict=True):
            _compare(item, raw_item, f"{path}[]", "", found)
    elif isinstance(value, dict):
        if not isinstance(raw, dict) or value.keys() != _with_values(raw):
            found.differences.append(f"{path}: not the same names")
            return
        for key, item in value.items():
            _compare(item, raw[key], f"{path}.{key}", "", found)
    else:
        _compare_leaf(value, raw, path, text_kind, found)


def _with_values(raw: dict[str, Any]) -> set[str]:
    return {key for key, value in raw.items() if value is not None and value != ""}


def _compare_struct(value: msgspec.Struct, raw: Any, path: str, found: Findings) -> None:
    if not isinstance(raw, dict):
        found.differences.append(f"{path}: the venue wrote no object")
        return
    kinds = _text_kinds(type(value))
    left = dict(raw)
    tag_field = value.__struct_config__.tag_field
    if tag_field is not None and left.pop(tag_field, None) != value.__struct_config__.tag:
        found.differences.append(f"{path}.{tag_field}: another message")
    for field in msgspec.structs.fields(value):
        at = f"{path}.{field.encode_name}"
        raw_value = left.pop(field.encode_name, None)
        if raw_value is not None and at not in found.fields:
            found.fields.append(at)
        _compare(getattr(value, field.name), raw_value, at, kinds.get(field.name, ""), found)
    found.unknown_fields += [at for key in left if (at := f"{path}.{key}") not in found.unknown_fields]


def _compare_leaf(value: Any, raw: Any, path: str, text_kind: str, found: Findings) -> None:
    if _is_unknown_word(value, text_kind) and (word := f"{path}={value}") not in found.unknown_words:
        found.unknown_words.append(word)
    try:
        typed = READ[text_kind](value) if text_kind in READ else value
    except ValueError as error:
        found.differences.append(f"{path}: {error}")
        return
    if not _same(typed, raw):
        found.differences.append(f"{path}: the venue wrote {_short(raw)}, we read {_short(value)}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def _same(value: Any, raw: Any) -> bool:
    if isinstance(value, Decimal):
        return _same_number(value, raw)
    if isinstance(value, Timestamp | Bound):
        return not isinstance(raw, bool) and value.text == str(raw)
    if isinstance(value, bool):
        return raw is value or (isinstance(raw, str) and raw.lower() == str(value).lower())
    if isinstance(value, int):
        return not isinstance(raw, bool) and str(value) == str(raw)
    return bool(value == raw) and isinstance(raw, str)


def _is_unknown_word(value: Any, text_kind: str) -> bool:
    """Whether the venue wrote a word that our list has not; in the quick messages words are kept as text."""
    word = WORDS[text_kind](value) if text_kind in WORDS else value
    return isinstance(word, Word) and not word.known


def _same_number(value: Decimal, raw: Any) -> bool:
    if isinstance(raw, str):
        return format(value, "f") == raw or ("e" in raw.lower() and Decimal(raw) == value)
    return isinstance(raw, int | Decimal) and not isinstance(raw, bool) and Decimal(raw) == value


@cache
def _text_kinds(kind: type) -> dict[str, str]:
    """Return which fields are numbers, times or words that are kept as text."""
    kinds = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        for argument in get_args(hint):
            if isinstance(argument, msgspec.Meta) and argument.extra and "text" in argument.extra:
                kinds[name] = str(argument.extra["text"])
    return kinds
