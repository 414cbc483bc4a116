"""Asking a running session over its control socket, and stopping an account at the venue without one."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console

from tradewind.app.home import Home
from tradewind.app.live.control import ask
from tradewind.app.live.latch import Latch
from tradewind.app.live.lease import holder
from tradewind.app.times import moment_text
from tradewind.cli.layers import here
from tradewind.cli.main import DONE, FAILED
from tradewind.cli.output import console, print_json, reading_text, table
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.money import plain

OPERATOR = "operator"


GUARD_COLUMNS = ("guard", "breached", "number", "limit", "action")
FOR_MACHINES = {"orders": {"venue_id", "emulated", "fees"}, "fills": {"fill_id", "strategy"}}
MONEY = frozenset({"cost", "realised", "fees", "fee", "notional"})
COUNTED = ("attempted", "successful", "failed", "in_doubt", "pending")


def session_folder(home: Home, name: str | None, *, running: bool = True) -> Path:
    """Return the account folder that is meant.

    Raises  ConfigError that says which there are.
    """
    root = home.root / "live"
    folders = sorted(each for each in root.iterdir() if each.is_dir()) if root.is_dir() else []
    if name is not None:
        folders = [each for each in folders if name in each.name]
    alive = [each for each in folders if holder(each) is not None]
    chosen = alive if running or len(alive) == 1 else folders
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        what = "no session is running" if running else "there is no account yet"
        raise ConfigError(f"{what} in {root}: `tradewind live` starts one")
    raise ConfigError(f"which one? say --session with a part of {', '.join(each.name for each in chosen)}")


def show_status(name: str | None, *, json: bool) -> int:
    """Print a session's status."""
    told: dict[str, Any] = ask(session_folder(here(), name), {"do": "status"})
    if json:
        print_json(told)
        return DONE
    screen = console()
    rows = [
        ("run", f"{told['run']}{'  DRY RUN: nothing is sent' if told['dry_run'] else ''}"),
        ("account", f"{told['venue']} {told['account']}{'  REAL MONEY' if told['real_money'] else ''}"),
        ("phase", told["phase"]),
        ("halted", told["halted"] or "no"),
        ("reduce-only", _listed(told["reduce_only"])),
        ("in doubt", "; ".join(f"{each}: {_listed(why)}" for each, why in told["in_doubt"].items()) or "nothing"),
        ("equity", rounded(told["equity"])),
        ("cash", _listed({name: rounded(each) for name, each in told["cash"].items()})),
        ("open orders", told["orders_open"]),
        (
            "requests",
            _listed({key: told["requests"].get(key) for key in COUNTED}),
        ),
        ("unknown", ", ".join(told["requests"].get("unknown", ())) or "none"),
        ("uptime", f"{told['uptime_s']:.0f} s"),
        ("process", _listed(told["process"])),
    ]
    screen.print(table("session", ("", ""), rows, numbers=False))
    show_table([_readable(each) for each in told["positions"]], "positions")
    show_table([_bot_cells(each) for each in told.get("bots", ())], "bots")
    if fits := told.get("fits"):  # nothing to fit in most sessions
        show_table([_fit_cells(each) for each in fits], "fits")
    if said := told.get("readings"):  # a session of an older version tells none
        rows_said = [{**each, "values": reading_text(each["values"], 3)} for each in said]
        show_table(rows_said, "readings")
    show_safeguards(screen, told)
    if shadow := told.get("shadow"):
        show_table([shadow | {"ended": shadow["ended"] or "no", "equity": rounded(shadow["equity"])}], "shadow")
    show_table([_market_cells(each, told["markets"][each]) for each in told["markets"]], "markets")
    for alarm in told["alarms"][-5:]:
        screen.print(f"alarm {alarm['name']}: {alarm['text']}", markup=False)
    return DONE


def _fit_cells(fit: Mapping[str, Any]) -> dict[str, Any]:
    """A fit as people read it: times instead of numbers."""
    times = {"knows until": fit["known_ns"], "holds until": fit["valid_until_ns"]}
    told = {head: moment_text(ts_ns) if ts_ns else "-" for head, ts_ns in times.items()}
    return {"fit": fit["kind"], "state": fit["state"], **told, "trouble": fit["trouble"]}


def rounded(amount: str | None) -> str | None:
    """Return an amount to the cent, for the eye only."""
    return None if amount is None else plain(round(Decimal(amount), 2))


