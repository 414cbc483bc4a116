"""A strategy's parameters as words and back: what each one takes, and how a given value is read and refused."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import NODEFAULT
from msgspec import inspect as types
from msgspec.structs import FieldInfo

from tradewind.model.errors import ConfigError
from tradewind.strategy.base import Strategy


class Parameter(msgspec.Struct, frozen=True):
    """One parameter as a reader sees it; `default` is None where `required` is true."""

    name: str
    type: str
    range: str
    default: Any
    required: bool
    doc: str


def fields_of(cls: type[Strategy]) -> Mapping[str, FieldInfo]:
    """Return the parameters of a strategy class by name, in the order written."""
    return {field.name: field for field in msgspec.structs.fields(cls)}


def describe_field(field: FieldInfo) -> Parameter:
    """Return the parameter's type, range, default and meaning."""
    word, bounds = _words(field.type)
    default = None if is_required(field) else msgspec.to_builtins(_default(field))
    return Parameter(field.name, word, bounds, default, is_required(field), _doc(field.type))


def is_required(field: FieldInfo) -> bool:
    """Return whether the parameter has no default."""
    return field.default is NODEFAULT and field.default_factory is NODEFAULT


def read_value(strategy: str, field: FieldInfo, value: object) -> object:
    """Return the value in the parameter's type; text, as a command line gives it, is read as that type.

    Raises  ConfigError that names the parameter, the value and what is allowed.
    """
    try:
        # Text may stand for a number or a switch; a switch must not stand for a number, nor a number for a switch.
        read = msgspec.convert(value, field.type, strict=not isinstance(value, str))
    except msgspec.ValidationError:
        read = NODEFAULT
    if read is NODEFAULT or (isinstance(read, float) and not math.isfinite(read)):
        raise ConfigError(
            f"strategy {strategy!r}: parameter {field.name!r} must be {allowed(field)}, was {value!r}"
        ) from None
    return read


def allowed(field: FieldInfo) -> str:
    """Return what the parameter takes, to be read after `must be`."""
    word, bounds = _words(field.type)
    return bounds if bounds.startswith("one of") else f"{word} {bounds}".rstrip()


def _words(annotation: object) -> tuple[str, str]:
    """Return (type, range) in words a reader knows."""
    kind = types.type_info(annotation)
    if isinstance(kind, types.Metadata):
        kind = kind.type
    match kind:
        case types.IntType():
            return "a whole number", _bounds(kind)
        case types.FloatType():
            return "a number", _bounds(kind)
        case types.DecimalType():
            return "an exact number", ""
        case types.BoolType():
            return "true or false", ""
        case types.StrType():
            return "text", ""
        case types.LiteralType():
            return "text", f"one of {', '.join(map(str, kind.values))}"
        case _:
            return annotation.__name__ if isinstance(annotation, type) else str(annotation), ""


def _bounds(kind: types.IntType | types.FloatType) -> str:
    """Return the range in words: `from`, `to`, `at least` and `at most` hold the number itself, the others do not."""
    if kind.ge is not None and kind.le is not None:
        return f"from {kind.ge:g} to {kind.le:g}"
    ends = {"at least": kind.ge, "above": kind.gt, "at most": kind.le, "below": kind.lt}
    return " and ".join(f"{word} {end:g}" for word, end in ends.items() if end is not None)


def _default(field: FieldInfo) -> object:
    return field.default_factory() if field.default is NODEFAULT else field.default


def _doc(annotation: object) -> str:
    kind = types.type_info(annotation)
    schema = kind.extra_json_schema if isinstance(kind, types.Metadata) else None
    return str((schema or {}).get("description", ""))
