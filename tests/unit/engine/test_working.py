"""Changes worked as plans: parents and their children, what ends them, and that exits cover what children open."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import BTC, MINUTE_NS, OPEN_LIMITS, PERP, Desk, config
from tradewind.engine.config import EngineConfig, Planning, Resting
from tradewind.engine.core import process
from tradewind.engine.digest import state_digest
from tradewind.engine.parents import Day, parent_of
from tradewind.engine.state import EngineState
from tradewind.execution.engines import RiskFlags
from tradewind.execution.planner import PlannerSettings
from tradewind.model import commands as c
from tradewind.model.answers import CancelRejected, OrderFilled
from tradewind.model.decisions import Decided, Refused
from tradewind.model.errors import ConfigError
from tradewind.model.intents import CancelWorking, Exits, PlaceOrder, TargetQuantity
from tradewind.model.market_events import Bar, QuoteTick
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side
from tradewind.model.plans import PlanEnded, Planned, PlanPolicy, Route, Urgency
from tradewind.orders.order import OrderRole

SECOND_NS = 1_000_000_000
LONG, MORE, FLAT = TargetQuantity(Decimal("0.1")), TargetQuantity(Decimal("0.2")), TargetQuantity(Decimal(0))
STOP = Exits(stop_loss=0.1)
SLICED = PlannerSettings(twap_above=Decimal(1), market_below=Decimal(0), slices=2)


def planned(*script: object, planning: Planning | None = None, exits: Exits | None = None, **more: Any) -> EngineConfig:
    settings = config(script, exits=exits, **more)
    plan = planning or Planning()
    return msgspec.structs.replace(settings, bots=tuple(msgspec.structs.replace(b, plan=plan) for b in settings.bots))


class Floor(Desk):
    """A desk beside a book of one level, whose children end as a venue ends them."""

    def quote(self, bid: int = 10_000, ask: int = 10_010, seconds: float = 0) -> list[Any]:
        self.ts_ns += int(seconds * SECOND_NS)
        return list(self.take(QuoteTick(BTC.id, self.ts_ns, bid, 1_000, ask, 1_000)))

    def second(self, count: int = 1) -> None:
        """Let whole seconds pass, as timers make the engine notice."""
        for _ in range(count):
            self.ts_ns += SECOND_NS
            for key, due_ns in list(self.state.timers.items()):
                if due_ns <= self.ts_ns:
                    self.take(c.TimerFired(self.ts_ns, key))

    @property
    def entries(self) -> list[OrderRequest]:
        """What was sent and is no exit."""
        return [each for each in self.sent if each.after is None and "-rest" not in each.order_id]

    @property
    def ended(self) -> list[PlanEnded]:
        return self.records(PlanEnded)


def entered(*script: object, **settings: Any) -> Floor:
    """Return a desk whose bot has been asked once, beside a book of 100.00 to 100.10."""
    desk = Floor(planned(*script, **settings))
    desk.quote()
    desk.bar(10_005)
    return desk


# -- a parent ---------------------------------------------------------------------------------------------------------


def test_a_target_becomes_a_parent_whose_child_rests_a_tick_inside_the_spread() -> None:
    desk = entered(LONG)
    plan = desk.records(Planned)[0]
    assert (plan.order_id, plan.plan.route, plan.plan.quantity) == ("test-1", Route.POST_ONLY, 100)
    assert plan.plan.estimate.total_bps > 0
    child = desk.sent[0]
    assert (child.order_id, child.kind, child.price, child.post_only) == ("test-1-c1", OrderKind.LIMIT, 10_001, True)
    assert child.quantity == 100
    assert parent_of(child.order_id) == plan.order_id


def test_a_filled_child_ends_its_parent_and_the_target_is_reached() -> None:
    desk = entered(LONG, LONG)
    desk.fill("test-1-c1")
    assert [(each.filled, each.children, each.reason) for each in desk.ended] == [(100, 1, "FILLED")]
    assert not desk.state.parents
    desk.bar(10_005)
    assert len(desk.sent) == 1


def late_in_a_plan(*, wants: TargetQuantity) -> Floor:
    """Return a desk whose first child was over, and filled in part beside the second one all the same."""
    desk = entered(LONG, LONG, wants)
    desk.quote(10_050, 10_060, seconds=1)
    desk.second(40)
    desk.cancel("test-1-c1")
    desk.fill("test-1-c1", 40)
    return desk


def test_a_late_fill_calls_back_the_child_that_would_lead_beyond_the_plan() -> None:
    desk = late_in_a_plan(wants=LONG)
    assert desk.cancels == ["test-1-c1", "test-1-c2"]
    desk.cancel("test-1-c2")
    assert (desk.sent[-1].order_id, desk.sent[-1].quantity) == ("test-1-c3", 60)
    desk.fill("test-1-c3")
    assert (desk.position(), desk.ended[-1].reason) == (100, "FILLED")


def test_what_fills_beyond_the_plan_is_no_target_reached() -> None:
    desk = late_in_a_plan(wants=LONG)
    desk.fill("test-1-c2")
    assert (desk.position(), desk.ended[-1].filled) == (140, 140)
    desk.bar(10_055)
    desk.bar(10_055)
    assert (desk.sent[-1].side, desk.sent[-1].quantity) == (Side.SELL, 40)


def test_a_plan_that_turns_a_position_only_closes_it_for_a_paused_bot() -> None:
    long, short = TargetQuantity(Decimal(1)), TargetQuantity(Decimal(-1))
    desk = Floor(planned(long, short, instruments=[PERP]))
    desk.bar(10_000, PERP.id)
    desk.fill("test-1-c1", price=9_999)
    desk.bar(10_000, PERP.id)
    assert (desk.sent[-1].side, desk.sent[-1].quantity) == (Side.SELL, 200)
    desk.take(c.PauseBot(desk.ts_ns, "a", "rest"))
    desk.bar(10_000, PERP.id)
    desk.cancel(desk.sent[-1].order_id)
    assert desk.ended[-1].reason == "PAUSED"
    assert [(each.side, each.quantity) for each in desk.sent[2:]] == [(Side.SELL, 100)]


def test_without_a_book_the_child_rests_below_the_mark() -> None:
    desk = Floor(planned(LONG))
    desk.bar(10_000)
    assert desk.sent[0].price == 9_999
    desk = Floor(planned(LONG, planning=Planning(half_spread_bps=Decimal(10))))
    desk.bar(10_000)
    assert desk.sent[0].price == 9_991


def test_without_a_book_a_parent_is_looked_at_once_a_bar_and_takes_after_its_time() -> None:
    desk = Floor(planned(LONG))
    desk.bar(10_000)
    assert not desk.timers
    for _ in range(4):
        desk.bar(10_000)
    assert [each.kind for each in desk.sent] == [OrderKind.LIMIT]
    desk.bar(10_000)
    assert desk.cancels == ["test-1-c1"]
    desk.cancel("test-1-c1")
    assert (desk.sent[-1].order_id, desk.sent[-1].kind) == ("test-1-c2", OrderKind.MARKET)


def test_a_new_child_waits_until_the_old_one_is_known_to_be_over() -> None:
    desk = entered(LONG)
    desk.second(40)
    assert desk.cancels == ["test-1-c1"]
    desk.second(60)
    assert len(desk.sent) == 1
    desk.cancel("test-1-c1")
    assert [each.order_id for each in desk.sent] == ["test-1-c1", "test-1-c2"]


def test_a_partly_filled_child_leaves_only_the_rest_to_the_next() -> None:
    desk = entered(LONG)
    desk.fill("test-1-c1", 30)
    desk.second(100)
    desk.fill("test-1-c1", 20)
    desk.cancel("test-1-c1")
    assert desk.sent[-1].quantity == 50
    desk.fill("test-1-c2")
    assert desk.position() == 100
    assert desk.ended[0].filled == 100


def test_a_cancel_that_the_venue_refused_is_asked_for_again() -> None:
    desk = entered(LONG)
    desk.accept("test-1-c1")
    desk.second(40)
    desk.take(CancelRejected("test-1-c1", desk.ts_ns, "LATE"))
    desk.second(1)
    assert desk.cancels == ["test-1-c1"] * 2


def test_slices_go_over_time_and_add_up() -> None:
    desk = entered(LONG, planning=Planning(settings=SLICED))
    assert [each.quantity for each in desk.entries] == [50]
    desk.fill("test-1-c1")
    assert not desk.ended
    desk.second(150)
    assert [each.quantity for each in desk.entries] == [50, 50]
    desk.fill("test-1-c2")
    assert (desk.position(), desk.ended[0].reason) == (100, "FILLED")


def test_urgent_changes_take_at_once() -> None:
    desk = entered(LONG, planning=Planning(urgency=Urgency.HIGH))
    assert desk.sent[0].kind is OrderKind.MARKET
    assert desk.records(Planned)[0].plan.route is Route.MARKET


def test_bands_are_taken_literally() -> None:
    bands = Planning(settings=PlannerSettings(policy=PlanPolicy.BANDS))
    desk = entered(LONG, planning=bands)
    assert desk.sent[0].kind is OrderKind.MARKET  # 10 in quote currency is below the first band


def test_ten_rejects_end_a_parent_and_its_target_is_tried_a_few_times_at_most() -> None:
    desk = entered(*[LONG] * 9)
    for _ in range(8):
        while desk.state.parents:
            live = [each.request.order_id for each in desk.state.live_orders()]
            desk.reject(live[0], "POST_ONLY_WOULD_CROSS")
        desk.bar(10_005)
    assert [each.reason for each in desk.ended] == ["REJECTED"] * 3


# -- what ends it -----------------------------------------------------------------------------------------------------


def test_another_target_withdraws_the_parent_and_is_planned_when_its_children_have_ended() -> None:
    desk = entered(LONG, MORE)
    desk.fill("test-1-c1", 40)
    desk.bar(10_005)
    assert desk.cancels == ["test-1-c1"]
    assert not desk.ended
    desk.cancel("test-1-c1")
    assert [(each.filled, each.reason) for each in desk.ended] == [(40, "REPLACED")]
    assert [each.plan.quantity for each in desk.records(Planned)] == [100, 160]
    assert desk.sent[-1].quantity == 160


def test_between_slices_another_target_is_planned_at_once() -> None:
    desk = entered(LONG, MORE, planning=Planning(settings=SLICED))
    desk.fill("test-1-c1")
    desk.bar(10_005)
    assert [each.reason for each in desk.ended] == ["REPLACED"]
    assert [each.plan.quantity for each in desk.records(Planned)] == [100, 150]


def test_between_slices_a_target_that_is_held_already_ends_the_parent() -> None:
    desk = entered(LONG, TargetQuantity(Decimal("0.05")), planning=Planning(settings=SLICED))
    desk.fill("test-1-c1")
    desk.bar(10_005)
    desk.second(400)
    assert [each.reason for each in desk.ended] == ["REPLACED"]
    assert len(desk.sent) == 1


def test_a_strategy_that_cancels_its_orders_ends_its_parent() -> None:
    desk = entered(LONG, CancelWorking())
    desk.bar(10_005)
    desk.cancel("test-1-c1")
    assert [each.reason for each in desk.ended] == ["CANCELED"]
    desk.second(400)
    assert len(desk.sent) == 1


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (c.Halt(0, "stop"), "REFUSED"),
        (c.EnterReduceOnly(0, "operator", "calm"), "REFUSED"),
        (c.CancelAll(0), "CANCELED"),
        (c.PauseBot(0, "a", "lunch"), "PAUSED"),
        (c.Flatten(0), "FLATTEN"),
    ],
)
def test_what_stops_new_risk_stops_a_parent(command: Any, reason: str) -> None:
    desk = entered(LONG)
    desk.take(msgspec.structs.replace(command, ts_ns=desk.ts_ns))
    desk.second(2)
    assert desk.cancels == ["test-1-c1"]
    desk.cancel("test-1-c1")
    assert [each.reason for each in desk.ended] == [reason]
    desk.second(400)
    assert len(desk.sent) == 1


def test_between_slices_a_halt_stops_the_next_one() -> None:
    desk = entered(LONG, planning=Planning(settings=SLICED))
    desk.fill("test-1-c1")
    desk.take(c.Halt(desk.ts_ns, "stop"))
    desk.second(200)
    assert (len(desk.sent), desk.ended[0].reason, desk.position()) == (1, "REFUSED", 50)
    assert isinstance(desk.records(Decided)[-1].outcome, Refused)


def test_a_reduction_goes_on_while_the_account_is_halted() -> None:
    desk = entered(LONG, FLAT, planning=Planning(settings=SLICED))
    desk.fill("test-1-c1")
    desk.second(150)
    desk.fill("test-1-c2")
    desk.bar(10_005)
    reducing = desk.records(Planned)[-1].order_id
    desk.fill(f"{reducing}-c1")
    desk.take(c.Halt(desk.ts_ns, "stop"))
    desk.second(200)
    desk.fill(f"{reducing}-c2")
    assert desk.position() == 0


# -- risk -------------------------------------------------------------------------------------------------------------


def test_the_whole_is_reviewed_before_the_first_child() -> None:
    limits = msgspec.structs.replace(OPEN_LIMITS, order_notional_max=Decimal(7))
    desk = entered(LONG, planning=Planning(settings=SLICED), limits=limits)
    assert not desk.sent  # 10 in all, although each slice would be 5
    refusal = desk.records(Decided)[0].outcome
    assert [each.check for each in refusal.findings] == ["order_notional"]
    assert not desk.records(Planned)


def test_a_guard_refuses_what_opens_and_lets_go_what_closes() -> None:
    guarded = Planning(flags=RiskFlags(impact_guard=True))
    desk = Floor(planned(LONG, planning=guarded))
    desk.bar(10_000)
    finding = desk.records(Decided)[0].outcome.findings[0]
    assert (finding.check, finding.number, desk.sent) == ("plan", "NO_BOOK", [])


def test_plans_with_entries_that_rest_or_with_asked_risk_are_refused() -> None:
    settings = planned(LONG)
    resting = msgspec.structs.replace(settings.bots[0], rest=Resting())
    with pytest.raises(ConfigError, match="cannot have plans and entries that rest"):
        msgspec.structs.replace(settings, bots=(resting,))
    with pytest.raises(ConfigError, match="cannot have plans and risk asked"):
        msgspec.structs.replace(settings, asked=frozenset({"risk"}))


# -- exits ------------------------------------------------------------------------------------------------------------


def test_exits_are_sent_with_each_child() -> None:
    desk = entered(LONG, exits=STOP, planning=Planning(settings=SLICED))
    assert [(each.order_id, each.quantity) for each in desk.sent] == [("test-1-c1", 50), ("test-1-c1-sl", 50)]
    desk.fill("test-1-c1")
    desk.second(150)
    assert [(each.order_id, each.quantity) for each in desk.sent[2:]] == [("test-1-c2", 50), ("test-1-c2-sl", 50)]
    assert not desk.alarms


def test_a_partial_fill_is_protected_within_half_a_minute() -> None:
    """The child's exits wait for the whole of its fill, so that it is called back, and what it filled is covered."""
    desk = entered(LONG, exits=STOP)
    desk.fill("test-1-c1", 30)
    desk.second(29)
    desk.quote()
    assert not desk.cancels
    desk.second(3)
    assert desk.cancels == ["test-1-c1"]
    desk.cancel("test-1-c1")
    stops = [each for each in desk.sent if each.kind is OrderKind.STOP_MARKET and each.after is None]
    assert [each.quantity for each in stops] == [30]
    assert desk.entries[-1].quantity == 70
    assert not desk.alarms


