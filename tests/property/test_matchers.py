"""The slow venue and the fast one agree on any stream, and every branch of the rules was really taken.

Small streams are drawn by hypothesis, which shrinks a disagreement to a few steps. Longer seeded ones have to pass
through every branch named below: their tests print how often each was taken and fail where one never was.
"""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.parity.lockstep import run_bars, run_book
from tests.parity.streams import bar_world, book_world

COMMON = (
    "accepted",
    "cancel rejected",
    "canceled EXPIRED",
    "canceled FOK_NOT_FILLABLE",
    "canceled IOC_REMAINDER",
    "canceled OCO",
    "canceled PARENT_NOT_FILLED",
    "canceled REDUCE_ONLY_NO_POSITION",
    "canceled REQUESTED",
    "child filled",
    "deficit",
    "filled fok",
    "filled limit as maker",
    "filled limit as taker",
    "filled market as taker",
    "funding accrued",
    "funding paid",
    "later fill",
    "liquidated by other terms",
    "liquidated full",
    "liquidated in a tier",
    "liquidated partial",
    "margin terms changed",
    "partial fill",
    "position flipped",
    "reduce-only shrank",
    "rejected INSUFFICIENT_FUNDS",
    "rejected INSUFFICIENT_MARGIN",
    "rejected MIN_NOTIONAL",
    "rejected POST_ONLY_WOULD_CROSS",
    "rejected REDUCE_ONLY_NO_POSITION",
    "triggered or woke",
)
BARS = (
    *COMMON,
    "a sleeping instrument was left out",
    "canceled INSUFFICIENT_FUNDS",
    "canceled POST_ONLY_WOULD_CROSS",
    "filled max",
    "filled quote quantity",
    "filled stop_limit as maker",
    "filled stop_limit as taker",
    "filled stop_market as taker",
    "filled trailing_stop as taker",
    "liquidated between two price units",
    "liquidated on a price unit",
    "trailing stop moved",
    "triggered stop_limit",
    "triggered stop_market",
    "triggered trailing_stop",
)
BOOKS = (
    *COMMON,
    "a level left the queue",
    "a level moved the queue",
    "a trade filled us from the queue",
    "a trade shortened the queue",
    "canceled NO_LIQUIDITY",
    "canceled SELF_TRADE",
    "iceberg filled",
    "iceberg refreshed",
    "rejected SELF_TRADE",
    "two own orders shared a trade",
)


@given(st.randoms(use_true_random=False))
def test_any_stream_of_bars_gives_the_same_answers_and_books(chance: Random) -> None:
    run_bars(bar_world(chance, rounds=2))


@given(st.randoms(use_true_random=False))
def test_any_stream_of_books_gives_the_same_answers_and_books(chance: Random) -> None:
    run_book(book_world(chance, rounds=3))


def test_every_branch_of_the_bars_is_taken() -> None:
    seen = Counter[str]()
    for seed in range(220, 340):
        seen += run_bars(bar_world(Random(f"bars {seed}"), rounds=20))

    assert never_taken(seen, BARS) == []


def test_every_branch_of_the_books_is_taken() -> None:
    seen = Counter[str]()
    for seed in range(90):
        seen += run_book(book_world(Random(f"book {seed}"), rounds=24))

    assert never_taken(seen, BOOKS) == []


def never_taken(seen: Counter[str], expected: tuple[str, ...]) -> list[str]:
    """Print how often every branch was taken; return those that never were."""
    for branch in sorted({*expected, *seen}):
        print(f"{seen[branch]:7d}  {branch}")
    return [branch for branch in expected if not seen[branch]]
