"""The kill switch tripped again and again by every way in, under every fault, with bots that want nothing but in.

A trip begins when the halt has returned, or when the latch can be seen on the disk: a request for an opening order that
reaches the wire after that is a miss. What had left before it is in flight; it must be gone from the exchange, with
every other entry, within the bound.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tests.conftest import REPOSITORY
from tests.e2e.live_rig import START_WITHIN_S, BotProcess, ExchangeProcess, bots_config, differences, until
from tests.e2e.order_witness import Seen, Witness
from tests.e2e.venue_faults import KINDS
from tradewind.app.live.control import ask
from tradewind.app.live.guarding import DAY_FILE, DAY_NS
from tradewind.app.live.latch import LATCH_FILE

LIVE = frozenset({"OPEN", "PENDING", "QUEUED", "CANCEL_QUEUED"})
HOLD_S = 1.0  # how long it is watched at least, with the faults still there
FAULTY_S = 3.0  # how long confirmation may take before the faults are taken away
BOUND_S = 10.0  # for entries to be gone in health
HEALED_BOUND_S = 30.0  # for everything to be gone after the faults were taken away
BASES = ("BTC", "ETH", "SOL", "XRP")
EAGER = {"BTC-USD": "0.001", "SOL-USD": "0.1"}  # on these two there is a bot more, with many bids a second
IN_THE_AIR = 0.5  # how many trips come right as an opening leaves
NONE = "none"
GUARD_S = 3


class Trip(msgspec.Struct):
    """One trip and what was seen of it: openings since the last resume, and those that left after it (`missed`)."""

    way: str
    faults: tuple[str, ...]
    missed: list[str]
    opened: int = 0
    in_flight: int = 0
    resting: int = 0
    exits_after: int = 0
    flattened: bool = False
    confirmed_s: float = 0.0
    trouble: str = ""


class Stage:
    """An exchange, a wire, a home and a bot on it."""

    def __init__(self, folder: Path, seed: int, *, bots: int = 12, guards_every: str = "60s") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.exchange = ExchangeProcess(folder, "--seed", str(seed))
        file = json.loads(self.exchange.keys.read_text())
        self.witness = Witness(file["rest"])
        self.exchange.keys = folder / "endpoint.json"
        self.exchange.keys.write_text(json.dumps({**file, "rest": self.witness.rest}))
        self.exchange.keys.chmod(0o600)
        self.config = bots_config(folder / "bots.toml", bots=bots, seconds=1)
        text = self.config.read_text().replace("[guards]\n", f'[guards]\nevery = "{guards_every}"\n')
        for name, quantity in EAGER.items():
            text += f'[[bots]]\nid = "eager-{name}"\nstrategy = "tests/eager_strategies.py:Eager"\n'
            text += f'instruments = ["{name}"]\nparameters = {{quantity = "{quantity}"}}\n'
        self.config.write_text(text)
        self.number = 0
        self.resumed = 0
        for base in BASES:
            total = self.exchange.truth()["balances"].get(base, {"total": "0"})["total"]
            if Decimal(total):
                self.exchange.send("POST", "/accounts/alpha/deposit", {"currency": base, "amount": f"-{total}"})
        self.start()

    def start(self, *, ready: bool = True) -> None:
        self.bot = BotProcess(self.folder, self.exchange, self.config, self.number)
        self.number += 1
        if ready:
            self.bot.ready_within(60)

    def revive(self) -> None:
        """Start a bot again that could not start, as whoever looks after it would."""
        if self.bot.process.poll() is not None:
            self.start(ready=False)

    def is_back(self) -> bool:
        self.revive()
        return bool(self.bot.status().get("ready"))

    @property
    def latch(self) -> Path:
        return self.bot.folder / LATCH_FILE

    def wait_for_openings(self, count: int = 2) -> None:
        """Return when bots open positions again."""
        until(
            lambda: len(self.witness.openings(self.resumed)) >= count,
            60,
            f"the bots open nothing (after {self.resumed}): {self._why()}",
        )

    def wait_for_one_in_the_air(self) -> None:
        """Return right as an opening leaves, or after a second without one."""
        before, end_s = len(self.witness.seen), time.monotonic() + 1.0
        while time.monotonic() < end_s and not any(each.side == "BUY" for each in self.witness.seen[before:]):
            time.sleep(0.0005)

    def _why(self) -> str:
        told = self.bot.status()
        return str({name: told.get(name) for name in ("phase", "halted", "reduce_only", "in_doubt", "requests")})

    def set_faults(self, kinds: tuple[str, ...]) -> None:
        self.exchange.send("POST", "/faults", {"faults": [{"kind": kind, **KINDS[kind]} for kind in kinds]})

    def heal(self) -> None:
        self.exchange.send("DELETE", "/faults")

    def live(self, side: str | None = None) -> list[dict[str, Any]]:
        """Return the orders that can still do something, by the exchange's own truth."""
        orders = self.exchange.truth()["orders"]
        return [each for each in orders if each["status"] in LIVE and side in (None, each["side"])]

    def held(self) -> dict[str, Decimal]:
        """Return what the account holds of what the bots trade."""
        balances = self.exchange.truth()["balances"]
        totals = {base: Decimal(balances[base]["total"]) for base in BASES if base in balances}
        return {base: total for base, total in totals.items() if total}

    def tradewind(self, *words: str) -> tuple[int, Any, str]:
        """Run a command, and return its exit code, its JSON and what it complained of."""
        done = subprocess.run(
            [sys.executable, "-m", "tradewind", *words],
            cwd=REPOSITORY,
            env={**os.environ, "TRADEWIND_HOME": str(self.bot.home)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        lines = done.stdout.strip().splitlines()
        return done.returncode, json.loads(lines[-1]) if lines else None, done.stderr

    def resume(self, *, by_command: bool = False) -> None:
        """Let an operator take the halt back."""
        self.resumed = self.witness.mark()
        if by_command:
            code, _, error = self.tradewind("resume", "--reason", "go on", "--json")
            assert code == 0, error
        else:
            ask(self.bot.folder, {"do": "resume", "reason": "go on"})

    def close(self) -> None:
        if self.bot.process.poll() is None:
            self.bot.kill()
        self.exchange.stop()
        self.witness.close()


# -- the ways in -----------------------------------------------------------------------------------------------------


def by_socket(stage: Stage) -> int:
    ask(stage.bot.folder, {"do": "halt", "reason": "socket"})
    return stage.witness.mark()


def by_flatten(stage: Stage) -> int:
    ask(stage.bot.folder, {"do": "halt", "reason": "flatten", "flatten": True})
    return stage.witness.mark()


def by_command(stage: Stage) -> int:
    code, told, error = stage.tradewind("halt", "--reason", "command", "--json")
    mark = stage.witness.mark()
    assert (code, told) == (0, {"halted": "command"}), error
    return mark


def by_signal(stage: Stage) -> int:
    stage.bot.process.send_signal(signal.SIGUSR1)
    return _latched(stage)


def by_file(stage: Stage) -> int:
    """Anybody who may write the folder can stop the bot, whatever is in the file."""
    partial = stage.latch.with_suffix(".new")
    partial.write_text("stop")
    partial.replace(stage.latch)
    return stage.witness.mark()


def by_guard(stage: Stage) -> int:
    return _latched(stage)


def at_start(stage: Stage) -> int:
    """The latch is there when the bot starts again after its death."""
    stage.bot.kill()
    stage.latch.write_text("stop")
    mark = stage.witness.mark()
    stage.start(ready=False)
    return mark


def over_a_death(stage: Stage) -> int:
    """Tripped, killed at once, and started again."""
    ask(stage.bot.folder, {"do": "halt", "reason": "before a death"})
    mark = stage.witness.mark()
    stage.bot.kill()
    stage.start(ready=False)
    return mark


def while_starting(stage: Stage) -> int:
    """The signal comes before the session stands."""
    stage.bot.kill()
    stage.start(ready=False)
    caught = Path(f"/proc/{stage.bot.process.pid}/status")
    bit = 1 << (signal.SIGUSR1 - 1)
    until(lambda: int(caught.read_text().split("SigCgt:")[1].split()[0], 16) & bit, 30, "nobody hears the signal")
    stage.bot.process.send_signal(signal.SIGUSR1)
    return _latched(stage)


def _latched(stage: Stage) -> int:
    end_s = time.monotonic() + 60
    path = os.fspath(stage.latch)
    while not os.path.lexists(path):
        assert time.monotonic() < end_s, "nothing is latched within 60 s"
        time.sleep(0.001)
    return stage.witness.mark()


WAYS: dict[str, tuple[Callable[[Stage], int], int]] = {
    "socket": (by_socket, 5),
    "halt --flatten": (by_flatten, 3),
    "command": (by_command, 3),
    "SIGUSR1": (by_signal, 5),
    "file": (by_file, 4),
    "file at start": (at_start, 1),
    "kill -9 while halted": (over_a_death, 1),
    "SIGUSR1 at start": (while_starting, 1),
}
RESTARTS = frozenset({"file at start", "kill -9 while halted", "SIGUSR1 at start"})
GUARD = "guard"


# -- one trip --------------------------------------------------------------------------------------------------------


def trip(stage: Stage, way: str, kinds: tuple[str, ...], chance: random.Random) -> Trip:
    """Trip once and watch; the bot is halted afterwards and the exchange healthy."""
    if kinds:
        stage.set_faults(kinds)
    if way != GUARD:
        time.sleep(chance.random() * 0.8)
        if chance.random() < IN_THE_AIR:
            stage.wait_for_one_in_the_air()
    mark = (by_guard if way == GUARD else WAYS[way][0])(stage)
    tripped_s = time.monotonic()
    opened = len(stage.witness.openings(stage.resumed, mark))
    made = Trip(way, kinds or (NONE,), [], opened, flattened=way == "halt --flatten")
    made.in_flight = sum(1 for each in stage.witness.openings(0, mark) if each.answered is None or each.answered > mark)
    made.resting = len(stage.live("BUY"))
    try:
        _confirm(stage, made, tripped_s)
    except AssertionError as error:
        made.trouble = str(error)
    time.sleep(max(0.0, HOLD_S - (time.monotonic() - tripped_s)))
    stage.heal()
    if not made.trouble and not _is_clear(stage, made):
        time.sleep(HEALED_BOUND_S / 3)  # what was in flight arrived late: it has to be gone by now
        made.trouble = "" if _is_clear(stage, made) else "entries came back"
    if way in RESTARTS:
        until(stage.is_back, 60, "the bot does not come back")
        time.sleep(HOLD_S)
    if not stage.bot.status().get("halted"):
        made.trouble += " the session does not say that it is halted"
    made.missed = [_told(each) for each in stage.witness.openings(mark)]
    made.exits_after = sum(1 for each in tuple(stage.witness.seen) if each.side == "SELL" and each.number > mark)
    return made


def _confirm(stage: Stage, made: Trip, tripped_s: float) -> None:
    """Wait until the exchange has no entry any more, and after a flatten nothing of the bots.

    A flatten may wait for an exit whose answer a fault swallowed before: it is not sent again until it is certain that
    it never arrived. So positions have the longer bound even in health.
    """
    healthy = made.faults == (NONE,)
    if healthy:
        bound_s = BOUND_S + (START_WITHIN_S if made.way in RESTARTS else 0)
        until(lambda: not stage.live("BUY"), bound_s, "entries are still at the exchange")
    try:
        until(lambda: _is_clear(stage, made), FAULTY_S, "not yet")
    except AssertionError:
        stage.heal()
        until(lambda: _is_clear_at_last(stage, made), HEALED_BOUND_S, "entries or positions are still at the exchange")
    made.confirmed_s = time.monotonic() - tripped_s


def _is_clear_at_last(stage: Stage, made: Trip) -> bool:
    """The same, with a bot that a fault kept from starting (it refuses a clock that is off) started again."""
    if made.way in RESTARTS:
        stage.revive()
    return _is_clear(stage, made)


def _is_clear(stage: Stage, made: Trip) -> bool:
    return not stage.live("BUY") and (not made.flattened or not stage.held())


def _told(each: Seen) -> str:
    return f"{each.side} {each.product} {each.client_id}"


# -- many ------------------------------------------------------------------------------------------------------------


def trip_again_and_again(
    folder: Path, trips: int, seed: int, *, guard: bool = False, say: Callable[[str], None] = print
) -> tuple[list[Trip], list[str]]:
    """Return the trips of one exchange and one home, and every difference between its accounts and our books."""
    chance = random.Random(seed)
    stage = Stage(folder, seed, guards_every=f"{GUARD_S}s" if guard else "60s")
    made: list[Trip] = []
    faults, ways = deck(chance, sorted(KINDS)), deck(chance, [name for name, (_, n) in WAYS.items() for _ in range(n)])
    try:
        if guard:
            _let_the_guard_trip(stage)
        while len(made) < trips:
            if not guard:
                stage.wait_for_openings()
            kinds = tuple({next(faults) for _ in range(chance.randint(1, 3))}) if chance.random() < 0.8 else ()
            each = trip(stage, GUARD if guard else next(ways), kinds, chance)
            if each.opened or each.missed or each.trouble:  # a guard that was quicker than every bot shows nothing
                made.append(each)
                say(f"{len(made):>4} {_row(each)}")
            time.sleep(chance.random() * GUARD_S if guard else 0)  # or every resume would fall right before a look
            stage.resume(by_command=chance.random() < 0.1)
        if guard:
            stage.bot.kill()
            _let_the_guard_be(stage)
            stage.start()
            if stage.latch.exists():
                stage.resume()
        time.sleep(25)
        code, result = stage.bot.stop()
        assert code == 0, f"the session did not end clean: {result}"
        result["fills_all_runs"] = result["fills"]
        found = differences(stage.exchange.truth(), result)
        known = {each.client_id for each in stage.witness.seen}
        found += [
            f"order {each['client_order_id']} did not come over the wire"
            for each in stage.exchange.truth()["orders"]
            if each["client_order_id"] not in known
        ]
        return made, found
    finally:
        stage.close()


def _let_the_guard_trip(stage: Stage) -> None:
    """Let the day have begun with more than there is: the guard for the day's loss finds that too much is lost."""
    equity = Decimal(stage.bot.status()["equity"])
    stage.bot.kill()
    _write_day(stage, equity * 2)
    stage.start()


def _let_the_guard_be(stage: Stage) -> None:
    _write_day(stage, Decimal(1))


def _write_day(stage: Stage, equity: Decimal) -> None:
    day = {"number": time.time_ns() // DAY_NS, "equity": str(equity)}
    (stage.bot.folder / DAY_FILE).write_text(json.dumps(day))


def deck(chance: random.Random, cards: list[str]) -> Any:
    """Yield cards, shuffled anew whenever all have come."""
    while True:
        yield from chance.sample(cards, len(cards))


def _row(each: Trip) -> str:
    missed = f"  MISSED {each.missed}" if each.missed else ""
    return (
        f"{each.way:<21} {'+'.join(each.faults):<45} opened {each.opened} in flight {each.in_flight} "
        f"resting {each.resting} exits {each.exits_after} gone in {each.confirmed_s:.1f} s{missed} {each.trouble}"
    )
