"""A live session against a venue in this process: start, trade, faults, halt, death, recovery, stop."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.live_stage import FLIP, Stage, play, until
from tests.live_venue import CoreVenue, Faults
from tradewind.app.live.building import build, build_paper
from tradewind.app.live.status import status
from tradewind.app.replaying import replay_run
from tradewind.exchange.core.orders import LIVE
from tradewind.exchange.core.products import ProductMode
from tradewind.model.errors import AuthError, ConfigError, StateError
from tradewind.model.money import ZERO
from tradewind.model.orders import Side
from tradewind.venues.ports import KeyRights


def test_a_session_trades_stops_in_order_and_its_books_are_the_venues(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        await until(lambda: status(built.session)["requests"]["attempted"] > 5)
        told = status(built.session)
        assert told["phase"] == "trading"
        assert msgspec.json.Encoder(decimal_format="string").encode(told)
        ended = await stage.stop()
        assert ended.is_clean
        assert built.record.status == "finished"
        stage.settled()

    play(tmp_path, scene)
    (run,) = [each for each in (tmp_path / "runs").iterdir() if not each.name.startswith(".")]
    outcome = replay_run(run)
    assert outcome.equal, outcome.message
    assert outcome.complete


@pytest.mark.slow
def test_faults_double_nothing_and_lose_nothing(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        bad = Faults(
            lose_answer=0.3,
            lose_request=0.2,
            fail_question=0.3,
            drop_event=0.3,
            repeat_event=0.3,
            delay_s=0.5,
            hide_s=2,
        )
        for _ in range(3):
            venue.faults = bad
            await asyncio.sleep(3)
            venue.cut()
            venue.faults = msgspec.structs.replace(bad, mute=True)
            await asyncio.sleep(1)
            venue.faults = Faults(down=True)
            await asyncio.sleep(1)
            venue.faults = Faults()
            venue.mend()
            await asyncio.sleep(3)
        await asyncio.sleep(25)
        assert built.session.trading is not None
        assert not [each.id for each in built.session.trading.gateway.truth.live() if each.doubt]
        assert built.session.trading.gateway.counts.in_doubt > 0
        ended = await stage.stop()
        assert ended.is_clean
        stage.settled()

    play(tmp_path, scene)


@pytest.mark.slow
def test_a_session_that_died_goes_on_and_nothing_is_lost(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        for number in range(5):
            await stage.start(ready=number != 2)
            await asyncio.sleep(0.4 + 0.7 * number)
            await stage.die()
            await asyncio.sleep(0.3)
        built = await stage.start()
        assert built.recovered is not None
        await asyncio.sleep(22)
        assert (await stage.stop()).is_clean
        stage.settled()

    play(tmp_path, scene)
    (run,) = [each for each in (tmp_path / "runs").iterdir() if not each.name.startswith(".")]
    outcome = replay_run(run)
    assert outcome.equal, outcome.message


def test_a_target_that_was_reached_before_a_death_is_booked_once(tmp_path: Path) -> None:
    """Its order at the venue goes by the name of the stop beside it."""
    parameters = {"seconds": 1, "quantity": "0.5", "stop_loss": "0.05", "take_profit": "0.0005"}
    bot = {"id": "stop", "strategy": FLIP, "parameters": parameters, "instruments": ["ETH-USD"]}

    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        orders = built.session.engine.state.orders
        await until(lambda: any(order.filled for name, order in orders.items() if name.endswith("-tp")))
        assert built.session.trading is not None
        await built.session.trading.outbox.committed()
        await stage.die()
        again = await stage.start()
        assert any(order.filled for name, order in again.session.engine.state.orders.items() if name.endswith("-tp"))
        assert (await stage.stop()).is_clean
        stage.settled()

    play(tmp_path, scene, [bot])


def test_one_session_per_account_and_its_positions_are_handed_over(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        with pytest.raises(StateError, match="trades this account already"):
            await build(stage.resolved, stage.home, venue)
        flip = built.session.engine.state.bots["stop"].seats[0]
        await until(lambda: flip.view.position)
        held = flip.view.position
        assert held
        built.session.stop.set()
        await stage.stop()
        again = await stage.start(ready=False)
        assert again.recovered is None
        seat = again.session.engine.state.bots["stop"].seats[0]
        assert seat.view.position in {0, held}
        assert seat.view.position == flip.view.position
        await stage.die()

    play(tmp_path, scene)


def test_what_is_found_belongs_to_external_and_no_bot_touches_it(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        venue.exchange.deposit(venue.ours, "BTC", Decimal("2.5"))
        built = await stage.start()
        books = built.session.engine.state.ledger.lines["BTC-USD"].books
        await until(lambda: books["external"].position.quantity)
        venue.exchange.deposit(venue.ours, "USD", Decimal(500))
        await until(lambda: built.session.engine.model.transfers)
        assert (await stage.stop()).is_clean
        assert books["external"].position.quantity == 250_000_000
        assert [transfer.amount for transfer in built.session.engine.model.transfers] == [Decimal(500)]
        stage.settled()

    play(tmp_path, scene, accounts_every="1s")


@pytest.mark.slow
def test_after_two_hundred_trips_nothing_was_opened_while_halted(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        session = built.session
        venue.faults = Faults(lose_answer=0.1, lose_request=0.1, delay_s=0.02)
        assert session.trading is not None
        gate = session.trading.gateway.gate
        for number in range(200):
            await asyncio.sleep(0.05)
            session.halt(f"trip {number}", "test")
            await asyncio.sleep(0.03)  # what had passed the gate arrives
            before = set(venue.placed)
            await asyncio.sleep(0.05)
            opened = [
                name
                for name in set(venue.placed) - before
                if (order := session.engine.state.orders.get(name)) is not None and order.request.side is Side.BUY
            ]
            assert not opened, number
            session.resume("go on")
        assert gate.refused >= 0
        venue.faults = Faults()
        session.halt("over", "test")
        await asyncio.sleep(1)
        await stage.die()
        again = await stage.start(ready=False)
        await asyncio.sleep(2)
        assert again.session.engine.state.halted is not None
        await stage.stop()

    play(tmp_path, scene)


def test_orders_that_cannot_be_confirmed_are_left_and_seen_to_by_the_next_start(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        built.session.plan = msgspec.structs.replace(built.session.plan, stop_within_s=1.0, timeout_s=1.0)
        await until(lambda: any(order.status in LIVE for order in venue.exchange.orders(venue.ours)))
        venue.faults = Faults(down=True)
        ended = await stage.stop()
        assert not ended.is_clean
        assert built.record.status == "running"
        assert built.session.standing.leftovers() is not None
        venue.faults = Faults()
        again = await stage.start()
        assert again.recovered is not None
        await asyncio.sleep(1)
        assert (await stage.stop()).is_clean
        stage.settled()

    play(tmp_path, scene)


def test_a_session_from_another_home_folder_refuses_while_this_one_has_orders(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        for _ in range(100):
            await asyncio.sleep(0.05)
            if built.session.engine.state.live_orders() and await venue.open_orders():
                break
        elsewhere = Stage(tmp_path / "elsewhere", venue)
        with pytest.raises(StateError, match="another session has orders on this account"):
            await elsewhere.start()
        assert not list((tmp_path / "elsewhere").glob("runs/*/journal.twj"))
        assert (await stage.stop()).is_clean
        await elsewhere.start()  # its lease was let go, and nothing is left there
        assert (await elsewhere.stop()).is_clean

    play(tmp_path, scene)


def test_a_stop_during_the_start_ends_in_order(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        venue.faults = Faults(delay_s=0.2)
        await stage.start(ready=False)
        await asyncio.sleep(0.1)
        assert (await stage.stop()).is_clean
        assert not venue.placed

    play(tmp_path, scene)


def test_an_instrument_in_cancel_only_takes_no_new_risk(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        venue.set_mode("ETH-USD", ProductMode.CANCEL_ONLY)
        built = await stage.start()
        other: Any = built.session.engine.state.bots["flip"].seats[0].view.memory
        await until(lambda: other.turns > 1)  # meanwhile another instrument is traded
        assert "product" in built.session.engine.state.markets["ETH-USD"].doubts
        assert not [
            order for order in built.session.engine.state.orders.values() if order.request.instrument == "ETH-USD"
        ]
        await stage.stop()

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("rights", "skew_s", "instruments", "error", "words"),
    [
        (KeyRights(view=True, trade=True, transfer=True), 0, ["BTC-USD"], AuthError, "may transfer money"),
        (KeyRights(view=True, trade=False, transfer=False), 0, ["BTC-USD"], AuthError, "may not trade"),
        (None, 60, ["BTC-USD"], ConfigError, "clock is \\+60"),
        (None, 0, ["NOPE-USD"], ConfigError, "has no NOPE-USD"),
        (None, 0, [], ConfigError, "which instruments"),
    ],
)
def test_what_is_wrong_is_told_before_anything_starts(
    tmp_path: Path, rights: KeyRights | None, skew_s: int, instruments: list[str], error: type[Exception], words: str
) -> None:
    async def run() -> None:
        venue = CoreVenue()
        venue.move()
        venue.rights = rights or venue.rights
        venue.skew_ns = skew_s * 1_000_000_000
        stage = Stage(tmp_path, venue)
        data = msgspec.structs.replace(stage.resolved.config.data, instruments=tuple(instruments))
        bots = tuple(msgspec.structs.replace(bot, instruments=()) for bot in stage.resolved.config.bots)
        config = msgspec.structs.replace(stage.resolved.config, data=data, bots=bots)
        stage.resolved = msgspec.structs.replace(stage.resolved, config=config)
        with pytest.raises(error, match=words):
            await stage.start()
        with pytest.raises(error):  # and the lease was let go of
            await stage.start()

    asyncio.run(run())


def test_paper_runs_on_live_data_with_fills_of_the_simulation(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await build_paper(stage.resolved, stage.home, venue)
        task = asyncio.create_task(built.session.run())
        await asyncio.wait_for(built.session.ready.wait(), 20)
        state = built.session.engine.state
        await until(lambda: any(order.fill_ids for order in state.orders.values()))
        built.session.stop.set()
        ended = await task
        built.close(ended)
        assert not venue.placed
        assert venue.exchange.balance(venue.ours, "BTC").total == ZERO

    play(tmp_path, scene)
