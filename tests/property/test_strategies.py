"""Built-in strategies on any series and with any parameters: slow twin, streaming, cut-off future and determinism."""

from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.strategy.runs import run
from tests.unit.strategy.series import HOUR_NS, KINDS
from tests.unit.strategy.slow import RULES, held
from tradewind.strategy import registry

ROWS = 160


def parameters_of(name: str, chance: Random) -> dict[str, Any]:
    """Return parameters of a strategy, drawn anywhere in what its rule allows."""
    short, long = sorted((chance.randint(2, 20), chance.randint(2, 20)))
    drawn: dict[str, dict[str, Any]] = {
        "bollinger": {"length": chance.randint(3, 20), "deviations": chance.uniform(0.8, 2)},
        "donchian": {
            "entry_bars": long,
            "exit_bars": short,
            "atr_bars": chance.randint(3, 15),
            "stop_atr": chance.uniform(0.3, 3),
        },
        "grid": {
            "step": chance.uniform(0.002, 0.02),
            "rungs": chance.randint(1, 6),
            "stop_steps": chance.randint(1, 4),
        },
        "macd": {"fast": short, "slow": long + 1, "signal": chance.randint(2, 20)},
        "momentum": {"length": long, "threshold": chance.uniform(0, 1)},
        "moving_average": {"fast": short, "slow": long + 1, "average": chance.choice(["ema", "sma"])},
        "rsi_reversion": {
            "length": chance.randint(2, 10),
            "entry": chance.uniform(20, 45),
            "exit": chance.uniform(46, 70),
        },
        "score": {
            "rsi_bars": chance.randint(2, 15),
            "fast": short,
            "slow": long + 1,
            "signal": chance.randint(2, 10),
            "weight_rsi": chance.uniform(0, 1),
            "weight_average": chance.uniform(0, 1),
            "weight_macd": chance.uniform(0.1, 1),
            "threshold": chance.uniform(0.1, 0.6),
            "confirm_minutes": chance.choice([0, 60, 150]),
            "cooldown_minutes": chance.choice([0, 60, 300]),
            "price_step": chance.choice([0, 0.01]),
        },
        "sma_stack": {"fast": short, "middle": long + 1, "slow": long + chance.randint(2, 20)},
        "volatility_breakout": {
            "atr_bars": chance.randint(3, 20),
            "reach_atr": chance.uniform(0.3, 2),
            "hold_bars": chance.randint(1, 20),
        },
    }
    return drawn[name]


MOVES = {(0, 1): "enter long", (0, -1): "enter short", (1, 0): "leave long", (-1, 0): "leave short"} | {
    (1, -1): "turn short",
    (-1, 1): "turn long",
}
TURNING = {"macd", "moving_average"}
"""They turn from a short to a long and never leave it for flat."""


def expected_branches() -> set[tuple[str, str]]:
    """Every way in and out that each rule has."""
    ways = {(name, move) for name in RULES for move in MOVES.values()}
    return (
        ways - {(name, "leave short") for name in TURNING}
        | {("donchian", "stopped")}
        | {("volatility_breakout", "expired")}
    )


def test_any_strategy_equals_its_slow_twin_streams_alike_and_knows_no_future() -> None:
    seen: Counter[tuple[str, str]] = Counter()

    @given(st.integers(0, 2**48))
    def check(seed: int) -> None:
        # One seed stands for the whole case. Drawn part by part, hypothesis mixes in constants of whatever modules are
        # loaded by then, so that the branches a run meets would hang on the tests that ran before it.
        chance = Random(f"strategies:{seed}")
        name, kind, spot = chance.choice(sorted(RULES)), chance.choice(sorted(KINDS)), chance.random() < 0.3
        parameters = parameters_of(name, chance) | {"short": not spot}
        cut = chance.randrange(30, ROWS)
        bars = KINDS[kind](np.random.default_rng(seed), ROWS)
        strategy = registry.make(name, parameters)
        served = run(strategy, bars, spot=spot)
        assert served.sides == held(RULES[name](bars, **parameters), ROWS, spot=spot)
        assert run(strategy, bars, spot=spot, served=False) == served
        known = run(strategy, bars.head(cut), spot=spot)
        assert known.sides == served.sides[:cut]
        assert known.decided == [record for record in served.decided if record.ts_ns <= cut * HOUR_NS]
        for before, after in pairwise(served.sides):
            if before != after:
                seen[name, MOVES[before, after]] += 1
        for record in served.decided:
            reason = getattr(record.intent, "reason", "")
            seen[name, "stopped"] += reason == "close beyond the ATR stop"
            seen[name, "expired"] += reason == "held for hold_bars"

    check()
    for branch, count in sorted(seen.items()):
        if count:
            print(f"{branch[0]:20} {branch[1]:12} {count:6}")
    assert {branch for branch in expected_branches() if not seen[branch]} == set()
