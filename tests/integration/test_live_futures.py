"""Perpetual futures live: funding in its own column, liquidations as what they are, and books equal to the venue's."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.live_rig import BotProcess, ExchangeProcess
from tests.e2e.live_rig import until as when
from tests.live_stage import FLIP, Stage, until
from tests.live_venue import CoreVenue
from tradewind.exchange.core.products import Product, ProductKind

PERP = Product(
    id="BIP-CDE",
    kind=ProductKind.PERPETUAL,
    base="BTC",
    quote="USD",
    base_increment=Decimal("0.01"),
    base_min_size=Decimal("0.01"),
    contract_size=Decimal("0.01"),
    funding_interval_ns=3_000_000_000,
)
LIMITS = {"instrument_share_max": "20", "exposure_share_max": "20", "leverage_max": "20"}


def bot(**parameters: object) -> dict[str, Any]:
    return {"id": "perp", "strategy": FLIP, "parameters": {"seconds": 1, **parameters}, "instruments": [PERP.id]}


def trade(
    folder: Path,
    scene: Callable[[CoreVenue, Stage], Awaitable[None]],
    bots: list[dict[str, Any]],
    cash: int,
    **live: Any,
) -> None:
    async def run() -> None:
        venue = CoreVenue(
            seed=5,
            products=[PERP],
            prices={PERP.id: Decimal(60_000)},
            balances={"USD": Decimal(cash)},
            volatility=0.0001,
        )
        for _ in range(20):
            venue.move()
        market = asyncio.create_task(venue.run_market())
        try:
            await scene(venue, Stage(folder, venue, bots, instruments=[PERP.id], limits=LIMITS, **live))
        finally:
            market.cancel()

    asyncio.run(run())


def equal(venue: CoreVenue, stage: Stage) -> None:
    """Cash and contracts of our books are the venue's, to the last unit."""
    assert stage.built is not None
    state = stage.built.session.engine.state
    assert state.ledger.purses["USD"].cash == venue.exchange.balance(venue.ours, "USD").total
    held = {each.product_id: each.quantity for each in venue.exchange.positions(venue.ours)}
    market = state.markets[PERP.id]
    assert market.instrument.quantity_decimal(market.held) == held.get(PERP.id, Decimal(0))