def test_what_is_held_stays_covered_while_a_parent_adds_to_it() -> None:
    desk = entered(LONG, MORE, exits=STOP)
    desk.fill("test-1-c1")
    desk.bar(10_005)
    for order in desk.state.live_orders():
        desk.cancel(order.request.order_id)
    working = [each.request for each in desk.state.live_orders()]
    stops = [each for each in working if each.kind is OrderKind.STOP_MARKET]
    assert [each.quantity for each in stops if each.after is None] == [100]
    assert [each.quantity for each in working if each.kind is OrderKind.LIMIT] == [100]


def test_a_position_that_exits_guard_is_left_at_once() -> None:
    desk = entered(LONG, FLAT, exits=STOP)
    desk.fill("test-1-c1")
    desk.bar(10_005)
    desk.cancel("test-1-c1-sl")
    assert desk.sent[-1].kind is OrderKind.MARKET
    assert desk.state.orders[desk.sent[-1].order_id].role is OrderRole.TARGET
    assert len(desk.records(Planned)) == 1


def test_a_position_without_exits_is_left_by_a_plan_of_its_own_urgency() -> None:
    desk = entered(LONG, FLAT, planning=Planning(exit_urgency=Urgency.HIGH))
    desk.fill("test-1-c1")
    desk.bar(10_005)
    plan = desk.records(Planned)[1].plan
    assert (plan.urgency, plan.route) == (Urgency.HIGH, Route.MARKET)


