"""The command tree. Commands are named here and loaded when they are used, so that help is quick."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from cyclopts import App

from tradewind import __version__


class Command(NamedTuple):
    """Where a command's function is, below `tradewind.cli`, and one line about it."""

    place: str
    help: str


COMMANDS: Mapping[str, Command] = {
    "demo": Command("demo:demo", "Watch a dozen bots trade a generated market for a minute."),
    "paper": Command("paper:paper", "Trade on paper: generated or recorded markets, paced by the clock."),
    "live": Command("live:live", "Trade on a venue, with real orders."),
    "status": Command("operating:status", "How a running session stands."),
    "orders": Command("operating:orders", "A running session's orders."),
    "positions": Command("operating:positions", "What the bots of a running session hold."),
    "fills": Command("operating:fills", "A running session's executions."),
    "halt": Command("operating:halt", "The kill switch: of a session, or at the venue itself."),
    "resume": Command("operating:resume", "Let trading go on after a halt."),
    "reload": Command("operating:reload_", "Apply harmless changes of the configuration to a running session."),
    "flatten": Command("operating:flatten", "Close positions of a running session."),
    "backtest": Command("backtest:backtest", "Run strategies over recorded bars."),
    "exchange": Command("exchange:exchange", "Run a local exchange that speaks Coinbase Advanced Trade."),
    "markets": Command("markets:markets", "What can be traded at Coinbase."),
    "doctor": Command("doctor:doctor", "Whether a live session may start: READY, REVIEW or NOT READY."),
    "report": Command("report:report", "The tear sheet of a run."),
    "why": Command("why:why", "Why an order was sent or refused, step by step."),
    "why-not": Command("why:why_not", "Why bots did nothing in an instrument."),
    "replay": Command("replay:replay", "Do a kept run again and hold it to its digest."),
}
GROUPS: Mapping[str, tuple[str, Mapping[str, Command]]] = {
    "data": (
        "Market data: import, look at, check and convert candles, trades, books and funding.",
        {
            "import": Command("data:import_", "Take files into the catalog."),
            "fetch": Command("data:fetch", "Download candles of Coinbase, or of any venue of ccxt."),
            "list": Command("data:list_", "What the catalog has."),
            "verify": Command("data:verify", "Check files and rows."),
            "resample": Command("data:resample", "Make longer bars."),
            "export": Command("data:export", "Write CSV or Parquet."),
        },
    ),
    "runs": (
        "Finished runs: list, show, compare, delete.",
        {
            "list": Command("runs:list_", "The runs that are kept."),
            "show": Command("runs:show", "One run."),
            "compare": Command("runs:compare", "In what two runs differ."),
            "delete": Command("runs:delete", "Delete runs."),
        },
    ),
    "scenarios": (
        "Written scenarios with exact expectations.",
        {"run": Command("scenarios:run", "Run scenario files and compare exactly.")},
    ),
    "strategies": (
        "Strategies: which there are, what their parameters mean, a template for your own.",
        {
            "list": Command("strategies:list_", "The built-in strategies."),
            "show": Command("strategies:show", "One strategy and its parameters."),
            "new": Command("strategies:new", "Write a working strategy to start from."),
        },
    ),
    "check": (
        "Checks of a strategy: does it know the future, are its indicators warm when they say so.",
        {
            "lookahead": Command("check:lookahead", "Whether a strategy knows the future."),
            "warmup": Command("check:warmup", "Whether its indicators are warm when they say so."),
        },
    ),
    "regime": (
        "Regimes: what kind of market it is, how good the classifier is, and training it.",
        {
            "bench": Command("regime:bench", "Score the classifier on generated markets whose truth is known."),
            "show": Command("regime:show", "The regime of an instrument in recorded bars."),
            "overview": Command("regime:overview", "The regimes of all instruments in recorded bars, in one table."),
            "train": Command("regime:train", "Train the model anew, on the training seeds."),
        },
    ),
    "risk": (
        "Risk: how good the forecasts of losses are.",
        {"backtest": Command("risk:backtest", "Hold VaR and expected shortfall against what came.")},
    ),
    "execution": (
        "Execution: how an order would be worked, and what that is worth against sending it to market.",
        {
            "plan": Command("execution:plan", "How an order would be worked, and at what cost."),
            "costs": Command("execution:costs", "What the orders of a run cost, by strategy and day."),
            "study": Command("execution:study", "Measure planned execution on recorded and generated books."),
        },
    ),
    "fleet": (
        "Fleets: many bots on many instruments, and what the stack is worth to them.",
        {
            "run": Command("fleet:run", "The scorecard of a fleet: naive, the whole stack, and the stack less a part."),
            "calibrate": Command("fleet:calibrate", "Whether edges are found where they are, and nowhere else."),
        },
    ),
    "bots": (
        "The bots of a running session: pause, disable, budget, reload, without losing positions.",
        {
            "list": Command("bots:list_", "The bots of a running session, and how they stand."),
            "pause": Command("bots:pause", "Let a bot take no new decisions."),
            "resume": Command("bots:resume", "Let a paused or disabled bot decide again."),
            "disable": Command("bots:disable", "Switch a bot off; its exits stay."),
            "budget": Command("bots:budget", "Give a bot another share of the account."),
            "reload": Command("bots:reload", "Give a bot its strategy anew: its file as it is now, other parameters."),
        },
    ),
    "shadow": (
        "A candidate that runs beside a session: compare the two, take it over, take that back.",
        {
            "report": Command("shadow:report", "Compare a run with its candidate, trade by trade."),
            "promote": Command("shadow:promote", "Let a running session's bot become what its shadow tries out."),
            "roll-back": Command("shadow:roll_back", "Let promoted bots become again what they were."),
        },
    ),
    "venues": (
        "Venues: what each can do, and their payloads held against our types.",
        {
            "list": Command("venues:list_", "What each venue can do with an order."),
            "show": Command("venues:show", "What one venue can do, also any that ccxt knows."),
            "decode": Command("venues:decode", "Read recorded payloads and compare them field by field."),
        },
    ),
    "account": (
        "An account at a venue: what there is, and moving it between one's own pockets.",
        {
            "snapshot": Command("account:snapshot", "Balances, positions, open orders, fees, the key's rights."),
            "convert": Command("account:convert", "Convert one of your currencies into another at par."),
            "move-funds": Command("account:move_funds", "Move money between two of your portfolios."),
        },
    ),
    "key": (
        "A venue's key, kept where others cannot read it.",
        {
            "seal": Command("key:seal", "Encrypt a key file under a passphrase."),
            "keep": Command("key:keep", "Put a key into the machine's keyring."),
        },
    ),
    "order": (
        "One order by hand, outside any session.",
        {
            "preview": Command("order:preview", "What an order would cost, and why it would be refused."),
            "place": Command("order:place", "Place one order, after asking back."),
            "edit": Command("order:edit", "Change price or quantity of a live order."),
            "cancel": Command("order:cancel", "Cancel orders, each with its own answer."),
        },
    ),
    "config": (
        "Configuration: what is set and where, its schema, a check of a file.",
        {
            "show": Command("config:show", "What is set, and by whom."),
            "schema": Command("config:schema", "The JSON schema of a file."),
            "check": Command("config:check", "Check a file without running anything."),
        },
    ),
    "flags": (
        "Feature flags: list them, switch one.",
        {
            "list": Command("flags:list_", "Every flag and what it does."),
            "set": Command("flags:set_", "Switch a flag for all runs to come."),
        },
    ),
}


def command_tree(words: Collection[str]) -> App:
    """Return the tree for a command line of these words.

    A command that is named shows its own full help; the others are listed with one line, without being loaded.
    """
    app = App(
        name="tradewind",
        help="One crypto trading engine for backtest, paper and live: exact, replayable, under one risk budget.",
        version=f"tradewind {__version__}",
        version_flags=["--version", "-V"],
        help_format="plaintext",
        help_epilogue="First steps: tradewind demo; tradewind data import FILE; tradewind backtest --help",
    )
    _add(app, COMMANDS, words)
    for name, (help_line, commands) in GROUPS.items():
        group = App(name=name, help=help_line, help_format="plaintext", help_epilogue="")
        _add(group, commands, words)
        app.command(group)
    app.register_install_completion_command()
    return app


def _add(app: App, commands: Mapping[str, Command], words: Collection[str]) -> None:
    for name, command in commands.items():
        place = f"tradewind.cli.{command.place}"
        if name in words:
            app.command(place, name=name, help_epilogue="")
        else:
            app.command(place, name=name, help=command.help)
