"""An engine's whole configuration as plain values, and back: what a journal's header and a run's record hold (SPEC O2).

Everything that determines the run is in the values, strategies by name and parameters, amounts as exact text.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.model.errors import StateError
from tradewind.regime.model_file import RegimeModel
from tradewind.strategy.base import Strategy
from tradewind.strategy.registry import BUILTIN, Load, make

Values = dict[str, Any]
LoadModel = Callable[[str], RegimeModel]
_FIELDS = {field.name: field.type for field in msgspec.structs.fields(BotSpec)}
_NAMES = {cls: name for name, cls in BUILTIN.items()}


def engine_values(config: EngineConfig, places: Mapping[type[Strategy], str] | None = None) -> Values:
    """Return the configuration as JSON-able values.

    `places` says where a user's own strategy classes are found again, as `module:Class` or `file.py:Class`.
    """
    names = _NAMES | dict(places or {})
    values: Values = msgspec.to_builtins(config, order="deterministic", enc_hook=named_model)
    for bot, spec in zip(values["bots"], config.bots, strict=True):
        cls = type(spec.strategy)
        name = names.get(cls, f"{cls.__module__}:{cls.__qualname__}")
        bot["strategy"] = {"name": name, "parameters": msgspec.to_builtins(spec.strategy)}
    return values


def engine_config(
    values: Mapping[str, Any], load: Load | None = None, load_model: LoadModel | None = None
) -> EngineConfig:
    """Return the configuration that `engine_values` described; `load` finds a user's own strategy classes.

    `load_model` returns the regime model of a hash.
    Raises  ConfigError when a strategy is gone or refuses its parameters, StateError when the values are of another
            version or their regime model is not there.
    """

    def read(kind: type, value: object) -> object:
        if kind is RegimeModel and load_model is not None:
            return load_model(str(value))
        raise NotImplementedError(f"{kind.__name__} {value}")

    try:
        bots = [_bot(each, load) for each in values["bots"]]
        config = msgspec.convert({**values, "bots": []}, EngineConfig, dec_hook=read)
        return msgspec.structs.replace(config, bots=tuple(bots))
    except (KeyError, TypeError, NotImplementedError, msgspec.ValidationError) as error:
        raise StateError(
            f"the recorded configuration cannot be read ({error}): use the version of tradewind that recorded it"
        ) from error


def named_model(value: object) -> object:
    """Return what stands for a regime model in a record: its hash."""
    if isinstance(value, RegimeModel):
        return value.sha256
    raise NotImplementedError(f"a configuration holds a {type(value).__name__}")


def _bot(values: Mapping[str, Any], load: Load | None) -> BotSpec:
    chosen = values["strategy"]
    fields: dict[str, Any] = {"strategy": make(chosen["name"], chosen["parameters"], load)}
    for name, value in values.items():
        if name != "strategy":
            fields[name] = msgspec.convert(value, _FIELDS[name])
    return BotSpec(**fields)
