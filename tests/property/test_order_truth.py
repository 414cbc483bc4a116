"""Whatever the venue tells late, twice, out of order or never: at rest our books are the venue's, once each (X2, X10).

FAULTS: sub-ack-lost, sub-new-id-on-retry, sub-not-found-window, fill-during-cancel, fill-redelivered, fill-cumulative,
fill-partial-then-gone, fill-cancel-loop, fill-external-cancel, strm-missed-private-events, acct-drift-ignored,
acct-manual-trade, acct-recon-loop, acct-fee-late, stor-restart-lost-orders. Branches are counted and printed; one that
never occurred is a failure.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.property.untruthful_venue import LIVE, MARKETS, Wire, World, wires
from tradewind.engine.digest import state_digest, state_values
from tradewind.model.money import ZERO, add
from tradewind.orders.lifecycle import OrderStatus
from tradewind.orders.order import OrderRole

Report = Callable[[str, Counter[str], Iterable[str]], None]

BRANCHES = (
    "fill", "request lost", "answer lost", "question lost", "hint lost", "repeated fill", "fill before the answer",
    "in doubt", "in doubt, found", "never arrived", "refused by the venue", "refused in doubt", "fill during cancel",
    "cancel refused", "cancel of a finished order", "CancelRejected", "ended from outside",
    "ended from outside, part filled", "foreign order", "OrderAdopted", "money moved", "CashTransferred", "coins moved",
    "PositionAdopted", "doubted: orders", "doubted: drift", "doubted: foreign", "doubted: cancel", "restart",
)  # fmt: skip

seeds = st.integers(0, 2**48)


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    """Print how often each branch occurred, and fail for one that never did."""

    def table(suite: str, seen: Counter[str], branches: Iterable[str]) -> None:
        wanted = list(branches)
        lines = [f"  {seen[branch]:8d}  {branch}" for branch in wanted]
        with capsys.disabled():
            print("\n".join([f"\n{suite}: {seen['cases']} cases, {seen['events']} events", *lines]))
        assert not [branch for branch in wanted if not seen[branch]]

    return table


def test_at_rest_our_books_are_the_venues(report: Report) -> None:
    """I04, I05, I13, I14, I30-I33, I39: audited at every event, equal at the end, and a second look writes nothing."""
    seen: Counter[str] = Counter()

    @given(seeds)
    @example(176_205_986_723)  # a foreign order adopted as ended executes more
    @example(1958)  # a restart between the cancels that do not work
    def check(seed: int) -> None:
        world = World(seed, wires(seed))
        world.run(20)
        world.close_counts()
        seen.update(world.seen)
        orders_agree(world)
        holdings_agree(world)
        assert world.second_round() == []

    check()
    report("order truth", seen, BRANCHES)


def orders_agree(world: World) -> None:
    """Each order of ours is at the venue at most once, with the same executions, and over here when it is there."""
    state, venue = world.state, world.venue
    for order_id, order in state.orders.items():
        foreign = order.role is OrderRole.FOREIGN
        booking = venue.orders.get(order.tag) if foreign else venue.by_client.get(order_id)
        if booking is None:
            assert (order.status, order.filled) == (OrderStatus.REJECTED, 0)
            continue
        same = world.same(order_id)  # one, but for a foreign order that was larger than it was adopted as
        assert sum(each.filled for each in same) == booking.filled
        assert sorted(id_ for each in same for id_ in each.fill_ids) == sorted(fill.fill_id for fill in booking.fills)
        assert sum_of(each.fees for each in same) == sum_of(fill.fee or ZERO for fill in booking.fills)
        assert [each.is_live for each in same] == [False] * (len(same) - 1) + [booking.status in LIVE]
        assert order.status is not OrderStatus.UNKNOWN
    known = {order.tag for order in state.orders.values() if order.role is OrderRole.FOREIGN}
    for booking in venue.orders.values():
        ours = booking.client_id in state.orders or booking.venue_id in known
        quarantined = f"foreign:{booking.venue_id}" in state.markets[booking.instrument].doubts
        assert ours or booking.status not in LIVE or quarantined


def sum_of(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(add, amounts, ZERO)


def holdings_agree(world: World) -> None:
    """Positions and cash are the venue's, or new risk is blocked there (I31)."""
    state, venue = world.state, world.venue
    blocked = [cause for market in state.markets.values() for cause in market.doubts]
    held = {name: state.ledger.lines[name].position.quantity for name in MARKETS}
    for name, currency in (("BTC-USD", "BTC"), ("ETH-USD", "ETH")):
        true_units = MARKETS[name].quantity_units(venue.coins[currency])
        assert held[name] == true_units or f"drift:{currency}" in blocked
    assert held["BTC-PERP"] == venue.perp.quantity or "drift:BTC-PERP" in blocked
    assert abs(state.ledger.purses["USD"].cash - venue.cash) < 1 or "drift:USD" in blocked
    assert "orders" not in blocked
    assert world.wire.policy == "quarantine" or not blocked


def test_a_perfect_wire_is_no_wire(report: Report) -> None:
    """The same history through order truth and straight to the engine: the same records and the same state (I27)."""
    seen: Counter[str] = Counter()

    @given(seeds)
    def check(seed: int) -> None:
        through, straight = World(seed, Wire()), World(seed, Wire(), plain=True)
        for world in (through, straight):
            world.run(10)
            world.close_counts()
        seen.update(through.seen)
        assert through.events == straight.events
        assert state_digest(through.state) == state_digest(straight.state)

    check()
    report("a perfect wire", seen, ("fill", "refused by the venue", "ended from outside"))


def test_repeats_change_nothing(report: Report) -> None:
    """Everything told many times, in time: the same state as told once (I04, fill-redelivered)."""
    seen: Counter[str] = Counter()

    @given(seeds)
    def check(seed: int) -> None:
        once, often = World(seed, Wire()), World(seed, Wire(doubled=0.999))
        for world in (once, often):
            world.run(10)
            world.close_counts()
        seen.update(often.seen)
        first, second = state_values(once.state), state_values(often.state)
        for what in ("purses", "positions", "books", "orders"):
            assert first[what] == second[what]

    check()
    report("repeats", seen, ("fill", "repeated fill"))