def _market_cells(name: str, market: Mapping[str, Any]) -> dict[str, Any]:
    """A market as people read it: the close of the last bar as a time, and short heads."""
    heads = {"mark_age_s": "age s", "mark_source": "source", "data_reasons": "why", "messages_per_second": "msg/s",
             "orders_minute": "orders/min", "next_order_in_s": "next in s"}  # fmt: skip
    close = market.get("bar_close_ns")
    last = {"last bar": "-" if close is None else moment_text(close, seconds=True)}
    rest = {heads.get(key, key): value for key, value in market.items() if key != "bar_close_ns"}
    return {"instrument": name, **rest, **last}


def show_safeguards(screen: Console, told: Mapping[str, Any]) -> None:
    """Print regimes, breakers, protections, guards and the checks that are off; an older session tells none of them."""
    if regimes := told.get("regimes"):
        rows = [{key: value for key, value in each.items() if key != "ts_ns"} for each in regimes]
        show_table(rows, "regimes")
    if guarded := told.get("safeguards"):
        rows = [each for each in guarded if each["setting"] != "off"]
        if rows:
            show_table(rows, "breakers and protections")
        if off := [each["name"] for each in guarded if each["setting"] == "off"]:
            screen.print(f"off: {', '.join(off)}", markup=False, soft_wrap=True)
    if guards := told.get("guards"):
        rows = [{**each, "breached": "BREACHED" if each["breached"] else "holds"} for each in guards]
        show_table([{key: each[key] for key in GUARD_COLUMNS} for each in rows], "guards")
    if checks := told.get("checks"):
        screen.print(f"checks that are off: {', '.join(checks['off']) or 'none'}", markup=False, soft_wrap=True)
    if refusals := told.get("refusals"):
        screen.print(f"refused by risk: {_listed(refusals)}", markup=False, soft_wrap=True)


def show_bots(name: str | None, *, json: bool) -> int:
    """Print how the bots of a session stand."""
    rows: list[dict[str, Any]] = ask(session_folder(here(), name), {"do": "bots"})
    if json:
        print_json({"bots": rows})
    else:
        show_table([_bot_cells(each) for each in rows], "bots")
    return DONE


def tell_bot(what: Mapping[str, Any], name: str | None, *, json: bool) -> int:
    """Tell a session something about a bot, and print what the bot is then."""
    row: dict[str, Any] = ask(session_folder(here(), name), what)
    if json:
        print_json(row)
        return DONE
    _say_bot(row)
    return DONE


def told_bots(rows: Sequence[Mapping[str, Any]], *, json: bool) -> int:
    """Print what several bots are now."""
    if json:
        print_json({"bots": rows})
    else:
        for row in rows:
            _say_bot(row)
    return DONE


def _say_bot(row: Mapping[str, Any]) -> None:
    screen = console()
    screen.print(f"{row['bot']} is {_stand(row)}", markup=False, soft_wrap=True)
    if row.get("warms_up"):
        screen.print(f"it decides from the close of bar {row['warms_up']} from now on", markup=False)
    if row.get("trouble"):
        screen.print(row["trouble"], markup=False, soft_wrap=True)


def whole_place(strategy: str) -> str:
    """Return the place of a strategy as it is found from every folder: the session may have begun in another one."""
    path, colon, name = (strategy, "", "") if strategy.endswith(".py") else strategy.rpartition(":")
    return f"{Path(path).resolve()}{colon}{name}" if path.endswith(".py") else strategy


def _bot_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bot's row as a table shows it."""
    parameters = _listed(row["parameters"]) if row["parameters"] else ""
    return {
        "bot": row["bot"],
        "state": row["state"],
        "strategy": Path(row["strategy"]).name,
        "parameters": parameters,
        "budget": row["budget"],
        "changed": "promoted" if row["former"] else "yes" if row["changed"] else "",
    }


def _stand(row: Mapping[str, Any]) -> str:
    cells = _bot_cells(row)
    what = f"{cells['strategy']} ({cells['parameters']})" if cells["parameters"] else cells["strategy"]
    return f"{row['state']}, {what}, budget {row['budget']}"


def show_rows(what: str, more: Mapping[str, Any], name: str | None, *, json: bool) -> int:
    """Print a list that a session tells."""
    rows: list[dict[str, Any]] = ask(session_folder(here(), name), {"do": what, **more})
    if json:
        print_json({what: rows})
    else:
        show_table([_readable(row) for row in _told(what, rows)], what)
    return DONE