# -- state ------------------------------------------------------------------------------------------------------------


def test_what_filled_as_maker_is_fed_back_into_the_offsets() -> None:
    desk = entered(LONG)
    assert desk.state.markets[BTC.id].day is not None
    child = desk.sent[0]
    fill = (child.order_id, "m1", desk.ts_ns, BTC.id, child.side, 100, 10_001, Liquidity.MAKER, Decimal(0))
    desk.take(OrderFilled(*fill))
    day = desk.state.markets[BTC.id].day
    assert day is not None
    assert day.rates.shares[2] == pytest.approx(0.85 * 0.95 + 0.05)


def test_a_replay_is_in_the_middle_of_the_parent_where_the_session_was() -> None:
    settings = planned(LONG, planning=Planning(settings=SLICED), exits=STOP)
    desk = Floor(settings)
    events: list[Any] = []
    take = desk.take

    def noted(event: Any) -> Any:
        events.append(event)
        return take(event)

    desk.take = noted  # type: ignore[method-assign]
    desk.quote()
    desk.bar(10_005)
    desk.fill("test-1-c1", 20)
    desk.second(45)
    again = EngineState(settings)
    for event in events:
        process(again, event)
    assert state_digest(again) == state_digest(desk.state)
    assert again.parents[0].parent is not None
    desk.state.parents[0].parent.stop = "OTHER"  # type: ignore[union-attr]
    assert state_digest(again) != state_digest(desk.state)


