"""The last gate before the network, and the guards that ask for less risk."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from tradewind.app.live.gate import KILL_SWITCH, NO_LEASE, Gate
from tradewind.app.live.guarding import Guarding
from tradewind.app.live.latch import Latch
from tradewind.engine.config import EngineConfig, GuardPlan
from tradewind.engine.core import process
from tradewind.engine.state import EngineState
from tradewind.model.answers import CashTransferred
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


DAY_NS = 86_400_000_000_000


class Account:
    """An engine whose account is worth what is said, as the guards of a session see it."""

    def __init__(self, equity: Decimal, **limits: Any) -> None:
        plan = GuardPlan(limits=GuardLimits(**limits), woken=True)
        self.state = EngineState(msgspec.structs.replace(CONFIG, cash=equity, guards=plan))
        self.now = 10 * DAY_NS
        self.worth = equity

    def now_ns(self) -> int:
        return self.now

    def take(self, event: Any) -> None:
        self.state.base = self.worth
        process(self.state, event)

    def look(self, guards: Guarding) -> None:
        self.state.base = self.worth
        guards.look()


def guarding(tmp_path: Path, engine: Account, halted: list[str]) -> Guarding:
    return Guarding(cast(Any, engine), tmp_path, daily_loss_max=Decimal(10), halt=halted.append)


def test_a_loss_since_midnight_stops_new_risk_and_survives_a_restart(tmp_path: Path) -> None:
    engine, halted = Account(Decimal(1_000)), list[str]()
    engine.look(guarding(tmp_path, engine, halted))
    assert engine.state.reduce_only == {}
    engine.worth = Decimal(991)
    engine.look(guarding(tmp_path, engine, halted))
    assert engine.state.reduce_only == {}
    engine.worth = Decimal(990)
    again = guarding(tmp_path, engine, halted)
    engine.look(again)
    assert list(engine.state.reduce_only) == ["daily_loss"]
    engine.now += DAY_NS
    engine.look(again)
    assert engine.state.reduce_only == {}
    assert halted == []


def test_a_halt_is_latched_and_errors_make_it_reduce_only(tmp_path: Path) -> None:
    engine, halted = Account(Decimal(1_000), errors_per_minute_max=2), list[str]()
    guards = guarding(tmp_path, engine, halted)
    for _ in range(3):
        guards.note_error()
    engine.look(guards)
    assert engine.state.reduce_only == {"guards": "error_rate 3 over 2"}
    engine.now += 400_000_000_000
    engine.look(guards)
    assert engine.state.reduce_only == {}
    assert halted == []
    engine.worth = Decimal(800)
    engine.look(guards)
    assert halted == [engine.state.halted]
    assert halted[0].startswith("guard: daily_loss 200 over 50 (a share of 0.05); drawdown")
    assert max(verdict.action for verdict in guards.verdicts) is Action.HALT


def test_the_worth_at_midnight_outlives_the_engine(tmp_path: Path) -> None:
    first, halted = Account(Decimal(1_000)), list[str]()
    first.look(guarding(tmp_path, first, halted))
    another = Account(Decimal(940))
    another.look(guarding(tmp_path, another, halted))
    assert halted == ["guard: daily_loss 60 over 50 (a share of 0.05)"]


def test_money_that_leaves_is_no_loss_of_the_day(tmp_path: Path) -> None:
    engine, halted = Account(Decimal(1_000)), list[str]()
    guards = guarding(tmp_path, engine, halted)
    engine.look(guards)
    engine.take(CashTransferred("USD", engine.now, Decimal(-200), "withdrawn"))
    engine.worth = Decimal(800)
    engine.look(guards)
    assert (halted, engine.state.reduce_only) == ([], {})
    again = Account(Decimal(800))
    again.look(guarding(tmp_path, again, halted))
    assert (halted, again.state.reduce_only) == ([], {})


def test_a_run_of_a_version_without_guards_only_reduces(tmp_path: Path) -> None:
    engine = Account(Decimal(1_000))
    engine.state = EngineState(CONFIG)
    engine.look(guarding(tmp_path, engine, []))
    assert "no guards" in engine.state.reduce_only["guards"]
