"""docs/venues/coinbase.md lists the endpoints that are built, the errors raised, and the forms sent."""

from decimal import Decimal

from tests.unit.docs.pages import codes, read, rows, section
from tradewind.model import errors
from tradewind.venues.coinbase import configurations as made
from tradewind.venues.coinbase.endpoints import ENDPOINTS
from tradewind.venues.coinbase.keys import LAYOUTS, NAME_VARIABLE, SECRET_VARIABLE
from tradewind.venues.coinbase.limits import PRIVATE_PER_S, PUBLIC_PER_S
from tradewind.venues.coinbase.retrying import RetryPolicy

PAGE = read("docs/venues/coinbase.md")


def test_the_table_is_the_endpoints() -> None:
    listed = [[codes(cell)[0] if "`" in cell else cell for cell in row] for row in rows(section(PAGE, "Endpoints"))]
    assert listed == [
        [
            each.family,
            each.name,
            f"{each.method} {each.path}",
            each.build.__name__,
            each.answer.__name__,
            "yes" if each.public else "",
        ]
        for each in ENDPOINTS
    ]


def test_errors_are_those_of_the_tree() -> None:
    named = {code for row in rows(section(PAGE, "What becomes of a request")) for code in codes(row[1])}
    assert len(named) == 7
    for name in named:
        assert issubclass(getattr(errors, name), errors.VenueError)


def test_the_forms_are_those_that_are_built() -> None:
    named = {code for row in rows(section(PAGE, "Orders")) for code in codes(row[1])}
    one = Decimal(1)
    built = (
        made.market_ioc(base=one),
        made.market_fok(base=one),
        made.limit_gtc(one, one),
        made.limit_gtd(one, one, 1),
        made.limit_ioc(one, one),
        made.limit_fok(one, one),
        made.stop_limit_gtc(one, one, one, "x"),
        made.stop_limit_gtd(one, one, one, "x", 1),
        made.bracket_gtc(one, one, one),
        made.bracket_gtd(one, one, one, 1),
        made.twap_gtd(one, one, 1, 2, buckets=1, bucket_s=1),
    )
    assert named == {name for configuration in built for name in configuration}


def test_numbers_and_names_are_right() -> None:
    keys = section(PAGE, "Keys")
    assert all(f'"{name}"' in keys for layout in LAYOUTS for name in layout)
    assert NAME_VARIABLE in keys
    assert SECRET_VARIABLE in keys
    limits = section(PAGE, "Rate limits")
    assert f"{PRIVATE_PER_S:.0f} private requests a second ({PUBLIC_PER_S:.0f} without a key)" in limits
    assert RetryPolicy().attempts_max == 5
    assert "at most five times" in PAGE