def test_a_bot_that_becomes_another_one_ends_its_plan() -> None:
    desk = entered(LONG)
    desk.take(c.ChangeBot(desk.ts_ns, "a", "another idea", strategy="sma_stack"))
    assert desk.cancels == ["test-1-c1"]
    desk.cancel("test-1-c1")
    assert [each.reason for each in desk.ended] == ["CHANGED"]
    assert desk.state.bots["a"].spec.plan == Planning()


def test_an_exit_that_fills_ends_the_plan_that_was_building_the_position() -> None:
    desk = entered(LONG, LONG, exits=STOP, planning=Planning(settings=SLICED))
    desk.fill("test-1-c1")
    desk.fill("test-1-c1-sl")
    assert [each.reason for each in desk.ended] == ["EXITED"]
    desk.second(400)
    assert [each.order_id for each in desk.entries] == ["test-1-c1"]
    desk.bar(10_005)
    assert [each.order_id for each in desk.records(Planned)] == ["test-1", "test-3"]


def test_a_target_that_another_order_led_away_from_is_planned_anew() -> None:
    mine = PlaceOrder(Side.SELL, Decimal("0.05"), OrderKind.MARKET)
    desk = entered(LONG, mine, LONG, planning=Planning(settings=SLICED))
    desk.fill("test-1-c1")
    desk.bar(10_005)
    desk.fill(desk.sent[-1].order_id)
    desk.bar(10_005)
    assert [(each.order_id, each.reason) for each in desk.ended] == [("test-1", "REPLACED")]
    assert [each.plan.quantity for each in desk.records(Planned)] == [100, 100]


