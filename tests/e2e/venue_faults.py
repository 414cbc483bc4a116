"""Our bot on a local exchange through halves of faults and health: nothing doubled, nothing lost (make e2e-venue)."""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from tests.e2e.full_stack import STACKS, full_config, meddle, shortcomings
from tests.e2e.live_rig import BotProcess, ExchangeProcess, bots_config, differences

# How each kind is set; every one comes several times in ten minutes. Probabilities leave enough through to go on.
KINDS: dict[str, dict[str, Any]] = {
    "latency": {"ms": 300, "jitter_ms": 1500},
    "loss": {"probability": 0.3},
    "throttle": {"probability": 0.3},
    "error_before": {"probability": 0.3, "status": 503},
    "error_after": {"probability": 0.4, "status": 502, "methods": ["POST"]},
    "ack_lost": {"probability": 0.4, "methods": ["POST"]},
    "ack_stuck": {"probability": 0.2, "ms": 20_000, "methods": ["POST"]},
    "truncate": {"probability": 0.3},
    "order_lag": {"ms": 4_000},
    "stream_latency": {"ms": 2_000},
    "stream_duplicate": {"probability": 0.3},
    "stream_reorder": {"probability": 0.3},
    "stream_gap": {"probability": 0.05},
    "stream_stall": {"probability": 0.2},
    "stream_disconnect": {"probability": 0.2},
    "stream_refuse": {},
    "subscribe_lost": {"probability": 0.5},
    "mode": {"mode": "cancel_only", "products": ["ETH-USD"]},
    "clock_skew": {"ms": 8_000},
}
AT_ONCE = 6
UNKNOWN_WITHIN_S = 30.0


class Rehearsed(msgspec.Struct):
    """What came of it. `late` are orders in doubt for longer than the bound after the faults had ended."""

    cycles: int
    set: Counter[str]
    struck: dict[str, int]
    most_in_doubt: int
    late: list[str]
    differences: list[str]
    result: dict[str, Any]


def rehearse(folder: Path, *, seconds: float, half_s: float = 30.0, seed: int = 1, stack: str = "") -> Rehearsed:
    """Run for so long in cycles of faults and health, stop in order, and compare with the exchange.

    With a `stack` everything of the intelligence is on, and an operator meddles with the bots meanwhile.
    """
    chance = random.Random(seed)
    exchange = ExchangeProcess(folder)
    kinds: list[str] = []
    used: Counter[str] = Counter()
    late: list[str] = []
    most = 0
    try:
        path = folder / "bots.toml"
        bot = BotProcess(folder, exchange, full_config(path, stack) if stack else bots_config(path, seconds=1))
        bot.ready_within(30)
        cycles = max(1, int(seconds / (2 * half_s)))
        for cycle in range(cycles):
            while len(kinds) < AT_ONCE:
                kinds += chance.sample(sorted(KINDS), len(KINDS))
            now, kinds = kinds[:AT_ONCE], kinds[AT_ONCE:]
            used.update(now)
            exchange.send("POST", "/faults", {"faults": [{"kind": kind, **KINDS[kind]} for kind in now]})
            most = max(most, _watch(bot, half_s))
            exchange.send("DELETE", "/faults")
            if stack:
                meddle(bot, chance)
            # Only a half of health that lasts so long says anything of how soon doubt ends: the last one always does.
            healthy_s = half_s if cycle < cycles - 1 else max(half_s, UNKNOWN_WITHIN_S)
            if healthy_s < UNKNOWN_WITHIN_S:
                _watch(bot, healthy_s)
                continue
            at_heal = set(bot.status().get("requests", {}).get("unknown", ()))
            _watch(bot, UNKNOWN_WITHIN_S)
            late += sorted(at_heal & set(bot.status().get("requests", {}).get("unknown", ())))
            _watch(bot, healthy_s - UNKNOWN_WITHIN_S)
        code, result = bot.stop()
        assert code == 0, f"the session did not end clean: {result}"
        result["fills_all_runs"] = result["fills"]
        struck = dict(exchange.get("/counters")["faults"])
        found = differences(exchange.truth(), result) + (shortcomings(bot, stack, result) if stack else [])
        return Rehearsed(cycles, used, struck, most, late, found, result)
    finally:
        exchange.stop()


def _watch(bot: BotProcess, seconds: float) -> int:
    """Let time pass while looking at the bot; return the most orders in doubt that were seen."""
    end_s, most = time.monotonic() + seconds, 0
    while time.monotonic() < end_s:
        assert bot.process.poll() is None, f"the bot died: {bot.out.with_suffix('.err').read_text()[-3000:]}"
        most = max(most, len(bot.status().get("requests", {}).get("unknown", ())))
        time.sleep(min(1.0, max(0.0, end_s - time.monotonic())))
    return most


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--half", type=float, default=30.0, help="seconds of faults, and of health")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stack", choices=STACKS, default="", help="everything on, with budgets by this")
    parser.add_argument("--folder", type=Path, default=None, help="where everything is kept")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="tradewind-venue-"))
    folder.mkdir(parents=True, exist_ok=True)
    done = rehearse(folder, seconds=chosen.minutes * 60, half_s=chosen.half, seed=chosen.seed, stack=chosen.stack)
    requests = done.result["requests"]
    print(f"{done.cycles} cycles; set {dict(sorted(done.set.items()))}")
    print(f"struck {dict(sorted(done.struck.items()))}")
    print(
        f"{done.result['orders']} orders, {done.result['fills']} fills, {requests['in_doubt']} sends in doubt, "
        f"at most {done.most_in_doubt} at once, {requests['reconciliation']['rounds']} rounds of reconciliation"
    )
    for order in done.late:
        print(f"LATE: {order} was in doubt {UNKNOWN_WITHIN_S:g} s after the faults had ended")
    for difference in done.differences:
        print(f"DIFFERENT: {difference}")
    return 1 if done.late or done.differences else 0


if __name__ == "__main__":
    sys.exit(main())
