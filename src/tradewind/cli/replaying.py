"""What `tradewind replay` does: find the run, do it again, say whether it is the same."""

from pathlib import Path

import msgspec

from tradewind.app.home import Home
from tradewind.app.recording import rebuild
from tradewind.app.replaying import ReplayOutcome, Rerun, replay_run
from tradewind.app.times import moment_ns, moment_text
from tradewind.cli.layers import here
from tradewind.cli.main import DONE, FAILED
from tradewind.cli.output import console, print_json
from tradewind.cli.running import run_market
from tradewind.engine.ports import Recorder
from tradewind.engine.replay import Breakpoints
from tradewind.storage.runs import RunDigests, RunRecord, RunStore


def replay_and_show(run: str, *, until: str | None, stop_on: list[str], json: bool) -> int:
    """Replay a run and print what that showed; return 1 when it differs or was cut off."""
    home = here()
    outcome = replay_run(
        Path(run) if Path(run).is_file() else RunStore(home.runs).folder(run),
        rerun=rerunner(home),
        until_ns=None if until is None else moment_ns(until, "--until"),
        breakpoints=Breakpoints(frozenset(stop_on)) if stop_on else None,
    )
    if json:
        print_json(_object(outcome))
    else:
        _show(outcome)
    partly = until is not None or bool(stop_on)
    return DONE if outcome.equal and (outcome.complete or outcome.goes_on or partly) else FAILED


def rerunner(home: Home) -> Rerun:
    """Return a function that runs a kept backtest again and gives its digests."""

    def rerun(record: RunRecord, recorder: Recorder | None) -> RunDigests:
        parts = rebuild(record, home)
        result = run_market(parts.engine, parts.settings, parts.market, serve=parts.serve, recorder=recorder)
        return RunDigests(result.digest, result.audit_digest, result.state_digest)

    return rerun


def _object(outcome: ReplayOutcome) -> dict[str, object]:
    return {
        "equal": outcome.equal,
        "complete": outcome.complete,
        "goes_on": outcome.goes_on,
        "digest": outcome.digest_got,
        "digest_expected": outcome.digest_expected,
        "state_digest": outcome.state_digest,
        "events": outcome.events,
        "checkpoints": outcome.checkpoints,
        "message": outcome.message,
        "stopped": None if outcome.stopped is None else msgspec.to_builtins(outcome.stopped),
        "difference": None if outcome.difference is None else msgspec.to_builtins(outcome.difference),
    }


def _show(outcome: ReplayOutcome) -> None:
    screen = console()
    screen.print(outcome.message, markup=False, soft_wrap=True)
    if outcome.stopped is not None:
        held = outcome.stopped
        when = moment_text(held.ts_ns, seconds=True)
        screen.print(f"held at {held.what}, event {held.sequence}, {when} UTC", markup=False)
        for record in held.records:
            screen.print(f"  {record}", markup=False, soft_wrap=True)
    screen.print(f"state digest {outcome.state_digest}", markup=False)