def test_a_child_that_is_rejected_for_good_ends_its_parent() -> None:
    desk = entered(LONG)
    desk.reject("test-1-c1", "DRY_RUN")
    assert [(each.children, each.reason) for each in desk.ended] == [(1, "REJECTED")]


def test_a_child_that_never_arrived_is_asked_for_again() -> None:
    desk = entered(LONG)
    desk.reject("test-1-c1", "NEVER_ARRIVED")
    assert [each.order_id for each in desk.sent] == ["test-1-c1", "test-1-c2"]


def test_a_days_bars_are_told_apart_by_what_they_come_to() -> None:
    day, other = Day(), Day()
    bars = [Bar(BTC.id, at * MINUTE_NS, MINUTE_NS, 1, 1, 1, 10_000 + at % 7, at) for at in range(1, 3_000)]
    for bar in bars:
        day.take(bar)
    for bar in bars[-len(day.bars) :]:
        other.take(bar)
    assert len(day.bars) == 1_440
    assert day.values() == other.values()
    assert day.volume_day(BTC) == pytest.approx(sum(range(3_000 - 1_440, 3_000)))
    assert day.sigma_day() == pytest.approx(0.00025 * 1_440**0.5, rel=0.2)


def test_a_day_of_long_prices_can_be_digested() -> None:
    day, dearer = Day(), Day()
    for at in range(24):
        day.take(Bar(BTC.id, 1_760_000_000_000_000_000 + at * 3_600_000_000_000, 1, 1, 1, 1, 6 * 10**8, at))
        dearer.take(Bar(BTC.id, 1_760_000_000_000_000_000 + at * 3_600_000_000_000, 1, 1, 1, 1, 6 * 10**8 + 1, at))
    assert day.sums[2] > 2**64
    assert msgspec.msgpack.encode(day.values()) != msgspec.msgpack.encode(dearer.values())


