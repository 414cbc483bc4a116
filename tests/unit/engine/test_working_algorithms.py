"""Plans above the upper band by each algorithm, from what the engine itself knows: bars, trades and books."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import BTC, MINUTE_NS, Desk
from tests.unit.engine.test_working import Floor, planned
from tradewind.engine.config import Planning
from tradewind.engine.parents import Day, volume_since
from tradewind.engine.plan_words import told_plan
from tradewind.execution.choosing import AlgorithmTerms
from tradewind.execution.planner import PlannerSettings
from tradewind.model.intents import TargetQuantity
from tradewind.model.market_events import Bar, TradePrint
from tradewind.model.orders import Side
from tradewind.model.plans import Algorithm, Planned, Urgency

LONG = TargetQuantity(Decimal("0.1"))  # 100 units
VOLUME = 1_000  # one coin, in units
DAY_NS = 1_440 * MINUTE_NS


def planning(name: str, **terms: Any) -> Planning:
    settings = PlannerSettings(
        market_below=Decimal(0),
        twap_above=Decimal(1),
        slices=4,
        low_ns=240 * MINUTE_NS,
        algorithm=AlgorithmTerms(name=Algorithm(name), **terms),
    )
    return Planning(settings=settings, urgency=Urgency.LOW)


def bar(desk: Desk, volume: int | None, close: int = 10_000) -> None:
    desk.ts_ns += MINUTE_NS
    desk.take(Bar(BTC.id, desk.ts_ns, MINUTE_NS, close, close, close, close, volume))


def desk_of(name: str, bars: int = 3, volume: int | None = VOLUME, **terms: Any) -> Floor:
    """Return a desk without a book whose bot wants 100 units at the last of some bars."""
    desk = Floor(planned(*[None] * (bars - 1), LONG, planning=planning(name, **terms)))
    for number in range(bars):
        bar(desk, volume, 10_000 + number % 2)
    return desk


def plan_of(desk: Desk) -> Planned:
    (made,) = desk.records(Planned)
    assert isinstance(made, Planned)
    return made


def test_pov_sends_a_share_of_what_trades_less_its_own() -> None:
    desk = desk_of("pov")
    assert not desk.sent
    bar(desk, VOLUME // 4)  # 250 units
    assert [each.quantity for each in desk.sent] == [25]
    desk.fill(desk.sent[-1].order_id)
    bar(desk, VOLUME // 4)  # 225 units of others: 475 in all
    assert [each.quantity for each in desk.entries] == [25, 22]
    desk.fill(desk.sent[-1].order_id)
    bar(desk, 2 * VOLUME)
    assert [each.quantity for each in desk.entries] == [25, 22, 53]
    desk.fill(desk.sent[-1].order_id)
    assert (desk.position(), desk.ended[0].reason) == (100, "FILLED")


def test_trades_are_counted_instead_of_bars_where_they_are_heard() -> None:
    desk = desk_of("pov")
    assert desk.state.markets[BTC.id].hears_trades
    desk.take(TradePrint(BTC.id, desk.ts_ns + 1, Side.BUY, 10_000, 300))
    bar(desk, VOLUME)
    assert [each.quantity for each in desk.sent] == [30]


def test_a_bar_counts_from_the_start_of_the_parent_on() -> None:
    seen = Bar(BTC.id, 10 * MINUTE_NS, 4 * MINUTE_NS, 1, 1, 1, 1, VOLUME)
    assert volume_since(seen, 0, BTC) == 1_000
    assert volume_since(seen, 9 * MINUTE_NS, BTC) == 250
    assert volume_since(seen, 10 * MINUTE_NS, BTC) == 0
    assert volume_since(msgspec.structs.replace(seen, volume=None), 0, BTC) == 0
    fine, coarse = (msgspec.structs.replace(BTC, volume_scale=scale) for scale in (5, 1))
    assert [volume_since(seen, 0, each) for each in (fine, coarse)] == [10, 100_000]


def test_an_iceberg_shows_one_part_after_the_other() -> None:
    desk = desk_of("iceberg", display=Decimal("0.4"))
    for size in (40, 40, 20):
        assert desk.sent[-1].quantity == size
        desk.fill(desk.sent[-1].order_id)
    assert (desk.position(), desk.ended[0].children) == (100, 3)


def test_almgren_chriss_reads_the_day() -> None:
    desk = desk_of("almgren_chriss", risk_aversion=Decimal(10))
    assert (plan_of(desk).plan.kappa_tau or 0) > 1
    assert int(desk.sent[0].quantity or 0) > 25


def test_vwap_reads_the_hours_of_the_day_before() -> None:
    settings = planning("vwap")
    desk = Floor(planned(*[None] * 1_439, LONG, planning=settings))
    for number in range(1_440):
        bar(desk, VOLUME * (3 if number < 30 else 1))
    plan = plan_of(desk).plan
    assert plan.profile == (90 * VOLUME, 30 * VOLUME, 30 * VOLUME, 30 * VOLUME)
    assert desk.sent[0].quantity == 50


def test_a_profile_takes_the_part_of_a_bar_and_none_that_is_not_known() -> None:
    day = Day()
    day.take(Bar(BTC.id, 60 * MINUTE_NS, 60 * MINUTE_NS, 1, 1, 1, 1, 600))
    day.take(Bar(BTC.id, DAY_NS, 60 * MINUTE_NS, 1, 1, 1, 1, 60))
    assert day.profile(DAY_NS, 3, 30 * MINUTE_NS) == (100, 100, 100)
    assert day.profile(DAY_NS + 55 * MINUTE_NS, 2, 10 * MINUTE_NS) == (50, 0)
    assert day.profile(DAY_NS - 1, 3, 30 * MINUTE_NS) == ()
    assert day.profile(DAY_NS, 3, DAY_NS + 1) == ()
    day.take(Bar(BTC.id, DAY_NS + 1, 1, 1, 1, 1, 1, None))
    assert day.profile(DAY_NS, 3, 30 * MINUTE_NS) == ()
    assert Day().profile(DAY_NS, 3, 30 * MINUTE_NS) == ()


@pytest.mark.parametrize(
    ("name", "volume", "missing"),
    [
        ("vwap", VOLUME, "NO_PROFILE_FOR_VWAP"),
        ("pov", None, "NO_VOLUME_FOR_POV"),
        ("almgren_chriss", None, "NO_VOLUME_FOR_ALMGREN_CHRISS"),
        ("adaptive", VOLUME, "NO_BOOK_FOR_ADAPTIVE"),
    ],
)
def test_what_is_missing_is_said_and_the_order_is_cut_evenly(name: str, volume: int | None, missing: str) -> None:
    desk = desk_of(name, volume=volume)
    assert plan_of(desk).plan.reason == f"ABOVE_TWAP_TIER {missing}"
    assert desk.sent[0].quantity == 25


def test_without_a_book_a_plan_waits_for_bars_and_takes_at_the_last() -> None:
    brief = PlannerSettings(low_ns=1, low_bars=3, slices=1, twap_above=Decimal(1_000_000))
    desk = Floor(planned(LONG, planning=Planning(settings=brief, urgency=Urgency.LOW)))
    for _ in range(3):
        bar(desk, VOLUME)
        assert [each.price is None for each in desk.sent] == [False]
    assert plan_of(desk).plan.deadline_ns == 3 * MINUTE_NS
    bar(desk, VOLUME)
    desk.cancel("test-1-c1")
    assert [each.price is None for each in desk.sent] == [False, True]


def test_beside_a_book_the_span_of_the_bars_is_nothing() -> None:
    brief = PlannerSettings(low_ns=5 * 10**9, low_bars=3)
    desk = Floor(planned(LONG, planning=Planning(settings=brief, urgency=Urgency.LOW)))
    desk.quote(9_999, 10_001)
    bar(desk, VOLUME)
    assert plan_of(desk).plan.deadline_ns == 5 * 10**9


def test_adaptive_waits_while_the_spread_is_wide() -> None:
    desk = Floor(planned(LONG, planning=planning("adaptive")))
    desk.quote(9_999, 10_001)
    desk.bar(10_000)
    assert plan_of(desk).plan.algorithm is Algorithm.ADAPTIVE
    assert [each.quantity for each in desk.entries] == [25]
    desk.fill(desk.sent[-1].order_id)
    desk.second(30 * 60 - 1)
    desk.quote(9_950, 10_050)
    desk.second(3)
    assert len(desk.entries) == 1
    desk.quote(9_999, 10_001)
    desk.second()
    assert [each.quantity for each in desk.entries] == [25, 25]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("pov", "POV (ABOVE_TWAP_TIER), urgency low, 10 % of what trades in 14400 s"),
        ("iceberg", "ICEBERG (ABOVE_TWAP_TIER), urgency low, 10 % at a time in 14400 s"),
        ("almgren_chriss", "ALMGREN_CHRISS (ABOVE_TWAP_TIER), urgency low, 4 slices in 14400 s"),
        ("twap", "TWAP (ABOVE_TWAP_TIER), urgency low, 4 slices in 14400 s"),
    ],
)
def test_the_plan_names_its_algorithm(name: str, told: str) -> None:
    assert told in told_plan(plan_of(desk_of(name)), None, (), BTC)[0]
