"""Names and parameters: what is offered, how values are read, and the exact words when something is wrong."""

from decimal import Decimal
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from tradewind.model.errors import ConfigError
from tradewind.strategy import registry
from tradewind.strategy.base import Strategy
from tradewind.strategy.builtin.buy_and_hold import BuyAndHold
from tradewind.strategy.builtin.macd import Macd
from tradewind.strategy.builtin.market_maker import MarketMaker
from tradewind.strategy.builtin.momentum import Momentum
from tradewind.strategy.builtin.moving_average import MovingAverage

NAMES = (
    "bollinger",
    "buy_and_hold",
    "carry",
    "cross_momentum",
    "donchian",
    "grid",
    "inventory_maker",
    "macd",
    "market_maker",
    "momentum",
    "moving_average",
    "pairs",
    "rsi_reversion",
    "score",
    "sma_stack",
    "triangular",
    "volatility_breakout",
)
LIST = ", ".join(NAMES)


class Own(Strategy, frozen=True, kw_only=True):
    """A strategy of
    somebody else."""

    window: Annotated[int, Meta(gt=1, lt=9, description="bars")]
    label: str = "x"
    pair: tuple[int, int] = (1, 2)
    tags: list[str] = []

    def __post_init__(self) -> None:
        if self.label == "bad":
            raise ValueError("label is bad")


def load(place: str) -> type[Strategy]:
    assert place == "own:Own"
    return Own


def test_names_are_sorted_and_complete() -> None:
    assert registry.strategy_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_builtin_is_made_from_its_described_defaults(name: str) -> None:
    description = registry.describe(name)
    defaults = {each.name: each.default for each in description.parameters}
    assert registry.make(name, defaults) == registry.make(name, {}) == registry.find(name)()
    assert all(each.doc and each.type for each in description.parameters)
    assert description.summary
    assert msgspec.json.decode(msgspec.json.encode(description), type=registry.Description) == description


def test_a_description_says_what_a_reader_needs() -> None:
    description = registry.describe("macd")
    assert description.indicators == ("macd(12, 26, 9)",)
    assert description.warmup_bars == 34
    assert description.callbacks == ("on_bar",)
    fast, *_, short = description.parameters
    assert msgspec.to_builtins(fast) == {
        "name": "fast",
        "type": "a whole number",
        "range": "from 1 to 10000",
        "default": 12,
        "required": False,
        "doc": "bars of the fast average",
    }
    assert (short.type, short.range, short.default) == ("true or false", "", False)


def test_a_strategy_with_a_required_parameter_is_described_without_an_example() -> None:
    description = registry.describe("own:Own", load)
    assert description.summary == "A strategy of somebody else."
    assert (description.warmup_bars, description.indicators) == (None, ())
    window, label, pair, tags = description.parameters
    assert (window.required, window.default, window.range) == (True, None, "above 1 and below 9")
    assert (label.type, label.doc) == ("text", "")
    assert (pair.default, tags.default) == ((1, 2), [])


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("macd", {"fast": "7", "short": "true"}, Macd(fast=7, short=True)),
        ("buy-and-hold", {"weight": 1}, BuyAndHold(weight=1.0)),
        ("Momentum", {"threshold": "0.5"}, Momentum(threshold=0.5)),
        ("moving_average", {"average": "sma"}, MovingAverage(average="sma")),
        ("market_maker", {"quantity": "0.5"}, MarketMaker(quantity=Decimal("0.5"))),
        ("market_maker", {"quantity": 0.1}, MarketMaker(quantity=Decimal("0.1"))),
    ],
)
def test_values_are_read_as_the_type_of_their_parameter(
    name: str, parameters: dict[str, object], expected: Strategy
) -> None:
    assert registry.make(name, parameters) == expected


TOO_LONG = (
    "strategy 'donchian': exit_bars must not be more than entry_bars, were 50 and 20: "
    "lower exit_bars or raise entry_bars"
)

