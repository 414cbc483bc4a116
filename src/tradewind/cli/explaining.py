"""What `tradewind why` and `why-not` print: a chain from top to bottom, in the order in which it happened."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from tradewind.app.explaining import why_nothing, why_order
from tradewind.app.times import moment_ns, moment_text
from tradewind.cli.layers import here
from tradewind.cli.main import DONE
from tradewind.cli.outcomes import outcome_words
from tradewind.cli.output import console, print_json, reading_text
from tradewind.cli.replaying import rerunner
from tradewind.cli.silence import MEANING
from tradewind.engine.explaining import CheckLine, Input, Scene, Why, WhyNot
from tradewind.model.money import plain
from tradewind.storage.runs import RunStore


def show_why(order: str, *, run: str, json: bool) -> int:
    """Print the chain of an order."""
    home = here()
    found = why_order(_place(run, home.runs), order, rerunner(home))
    if json:
        print_json(found)
    else:
        _print_why(console(), found)
    return DONE


def show_why_not(instrument: str, *, at: str | None, bot: str | None, run: str, json: bool) -> int:
    """Print why nothing was done."""
    home = here()
    at_ns = None if at is None else moment_ns(at, "--at")
    found = why_nothing(_place(run, home.runs), instrument, at_ns, bot, rerunner(home))
    if json:
        print_json({"instrument": instrument, "at": at, "bots": found})
        return DONE
    screen = console()
    for each in found:
        _print_why_not(screen, each)
    if not found:
        screen.print(
            f"every bot on {instrument} acted at its last event: `tradewind why ORDER` tells why", markup=False
        )
    return DONE


def _place(run: str, runs: Path) -> Path:
    return Path(run) if Path(run).is_file() else RunStore(runs).folder(run)


def _print_why(screen: Console, found: Why) -> None:
    verb = "sent" if found.approved else "refused by risk"
    reason = found.reason if found.protects is None else f"an exit that came with {found.protects}"
    _line(screen, "order", f"{found.order}: {verb}; wanted because: {reason}")
    _print_scene(screen, found.scene, "not asked: it waits at its price" if found.protects else "no indicators")
    _print_inputs(screen, "size", found.size)
    _print_checks(screen, found.checks)
    if not found.checks:
        _line(screen, "risk", "covered by the approval of its entry")
    if found.off:
        _line(screen, "", f"off: {', '.join(found.off)}")
    if found.cut_from:
        _line(screen, "cut", f"the closing part of {found.cut_from}, which may open nothing now")
        for each in found.refused:
            _line(screen, "", f"refused by {each.check}: {each.words}")
    for number, order in enumerate(found.plan):
        _line(screen, "" if number else "plan", order)
    for number, words in enumerate(outcome_words(found)):
        _line(screen, "" if number else "outcome", words)


def _print_why_not(screen: Console, found: WhyNot) -> None:
    meaning = MEANING.get(found.reason, found.reason)
    since = moment_text(found.since_ns, seconds=True)
    _line(screen, "bot", f"{found.scene.bot} did nothing ({found.reason}): {meaning}")
    _line(screen, "since", f"event {found.first}, {since} UTC, to event {found.last}")
    _print_scene(screen, found.scene)
    _print_checks(screen, found.refused)
    for order in found.working:
        _line(screen, "working", order)
    screen.print()


def _print_scene(screen: Console, scene: Scene, silent: str = "no indicators") -> None:
    when = moment_text(scene.ts_ns, seconds=True)
    _line(screen, "event", f"{scene.sequence}, {when} UTC: {scene.bot} ({scene.strategy}) on {scene.instrument}")
    _print_inputs(screen, "inputs", scene.inputs)
    _line(screen, "regime", scene.regime or "not told in this run")
    signal = ", ".join(f"{name} {value:.6g}" for name, value in scene.signal.items())
    _line(screen, "signal", signal or silent)
    if scene.reading:
        _line(screen, "reading", reading_text(scene.reading))
    _line(screen, "wanted", f"{scene.wanted}; held then {plain(scene.position)}")
    for number, mode in enumerate(scene.modes):
        _line(screen, "" if number else "modes", mode)


def _print_inputs(screen: Console, title: str, inputs: Iterable[Input]) -> None:
    for number, each in enumerate(inputs):
        age = "" if each.age_s is None else f" ({age_text(each.age_s)} old)"
        _line(screen, "" if number else title, f"{each.name}: {each.words or each.value}{age}")


def age_text(seconds: float) -> str:
    """Return an age with the digits that matter: 0.05 s, 42.8 s, 12 min, 30 h, 5 d."""
    if seconds < 120:
        return f"{round(seconds, 3 if seconds < 1 else 1):g} s"
    for unit, size, most in (("min", 60, 7_200), ("h", 3_600, 172_800)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def _print_checks(screen: Console, checks: Iterable[CheckLine]) -> None:
    for number, each in enumerate(checks):
        mark = "passed" if each.passed else "FAILED"
        _line(screen, "" if number else "risk", f"{mark} {each.check}: {each.words}")


def _line(screen: Console, title: str, text: str) -> None:
    screen.print(f"{title:8} {text}", markup=False, soft_wrap=True)
