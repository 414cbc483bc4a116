"""Shares of a fill by largest remainder, ties by bot id; opposite wishes meet inside the account."""

import pytest

from tradewind.engine.recount import attributed
from tradewind.model.decisions import Share
from tradewind.portfolio.attribution import attribute, cross


def shares(*quantities: int) -> tuple[Share, ...]:
    return tuple(Share("abcdef"[index], 1, quantity) for index, quantity in enumerate(quantities))


@pytest.mark.parametrize(
    ("quantity", "of", "already", "lot", "expected"),
    [
        (7, (10,), (0,), 1, [7]),
        (10, (5, 5), (0, 0), 1, [5, 5]),
        (3, (5, 5), (0, 0), 1, [2, 1]),
        (1, (5, 5), (0, 0), 1, [1, 0]),
        (1, (5, 5), (1, 0), 1, [0, 1]),
        (2, (7, 2, 1), (0, 0, 0), 1, [2, 0, 0]),
        (3, (7, 2, 1), (2, 0, 0), 1, [2, 1, 0]),
        (5, (7, 2, 1), (4, 1, 0), 1, [3, 1, 1]),
        (10, (1, 1, 8), (0, 0, 0), 1, [1, 1, 8]),
        (30, (50, 50), (0, 0), 10, [20, 10]),
        (35, (50, 50), (0, 0), 10, [18, 17]),
        (20, (30, 30, 40), (0, 0, 0), 10, [10, 0, 10]),
        (1, (5, 5), (1, 5), 5, [1, 0]),
    ],
)
def test_a_fill_is_shared_by_what_each_is_due_so_far(
    quantity: int, of: tuple[int, ...], already: tuple[int, ...], lot: int, expected: list[int]
) -> None:
    assert attribute(quantity, shares(*of), lot, already) == expected
    assert attributed(quantity, shares(*of), list(already), lot) == expected


def test_a_tie_goes_to_the_first_bot_by_id_however_the_shares_are_given() -> None:
    assert attribute(1, shares(5, 5)[::-1], 1, [0, 0]) == [0, 1]


@pytest.mark.parametrize("sizes", [[1] * 17, [16, 1], [1, 16], [3, 5, 7, 2], [17]])
def test_the_fills_of_an_order_give_everyone_exactly_its_share(sizes: list[int]) -> None:
    of = shares(9, 5, 3)
    had = [0, 0, 0]
    for size in sizes:
        parts = attribute(size, of, 1, had)
        assert sum(parts) == size
        assert min(parts) >= 0
        had = [before + part for before, part in zip(had, parts, strict=True)]
        assert all(got <= share.quantity for got, share in zip(had, of, strict=True))
    assert had == [9, 5, 3]


@pytest.mark.parametrize(
    ("wishes", "crossings", "left"),
    [
        ([("a", 5)], [], [("a", 5)]),
        ([("a", 5), ("b", -5)], [("a", "b", 5)], []),
        ([("b", 5), ("a", -3)], [("b", "a", 3)], [("b", 2)]),
        ([("a", 5), ("b", 4), ("c", -7)], [("a", "c", 5), ("b", "c", 2)], [("b", 2)]),
        ([("c", 5), ("b", -4), ("a", -7)], [("c", "a", 5)], [("a", -2), ("b", -4)]),
        ([("a", 5), ("b", 4)], [], [("a", 5), ("b", 4)]),
    ],
)
def test_opposite_wishes_meet_by_bot_id(
    wishes: list[tuple[str, int]], crossings: list[tuple[str, str, int]], left: list[tuple[str, int]]
) -> None:
    assert cross(wishes) == (crossings, left)
    assert cross(wishes[::-1]) == (crossings, left)