def test_funding_is_booked_as_funding_to_the_last_unit(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        venue.exchange.set_funding_rate(PERP.id, Decimal("0.001"))
        built = await stage.start()
        booked = built.session.engine.state.booked
        await until(lambda: len([each for each in booked if each[0] == f"paid {PERP.id}"]) > 1)
        venue.exchange.set_funding_rate(PERP.id, Decimal(0))  # nothing comes between the last look and the comparison
        await asyncio.sleep(1)
        assert (await stage.stop()).is_clean
        equal(venue, stage)
        purse = built.session.engine.state.ledger.purses["USD"]
        (held,) = venue.exchange.positions(venue.ours)
        assert purse.funding == held.funding < 0
        assert purse.transfers == 0
        assert len([each for each in built.session.engine.state.booked if each[0] == f"paid {PERP.id}"]) > 1

    trade(tmp_path, scene, [bot(quantity="5", hold=True)], 100_000)


def test_funding_between_a_death_and_the_next_start_is_funding_too(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        venue.exchange.set_funding_rate(PERP.id, Decimal(0))
        built = await stage.start()
        market = built.session.engine.state.markets[PERP.id]
        await until(lambda: market.held)
        assert built.session.trading is not None
        await built.session.trading.outbox.committed()
        await stage.die()
        venue.exchange.set_funding_rate(PERP.id, Decimal("0.001"))
        await asyncio.sleep(6.1)
        built = await stage.start()
        venue.exchange.set_funding_rate(PERP.id, Decimal(0))
        assert (await stage.stop()).is_clean
        equal(venue, stage)
        purse = built.session.engine.state.ledger.purses["USD"]
        (held,) = venue.exchange.positions(venue.ours)
        assert purse.funding == held.funding < 0
        assert purse.transfers == 0

    trade(tmp_path, scene, [bot(quantity="5", hold=True)], 100_000)


def test_funding_of_a_position_that_is_gone_when_cash_is_compared_is_funding_too(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        venue.exchange.set_funding_rate(PERP.id, Decimal("0.001"))
        built = await stage.start()
        await until(
            lambda: bool(venue.exchange.positions(venue.ours)) and venue.exchange.positions(venue.ours)[0].funding
        )
        await asyncio.sleep(1)
        venue.exchange.set_funding_rate(PERP.id, Decimal(0))
        built.session.halt("enough", "test")
        built.session.flatten(None)
        await until(lambda: not venue.exchange.positions(venue.ours))
        assert (await stage.stop()).is_clean
        equal(venue, stage)
        purse = built.session.engine.state.ledger.purses["USD"]
        assert purse.funding < 0
        assert purse.transfers == 0

    trade(tmp_path, scene, [bot(quantity="5", hold=True)], 100_000, accounts_every="60s")


def test_a_liquidation_of_the_venue_is_one_here(tmp_path: Path) -> None:
    async def scene(venue: CoreVenue, stage: Stage) -> None:
        venue.volatility = 0.0
        built = await stage.start()
        state = built.session.engine.state
        await until(lambda: state.markets[PERP.id].held > 0)
        await asyncio.sleep(0.5)
        built.session.halt("enough", "test")
        venue.prices[PERP.id] = Decimal(52_000)
        await until(lambda: not venue.exchange.positions(venue.ours), 10)
        await until(lambda: not state.markets[PERP.id].held)
        assert [key for key in state.booked if key[0] == "liquidation"]
        assert {alarm.name for alarm in built.session.alarms} >= {"liquidation"}
        assert (await stage.stop()).is_clean
        equal(venue, stage)
        assert state.ledger.purses["USD"].transfers == 0

    trade(tmp_path, scene, [bot(quantity="10", hold=True)], 1_000)


CONFIG = """
[data]
instruments = ["{name}"]
interval = "1m"
[limits]
instrument_share_max = 5
exposure_share_max = 5
leverage_max = 5
[guards]
errors_per_minute_max = 100000
[live]
accounts_every = "4s"
orders_every = "4s"
gaps_per_five_minutes = 100000
[[bots]]
id = "perp"
strategy = "tests/live_strategies.py:Flipper"
instruments = ["{name}"]
parameters = {{seconds = 1, quantity = "{quantity}", hold = true}}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "account", "currency", "quantity"),
    [("BIP-20DEC30-CDE", "alpha", "USD", "7"), ("BTC-PERP-INTX", "perpetual", "USDC", "0.05")],
)
def test_at_an_exchange_with_funding_the_books_are_equal(
    tmp_path: Path, name: str, account: str, currency: str, quantity: str
) -> None:
    exchange = ExchangeProcess(tmp_path)
    config = tmp_path / "bots.toml"
    config.write_text(CONFIG.format(name=name, quantity=quantity), encoding="utf-8")
    try:
        exchange.send("POST", f"/products/{name}/funding", {"rate": "0.0007", "interval_s": 4})
        bot = BotProcess(tmp_path, exchange, config, account=account)
        bot.ready_within(30)
        when(lambda: name in exchange.truth(account)["positions"], 20, "no position")
        when(lambda: bot.status()["funding"].get(currency, "0") != "0", 20, "no funding")
        when(lambda: Decimal(exchange.truth(account)["positions"][name]["funding"]) < -3, 60, "no funding is paid")
        exchange.send("POST", f"/products/{name}/funding", {"rate": "0"})
        time.sleep(6)
        code, result = bot.stop()
        truth = exchange.truth(account)
        assert code == 0
        assert Decimal(result["cash"][currency]) == Decimal(truth["balances"][currency]["total"])
        assert Decimal(result["positions"][name]) == Decimal(truth["positions"][name]["quantity"]) == Decimal(quantity)
        assert Decimal(result["funding"][currency]) == Decimal(truth["positions"][name]["funding"])
        assert not Decimal(result["transfers"].get(currency, "0"))
    finally:
        exchange.stop()
