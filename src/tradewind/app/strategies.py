"""A user's own strategies: found by module or file, and started from a template (SPEC S4, S11)."""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Mapping
from importlib.abc import SourceLoader
from pathlib import Path
from types import ModuleType

from tradewind.model.errors import ConfigError
from tradewind.storage.atomic import write_text
from tradewind.strategy import registry
from tradewind.strategy.base import Strategy

_LOADED: dict[tuple[str, str], type[Strategy]] = {}
NO_STRATEGY = "it defines no class derived from Strategy"

TEMPLATE = '''\
"""Long while the fast average is above the slow one, else flat."""
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.numeric.indicators import sma
from tradewind.strategy.base import Strategy

class {name}(Strategy):
    fast: int = 10
    slow: int = 50

    def indicators(self):
        return sma(self.fast), sma(self.slow)

    def on_bar(self, view):
        fast, slow = view.values
        return TargetWeight(1.0) if fast > slow else FLAT
'''


def make_strategy(name: str, parameters: Mapping[str, object]) -> Strategy:
    """Return the strategy that a built-in name, `module:Class` or `file.py:Class` stands for, with these parameters."""
    return registry.make(name, parameters, load_class)


def describe_strategy(name: str) -> registry.Description:
    """Return the description of a built-in or own strategy."""
    return registry.describe(name, load_class)


def load_class(place: str) -> type[Strategy]:
    """Return the strategy class at `module:Class` or `path/to/file.py:Class`; a file's only strategy needs no name.

    Raises  ConfigError when there is no such file, module or class, when it fails to load, or is no strategy.
    """
    path = _file_of(place)
    if path is None:
        return _class_in(_import(place.rpartition(":")[0]), place)
    if not path.is_file():
        raise ConfigError(f"there is no file {path}: `tradewind strategies new {path.stem}` writes one to start from")
    return load_source(place, _text_of(path))


def source_of(place: str) -> str:
    """Return the text of the file that a place names; empty for a built-in name or a module, which have versions.

    Raises  ConfigError when there is no such file.
    """
    path = _file_of(place)
    return "" if path is None else _text_of(path)


def load_source(place: str, source: str) -> type[Strategy]:
    """Return the strategy class of a place whose file had this text; one text gives one class.

    Raises  as `load_class`.
    """
    path = _file_of(place)
    if path is None or not source:
        return load_class(place)
    known = _LOADED.get((place, source))
    if known is None:
        known = _LOADED[place, source] = _class_in(_run_text(path, source), place)
    return known


def recorded_loader(sources: Mapping[str, str]) -> registry.Load:
    """Return what finds strategies as a record has them: by the text it kept, else where they are now."""
    return lambda place: load_source(place, sources.get(place, ""))


def _file_of(place: str) -> Path | None:
    source = place if place.endswith(".py") else place.rpartition(":")[0]
    return Path(source) if source.endswith(".py") else None


def _class_in(module: ModuleType, place: str) -> type[Strategy]:
    """Return the class that a place names in its module; without a name, the only strategy there."""
    source, _, name = (place, "", "") if place.endswith(".py") else place.rpartition(":")
    own = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Strategy) and value.__module__ == module.__name__
    }
    if not name:
        return _only(source, own)
    found = getattr(module, name, None)
    if found is None:
        remedy = registry.nearest(name, own) if own else NO_STRATEGY
        raise ConfigError(f"{source} has no strategy {name!r}: {remedy}")
    if not (isinstance(found, type) and issubclass(found, Strategy)):
        raise ConfigError(f"{place} is not a strategy: derive it from tradewind.strategy.base.Strategy")
    return found


def write_template(path: Path) -> str:
    """Return the place `file.py:Class` of a new working strategy, written whole to `path`.

    Raises  ConfigError when the file exists or its name cannot name a class; nothing is written then.
    """
    path = path.with_suffix(".py") if not path.suffix else path
    name = "".join(part[:1].upper() + part[1:] for part in path.stem.replace("-", "_").split("_"))
    if path.suffix != ".py" or not name.isidentifier():
        raise ConfigError(f"{path.name!r} cannot name a strategy: use letters, digits and _, as in my_trend.py")
    write_text(path, TEMPLATE.format(name=name))
    return f"{path}:{name}"


def _only(source: str, own: Mapping[str, type[Strategy]]) -> type[Strategy]:
    if not own:
        raise ConfigError(f"{source} has no strategy: {NO_STRATEGY}")
    if len(own) > 1:
        raise ConfigError(f"{source} has {len(own)} strategies: name one, as in {source}:{min(own)}")
    return next(iter(own.values()))


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ConfigError(f"there is no module {name!r}: install it, or give the path of its file") from error
        raise ConfigError(f"module {name!r} cannot be loaded: {type(error).__name__}: {error}") from error
    except Exception as error:  # a user's module may fail in any way when it runs
        raise ConfigError(f"module {name!r} cannot be loaded: {type(error).__name__}: {error}") from error


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error


def _run_text(path: Path, text: str) -> ModuleType:
    # A name of its own keeps two files of one stem apart, and two versions of one file. No compiled copy is kept: an
    # edit within the second of the one before must count.
    digest = hashlib.sha256(f"{path.resolve()}\0{text}".encode()).hexdigest()[:12]
    unique = f"{path.stem}_{digest}"
    spec = importlib.util.spec_from_file_location(unique, path, loader=_TextLoader(path, text))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a user's file may fail in any way when it runs
        del sys.modules[unique]
        raise ConfigError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    return module


class _TextLoader(SourceLoader):
    """Loads a module from a text that is at hand, as the file of a path."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def get_filename(self, fullname: str) -> str:
        return str(self._path)

    def get_data(self, path: str | bytes) -> bytes:
        if str(path) != str(self._path):
            raise OSError(f"{path!r} is not there: only the text is")
        return self._text.encode()
