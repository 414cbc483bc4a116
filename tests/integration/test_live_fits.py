"""Fits of a live session: made at the start and while it runs, journaled, and missed where they cannot be made."""

import asyncio
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from tests.integration.test_live_futures import PERP
from tests.live_history import HistoryVenue
from tests.live_stage import FLIP, Stage, play, until
from tests.live_venue import CoreVenue
from tradewind.app.live.status import status
from tradewind.app.replaying import replay_run

FLIPPER = {"id": "flip", "strategy": FLIP, "parameters": {"seconds": 1, "quantity": "0.01"}, "instruments": ["BTC-USD"]}
VAR = {"var": {"share_max": "0.05", "move_max": "0.02"}}


def replayed(folder: Path) -> None:
    """The one run of the folder comes to the same again."""
    (run,) = [each for each in (folder / "runs").iterdir() if not each.name.startswith(".")]
    outcome = replay_run(run)
    assert outcome.equal, outcome.message
    assert outcome.complete


def test_a_session_with_a_limit_on_var_makes_its_fit_and_trades(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        (fit,) = status(built.session)["fits"]
        assert (fit["kind"], fit["state"], fit["trouble"]) == ("tail", "valid", "")
        first = built.session.engine.state.fitted["tail"]
        assert {"BTC-USD", "ETH-USD", "BTC-USD|ETH-USD"} <= set(first.parameters)
        seat = built.session.engine.state.bots["flip"].seats[0]
        await until(lambda: seat.view.position)
        venue.set_price("ETH-USD", venue.prices["ETH-USD"] * Decimal("0.95"))  # a large move asks for another
        await until(lambda: built.session.engine.state.fitted["tail"] is not first, 20)
        moved = built.session.engine.state.fitted["tail"]
        assert moved.parameters["ETH-USD"] > 2 * first.parameters["ETH-USD"]
        assert (await stage.stop()).is_clean
        stage.settled()

    play(tmp_path, scene, [FLIPPER], make=partial(HistoryVenue, seed=3), sections=VAR)
    replayed(tmp_path)


def test_without_enough_history_a_session_only_reduces_and_says_why(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        told = status(built.session)
        assert told["fits"][0]["state"] == "none"
        assert "fewer than 100 returns: BTC-USD" in told["reduce_only"]["fits"]
        assert any(alarm["name"] == "fits" for alarm in told["alarms"])
        seat: Any = built.session.engine.state.bots["flip"].seats[0]
        await until(lambda: seat.view.memory.turns)
        assert not venue.placed
        assert (await stage.stop()).is_clean

    play(tmp_path, scene, [FLIPPER], make=partial(HistoryVenue, seed=3, bars=40), sections=VAR)
    replayed(tmp_path)


def test_a_fit_outlives_a_restart_and_a_candle_length_of_its_own_is_asked_for(tmp_path: Path) -> None:
    sections = {"var": {"share_max": "0.05", "interval": "1h"}}

    async def scene(venue: CoreVenue, stage: Stage) -> None:
        assert isinstance(venue, HistoryVenue)
        built = await stage.start()
        before = built.session.engine.state.fitted["tail"]
        assert before.as_of_ns % 3_600_000_000_000 == 0
        assert built.session.trading is not None
        await built.session.trading.outbox.committed()
        await asyncio.sleep(0.3)
        await stage.die()
        venue.away |= {"BTC-USD", "ETH-USD"}
        again = await stage.start()
        assert again.recovered is not None
        assert again.session.engine.state.fitted["tail"] == before
        assert again.session.fitting.states["tail"].state == "valid"
        assert "fits" not in again.session.engine.state.reduce_only
        assert (await stage.stop()).is_clean

    play(tmp_path, scene, [FLIPPER], make=partial(HistoryVenue, seed=3), sections=sections)
    replayed(tmp_path)


def test_pairs_have_their_fit_in_a_live_session(tmp_path: Path) -> None:
    legs = [
        msgspec.structs.replace(PERP, id=name, base=name[:3], funding_interval_ns=3_600_000_000_000)
        for name in ("BIP-CDE", "ETP-CDE")
    ]
    prices = {"BIP-CDE": Decimal(60_000), "ETP-CDE": Decimal(3_000)}
    pair = {"id": "pair", "strategy": "pairs", "parameters": {"window_bars": 200, "refit_bars": 50}}

    async def scene(venue: CoreVenue, stage: Stage) -> None:
        built = await stage.start()
        (told,) = status(built.session)["fits"]
        assert (told["kind"], told["state"]) == ("cointegration:BIP-CDE/ETP-CDE", "valid")
        fit = built.session.engine.state.fitted[told["kind"]]
        assert fit.valid_until_ns - fit.as_of_ns == 100 * 60_000_000_000
        assert set(fit.parameters) >= {"slope", "p_value", "deviation"}
        assert (await stage.stop()).is_clean

    make = partial(HistoryVenue, seed=3, products=legs, prices=prices)
    play(tmp_path, scene, [pair], make=make, instruments=list(prices))
    replayed(tmp_path)
