"""Whatever bots with and without plans want of one instrument at one event, the account is on one side of the venue."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.engine_rig import PERP, Desk, config
from tradewind.engine.config import Planning
from tradewind.engine.digest import state_digest
from tradewind.model.intents import TargetQuantity
from tradewind.model.plans import Planned

# position wanted, whether the bot has a plan
wants = st.lists(st.tuples(st.integers(-500, 500), st.booleans()), min_size=2, max_size=6)


def desk_of(wanted: list[tuple[int, bool]], *, turned: bool = False, netting: bool = True) -> Desk:
    scripts: list[Any] = [[TargetQuantity(PERP.quantity_decimal(count))] for count, _ in wanted]
    settings = config(*scripts, instruments=(PERP,), netting=netting)
    bots = tuple(
        msgspec.structs.replace(bot, plan=Planning() if plans else UNSET)
        for bot, (_, plans) in zip(settings.bots, wanted, strict=True)
    )
    desk = Desk(msgspec.structs.replace(settings, bots=bots[::-1] if turned else bots))
    desk.bar(instrument=PERP.id)
    return desk


@given(wants)
def test_children_of_one_event_are_all_on_one_side_and_sums_are_exact(wanted: list[tuple[int, bool]]) -> None:
    desk = desk_of(wanted)
    assert len({each.side for each in desk.sent}) < 2
    assert sum(each.side * int(each.quantity or 0) for each in desk.sent) == sum(count for count, _ in wanted)
    for order in [each.order_id for each in desk.sent]:
        desk.fill(order)
    names = "abcdef"[: len(wanted)]
    assert [desk.position(bot, PERP.id) for bot in names] == [count for count, _ in wanted]
    for planned in desk.records(Planned):
        count, plans = wanted[names.index(planned.bot)]
        assert plans
        assert planned.plan.side * (planned.plan.quantity + planned.plan.crossed) == count
    assert not desk.state.parents


@given(wants)
def test_the_order_in_which_bots_are_registered_changes_nothing(wanted: list[tuple[int, bool]]) -> None:
    there, back = desk_of(wanted), desk_of(wanted, turned=True)
    assert there.sent == back.sent
    assert there.state.audit == back.state.audit
    assert state_digest(there.state) == state_digest(back.state)
