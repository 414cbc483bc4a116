"""A live session on a venue in this process, as a stage for tests: a home folder, a configuration, scenes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.live_venue import CoreVenue
from tradewind.app.config import Resolved, resolve
from tradewind.app.home import Home
from tradewind.app.live.building import Built, build
from tradewind.app.live.stopping import Ended

FLIP = "tests/live_strategies.py:Flipper"
QUOTE = "tests/live_strategies.py:Quoter"
BOTS: list[dict[str, Any]] = [
    {"id": "flip", "strategy": FLIP, "parameters": {"seconds": 1, "quantity": "0.01"}, "instruments": ["BTC-USD"]},
    {"id": "quote", "strategy": QUOTE, "parameters": {"seconds": 1, "quantity": "0.02"}, "instruments": ["BTC-USD"]},
    {
        "id": "stop",
        "strategy": FLIP,
        "parameters": {"seconds": 2, "quantity": "0.5", "stop_loss": "0.004", "take_profit": "0.004"},
        "instruments": ["ETH-USD"],
    },
]
Scene = Callable[[CoreVenue, "Stage"], Awaitable[None]]


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for what must come; the limit is far off, so that a busy machine is no failure."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


class Stage:
    """A home folder, its configuration, and the session that runs."""

    def __init__(
        self, folder: Path, venue: CoreVenue, bots: Sequence[dict[str, Any]] | None = None, **live: Any
    ) -> None:
        self.home = Home(folder)
        self.venue = venue
        self.resolved = settings(self.home, bots, **live)
        self.built: Built | None = None
        self.task: asyncio.Task[Ended] | None = None

    async def start(self, *, ready: bool = True) -> Built:
        self.built = built = await build(self.resolved, self.home, self.venue)
        self.task = asyncio.create_task(built.session.run())
        if ready:
            await asyncio.wait(
                {asyncio.create_task(built.session.ready.wait()), self.task}, timeout=30, return_when="FIRST_COMPLETED"
            )
            if self.task.done():
                self.task.result()
            assert built.session.ready.is_set(), (built.session.phase, built.session.doubts.held)
        return built

    async def stop(self) -> Ended:
        assert self.built is not None
        assert self.task is not None
        self.built.session.stop.set()
        ended = await asyncio.wait_for(self.task, 60)
        self.built.record = self.built.close(ended)
        return ended

    async def die(self) -> None:
        """As a kill would: no orderly end, and what was not handed to the disk is gone."""
        assert self.built is not None
        assert self.task is not None
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        journal = self.built.recorder.journal
        journal._open.clear()
        self.built.close(None)

    def settled(self) -> None:
        """Our books are the venue's: cash and holdings to the last unit, every execution once, no name twice."""
        assert self.built is not None
        state, exchange, ours = self.built.session.engine.state, self.venue.exchange, self.venue.ours
        assert state.ledger.purses["USD"].cash == exchange.balance(ours, "USD").total
        for name, market in state.markets.items():
            base = name.split("-")[0]
            assert market.instrument.quantity_decimal(market.held) == exchange.balance(ours, base).total, name
        known = [fill for order in state.orders.values() for fill in order.fill_ids]
        assert len(known) == len(set(known))
        assert set(known) >= {fill.trade_id for fill in exchange.fills(ours) if "-" in fill.client_order_id}
        assert all(count == 1 for count in self.venue.placed.values())


def settings(
    home: Home,
    bots: Sequence[dict[str, Any]] | None = None,
    *,
    instruments: Sequence[str] = ("BTC-USD", "ETH-USD"),
    limits: dict[str, Any] | None = None,
    sections: dict[str, Any] | None = None,
    interval: str = "1m",
    **live: object,
) -> Resolved:
    overrides = {
        "guards": {"errors_per_minute_max": 100_000}, **(sections or {}),
        "data": {"instruments": list(instruments), "interval": interval},
        "bots": list(BOTS if bots is None else bots),
        "limits": {"instrument_share_max": "1", **(limits or {})},
        "live": {
            "orders_every": "2s", "accounts_every": "3s", "on_stop": "cancel-all",
            **live,
        },
    }  # fmt: skip
    return resolve(home, {}, profile="dev", overrides=overrides)


def _venue() -> CoreVenue:
    return CoreVenue(seed=3)


def play(
    folder: Path,
    scene: Scene,
    bots: Sequence[dict[str, Any]] | None = None,
    *,
    make: Callable[[], CoreVenue] = _venue,
    **live: Any,
) -> None:
    """Run a scene with a market that moves."""

    async def run() -> None:
        venue = make()
        for _ in range(20):
            venue.move()
        market = asyncio.create_task(venue.run_market())
        try:
            await scene(venue, Stage(folder, venue, bots, **live))
        finally:
            market.cancel()

    asyncio.run(run())
