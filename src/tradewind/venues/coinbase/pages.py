"""Lists to their end: one request after another along the venue's cursor, never round in a circle."""

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from tradewind.model.errors import MalformedAnswer
from tradewind.venues.coinbase.client import Client
from tradewind.venues.coinbase.requests import Request

T = TypeVar("T")
PAGES_MAX = 2_000


async def pages(
    client: Client, answer: type[T], build: Callable[[str], Request], cursor_of: Callable[[T], str]
) -> AsyncIterator[T]:
    """Yield every page; `build` makes the request behind a cursor, `cursor_of` returns the next one, "" at the end.

    Raises  MalformedAnswer when a cursor comes back a second time, or there is no end.
    """
    cursor, seen = "", set[str]()
    for _ in range(PAGES_MAX):
        page = await client.call(build(cursor), answer)
        yield page
        cursor = cursor_of(page)
        if not cursor:
            return
        if cursor in seen:
            raise MalformedAnswer(f"{answer.__name__}: the venue's pages go round in a circle")
        seen.add(cursor)
    raise MalformedAnswer(f"{answer.__name__}: more than {PAGES_MAX} pages")
