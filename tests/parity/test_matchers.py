"""The fast venue and the slow one give the same answers and the same books over long seeded streams."""

from random import Random

import pytest

from tests.parity.lockstep import run_bars, run_book
from tests.parity.streams import bar_world, book_world


@pytest.mark.parametrize("seed", range(12))
def test_bars(seed: int) -> None:
    seen = run_bars(bar_world(Random(f"parity of bars {seed}"), rounds=50))

    assert sum(seen.values()) > 50


@pytest.mark.parametrize("seed", range(12))
def test_book(seed: int) -> None:
    seen = run_book(book_world(Random(f"parity of books {seed}"), rounds=50))

    assert sum(seen.values()) > 50


@pytest.mark.slow
def test_many_long_streams() -> None:
    for seed in range(400):
        run_bars(bar_world(Random(f"long bars {seed}"), rounds=40))
        run_book(book_world(Random(f"long books {seed}"), rounds=40))
