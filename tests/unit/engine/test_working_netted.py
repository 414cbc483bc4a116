"""Changes of bots with plans that meet inside the account: only what is left is planned (SPEC S5, X3)."""

from typing import Any

import msgspec
from msgspec import UNSET

from tests.engine_rig import PERP, Desk, config
from tradewind.engine.config import EngineConfig, Planning
from tradewind.engine.plan_words import told_plan
from tradewind.model.decisions import Crossed
from tradewind.model.intents import Exits, TargetQuantity
from tradewind.model.orders import OrderKind, Side
from tradewind.model.plans import Planned

STOP = Exits(stop_loss=0.1)


def units(count: int) -> TargetQuantity:
    return TargetQuantity(PERP.quantity_decimal(count))


def desk_of(*wanted: int, plain: str = "", exits: str = "", **more: Any) -> Desk:
    """Return a desk whose bots want these positions at the first bar; those named in `plain` have no plans."""
    settings: EngineConfig = config(*[[units(each)] for each in wanted], instruments=(PERP,), **more)
    bots = tuple(
        msgspec.structs.replace(
            bot, plan=UNSET if bot.id in plain else Planning(), exits=STOP if bot.id in exits else None
        )
        for bot in settings.bots
    )
    desk = Desk(msgspec.structs.replace(settings, bots=bots))
    desk.bar(instrument=PERP.id)
    return desk


def crossings(desk: Desk) -> list[tuple[str, str, int, int]]:
    return [(each.buyer, each.seller, each.quantity, each.price) for each in desk.records(Crossed)]


def held(desk: Desk, bots: str) -> list[int]:
    return [desk.position(bot, PERP.id) for bot in bots]


def test_opposite_changes_of_bots_with_plans_meet_and_the_rest_is_planned() -> None:
    desk = desk_of(100, -30)
    assert crossings(desk) == [("a", "b", 30, 10_000)]
    assert held(desk, "ab") == [30, -30]
    (planned,) = desk.records(Planned)
    assert (planned.bot, planned.plan.quantity, planned.plan.wanted, planned.plan.crossed) == ("a", 70, 70, 30)
    assert planned.plan.reason == "MAKER_FIRST CROSSED_INSIDE"
    assert [(each.side, each.quantity, each.price) for each in desk.sent] == [(Side.BUY, 70, 9_999)]
    desk.fill(desk.sent[0].order_id)
    assert held(desk, "ab") == [100, -30]


def test_a_plan_says_what_was_crossed_before() -> None:
    planned = desk_of(100, -30).records(Planned)[0]
    assert "buy 0.7, after 0.3 crossed inside, by maker_first" in told_plan(planned, None, (), PERP)[0]
    assert "crossed" not in told_plan(desk_of(100).records(Planned)[0], None, (), PERP)[0]


def test_changes_that_cancel_out_send_nothing_and_are_not_wanted_again() -> None:
    desk = desk_of(50, -50)
    assert held(desk, "ab") == [50, -50]
    assert not desk.sent
    assert not desk.records(Planned)
    assert [seat.target for bot in desk.state.bots.values() for seat in bot.seats] == [units(50), units(-50)]


def test_a_bot_with_a_plan_meets_one_without() -> None:
    desk = desk_of(100, -30, plain="b")
    assert crossings(desk) == [("a", "b", 30, 10_000)]
    assert [(each.kind, each.quantity) for each in desk.sent] == [(OrderKind.LIMIT, 70)]
    desk = desk_of(100, -30, plain="a")
    assert crossings(desk) == [("a", "b", 30, 10_000)]
    assert [(each.kind, each.quantity) for each in desk.sent] == [(OrderKind.MARKET, 70)]
    assert not desk.records(Planned)


def test_what_is_left_of_plans_stays_apart_and_of_others_goes_together() -> None:
    desk = desk_of(40, -60, 50, 70, 80, plain="de")
    assert crossings(desk) == [("a", "b", 40, 10_000), ("c", "b", 20, 10_000)]
    assert [(each.bot, each.plan.quantity, each.plan.crossed) for each in desk.records(Planned)] == [("c", 30, 20)]
    assert [(each.kind, each.quantity) for each in desk.sent] == [(OrderKind.LIMIT, 30), (OrderKind.MARKET, 150)]


def test_changes_of_one_side_are_planned_bot_by_bot() -> None:
    desk = desk_of(40, 60)
    assert not crossings(desk)
    assert [(each.bot, each.plan.quantity, each.plan.crossed) for each in desk.records(Planned)] == [
        ("a", 40, 0),
        ("b", 60, 0),
    ]


def test_a_bot_with_exits_goes_alone() -> None:
    desk = desk_of(100, -30, exits="a")
    assert not crossings(desk)
    assert [each.plan.quantity for each in desk.records(Planned)] == [100, 30]


def test_without_netting_each_is_planned_whole() -> None:
    desk = desk_of(100, -30, netting=False)
    assert not crossings(desk)
    assert [each.plan.quantity for each in desk.records(Planned)] == [100, 30]


def test_a_rest_that_risk_refuses_leaves_what_was_crossed() -> None:
    coarse = msgspec.structs.replace(PERP, min_quantity=50)
    settings = config([units(100)], [units(-70)], instruments=(coarse,))
    bots = tuple(msgspec.structs.replace(bot, plan=Planning()) for bot in settings.bots)
    desk = Desk(msgspec.structs.replace(settings, bots=bots))
    desk.bar(instrument=PERP.id)
    assert held(desk, "ab") == [70, -70]
    assert not desk.sent
    assert not desk.state.parents
    assert crossings(desk) == [("a", "b", 70, 10_000)]
