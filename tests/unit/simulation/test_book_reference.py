"""The book rows of METHODS 7 (C, D04c), each written out by hand."""

from decimal import Decimal

import pytest

from tests.unit.simulation.bench import BTC, MS, Book, account, perpetual
from tradewind.model.fees import flat_fees
from tradewind.simulation.settings import QueueModel

FREE = flat_fees(Decimal(0), Decimal(0))
ASKS = {"100": "2", "100.5": "3", "101": "10"}


def asks() -> Book:
    book = Book()
    book.book({}, ASKS)
    book.at(1)
    return book


def bid_of(size: str, **settings: object) -> Book:
    """Return a venue with our buy of 10 at 99 behind a displayed `size`."""
    book = Book(**settings)
    book.book({"99": size}, {"100": "50"})
    book.at(1).send("l", "buy", "limit", "10", price="99")
    return book


def test_c01_a_market_order_walks_the_book() -> None:
    book = asks()
    book.send("m", "buy", "market", "6")
    assert book.fills() == ["m 2 @ 100 taker 0.8", "m 3 @ 100.5 taker 1.206", "m 1 @ 101 taker 0.404"]
    average = book.venue.report().positions[BTC.id].average_price
    assert average is not None
    assert round(average, 8) == Decimal("100.41666667")
    assert (book.money("fees"), book.money("cash")) == ("2.41", "99395.09")


def test_c02_ioc_takes_what_is_inside_its_price() -> None:
    book = asks()
    book.send("l", "buy", "limit", "6", price="100.5", tif="ioc")
    assert book.status("l") == "canceled:IOC_REMAINDER"
    assert (book.filled("l"), book.money("fees"), book.money("cash")) == ("5", "2.006", "99496.494")


def test_c03_gtc_takes_then_rests_then_fills_as_maker() -> None:
    book = asks()
    book.send("l", "buy", "limit", "6", price="100.5")
    assert (book.status("l"), book.filled("l"), book.ahead("l")) == ("open", "5", "0")
    book.at(3).trade("sell", "1", "100.5")
    assert book.fills()[2:] == ["l 1 @ 100.5 maker 0.25125"]
    assert book.status("l") == "filled"


@pytest.mark.parametrize(("price", "status"), [("100", "rejected:POST_ONLY_WOULD_CROSS"), ("99.99", "open")])
def test_c04_post_only(price: str, status: str) -> None:
    book = asks()
    book.send("a", "buy", "limit", "1", price=price, post_only=True)
    assert book.status("a") == status


def test_c05_the_queue_ahead_is_served_first() -> None:
    book = bid_of("50")
    for at, size, ahead, filled in [(2, "30", "20", "0"), (4, "25", "0", "5"), (6, "5", "none", "10")]:
        book.at(at).trade("sell", size, "99")
        assert (book.ahead("l"), book.filled("l")) == (ahead, filled)
    assert book.fills() == ["l 5 @ 99 maker 1.2375", "l 5 @ 99 maker 1.2375"]


def test_c07_risk_averse() -> None:
    book = bid_of("50")
    book.at(2).level("bid", "99", "35")
    assert book.ahead("l") == "35"
    book.at(3).level("bid", "99", "60")
    assert book.ahead("l") == "35"


def test_c08_power_queue() -> None:
    book = bid_of("40", queue_model=QueueModel.POWER, queue_power=3.0)
    book.at(2).level("bid", "99", "100")
    assert book.ahead("l") == "40"
    book.at(3).level("bid", "99", "80")
    ahead = book.order("l").ahead
    assert ahead is not None
    assert round(ahead, 8) == Decimal("35.42857143")


def delayed() -> Book:
    book = Book(entry_latency_ns=50 * MS, response_latency_ns=20 * MS)
    book.book({}, {"100": "5"})
    return book


def test_c11_the_order_meets_the_book_of_its_arrival() -> None:
    book = delayed()
    book.send("m", "buy", "market", "1")
    book.at(30).level("ask", "100", "0")
    book.level("ask", "100.4", "5")
    book.wait(69)
    assert book.log == []
    assert book.order("m").filled > 0
    book.wait(70)
    assert book.fills() == ["m 1 @ 100.4 taker 0.4016"]
    assert book.log[0].ts_ns == 50 * MS
    assert book.notices() == ["70 m fill"]


def test_c13_post_only_is_judged_on_arrival() -> None:
    book = delayed()
    book.send("l", "buy", "limit", "1", price="99.9", post_only=True)
    book.at(30).level("ask", "99.9", "5")
    book.wait(100)
    assert book.notices() == ["70 l rejected POST_ONLY_WOULD_CROSS"]


def test_c14_self_trade_prevention_cancels_the_newest() -> None:
    book = Book(opening=account("100000", (BTC, "1", "100")))
    book.book({"100": "5"}, {"102": "5"})
    book.at(1).send("old", "sell", "limit", "1", price="101")
    book.at(2).send("new", "buy", "limit", "1", price="101")
    assert (book.fills(), book.status("old"), book.status("new")) == ([], "open", "canceled:SELF_TRADE")


def test_d04c_closed_before_funding_owes_nothing() -> None:
    perp = perpetual()
    book = Book(perp, fees=FREE, opening=account("20000", (perp, "2", "60000")))
    book.book({"60000": "5"}, {"60010": "5"})
    book.mark("60000")
    book.at(3_599_000).send("s", "sell", "market", "2")
    book.at(3_600_000).fund("0.0001")
    assert (book.money("funding"), book.money("cash"), book.position()) == ("0", "20000", "0")
