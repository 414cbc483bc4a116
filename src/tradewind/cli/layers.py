"""How the options of a command line become the top layer of its configuration."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tradewind.app.config import Resolved, Values, assignments, put, resolve
from tradewind.app.config_watch import ConfigWatch
from tradewind.app.home import Home, find_home, keep_kernels
from tradewind.cli.options import RunOptions
from tradewind.model.errors import ConfigError


def here() -> Home:
    """Return this user's home folder, with compiled kernels kept in it."""
    home = find_home(os.environ)
    keep_kernels(home)
    return home


def resolved(
    file: Path | None, options: RunOptions, *, profile: str = "research", base: Values | None = None
) -> tuple[Home, Resolved]:
    """Return the home folder and the configuration that file, environment and command line give together.

    `base` are the command's own settings, above its profile and below everything a person says.
    """
    home = here()
    return home, resolve(home, os.environ, file=file, overrides=overrides(options), profile=profile, base=base)


def guarded(
    home: Home,
    settled: Resolved,
    file: Path | None,
    options: RunOptions,
    *,
    profile: str,
    base: Values | None = None,
) -> ConfigWatch:
    """Return the guardian of what `resolved` gave: it reads the same files, in the same order, over again."""
    files = [each for each in (file, home.config_file, home.flags_file) if each is not None]

    def reread() -> Resolved:
        return resolve(home, os.environ, file=file, overrides=overrides(options), profile=profile, base=base)

    return ConfigWatch(files, reread, settled.config)


def overrides(options: RunOptions) -> dict[str, Any]:
    """Return the options as settings.

    Raises  ConfigError for options that do not go together.
    """
    values = assignments(options.settings or ())
    given = {
        "data.path": options.data,
        "data.kind": options.kind,
        "data.venue": options.venue,
        "data.instruments": listed(options.instrument),
        "data.interval": options.interval,
        "data.from": options.start,
        "data.to": options.end,
        "account.cash": options.cash,
        "seed": options.seed,
        "profile": options.profile,
    }
    for key, value in given.items():
        if value is not None:
            put(values, key, value)
    if options.fees is not None:
        maker, _, taker = options.fees.partition(",")
        put(values, "fees.maker", maker.strip())
        put(values, "fees.taker", (taker or maker).strip())
    if options.strategy:
        values["bots"] = _bots(listed(options.strategy) or [], options.param)
    elif options.param:
        raise ConfigError("--param needs a --strategy whose parameter it is")
    return values


def listed(texts: Sequence[str] | None) -> list[str] | None:
    """Return the parts of repeated and comma-separated options."""
    if texts is None:
        return None
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _bots(names: Sequence[str], given: Sequence[str] | None) -> list[dict[str, Any]]:
    if given and len(names) > 1:
        raise ConfigError("--param goes with one --strategy: give several bots in a configuration file ([[bots]])")
    return [{"strategy": name, "parameters": parameters(given)} for name in names]


def parameters(texts: Sequence[str] | None) -> dict[str, str]:
    """Return the values of `--param name=value`, by name.

    Raises  ConfigError for a text without `=`.
    """
    given = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--param {text!r}: write name=value, such as fast=12")
        given[name.strip()] = value.strip()
    return given
