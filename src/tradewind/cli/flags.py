"""`tradewind flags`: feature flags, what switching back does, and a switch that stays."""

from typing import Annotated, Literal

from cyclopts import Parameter

from tradewind.cli.main import DONE
from tradewind.cli.options import Json, RunOptions


def list_(*, json: Json = False) -> int:
    """List the flags: default, value now and who set it, scope, and what each
    way means.

    Example: tradewind flags list
    """
    from tradewind.app.flags import FLAGS, RETIRED, flag_values
    from tradewind.cli.layers import resolved
    from tradewind.cli.output import console, print_json, table

    _, settled = resolved(None, RunOptions())
    values = flag_values(settled.config.flags)
    if json:
        flags = [
            {
                "name": flag.name,
                "default": flag.default,
                "value": values[flag.name],
                "scope": flag.scope,
                "on": flag.on,
                "off": flag.off,
                "set_by": settled.origins.get(f"flags.{flag.name}", "default"),
            }
            for flag in FLAGS
        ]
        print_json({"flags": flags, "retired": RETIRED})
        return DONE
    rows = [
        (
            flag.name,
            _word(values[flag.name]),
            _word(flag.default),
            flag.scope,
            f"on: {flag.on}\noff: {flag.off}",
        )
        for flag in FLAGS
    ]
    screen = console()
    screen.print(table("Flags", ("flag", "now", "default", "read by", "what it does"), rows, numbers=False))
    gone = [f"{each.name} (since {each.since}: {each.instead})" for each in RETIRED]
    screen.print(f"retired: {', '.join(gone) or 'none'}", markup=False)
    return DONE


def set_(
    name: Annotated[str, Parameter(help="The flag.")],
    value: Annotated[Literal["on", "off", "default"], Parameter(help="on, off, or default to forget the choice.")],
    /,
    *,
    json: Json = False,
) -> int:
    """Switch a flag for all runs to come; `--set flags.NAME=false` does it for
    one.

    Example: tradewind flags set netting off
    """
    from tradewind.app.config import file_layer
    from tradewind.app.flags import set_flag
    from tradewind.cli.layers import here
    from tradewind.cli.output import print_json

    home = here()
    present = file_layer(home.flags_file).values.get("flags", {}) if home.flags_file.is_file() else {}
    kept = set_flag(home, name, None if value == "default" else value == "on", present)
    if json:
        print_json({"flags": kept, "file": str(home.flags_file)})
    else:
        print(f"{name} is {value}, kept in {home.flags_file}")
    return DONE


def _word(value: bool) -> str:
    return "on" if value else "off"
