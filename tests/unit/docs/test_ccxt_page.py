"""docs/venues/ccxt.md names markets, errors and words as the adapter does."""

from tests.unit.docs.pages import codes, read, rows, section
from tests.unit.venues.ccxt import fakes
from tradewind.model.venue import InDoubt
from tradewind.venues.ccxt.capabilities import Support
from tradewind.venues.ccxt.failures import KINDS, failure_of
from tradewind.venues.ccxt.markets import name_of
from tradewind.venues.doubts import place_failure

PAGE = "docs/venues/ccxt.md"


def test_names_are_the_adapters() -> None:
    for symbol, name in ((codes(row[0])[0], codes(row[1])[0]) for row in rows(section(read(PAGE), "Names"))):
        pair, _, rest = symbol.partition(":")
        base, quote = pair.split("/")
        settle, _, expiry = rest.partition("-")
        kind = "future" if expiry else "swap" if settle else "spot"
        market = {"symbol": symbol, "base": base, "quote": quote, "settle": settle or None, "type": kind}
        assert name_of(market) == name


def test_words_of_the_map_are_on_the_page() -> None:
    listed = {
        codes(row[0])[0] for row in rows(section(read(PAGE), "What a venue can do")) if len(row) == 2 and "`" in row[0]
    }
    assert listed == {support.value for support in Support}


def test_errors_end_as_the_page_says() -> None:
    listed = {row[0]: (row[1], row[2]) for row in rows(section(read(PAGE), "What becomes of an order"))}
    for told, (error, ends) in listed.items():
        for name in codes(told):
            kind = getattr(fakes, name, None)
            if kind is None or name == "DuplicateOrderId":
                continue
            found = failure_of(kind("text"), "it")
            assert type(found).__name__ == codes(error)[0], name
            assert isinstance(place_failure(found), InDoubt) == (ends == "in doubt"), name


def test_every_kind_that_is_told_apart_is_on_the_page() -> None:
    named = set(codes(section(read(PAGE), "What becomes of an order")))
    quiet = {"BaseError", "InvalidNonce", "OperationFailed", "ArgumentsRequired", "InvalidAddress"}
    assert set(KINDS) - quiet <= named
