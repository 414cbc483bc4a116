"""Every endpoint of the table, asked of a local exchange by its builder and read as its type."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.local_exchange import local_exchange
from tradewind.model.errors import PermissionMissing, TransportError, VenueRejected
from tradewind.venues.coinbase.addresses import read_endpoint_file
from tradewind.venues.coinbase.configurations import limit_gtc, market_ioc
from tradewind.venues.coinbase.desk import CoinbaseDesk, open_desk
from tradewind.venues.coinbase.endpoints import ENDPOINTS

PERPETUAL, DATED = "BTC-PERP-INTX", "BIP-20DEC30-CDE"
BY_NAME = {(each.family, each.name): each for each in ENDPOINTS}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with local_exchange(tmp_path_factory.mktemp("exchange"), "--seed", "5") as keys:
        yield keys


class Round:
    """Asks endpoints by their names in the table, and remembers which were answered."""

    def __init__(self, desk: CoinbaseDesk) -> None:
        self.desk = desk
        self.answered: set[tuple[str, str]] = set()

    async def ask(self, family: str, name: str, *values: Any, **named: Any) -> Any:
        row = BY_NAME[family, name]
        found = await self.desk.client.call(row.build(*values, **named), row.answer)
        assert isinstance(found, row.answer)
        self.answered.add((family, name))
        return found


async def market(round_: Round) -> None:
    ask, family = round_.ask, "Market data"
    now_s = (await ask(family, "Get server time")).iso.ns // 10**9
    products = (await ask(family, "List products", all_products=True)).products
    assert {"BTC-USD", PERPETUAL} <= {each.product_id for each in products}
    assert (await ask(family, "Get product", PERPETUAL)).future_product_details.perpetual_details
    assert (await ask(family, "Get product book", "BTC-USD", limit=5)).pricebook.bids
    candles = await ask(family, "Get candles", "BTC-USD", "ONE_HOUR", now_s - 36_000, now_s)
    assert len(candles.candles) >= 9
    assert (await ask(family, "Get market trades", "BTC-USD", 5)).trades is not None
    books = (await ask(family, "Get best bid and ask", ["BTC-USD", "ETH-USD"])).pricebooks
    assert {each.product_id for each in books} == {"BTC-USD", "ETH-USD"}
    for name, values in (
        ("List products", ()),
        ("Get product", ("BTC-USD",)),
        ("Get product book", ("BTC-USD",)),
        ("Get candles", ("BTC-USD", "ONE_HOUR", now_s - 7_200, now_s)),
        ("Get market trades", ("BTC-USD", 3)),
    ):
        await ask(family, name, *values, signed=False)


async def accounts(round_: Round) -> str:
    ask, family = round_.ask, "Accounts"
    found = (await ask(family, "List accounts")).accounts
    assert (await ask(family, "Get account", found[0].uuid)).account.currency == found[0].currency
    assert (await ask(family, "Transaction summary")).fee_tier.taker_fee_rate > 0
    rights = await ask(family, "Key permissions")
    methods = (await ask(family, "List payment methods")).payment_methods
    if methods:
        assert (await ask(family, "Get payment method", methods[0].id)).payment_method.id == methods[0].id
    else:
        with pytest.raises(VenueRejected):
            await ask(family, "Get payment method", "none")
        round_.answered.add((family, "Get payment method"))  # a venue without any says so in its words
    return str(rights.portfolio_uuid)


async def orders(round_: Round) -> None:
    ask, family = round_.ask, "Orders"
    form = limit_gtc(Decimal("0.01"), Decimal(10_000))
    assert (await ask(family, "Preview order", "BTC-USD", "BUY", form)).errs == []
    placed = await ask(family, "Create order", "round-1", "BTC-USD", "BUY", form)
    order_id = placed.success_response.order_id
    assert (await ask(family, "Preview edit", order_id, price=Decimal(11_000), size=Decimal("0.01"))).errors in (
        None,
        [],
    )
    assert (await ask(family, "Edit order", order_id, price=Decimal(11_000), size=Decimal("0.01"))).success
    assert (await ask(family, "Get order", order_id)).order.client_order_id == "round-1"
    listed = await ask(family, "List orders", order_status=["OPEN"], product_ids=["BTC-USD"])
    assert [each.order_id for each in listed.orders] == [order_id]
    assert (await ask(family, "Cancel orders", [order_id])).results[0].success
    bought = await ask(family, "Create order", "round-2", PERPETUAL, "BUY", market_ioc(base=Decimal("0.01")))
    assert bought.success, bought
    fills = (await ask(family, "List fills", order_ids=[bought.success_response.order_id])).fills
    assert sum(each.size for each in fills) == Decimal("0.01")


async def futures(round_: Round, portfolio: str) -> None:
    ask = round_.ask
    assert (await ask("Futures", "Balance summary")).balance_summary is not None
    await ask("Orders", "Create order", "round-3", DATED, "BUY", market_ioc(base=Decimal(1)))
    held = (await ask("Futures", "List positions")).positions
    assert [each.number_of_contracts for each in held if each.product_id == DATED] == [1]
    assert (await ask("Futures", "Get position", DATED)).position.product_id == DATED
    await ask("Futures", "Schedule sweep", Decimal(1))
    assert len((await ask("Futures", "List sweeps")).sweeps) == 1
    await ask("Futures", "Cancel sweep")
    await ask("Futures", "Set intraday margin setting", "INTRADAY_MARGIN_SETTING_STANDARD")
    assert (await ask("Futures", "Intraday margin setting")).setting
    assert (await ask("Futures", "Current margin window", "MARGIN_PROFILE_TYPE_RETAIL_REGULAR")).margin_window
    assert (await ask("Perpetuals", "Portfolio summary", portfolio)) is not None
    assert (await ask("Perpetuals", "List positions", portfolio)).positions
    assert (await ask("Perpetuals", "Get position", portfolio, PERPETUAL)).position.net_size == Decimal("0.01")
    assert (await ask("Perpetuals", "Portfolio balances", portfolio)).portfolio_balances
    await ask("Perpetuals", "Allocate portfolio", portfolio, PERPETUAL, Decimal(1), "USDC")
    await ask("Perpetuals", "Multi-asset collateral", portfolio, enabled=True)
    closed = await ask("Orders", "Close position", "round-4", PERPETUAL)
    assert closed.success


async def money(round_: Round, portfolio: str) -> None:
    ask = round_.ask
    made = (await ask("Portfolios", "Create portfolio", "second")).portfolio
    assert made.uuid in {each.uuid for each in (await ask("Portfolios", "List portfolios")).portfolios}
    await ask("Portfolios", "Move funds", Decimal(5), "USD", portfolio, made.uuid)
    breakdown = (await ask("Portfolios", "Portfolio breakdown", made.uuid)).breakdown
    assert [each.total_balance_crypto for each in breakdown.spot_positions if each.asset == "USD"] == [5]
    assert (await ask("Portfolios", "Edit portfolio", made.uuid, "renamed")).portfolio.name == "renamed"
    await ask("Portfolios", "Move funds", Decimal(5), "USD", made.uuid, portfolio)
    await ask("Portfolios", "Delete portfolio", made.uuid)
    ends = {each.currency: each.uuid for each in await round_.desk.account.accounts()}
    ways = ends["USD"], ends["USDC"]
    quote = (await ask("Convert", "Create convert quote", *ways, Decimal(7))).trade
    done = (await ask("Convert", "Commit convert trade", quote.id, *ways)).trade
    assert (await ask("Convert", "Get convert trade", done.id, *ways)).trade.status == done.status


def test_every_endpoint_is_answered_and_read(endpoint: Path) -> None:
    place = read_endpoint_file(endpoint)

    async def play() -> set[tuple[str, str]]:
        desk = open_desk(place.address, place.account("mover").key)
        round_ = Round(desk)
        try:
            await market(round_)
            portfolio = await accounts(round_)
            await orders(round_)
            await futures(round_, portfolio)
            await money(round_, portfolio)
        finally:
            await desk.close()
        return round_.answered

    answered = asyncio.run(play())
    assert answered == {(each.family, each.name) for each in ENDPOINTS}


def test_a_key_without_the_right_to_transfer_cannot(endpoint: Path) -> None:
    place = read_endpoint_file(endpoint)

    async def play() -> None:
        desk = open_desk(place.address, place.account("alpha").key)
        try:
            found = await desk.account.permissions()
            assert (found.view, found.trade, found.transfer) == (True, True, False)
            round_ = Round(desk)
            with pytest.raises(PermissionMissing, match="403"):
                await round_.ask("Portfolios", "Move funds", Decimal(1), "USD", found.portfolio_id, found.portfolio_id)
        finally:
            await desk.close()

    asyncio.run(play())


def test_over_tls_the_files_authority_is_trusted_and_no_other(tmp_path: Path) -> None:
    with local_exchange(tmp_path, "--tls") as keys:
        place = read_endpoint_file(keys)
        assert place.address.rest.startswith("https://")

        async def play() -> None:
            desk = open_desk(place.address, place.account("alpha").key)
            stranger = open_desk(msgspec.structs.replace(place.address, ca=None))
            try:
                assert (await desk.account.permissions()).trade
                with pytest.raises(TransportError, match="Certificate"):
                    await stranger.client.server_time_ns()
            finally:
                await desk.close()
                await stranger.close()

        asyncio.run(play())
