"""Candles without hole or double, whatever the stream and the venue do (SPEC O9)."""

from hypothesis import given
from hypothesis import strategies as st

from tradewind.app.live.candles import GRACE_NS, PATIENCE_NS, CandleJoin, Missing, stamped
from tradewind.model.market_events import Bar, Gap, TradePrint
from tradewind.model.orders import Side

S = 1_000_000_000
SPAN = 60 * S
START = 1_000 * SPAN


def trade(at_s: float, price: int, number: int = 0, quantity: int = 1) -> TradePrint:
    return TradePrint("BTC-USD", START + int(at_s * S), Side.BUY, price, quantity, number)


def venue_bar(bucket: int, price: int = 7) -> Bar:
    end = START + (bucket + 1) * SPAN
    return Bar("BTC-USD", end, SPAN, price, price, price, price, 1)


def join(**options: bool) -> CandleJoin:
    return CandleJoin("BTC-USD", SPAN, joined_ns=START, **options)


def at(seconds: float) -> int:
    return START + int(seconds * S) + GRACE_NS


def test_the_bucket_in_which_the_stream_began_is_asked_of_the_venue_and_the_next_is_built() -> None:
    candles = join()
    candles.stream_whole(START + 10 * S)
    candles.on_trade(trade(20, 100, 1))
    candles.on_trade(trade(65, 102, 2))
    candles.on_trade(trade(70, 99, 3, quantity=4))
    assert candles.missing(at(30)) is None
    assert candles.ready(at(61)) == []
    asked = candles.missing(at(61))
    assert asked == Missing("BTC-USD", SPAN, START, START + SPAN)
    candles.on_history(asked, [venue_bar(0, 101)], at(62))
    assert candles.missing(at(62)) is None
    assert candles.ready(at(62)) == [venue_bar(0, 101)]
    assert candles.ready(at(120)) == [Bar("BTC-USD", START + 2 * SPAN, SPAN, 102, 102, 99, 99, 5)]
    assert candles.ready(at(120)) == []


def test_a_stream_that_broke_in_a_bucket_makes_it_asked() -> None:
    candles = join()
    candles.stream_whole(START)
    candles.on_trade(trade(5, 100, 1))
    candles.stream_broken()
    candles.stream_whole(START + 30 * S)
    assert candles.ready(at(60)) == []
    asked = candles.missing(at(60))
    assert asked is not None
    candles.on_history(asked, [venue_bar(0)], at(61))
    assert candles.ready(at(61)) == [venue_bar(0)]


def test_an_answer_without_the_last_bucket_is_asked_again_until_patience_ends() -> None:
    candles = join()
    candles.stream_whole(START + 10 * S)
    asked = candles.missing(at(61))
    assert asked is not None
    candles.on_history(asked, [], at(61))
    assert candles.ready(at(61)) == []
    assert candles.missing(at(62)) == asked
    late = at(60) + PATIENCE_NS
    candles.on_history(asked, [], late)
    assert candles.ready(late) == [Gap("BTC-USD", START + SPAN, 1, no_trade=True)]


def test_silence_in_a_whole_bucket_is_a_gap_without_trade() -> None:
    candles = join()
    candles.stream_whole(START)
    assert candles.ready(at(180)) == [Gap("BTC-USD", START + 3 * SPAN, 3, no_trade=True)]


def test_a_missing_trade_number_makes_the_bucket_asked_and_the_next_one_whole() -> None:
    candles = join()
    candles.stream_whole(START)
    candles.on_trade(trade(1, 10, 7))
    candles.on_trade(trade(2, 10, 9))
    candles.on_trade(trade(61, 11, 10))
    assert candles.lost == 1
    assert candles.ready(at(60)) == []
    asked = candles.missing(at(60))
    assert asked is not None
    candles.on_history(asked, [venue_bar(0)], at(61))
    assert candles.ready(at(120)) == [venue_bar(0), Bar("BTC-USD", START + 2 * SPAN, SPAN, 11, 11, 11, 11, 1)]


def test_volume_is_in_the_units_of_candles() -> None:
    for digits, volume in ((2, 4_500), (0, 45), (-1, 4)):
        candles = CandleJoin("BTC-USD", SPAN, joined_ns=START, volume_digits=digits)
        candles.stream_whole(START)
        candles.on_trade(trade(1, 10, 1, quantity=45))
        (bar,) = candles.ready(at(60))
        assert isinstance(bar, Bar)
        assert bar.volume == volume


