"""Options of a command line as settings."""

import pytest

from tradewind.cli.layers import listed, overrides
from tradewind.cli.options import RunOptions
from tradewind.cli.tree import COMMANDS, GROUPS
from tradewind.model.errors import ConfigError


def test_options_become_settings() -> None:
    values = overrides(
        RunOptions(
            strategy=["macd"],
            param=["fast=5", "slow=9"],
            data="folder",
            venue="coinbase",
            instrument=["BTC-USD, ETH-USD", "SOL-USD"],
            interval="1h",
            start="2024-01-01",
            end="2024-02-01",
            cash="5000",
            fees="0.001, 0.002",
            seed=3,
            profile="paper",
            settings=["limits.leverage_max=off"],
        )
    )
    assert values == {
        "limits": {"leverage_max": "off"},
        "data": {
            "path": "folder",
            "venue": "coinbase",
            "instruments": ["BTC-USD", "ETH-USD", "SOL-USD"],
            "interval": "1h",
            "from": "2024-01-01",
            "to": "2024-02-01",
        },
        "account": {"cash": "5000"},
        "seed": 3,
        "profile": "paper",
        "fees": {"maker": "0.001", "taker": "0.002"},
        "bots": [{"strategy": "macd", "parameters": {"fast": "5", "slow": "9"}}],
    }


def test_one_fee_is_both_and_nothing_said_is_nothing_set() -> None:
    assert overrides(RunOptions(fees="0.001"))["fees"] == {"maker": "0.001", "taker": "0.001"}
    assert overrides(RunOptions()) == {}
    assert listed(None) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (RunOptions(param=["fast=1"]), "--param needs a --strategy whose parameter it is"),
        (RunOptions(strategy=["macd"], param=["fast"]), "--param 'fast': write name=value, such as fast=12"),
        (RunOptions(strategy=["macd,donchian"], param=["fast=1"]), "--param goes with one --strategy"),
    ],
)
def test_options_that_do_not_go_together_are_named(options: RunOptions, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        overrides(options)
    assert message in str(caught.value)


def test_every_command_of_the_tree_is_there() -> None:
    import importlib

    places = [command.place for command in COMMANDS.values()]
    places += [command.place for _, commands in GROUPS.values() for command in commands.values()]
    for place in places:
        module, _, function = place.partition(":")
        found = getattr(importlib.import_module(f"tradewind.cli.{module}"), function)
        assert "Example: tradewind " in (found.__doc__ or "")
