"""Configuration in layers: defaults < profile < files < environment < command line, checked before anything starts.

Each layer is checked on its own, so that an error names the place it comes from. The result knows where each value was
set, and has one hash.
"""

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect as types

from tradewind.app.home import Home
from tradewind.app.profiles import LOCKED, profile_values
from tradewind.app.settings import Config
from tradewind.model.errors import ConfigError

Values = Mapping[str, Any]
T = TypeVar("T")

PREFIX = "TRADEWIND_"
NOT_SETTINGS = frozenset({"TRADEWIND_HOME", "TRADEWIND_SHARED"})
OFF = "off"
WORDS = {
    "int": "a whole number",
    "decimal": "an exact number",
    "bool": "true or false",
    "str": "text",
    "array": "a list",
    "object": "a table",
}
# Where data lie and how a run is shown say nothing about what it does; a profile's name says no more than its values.
NOT_HASHED = frozenset(
    {
        "data.path",
        "data.catalog",
        "paper.speed",
        "paper.minutes",
        "profile",
        "live.endpoint",
        "live.keys",
        "shadow.candidate",
        "shadow.share_max",
        "shadow.waiting_max",
        "flags.live_display",
    }
)


class Layer(msgspec.Struct, frozen=True):
    """Some settings and the name of the place they come from; in `text` layers a text may stand for a number."""

    source: str
    values: Values
    text: bool = False


class Resolved(msgspec.Struct, frozen=True):
    """A checked configuration, where each of its keys was set (default: not named), and the hash of it all."""

    config: Config
    origins: dict[str, str]
    digest: str


def resolve(
    home: Home,
    environment: Mapping[str, str],
    *,
    file: Path | None = None,
    overrides: Values | None = None,
    profile: str = "research",
    base: Values | None = None,
) -> Resolved:
    """Return the configuration of a command whose profile is `profile` unless a layer names another.

    `base` are settings of the command itself, just above its profile.

    Raises  ConfigError that names place, key and remedy.
    """
    layers = [Layer("command", base or {})]
    layers += [file_layer(path) for path in (home.config_file, home.flags_file) if path.is_file()]
    if file is not None:
        layers.append(file_layer(file))
    layers.append(environment_layer(environment))
    layers.append(Layer("command line", overrides or {}, text=True))
    for layer in layers:
        check_layer(layer)
    for layer in layers:
        profile = layer.values.get("profile", profile)
    refuse_locked(profile, layers)
    layers.insert(0, Layer(f"profile {profile}", {"profile": profile, **profile_values(profile)}))
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        merge(merged, layer.values)
        origins.update((key, layer.source) for key, _ in flattened(layer.values))
    config = msgspec.convert(with_none(merged), Config, strict=False)
    return Resolved(config, origins, config_digest(config))


def refuse_locked(profile: str, layers: Iterable[Layer]) -> None:
    """Raise ConfigError for a layer that sets what the profile keeps to itself (SPEC O1)."""
    locked = LOCKED.get(profile, frozenset())
    for layer in layers:
        for key, _ in flattened(layer.values):
            if key in locked:
                raise ConfigError(f"{layer.source}: {key} is locked by the profile {profile}: leave it out")


def file_layer(path: Path) -> Layer:
    """Return the settings of a TOML file; its decimals are exact.

    Raises  ConfigError when there is no such file or it is no TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration ({error.strerror}): check the path") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: no text in UTF-8 (byte {error.start}): check the path, or save it anew") from None
    try:
        return Layer(str(path), tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """Return the settings in TRADEWIND_SECTION__KEY variables."""
    values: dict[str, Any] = {}
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in NOT_SETTINGS:
            put(values, name.removeprefix(PREFIX).lower().replace("__", "."), literal(environment[name]))
    return Layer("environment", values, text=True)


def put(values: dict[str, Any], key: str, value: object) -> None:
    """Set a dotted key in nested tables."""
    *sections, last = key.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{key}: {section} is a value, not a section")
    values[last] = value


def assignments(texts: Iterable[str]) -> dict[str, Any]:
    """Return `key=value` texts of a command line as nested tables.

    Raises  ConfigError for a text without `=`.
    """
    values: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"{text!r} sets nothing: write key=value, such as account.cash=50000")
        put(values, key.strip(), literal(value.strip()))
    return values


def literal(text: str) -> Any:
    """Return the list or table that a text writes in TOML (`["a"]`, `{b = 1}`); any other text as it is."""
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except tomllib.TOMLDecodeError:
        return text


def check_layer(layer: Layer) -> None:
    """Raise ConfigError naming the layer's source, the key and the remedy, unless all of it can be used."""
    _check_keys(layer.source, types.type_info(Config), layer.values, "")
    try:
        msgspec.convert(with_none(layer.values), Config, strict=not layer.text)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{layer.source}: {_explained(str(error), layer.values)}") from None
    except ConfigError as error:
        raise ConfigError(f"{layer.source}: {error}") from None


