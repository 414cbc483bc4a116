"""Trips of two sides paired, their sums and differences, what only one had; slippage; and the page."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import PERP, Desk, config
from tradewind.engine.config import GuardPlan
from tradewind.engine.readmodel import ReadModel
from tradewind.model.commands import ChangeBot, RestoreBot
from tradewind.model.intents import FLAT, Exits, TargetQuantity
from tradewind.model.orders import OrderKind
from tradewind.research.shadow.comparing import DAY_NS, compare, paired
from tradewind.research.shadow.otherwise import changes, otherwise
from tradewind.research.shadow.page import Shown, duration, shadow_page, signed, told
from tradewind.research.shadow.trips import Trip, finished_trips

D = Decimal
HOUR_NS = 3_600_000_000_000


def trip(entry_h: float, exit_h: float, gained: str = "0", **more: Any) -> Trip:
    fields: dict[str, Any] = {
        "bot": "a", "strategy": "s", "instrument": "BTC-USD", "direction": "long", "reason": "signal",
        "entry_price": D(1), "exit_price": D(1), "quantity": D(1),
        "realised": D(0), "fees": D(0), "funding": D(0), "slippage": D(0),
    }  # fmt: skip
    times = {"entry_ns": int(entry_h * HOUR_NS), "exit_ns": int(exit_h * HOUR_NS)}
    return Trip(**{**fields, **times, "gained": D(gained), **more})


def pairs_of(session: list[Trip], shadow: list[Trip], within_h: float = 1) -> list[tuple[int, int]]:
    found = paired(session, shadow, int(within_h * HOUR_NS))
    return sorted((session.index(pair.session), shadow.index(pair.shadow)) for pair in found)


@pytest.mark.parametrize(
    ("session", "shadow", "expected"),
    [
        ([trip(1, 2)], [trip(1, 3)], [(0, 0)]),
        ([trip(1, 2)], [trip(3, 4)], []),
        ([trip(1, 2)], [trip(2, 3)], [(0, 0)]),  # an hour apart
        ([trip(1, 9)], [trip(8, 12)], [(0, 0)]),  # far apart, but overlapping
        ([trip(1, 2)], [trip(1, 2, direction="short")], []),
        ([trip(1, 2)], [trip(1, 2, bot="b")], []),
        ([trip(1, 2)], [trip(1, 2, instrument="ETH-USD")], []),
        ([trip(1, 9)], [trip(5, 6), trip(2, 3)], [(0, 1)]),  # the nearest entry
        ([trip(1, 4), trip(5, 9)], [trip(1.5, 8), trip(8.5, 9)], [(0, 0), (1, 1)]),  # none twice
    ],
)
def test_trips_of_a_kind_that_are_near_in_time_are_pairs(
    session: list[Trip], shadow: list[Trip], expected: list[tuple[int, int]]
) -> None:
    assert pairs_of(session, shadow) == expected


def test_differences_are_the_shadows_less_the_sessions() -> None:
    session = [trip(1, 2, "10", fees=D(2), slippage=D(1)), trip(30, 31, "-3")]
    shadow = [trip(2, 5, "4", fees=D(1), slippage=D("0.5")), trip(50, 51, "7", funding=D(1))]
    found = compare(session, shadow, HOUR_NS)
    (pair,) = found.pairs
    assert (pair.gained, pair.fees, pair.slippage) == (D(-6), D(-1), D("-0.5"))
    assert (pair.entry_s, pair.exit_s) == (3_600.0, 10_800.0)
    assert found.only_session == (session[1],)
    assert found.only_shadow == (shadow[1],)
    assert found.agreement == 1 / 3
    assert (found.session.trips, found.session.won, found.session.gained) == (2, 1, D(7))
    assert (found.shadow.won, found.shadow.funding, found.difference) == (2, D(1), D(4))
    assert found.low is None


def test_the_interval_holds_a_difference_that_every_day_has() -> None:
    days = range(0, 24 * 30, 24)
    session, shadow = [trip(day, day + 1, "1") for day in days], [trip(day, day + 1, "3") for day in days]
    found = compare(session, shadow, 0)
    assert (found.low, found.high) == (60.0, 60.0)
    noisy = [trip(day, day + 1, str((-1) ** day * 50 + 1)) for day in range(0, 24 * 30, 25)]
    wide = compare(session, noisy, 0)
    assert wide.low is not None
    assert wide.high is not None
    assert wide.low < float(wide.difference) < wide.high
    assert DAY_NS == 24 * HOUR_NS


def test_nothing_is_compared_with_nothing() -> None:
    found = compare([], [], 0)
    assert found.agreement is None
    assert told(found) == "Neither side has finished a trade yet."


# -- trips -------------------------------------------------------------------------------------------------------------


def model_of(desk: Desk) -> ReadModel:
    model = ReadModel(desk.config.instruments)
    model.take(desk.state.audit)
    return model


def test_slippage_is_held_against_the_mark_of_the_decision() -> None:
    desk = Desk(config([TargetQuantity(D(1)), None, FLAT]))
    desk.bar(10_000)
    desk.fill("test-1", price=10_010)
    desk.bar(11_000)
    desk.bar(12_000)
    desk.fill("test-2", price=11_970)
    (found,) = finished_trips(model_of(desk))
    assert found.slippage == D("0.10") + D("0.30")
    assert found.gained == D("19.60")


def test_an_exit_that_waited_is_held_against_the_price_it_waited_for() -> None:
    desk = Desk(config([TargetQuantity(D(1), Exits(stop_loss=0.1))]))
    desk.bar(10_000)
    desk.fill("test-1", price=10_000)
    stop = next(each for each in desk.sent if each.kind is not OrderKind.MARKET)
    desk.accept(stop.order_id)
    desk.fill(stop.order_id, price=8_950)
    (found,) = finished_trips(model_of(desk))
    assert (found.slippage, found.reason) == (D("0.50"), "stop_loss")


def test_a_fill_through_zero_counts_in_parts() -> None:
    desk = Desk(config([TargetQuantity(D(1)), TargetQuantity(D(-3)), FLAT], instruments=(PERP,)))
    desk.bar(10_000, "BTC-PERP")
    desk.fill("test-1", price=10_000)
    desk.bar(10_000, "BTC-PERP")
    desk.fill("test-2", price=9_960)
    desk.bar(10_000, "BTC-PERP")
    desk.fill("test-3", price=10_000)
    assert [each.slippage for each in finished_trips(model_of(desk))] == [D("0.4"), D("1.2")]


def test_two_trips_that_end_at_one_moment_keep_their_own_slippage() -> None:
    desk = Desk(config([TargetQuantity(D(1)), FLAT, TargetQuantity(D(1)), FLAT]))
    at = []
    for number, price in enumerate((10_000, 9_990, 10_030, 10_000), start=1):
        desk.bar(10_000)
        at.append(desk.ts_ns)
        desk.ts_ns = at[0]
        desk.fill(f"test-{number}", price=price)
        desk.ts_ns = at[-1]
    assert [each.slippage for each in finished_trips(model_of(desk))] == [D("0.10"), D("0.30")]


# -- words -------------------------------------------------------------------------------------------------------------


def test_what_the_candidate_does_otherwise_is_told_by_bot_and_setting() -> None:
    one, other = config([1], budget=D("0.5")), config([1], budget=D("0.25"), price_allowance=D("0.1"))
    assert otherwise(one, other) == ["a.budget: 0.5 → 0.25", "price_allowance: 0.005 → 0.1"]
    assert otherwise(one, msgspec.structs.replace(one, session="x")) == []
    clocked = msgspec.structs.replace(one, guards=GuardPlan(woken=True))
    assert otherwise(clocked, msgspec.structs.replace(one, guards=GuardPlan())) == []


def test_what_bots_became_meanwhile_is_told() -> None:
    model = ReadModel(())
    model.take(
        [ChangeBot(0, "a", "better", "macd", promoted=True), RestoreBot(10**9, "a", "worse"), ChangeBot(0, "b", "file")]
    )
    assert changes(model) == [
        "a promoted at 1970-01-01 00:00:00 (better)",
        "a rolled back at 1970-01-01 00:00:01 (worse)",
        "b changed at 1970-01-01 00:00:00 (file)",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 s"), (0.25, "+0.25 s"), (-90.0, "-1.5 min"), (7_200.0, "+2.0 h"), (-864_000.0, "-10.0 d")],
)
def test_durations_are_told_in_a_fitting_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_differences_of_nothing_have_no_sign() -> None:
    assert [signed(D(each)) for each in ("0", "-0.001", "1234.5", "-2")] == ["0.00", "0.00", "+1,234.50", "-2.00"]


def test_the_page_needs_nothing_else_and_shows_both_sides() -> None:
    found = compare(
        [trip(1, 2, "10"), trip(30, 31, "-3", instrument="<b>")], [trip(1.5, 2.5, "12"), trip(50, 51, "7")], HOUR_NS
    )
    page = shadow_page(found, Shown("r1", ["a.budget: 1 → 2"], "It goes on.", ["a promoted"]))
    for text in ("a.budget: 1 → 2", "It goes on.", "a promoted", "+30.0 min", "Only the shadow", "+2.00", "polyline"):
        assert text in page, text
    assert "<b>" not in page
    assert "http" not in page
    assert "The shadow gained 12.00 more than the session" in page
    empty = shadow_page(compare([], [], 0), Shown("r1", [], "", []))
    assert "Neither side has finished a trade yet." in empty
    assert "polyline points" not in empty