def _told(what: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows without the columns that say nothing of any, and without those that only JSON needs."""
    hidden: set[str] = FOR_MACHINES.get(what, set())
    kept = {key for row in rows for key, value in row.items() if value not in (None, "") and key not in hidden}
    return [{key: value for key, value in row.items() if key in kept} for row in rows]


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as people read it: moments instead of nanoseconds, money to the cent; `--json` has every digit."""
    heads = {"ts_ns": "time", "sent_ns": "sent"}
    told: dict[str, Any] = {key: rounded(each) if key in MONEY else each for key, each in row.items()}
    return {heads.get(key, key): moment_text(told[key], seconds=True) if key in heads else told[key] for key in told}


def show_table(rows: Sequence[Mapping[str, Any]], title: str) -> None:
    """Print rows as a table, or that there are none."""
    screen = console()
    if not rows:
        screen.print(f"no {title}", markup=False)
        return
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    screen.print(table(title, columns, cells, numbers=False))


def told_session(what: Mapping[str, Any], name: str | None, *, json: bool) -> int:
    """Tell a session something, and print what it answers."""
    answer = ask(session_folder(here(), name), what)
    if json:
        print_json(answer)
    else:
        resumed = answer == {"halted": None}
        words = _listed(answer) if isinstance(answer, Mapping) else answer
        console().print("done: trading goes on" if resumed else f"done: {words}", markup=False)
    return DONE


def reload_session(name: str | None, *, json: bool) -> int:
    """Let a session take over its files as they are now, and print what became of each difference.

    Raises  ConfigError that names the settings which a running session cannot take over.
    """
    answer: dict[str, Any] = ask(session_folder(here(), name), {"do": "reload"})
    if "refused" in answer:
        raise ConfigError(answer["refused"])
    if json:
        print_json(answer)
        return DONE
    screen = console()
    for key in answer["applied"]:
        screen.print(f"applied {key}", markup=False, soft_wrap=True)
    for key in answer["waits"]:
        screen.print(f"{key} waits for the next start", markup=False, soft_wrap=True)
    if not answer["applied"] and not answer["waits"]:
        screen.print("the configuration is what the session runs by", markup=False)
    return DONE


def halt_session(reason: str, name: str | None, *, flatten: bool, json: bool) -> int:
    """Latch an account's kill switch: through its session, and on the disk where that does not answer."""
    folder = session_folder(here(), name, running=False)
    tripped = Latch(folder).trip(reason, time.time_ns(), OPERATOR)
    running = holder(folder) is not None
    if running:
        try:
            return told_session({"do": "halt", "reason": reason, "flatten": flatten}, folder.name, json=json)
        except StateError as error:
            raise StateError(f"halted: {tripped.reason}, and nothing that opens leaves any more; but {error}") from None
        except ConfigError:
            if flatten:
                raise ConfigError(f"halted: {tripped.reason}; nothing is closed: the session does not listen") from None
    what = "The session does not listen yet, or no more: it obeys the latch" if running else "No session is running"
    if json:
        print_json({"halted": tripped.reason, "running": running})
    else:
        text = f"halted: {tripped.reason}. {what}; for orders at the venue say `tradewind halt --venue`"
        console().print(text, markup=False, soft_wrap=True)
    return DONE


def resume_session(reason: str, name: str | None, *, json: bool) -> int:
    """Take a latch away: through the session where one is running."""
    folder = session_folder(here(), name, running=False)
    if holder(folder) is not None:
        return told_session({"do": "resume", "reason": reason}, folder.name, json=json)
    Latch(folder).release()
    if json:
        print_json({"halted": None, "running": False})
    else:
        console().print("the next session may trade again", markup=False)
    return DONE


def halt_at_venue(
    reason: str,
    endpoint: Path | None,
    account: str | None,
    key: Path | None,
    instruments: Sequence[str],
    *,
    flatten: bool,
    json: bool,
) -> int:
    """Stop an account at the venue, with the bot dead or alive; the exit code is 1 while something is left."""
    from tradewind.app.live.halting import halt_venue
    from tradewind.app.venue_access import find_access, with_key

    home = here()
    access = with_key(find_access(home, os.environ, endpoint=endpoint, account=account or "", key_file=key))
    done = asyncio.run(halt_venue(home, access, reason, tuple(instruments), flatten=flatten))
    if json:
        print_json(done)
    else:
        screen = console()
        screen.print(f"halted: {reason} ({', '.join(done.latched) or 'no account'})", markup=False, soft_wrap=True)
        screen.print(f"canceled {len(done.canceled)}, closed {len(done.closed)}", markup=False)
        if done.closed:
            text = "a run that was cut off still counts these as held: start it, stop it in order, and start a new one"
            screen.print(text, markup=False, soft_wrap=True)
        for each in (*done.left, *done.errors):
            screen.print(f"NOT DONE: {each}", markup=False, soft_wrap=True)
    return DONE if done.is_done else FAILED


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items()) or "nothing"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
