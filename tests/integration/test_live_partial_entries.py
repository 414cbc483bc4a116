"""An entry that fills in parts at a venue: each part has its exit there within seconds, and never two exits."""

import asyncio
from decimal import Decimal
from pathlib import Path

from tests.live_stage import QUOTE, Stage, play, until
from tests.live_venue import CoreVenue
from tradewind.exchange.core.orders import LIVE
from tradewind.model.orders import Side

BIDDER = {
    "id": "bid",
    "strategy": QUOTE,
    "parameters": {"seconds": 1, "hold": True, "quantity": "0.6", "below": -0.0001, "stop_loss": 0.2},
    "instruments": ["ETH-USD"],
}


def held(venue: CoreVenue) -> Decimal:
    return venue.exchange.balance(venue.ours, "ETH").total


def offered(venue: CoreVenue) -> Decimal:
    """What our exits at the exchange would sell."""
    live = venue.exchange.orders(venue.ours, statuses=LIVE)
    return sum((each.base_size - each.filled_size for each in live if each.side is Side.SELL), Decimal(0))


def test_each_part_is_protected_within_seconds_and_never_twice(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        venue.volatility = 0.0
        built = await stage.start()
        await until(lambda: held(venue) > 0)
        loop = asyncio.get_running_loop()
        bare_since: float | None = None
        longest = 0.0
        growths: set[Decimal] = set()
        end = loop.time() + 12
        while loop.time() < end and not (held(venue) == offered(venue) == Decimal("0.6")):
            there, position = offered(venue), held(venue)
            assert there <= position, "more is offered than is held"
            growths.add(there)
            bare_since = None if there == position else bare_since or loop.time()
            longest = max(longest, 0.0 if bare_since is None else loop.time() - bare_since)
            if len(growths) == 4:
                growths.add(Decimal(-1))
                await stage.die()
                built = await stage.start()
            await asyncio.sleep(0.01)
        assert held(venue) == offered(venue) == Decimal("0.6")
        assert len(growths) > 3
        assert longest < 5
        assert "unprotected" not in {alarm.name for alarm in built.session.alarms}
        assert (await stage.stop()).is_clean
        assert offered(venue) == Decimal("0.6")
        stage.settled()

    play(tmp_path, scene, [BIDDER], on_stop="cancel")


def test_the_part_that_filled_stays_protected_when_the_session_ends_before_the_rest(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        venue.volatility = 0.0
        await stage.start()
        await until(lambda: held(venue) > Decimal("0.1"))
        ended = await stage.stop()
        assert ended.is_clean
        assert Decimal("0.1") < held(venue) < Decimal("0.6")
        assert offered(venue) == held(venue)
        assert [each.side for each in venue.exchange.orders(venue.ours, statuses=LIVE)] == [Side.SELL]
        stage.settled()

    play(tmp_path, scene, [BIDDER], on_stop="cancel")
