"""Each algorithm's children by hand, and what a passive child does while it waits."""

from decimal import Decimal

import msgspec
import pytest

from tradewind.execution.algorithms import releases
from tradewind.execution.algorithms.machine import start, step
from tradewind.execution.algorithms.pricing import passive_price
from tradewind.execution.algorithms.values import (
    CancelChild,
    ChildEnded,
    ChildFilled,
    Observation,
    Parent,
    PlaceChild,
    parent_of,
)
from tradewind.model.instrument import define_instrument
from tradewind.model.orders import Side
from tradewind.model.plans import Ending, MakerTerms

S = 1_000_000_000
PARENT = Parent(side=Side.BUY, quantity=100, start_ns=0, arrival_half=20_010)


def seen(second, bid=10_000, ask=10_010, **more):
    return Observation(ts_ns=int(second * S), bid=bid, ask=ask, **more)


def children(release, parent, seconds, volumes=None):
    """What is asked for at each second when every child fills at once."""
    state, asked, fills = start(parent, release), [], ()
    for number, second in enumerate(seconds):
        volume = volumes[number] if volumes else 0
        state, intents = step(state, seen(second, volume=volume, answers=fills))
        asked.append(sum(each.quantity for each in intents))
        fills = tuple(ChildFilled(each.child, each.quantity) for each in intents)
    return asked, step(state, seen(second, answers=fills))[0]


def test_twap_sends_a_slice_at_each_time():
    parent = msgspec.structs.replace(PARENT, quantity=10_003)
    asked, state = children(releases.twap(parent, 3, 360 * S), parent, [0, 60, 120, 239, 240, 300])
    assert asked == [3334, 0, 3334, 0, 3335, 0]
    assert state.over


def test_vwap_follows_the_profile():
    parent = msgspec.structs.replace(PARENT, quantity=50)
    release = releases.vwap(parent, [Decimal(volume) for volume in (10, 30, 40, 20)], 40 * S)
    assert children(release, parent, [0, 10, 20, 30])[0] == [5, 15, 20, 10]


def test_participation_follows_the_volume():
    parent = msgspec.structs.replace(PARENT, quantity=40)
    release = releases.participation(Decimal("0.1"))
    assert children(release, parent, [1, 2, 3], [120, 80, 300])[0] == [12, 8, 20]


def test_an_iceberg_shows_one_slice_at_a_time():
    release = releases.iceberg(PARENT, Decimal("0.3"))
    assert children(release, PARENT, range(6))[0] == [30, 30, 30, 10, 0, 0]


def test_almgren_chriss_follows_its_path():
    parent = msgspec.structs.replace(PARENT, quantity=1000)
    release = releases.almgren_chriss(parent, 4, 40 * S, 0.5)
    assert children(release, parent, [0, 10, 20, 30])[0] == [412, 263, 181, 144]


def test_an_adaptive_order_waits_for_the_spread_and_takes_when_it_is_behind():
    release = releases.Adaptive(releases.twap(PARENT, 4, 40 * S))
    state = start(PARENT, release, MakerTerms(rest_ns=S))
    for second in range(3):
        state, _ = step(msgspec.structs.replace(state, children=(), waiting_ns=None), seen(second))
    calm = msgspec.structs.replace(state, children=(), waiting_ns=None)
    assert step(calm, seen(3, ask=10_050))[1] == ()
    assert step(calm, seen(3))[1][0].price == 10_000
    state, placed = step(calm, seen(3))
    _, leaves = step(state, seen(3.5, bid_size=9, ask_size=1))
    assert leaves == ()
    _, leaves = step(state, seen(5, bid_size=9, ask_size=1))
    assert leaves == (CancelChild(placed[0].child),)


def test_a_passive_child_joins_improves_or_stands_behind():
    for offset, buy, sell in ((0, 10_000, 10_010), (1, 10_001, 10_009), (-1, 9_999, 10_011)):
        terms = MakerTerms(offset_ticks=offset)
        assert passive_price(PARENT, terms, 10_000, 10_010) == buy
        assert passive_price(msgspec.structs.replace(PARENT, side=Side.SELL), terms, 10_000, 10_010) == sell
    # No room inside a spread of one tick.
    assert passive_price(PARENT, MakerTerms(offset_ticks=1), 10_000, 10_001) == 10_000
    # Never further than the chase allows from the arrival mid of 10,005.
    assert passive_price(PARENT, MakerTerms(chase_bps=10.0), 10_100, 10_110) == 10_015


