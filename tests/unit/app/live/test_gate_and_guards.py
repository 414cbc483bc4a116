"""The last gate before the network, and the guards that ask for less risk."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tradewind.app.live.gate import KILL_SWITCH, NO_LEASE, Gate
from tradewind.app.live.guarding import Guarding
from tradewind.app.live.latch import Latch
from tradewind.engine.config import EngineConfig
from tradewind.engine.state import EngineState
from tradewind.model.commands import EnterReduceOnly, LeaveReduceOnly
from tradewind.model.decisions import Share
from tradewind.model.instrument import define_instrument
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.orders.order import Order, OrderRole
from tradewind.risk.guards import Action, GuardLimits

CONFIG = EngineConfig(session="s", instruments=(define_instrument("BTC-USD"),), bots=(), cash=Decimal(1_000))


def order(side: Side, quantity: int, position: int, role: OrderRole = OrderRole.TARGET) -> Order:
    request = OrderRequest("s-1", "BTC-USD", side, OrderKind.MARKET, quantity)
    seat = SimpleNamespace(bot=SimpleNamespace(id="a"), view=SimpleNamespace(position=position))
    return Order(request, (Share("a", 1, quantity),), role, 1, quantity, owners=(seat,))


@pytest.mark.parametrize(
    ("made", "stopped", "passes"),
    [
        (order(Side.BUY, 5, 0), False, True),
        (order(Side.BUY, 5, 0), True, False),
        (order(Side.SELL, 5, 5), True, True),
        (order(Side.SELL, 6, 5), True, False),
        (order(Side.SELL, 5, -5), True, False),
        (order(Side.SELL, 5, 0, OrderRole.PROTECTION), True, True),
    ],
)
def test_while_stopped_only_what_reduces_or_protects_passes(
    tmp_path: Path, made: Order, stopped: bool, passes: bool
) -> None:
    state = EngineState(CONFIG)
    state.orders["s-1"] = made
    latch = Latch(tmp_path)
    gate = Gate(state, latch, lambda: True)
    if stopped:
        latch.trip("test", 1, "test")
    assert gate.refusal(made.request, "s-1") == ("" if passes else KILL_SWITCH)


def test_an_order_nobody_knows_does_not_pass_while_stopping_and_nothing_passes_without_a_lease(tmp_path: Path) -> None:
    state = EngineState(CONFIG)
    gate = Gate(state, Latch(tmp_path), lambda: True)
    request = OrderRequest("x", "BTC-USD", Side.BUY, OrderKind.MARKET, 1)
    assert gate.refusal(request, "x") == ""
    gate.closed = "STOPPING"
    assert gate.refusal(request, "x") == "STOPPING"
    assert Gate(state, Latch(tmp_path), lambda: False).refusal(request, "x") == NO_LEASE
    assert gate.refused == 1


class FakeEngine:
    """An engine as the guards see it."""

    def __init__(self, equity: Decimal) -> None:
        self.now = 10 * 86_400_000_000_000
        self.taken: list[Any] = []
        self.worth = equity
        self.state = SimpleNamespace(equity=lambda: self.worth, peak=equity, markets={}, reduce_only={})

    def now_ns(self) -> int:
        return self.now

    def take(self, event: Any) -> None:
        self.taken.append(event)
        if isinstance(event, EnterReduceOnly):
            self.state.reduce_only[event.rule] = event.reason
        elif isinstance(event, LeaveReduceOnly):
            self.state.reduce_only.pop(event.rule, None)


def guarding(tmp_path: Path, engine: FakeEngine, halted: list[str], **limits: Any) -> Guarding:
    return Guarding(cast(Any, engine), tmp_path, GuardLimits(**limits), daily_loss_max=Decimal(10), halt=halted.append)


def test_a_loss_since_midnight_stops_new_risk_and_survives_a_restart(tmp_path: Path) -> None:
    engine, halted = FakeEngine(Decimal(1_000)), list[str]()
    guarding(tmp_path, engine, halted).look()
    assert engine.taken == []
    engine.worth = Decimal(991)
    guarding(tmp_path, engine, halted).look()
    assert engine.taken == []
    engine.worth = Decimal(990)
    again = guarding(tmp_path, engine, halted)
    again.look()
    assert list(engine.state.reduce_only) == ["daily_loss"]
    engine.now += 86_400_000_000_000
    again.look()
    assert engine.state.reduce_only == {}
    assert halted == []


def test_a_halt_is_latched_and_errors_make_it_reduce_only(tmp_path: Path) -> None:
    engine, halted = FakeEngine(Decimal(1_000)), list[str]()
    guards = guarding(tmp_path, engine, halted, errors_per_minute_max=2)
    for _ in range(3):
        guards.note_error()
    guards.look()
    assert list(engine.state.reduce_only) == ["guards"]
    engine.now += 400_000_000_000
    guards.look()
    assert engine.state.reduce_only == {}
    engine.worth = Decimal(800)
    guards.look()
    assert len(halted) == 1
    assert "daily_loss" in halted[0]
    assert max(verdict.action for verdict in guards.verdicts) is Action.HALT
