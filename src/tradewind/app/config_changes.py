"""In what a configuration differs from the one a session runs by, setting by setting, and what each does to it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from tradewind.app.setting_classes import WEIGHTS, Weight
from tradewind.app.settings import Config
from tradewind.app.wiring import named_bots

NAMED = frozenset({"bots", "instruments"})
HELD = "has an open position and cannot be removed"
Held = Mapping[str, frozenset[str]]


class Change(msgspec.Struct, frozen=True):
    """One setting that is said otherwise now; `why` says more than its key."""

    key: str
    now: Any
    weight: Weight
    bot: str = ""
    why: str = ""

    @property
    def text(self) -> str:
        return f"{self.key} ({self.why})" if self.why else self.key


def changes(running: Config, told: Config, held: Held) -> tuple[Change, ...]:
    """Return what differs, by key; `held` are the instruments in which each bot has an open position."""
    before, after = _tables(running), _tables(told)
    found = [*_plain(before, after), *_instruments(before, after), *_bots(running, told)]
    return tuple(sorted([*found, *_kept_from(running, told, held)], key=lambda each: each.key))


def _tables(config: Config) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(config)
    for bot in values["bots"]:
        bot["instruments"] = sorted(bot["instruments"])
    values["data"]["instruments"] = sorted(values["data"]["instruments"])
    return values


def _plain(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what differs at the top and in the sections that are no lists of named things."""
    for section, now in after.items():
        if section in NAMED:
            continue
        if section in WEIGHTS:
            if now != before[section]:
                yield Change(section, now, WEIGHTS[section])
            continue
        for name, value in now.items():
            if value != before[section][name]:
                yield Change(f"{section}.{name}", value, WEIGHTS[f"{section}.{name}"])


def _instruments(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Yield the terms that differ; of a table on one side only, what it says beyond the defaults."""
    old, new = before["instruments"], after["instruments"]
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.convert({"instruments": {"-": {}}}, Config))["instruments"]["-"]
    for name in sorted(old.keys() | new.keys()):
        for key, value in new.get(name, plain).items():
            if value != old.get(name, plain)[key]:
                yield Change(f"instruments.{name}.{key}", value, WEIGHTS[f"instruments.{key}"])


def _bots(running: Config, told: Config) -> Iterator[Change]:
    """Yield the bots that came or went, and what differs in those that stayed."""
    old, new = named_bots(running), named_bots(told)
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            yield Change(f"bots.{name}", name in new, WEIGHTS["bots.id"], name)
            continue
        was, now = msgspec.to_builtins(old[name]), msgspec.to_builtins(new[name])
        for key, value in now.items():
            same = sorted(value) == sorted(was[key]) if key == "instruments" else value == was[key]
            if key != "id" and not same:
                yield Change(f"bots.{name}.{key}", value, WEIGHTS[f"bots.{key}"], name)


def _kept_from(running: Config, told: Config, held: Held) -> Iterator[Change]:
    """Yield the instruments that are gone and have an open position: they cannot be removed."""
    everything = frozenset().union(*held.values()) if held else frozenset()
    if told.data.instruments and running.data.instruments:
        for name in sorted((set(running.data.instruments) - set(told.data.instruments)) & everything):
            yield Change("data.instruments", name, Weight.RISK, why=f"{name} {HELD}")
    old, new = named_bots(running), named_bots(told)
    for bot, names in sorted(held.items()):
        if bot in old and bot not in new:
            yield Change(f"bots.{bot}", sorted(names), Weight.RISK, bot, f"it {HELD}")
        elif bot in old and (kept := frozenset(new[bot].instruments)):
            for name in sorted(names & frozenset(old[bot].instruments or names) - kept):
                yield Change(f"bots.{bot}.instruments", name, Weight.RISK, bot, f"{name} {HELD}")