def test_the_timers_of_a_bot_named_after_a_file_find_it() -> None:
    settings = planned(LONG, exits=Exits(time_ns=MINUTE_NS))
    bot = msgspec.structs.replace(settings.bots[0], id="mine.py:Trend")
    desk = Floor(msgspec.structs.replace(settings, bots=(bot,)))
    desk.quote()
    desk.bar(10_005)
    desk.second(40)
    assert desk.cancels == ["test-1-c1"]
    desk.fill("test-1-c1")
    desk.second(70)
    assert desk.sent[-1].side is Side.SELL


def test_while_a_plan_works_that_is_why_nothing_is_done() -> None:
    desk = entered(LONG, LONG, LONG)
    desk.bar(10_005)
    seat = desk.state.bots["a"].seats[0]
    assert seat.quiet_reason == "plan_works"
    desk.fill("test-1-c1")
    desk.bar(10_005)
    assert seat.quiet_reason == "at_target"


@pytest.mark.parametrize(
    ("order_id", "parent"),
    [
        ("s-17-c2", "s-17"),
        ("s-17-c2-sl", "s-17"),
        ("s-17", ""),
        ("my-c3-17", ""),
        ("my-c3-17-c2", "my-c3-17"),
        ("", ""),
    ],
)
def test_a_child_is_told_by_the_end_of_its_name(order_id: str, parent: str) -> None:
    """A session may have any name, also one that looks like a child's."""
    assert parent_of(order_id) == parent
