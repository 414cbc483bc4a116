"""Feature flags: which implementation runs, what switching back does, and which flags are gone (SPEC O3).

A flag chooses between two ways that both work; the way not chosen by default is the fallback and is tested. What a run
used is part of its configuration, and so of its record.
"""

from collections.abc import Mapping, Sequence

import msgspec

from tradewind.app.home import Home
from tradewind.model.errors import ConfigError
from tradewind.storage.atomic import write_text
from tradewind.strategy.registry import nearest


class Flag(msgspec.Struct, frozen=True):
    """A switch; `scope` says what reads it, `off` what happens without it."""

    name: str
    default: bool
    scope: str
    on: str
    off: str


class Retired(msgspec.Struct, frozen=True):
    """A flag that no longer exists, and what to do about a file that still names it."""

    name: str
    since: str
    instead: str


FLAGS = (
    Flag(
        "netting",
        True,
        "engine",
        "opposite intents of two bots cross inside the account, equal ones leave as one order",
        "every bot's change goes to the venue as an order of its own, and pays its fee",
    ),
    Flag(
        "precomputed_indicators",
        True,
        "backtest",
        "declared indicators are computed over whole arrays before the run",
        "they are streamed bar by bar, as in paper: slower, equal to the last bit",
    ),
    Flag(
        "live_display",
        True,
        "demo, paper",
        "a live screen of equity, bots, fills and refusals on a terminal",
        "a line of text now and then",
    ),
    Flag(
        "moving_money",
        False,
        "account convert, account move-funds",
        "money moves between one's own accounts and portfolios, with a key named for the call and after a yes",
        "these commands refuse: nothing that tradewind does can move money by mistake",
    ),
)
RETIRED: tuple[Retired, ...] = ()


def flag_values(chosen: Mapping[str, bool], retired: Sequence[Retired] = RETIRED) -> dict[str, bool]:
    """Return the value of every flag: as chosen, else its default.

    Raises  ConfigError for a flag that is unknown or retired.
    """
    for name in chosen:
        find_flag(name, retired)
    return {flag.name: chosen.get(flag.name, flag.default) for flag in FLAGS}


def find_flag(name: str, retired: Sequence[Retired] = RETIRED) -> Flag:
    """Return the flag of that name.

    Raises  ConfigError that suggests the nearest, or says what replaced a retired one.
    """
    for flag in FLAGS:
        if flag.name == name:
            return flag
    for gone in retired:
        if gone.name == name:
            raise ConfigError(f"flag {name!r} was retired in {gone.since}: {gone.instead}")
    raise ConfigError(f"there is no flag {name!r}: {nearest(name, [flag.name for flag in FLAGS])}")


def set_flag(home: Home, name: str, value: bool | None, present: Mapping[str, bool]) -> dict[str, bool]:
    """Return the flags kept in the home folder after writing one (None: back to its default); written whole."""
    find_flag(name)
    kept = {key: each for key, each in present.items() if key != name}
    if value is not None:
        kept[name] = value
    lines = ["[flags]", *(f"{key} = {str(kept[key]).lower()}" for key in sorted(kept))]
    write_text(home.flags_file, "\n".join(lines) + "\n", overwrite=True)
    return kept
