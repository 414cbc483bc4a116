"""Whatever blocked new risk in between, no target is lost: once nothing blocks any more every bot gets to it."""

from random import Random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.engine_rig import MINUTE_NS, OPEN_LIMITS, PERP, config
from tests.property.test_flips import Floor
from tradewind.engine.config import EngineConfig, Planning
from tradewind.engine.core import process
from tradewind.engine.digest import state_digest
from tradewind.engine.state import EngineState
from tradewind.engine.working import look_key
from tradewind.model import commands as c
from tradewind.model.corrections import InstrumentCleared, InstrumentDoubted
from tradewind.model.intents import Exits, TargetQuantity
from tradewind.model.money import money
from tradewind.model.orders import OrderKind
from tradewind.risk.breakers import BreakerRules

BARS, QUIET_BARS = 12, 8
SIZES = (-400, -150, -30, 0, 20, 100, 300, 400)
BREAKERS = BreakerRules(errors_per_hour_max=2, errors_lock_ns=3 * MINUTE_NS)


def world(chance: Random) -> tuple[EngineConfig, list[int]]:
    """Return bots that want something else now and then, some guarded, some by plan; and what each wants at last."""
    scripts, plans, wanted = [], [], []
    for _ in range(chance.randint(1, 4)):
        exits = Exits(stop_loss=0.3, take_profit=0.3) if chance.random() < 0.5 else None
        sizes = [chance.choice(SIZES)]
        for _ in range(BARS - 1):
            sizes.append(chance.choice(SIZES) if chance.random() < 0.4 else sizes[-1])
        sizes += sizes[-1:] * QUIET_BARS
        scripts.append([TargetQuantity(PERP.quantity_decimal(size), exits) for size in sizes])
        plans.append(Planning() if chance.random() < 0.4 else UNSET)
        wanted.append(sizes[-1])
    words: dict[str, Any] = {"netting": chance.random() < 0.5, "limits": OPEN_LIMITS, "breakers": BREAKERS}
    made = config(*scripts, instruments=(PERP,), cash=money("1e8"), **words)
    bots = tuple(msgspec.structs.replace(bot, plan=plan) for bot, plan in zip(made.bots, plans, strict=True))
    return msgspec.structs.replace(made, bots=bots), wanted


class Trouble:
    """A floor on which somebody halts, doubts, pauses, cancels, and the venue rejects or fills in part."""

    def __init__(self, chance: Random, settings: EngineConfig) -> None:
        self.chance = chance
        self.desk = Floor(settings, [])
        self.blocked = False

    def strike(self) -> None:
        """Let something happen, or nothing."""
        desk, chance = self.desk, self.chance
        ts_ns, bot = desk.ts_ns, chance.choice(desk.config.bots).id
        what = chance.choice(("halt", "reduce-only", "doubt", "clear", "pause", "pause", "go on", "cancel", "reject"))
        if what in ("halt", "reduce-only", "doubt"):
            desk.settle(resting=True)  # what was on its way before may fill after
            halt, careful = c.Halt(ts_ns, "look"), c.EnterReduceOnly(ts_ns, "operator", "careful")
            doubt = InstrumentDoubted(ts_ns, PERP.id, "drift", "the venue has more")
            desk.take({"halt": halt, "reduce-only": careful, "doubt": doubt}[what])
            self.blocked = True
        elif what == "clear":
            self.clear()
        elif what == "pause":
            desk.take(c.PauseBot(ts_ns, bot, "look"))
            for seat in desk.state.bots[bot].seats:
                desk.take(c.TimerFired(ts_ns, look_key(seat)))
        elif what == "go on":
            desk.take(c.ResumeBot(ts_ns, bot))
        elif what == "cancel":
            desk.take(c.CancelAll(ts_ns, bot, exits_stay=chance.random() < 0.5))
        elif fresh := [order for order in desk.state.live_orders() if not order.filled]:
            desk.reject(chance.choice(fresh).request.order_id)

    def clear(self) -> None:
        """End every block but a breaker's, which ends by itself."""
        self.desk.take(c.Resume(self.desk.ts_ns, "fine"))
        self.desk.take(InstrumentCleared(self.desk.ts_ns, PERP.id, "drift", "the same again"))
        self.blocked = False

    def go_round(self) -> None:
        """Close a bar, and let all, part or nothing of what was sent fill."""
        desk, chance = self.desk, self.chance
        held = desk.state.markets[PERP.id].held
        desk.bar(instrument=PERP.id)
        live = [order for order in desk.state.live_orders() if order.remaining > 1 and order.request.after is None]
        due = [order for order in live if order.request.post_only or order.request.kind is OrderKind.MARKET]
        if due and chance.random() < 0.3:
            order = chance.choice(due)
            desk.fill(order.request.order_id, chance.randint(1, order.remaining - 1))
        elif chance.random() < 0.8:
            desk.settle(resting=True)
        now = desk.state.markets[PERP.id].held
        assert not self.blocked or (abs(now) <= abs(held) and now * held >= 0)


@given(st.integers(0, 10**9))
def test_after_all_blocks_every_bot_gets_to_its_target(seed: int) -> None:
    chance = Random(seed)
    settings, wanted = world(chance)
    trouble = Trouble(chance, settings)
    desk = trouble.desk
    for _ in range(BARS):
        if chance.random() < 0.6:
            trouble.strike()
        trouble.go_round()
    trouble.clear()
    for bot in settings.bots:
        desk.take(c.ResumeBot(desk.ts_ns, bot.id))
    for _ in range(QUIET_BARS):
        desk.settle(resting=True)
        desk.bar(instrument=PERP.id)
    desk.settle(resting=True)
    assert [bot.seats[0].view.position for bot in desk.state.bots.values()] == wanted
    again = EngineState(settings)
    for event in desk.events:
        process(again, event)
    assert (again.audit, state_digest(again)) == (desk.state.audit, state_digest(desk.state))
