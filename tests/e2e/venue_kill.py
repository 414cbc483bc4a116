"""Kill -9 at random moments, again and again: each start is ready in time, and the books are equal (make e2e-kill)."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from tests.e2e.full_stack import STACKS, full_config, meddle, shortcomings
from tests.e2e.live_rig import BotProcess, ExchangeProcess, bots_config, differences

READY_WITHIN_S = 10.0
RESULTS_S = 125.0  # two closes of a minute: budgets by results begin to move
GRACE_S = 20.0  # for a machine that is busy: what took longer than READY_WITHIN_S is reported


class Killed(msgspec.Struct):
    """What came of it."""

    kills: int
    ready_s: list[float]
    differences: list[str]
    result: dict[str, Any]

    @property
    def slowest_s(self) -> float:
        return max(self.ready_s)


def kill_again_and_again(folder: Path, kills: int, seed: int = 1, longest_s: float = 6.0, stack: str = "") -> Killed:
    """Run bots on a local exchange, kill them so often, stop in order, and compare; with a `stack` everything is on."""
    chance = random.Random(seed)
    path = folder / "bots.toml"
    config = full_config(path, stack) if stack else bots_config(path, seconds=1)
    exchange = ExchangeProcess(folder)
    ready: list[float] = []
    try:
        for number in range(kills):
            bot = BotProcess(folder, exchange, config, number)
            if number and chance.random() < 0.2:
                time.sleep(chance.random() * 3)  # also while it starts
            else:
                ready.append(bot.ready_within(READY_WITHIN_S + GRACE_S))
                if stack:
                    meddle(bot, chance)
                time.sleep(chance.random() * longest_s)
            bot.kill()
        bot = BotProcess(folder, exchange, config, kills)
        ready.append(bot.ready_within(READY_WITHIN_S + GRACE_S))
        time.sleep(RESULTS_S if stack == "results" else 25)
        code, result = bot.stop()
        assert code == 0, f"the last session did not end clean: {result}"
        result["fills_all_runs"] = result["fills"]
        found = differences(exchange.truth(), result) + (shortcomings(bot, stack, result) if stack else [])
        return Killed(kills, ready, found, result)
    finally:
        exchange.stop()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stack", choices=STACKS, default="", help="everything on, with budgets by this")
    parser.add_argument("--folder", type=Path, default=None, help="where everything is kept")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="tradewind-kill-"))
    folder.mkdir(parents=True, exist_ok=True)
    done = kill_again_and_again(folder, chosen.kills, chosen.seed, stack=chosen.stack)
    late = [seconds for seconds in done.ready_s if seconds > READY_WITHIN_S]
    print(
        f"{done.kills} kills, ready after {sum(done.ready_s) / len(done.ready_s):.1f} s, at most {done.slowest_s:.1f} s"
    )
    print(f"{done.result['orders']} orders, {done.result['fills']} fills, {len(late)} starts over {READY_WITHIN_S:g} s")
    for difference in done.differences:
        print(f"DIFFERENT: {difference}")
    return 1 if done.differences or late else 0


if __name__ == "__main__":
    sys.exit(main())
