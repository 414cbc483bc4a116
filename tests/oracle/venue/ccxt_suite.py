"""ccxt against the local exchange, unchanged but for the address of its REST API.

Runs in `.venv-oracle-ccxt` (`make oracle-venue`).
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from running import Check, account, admin, exchange, run, until

SYMBOL = "BTC/USD"
SWAP = "BTC/USD:USD"


def checks(told: dict[str, Any]) -> list[Check]:
    import ccxt

    def client(name: str) -> Any:
        entry = account(told, name)
        keys = {"apiKey": entry["api_key"], "secret": entry["api_secret"]}
        # `requests_trust_env` is ccxt's own switch for reading REQUESTS_CA_BUNDLE.
        made = ccxt.coinbase({**keys, "enableRateLimit": False, "requests_trust_env": True})
        made.urls["api"]["rest"] = told["rest"]
        return made

    alpha = client("alpha")
    kept: dict[str, Any] = {}

    def markets() -> None:
        found = alpha.load_markets()
        spot, swap = found[SYMBOL], found[SWAP]
        assert (spot["spot"], spot["base"], spot["quote"], spot["active"]) == (True, "BTC", "USD", True)
        assert spot["precision"] == {"amount": 1e-8, "price": 0.01}
        assert (swap["swap"], swap["linear"], swap["contractSize"]) == (True, True, 0.01)
        assert spot["taker"] == 0.012

    def server_time() -> None:
        assert abs(alpha.fetch_time() - time.time() * 1000) < 5_000

    def balances() -> None:
        assert alpha.fetch_balance()["USD"]["total"] == 1e6
        found = alpha.fetch_balance({"v3": True})
        assert found["USD"] == {"free": 1e6, "used": 0.0, "total": 1e6}
        assert found["BTC"]["total"] == 10

    def order_book() -> None:
        book = alpha.fetch_order_book(SYMBOL, 10)
        assert 0 < len(book["bids"]) <= 10
        assert book["bids"][0][0] < book["asks"][0][0]

    def ticker() -> None:
        found = alpha.fetch_ticker(SYMBOL)
        assert found["bid"] < found["ask"]
        assert alpha.fetch_tickers([SYMBOL, "ETH/USD"])["ETH/USD"]["last"] > 0

    def ohlcv() -> None:
        rows = alpha.fetch_ohlcv(SYMBOL, "1h", limit=100)
        assert len(rows) >= 99
        assert all(row[3] <= row[1] <= row[2] for row in rows)
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
        assert len(alpha.fetch_ohlcv(SYMBOL, "1m", limit=60)) >= 59

    def trades() -> None:
        found = alpha.fetch_trades(SYMBOL, limit=20)
        assert len(found) == 20
        assert {trade["side"] for trade in found} <= {"buy", "sell"}

    def limit_order_round_trip() -> None:
        price = float(alpha.price_to_precision(SYMBOL, alpha.fetch_ticker(SYMBOL)["bid"] * 0.9))
        order = alpha.create_order(SYMBOL, "limit", "buy", 0.01, price, {"postOnly": True})
        kept["limit"] = order["id"]
        [standing] = alpha.fetch_open_orders(SYMBOL)
        assert (standing["id"], standing["status"], standing["price"]) == (order["id"], "open", price)
        held = alpha.fetch_balance({"v3": True})["USD"]["used"]
        assert held > 0.01 * price, "the hold has room for the fee"
        alpha.edit_order(order["id"], SYMBOL, "limit", "buy", 0.02, price)
        assert alpha.fetch_order(order["id"])["amount"] == 0.02
        assert alpha.cancel_order(order["id"], SYMBOL)["id"] == order["id"]
        assert alpha.fetch_open_orders(SYMBOL) == []
        assert alpha.fetch_order(order["id"])["status"] == "canceled"
        assert alpha.fetch_balance({"v3": True})["USD"]["used"] == 0

    def market_order_round_trip() -> None:
        bought = alpha.create_order(
            SYMBOL, "market", "buy", 0.01, None, {"createMarketBuyOrderRequiresPrice": False, "cost": 500}
        )
        sold = alpha.create_order(SYMBOL, "market", "sell", 0.005)
        for made in (bought, sold):
            until(lambda made=made: alpha.fetch_order(made["id"])["status"] == "closed", "the fill")
        kept["market"] = {bought["id"], sold["id"]}
        order = alpha.fetch_order(sold["id"])
        assert order["filled"] == 0.005
        assert float(order["fee"]["cost"]) > 0
        mine = alpha.fetch_my_trades(SYMBOL)
        assert {bought["id"], sold["id"]} == {trade["order"] for trade in mine}
        assert alpha.fetch_balance()["BTC"]["total"] > 10

    def stop_order() -> None:
        bid = alpha.fetch_ticker(SYMBOL)["bid"]
        order = alpha.create_order(SYMBOL, "limit", "sell", 0.01, bid * 0.79, {"stopLossPrice": bid * 0.8})
        assert alpha.fetch_order(order["id"])["stopPrice"] or alpha.fetch_order(order["id"])["triggerPrice"]
        alpha.cancel_orders([order["id"]], SYMBOL)

    def closed_and_canceled_orders() -> None:
        assert {order["id"] for order in alpha.fetch_closed_orders(SYMBOL)} == kept["market"]
        assert kept["limit"] in {order["id"] for order in alpha.fetch_canceled_orders(SYMBOL)}
        assert len(alpha.fetch_orders(SYMBOL)) >= 4

    def swap_order_and_position() -> None:
        alpha.create_order(SWAP, "market", "buy", 2)
        [position] = alpha.fetch_positions([SWAP])
        assert (position["side"], position["contracts"]) == ("long", 2)
        assert alpha.fetch_balance({"type": "swap"})["USD"]["total"] > 0
        alpha.create_order(SWAP, "market", "sell", 2)
        assert alpha.fetch_positions([SWAP]) == []

    def refusals_are_known_to_ccxt() -> None:
        for call, error in (
            (lambda: alpha.create_order(SYMBOL, "limit", "buy", 1e6, 30_000), ccxt.InsufficientFunds),
            (lambda: alpha.cancel_orders(["11111111-1111-4111-8111-111111111111"]), ccxt.BadRequest),
            (lambda: wrong().fetch_balance(), ccxt.AuthenticationError),
        ):
            try:
                call()
                found: type[Exception] | None = None
            except ccxt.BaseError as raised:
                found = type(raised)
            assert found is error, found

    def wrong() -> Any:
        stranger = client("alpha")
        stranger.secret = account(told, "beta")["api_secret"]
        return stranger

    def too_many_requests() -> None:
        admin(told, "/limits", {"private_per_s": 2, "public_per_s": 2})
        try:
            for _ in range(10):
                alpha.fetch_time()
        except ccxt.RateLimitExceeded:
            pass
        else:
            raise AssertionError("ten requests passed a limit of two a second")
        finally:
            admin(told, "/limits", {"private_per_s": 0, "public_per_s": 0})

    return [
        markets,
        server_time,
        balances,
        order_book,
        ticker,
        ohlcv,
        trades,
        limit_order_round_trip,
        market_order_round_trip,
        stop_order,
        closed_and_canceled_orders,
        swap_order_and_position,
        refusals_are_known_to_ccxt,
        too_many_requests,
    ]


def main() -> int:
    with exchange("--speed", "20") as told:
        return run(checks(told))


if __name__ == "__main__":
    sys.exit(main())
