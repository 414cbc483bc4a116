"""Whose orders are at the venue: a session's names tell it from any other, also from one that runs somewhere else.

The lease keeps two sessions apart within one home folder, and no further. What both can see is the account: an open
order under the name of a session that never began here is of another home folder, or another machine. Whether that one
still runs the venue cannot say, so a start refuses, and a session that is running tells an operator.
"""

import re
from collections.abc import Collection, Iterable

from tradewind.app.live.opening import SESSION_DIGITS
from tradewind.model.errors import StateError
from tradewind.model.venue import VenueOrder

SHOWN_MAX = 5
_NAME = re.compile(rf"([0-9a-f]{{{SESSION_DIGITS}}})-[0-9]+(?:-.+)?")


def session_of(client_id: str) -> str:
    """Return the session that an order's name begins with, "" when no session of ours named it."""
    found = _NAME.fullmatch(client_id)
    return "" if found is None else found[1]


def of_others(orders: Iterable[VenueOrder], own: Collection[str]) -> list[VenueOrder]:
    """Return those that are named by sessions other than these."""
    return [order for order in orders if session_of(order.client_id) not in {"", *own}]


def refuse_another(orders: Iterable[VenueOrder], own: Collection[str]) -> None:
    """Raise StateError when another session has orders on the account."""
    others = of_others(orders, own)
    if others:
        raise StateError(
            f"another session has orders on this account: {named(others)}. It may run in another home folder or on "
            "another machine: stop it there; if it is dead, start from its home folder, or clear the account with "
            "`tradewind halt --venue`, then `tradewind resume`"
        )


def named(orders: Iterable[VenueOrder]) -> str:
    """Return a few of the orders in words."""
    words = [f"{each.client_id} ({each.side.name.lower()} {each.instrument})" for each in orders]
    more = f" and {len(words) - SHOWN_MAX} more" if len(words) > SHOWN_MAX else ""
    return ", ".join(words[:SHOWN_MAX]) + more
