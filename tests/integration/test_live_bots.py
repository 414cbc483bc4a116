"""Bots of a running session paused, switched off, given budgets and reloaded, with positions held; and its replay."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.live_history import HistoryVenue
from tests.live_stage import FLIP, Stage, play, until
from tests.live_venue import CoreVenue
from tradewind.app.live.bots import restore
from tradewind.app.live.handlers import handlers
from tradewind.app.live.status import status
from tradewind.app.replaying import replay_run
from tradewind.model.errors import ConfigError, StateError

HOLD = {"seconds": 1, "quantity": "0.01", "stop_loss": "0.05", "hold": True}
BOTS: list[dict[str, Any]] = [
    {"id": "keep", "strategy": FLIP, "parameters": HOLD, "instruments": ["BTC-USD"]},
    {"id": "other", "strategy": "buy_and_hold", "instruments": ["ETH-USD"], "budget": "0.1"},
]
OWN = '''
"""Wants more than before."""
from decimal import Decimal
from tradewind.model.intents import TargetQuantity
from tradewind.numeric.indicators import sma
from tradewind.strategy.base import Strategy

class Mine(Strategy):
    length: int = 3
    quantity: Decimal = Decimal("0.02")

    def indicators(self):
        return (sma(self.length),)

    def on_quote(self, view, quote):
        if view.working or view.quantity == self.quantity:
            return None
        return TargetQuantity(self.quantity)
'''


def test_bots_change_in_a_running_session_and_a_replay_changes_them_alike(tmp_path: Path) -> None:
    source = tmp_path / "mine.py"
    source.write_text(OWN)

    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        session = built.session
        say = handlers(session)
        bot = session.engine.state.bots["keep"]
        seat = bot.seats[0]
        await until(lambda: seat.view.position and not session.trading.gateway.in_flight)  # type: ignore[union-attr]
        held = seat.view.position
        stops = [order.request.order_id for order in session.engine.state.live_orders() if order.owners[0] is seat]

        # What cannot be made is told, and nothing has changed.
        for strategy, parameters, told in (
            ("", {"secnds": 2}, "did you mean 'seconds'"),
            (f"{tmp_path}/none.py:Mine", {}, "none.py"),
            ("carry", {}, "perpetual"),
            ("pairs", {}, "two|fit|instruments"),
        ):
            with pytest.raises(ConfigError, match=told):
                await say["reload_bot"]({"bot": "keep", "strategy": strategy, "parameters": parameters})
        source.write_text(OWN + "\nthis is no python")
        with pytest.raises(ConfigError, match="SyntaxError"):
            await say["reload_bot"]({"bot": "keep", "strategy": f"{source}:Mine"})
        with pytest.raises(ConfigError, match="there is no bot"):
            await say["pause_bot"]({"bot": "nobody"})
        assert not bot.changed
        assert bot.failed is None

        # Paused, the position keeps its exits; reloaded, the new strategy takes over what is held.
        await say["pause_bot"]({"bot": "keep", "reason": "look"})
        source.write_text(OWN)
        told = await say["reload_bot"](
            {"bot": "keep", "strategy": f"{source}:Mine", "parameters": {"quantity": "0.03"}}
        )
        assert (told["state"], told["parameters"]["quantity"], told["trouble"]) == ("paused: look", "0.03", "")
        assert told["warms_up"] == 1
        assert seat.view.position == held
        assert stops
        assert {order.request.order_id for order in session.engine.state.live_orders()} >= set(stops)
        await say["resume_bot"]({"bot": "keep"})
        assert status(session)["bots"][0]["state"] == "running"

        # A budget, and a bot that is switched off.
        row = await say["budget_bot"]({"bot": "other", "budget": "0.05"})
        assert row["budget"] == "0.05"
        with pytest.raises(ConfigError, match="above 0 and at most 1"):
            await say["budget_bot"]({"bot": "other", "budget": "2"})
        row = await say["disable_bot"]({"bot": "other", "reason": "enough"})
        assert row["state"] == "disabled: enough"
        with pytest.raises(StateError, match="has not been promoted"):
            await restore(session, "keep", "?")
        assert msgspec.json.Encoder(decimal_format="string").encode(status(session))

        # The file changes again, and the session dies: it comes back with the bots as they were.
        source.write_text(OWN.replace('"0.02"', '"0.5"'))
        await asyncio.sleep(0.6)  # until the journal's group is on the disk
        await stage.die()
        built = await stage.start()
        again = {row["bot"]: row for row in status(built.session)["bots"]}
        assert (again["keep"]["parameters"]["quantity"], again["keep"]["changed"]) == ("0.03", True)
        assert (again["other"]["state"], again["other"]["budget"]) == ("disabled: enough", "0.05")
        assert (await stage.stop()).is_clean
        stage.settled()

    play(tmp_path, scene, BOTS, make=lambda: HistoryVenue(seed=3))
    source.unlink()
    (run,) = [each for each in (tmp_path / "runs").iterdir() if not each.name.startswith(".")]
    outcome = replay_run(run)
    assert outcome.equal, outcome.message
    assert outcome.complete
