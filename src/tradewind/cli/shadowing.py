"""What `tradewind shadow` does once its options are read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tradewind.app.home import Home
from tradewind.app.live.control import ask
from tradewind.app.live.lease import holder
from tradewind.app.shadow_records import both_sides
from tradewind.app.times import duration_ns
from tradewind.cli.layers import here
from tradewind.cli.main import DONE
from tradewind.cli.operations import told_bots
from tradewind.cli.output import ENCODER, console, print_json, table
from tradewind.cli.pages import page_folder, written
from tradewind.model.errors import ConfigError, StateError
from tradewind.research.shadow.comparing import Comparison, Pair, compare
from tradewind.research.shadow.otherwise import changes, otherwise
from tradewind.research.shadow.page import Shown, duration, moment, money, shadow_page, side_rows, signed, told
from tradewind.research.shadow.trips import finished_trips
from tradewind.storage.runs import RunStore

OPEN = "It has no end on record: it goes on, was cut off, or failed before the session's end."
PAIRS_SHOWN = 20
COLUMNS = ("finished trades", "session", "shadow", "difference")
PAIR_COLUMNS = ("bot", "instrument", "side", "entry (UTC)", "enters", "exits", "session", "shadow", "difference")


def show_report(run: str, within: str | None, out: Path | None, *, json: bool) -> int:
    """Print the comparison, write its page where a folder is named, and return the exit code."""
    folder = page_folder(out)
    store = RunStore(here().runs)
    record = store.load(run)
    span = within or _bar(record.config)
    session, shadow = both_sides(store, record.id)
    found = compare(finished_trips(session.model), finished_trips(shadow.model), duration_ns(span))
    ended = "" if shadow.ended else OPEN
    shown = Shown(record.id, otherwise(session.config, shadow.config), ended, changes(session.model))
    value = report_object(found, shown, span)
    page = written(folder, "shadow", shadow_page(found, shown), ENCODER.encode(value))
    if json:
        print_json(value | {"page": None if page is None else str(page)})
        return DONE
    screen = console()
    screen.print(f"run {record.id} and its shadow, entries within {span}", markup=False, soft_wrap=True)
    for line in (*shown.otherwise, *shown.commands, *([ended] if ended else ())):
        screen.print(f"  {line}", markup=False, soft_wrap=True)
    screen.print(table("session and shadow", COLUMNS, side_rows(found)))
    if telling := sorted(found.pairs, key=lambda pair: abs(pair.gained), reverse=True)[:PAIRS_SHOWN]:
        screen.print(table("pairs that differ most", PAIR_COLUMNS, [_cells(pair) for pair in telling]))
    screen.print(told(found), markup=False, soft_wrap=True)
    if page is not None:
        screen.print(f"page {page}", markup=False, soft_wrap=True)
    return DONE


def report_object(found: Comparison, shown: Shown, within: str) -> dict[str, Any]:
    """Return the comparison as `--json` prints it."""
    return {
        "run": shown.run,
        "within": within,
        "otherwise": list(shown.otherwise),
        "commands": list(shown.commands),
        "ended": not shown.ended,
        "agreement": found.agreement,
        "difference": found.difference,
        "interval": None if found.low is None else [found.low, found.high],
        "session": msgspec.to_builtins(found.session),
        "shadow": msgspec.to_builtins(found.shadow),
        "pairs": [
            {
                "session": msgspec.to_builtins(pair.session),
                "shadow": msgspec.to_builtins(pair.shadow),
                "gained": pair.gained,
                "fees": pair.fees,
                "slippage": pair.slippage,
                "entry_s": pair.entry_s,
                "exit_s": pair.exit_s,
            }
            for pair in found.pairs
        ],
        "only_session": [msgspec.to_builtins(trip) for trip in found.only_session],
        "only_shadow": [msgspec.to_builtins(trip) for trip in found.only_shadow],
    }


def promote_bots(run: str, bot: str | None, reason: str, *, everything: bool, json: bool) -> int:
    """Tell the run's session to promote a bot or all."""
    if everything == (bot is not None):
        raise ConfigError("say which bot to promote, or --all")
    return _tell(run, {"do": "promote", "bot": bot, "reason": reason}, json=json)


def roll_back_bots(run: str, bot: str | None, reason: str, *, json: bool) -> int:
    """Tell the run's session to roll a bot or all back."""
    return _tell(run, {"do": "roll_back", "bot": bot, "reason": reason}, json=json)


def running_session(home: Home, run: str) -> Path:
    """Return the account folder of the session that writes this run.

    Raises  ConfigError where no session does.
    """
    root = home.root / "live"
    folders = [each for each in sorted(root.iterdir()) if holder(each) is not None] if root.is_dir() else []
    for folder in folders:
        try:
            if ask(folder, {"do": "status"})["run"] == run:
                return folder
        except (ConfigError, StateError):
            continue  # one that is starting or ending does not listen, and is not meant
    raise ConfigError(f"run {run} is no session that runs now and listens: `tradewind status` tells which do")


def _tell(run: str, what: Mapping[str, Any], *, json: bool) -> int:
    home = here()
    folder = running_session(home, RunStore(home.runs).find(run))
    return told_bots(ask(folder, what), json=json)


def _bar(config: Mapping[str, Any]) -> str:
    """Return the length of the run's bars."""
    parts = (config.get("data", {}), config.get("market", {}))
    return next((part["interval"] for part in parts if part.get("interval")), "1h")


def _cells(pair: Pair) -> tuple[str, ...]:
    trip = pair.session
    return (
        trip.bot, trip.instrument, trip.direction, moment(trip.entry_ns), duration(pair.entry_s),
        duration(pair.exit_s), money(trip.gained), money(pair.shadow.gained), signed(pair.gained),
    )  # fmt: skip
