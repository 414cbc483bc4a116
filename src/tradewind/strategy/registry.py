"""Strategies by name: which there are, and how a name and parameters become a strategy (SPEC S4).

A name is one of the built-in ones, or `module:Class` or `path/to/file.py:Class`. The registry opens nothing: it is
handed a `load` that turns such a place into a class.
"""

import difflib
import sys
from collections.abc import Callable, Iterable, Mapping

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.numeric.indicators import IndicatorSpec
from tradewind.strategy.base import Strategy, warmup_bars
from tradewind.strategy.builtin.bollinger import Bollinger
from tradewind.strategy.builtin.buy_and_hold import BuyAndHold
from tradewind.strategy.builtin.carry import Carry
from tradewind.strategy.builtin.cross_momentum import CrossMomentum
from tradewind.strategy.builtin.donchian import Donchian
from tradewind.strategy.builtin.grid import Grid
from tradewind.strategy.builtin.inventory_maker import InventoryMaker
from tradewind.strategy.builtin.macd import Macd
from tradewind.strategy.builtin.market_maker import MarketMaker
from tradewind.strategy.builtin.momentum import Momentum
from tradewind.strategy.builtin.moving_average import MovingAverage
from tradewind.strategy.builtin.pairs import Pairs
from tradewind.strategy.builtin.rsi_reversion import RsiReversion
from tradewind.strategy.builtin.score import ScoreBot
from tradewind.strategy.builtin.sma_stack import SmaStack
from tradewind.strategy.builtin.triangular import Triangular
from tradewind.strategy.builtin.volatility_breakout import VolatilityBreakout
from tradewind.strategy.parameters import Parameter, allowed, describe_field, fields_of, is_required, read_value

Load = Callable[[str], type[Strategy]]

BUILTIN: Mapping[str, type[Strategy]] = {
    "bollinger": Bollinger,
    "buy_and_hold": BuyAndHold,
    "carry": Carry,
    "cross_momentum": CrossMomentum,
    "donchian": Donchian,
    "grid": Grid,
    "inventory_maker": InventoryMaker,
    "macd": Macd,
    "market_maker": MarketMaker,
    "momentum": Momentum,
    "moving_average": MovingAverage,
    "pairs": Pairs,
    "rsi_reversion": RsiReversion,
    "score": ScoreBot,
    "sma_stack": SmaStack,
    "triangular": Triangular,
    "volatility_breakout": VolatilityBreakout,
}

CALLBACKS = ("on_bar", "on_trade", "on_quote", "on_book", "on_fill", "on_group", "on_group_quote")


class Description(msgspec.Struct, frozen=True):
    """A strategy as a reader sees it; indicators and warm-up are those of its defaults, if all parameters have one."""

    name: str
    summary: str
    callbacks: tuple[str, ...]
    indicators: tuple[str, ...]
    warmup_bars: int | None
    parameters: tuple[Parameter, ...]


def strategy_names() -> tuple[str, ...]:
    """Return the names of the built-in strategies, sorted."""
    return tuple(sorted(BUILTIN))


def find(name: str, load: Load | None = None) -> type[Strategy]:
    """Return the class that a built-in name, `module:Class` or `file.py:Class` stands for.

    Raises  ConfigError that suggests the nearest name.
    """
    builtin = BUILTIN.get(_plain(name))
    if builtin is not None:
        return builtin
    if load is not None and _is_place(name):
        return load(name)
    own = "" if difflib.get_close_matches(_plain(name), BUILTIN) else ", or name your own as path/to/file.py:Class"
    raise ConfigError(f"there is no strategy {name!r}: {nearest(name, BUILTIN)}{own}")


def make(name: str, parameters: Mapping[str, object], load: Load | None = None) -> Strategy:
    """Return the strategy with these parameters; text from a command line is read as the parameter's type.

    Raises  ConfigError that names the strategy, the parameter, the value and what is allowed.
    """
    cls = find(name, load)
    fields = fields_of(cls)
    values = {}
    for key, value in parameters.items():
        if key not in fields:
            raise ConfigError(f"strategy {name!r} has no parameter {key!r}: {nearest(key, fields)}")
        values[key] = read_value(name, fields[key], value)
    for key, field in fields.items():
        if key not in values and is_required(field):
            raise ConfigError(f"strategy {name!r} needs parameter {key!r}: give it {allowed(field)}")
    try:
        made = cls(**values)
    except (TypeError, ValueError) as error:  # what a user's own check across parameters may raise
        raise ConfigError(f"strategy {name!r} refuses its parameters: {error}") from error
    _indicators(name, made)
    return made


def describe(name: str, load: Load | None = None) -> Description:
    """Return what the strategy does and which parameters it takes; JSON-able."""
    cls = find(name, load)
    fields = fields_of(cls).values()
    example = None if any(map(is_required, fields)) else cls()
    if example is not None:
        _indicators(name, example)
    return Description(
        name=name if _is_place(name) else _plain(name),
        summary=" ".join((cls.__doc__ or _of_its_module(cls)).split()),
        callbacks=tuple(each for each in CALLBACKS if getattr(cls, each) is not getattr(Strategy, each)),
        indicators=() if example is None else tuple(map(_indicator_text, example.indicators())),
        warmup_bars=None if example is None else warmup_bars(example),
        parameters=tuple(map(describe_field, fields)),
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the remedy for an unknown word: the nearest known one, or all of them."""
    names = {_plain(each): each for each in sorted(known)}
    close = difflib.get_close_matches(_plain(word), names, n=1)
    if close:
        return f"did you mean {names[close[0]]!r}?"
    return f"choose from {', '.join(names.values())}" if names else "it takes none"


def _indicators(name: str, strategy: Strategy) -> None:
    """Ask a strategy for its indicators once.

    Raises  ConfigError for one that cannot tell them, or whose answer is something else.
    """
    try:
        told: tuple[object, ...] = tuple(strategy.indicators())
    except Exception as error:  # a user's own code may fail in any way when it runs
        raise ConfigError(f"strategy {name!r}: its indicators() raised {type(error).__name__}: {error}") from error
    odd = next((each for each in told if not isinstance(each, IndicatorSpec)), None)
    if odd is not None:
        raise ConfigError(f"strategy {name!r}: its indicators() named {odd!r}: return values such as sma(10)")


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def _of_its_module(cls: type[Strategy]) -> str:
    """A file with one strategy says at its head what that does, as `strategies new` writes it."""
    return getattr(sys.modules.get(cls.__module__), "__doc__", None) or ""


def _is_place(name: str) -> bool:
    return ":" in name or name.endswith(".py")


def _indicator_text(spec: IndicatorSpec) -> str:
    return f"{spec.name}({', '.join(map(str, spec.parameters))})"
