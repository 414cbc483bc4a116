"""`tradewind config`: what is set and where it was set, the schema, and a check of a file."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.main import DONE
from tradewind.cli.options import Json, Profile, RunOptions, Set

FLEET_TABLES = {"fleet", "walk_forward"}
File = Annotated[Path | None, Parameter(help="A configuration file (TOML).")]


def show(file: File = None, /, *, profile: Profile = None, settings: Set = None, json: Json = False) -> int:
    """Show every setting that is not at its default, with its value and where it
    was set; secrets are masked.

    Example: tradewind config show my-run.toml --profile paper
    """
    import msgspec

    from tradewind.app.config import flattened
    from tradewind.app.secrets import masked
    from tradewind.cli.layers import resolved
    from tradewind.cli.output import console, print_json, table

    home, settled = resolved(file, RunOptions(profile=profile, settings=settings))
    values = masked(msgspec.to_builtins(settled.config))
    if json:
        print_json({"hash": settled.digest, "home": str(home.root), "config": values, "origins": settled.origins})
        return DONE
    rows = []
    for key, value in flattened(values):
        origin = settled.origins.get(key, "default")
        if origin != "default":
            rows.append((key, "off" if value is None else str(value), origin))
    screen = console()
    screen.print(table("Settings", ("key", "value", "set by"), rows, numbers=False))
    screen.print(f"hash {settled.digest}", markup=False)
    text = f"home {home.root}; everything else is at its default (--json shows all)"
    screen.print(text, markup=False, soft_wrap=True)
    return DONE


def schema(*, json: Json = False) -> int:
    """Print the JSON schema of a configuration file, for editors and checks.

    Example: tradewind config schema > tradewind.schema.json
    """
    import msgspec

    from tradewind.app.config import schema as config_schema
    from tradewind.cli.output import print_json

    if json:
        print_json(config_schema())
    else:
        print(msgspec.json.format(msgspec.json.encode(config_schema()), indent=2).decode())
    return DONE


def check(file: Annotated[Path, Parameter(help="A configuration file (TOML).")], /, *, json: Json = False) -> int:
    """Check a configuration file, a fleet's too, without running anything; exit
    with 2 and say what is wrong.

    Example: tradewind config check my-run.toml
    """
    from tradewind.app.config import file_layer
    from tradewind.app.flags import flag_values
    from tradewind.app.fleet import read_fleet
    from tradewind.app.strategies import make_strategy
    from tradewind.app.wiring import strategy_parameters
    from tradewind.cli.layers import resolved
    from tradewind.cli.output import print_json

    if file_layer(file).values.keys() & FLEET_TABLES:
        plan = read_fleet(file)
        config, digest = plan.config, plan.digest
    else:
        _, settled = resolved(file, RunOptions())
        config, digest = settled.config, settled.digest
    flag_values(config.flags)
    for bot in config.bots:
        make_strategy(bot.strategy, strategy_parameters(bot))
    if json:
        print_json({"file": str(file), "hash": digest, "bots": len(config.bots)})
    else:
        print(f"{file} is in order: hash {digest}, {len(config.bots)} bots")
    return DONE