def test_escalation_moves_once_and_then_takes():
    state, first = step(start(PARENT, releases.twap(PARENT, 1, 0), MakerTerms()), seen(0))
    assert first == (PlaceChild(1, 100, 10_000),)
    assert step(state, seen(29))[1] == ()
    state, moved = step(state, seen(30))
    assert moved == (CancelChild(1),)
    state, again = step(state, seen(30, answers=(ChildEnded(1),)))
    assert again == (PlaceChild(2, 100, 10_001),)
    state, crossing = step(state, seen(60))
    assert crossing == (CancelChild(2),)
    state, taken = step(state, seen(60, answers=(ChildFilled(2, 40), ChildEnded(2))))
    assert taken == (PlaceChild(3, 60),)


def test_an_adverse_move_does_not_wait():
    state, _ = step(start(PARENT, releases.twap(PARENT, 1, 0), MakerTerms()), seen(0))
    assert step(state, seen(1, bid=10_005, ask=10_015))[1] == ()
    state, moved = step(state, seen(1, bid=10_010, ask=10_020))
    assert moved == (CancelChild(1),)
    state, _ = step(state, seen(1, bid=10_010, ask=10_020, answers=(ChildEnded(1),)))
    assert step(state, seen(2, bid=10_030, ask=10_040))[0].children[0].crosses


def test_drift_moves_a_child_that_has_rested():
    terms = MakerTerms(crosses=False)
    state, _ = step(start(PARENT, releases.twap(PARENT, 1, 0), terms), seen(0))
    assert step(state, seen(6, bid=10_002))[1] == ()
    assert step(state, seen(4, bid=10_003))[1] == ()
    assert step(state, seen(6, bid=10_003))[1] == (CancelChild(1),)
    tired = msgspec.structs.replace(state, reprices=10)
    assert step(tired, seen(6, bid=10_003))[1] == ()


@pytest.mark.parametrize(("ending", "reason"), [(Ending.CROSS, ""), (Ending.CANCEL, "DEADLINE"), (Ending.LEAVE, "")])
def test_the_deadline_ends_by_the_terms(ending, reason):
    terms = MakerTerms(ending=ending, crosses=False, patience_ns=10**15)
    state, _ = step(start(PARENT, releases.twap(PARENT, 1, 0), terms, 60 * S), seen(0))
    assert step(state, seen(59))[1] == ()
    state, cancels = step(state, seen(60))
    assert cancels == (() if ending is Ending.LEAVE else (CancelChild(1),))
    if ending is not Ending.LEAVE:
        state, last = step(state, seen(60, answers=(ChildEnded(1),)))
        assert last == ((PlaceChild(2, 100),) if ending is Ending.CROSS else ())
    assert state.reason == reason


def test_a_post_only_reject_counts_as_a_move_and_too_many_end_the_order():
    state, _ = step(start(PARENT, releases.twap(PARENT, 1, 0), MakerTerms(reprices_max=99)), seen(0))
    state, again = step(state, seen(0, answers=(ChildEnded(1, "POST_ONLY_WOULD_CROSS", rejected=True),)))
    assert again == (PlaceChild(2, 100, 10_000),)
    assert state.reprices == 1
    for child in range(2, 11):
        state, again = step(state, seen(0, answers=(ChildEnded(child, rejected=True),)))
    assert again == ()
    assert (state.over, state.reason) == (True, "REJECTED")


def test_what_is_too_small_alone_goes_along_or_ends_the_order():
    parent = msgspec.structs.replace(PARENT, minimum=40)
    asked, _ = children(releases.participation(Decimal("0.5")), parent, range(3), [100, 60, 200])
    assert asked == [50, 0, 50]
    asked, _ = children(releases.iceberg(parent, Decimal("0.4")), parent, range(3))
    assert asked == [40, 60, 0]
    state, _ = step(start(parent, releases.twap(parent, 1, 0), MakerTerms()), seen(0))
    state, _ = step(state, seen(1, answers=(ChildFilled(1, 90), ChildEnded(1))))
    assert (state.over, state.reason, state.filled) == (True, "BELOW_MINIMUM", 90)


def test_a_late_fill_of_a_forgotten_child_is_counted():
    state, _ = step(start(PARENT, releases.twap(PARENT, 1, 0)), seen(0))
    state, _ = step(state, Observation(ts_ns=0, answers=(ChildEnded(1), ChildFilled(1, 30))))
    assert state.filled == 30
    assert step(state, seen(1))[1] == (PlaceChild(2, 70),)


def test_without_a_quote_nothing_is_placed():
    assert step(start(PARENT, releases.twap(PARENT, 1, 0)), Observation(ts_ns=0))[1] == ()


def test_a_parent_takes_the_instruments_increments():
    instrument = define_instrument("BTC-USD", base_increment="0.001", min_notional=Decimal(10))
    parent = parent_of(instrument, Side.SELL, 5, 1_000_000, 1_000_002, 7)
    assert (parent.arrival_half, parent.lot, parent.smallest) == (2_000_002, 1, 2)
    with pytest.raises(ValueError, match="multiple of the lot"):
        parent_of(instrument, Side.SELL, 0, 1, 2, 0)
