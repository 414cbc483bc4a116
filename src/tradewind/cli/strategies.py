"""`tradewind strategies`: which there are, what their parameters mean, and a template for your own."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.main import DONE
from tradewind.cli.options import Json


def list_(*, json: Json = False) -> int:
    """List the built-in strategies with what each does.

    Example: tradewind strategies list
    """
    from tradewind.cli.output import console, print_json, table
    from tradewind.strategy.registry import describe, strategy_names

    found = [describe(name) for name in strategy_names()]
    if json:
        print_json({"strategies": found})
        return DONE
    rows = [(each.name, each.warmup_bars, each.summary) for each in found]
    made = table("Strategies", ("name", "warm after", "what it does"), rows)
    made.columns[2].justify = "left"
    console().print(made)
    print("Your own is named as module:Class or file.py:Class; `tradewind strategies new my_trend` writes one.")
    return DONE


def show(
    name: Annotated[str, Parameter(help="A built-in name, module:Class or file.py:Class.")], /, *, json: Json = False
) -> int:
    """Show a strategy: what it does, its indicators, its parameters with ranges
    and defaults.

    Example: tradewind strategies show donchian
    """
    from tradewind.app.strategies import describe_strategy
    from tradewind.cli.output import console, print_json, table

    found = describe_strategy(name)
    if json:
        print_json(found)
        return DONE
    screen = console()
    screen.print(f"{found.name}: {found.summary}", markup=False, soft_wrap=True)
    indicators = ", ".join(found.indicators) or "none"
    screen.print(f"called on: {', '.join(found.callbacks)}; indicators: {indicators}", markup=False, soft_wrap=True)
    rows = [
        (each.name, f"{each.type} {each.range}".strip(), "needed" if each.required else each.default, each.doc)
        for each in found.parameters
    ]
    screen.print(table("Parameters", ("name", "takes", "default", "meaning"), rows, numbers=False))
    return DONE


def new(
    path: Annotated[Path, Parameter(help="Where to write it; the file's name becomes the class's.")],
    /,
    *,
    json: Json = False,
) -> int:
    """Write a working strategy of fifteen lines to start from.

    Example: tradewind strategies new my_trend.py
    """
    from tradewind.app.strategies import write_template
    from tradewind.cli.output import print_json

    place = write_template(path)
    if json:
        print_json({"strategy": place})
    else:
        print(f"wrote {place}\ntry it: tradewind backtest --strategy {place} --data FOLDER-OF-CANDLES --interval 1h")
    return DONE
