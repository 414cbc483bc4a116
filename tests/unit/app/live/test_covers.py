"""Covers are known by their legs while they last, and by what was sent for them for some time after that."""

from tradewind.app.live.covers import ALIASES_MAX, Covers, Phase
from tradewind.model.orders import OrderKind, OrderRequest, Side


def leg(order_id: str) -> OrderRequest:
    return OrderRequest(order_id, "BTC-USD", Side.SELL, OrderKind.STOP_MARKET, 5, stop=100)


def test_a_cover_that_is_done_is_known_by_what_was_sent_only() -> None:
    covers = Covers()
    cover = covers.join(leg("s"))
    covers.sent("s-x1", cover)
    assert (covers.all(), covers.of_leg("s"), covers.of_sent("s-x1")) == ([cover], cover, cover)
    covers.drop(cover)
    assert (covers.all(), covers.of_leg("s"), covers.of_sent("s-x1")) == ([], None, cover)
    assert cover.phase is Phase.DONE


def test_names_of_what_is_done_are_forgotten_in_the_end_oldest_first() -> None:
    covers = Covers()
    live, done = covers.join(leg("live")), covers.join(leg("done"))
    covers.sent("live", live)
    covers.drop(done)
    for number in range(ALIASES_MAX):
        covers.sent(f"done-x{number}", done)
    covers.forget_done()
    assert covers.of_sent("live") is live
    assert covers.of_sent("done-x0") is None
    assert covers.of_sent(f"done-x{ALIASES_MAX - 1}") is done
    kept = sum(covers.of_sent(f"done-x{number}") is not None for number in range(ALIASES_MAX))
    assert kept == ALIASES_MAX // 2 - 1


def test_an_exit_loses_below_its_line_when_it_sells_and_above_when_it_buys() -> None:
    sells = Covers().join(leg("s"))
    buys = Covers().join(OrderRequest("b", "BTC-USD", Side.BUY, OrderKind.STOP_MARKET, 5, stop=100))
    assert [sells.loses(price, 100) for price in (99, 100, 101)] == [True, True, False]
    assert [buys.loses(price, 100) for price in (99, 100, 101)] == [False, True, True]
    assert [sells.gains(price, 100) for price in (99, 100, 101)] == [False, True, True]
    assert [buys.gains(price, 100) for price in (99, 100, 101)] == [True, True, False]
    assert [sells.trailed(mark, 5) for mark in (100, 110, 90)] == [95, 105, 105]
    assert [buys.trailed(mark, 5) for mark in (100, 90, 110)] == [105, 95, 95]
