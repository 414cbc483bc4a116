"""A path finds its function; plain paths go before those with names in them."""

from tradewind.exchange.server.routing import Needs, Route, Router
from tradewind.exchange.server.texts import Json


def say(word: str) -> Route[object]:  # type: ignore[type-var]
    def answer() -> Json:
        return {"word": word}

    return Route("GET", word, Needs.VIEW, answer)


ROUTER = Router([say("/orders/historical/{order_id}"), say("/orders/historical/batch"), say("/a/{x}/b/{y}")])


def found(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    match = ROUTER.find(method, path)
    return None if match is None else (match.route.path, dict(match.named))


def test_plain_paths_go_first() -> None:
    assert found("GET", "/orders/historical/batch") == ("/orders/historical/batch", {})
    assert found("GET", "/orders/historical/17") == ("/orders/historical/{order_id}", {"order_id": "17"})


def test_several_names() -> None:
    assert found("GET", "/a/1/b/2") == ("/a/{x}/b/{y}", {"x": "1", "y": "2"})


def test_what_is_not_there() -> None:
    assert found("POST", "/orders/historical/batch") is None
    assert found("GET", "/a/1/c/2") is None
    assert found("GET", "/a/1/b") is None