def test_what_the_venue_cannot_give_is_a_hole() -> None:
    candles = join()
    candles.stream_whole(START + 70 * S)
    candles.on_refusal(at(125))
    assert candles.is_waiting
    assert candles.ready(at(126)) == []
    assert candles.ready(at(126) + PATIENCE_NS) == [Gap("BTC-USD", START + 2 * SPAN, 2)]
    assert candles.holes == 2


def test_a_span_the_venue_does_not_have_is_never_asked() -> None:
    candles = join(askable=False)
    candles.stream_whole(START + 10 * S)
    candles.on_trade(trade(61, 5, 1))
    assert candles.missing(at(200)) is None
    assert candles.ready(at(120)) == [
        Gap("BTC-USD", START + SPAN, 1),
        Bar("BTC-USD", START + 2 * SPAN, SPAN, 5, 5, 5, 5, 1),
    ]


def test_repeated_and_late_trades_count_once_or_not_at_all() -> None:
    candles = join()
    candles.stream_whole(START)
    for number in (1, 2, 2, 1):
        candles.on_trade(trade(number, 10, number))
    (bar,) = candles.ready(at(60))
    assert isinstance(bar, Bar)
    assert bar.volume == 2
    candles.on_trade(trade(59, 10, 3))
    assert candles.late == 1


def test_a_close_is_known_when_it_is_told() -> None:
    events = stamped([venue_bar(0), Gap("BTC-USD", START, 2)], START + 5 * SPAN)
    assert [event.ts_ns for event in events] == [START + 5 * SPAN] * 2


@given(
    st.lists(st.tuples(st.floats(0, 599), st.integers(1, 50)), max_size=60),
    st.lists(st.tuples(st.floats(0, 599), st.booleans()), max_size=6),
    st.lists(st.integers(1, 90), min_size=5, max_size=30),
)
def test_every_bucket_comes_once_in_order_and_as_the_venue_has_it(
    prints: list[tuple[float, int]], breaks: list[tuple[float, bool]], steps: list[int]
) -> None:
    """A venue that answers and a stream that breaks: the candles are those of all trades, no more and no fewer."""
    trades = [trade(when, price, number + 1) for number, (when, price) in enumerate(sorted(prints))]
    whole: dict[int, list[TradePrint]] = {}
    for each in trades:
        whole.setdefault((each.ts_ns - START) // SPAN, []).append(each)

    def true_bar(bucket: int) -> Bar | None:
        if bucket not in whole:
            return None
        prices = [each.price for each in whole[bucket]]
        end = START + (bucket + 1) * SPAN
        return Bar("BTC-USD", end, SPAN, prices[0], max(prices), min(prices), prices[-1], len(prices))

    candles, got, on = join(), list[Bar | Gap](), False
    told: list[tuple[int, int, object]] = [(each.ts_ns, 1, each) for each in trades]
    told += [(START + int(s * S), 0, up) for s, up in breaks]
    happenings = sorted(told, key=lambda one: one[:2])
    now, position = START, 0
    for step in [*steps, 700, 60]:
        now += step * S
        while position < len(happenings) and happenings[position][0] <= now:
            when, kind, what = happenings[position]
            position += 1
            if kind == 0:
                on = bool(what)
                candles.stream_whole(when) if on else candles.stream_broken()
            elif on:
                assert isinstance(what, TradePrint)
                candles.on_trade(what)
        asked = candles.missing(now)
        if asked is not None:
            buckets = range((asked.start_ns - START) // SPAN, (asked.end_ns - START) // SPAN)
            candles.on_history(asked, [bar for bar in map(true_bar, buckets) if bar is not None], now + PATIENCE_NS * 2)
        got += candles.ready(now)
    position_ns = START
    for event in got:
        if isinstance(event, Bar):
            assert event.open_ns == position_ns
            assert event == true_bar((position_ns - START) // SPAN)
            position_ns += SPAN
        else:
            assert event.no_trade
            for bucket in range(event.bars):
                assert (position_ns - START) // SPAN + bucket not in whole
            position_ns += event.bars * SPAN
            assert event.ts_ns == position_ns
    assert position_ns == candles.joined_ns