MESSAGES = [
    ("macdd", {}, "there is no strategy 'macdd': did you mean 'macd'?"),
    ("Buy-And-Hodl", {}, "there is no strategy 'Buy-And-Hodl': did you mean 'buy_and_hold'?"),
    (
        "zzz",
        {},
        f"there is no strategy 'zzz': choose from {LIST}, or name your own as path/to/file.py:Class",
    ),
    ("macd", {"fst": 3}, "strategy 'macd' has no parameter 'fst': did you mean 'fast'?"),
    (
        "macd",
        {"zz": 3},
        "strategy 'macd' has no parameter 'zz': choose from fast, short, signal, slow",
    ),
    ("macd", {"fast": "x"}, "strategy 'macd': parameter 'fast' must be a whole number from 1 to 10000, was 'x'"),
    ("macd", {"fast": 0}, "strategy 'macd': parameter 'fast' must be a whole number from 1 to 10000, was 0"),
    ("macd", {"fast": True}, "strategy 'macd': parameter 'fast' must be a whole number from 1 to 10000, was True"),
    ("macd", {"fast": None}, "strategy 'macd': parameter 'fast' must be a whole number from 1 to 10000, was None"),
    ("macd", {"short": 1}, "strategy 'macd': parameter 'short' must be true or false, was 1"),
    ("macd", {"fast": 30}, "strategy 'macd': fast must be less than slow, were 30 and 26: lower fast or raise slow"),
    (
        "moving_average",
        {"slow": 12},
        "strategy 'moving_average': fast must be less than slow, were 12 and 12: lower fast or raise slow",
    ),
    (
        "moving_average",
        {"average": "wma"},
        "strategy 'moving_average': parameter 'average' must be one of ema, sma, was 'wma'",
    ),
    (
        "rsi_reversion",
        {"entry": 60},
        "strategy 'rsi_reversion': parameter 'entry' must be a number above 0 and below 50, was 60",
    ),
    (
        "rsi_reversion",
        {"exit": 25},
        "strategy 'rsi_reversion': entry must be less than exit, were 30.0 and 25.0: lower entry or raise exit",
    ),
    (
        "donchian",
        {"exit_bars": 50},
        TOO_LONG,
    ),
    (
        "donchian",
        {"stop_atr": -2},
        "strategy 'donchian': parameter 'stop_atr' must be a number above 0 and at most 100, was -2",
    ),
    (
        "momentum",
        {"threshold": "nan"},
        "strategy 'momentum': parameter 'threshold' must be a number from 0 to 10, was 'nan'",
    ),
    (
        "momentum",
        {"threshold": float("nan")},
        "strategy 'momentum': parameter 'threshold' must be a number from 0 to 10, was nan",
    ),
    (
        "volatility_breakout",
        {"atr_bars": 1},
        "strategy 'volatility_breakout': parameter 'atr_bars' must be a whole number from 2 to 10000, was 1",
    ),
    (
        "bollinger",
        {"length": 10**9},
        "strategy 'bollinger': parameter 'length' must be a whole number from 2 to 10000, was 1000000000",
    ),
    (
        "buy_and_hold",
        {"weight": 2},
        "strategy 'buy_and_hold': parameter 'weight' must be a number above 0 and at most 1, was 2",
    ),
    (
        "market_maker",
        {"quantity": "a"},
        "strategy 'market_maker': parameter 'quantity' must be an exact number, was 'a'",
    ),
    ("market_maker", {"quantity": 0}, "strategy 'market_maker': quantity must be more than 0, was 0"),
    ("market_maker", {"quantity": "NaN"}, "strategy 'market_maker': quantity must be more than 0, was NaN"),
    ("own:Own", {}, "strategy 'own:Own' needs parameter 'window': give it a whole number above 1 and below 9"),
    ("own:Own", {"window": 3, "label": "bad"}, "strategy 'own:Own' refuses its parameters: label is bad"),
    ("own:Own", {"window": 3, "pair": "ab"}, "strategy 'own:Own': parameter 'pair' must be tuple[int, int], was 'ab'"),
]


@pytest.mark.parametrize(("name", "parameters", "message"), MESSAGES)
def test_what_is_wrong_is_said_with_its_remedy(name: str, parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        registry.make(name, parameters, load)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("answer", "told"), [(None, "raised TypeError"), (("sma",), "named 'sma'")], ids=["nothing", "a name"]
)
def test_indicators_that_cannot_be_told_are_refused(answer: object, told: str) -> None:
    class Odd(Strategy):
        def indicators(self) -> object:  # type: ignore[override]  # what a user may write
            return answer

    for ask in (registry.make, lambda name, _, found: registry.describe(name, found)):
        with pytest.raises(ConfigError, match=rf"strategy 'own:Odd': its indicators\(\) {told}"):
            ask("own:Odd", {}, lambda _: Odd)


def test_a_place_needs_somebody_who_loads_it() -> None:
    with pytest.raises(ConfigError, match="there is no strategy 'own:Own'"):
        registry.make("own:Own", {})


def test_a_strategy_without_parameters_takes_none() -> None:
    assert registry.nearest("x", []) == "it takes none"
