"""Pages: a list cut at a limit, and a cursor that names the last item given out.

The cursor names an item and not a place, so that what comes in between two pages shifts nothing.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Iterable
from typing import TypeVar

from tradewind.exchange.server.asking import bad_request

Item = TypeVar("Item")


def page(items: Iterable[Item], name: Callable[[Item], str], cursor: str, limit: int) -> tuple[list[Item], str]:
    """Return at most `limit` items after the cursor's, and the cursor of the next page, empty after the last.

    Raises  Refusal 400 for a cursor that was never given out.
    """
    after = _read(cursor) if cursor else None
    found: list[Item] = []
    for item in items:
        if after is not None:
            after = None if name(item) == after else after
            continue
        if len(found) == limit:
            return found, _write(name(found[-1]))
        found.append(item)
    if after is not None:
        raise bad_request("invalid cursor")
    return found, ""


def _write(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode()


def _read(cursor: str) -> str:
    try:
        return urlsafe_b64decode(cursor.encode()).decode()
    except (Error, ValueError) as error:
        raise bad_request("invalid cursor") from error
