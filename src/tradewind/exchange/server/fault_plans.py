"""Where faults come from: a file that somebody wrote, or a seed."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec

from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.server.faults import Fault, FaultKind
from tradewind.model.errors import ConfigError

CYCLE_S = 60.0
FAULTY_S = 30.0
PLANNED_CYCLES = 720
KINDS_AT_ONCE = 4
MODES = tuple(mode.value for mode in ProductMode if mode is not ProductMode.ONLINE)

SHAPES: dict[FaultKind, dict[str, object]] = {
    FaultKind.LATENCY: {"ms": 150, "jitter_ms": 600},
    FaultKind.LOSS: {"probability": 0.15},
    FaultKind.THROTTLE: {"probability": 0.25},
    FaultKind.ERROR_BEFORE: {"probability": 0.2},
    FaultKind.ERROR_AFTER: {"probability": 0.2},
    FaultKind.ACK_LOST: {"probability": 0.2},
    FaultKind.ACK_STUCK: {"probability": 0.1, "ms": 20_000},
    FaultKind.TRUNCATE: {"probability": 0.1},
    FaultKind.ORDER_LAG: {"ms": 3_000},
    FaultKind.STREAM_LATENCY: {"ms": 200, "jitter_ms": 800},
    FaultKind.STREAM_DUPLICATE: {"probability": 0.1},
    FaultKind.STREAM_REORDER: {"probability": 0.05},
    FaultKind.STREAM_GAP: {"probability": 0.02},
    FaultKind.STREAM_STALL: {},
    FaultKind.STREAM_DISCONNECT: {"probability": 0.1},
    FaultKind.STREAM_REFUSE: {"probability": 0.5},
    FaultKind.SUBSCRIBE_LOST: {"probability": 0.3},
    FaultKind.MODE: {},
    FaultKind.CLOCK_SKEW: {},
}


class FaultFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a fault file holds."""

    faults: tuple[Fault, ...] = ()
    seed: int = 0


def read_faults(path: Path) -> FaultFile:
    """Return the faults of a JSON or TOML file.

    Raises  ConfigError when there is no such file or it does not hold faults.
    """
    try:
        raw = path.read_bytes()
        decode = msgspec.toml.decode if path.suffix == ".toml" else msgspec.json.decode
        return decode(raw, type=FaultFile)
    except OSError as error:
        raise ConfigError(f"cannot read the fault file {path}: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is no fault file: {error}; see docs/exchange.md for its fields") from error


def seeded_faults(seed: int, cycles: int = PLANNED_CYCLES) -> Sequence[Fault]:
    """Return a plan of calm and faulty half-minutes, equal for equal seeds: the first half-minute is calm.

    The kinds are dealt like cards, so that each comes equally often, and several of them at once.
    """
    dice = Random(seed)
    deck: list[FaultKind] = []
    plan: list[Fault] = []
    for cycle in range(cycles):
        hand: list[FaultKind] = []
        while len(hand) < KINDS_AT_ONCE:
            if not deck:
                deck = list(FaultKind)
                dice.shuffle(deck)
            card = deck.pop()
            if card in hand:
                deck.insert(0, card)
            else:
                hand.append(card)
        start_s = cycle * CYCLE_S + CYCLE_S - FAULTY_S
        plan += [_shaped(kind, start_s, dice) for kind in hand]
    return plan


def _shaped(kind: FaultKind, start_s: float, dice: Random) -> Fault:
    fields = dict(SHAPES[kind])
    if kind is FaultKind.MODE:
        fields["mode"] = dice.choice(MODES)
    elif kind is FaultKind.CLOCK_SKEW:
        fields["ms"] = dice.choice((-45_000, -2_000, 2_000, 45_000))
    elif kind is FaultKind.ERROR_BEFORE or kind is FaultKind.ERROR_AFTER:
        fields["status"] = dice.choice((500, 502, 503, 504))
    return msgspec.convert({"kind": kind.value, "start_s": start_s, "duration_s": FAULTY_S, **fields}, Fault)
