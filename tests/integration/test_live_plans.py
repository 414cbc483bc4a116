"""Plans in a live session against a venue in this process: children are placed and filled, and outlive a death."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.live_stage import FLIP, Stage, play, until
from tests.live_venue import CoreVenue, Faults
from tradewind.app.live.bots import pause
from tradewind.app.replaying import replay_run
from tradewind.engine.parents import parent_of
from tradewind.engine.state import EngineState
from tradewind.model.orders import Liquidity
from tradewind.orders.lifecycle import OrderStatus
from tradewind.orders.order import Order, OrderRole

EXECUTION = {"policy": "maker_first", "normal": "3s", "slices": 2}
RESTING = (OrderStatus.OPEN, OrderStatus.PARTIAL)
PLANNED: dict[str, Any] = {
    "id": "plan",
    "strategy": FLIP,
    "parameters": {"seconds": 1, "quantity": "2.5", "hold": True},
    "instruments": ["ETH-USD"],
}


def children(state: EngineState, parent: str = "") -> list[Order]:
    """Return the children of a parent, or of all."""
    found = [order for order in state.orders.values() if order.role is OrderRole.CHILD]
    return [order for order in found if not parent or parent_of(order.request.order_id) == parent]


def equal_again(folder: Path) -> None:
    (run,) = [each for each in (folder / "runs").iterdir() if not each.name.startswith(".")]
    outcome = replay_run(run)
    assert outcome.equal, outcome.message


def test_a_session_works_its_changes_as_plans_and_its_books_are_the_venues(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        state = built.session.engine.state
        seat = state.bots["plan"].seats[0]
        await until(lambda: seat.view.position)
        made = [order for order in children(state) if any(fill.liquidity is Liquidity.MAKER for fill in order.fills)]
        assert made
        assert all(order.request.post_only for order in made)
        first = parent_of(made[0].request.order_id)
        await until(lambda: seat.parent is None)
        assert sum(order.filled for order in children(state, first)) == 250_000_000
        assert (await stage.stop()).is_clean
        assert not state.parents
        stage.settled()

    play(tmp_path, scene, [PLANNED], sections={"execution": EXECUTION})
    equal_again(tmp_path)


def test_pausing_a_bot_cancels_at_once_what_its_plan_would_open(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        venue.volatility = 0.0  # where prices walk, a child may fill before anybody has looked, and the plan with it
        built = await stage.start()
        state = built.session.engine.state
        seat = state.bots["plan"].seats[0]
        await until(lambda: any(order.status in RESTING for order in children(state)))
        pause(built.session, "plan", "look")
        assert {order.status for order in children(state) if order.is_live} == {OrderStatus.CANCELING}
        await until(lambda: seat.parent is None)
        assert (await stage.stop()).is_clean
        stage.settled()

    play(tmp_path, scene, [PLANNED], sections={"execution": {**EXECUTION, "normal": "60s"}})
    equal_again(tmp_path)


def test_a_session_that_died_in_the_middle_of_a_parent_goes_on_with_it(tmp_path: Path) -> None:
    """What had filled before counts, nothing is sent twice, and the whole is what was planned."""

    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        state = built.session.engine.state
        await until(lambda: state.parents and any(order.filled for order in children(state)))
        parent = state.parents[0].parent
        assert parent is not None
        assert built.session.trading is not None
        await built.session.trading.outbox.committed()
        await stage.die()
        again = await stage.start()
        assert again.recovered is not None
        after = again.session.engine.state
        seat = after.bots["plan"].seats[0]
        await until(lambda: seat.parent is None)
        assert sum(order.filled for order in children(after, parent.order_id)) == parent.plan.quantity
        assert (await stage.stop()).is_clean
        stage.settled()

    play(tmp_path, scene, [PLANNED], sections={"execution": EXECUTION})
    equal_again(tmp_path)


@pytest.mark.slow
def test_under_faults_and_deaths_children_never_exceed_their_parents(tmp_path: Path) -> None:
    """Answers get lost, events are dropped, the session dies: what each parent filled stays within its plan."""
    fast = {"seconds": 1, "quantity": "2.5"}
    bots = [
        {**PLANNED, "parameters": fast},
        {**PLANNED, "id": "guarded", "parameters": {**fast, "stop_loss": "0.004", "take_profit": "0.004"}},
    ]

    async def scene(venue: CoreVenue, stage: Stage) -> None:
        for number in range(4):
            built = await stage.start(ready=number != 2)
            state = built.session.engine.state
            for _ in range(4):
                bad = Faults(lose_answer=0.3, lose_request=0.2, drop_event=0.3, repeat_event=0.3, delay_s=0.3)
                venue.faults = bad if number % 2 else Faults()
                await asyncio.sleep(1)
            venue.faults = Faults()
            await stage.die()
        built = await stage.start()
        state = built.session.engine.state
        await asyncio.sleep(15)
        assert (await stage.stop()).is_clean
        stage.settled()
        parents = {parent_of(order.request.order_id) for order in children(state)}
        assert len(parents) > 2
        for parent in parents:
            assert sum(order.filled for order in children(state, parent)) <= 250_000_000

    play(tmp_path, scene, bots, sections={"execution": EXECUTION})
    equal_again(tmp_path)
