"""The life of an order as one table: which event leads from which status to which.

A timeout is not a "no": UNKNOWN is a state of its own, left only by evidence from the venue (I14). Terminal statuses
accept nothing more, except fills, which are always accepted (I13): a fill that arrives after a cancel is still ours.
`table()` renders it; the documentation shows that text, and a test holds the two together.
"""

from enum import IntEnum

from tradewind.model.errors import StateError


class OrderStatus(IntEnum):
    SENT = 1
    PENDING = 2
    OPEN = 3
    PARTIAL = 4
    CANCELING = 5
    UNKNOWN = 6
    FILLED = 7
    CANCELED = 8
    REJECTED = 9


class OrderEvent(IntEnum):
    ACCEPT = 1
    WAKE = 2
    FILL_PART = 3
    FILL_ALL = 4
    ASK_CANCEL = 5
    CANCEL = 6
    KEEP = 7
    REJECT = 8
    TIME_OUT = 9


_S, _E = OrderStatus, OrderEvent

_FROM_VENUE = {
    _E.ACCEPT: _S.OPEN,
    _E.FILL_PART: _S.PARTIAL,
    _E.FILL_ALL: _S.FILLED,
    _E.CANCEL: _S.CANCELED,
    _E.REJECT: _S.REJECTED,
}

TRANSITIONS: dict[OrderStatus, dict[OrderEvent, OrderStatus]] = {
    _S.SENT: {**_FROM_VENUE, _E.WAKE: _S.OPEN, _E.ASK_CANCEL: _S.CANCELING, _E.TIME_OUT: _S.UNKNOWN},
    _S.PENDING: {**_FROM_VENUE, _E.WAKE: _S.OPEN, _E.ASK_CANCEL: _S.CANCELING, _E.TIME_OUT: _S.UNKNOWN},
    _S.OPEN: {
        _E.ACCEPT: _S.OPEN,
        _E.WAKE: _S.OPEN,
        _E.FILL_PART: _S.PARTIAL,
        _E.FILL_ALL: _S.FILLED,
        _E.ASK_CANCEL: _S.CANCELING,
        _E.CANCEL: _S.CANCELED,
        _E.REJECT: _S.REJECTED,
        _E.TIME_OUT: _S.UNKNOWN,
    },
    _S.PARTIAL: {
        _E.ACCEPT: _S.PARTIAL,
        _E.WAKE: _S.PARTIAL,
        _E.FILL_PART: _S.PARTIAL,
        _E.FILL_ALL: _S.FILLED,
        _E.ASK_CANCEL: _S.CANCELING,
        _E.CANCEL: _S.CANCELED,
        _E.TIME_OUT: _S.UNKNOWN,
    },
    _S.CANCELING: {
        _E.ACCEPT: _S.CANCELING,
        _E.WAKE: _S.CANCELING,
        _E.FILL_PART: _S.CANCELING,
        _E.FILL_ALL: _S.FILLED,
        _E.CANCEL: _S.CANCELED,
        _E.KEEP: _S.OPEN,
        _E.REJECT: _S.REJECTED,
        _E.TIME_OUT: _S.UNKNOWN,
    },
    _S.UNKNOWN: {**_FROM_VENUE, _E.WAKE: _S.OPEN, _E.KEEP: _S.OPEN, _E.TIME_OUT: _S.UNKNOWN},
    _S.FILLED: {},
    _S.CANCELED: {_E.FILL_PART: _S.CANCELED, _E.FILL_ALL: _S.FILLED},
    _S.REJECTED: {_E.FILL_PART: _S.CANCELED, _E.FILL_ALL: _S.FILLED},
}

TERMINAL = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED})


def next_status(status: OrderStatus, event: OrderEvent) -> OrderStatus:
    """Return the status after `event`; raises StateError for a move that the table does not have."""
    try:
        return TRANSITIONS[status][event]
    except KeyError:
        raise StateError(
            f"an order in status {status.name} cannot take {event.name}: the venue and our journal disagree; "
            "trading stops, keep the journal and reconcile"
        ) from None


def table() -> str:
    """Return the transition table as text, one row per status, one column per event."""
    rows = [["status", *(event.name for event in OrderEvent)]]
    for status, moves in TRANSITIONS.items():
        rows.append([status.name, *(moves[event].name if event in moves else "-" for event in OrderEvent)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
