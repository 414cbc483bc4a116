"""The local exchange and the simulated venue fill the same orders alike: prices, quantities, fees, holds and ends."""

from collections import Counter
from random import Random

import pytest

from tests.parity.exchange_twin import run

BRANCHES = (
    "another fee tier",
    "cancel refused",
    "canceled",
    "canceled FOK_NOT_FILLABLE",
    "canceled IOC_REMAINDER",
    "canceled NO_LIQUIDITY",
    "canceled SELF_TRADE",
    "crowd grew",
    "crowd shrank",
    "crowd took",
    "expired",
    "filled",
    "filled as maker",
    "filled as taker",
    "open",
    "partly filled, rests",
    "post-only rested",
    "rebate",
    "refused for either of two reasons",
    "rejected INSUFFICIENT_FUNDS",
    "rejected POST_ONLY_WOULD_CROSS",
    "stepped round: crowd between own orders",
    "stepped round: hold at limit",
    "stepped round: own price level",
)


def test_the_same_commands_have_the_same_fills() -> None:
    seen: Counter[str] = Counter()
    for seed in range(24):
        seen += run(Random(f"exchange twin {seed}"), steps=150)

    print("\n" + "\n".join(f"{name:42}{seen[name]:7}" for name in BRANCHES))
    assert [name for name in BRANCHES if seen[name] == 0] == []
    assert set(seen) - set(BRANCHES) == set()


@pytest.mark.slow
def test_many_long_streams() -> None:
    for seed in range(300):
        run(Random(f"long exchange twin {seed}"), steps=250)