def convert_table(source: str, name: str, values: Any, kind: type[T]) -> T:
    """Return a table that is no part of a configuration, such as a fleet's own, checked as one of a configuration is.

    Raises  ConfigError naming the source, the key and the remedy.
    """
    _check_keys(source, types.type_info(kind), values, f"{name}.")
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        within = f"{what} - at `$.{name}{place or '`'}"
        raise ConfigError(f"{source}: {_explained(within, {name: values})}") from None
    except ConfigError as error:
        raise ConfigError(f"{source}: {name}: {error}") from None


def config_digest(config: Config) -> str:
    """Return the hash of all that decides what a run does; the order of bots and instruments is no part of it."""
    values: dict[str, Any] = msgspec.to_builtins(config)
    values["bots"] = sorted(values["bots"], key=lambda bot: (bot["id"], bot["strategy"]))
    for table in (values["data"], *values["bots"]):
        table["instruments"] = sorted(table["instruments"])
    kept = {key: value for key, value in flattened(values) if key not in NOT_HASHED and value != {}}
    return hashlib.blake2b(msgspec.json.encode(kept, order="deterministic"), digest_size=16).hexdigest()


def schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file."""
    return msgspec.json.schema(Config)


def flattened(values: Values, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every dotted key with its value; lists are values."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def merge(into: dict[str, Any], values: Values) -> None:
    """Put the values over those that are there; a table goes over a table key by key."""
    for key, value in values.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = _copied(value)


def _copied(value: Any) -> Any:
    return {key: _copied(each) for key, each in value.items()} if isinstance(value, Mapping) else value


def with_none(values: Mapping[str, Any]) -> Any:
    """Return the settings with None for `off`, which is how a file, lacking null, switches a limit off.

    A setting that has `off` among its own words keeps it.
    """
    return _with_none(values, types.type_info(Config))


def _with_none(value: Any, kind: types.Type | None) -> Any:
    kind = None if kind is None else _table_type(kind)
    if isinstance(value, Mapping):
        fields = {field.encode_name: field.type for field in kind.fields} if isinstance(kind, types.StructType) else {}
        every = kind.value_type if isinstance(kind, types.DictType) else None
        return {key: _with_none(each, fields.get(key, every)) for key, each in value.items()}
    own = isinstance(kind, types.LiteralType) and OFF in kind.values
    return None if value == OFF and not own else value


def _check_keys(source: str, kind: types.Type, value: Any, path: str) -> None:
    """Raise for the first key that the type does not have; wrong types are left to the conversion."""
    kind = _table_type(kind)
    if isinstance(kind, types.StructType) and isinstance(value, Mapping):
        fields = {field.encode_name: field.type for field in kind.fields}
        for key, each in value.items():
            if key not in fields:
                raise ConfigError(f"{source}: unknown key {path}{key}: {_suggestion(key, path, fields)}")
            _check_keys(source, fields[key], each, f"{path}{key}.")
    elif isinstance(kind, types.DictType) and isinstance(value, Mapping):
        for key, each in value.items():
            _check_keys(source, kind.value_type, each, f"{path}{key}.")
    elif isinstance(kind, types.VarTupleType) and isinstance(value, list):
        for row, each in enumerate(value):
            _check_keys(source, kind.item_type, each, f"{path.removesuffix('.')}[{row}].")


def _table_type(kind: types.Type) -> types.Type:
    while isinstance(kind, types.Metadata):
        kind = kind.type
    if isinstance(kind, types.UnionType):
        return next((each for each in kind.types if isinstance(each, types.StructType)), kind)
    return kind


def _suggestion(key: str, path: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.5)
    if close:
        return f"did you mean {path}{close[0]}?"
    return f"the keys here are {', '.join(sorted(known))}"


def _explained(message: str, values: Values) -> str:
    """Return what msgspec found, with the key, the value and what is expected in a reader's words."""
    what, _, place = message.partition(" - at `$")
    key = re.sub(r"^[.]", "", place.removesuffix("`"))
    found = _value_at(values, key)
    if match := re.search(r"Expected `([a-z| ]+)`(.*)", what):
        kinds = [WORDS.get(kind.strip(), kind.strip()) for kind in match[1].split("|") if kind.strip() != "null"]
        rest = match[2].partition(", got")[0]
        wanted = " or ".join(kinds) + (" or off" if "null" in match[1] else "")
        wanted = "a duration such as 90s or 4h" if "matching regex" in rest else wanted + rest
    elif "missing required field" in what:
        return f"{key} lacks the key {what.rpartition(' ')[2].strip('`')}: add it"
    elif "decimal" in what:
        wanted = WORDS["decimal"]
    elif "enum" in what:
        return f"{key}: {found!r} is not one of the allowed values: see `tradewind config schema`"
    else:
        return f"{key}: {what}, was {found!r}"
    return f"{key} must be {wanted}, was {_shown(found)}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, Decimal) else repr(value)


def _value_at(values: Any, key: str) -> Any:
    for part in re.findall(r"[^.\[\]]+", key):
        values = values[int(part)] if isinstance(values, list) else values.get(part)
    return values
