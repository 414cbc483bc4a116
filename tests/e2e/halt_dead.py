"""The halt at the venue with the bot dead, under one kind of fault after the other."""

import time
from pathlib import Path
from typing import Any

import msgspec

from tests.e2e.halt_trips import HEALED_BOUND_S, NONE, Stage
from tests.e2e.live_rig import until

INSTRUMENTS = ("BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD")
AWAY = "the venue is away"
RESTING = 4  # bids, most of them far from the market
CASES: dict[str, tuple[dict[str, Any], ...]] = {
    NONE: (),
    AWAY: ({"kind": "loss"},),
    "latency": ({"kind": "latency", "ms": 300, "jitter_ms": 1500},),
    "loss": ({"kind": "loss", "probability": 0.3},),
    "throttle": ({"kind": "throttle", "probability": 0.3},),
    "error_before": ({"kind": "error_before", "probability": 0.3},),
    "error_after": ({"kind": "error_after", "probability": 0.4, "methods": ["POST"]},),
    "ack_lost": ({"kind": "ack_lost", "probability": 0.4, "methods": ["POST"]},),
    "ack_stuck": ({"kind": "ack_stuck", "probability": 0.3, "ms": 20_000, "methods": ["POST"]},),
    "truncate": ({"kind": "truncate", "probability": 0.3},),
    "order_lag": ({"kind": "order_lag", "ms": 1_500},),
    "all of these": (
        {"kind": "latency", "ms": 200, "jitter_ms": 400},
        {"kind": "loss", "probability": 0.1},
        {"kind": "throttle", "probability": 0.1},
        {"kind": "error_after", "probability": 0.2, "methods": ["POST"]},
        {"kind": "ack_lost", "probability": 0.2, "methods": ["POST"]},
        {"kind": "truncate", "probability": 0.1},
    ),
}


class DeadHalt(msgspec.Struct):
    """One death and the halt after it."""

    faults: str
    resting: int
    held: int
    code: int
    canceled: int
    closed: int
    seconds: float
    again: bool  # the first halt said that it could not do everything, and was repeated in health
    trouble: str = ""

    def __str__(self) -> str:
        more = " (said so, and done by a second halt in health)" if self.again else ""
        return (
            f"{self.faults:<18} resting {self.resting} held {self.held}: canceled {self.canceled} closed {self.closed} "
            f"in {self.seconds:.1f} s{more} {self.trouble}"
        )


def halt_the_dead(folder: Path, count: int | None = None) -> list[DeadHalt]:
    """Kill the bot with orders at the venue, halt there under faults, and start it again, for each kind of fault."""
    stage = Stage(folder, 11, bots=8)
    made: list[DeadHalt] = []
    try:
        for name in list(CASES)[:count]:
            made.append(_halted(stage, name))
            print(f"dead {made[-1]}", flush=True)
    finally:
        stage.close()
    return made


def _halted(stage: Stage, name: str) -> DeadHalt:
    stage.wait_for_openings()
    until(lambda: len(stage.live("BUY")) >= RESTING and stage.held(), 60, "too little rests at the venue")
    stage.bot.kill()
    resting, held = len(stage.live()), len(stage.held())
    if CASES[name]:
        stage.exchange.send("POST", "/faults", {"faults": CASES[name]})
    made = DeadHalt(name, resting, held, 0, 0, 0, 0.0, False)
    try:
        _halt(stage, made)
        _start_again(stage)
    except AssertionError as error:
        made.trouble = str(error)
        stage.heal()
        if stage.bot.process.poll() is not None:
            stage.start()
        stage.resume()
    return made


def _halt(stage: Stage, made: DeadHalt) -> None:
    words = ["halt", "--venue", "--endpoint", str(stage.exchange.keys), "--flatten", "--reason", "the bot is dead"]
    words += [word for each in INSTRUMENTS for word in ("--instrument", each)]
    started_s = time.monotonic()
    made.code, told, error = stage.tradewind(*words, "--json")
    assert told is not None, f"the halt said nothing: {error}"
    done = made.code == 0
    assert stage.latch.exists(), "nothing is latched"
    assert done == (not told["left"] and not told["errors"]), f"exit code {made.code} with {told}"
    assert made.faults == AWAY or stage.bot.folder.name in told["latched"], f"the account is not named: {told}"
    if made.faults == AWAY:
        assert not done, "the halt says that it is done while the venue is away"
        assert "does not say whose key" in told["errors"][0], f"it does not say why: {told}"
        assert stage.live(), "orders went away by themselves"
    stage.heal()
    if not done:
        made.again = True
        made.code, told, error = stage.tradewind(*words, "--json")
        assert made.code == 0, f"not done in health either: {told} {error}"
    made.seconds = time.monotonic() - started_s
    made.canceled, made.closed = len(told["canceled"]), len(told["closed"])
    assert made.seconds < 2 * HEALED_BOUND_S + 30, "it took too long"
    assert not stage.live(), f"said to be done, and still at the exchange: {stage.live()}"
    assert not stage.held(), f"said to be closed, and still held: {stage.held()}"


def _start_again(stage: Stage) -> None:
    """The bot that comes back stays halted until an operator says otherwise; a new run begins with what there is."""
    mark = stage.witness.mark()
    for _ in range(2):
        stage.start()
        time.sleep(2.0)
        assert stage.bot.status().get("halted") == "the bot is dead", f"it says {stage.bot.status().get('halted')!r}"
        assert not stage.witness.openings(mark), "it opened positions although it was halted"
        code, result = stage.bot.stop()
        assert code == 0, f"it does not stop in order: {result}"
    stage.start()
    stage.resume()
