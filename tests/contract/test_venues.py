"""What every simulated venue must do, however it is written: one suite, run on the fast venues and the slow ones."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest

from tradewind.model.answers import (
    CancelRejected,
    FundingAccrued,
    FundingPaid,
    LiquidationKind,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderTriggered,
    PositionLiquidated,
)
from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.model.market_events import (
    Bar,
    BookSnapshot,
    FundingRate,
    FundingSettlement,
    Gap,
    LevelUpdate,
    MarkPrice,
    TradePrint,
)
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side, TimeInForce
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.book import BookVenue
from tradewind.simulation.reference import ReferenceBarVenue, ReferenceBookVenue, state_hash
from tradewind.simulation.settings import OpeningAccount, OpeningPosition, QueueModel, SimulationSettings

SPAN = 3_600_000_000_000
MS = 1_000_000
SPOT = define_instrument("BTC-USD", price_increment="1", base_increment="1")
OTHER = define_instrument("ETH-USD", price_increment="1", base_increment="1")
PERP = define_instrument(
    "BTC-PERP",
    kind=InstrumentKind.PERPETUAL,
    price_increment="1",
    base_increment="1",
    initial_margin=Decimal("0.1"),
    maintenance_margin=Decimal("0.05"),
)
ALL = [SPOT, OTHER, PERP]
BUY, SELL = Side.BUY, Side.SELL
MARKET, LIMIT = OrderKind.MARKET, OrderKind.LIMIT

Opens = Callable[..., Any]


@pytest.fixture(params=[BarVenue, ReferenceBarVenue], ids=["fast", "reference"])
def bars(request: pytest.FixtureRequest) -> Opens:
    return opened_by(request.param)


@pytest.fixture(params=[BookVenue, ReferenceBookVenue], ids=["fast", "reference"])
def books(request: pytest.FixtureRequest) -> Opens:
    return opened_by(request.param)


def opened_by(venue: Opens) -> Opens:
    def opens(*, cash: int = 100_000, positions: Iterable[tuple[Instrument, int, int]] = (), **settings: Any) -> Any:
        held = tuple(OpeningPosition(one.id, quantity, Decimal(average)) for one, quantity, average in positions)
        return venue(ALL, SimulationSettings(**settings), OpeningAccount(cash=Decimal(cash), positions=held))

    return opens


def order(
    id: str, side: Side, kind: OrderKind, quantity: int | None, instrument: Instrument = SPOT, **terms: Any
) -> OrderRequest:
    return OrderRequest(id, instrument.id, side, kind, quantity, **terms)


def bar(index: int, open: int, high: int, low: int, close: int, instrument: Instrument = SPOT, **terms: Any) -> Bar:
    return Bar(instrument.id, (index + 1) * SPAN, SPAN, open, high, low, close, **terms)


def flat(index: int, price: int, instrument: Instrument = SPOT) -> Bar:
    return bar(index, price, price, price, price, instrument)


def snapshot(ms: int, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]) -> BookSnapshot:
    return BookSnapshot(SPOT.id, ms * MS, tuple(bids), tuple(asks))


# -- both modes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (order("x", BUY, MARKET, 0), "INVALID_QUANTITY"),
        (order("x", BUY, MARKET, None), "INVALID_QUANTITY"),
        (order("x", BUY, MARKET, 1, maximum=True), "INVALID_QUANTITY"),
        (order("x", BUY, LIMIT, 1), "INVALID_PRICE"),
        (order("x", BUY, OrderKind.STOP_MARKET, 1), "INVALID_STOP"),
        (order("x", BUY, OrderKind.TRAILING_STOP, 1), "INVALID_TRAIL"),
        (OrderRequest("x", "DOGE-USD", BUY, MARKET, 1), "UNKNOWN_INSTRUMENT"),
    ],
)
def test_a_request_that_makes_no_sense_is_rejected(
    bars: Opens, books: Opens, request_: OrderRequest, reason: str
) -> None:
    for venue in (bars(), books()):
        answers = [*venue.submit(request_, 0), *venue.advance(0)]

        assert answers == [OrderRejected("x", 0, reason)]


def test_an_id_is_taken_once(bars: Opens, books: Opens) -> None:
    for venue in (bars(), books()):
        venue.submit(order("x", BUY, LIMIT, 1, price=50), 0)
        venue.advance(0)

        answers = [*venue.submit(order("x", SELL, LIMIT, 1, price=150), 0), *venue.advance(0)]

        assert answers == [OrderRejected("x", 0, "DUPLICATE_ORDER_ID")]


def test_a_cancel_of_nothing_open_is_rejected(bars: Opens, books: Opens) -> None:
    for venue in (bars(), books()):
        answers = [*venue.cancel("nobody", 5), *venue.advance(5)]

        assert answers == [CancelRejected("nobody", 5, "NOT_OPEN")]


def test_funding_is_due_on_open_perpetuals_only(bars: Opens, books: Opens) -> None:
    for venue in (bars(positions=[(PERP, -2, 100)]), books(positions=[(PERP, -2, 100)])):
        paid = venue.on_event(FundingRate(PERP.id, 7, Decimal("0.01")))
        accrued = venue.on_event(FundingRate(PERP.id, 8, Decimal("0.01"), 200, False))
        moved = venue.on_event(FundingSettlement(PERP.id, 9))
        again = venue.on_event(FundingSettlement(PERP.id, 10))
        nothing = venue.on_event(FundingRate(SPOT.id, 11, Decimal("0.01")))

        assert list(paid) == [FundingPaid(PERP.id, 7, Decimal("2"), -2, "funding:1")]
        assert list(accrued) == [FundingAccrued(PERP.id, 8, Decimal("4"), -2, "funding:2")]
        assert list(moved) == [FundingPaid(PERP.id, 9, Decimal("4"), -2, "funding:3")]
        assert [*again, *nothing] == []
        assert venue.report().cash == Decimal(100_006)


def test_a_jump_of_the_mark_below_maintenance_liquidates(bars: Opens, books: Opens) -> None:
    for venue in (bars(cash=100, positions=[(PERP, 10, 100)]), books(cash=100, positions=[(PERP, 10, 100)])):
        above = venue.on_event(MarkPrice(PERP.id, 1, 95))
        below = venue.on_event(MarkPrice(PERP.id, 2, 85))

        assert list(above) == []
        [liquidated] = below
        assert liquidated == PositionLiquidated(
            PERP.id, f"liquidation:{PERP.id}:1", 2, LiquidationKind.FULL, SELL, 10, Decimal(85), Decimal(50)
        )
        assert venue.report().cash == 0
        assert venue.report().insurance_deficit == 50


def test_equal_streams_give_equal_hashes_and_others_do_not(bars: Opens) -> None:
    def after(quantity: int) -> str:
        venue = bars()
        venue.submit(order("x", BUY, MARKET, quantity), 0)
        venue.on_event(flat(0, 100))
        return state_hash(venue)

    assert after(1) == after(1)
    assert after(1) != after(2)


# -- bars -------------------------------------------------------------------------------------------------------------


def test_an_order_activates_at_the_first_open_at_or_after_its_time(bars: Opens) -> None:
    venue = bars()

    assert list(venue.submit(order("x", BUY, MARKET, 1), SPAN)) == []
    assert list(venue.on_event(flat(0, 100))) == []
    [filled] = venue.on_event(flat(1, 101))
    assert (filled.ts_ns, filled.price, filled.fill_id) == (SPAN, 101, "x:1")


def test_what_fills_at_once_is_not_accepted_first_and_what_rests_is_accepted_once(bars: Opens) -> None:
    venue = bars()
    venue.submit(order("now", BUY, MARKET, 1), 0)
    venue.submit(order("later", BUY, LIMIT, 1, price=90), 0)

    first = venue.on_event(flat(0, 100))
    second = venue.on_event(bar(1, 95, 96, 85, 90))

    assert [type(answer) for answer in first] == [OrderFilled, OrderAccepted]
    assert [(type(answer), answer.order_id) for answer in second] == [(OrderFilled, "later")]


def test_fills_of_one_order_are_counted_from_one(bars: Opens) -> None:
    venue = bars(participation=Decimal("0.5"))
    venue.submit(order("x", BUY, MARKET, 3), 0)
    volume = 2 * 10**SPOT.volume_scale

    fills = [answer for i in range(3) for answer in venue.on_event(bar(i, 100, 100, 100, 100, volume=volume))]

    assert [(fill.fill_id, fill.quantity) for fill in fills] == [("x:1", 1), ("x:2", 1), ("x:3", 1)]


def test_the_other_orders_at_the_very_end_of_a_stretch_act_too(bars: Opens) -> None:
    venue = bars(positions=[(SPOT, 10, 100)])
    for name in ("a", "b"):
        venue.submit(order(name, SELL, OrderKind.STOP_MARKET, 1, stop=90), 0)

    answers = venue.on_event(bar(0, 100, 101, 90, 90))

    assert [answer.order_id for answer in answers if isinstance(answer, OrderFilled)] == ["a", "b"]


def test_the_older_order_acts_first_at_one_point(bars: Opens) -> None:
    venue = bars(positions=[(SPOT, 10, 100)])
    venue.submit(order("stop", SELL, OrderKind.STOP_MARKET, 1, stop=95), 0)
    venue.submit(order("limit", BUY, LIMIT, 1, price=95), 0)

    answers = venue.on_event(bar(0, 100, 101, 94, 100))

    assert [answer.order_id for answer in answers if isinstance(answer, OrderFilled)] == ["stop", "limit"]


def test_a_trailing_stop_follows_the_path_and_triggers_where_it_turns(bars: Opens) -> None:
    venue = bars(positions=[(SPOT, 1, 100)])
    venue.submit(order("x", SELL, OrderKind.TRAILING_STOP, 1, trail=5), 0)

    rises = venue.on_event(bar(0, 100, 112, 99, 110))
    falls = venue.on_event(bar(1, 110, 111, 104, 105))

    # The path of bar 0 is O-L-H-C: the peak is 112 and the stop 107, which bar 1 meets on its way down.
    assert [type(answer) for answer in rises] == [OrderAccepted]
    assert [type(answer) for answer in falls] == [OrderTriggered, OrderFilled]
    assert falls[1].price == 107


def test_a_trailing_stop_that_the_open_has_passed_fills_at_the_open(bars: Opens) -> None:
    venue = bars(positions=[(SPOT, 1, 100)])
    venue.submit(order("x", SELL, OrderKind.TRAILING_STOP, 1, trail=5), 0)
    venue.on_event(flat(0, 100))

    [_, filled] = venue.on_event(flat(1, 90))

    assert filled.price == 90


def test_good_till_date_ends_at_the_first_open_from_its_expiry_before_matching(bars: Opens) -> None:
    venue = bars()
    terms = {"price": 95, "time_in_force": TimeInForce.GTD}
    venue.submit(order("x", BUY, LIMIT, 1, expire_ns=SPAN, **terms), 0)
    venue.submit(order("y", BUY, LIMIT, 1, expire_ns=SPAN + 1, **terms), 0)
    venue.on_event(flat(0, 100))

    answers = venue.on_event(bar(1, 90, 91, 89, 90))

    assert [(type(answer), answer.order_id) for answer in answers] == [(OrderCanceled, "x"), (OrderFilled, "y")]
    assert answers[0].reason == "EXPIRED"


def test_a_child_wakes_at_the_point_of_its_parents_fill(bars: Opens) -> None:
    venue = bars()
    venue.submit(order("parent", BUY, LIMIT, 1, price=95), 0)
    venue.submit(order("take", SELL, LIMIT, 1, price=99, oco="exit", after="parent"), 0)
    venue.submit(order("stop", SELL, OrderKind.STOP_MARKET, 1, stop=90, oco="exit", after="parent"), 0)

    assert venue.report().orders["take"].status == "pending"
    answers = venue.on_event(bar(0, 100, 101, 94, 100))

    # The high is nearer: the path is O-H-L-C, and 99 is met on the way back from 94, after the parent at 95.
    fills = [(answer.order_id, answer.price) for answer in answers if isinstance(answer, OrderFilled)]
    assert fills == [("parent", 95), ("take", 99)]
    assert venue.report().orders["stop"].reason == "OCO"


def test_a_child_on_another_instrument_waits_for_its_next_open(bars: Opens) -> None:
    venue = bars()
    venue.submit(order("parent", BUY, MARKET, 1), 0)
    venue.submit(order("child", BUY, MARKET, 1, OTHER, after="parent"), 0)

    woken = venue.on_event(flat(0, 100))
    same_time = venue.on_event(flat(0, 50, OTHER))
    [filled] = venue.on_event(flat(1, 51, OTHER))

    assert [type(answer) for answer in woken] == [OrderFilled, OrderTriggered]
    assert list(same_time) == []
    assert (filled.order_id, filled.price) == ("child", 51)


def test_a_quote_is_spent_at_the_fill_price(bars: Opens) -> None:
    venue = bars()
    venue.submit(order("x", BUY, LIMIT, None, price=125, quote_quantity=Decimal(1000)), 0)

    accepted, filled = venue.on_event(flat(0, 100))

    assert accepted == OrderAccepted("x", 0, 10)
    assert (filled.quantity, filled.price) == (10, 100)


def test_reduce_only_shrinks_with_the_position(bars: Opens) -> None:
    venue = bars(positions=[(PERP, 5, 100)])
    venue.submit(order("rest", SELL, LIMIT, 9, PERP, price=120, reduce_only=True), 0)
    venue.submit(order("part", SELL, MARKET, 3, PERP), 0)

    answers = venue.on_event(flat(0, 100, PERP))

    amended = [answer for answer in answers if isinstance(answer, OrderAmended)]
    assert [(answer.order_id, answer.quantity) for answer in amended] == [("rest", 5), ("rest", 2)]


def test_a_gap_is_counted_until_the_next_bar(bars: Opens) -> None:
    venue = bars()
    venue.on_event(flat(0, 100))
    venue.on_event(Gap(SPOT.id, 2 * SPAN, 2))

    assert venue.report().staleness[SPOT.id] == 2
    venue.on_event(flat(2, 100))
    assert venue.report().staleness[SPOT.id] == 0


def test_an_instrument_is_awake_while_something_of_ours_is_open(bars: Opens) -> None:
    venue = bars(positions=[(PERP, 1, 100)])
    venue.submit(order("x", BUY, LIMIT, 1, price=50), 0)
    venue.on_event(flat(0, 100))

    assert SPOT.id in venue.awake
    assert PERP.id in venue.awake


# -- books ------------------------------------------------------------------------------------------------------------


def test_nothing_is_known_before_the_latencies_have_passed(books: Opens) -> None:
    venue = books(entry_latency_ns=50 * MS, response_latency_ns=20 * MS)
    venue.on_event(snapshot(0, [], [(100, 5)]))

    assert list(venue.submit(order("x", BUY, MARKET, 1), 0)) == []
    assert venue.due_ns == 50 * MS
    assert list(venue.advance(69 * MS)) == []
    [filled] = venue.advance(70 * MS)
    assert filled.ts_ns == 50 * MS
    assert [(notice.at_ns, notice.type) for notice in venue.notices] == [(70 * MS, "fill")]


def test_what_has_happened_and_is_under_way_can_be_seen(books: Opens) -> None:
    venue = books(response_latency_ns=20 * MS)
    venue.on_event(snapshot(0, [], [(100, 5)]))
    venue.submit(order("x", BUY, MARKET, 1), 0)
    venue.advance(0)

    assert [answer.order_id for answer in venue.undelivered] == ["x"]
    assert venue.report().orders["x"].status == "filled"


def test_market_data_of_one_time_comes_before_arrivals(books: Opens) -> None:
    venue = books(entry_latency_ns=MS)
    venue.on_event(snapshot(0, [], [(100, 5)]))
    venue.submit(order("x", BUY, MARKET, 1), 0)
    venue.on_event(LevelUpdate(SPOT.id, MS, SELL, 100, 0))
    venue.on_event(LevelUpdate(SPOT.id, MS, SELL, 104, 5))

    [filled] = venue.advance(MS)

    assert filled.price == 104


def test_what_we_took_is_gone_until_the_level_updates(books: Opens) -> None:
    venue = books()
    venue.on_event(snapshot(0, [], [(100, 5), (101, 5)]))
    prices = []
    for index, name in enumerate("abc"):
        if name == "c":
            venue.on_event(LevelUpdate(SPOT.id, index * MS, SELL, 100, 5))
        venue.submit(order(name, BUY, MARKET, 5), index * MS)
        prices += [fill.price for fill in venue.advance(index * MS)]

    assert prices == [100, 101, 100]


def test_own_orders_at_one_price_share_a_trade_by_age(books: Opens) -> None:
    venue = books()
    venue.on_event(snapshot(0, [(99, 10)], [(100, 10)]))
    for name in "ab":
        venue.submit(order(name, BUY, LIMIT, 4, price=99), 0)
    venue.advance(0)

    answers = venue.on_event(TradePrint(SPOT.id, MS, SELL, 99, 16))

    assert [(fill.order_id, fill.quantity, fill.liquidity) for fill in answers] == [
        ("a", 4, Liquidity.MAKER),
        ("b", 2, Liquidity.MAKER),
    ]


def test_trades_explain_a_decrease_of_their_level_once(books: Opens) -> None:
    venue = books(queue_model=QueueModel.POWER, queue_power=1.0)
    venue.on_event(snapshot(0, [(99, 40)], [(100, 10)]))
    venue.submit(order("x", BUY, LIMIT, 1, price=99), 0)
    venue.advance(0)
    venue.on_event(LevelUpdate(SPOT.id, MS, BUY, 99, 100))
    venue.on_event(TradePrint(SPOT.id, 2 * MS, SELL, 99, 10))
    ahead = [venue.report().orders["x"].ahead]
    for size in (90, 80):
        venue.on_event(LevelUpdate(SPOT.id, 3 * MS, BUY, 99, size))
        ahead.append(venue.report().orders["x"].ahead)

    # 30 of 90 are before us when 10 more go: a third of them, by the linear model.
    assert ahead == [30, 30, Decimal("26.666666666667")]


def test_an_iceberg_goes_to_the_back_of_the_queue_with_each_slice(books: Opens) -> None:
    venue = books()
    venue.on_event(snapshot(0, [(99, 10)], [(100, 10)]))
    venue.submit(order("x", BUY, LIMIT, 6, price=99, display=2), 0)
    venue.advance(0)

    first = venue.on_event(TradePrint(SPOT.id, MS, SELL, 99, 30))
    behind = venue.report().orders["x"].ahead
    second = venue.on_event(TradePrint(SPOT.id, 2 * MS, SELL, 99, 9))
    third = venue.on_event(TradePrint(SPOT.id, 3 * MS, SELL, 99, 2))

    assert [fill.quantity for fill in (*first, *second, *third)] == [2, 1]
    assert behind == 10


@pytest.mark.parametrize(
    ("event", "fills"),
    [
        (TradePrint(SPOT.id, MS, SELL, 98, 1), ["x"]),
        (LevelUpdate(SPOT.id, MS, SELL, 99, 1), ["x"]),
        (LevelUpdate(SPOT.id, MS, SELL, 100, 1), []),
        (TradePrint(SPOT.id, MS, BUY, 99, 500), []),
    ],
)
def test_a_resting_order_fills_whole_when_the_market_goes_through_it(
    books: Opens, event: TradePrint | LevelUpdate, fills: list[str]
) -> None:
    venue = books()
    venue.on_event(snapshot(0, [(99, 10)], [(101, 10)]))
    venue.submit(order("x", BUY, LIMIT, 6, price=99), 0)
    venue.advance(0)

    answers = venue.on_event(event)

    assert [(fill.order_id, fill.quantity, fill.price) for fill in answers] == [(name, 6, 99) for name in fills]


def test_an_order_never_meets_our_own(books: Opens) -> None:
    venue = books(positions=[(SPOT, 5, 100)])
    venue.on_event(snapshot(0, [(95, 5)], [(100, 2), (103, 5)]))
    venue.submit(order("mine", SELL, LIMIT, 1, price=102), 0)
    venue.advance(0)
    venue.submit(order("through", BUY, LIMIT, 5, price=103), MS)
    venue.submit(order("passive", BUY, LIMIT, 1, price=102, post_only=True), MS)

    through, canceled, passive = venue.advance(MS)

    assert (through.quantity, through.price) == (2, 100)
    assert canceled == OrderCanceled("through", MS, "SELF_TRADE")
    assert passive == OrderRejected("passive", MS, "SELF_TRADE")
    assert venue.report().orders["mine"].status == "open"


def test_a_good_till_date_order_expires_on_time_before_market_data(books: Opens) -> None:
    venue = books()
    venue.on_event(snapshot(0, [(99, 10)], [(101, 10)]))
    venue.submit(order("x", BUY, LIMIT, 1, price=99, time_in_force=TimeInForce.GTD, expire_ns=5 * MS), 0)
    venue.advance(0)

    answers = venue.on_event(TradePrint(SPOT.id, 5 * MS, SELL, 98, 9))

    assert list(answers) == [OrderCanceled("x", 5 * MS, "EXPIRED")]


def test_books_have_no_stop_orders_and_no_sizes_by_quote(books: Opens) -> None:
    venue = books()
    venue.submit(order("stop", BUY, OrderKind.STOP_MARKET, 1, stop=100), 0)
    venue.submit(order("quote", BUY, MARKET, None, quote_quantity=Decimal(10)), 0)

    assert [answer.reason for answer in venue.advance(0)] == ["UNSUPPORTED_ORDER_KIND", "UNSUPPORTED_SIZE"]


def test_a_position_without_a_mark_is_worth_what_it_cost(books: Opens) -> None:
    venue = books()
    venue.on_event(snapshot(0, [], [(100, 2), (110, 5)]))
    venue.submit(order("x", BUY, MARKET, 4), 0)
    venue.advance(0)

    report = venue.report()

    assert SPOT.id not in report.marks
    assert report.equity == 100_000 - report.fees
