"""Which function answers which method and path, and what it needs of the key that asks."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

from tradewind.exchange.server.texts import Json

Handler = TypeVar("Handler", bound=Callable[..., Json])


class Needs(Enum):
    """The scope of a key that a path asks for; PUBLIC paths ask for no key."""

    PUBLIC = "public"
    VIEW = "view"
    TRADE = "trade"
    TRANSFER = "transfer"


class Route(NamedTuple, Generic[Handler]):
    """One line of the table: `{name}` in the path stands for any one segment."""

    method: str
    path: str
    needs: Needs
    answer: Handler


class Found(NamedTuple, Generic[Handler]):
    """The route of a request, and the segments its path named."""

    route: Route[Handler]
    named: Mapping[str, str]


class Router(Generic[Handler]):
    """The table, looked up by path first where a path is plain."""

    def __init__(self, routes: Iterable[Route[Handler]]) -> None:
        self._plain: dict[tuple[str, str], Found[Handler]] = {}
        self._named: dict[tuple[str, int], list[tuple[list[str], Route[Handler]]]] = {}
        self.paths: list[str] = []
        for route in routes:
            self.paths.append(f"{route.method} {route.path}")
            if "{" not in route.path:
                self._plain[route.method, route.path] = Found(route, {})
            else:
                parts = route.path.split("/")
                self._named.setdefault((route.method, len(parts)), []).append((parts, route))

    def find(self, method: str, path: str) -> Found[Handler] | None:
        """Return the route for a request, None if there is none."""
        if (plain := self._plain.get((method, path))) is not None:
            return plain
        parts = path.split("/")
        for pattern, route in self._named.get((method, len(parts)), ()):
            named = {want[1:-1]: got for want, got in zip(pattern, parts, strict=True) if want.startswith("{")}
            if all(want == got or want.startswith("{") for want, got in zip(pattern, parts, strict=True)):
                return Found(route, named)
        return None
