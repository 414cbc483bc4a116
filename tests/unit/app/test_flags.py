"""Flags: defaults, choices, unknown and retired ones, and a switch that stays."""

from pathlib import Path

import pytest

from tradewind.app.config import resolve
from tradewind.app.flags import FLAGS, Retired, find_flag, flag_values, set_flag
from tradewind.app.home import Home
from tradewind.model.errors import ConfigError


def test_every_flag_says_both_ways() -> None:
    assert len({flag.name for flag in FLAGS}) == len(FLAGS)
    assert all(flag.scope and flag.on and flag.off for flag in FLAGS)


def test_chosen_values_replace_defaults() -> None:
    values = flag_values({"netting": False})
    assert values["netting"] is False
    assert values["precomputed_indicators"] is True


def test_unknown_and_retired_flags_are_named() -> None:
    with pytest.raises(ConfigError, match=r"there is no flag 'neting': did you mean 'netting'\?"):
        flag_values({"neting": True})
    gone = [Retired("old_router", "0.3", "remove it, the new one is always on")]
    with pytest.raises(ConfigError, match=r"flag 'old_router' was retired in 0.3: remove it, the new one is always on"):
        find_flag("old_router", gone)


def test_a_switch_stays_until_it_is_forgotten(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert set_flag(home, "netting", False, {}) == {"netting": False}
    assert resolve(home, {}).config.flags == {"netting": False}
    assert resolve(home, {}).origins["flags.netting"] == str(home.flags_file)
    assert set_flag(home, "netting", None, {"netting": False}) == {}
    assert resolve(home, {}).config.flags == {}
