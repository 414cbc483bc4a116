"""A flip where nothing new may be opened: its closing part goes, once, and the rest is refused as any opening is."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import OPEN_LIMITS, PERP, Desk, config
from tradewind.engine.config import EngineConfig, Planning
from tradewind.engine.cutting import cut_from
from tradewind.engine.digest import state_digest
from tradewind.engine.explaining import why
from tradewind.engine.working import look_key
from tradewind.model import commands as c
from tradewind.model.corrections import InstrumentCleared, InstrumentDoubted
from tradewind.model.decisions import Approved, Crossed, Decided, Finding, Refused
from tradewind.model.effects import Ask
from tradewind.model.entries import Intended, sent
from tradewind.model.intents import Exits, PlaceOrder, TargetQuantity
from tradewind.model.orders import OrderKind, Side
from tradewind.model.plans import PlanEnded, Planned
from tradewind.orders.order import OrderRole
from tradewind.portfolio.edge_gate import EdgeRules, KnownEdge
from tradewind.risk.review import Reviewer

D = Decimal
LONG, SHORT, FLAT = TargetQuantity(D(1)), TargetQuantity(D(-1)), TargetQuantity(D(0))
GUARDED = Exits(stop_loss=0.05, take_profit=0.1)
HALT, RESUME = c.Halt(1, "look"), c.Resume(2, "fine")


class Floor(Desk):
    """A desk of a perpetual, which keeps a journal."""

    def __init__(self, settings: EngineConfig) -> None:
        super().__init__(settings)
        self.entries: list[Any] = []

    def take(self, event: Any) -> Any:
        self.entries.append(event)
        effects = super().take(event)
        if leaving := sent(effects):
            self.entries.append(Intended(self.state.sequence, leaving))
        return effects

    def bar(self, close: int = 10_000, instrument: str = PERP.id, **prices: int) -> Any:
        return super().bar(close, instrument, **prices)

    def held(self, *bots: str) -> list[int]:
        return [self.position(bot, PERP.id) for bot in bots]

    @property
    def told(self) -> list[tuple[str, Side, int, bool]]:
        """What was decided: order, side, quantity, whether it went."""
        found = [each for each in self.records(Decided) if each.intent != "protect"]
        orders = [(each.order, type(each.outcome) is Approved) for each in found]
        return [(order.order_id, order.side, order.quantity, went) for order, went in orders]


def floor(*scripts: Any, **settings: Any) -> Floor:
    settings.setdefault("instruments", [PERP])
    return Floor(config(*scripts, **settings))


def long_floor(*wishes: Any, **settings: Any) -> Floor:
    """A bot that holds 100 units and wants `wishes` at the bars that follow."""
    desk = floor([LONG, *wishes], **settings)
    desk.bar()
    desk.fill("test-1")
    return desk


# -- one bot ----------------------------------------------------------------------------------------------------------


def test_the_closing_part_of_a_flip_goes_and_the_rest_is_refused_with_its_numbers() -> None:
    desk = long_floor(SHORT)
    desk.take(HALT)
    desk.bar()
    assert desk.told[1:] == [("test-2", Side.SELL, 200, False), ("test-2-cut", Side.SELL, 100, True)]
    refused = desk.records(Decided)[1].outcome
    assert refused.findings == (Finding("halted", "look", "0"),)
    assert [(each.order_id, each.quantity) for each in desk.sent[1:]] == [("test-2-cut", 100)]
    assert cut_from("test-2-cut") == "test-2"
    assert [cut_from(name) for name in ("test-2", "test-2-cut-c1", "")] == ["", "", ""]


def doubted(desk: Floor) -> None:
    desk.take(InstrumentDoubted(desk.ts_ns, PERP.id, "drift", "the venue has more"))


def locked(desk: Floor) -> None:
    desk.take(c.EnterReduceOnly(desk.ts_ns, "volatility", "wild"))


BLOCKS: tuple[tuple[str, dict[str, Any], Any], ...] = (
    ("halted", {}, lambda desk: desk.take(HALT)),
    ("reduce_only", {}, locked),
    ("reduce_only", {}, doubted),
    ("order_notional", {"limits": msgspec.structs.replace(OPEN_LIMITS, order_notional_max=D(150))}, None),
    ("orders_per_hour", {"limits": msgspec.structs.replace(OPEN_LIMITS, orders_per_hour_max=1)}, None),
    ("order_spacing", {"limits": msgspec.structs.replace(OPEN_LIMITS, seconds_between_orders_min=D(600))}, None),
)  # fmt: skip


@pytest.mark.parametrize(("check", "settings", "block"), BLOCKS)
def test_whatever_blocks_new_risk_the_position_closes_and_the_opening_is_asked_for_anew(
    check: str, settings: dict[str, Any], block: Any
) -> None:
    desk = long_floor(SHORT, SHORT, SHORT, SHORT, **settings)
    if block is not None:
        block(desk)
    desk.bar()
    desk.bar()  # the same is wanted while the closing part is on its way: nothing more goes
    assert [each.quantity for each in desk.sent[1:]] == [100]
    assert desk.cancels == []
    desk.fill("test-2-cut")
    desk.bar()
    desk.bar()
    if check == "order_notional":
        assert desk.told[-1] == ("test-3", Side.SELL, 100, True)  # small enough by itself
        return
    assert desk.told[3:] == [("test-3", Side.SELL, 100, False)]
    assert [each.check for each in desk.records(Decided)[-1].outcome.findings] == [check]
    assert desk.held("a") == [0]


def test_after_the_block_the_opening_follows() -> None:
    desk = long_floor(SHORT, SHORT)
    desk.take(HALT)
    desk.bar()
    desk.fill("test-2-cut")
    desk.take(RESUME)
    desk.bar()
    assert [(each.side, each.quantity) for each in desk.sent[1:]] == [(Side.SELL, 100), (Side.SELL, 100)]


def test_a_gated_entry_is_cut_too() -> None:
    known = EdgeRules(known={"a": KnownEdge(30, D(-10))}, overrides={"a": "begin"})
    desk = long_floor(SHORT, edge=known)
    desk.state.edge = msgspec.structs.replace(known, overrides={})
    desk.bar()
    assert [each.quantity for each in desk.sent[1:]] == [100]
    assert desk.records(Decided)[1].outcome.findings[0].check == "entry_gate"


def test_the_old_target_is_wanted_anew_after_a_cut() -> None:
    desk = long_floor(SHORT, LONG)
    desk.take(HALT)
    desk.bar()
    desk.fill("test-2-cut")
    desk.take(RESUME)
    desk.bar()
    assert (desk.sent[-1].side, desk.sent[-1].quantity) == (Side.BUY, 100)


def test_another_wish_cancels_the_closing_part_as_it_does_any_order() -> None:
    desk = long_floor(SHORT, FLAT)
    desk.take(HALT)
    desk.bar()
    desk.bar()
    assert desk.cancels == ["test-2-cut"]


def test_a_closing_part_that_the_venue_rejects_is_tried_three_times() -> None:
    desk = long_floor(*[SHORT] * 6)
    desk.take(HALT)
    for _ in range(6):
        desk.bar()
        if desk.state.orders[desk.sent[-1].order_id].is_live:
            desk.reject(desk.sent[-1].order_id)
    assert [each.order_id for each in desk.sent[1:]] == ["test-2-cut", "test-3-cut", "test-4-cut"]


def test_the_same_refusal_is_recorded_once_and_again_with_the_closing_part_that_goes_at_last() -> None:
    """Beside an opposite bot there is nothing for the account to reduce; without that bot there is."""
    leaves = PlaceOrder(Side.BUY, D(1), OrderKind.LIMIT, price=D(90))
    desk = floor([LONG, LONG, SHORT, SHORT, SHORT], [SHORT, leaves], netting=False)
    desk.bar()
    desk.fill("test-1")
    desk.fill("test-2")
    desk.bar()
    doubted(desk)
    desk.bar()
    desk.bar()
    assert desk.told[3:] == [("test-4", Side.SELL, 200, False)]
    desk.fill("test-3")
    desk.bar()
    assert desk.told[4:] == [("test-6", Side.SELL, 200, False), ("test-6-cut", Side.SELL, 100, True)]


def test_what_only_closes_is_never_cut() -> None:
    desk = long_floor(FLAT)
    desk.take(HALT)
    desk.bar()
    assert desk.told[1:] == [("test-2", Side.SELL, 100, True)]


def test_without_a_block_a_flip_goes_whole() -> None:
    desk = long_floor(SHORT)
    desk.bar()
    assert desk.told[1:] == [("test-2", Side.SELL, 200, True)]


def test_spot_is_never_cut() -> None:
    desk = Desk(config([TargetQuantity(D(1)), PlaceOrder(Side.SELL, D(2))]))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    assert len(desk.sent) == 1
    assert [type(each.outcome) for each in desk.records(Decided)] == [Approved, Refused]


def test_too_little_to_close_is_refused_whole() -> None:
    small = msgspec.structs.replace(PERP, min_quantity=50)
    desk = floor([TargetQuantity(D("0.6")), SHORT], instruments=[small])
    desk.bar()
    desk.fill("test-1", 40)
    desk.cancel("test-1")
    desk.take(HALT)
    desk.bar()
    assert [went for *_, went in desk.told] == [True, False]


# -- orders of its own, exits -----------------------------------------------------------------------------------------


def test_an_order_that_turns_is_cut_and_a_second_one_closes_nothing_twice() -> None:
    turn = PlaceOrder(Side.SELL, D(2), OrderKind.LIMIT, price=D(101), display=D("1.5"))
    desk = long_floor(turn, turn)
    desk.take(HALT)
    desk.bar()
    desk.bar()
    assert [(each.quantity, each.price, each.display) for each in desk.sent[1:]] == [(100, 10_100, 100)]


def test_exits_of_the_old_position_go_before_its_closing_part_and_nothing_guards_what_is_gone() -> None:
    desk = floor([TargetQuantity(D(1), GUARDED), TargetQuantity(D(-1), GUARDED)])
    desk.bar()
    desk.fill("test-1")
    desk.take(HALT)
    desk.bar()
    assert len(desk.sent) == 3
    for order in list(desk.cancels):
        desk.cancel(order)
    assert (desk.sent[-1].order_id, desk.sent[-1].quantity) == ("test-2-cut", 100)
    desk.fill("test-2-cut")
    assert desk.held("a") == [0]
    assert not desk.state.live_orders()
    assert not desk.alarms[1:]


# -- several bots -----------------------------------------------------------------------------------------------------


def test_beside_an_opposite_bot_no_more_goes_than_makes_the_account_smaller() -> None:
    desk = floor([TargetQuantity(D(3)), SHORT, SHORT], [TargetQuantity(D(-2))], netting=False)
    desk.bar()
    for order in ("test-1", "test-2"):
        desk.fill(order)
    doubted(desk)
    desk.bar()
    assert (desk.sent[-1].order_id, desk.sent[-1].quantity) == ("test-3-cut", 100)
    desk.fill("test-3-cut")
    desk.bar()
    assert desk.held("a", "b") == [200, -200]
    assert desk.told[-1] == ("test-4", Side.SELL, 300, False)


def go_round(desk: Floor) -> None:
    """Close a bar; then cancels work and market orders fill, until nothing more happens."""
    desk.bar()
    while True:
        live = [order.request for order in desk.state.live_orders()]
        gone = [each.order_id for each in live if each.order_id in desk.cancels]
        due = [each.order_id for each in live if each.kind is OrderKind.MARKET]
        if gone:
            desk.cancel(gone[0])
        elif due:
            desk.fill(due[0])
        else:
            return


def test_what_exits_guard_beside_an_opposite_bot_keeps_them_under_a_block_and_turns_after_it() -> None:
    wish = TargetQuantity(D(-1), GUARDED)
    desk = floor([TargetQuantity(D(3), GUARDED), *[wish] * 6], [TargetQuantity(D(-2))], netting=False)
    go_round(desk)
    desk.take(HALT)
    go_round(desk)
    assert desk.held("a", "b") == [200, -200]  # no more than takes something from the account
    guards = {order.request.order_id for order in desk.state.live_orders()}
    assert len(guards) == 2
    for _ in range(3):
        go_round(desk)
    assert guards == {order.request.order_id for order in desk.state.live_orders()}
    assert desk.told[-1] == ("test-4", Side.SELL, 300, False)
    desk.take(RESUME)
    go_round(desk)
    assert desk.held("a", "b") == [-100, -200]


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("block", ["halt", "reduce-only", "doubt"])
def test_a_wish_for_more_under_a_block_leaves_the_exits_of_what_is_held_alone(block: str, asked: bool) -> None:
    settings: dict[str, Any] = {"asked": frozenset({"risk"})} if asked else {}
    desk = floor([TargetQuantity(D(1), GUARDED), *[TargetQuantity(D(2), GUARDED)] * 4], **settings)
    desk.bar()
    answer_all(desk)
    desk.fill("test-1")
    if block == "doubt":
        doubted(desk)
    else:
        desk.take(HALT if block == "halt" else c.EnterReduceOnly(1, "operator", "careful"))
    for _ in range(3):
        desk.bar()
        answer_all(desk)
    assert not desk.cancels
    assert desk.told == [("test-1", Side.BUY, 100, True), ("test-2", Side.BUY, 100, False)]


def test_flips_of_several_bots_that_would_go_together_are_cut_one_by_one() -> None:
    desk = floor([LONG, SHORT], [TargetQuantity(D(2)), SHORT])
    desk.bar()
    desk.fill("test-1")
    doubted(desk)
    desk.bar()
    assert [(each.order_id, each.quantity) for each in desk.sent[1:]] == [("test-3-cut", 100), ("test-4-cut", 200)]


@pytest.mark.parametrize("asked", [False, True])
def test_closing_parts_of_opposite_flips_meet_inside_while_only_reductions_may_go(asked: bool) -> None:
    """The account stays flat, and both bots get rid of what they hold."""
    settings: dict[str, Any] = {"asked": frozenset({"risk"})} if asked else {}
    desk = floor([LONG, SHORT, SHORT], [SHORT, LONG, LONG], **settings)
    desk.bar()
    assert desk.held("a", "b") == [100, -100]
    desk.take(HALT)
    for _ in range(2):
        desk.bar()
        answer_all(desk)
    assert desk.held("a", "b") == [0, 0]
    assert [each.quantity for each in desk.records(Crossed)] == [100, 100]
    assert desk.sent == []
    refused = [(each.bot, each.order.quantity) for each in desk.records(Decided)]
    assert refused == [("a", 100), ("b", 100)]
    desk.take(RESUME)
    assert [seat.target for bot in desk.state.bots.values() for seat in bot.seats] == [None, None]


def test_a_bot_whose_change_met_others_in_part_wants_its_old_target_anew() -> None:
    desk = floor([LONG, SHORT, LONG], [FLAT, TargetQuantity(D(1)), None], limits=OPEN_LIMITS)
    desk.bar()
    desk.fill("test-1")
    doubted(desk)
    desk.bar()  # a sells to b inside; what would turn it is refused
    assert desk.held("a", "b") == [0, 100]
    desk.take(InstrumentCleared(desk.ts_ns, PERP.id, "drift", "the same again"))
    desk.bar()
    assert (desk.sent[-1].side, desk.sent[-1].quantity) == (Side.BUY, 100)


# -- asked risk -------------------------------------------------------------------------------------------------------


def answer_all(desk: Floor, reviewer: Reviewer | None = None) -> None:
    """Answer what is asked of risk elsewhere, until nothing is."""
    done = reviewer or desk.state.reviewer
    while desk.state.pending:
        number, waiting = next(iter(desk.state.pending.items()))
        desk.take(c.Answered(desk.ts_ns, number, done.review(waiting.question)))


def asked_floor(*wishes: Any) -> Floor:
    desk = floor([LONG, *wishes], asked=frozenset({"risk"}))
    desk.bar()
    answer_all(desk)
    desk.fill("test-1")
    return desk


def test_risk_that_is_asked_is_asked_about_the_closing_part() -> None:
    desk = asked_floor(SHORT, SHORT)
    desk.take(HALT)
    desk.bar()
    before = state_digest(desk.state)
    answer_all(desk)
    assert state_digest(desk.state) != before
    questions = [each.value.order.quantity for each in desk.effects if isinstance(each, Ask)]
    assert questions == [100, 200, 100]
    assert desk.told[1:] == [("test-2", Side.SELL, 200, False), ("test-2-cut", Side.SELL, 100, True)]


def test_a_halt_between_question_and_answer_cuts_what_was_approved() -> None:
    desk = asked_floor(SHORT)
    desk.bar()
    number, waiting = next(iter(desk.state.pending.items()))
    answer = desk.state.reviewer.review(waiting.question)
    assert type(answer) is Approved
    desk.take(HALT)
    desk.take(c.Answered(desk.ts_ns, number, answer))
    answer_all(desk)
    assert desk.told[1:] == [("test-2", Side.SELL, 200, False), ("test-2-cut", Side.SELL, 100, True)]


def test_of_a_bot_that_is_changed_while_risk_is_asked_not_even_the_closing_part_goes() -> None:
    desk = asked_floor(SHORT)
    desk.bar()
    desk.take(c.ChangeBot(desk.ts_ns, "a", "another idea", strategy="sma_stack"))
    assert not desk.state.pending
    assert desk.told[1:] == [("test-2", Side.SELL, 200, False)]


def test_a_reduction_that_would_turn_by_the_time_of_its_answer_is_cut_to_what_is_left() -> None:
    """Another order of the bot fills while the question is out."""
    desk = asked_floor(PlaceOrder(Side.SELL, D("0.4"), OrderKind.LIMIT, price=D(110)), PlaceOrder(Side.SELL, D(1)))
    desk.bar()
    answer_all(desk)
    desk.bar()
    assert [each.quantity for each in desk.sent] == [100, 40]
    number, waiting = next(iter(desk.state.pending.items()))
    answer = desk.state.reviewer.review(waiting.question)
    desk.fill("test-2")
    desk.take(HALT)
    desk.take(c.Answered(desk.ts_ns, number, answer))
    answer_all(desk)
    assert [each.quantity for each in desk.sent] == [100, 40, 60]


# -- plans ------------------------------------------------------------------------------------------------------------


def planned(*script: Any, planning: Planning | None = None, **more: Any) -> EngineConfig:
    settings = config(script, instruments=[PERP], **more)
    bots = tuple(msgspec.structs.replace(bot, plan=planning or Planning()) for bot in settings.bots)
    return msgspec.structs.replace(settings, bots=bots)


def long_by_plan(*wishes: Any, **settings: Any) -> Floor:
    desk = Floor(planned(LONG, *wishes, **settings))
    desk.bar()
    desk.fill(desk.sent[-1].order_id, price=9_999)
    return desk


def test_a_plan_is_made_of_the_closing_part_and_the_rest_is_asked_for_when_it_has_filled() -> None:
    desk = long_by_plan(SHORT, SHORT, SHORT)
    desk.take(HALT)
    desk.bar()
    made = desk.records(Planned)[-1]
    assert (made.order_id, made.plan.quantity) == ("test-3-cut", 100)
    assert desk.told[1:] == [("test-3", Side.SELL, 200, False), ("test-3-cut-c1", Side.SELL, 100, True)]
    desk.bar()
    assert len(desk.sent) == 2
    desk.fill("test-3-cut-c1")
    desk.bar()
    assert desk.held("a") == [0]
    assert desk.told[-1][1:] == (Side.SELL, 100, False)


def test_a_plan_that_turns_goes_on_closing_when_new_risk_is_halted_halfway() -> None:
    desk = long_by_plan(SHORT)
    desk.bar()
    child = desk.sent[-1]
    assert child.quantity == 200
    desk.fill(child.order_id, 30, price=10_001)
    desk.take(HALT)
    assert desk.cancels == [child.order_id]
    desk.cancel(child.order_id)
    assert [each.reason for each in desk.records(PlanEnded)[1:]] == ["REFUSED"]
    assert (desk.sent[-1].side, desk.sent[-1].quantity) == (Side.SELL, 70)
    desk.fill(desk.sent[-1].order_id)
    assert desk.held("a") == [0]


@pytest.mark.parametrize(("wish", "left"), [(SHORT, [100]), (TargetQuantity(D(3)), []), (FLAT, [])])
def test_of_a_paused_bot_a_look_cancels_what_its_plan_would_open(wish: TargetQuantity, left: list[int]) -> None:
    desk = long_by_plan(wish)
    desk.bar()
    child = desk.sent[-1].order_id
    desk.take(c.PauseBot(desk.ts_ns, "a", "rest"))
    desk.take(c.TimerFired(desk.ts_ns, look_key(desk.state.bots["a"].seats[0])))
    assert desk.cancels == ([] if wish is FLAT else [child])
    if desk.cancels:
        desk.cancel(child)
        assert desk.records(PlanEnded)[-1].reason == "PAUSED"
    assert [each.quantity for each in desk.sent[2:]] == left


def test_a_guarded_position_that_turns_by_plan_is_left_at_once() -> None:
    long = TargetQuantity(D(1), GUARDED)
    desk = Floor(planned(long, TargetQuantity(D(-1), GUARDED)))
    desk.bar()
    desk.fill("test-1-c1", price=9_999)
    desk.take(HALT)
    desk.bar()
    for order in list(desk.cancels):
        desk.cancel(order)
    last = desk.sent[-1]
    assert (last.order_id.endswith("-cut"), last.kind, last.quantity) == (True, OrderKind.MARKET, 100)
    assert desk.state.orders[last.order_id].role is OrderRole.TARGET


# -- why --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [False, True])
def test_why_tells_of_a_closing_part_what_it_was_cut_from_and_which_checks_refused_the_rest(asked: bool) -> None:
    desk = asked_floor(SHORT) if asked else long_floor(SHORT)
    desk.take(HALT)
    desk.bar()
    answer_all(desk)
    desk.fill("test-2-cut")
    found = why(desk.config, desk.entries, "2-cut")
    assert (found.approved, found.cut_from) == (True, "test-2")
    assert [(each.check, each.number) for each in found.refused] == [("halted", "1")]
    assert found.outcome is not None
    whole = why(desk.config, desk.entries, "2")
    assert (whole.approved, whole.cut_from, whole.refused) == (False, "", ())
    assert whole.plan == ("test-2 sell 2 BTC-PERP market", "closing part test-2-cut sell 1 BTC-PERP market")


def test_why_tells_of_a_plan_that_it_is_of_a_closing_part() -> None:
    desk = long_by_plan(SHORT)
    desk.take(HALT)
    desk.bar()
    found = why(desk.config, desk.entries, "3-cut")
    assert (found.order, found.cut_from) == ("test-3-cut-c1", "test-3")
    assert [each.check for each in found.refused] == ["halted"]
    assert why(desk.config, desk.entries, "3").plan[-1].startswith("closing part test-3-cut-c1 sell 1 ")
