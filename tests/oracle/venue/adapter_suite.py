"""Our ccxt adapter, over the real ccxt, against the local exchange.

Runs in `.venv-oracle-ccxt` with `src` on the path (`make oracle-venue`).
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent))

from running import Check, account, admin, exchange, run

from tradewind.model.errors import AuthenticationFailed, RateLimited, VenueError, VenueRejected
from tradewind.model.instrument import InstrumentKind
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import (
    CancelRefused,
    CancelTaken,
    InDoubt,
    Placed,
    PlaceRefused,
    VenueOrder,
    VenueOrderStatus,
)
from tradewind.venues.ccxt.client import Credentials
from tradewind.venues.ccxt.desk import CcxtDesk, open_desk

ID, SWAP = "BTC-USD", "BTC-USD-PERP"
HOUR_NS = 3_600_000_000_000
T = TypeVar("T")


class Rig:
    """Desks at the local exchange, a loop to ask them in, and orders with names of their own."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.loop = asyncio.new_event_loop()
        self.desks: list[CcxtDesk] = []
        self.orders = 0
        self.alpha = self.desk("alpha")

    def desk(self, name: str, *, secret_of: str = "") -> CcxtDesk:
        entry = account(self.told, name)
        secret = account(self.told, secret_of or name)["api_secret"]
        made = open_desk(
            "coinbase",
            Credentials(api_key=entry["api_key"], secret=secret),
            address=self.told["rest"],
            authority=self.told["ca"],
        )
        self.desks.append(made)
        return made

    def ask(self, question: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(question)

    def failure(self, question: Coroutine[Any, Any, object], kind: type[VenueError]) -> VenueError:
        """The error that a question must raise."""
        try:
            answer = self.ask(question)
        except kind as error:
            return error
        raise AssertionError(f"no {kind.__name__}, but {answer}")

    def close(self) -> None:
        for desk in self.desks:
            self.ask(desk.close())
        self.loop.close()

    def request(self, side: Side, kind: OrderKind, quantity: str | None, **terms: Any) -> OrderRequest:
        """An order with decimals for quantity, price and stop."""
        self.orders += 1
        instrument = self.ask(self.alpha.market.instrument(terms.pop("instrument", ID)))
        prices = {name: instrument.price_units(terms.pop(name)) for name in ("price", "stop") if name in terms}
        size = None if quantity is None else instrument.quantity_units(quantity)
        name = f"adapter-{time.time_ns()}-{self.orders}"
        return OrderRequest(name, instrument.id, side, kind, size, **prices, **terms)

    def far_bid(self, share: str = "0.9") -> Decimal:
        """A price below the market, on the tick."""
        book = self.ask(self.alpha.market.book(ID))
        return (Decimal(book.bids[0][0]).scaleb(-2) * Decimal(share)).quantize(Decimal("0.01"))

    def until_done(self, request: OrderRequest) -> VenueOrder:
        limit = time.monotonic() + 10
        while time.monotonic() < limit:
            order = self.ask(self.alpha.orders.find(request.order_id))
            if order is not None and order.is_final:
                return order
            time.sleep(0.05)
        raise AssertionError(f"{request.order_id} did not end")


def checks(rig: Rig) -> list[Check]:
    ask, alpha = rig.ask, rig.alpha

    def numbers_are_exact() -> None:
        names = ask(alpha.client.names())
        market = names.market(ID)
        assert market["precision"] == {"amount": "0.00000001", "price": "0.01"}, market["precision"]
        assert isinstance(market["limits"]["amount"]["min"], str)
        book = ask(alpha.client.call("fetch_order_book", "BTC/USD"))
        assert all(isinstance(each, Decimal) for level in book["bids"] for each in level)

    def instruments() -> None:
        spot, swap = ask(alpha.market.instruments([ID, SWAP]))
        assert (spot.is_spot, spot.base, spot.quote, spot.venue) == (True, "BTC", "USD", "coinbase")
        assert (spot.price_scale, spot.tick, spot.quantity_scale, spot.lot) == (2, 1, 8, 1)
        assert (swap.kind, swap.quote, swap.contract_size) == (InstrumentKind.PERPETUAL, "USD", Decimal("0.01"))
        states = ask(alpha.market.product_states([ID, SWAP]))
        assert states[ID].takes_orders
        assert states[SWAP].is_perpetual
        assert "it is called BTC-USD here" in str(rig.failure(alpha.market.instrument("BTC/USD"), VenueRejected))

    def market_data() -> None:
        book = ask(alpha.market.book(ID))
        assert book.bids[0][0] < book.asks[0][0]
        assert list(book.bids) == sorted(book.bids, reverse=True)
        trades = ask(alpha.market.trades(ID))
        assert trades
        assert [each.ts_ns for each in trades] == sorted(each.ts_ns for each in trades)
        assert abs(ask(alpha.market.server_time_ns()) - time.time_ns()) < 5 * 10**9

    def candles_are_whole() -> None:
        now_ns = ask(alpha.market.server_time_ns())
        end_ns = now_ns // HOUR_NS * HOUR_NS
        start_ns = end_ns - 400 * HOUR_NS
        bars = ask(alpha.market.candles(ID, HOUR_NS, start_ns, end_ns + HOUR_NS))
        opened = [bar.open_ns for bar in bars]
        assert opened == sorted(set(opened))
        assert len(bars) >= 99, len(bars)
        assert opened[-1] == end_ns - HOUR_NS, "the last closed hour, and not the open one"
        assert opened == list(range(opened[0], end_ns, HOUR_NS)), "no hole between pages"

    def candles_are_fetched_into_the_catalog() -> None:
        now = datetime.fromtimestamp(ask(alpha.market.now_ns()) // 10**9, UTC)
        first = f"{now - timedelta(hours=90):%Y-%m-%dT%H:00:00Z}"
        with tempfile.TemporaryDirectory() as folder:
            endpoint = Path(folder) / "keys.json"
            endpoint.touch(mode=0o600)
            endpoint.write_text(json.dumps(rig.told), encoding="utf-8")
            command = [sys.executable, "-m", "tradewind.cli", "data", "fetch", "BTC-USD/1h", "--venue", "coinbase"]
            options = ["--ccxt", "--endpoint", str(endpoint), "--catalog", f"{folder}/catalog", "--json"]
            told = [
                json.loads(subprocess.run([*command, *options, *more], check=True, capture_output=True).stdout)
                for more in (["--from", first], [])
            ]
        assert 89 <= told[0]["bars"] <= 91, told
        assert (told[1]["bars"], told[1]["first_ns"]) == (0, told[0]["first_ns"]), told

    def what_ccxt_holds_back_asks_the_gate() -> None:
        request = rig.request(Side.BUY, OrderKind.LIMIT, "0.01", price=rig.far_bid())
        held = ask(alpha.orders.place(request, lambda: "HALTED"))
        assert isinstance(held, PlaceRefused)
        assert held.reason == "HALTED"
        assert ask(alpha.orders.find(request.order_id)) is None

    def balances_and_rates() -> None:
        owned = {each.currency: each for each in ask(alpha.account.balances())}
        assert (owned["USD"].available, owned["USD"].hold) == (Decimal(1_000_000), Decimal(0))
        assert owned["BTC"].total == 10
        rates = ask(alpha.account.fee_rates())
        assert Decimal(0) < rates.maker < rates.taker == Decimal("0.012")

    def a_limit_order_goes_round() -> None:
        request = rig.request(Side.BUY, OrderKind.LIMIT, "0.01", price=rig.far_bid(), post_only=True)
        placed = ask(alpha.orders.place(request))
        assert isinstance(placed, Placed), placed
        [standing] = ask(alpha.orders.open_orders(ID))
        assert (standing.client_id, standing.venue_id) == (request.order_id, placed.venue_id)
        assert (standing.quantity, standing.status, standing.post_only) == (
            Decimal("0.01"),
            VenueOrderStatus.OPEN,
            True,
        )
        held = {each.currency: each.hold for each in ask(alpha.account.balances())}
        assert held["USD"] > 0, held
        edited = ask(alpha.orders.edit(request.order_id, quantity=Decimal("0.02")))
        assert isinstance(edited, Placed), edited
        found = ask(alpha.orders.find(request.order_id))
        assert found is not None
        assert found.quantity == Decimal("0.02")
        assert ask(alpha.orders.cancel([request.order_id, "nobody"])) == {
            request.order_id: CancelTaken(),
            "nobody": CancelRefused("ORDER_NOT_FOUND"),
        }
        assert rig.until_done(request).status is VenueOrderStatus.CANCELED
        assert ask(alpha.orders.open_orders()) == ()

    def market_orders_fill() -> None:
        since_ns = time.time_ns() - HOUR_NS
        buy = rig.request(Side.BUY, OrderKind.MARKET, None, quote_quantity=Decimal("500.25"))
        sell = rig.request(Side.SELL, OrderKind.MARKET, "0.005")
        assert all(isinstance(ask(alpha.orders.place(each)), Placed) for each in (buy, sell))
        bought, sold = rig.until_done(buy), rig.until_done(sell)
        assert (sold.status, sold.filled) == (VenueOrderStatus.FILLED, Decimal("0.005"))
        fills = ask(alpha.orders.fills(since_ns))
        assert {fill.venue_order_id for fill in fills} == {bought.venue_id, sold.venue_id}
        assert {fill.client_id for fill in fills} == {buy.order_id, sell.order_id}
        mine = ask(alpha.orders.fills(since_ns, sold.venue_id))
        assert sum(fill.quantity for fill in mine) == sold.filled
        assert sum(fill.fee or 0 for fill in mine) == sold.fees > 0
        assert all(fill.liquidity is not None and fill.fee_currency is None for fill in fills)
        refused = ask(alpha.orders.place(rig.request(Side.BUY, OrderKind.MARKET, "0.005")))
        assert isinstance(refused, PlaceRefused)
        assert "size it by quote amount" in refused.text

    def stops_are_native_or_emulated() -> None:
        stop = rig.far_bid("0.8")
        for kind, terms in ((OrderKind.STOP_LIMIT, {"price": rig.far_bid("0.79")}), (OrderKind.STOP_MARKET, {})):
            request = rig.request(Side.SELL, kind, "0.01", stop=stop, **terms)
            placed = ask(alpha.orders.place(request))
            assert isinstance(placed, Placed), placed
            assert (request.order_id in alpha.orders.emulations) == (kind is OrderKind.STOP_MARKET)
            found = ask(alpha.orders.find(request.order_id))
            assert found is not None
            assert (found.stop, found.kind, found.is_final) == (stop, "stop_limit", False)
            assert ask(alpha.orders.cancel([request.order_id])) == {request.order_id: CancelTaken()}

    def every_time_in_force() -> None:
        ends_ns = time.time_ns() + HOUR_NS
        for force, more in (
            (TimeInForce.GTD, {"expire_ns": ends_ns}),
            (TimeInForce.IOC, {}),
            (TimeInForce.FOK, {}),
        ):
            request = rig.request(Side.BUY, OrderKind.LIMIT, "0.01", price=rig.far_bid(), time_in_force=force, **more)
            placed = ask(alpha.orders.place(request))
            assert isinstance(placed, Placed), (force, placed)
            if force is TimeInForce.GTD:
                assert ask(alpha.orders.cancel([request.order_id])) == {request.order_id: CancelTaken()}
            assert rig.until_done(request).filled == 0

    def a_perpetual_is_held() -> None:
        buy = rig.request(Side.BUY, OrderKind.MARKET, "2", instrument=SWAP)
        assert isinstance(ask(alpha.orders.place(buy)), Placed)
        rig.until_done(buy)
        [position] = ask(alpha.account.positions())
        assert (position.instrument, position.quantity) == (SWAP, Decimal(2))
        sell = rig.request(Side.SELL, OrderKind.MARKET, "2", instrument=SWAP)
        assert isinstance(ask(alpha.orders.place(sell)), Placed)
        rig.until_done(sell)
        assert ask(alpha.account.positions()) == ()

    def a_no_is_certain() -> None:
        poor = rig.request(Side.BUY, OrderKind.LIMIT, "100", price="30000")
        assert ask(alpha.orders.place(poor)) == PlaceRefused("INSUFFICIENT_FUNDS", ask(alpha.orders.place(poor)).text)
        assert ask(alpha.orders.find(poor.order_id)) is None, "a complete look: there is none"
        stranger = rig.desk("alpha", secret_of="beta")
        for question in (stranger.account.balances(), stranger.orders.open_orders()):
            rig.failure(question, AuthenticationFailed)
        refused = ask(stranger.orders.place(rig.request(Side.BUY, OrderKind.LIMIT, "0.01", price="30000")))
        assert isinstance(refused, PlaceRefused)
        assert refused.reason == "UNAUTHORIZED", refused

    def a_new_process_finds_what_the_old_one_sent() -> None:
        request = rig.request(Side.BUY, OrderKind.LIMIT, "0.01", price=rig.far_bid())
        placed = ask(alpha.orders.place(request))
        fresh = rig.desk("alpha")
        found = ask(fresh.orders.find(request.order_id))
        assert isinstance(placed, Placed)
        assert found is not None
        assert (found.venue_id, found.instrument) == (placed.venue_id, ID)
        assert ask(fresh.orders.find("never-sent")) is None
        assert ask(fresh.orders.cancel([request.order_id])) == {request.order_id: CancelTaken()}

    def a_lost_answer_is_in_doubt() -> None:
        for kind in ("error_after", "ack_lost", "truncate"):
            request = rig.request(Side.BUY, OrderKind.LIMIT, "0.01", price=rig.far_bid())
            fault = {"kind": kind, "methods": ["POST"], "paths": ["/orders"]}
            admin(rig.told, "/faults", {"faults": [fault]})
            answer = ask(alpha.orders.place(request))
            admin(rig.told, "/faults", method="DELETE")
            assert isinstance(answer, InDoubt), (kind, answer)
            found = ask(alpha.orders.find(request.order_id))
            assert found is not None, "it was placed all the same"
            assert found.client_id == request.order_id
            assert ask(alpha.orders.cancel([request.order_id])) == {request.order_id: CancelTaken()}
        standing = ask(alpha.orders.open_orders())
        assert standing == (), standing

    def too_many_requests() -> None:
        admin(rig.told, "/limits", {"private_per_s": 2, "public_per_s": 2})

        async def ten() -> None:
            for _ in range(10):
                await alpha.market.server_time_ns()

        try:
            assert isinstance(rig.failure(ten(), VenueError), RateLimited)
        finally:
            admin(rig.told, "/limits", {"private_per_s": 0, "public_per_s": 0})

    return [
        numbers_are_exact,
        instruments,
        market_data,
        candles_are_whole,
        candles_are_fetched_into_the_catalog,
        balances_and_rates,
        what_ccxt_holds_back_asks_the_gate,
        a_limit_order_goes_round,
        market_orders_fill,
        stops_are_native_or_emulated,
        every_time_in_force,
        a_perpetual_is_held,
        a_no_is_certain,
        a_new_process_finds_what_the_old_one_sent,
        a_lost_answer_is_in_doubt,
        too_many_requests,
    ]


def main() -> int:
    with exchange("--speed", "20") as told:
        rig = Rig(told)
        try:
            return run(checks(rig))
        finally:
            rig.close()


if __name__ == "__main__":
    sys.exit(main())
