"""Built-in strategies on any series and with any parameters: slow twin, streaming, cut-off future and determinism."""

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.strategy.runs import run
from tests.unit.strategy.series import HOUR_NS, KINDS
from tests.unit.strategy.slow import RULES, held
from tradewind.strategy import registry

ROWS = 110
BARS = st.integers(2, 20)

PARAMETERS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "bollinger": st.fixed_dictionaries({"length": st.integers(3, 20), "deviations": st.floats(0.8, 2)}),
    "donchian": st.tuples(BARS, BARS, st.integers(3, 15), st.floats(0.3, 3)).map(
        lambda drawn: {
            "entry_bars": max(drawn[:2]),
            "exit_bars": min(drawn[:2]),
            "atr_bars": drawn[2],
            "stop_atr": drawn[3],
        }
    ),
    "macd": st.tuples(BARS, BARS, BARS).map(
        lambda drawn: {"fast": min(drawn[:2]), "slow": max(drawn[:2]) + 1, "signal": drawn[2]}
    ),
    "momentum": st.fixed_dictionaries({"length": BARS, "threshold": st.floats(0, 1)}),
    "moving_average": st.tuples(BARS, BARS, st.sampled_from(["ema", "sma"])).map(
        lambda drawn: {"fast": min(drawn[:2]), "slow": max(drawn[:2]) + 1, "average": drawn[2]}
    ),
    "rsi_reversion": st.fixed_dictionaries(
        {"length": st.integers(2, 10), "entry": st.floats(20, 45), "exit": st.floats(46, 70)}
    ),
    "volatility_breakout": st.fixed_dictionaries(
        {"atr_bars": st.integers(3, 20), "reach_atr": st.floats(0.3, 2), "hold_bars": st.integers(1, 20)}
    ),
}

CASES = st.sampled_from(sorted(RULES)).flatmap(lambda name: st.tuples(st.just(name), PARAMETERS[name]))
SEEDS = st.integers(0, 2**32 - 1)
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

    @given(CASES, st.sampled_from(sorted(KINDS)), SEEDS, st.booleans(), st.integers(30, ROWS - 1))
    def check(case: tuple[str, dict[str, Any]], kind: str, seed: int, spot: bool, cut: int) -> None:
        name, parameters = case
        parameters = parameters | {"short": not spot}
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
