"""The command tree. Commands are named here and loaded when they are used, so that help is quick."""

from cyclopts import App

from tradewind import __version__

RUN = "tradewind.cli"

app = App(
    name="tradewind",
    help="One crypto trading engine for backtest, paper and live: exact, replayable, under one risk budget.",
    version=f"tradewind {__version__}",
    version_flags=["--version", "-V"],
    help_format="plaintext",
    help_epilogue="First steps: tradewind demo, then tradewind data import FILE, then tradewind backtest --help",
)


def group(name: str, help: str, commands: dict[str, str]) -> App:
    """Return a group of commands `module:function`, each loaded when it is used."""
    made = App(name=name, help=help, help_format="plaintext")
    for command, place in commands.items():
        made.command(f"{RUN}.{place}", name=command)
    return made


app.command(f"{RUN}.demo:demo", name="demo")
app.command(f"{RUN}.paper:paper", name="paper")
app.command(f"{RUN}.backtest:backtest", name="backtest")
app.command(
    group(
        "data",
        "Market data: import, look at, check and convert candles, trades, books and funding.",
        {
            "import": "data:import_",
            "list": "data:list_",
            "verify": "data:verify",
            "resample": "data:resample",
            "export": "data:export",
        },
    )
)
app.command(
    group(
        "runs",
        "Finished runs: list, show, compare, delete.",
        {"list": "runs:list_", "show": "runs:show", "compare": "runs:compare", "delete": "runs:delete"},
    )
)
app.command(f"{RUN}.report:report", name="report")
app.command(f"{RUN}.replay:replay", name="replay")
app.command(group("scenarios", "Written scenarios with exact expectations.", {"run": "scenarios:run"}))
app.command(
    group(
        "strategies",
        "Strategies: which there are, what their parameters mean, a template for your own.",
        {"list": "strategies:list_", "show": "strategies:show", "new": "strategies:new"},
    )
)
app.command(
    group(
        "config",
        "Configuration: what is set and where, its schema, a check of a file.",
        {"show": "config:show", "schema": "config:schema", "check": "config:check"},
    )
)
app.command(group("flags", "Feature flags: list them, switch one.", {"list": "flags:list_", "set": "flags:set_"}))
app.register_install_completion_command()
