"""What `tradewind doctor` asks and prints."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tradewind.app.config import Resolved
from tradewind.cli.layers import here, listed, resolved
from tradewind.cli.main import DONE, FAILED
from tradewind.cli.options import RunOptions
from tradewind.cli.output import console, print_json, table
from tradewind.cli.reaching import need_live_extra
from tradewind.cli.venue_options import Reach
from tradewind.model.errors import TradewindError

if TYPE_CHECKING:
    from tradewind.app.venue_access import Access

COLOURS = {"READY": "green", "REVIEW": "yellow", "NOT READY": "bold red"}
DEFAULT_PROFILE = "canary"


@dataclass(frozen=True)
class Asked:
    """What a command line said about the session that is to start."""

    config: Path | None
    profile: str | None
    instrument: list[str] | None
    settings: list[str] | None


def examine_and_show(reach: Reach, asked: Asked, *, json: bool) -> int:
    """Print every finding and the verdict; return 1 when a session must not start."""
    need_live_extra()
    from tradewind.app.doctor import run_examination
    from tradewind.app.findings import Verdict

    settings = _settings(asked)
    report = run_examination(here(), settings, _access(reach, settings), _instruments(asked, settings))
    verdict = report.verdict.words
    rows = [(each.check, each.verdict.words, each.seen, each.remedy) for each in report.findings]
    if json:
        heads = ("check", "verdict", "seen", "remedy")
        print_json({"verdict": verdict, "findings": [dict(zip(heads, row, strict=True)) for row in rows]})
    else:
        screen = console()
        coloured = [(name, f"[{COLOURS[word]}]{word}[/]", seen, remedy) for name, word, seen, remedy in rows]
        screen.print(table("Doctor", ("check", "verdict", "what was seen", "what to do"), coloured, numbers=False))
        screen.print(f"[{COLOURS[verdict]}]{verdict}[/]")
    return FAILED if report.verdict is Verdict.NOT_READY else DONE


def _settings(asked: Asked) -> Resolved | TradewindError:
    options = RunOptions(instrument=asked.instrument, profile=asked.profile, settings=asked.settings)
    try:
        return resolved(asked.config, options, profile=DEFAULT_PROFILE)[1]
    except TradewindError as error:
        return error


def _access(reach: Reach, settings: Resolved | TradewindError) -> "Access | TradewindError":
    """Return the way to the venue: as the command line says, else as the session's settings do."""
    from tradewind.app.venue_access import find_access

    endpoint, account, key = reach.endpoint, reach.account, reach.key
    if isinstance(settings, Resolved):
        live = settings.config.live
        endpoint = endpoint or (Path(live.endpoint) if live.endpoint else None)
        account, key = account or live.account, key or (Path(live.keys) if live.keys else None)
    try:
        return find_access(here(), os.environ, endpoint=endpoint, account=account, key_file=key)
    except TradewindError as error:
        return error


def _instruments(asked: Asked, settings: Resolved | TradewindError) -> list[str]:
    named = listed(asked.instrument) or []
    return named or ([] if isinstance(settings, TradewindError) else list(settings.config.data.instruments))
