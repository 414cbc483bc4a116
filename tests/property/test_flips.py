"""With new risk blocked no flip makes the account's position larger, and what was held is closed (FAULTS, rule 3)."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.engine_rig import OPEN_LIMITS, PERP, Desk, config
from tradewind.engine.config import Planning
from tradewind.engine.core import process
from tradewind.engine.cutting import CUT
from tradewind.engine.digest import state_digest
from tradewind.engine.state import EngineState
from tradewind.model import commands as c
from tradewind.model.corrections import InstrumentDoubted
from tradewind.model.intents import Exits, TargetQuantity
from tradewind.model.orders import OrderKind

BLOCKS = ("halt", "reduce-only", "doubt", "order count")
BARS = 6
# what each bot holds, whether it has a plan, whether exits guard it
bots = st.lists(
    st.tuples(st.integers(-400, 400).filter(bool), st.booleans(), st.booleans()), min_size=1, max_size=4
)  # fmt: skip


class Floor(Desk):
    """A desk at which market orders fill at once, resting ones at the next bar, and every cancel works."""

    def __init__(self, settings: Any, events: list[Any]) -> None:
        super().__init__(settings)
        self.events = events

    def take(self, event: Any) -> Any:
        self.events.append(event)
        return super().take(event)

    def settle(self, *, resting: bool) -> None:
        """Answer what is asked of the venue, until nothing is."""
        while True:
            live = self.state.live_orders()
            asked = [each for each in live if each.request.order_id in self.cancels]
            due = [each for each in live if each.request.kind is OrderKind.MARKET and each.request.after is None]
            due += [each for each in live if resting and each.request.post_only]
            if asked:
                self.cancel(asked[0].request.order_id)
            elif due:
                self.fill(due[0].request.order_id)
            else:
                return


def turned(held: list[tuple[int, bool, bool]], block: str | None, netting: bool) -> tuple[Floor, list[int]]:
    """Run bots that hold something, and then want as much of the other side; return the account's positions since."""
    exits = Exits(stop_loss=0.3, take_profit=0.3)
    scripts = [
        [TargetQuantity(PERP.quantity_decimal(count), exits if guarded else None)]
        + [TargetQuantity(PERP.quantity_decimal(-count), exits if guarded else None)] * BARS
        for count, _, guarded in held
    ]
    limits = msgspec.structs.replace(OPEN_LIMITS, orders_per_hour_max=1_000)
    made = config(*scripts, instruments=(PERP,), netting=netting, limits=limits)
    plans = [
        msgspec.structs.replace(bot, plan=Planning() if planned else UNSET)
        for bot, (_, planned, _) in zip(made.bots, held, strict=True)
    ]
    desk = Floor(msgspec.structs.replace(made, bots=tuple(plans)), [])
    desk.bar(instrument=PERP.id)
    desk.settle(resting=True)
    seen = [desk.state.markets[PERP.id].held]
    if block == "halt":
        desk.take(c.Halt(desk.ts_ns, "look"))
    elif block == "reduce-only":
        desk.take(c.EnterReduceOnly(desk.ts_ns, "operator", "careful"))
    elif block == "doubt":
        desk.take(InstrumentDoubted(desk.ts_ns, PERP.id, "drift", "the venue has more"))
    elif block == "order count":
        desk.state.order_times.extend([desk.ts_ns] * 1_000)
    for _ in range(BARS):
        desk.bar(instrument=PERP.id)
        seen.append(desk.state.markets[PERP.id].held)
        desk.settle(resting=True)
        seen.append(desk.state.markets[PERP.id].held)
    return desk, seen


@given(bots, st.sampled_from(BLOCKS), st.booleans())
def test_a_flip_under_a_block_only_ever_closes(held: list[tuple[int, bool, bool]], block: str, netting: bool) -> None:
    """Wishes that meet inside do not ask anybody, and change nothing of the account: then bots may keep what they have.

    While only reductions may go, every bot is rid of its position: what exits guard comes too late to meet the others.
    """
    desk, seen = turned(held, block, netting and block in ("halt", "reduce-only"))
    sizes = [abs(each) for each in seen]
    assert sizes == sorted(sizes, reverse=True)
    assert seen[-1] == 0
    if block in ("halt", "reduce-only") and netting and not any(guarded for *_, guarded in held):
        assert not any(desk.position(bot.id, PERP.id) for bot in desk.config.bots)
    if len(held) == 1:
        assert desk.position("a", PERP.id) == 0
        assert len([each for each in desk.sent if CUT in each.order_id and each.after is None]) <= 2
    again = EngineState(desk.config)
    for event in desk.events if block != "order count" else ():
        process(again, event)
    assert block == "order count" or (again.audit, state_digest(again)) == (desk.state.audit, state_digest(desk.state))


@given(bots, st.booleans())
def test_without_a_block_nothing_is_cut_and_every_bot_turns(held: list[tuple[int, bool, bool]], netting: bool) -> None:
    desk, _ = turned(held, None, netting)
    assert not [each for each in desk.sent if CUT in each.order_id]
    assert [desk.position(bot.id, PERP.id) for bot in desk.config.bots] == [-count for count, _, _ in held]
