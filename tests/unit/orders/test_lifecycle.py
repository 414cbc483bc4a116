"""The transition table, move by move: every cell of it, printed as the documentation prints it."""

from itertools import product

import pytest

from tradewind.model.errors import StateError
from tradewind.orders.lifecycle import TERMINAL, TRANSITIONS, OrderEvent, OrderStatus, next_status, table

# One row per status, one word per event, in the order of the enum; - is a move that stops the engine.
WANTED = """
           ACCEPT    WAKE      FILL_PART FILL_ALL  ASK_CANCEL CANCEL   KEEP      REJECT    TIME_OUT
SENT       OPEN      OPEN      PARTIAL   FILLED    CANCELING CANCELED  -         REJECTED  UNKNOWN
PENDING    OPEN      OPEN      PARTIAL   FILLED    CANCELING CANCELED  -         REJECTED  UNKNOWN
OPEN       OPEN      OPEN      PARTIAL   FILLED    CANCELING CANCELED  -         REJECTED  UNKNOWN
PARTIAL    PARTIAL   PARTIAL   PARTIAL   FILLED    CANCELING CANCELED  -         -         UNKNOWN
CANCELING  CANCELING CANCELING CANCELING FILLED    -         CANCELED  OPEN      REJECTED  UNKNOWN
UNKNOWN    OPEN      OPEN      PARTIAL   FILLED    -         CANCELED  OPEN      REJECTED  UNKNOWN
FILLED     -         -         -         -         -         -         -         -         -
CANCELED   -         -         CANCELED  FILLED    -         -         -         -         -
REJECTED   -         -         CANCELED  FILLED    -         -         -         -         -
"""


def wanted() -> dict[tuple[str, str], str]:
    head, *rows = [line.split() for line in WANTED.strip().splitlines()]
    return {(row[0], event): cell for row in rows for event, cell in zip(head, row[1:], strict=True)}


@pytest.mark.parametrize(("status", "event"), list(product(OrderStatus, OrderEvent)), ids=lambda each: each.name)
def test_every_cell_of_the_table(status: OrderStatus, event: OrderEvent) -> None:
    cell = wanted()[status.name, event.name]
    if cell == "-":
        with pytest.raises(StateError, match=f"status {status.name} cannot take {event.name}"):
            next_status(status, event)
    else:
        assert next_status(status, event).name == cell


def test_only_fills_are_taken_when_it_is_over() -> None:
    for status in TERMINAL:
        assert set(TRANSITIONS[status]) <= {OrderEvent.FILL_PART, OrderEvent.FILL_ALL}


def test_doubt_ends_only_by_evidence_from_the_venue() -> None:
    assert OrderEvent.ASK_CANCEL not in TRANSITIONS[OrderStatus.UNKNOWN]
    assert OrderStatus.UNKNOWN not in TERMINAL


def test_the_printed_table_has_a_row_per_status_and_a_column_per_event() -> None:
    head, *rows = [line.split() for line in table().splitlines()]
    assert head == ["status", *(event.name for event in OrderEvent)]
    assert [row[0] for row in rows] == [status.name for status in OrderStatus]
    assert rows[0][1:] == ["OPEN", "OPEN", "PARTIAL", "FILLED", "CANCELING", "CANCELED", "-", "REJECTED", "UNKNOWN"]
