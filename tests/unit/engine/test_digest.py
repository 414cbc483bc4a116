"""The state's digest sees everything that a later event can be answered differently by."""

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from tests.engine_rig import MINUTE_NS, Desk, config
from tradewind.engine.digest import state_digest, state_values
from tradewind.engine.state import EngineState, Seat
from tradewind.model.commands import Flatten, TimerFired
from tradewind.model.intents import Exits, TargetQuantity, TargetWeight
from tradewind.risk.protections import Lock

WISH = TargetQuantity(Decimal(1), Exits(stop_loss=0.1, time_ns=MINUTE_NS))


def held() -> Desk:
    desk = Desk(config([WISH]))
    desk.bar()
    desk.fill("test-1")
    return desk


def seat_of(state: EngineState) -> Seat:
    return state.bots["a"].seats[0]


CHANGES: dict[str, Callable[[EngineState], None]] = {
    "target": lambda state: setattr(seat_of(state), "target", None),
    "deferred": lambda state: setattr(seat_of(state), "deferred", TargetWeight(0.5)),
    "cover": lambda state: setattr(seat_of(state), "cover", None),
    "entry": lambda state: setattr(seat_of(state), "entry", None),
    "entries": lambda state: seat_of(state).entries.update(x=Exits(stop_loss=0.2)),
    "lock": lambda state: setattr(seat_of(state), "lock", Lock(5, "cooldown")),
    "rejections": lambda state: setattr(seat_of(state), "rejections", 2),
    "renewals": lambda state: setattr(seat_of(state), "renewals", 2),
    "refusal": lambda state: setattr(seat_of(state), "refusal", ("x",)),
    "bars seen": lambda state: setattr(seat_of(state), "bars_seen", 9),
    "peak": lambda state: setattr(state, "peak", Decimal(7)),
    "volume": lambda state: setattr(state.volume, "total", Decimal(7)),
    "order number": lambda state: setattr(state, "order_number", 7),
    "order times": lambda state: state.order_times.append(7),
    "timers": lambda state: state.timers.clear(),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_difference_is_seen(what: str) -> None:
    state = held().state
    before = state_digest(state)
    assert state_digest(held().state) == before
    CHANGES[what](state)
    assert state_digest(state) != before


def test_a_closing_and_a_question_that_is_out_are_seen() -> None:
    desk = held()
    desk.take(Flatten(desk.ts_ns))
    first = state_digest(desk.state)
    closing = seat_of(desk.state).closing
    assert closing is not None
    closing.attempts += 1
    assert state_digest(desk.state) != first
    asked = Desk(config([WISH], asked=frozenset({"risk"})))
    asked.bar()
    assert state_values(asked.state)["pending"] != {}
    before = state_digest(asked.state)
    asked.state.pending.clear()
    assert state_digest(asked.state) != before


def test_a_timer_is_known_until_it_has_fired() -> None:
    desk = held()
    (timer,) = desk.timers
    assert desk.state.timers == {timer.key: timer.due_ns}
    desk.take(TimerFired(timer.due_ns, timer.key))
    assert desk.state.timers == {}


def test_wishes_in_numbers_of_numpy_have_a_digest() -> None:
    desk = held()
    seat_of(desk.state).deferred = TargetWeight(np.float64(0.5))
    state_digest(desk.state)
