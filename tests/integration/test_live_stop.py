"""What an orderly stop leaves at the venue, by policy, and how the next start takes it over."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live_rig import BotProcess, ExchangeProcess
from tests.e2e.live_rig import until as when
from tests.live_stage import FLIP, QUOTE, Stage, play, until
from tests.live_venue import CoreVenue
from tradewind.app.live.status import orders
from tradewind.app.replaying import replay_run
from tradewind.exchange.core.orders import LIVE
from tradewind.exchange.core.views import OrderView
from tradewind.model.orders import Side


def holder(**exits: object) -> dict[str, Any]:
    """A bot that buys once and holds on."""
    parameters = {"seconds": 1, "hold": True, "quantity": "0.5", **exits}
    return {"id": "hold", "strategy": FLIP, "parameters": parameters, "instruments": ["ETH-USD"]}


STOPPED = holder(stop_loss=0.2, take_profit=0.2)
QUOTER = {
    "id": "quote",
    "strategy": QUOTE,
    "parameters": {"seconds": 1, "hold": True, "quantity": "0.02", "below": 0.1},
    "instruments": ["BTC-USD"],
}


def resting(venue: CoreVenue) -> list[OrderView]:
    """What the exchange itself has of our live orders."""
    return list(venue.exchange.orders(venue.ours, statuses=LIVE))


async def holding(venue: CoreVenue, stage: Stage, orders_there: int) -> None:
    """Start, and wait until the position is there and so many orders rest."""
    await stage.start()
    await until(lambda: venue.exchange.balance(venue.ours, "ETH").total == Decimal("0.5"))
    await until(lambda: len(resting(venue)) == orders_there)
    await asyncio.sleep(0.3)


@pytest.mark.parametrize("amount", [Decimal(500), Decimal("-0.01")])
def test_cash_that_moved_right_before_a_stop_is_booked_by_it(tmp_path: Path, amount: Decimal) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        await holding(venue, stage, 1)
        venue.exchange.deposit(venue.ours, "USD", amount)
        assert (await stage.stop()).is_clean
        assert stage.built is not None
        purse = stage.built.session.engine.state.ledger.purses["USD"]
        assert purse.transfers == amount
        assert purse.cash == venue.exchange.balance(venue.ours, "USD").total

    play(tmp_path, scene, bots=[STOPPED], on_stop="cancel", accounts_every="60s")


def test_a_stop_cancels_what_opens_and_the_exits_stay_for_the_next_start(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        await holding(venue, stage, 2)
        ended = await stage.stop()
        assert ended.is_clean
        (exit_order,) = resting(venue)
        assert ended.kept == (exit_order.client_order_id,)
        assert (exit_order.side, exit_order.base_size) == (Side.SELL, Decimal("0.5"))
        sent = dict(venue.placed)
        built = await stage.start()
        assert built.recovered is not None
        assert [bot.paused for bot in built.session.engine.state.bots.values()] == [None, None]
        (row,) = [each for each in orders(built.session) if each["kind"] == "stop_market"]
        assert row["venue_id"] == exit_order.order_id
        await asyncio.sleep(1)
        assert built.session.trading is not None
        assert built.session.trading.coverage.look({}, built.session.engine.now_ns()) == []
        assert [each.order_id for each in resting(venue)].count(exit_order.order_id) == 1
        assert {name: venue.placed[name] for name in sent} == sent  # nothing was sent again
        await stage.stop()
        stage.settled()

    play(tmp_path, scene, [STOPPED, QUOTER], on_stop="cancel")


def test_exits_that_fire_between_two_sessions_are_booked_by_the_next(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        await holding(venue, stage, 1)
        await stage.stop()
        venue.prices["ETH-USD"] = Decimal(2_300)
        await until(lambda: not venue.exchange.balance(venue.ours, "ETH").total)
        built = await stage.start()
        await until(lambda: not built.session.engine.state.markets["ETH-USD"].held)
        await stage.stop()
        stage.settled()

    play(tmp_path, scene, [STOPPED], on_stop="cancel")


@pytest.mark.parametrize(("policy", "left"), [("keep", 2), ("cancel-all", 0)])
def test_what_stays_of_entries_and_exits_is_policy(tmp_path: Path, policy: str, left: int) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        await holding(venue, stage, 2)
        ended = await stage.stop()
        assert ended.is_clean
        assert len(resting(venue)) == len(ended.kept) == left
        assert stage.built is not None
        assert (stage.built.record.status == "finished") == (not left)
        run = tmp_path / "runs" / stage.built.record.id
        told = replay_run(run)
        assert (told.equal, told.complete, told.goes_on) == (True, not left, bool(left)), told.message
        assert told.message.startswith("equal")
        if left:
            assert "stopped in order, but 3 orders stay at the venue" in told.message  # a bracket is two of them
            await stage.start()
            await stage.die()
            told = replay_run(run)
            assert not told.goes_on
            assert "the session was cut off" in told.message

    play(tmp_path, scene, [STOPPED, QUOTER], on_stop=policy)


def test_flatten_leaves_neither_orders_nor_positions(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        await holding(venue, stage, 2)
        ended = await stage.stop()
        assert ended.is_clean
        assert resting(venue) == []
        assert venue.exchange.balance(venue.ours, "ETH").total == 0
        stage.settled()

    play(tmp_path, scene, [STOPPED, QUOTER], on_stop="flatten")


@pytest.mark.parametrize("policy", ["cancel", "keep"])
def test_an_exit_that_only_this_process_watches_is_told_and_written_down(tmp_path: Path, policy: str) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        await holding(venue, stage, 0)
        ended = await stage.stop()
        assert not ended.is_clean
        (told,) = ended.unprotected
        assert told == "hold holds 0.5 ETH-USD, of which 0.5 is not protected at the venue"
        assert stage.built is not None
        left = stage.built.session.standing.leftovers()
        assert left is not None
        assert left.unprotected == ended.unprotected
        built = await stage.start()  # and the next start watches it again
        trading = built.session.trading
        assert trading is not None
        (cover,) = trading.gateway.protecting.covers.all()
        assert cover.legs[0].trail is not None
        await stage.stop()

    play(tmp_path, scene, [holder(trailing=0.2)], on_stop=policy, request_timeout="1s")


def test_other_settings_do_not_change_a_run_that_goes_on_and_that_is_told(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        await holding(venue, stage, 1)
        await stage.stop()
        same = await stage.start()
        assert "configuration" not in {alarm.name for alarm in same.session.alarms}
        await stage.stop()
        other = Stage(tmp_path, venue, [QUOTER], on_stop="cancel-all")
        built = await other.start()
        (told,) = [alarm for alarm in built.session.alarms if alarm.name == "configuration"]
        assert "bots" in told.text
        assert list(built.session.engine.state.bots) == ["hold"]
        assert (await other.stop()).is_clean
        third = await other.start()
        assert list(third.session.engine.state.bots) == ["quote"]
        await other.stop()

    play(tmp_path, scene, [STOPPED], on_stop="cancel")


CONFIG = """
[data]
instruments = ["ETH-USD"]
interval = "1m"
[limits]
instrument_share_max = 1
[[bots]]
id = "hold"
strategy = "tests/live_strategies.py:Flipper"
instruments = ["ETH-USD"]
parameters = {seconds = 1, hold = true, quantity = "0.05", stop_loss = 0.2, take_profit = 0.2}
"""


@pytest.mark.slow
def test_at_an_exchange_the_exit_outlives_the_session_and_the_next_one_has_it(tmp_path: Path) -> None:
    exchange = ExchangeProcess(tmp_path)
    config = tmp_path / "bots.toml"
    config.write_text(CONFIG, encoding="utf-8")

    def live() -> list[dict[str, Any]]:
        return [each for each in exchange.truth()["orders"] if each["status"] == "OPEN"]

    def held() -> Decimal:
        return Decimal(exchange.truth()["balances"]["ETH"]["total"]) - before

    try:
        before = Decimal(exchange.truth()["balances"].get("ETH", {"total": 0})["total"])
        bot = BotProcess(tmp_path, exchange, config)
        bot.ready_within(30)
        when(lambda: held() == Decimal("0.05") and len(live()) == 1, 20, "no protected position")
        code, result = bot.stop()
        assert (code, result["clean"], result["unprotected"]) == (0, True, [])
        (exit_order,) = live()
        assert result["kept"] == [exit_order["client_order_id"]]
        orders_sent = len(exchange.truth()["orders"])
        bot = BotProcess(tmp_path, exchange, config, 1)
        bot.ready_within(30)
        assert [each["order_id"] for each in live()] == [exit_order["order_id"]]
        assert len(exchange.truth()["orders"]) == orders_sent
        assert not bot.status()["in_doubt"]
        code, result = bot.stop()
        assert (code, result["recovered"]) == (0, True)
        assert held() == Decimal("0.05")
    finally:
        exchange.stop()
