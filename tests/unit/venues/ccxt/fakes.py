"""An exchange as ccxt shows one, with markets, orders and a clock of its own; and ccxt's errors by their names."""

from collections.abc import Mapping, Sequence
from typing import Any

from tradewind.venues.ccxt.capabilities import CapabilityMap, capability_map
from tradewind.venues.ccxt.client import Client, map_of
from tradewind.venues.ccxt.quirks import PLAIN, Quirks


class BaseError(Exception): ...


class ExchangeError(BaseError): ...


class AuthenticationError(ExchangeError): ...


class PermissionDenied(AuthenticationError): ...


class InsufficientFunds(ExchangeError): ...


class BadRequest(ExchangeError): ...


class InvalidOrder(ExchangeError): ...


class OrderNotFound(InvalidOrder): ...


class DuplicateOrderId(InvalidOrder): ...


class NotSupported(ExchangeError): ...


class OperationFailed(BaseError): ...


class NetworkError(OperationFailed): ...


class RateLimitExceeded(NetworkError): ...


class ExchangeNotAvailable(NetworkError): ...


class RequestTimeout(NetworkError): ...


class InvalidNonce(NetworkError): ...


class BadResponse(OperationFailed): ...


class CancelPending(OperationFailed): ...


class ClientConnectorError(OSError):
    """What aiohttp raises when no connection comes about."""


SPOT: Mapping[str, Any] = {
    "id": "BTCUSDT",
    "symbol": "BTC/USDT",
    "base": "BTC",
    "quote": "USDT",
    "settle": None,
    "type": "spot",
    "contract": False,
    "linear": None,
    "active": True,
    "contractSize": None,
    "expiry": None,
    "precision": {"price": "0.01", "amount": "0.00001"},
    "limits": {
        "amount": {"min": "0.00002", "max": "9000"},
        "cost": {"min": "5", "max": "9000000"},
        "leverage": {"min": None, "max": None},
    },
}
SWAP: Mapping[str, Any] = {
    **SPOT,
    "symbol": "BTC/USDT:USDT",
    "settle": "USDT",
    "type": "swap",
    "contract": True,
    "linear": True,
    "contractSize": "0.001",
    "precision": {"price": "0.1", "amount": "1"},
    "limits": {"amount": {"min": "1", "max": "1000"}, "cost": {}, "leverage": {"min": "1", "max": "20"}},
}
FUTURE: Mapping[str, Any] = {
    **SWAP,
    "id": "BTCUSDT_261225",
    "symbol": "BTC/USDT:USDT-261225",
    "type": "future",
    "expiry": 1_798_185_600_000,
}
INVERSE: Mapping[str, Any] = {
    **SWAP,
    "id": "BTCUSD_PERP",
    "symbol": "BTC/USD:BTC",
    "quote": "USD",
    "settle": "BTC",
    "linear": False,
}
OPTION: Mapping[str, Any] = {**SWAP, "id": "BTC-C", "symbol": "BTC/USDT:USDT-261225-90000-C", "type": "option"}
MARKETS = (SPOT, SWAP, FUTURE, INVERSE, OPTION)

HAS: Mapping[str, Any] = {
    "spot": True,
    "swap": True,
    **dict.fromkeys(
        "createOrder createMarketOrder createLimitOrder createMarketBuyOrderWithCost createReduceOnlyOrder editOrder "
        "fetchMarkets fetchOHLCV fetchOrderBook fetchTrades fetchTime fetchBalance fetchPositions fetchMyTrades "
        "fetchOpenOrders fetchOrder fetchOrders fetchTradingFees".split(),
        True,
    ),
}
TERMS: Mapping[str, Any] = {
    "stopLossPrice": True,
    "timeInForce": {"IOC": True, "FOK": True, "PO": True, "GTD": True},
    "trailing": False,
}
FEATURES: Mapping[str, Any] = {
    "spot": {"createOrder": TERMS, "fetchOHLCV": {"limit": 3}},
    "swap": {"linear": {"createOrder": TERMS, "fetchOHLCV": {"limit": 3}}, "inverse": None},
}


def made_map(
    market: str = "spot", quirks: Quirks = PLAIN, terms: Mapping[str, Any] = TERMS, **has: Any
) -> CapabilityMap:
    """The map of an exchange that has what HAS has, and what is named."""
    told = {"spot": {"createOrder": terms}, "swap": {"linear": {"createOrder": terms}}}
    return capability_map("fake", market, {**HAS, **has}, told, timeframes={"1m": "1", "1h": "60"}, quirks=quirks)


class FakeExchange:
    """Keeps orders by the venue's name; what `failing` names raises, before or after it is done."""

    id = "fake"
    timeframes = {"1m": "1", "1h": "60", "1M": "month"}

    def __init__(self, *, now_ms: int = 1_700_000_000_000, carries_names: bool = True) -> None:
        self.apiKey = "key"
        self.privateKey = ""
        self.precisionMode = 4
        self.requiredCredentials = {"apiKey": True, "secret": True, "password": False}
        self.has = dict(HAS)
        self.features = dict(FEATURES)
        self.now_ms = now_ms
        self.carries_names = carries_names
        self.failing: dict[str, tuple[Exception, bool]] = {}
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.orders: dict[str, dict[str, Any]] = {}
        self.trades: list[dict[str, Any]] = []
        self.candles: list[list[Any]] = []
        self.page_rows = 100
        self.closed = False

    async def close(self) -> None:
        self.closed = True

    async def load_markets(self, anew: bool = False) -> dict[str, Any]:
        self._called("load_markets", anew)
        return {market["symbol"]: market for market in MARKETS}

    async def create_order(
        self, symbol: str, kind: str, side: str, amount: str | None, price: str | None, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        self._called("create_order", symbol, kind, side, amount, price, dict(params))
        order = {
            "id": f"v{len(self.orders) + 1}",
            "clientOrderId": params.get("clientOrderId") if self.carries_names else None,
            "symbol": symbol,
            "type": kind,
            "side": side,
            "amount": amount,
            "price": price,
            "filled": "0",
            "status": "open",
            "timestamp": self.now_ms,
        }
        self.orders[order["id"]] = order
        self._fail_after("create_order")
        return order

    async def create_market_buy_order_with_cost(self, symbol: str, cost: str, params: Mapping[str, Any]) -> Any:
        return await self.create_order(symbol, "market", "buy", None, None, {**params, "cost": cost})

    async def edit_order(
        self, id: str, symbol: str, kind: str, side: str, amount: str | None, price: str | None
    ) -> dict[str, Any]:
        self._called("edit_order", id, symbol, kind, side, amount, price)
        self.orders[id] |= {"amount": amount, "price": price}
        return self.orders[id]

    async def cancel_order(self, id: str, symbol: str | None) -> dict[str, Any]:
        self._called("cancel_order", id, symbol)
        if id not in self.orders:
            raise OrderNotFound(f"fake has no order {id}")
        self.orders[id]["status"] = "canceled"
        self._fail_after("cancel_order")
        return self.orders[id]

    async def fetch_order(self, id: str, symbol: str | None) -> dict[str, Any]:
        self._called("fetch_order", id, symbol)
        if id not in self.orders:
            raise OrderNotFound(f"fake has no order {id}")
        return self.orders[id]

    async def fetch_orders(self, symbol: str | None, since: int | None, limit: int | None) -> list[dict[str, Any]]:
        self._called("fetch_orders", symbol, since, limit)
        return self._page(list(self.orders.values()), since, limit)

    async def fetch_open_orders(self, symbol: str | None) -> list[dict[str, Any]]:
        self._called("fetch_open_orders", symbol)
        return [order for order in self.orders.values() if order["status"] == "open"]

    async def fetch_my_trades(self, symbol: str | None, since: int | None, limit: int | None) -> list[dict[str, Any]]:
        self._called("fetch_my_trades", symbol, since, limit)
        return self._page(self.trades, since, limit)

    async def fetch_ohlcv(self, symbol: str, word: str, *, since: int, limit: int) -> list[list[Any]]:
        self._called("fetch_ohlcv", symbol, word, since, limit)
        return [row for row in self.candles if row[0] >= since][:limit]

    async def fetch_time(self) -> int:
        self._called("fetch_time")
        return self.now_ms

    async def fetch_trading_fees(self) -> dict[str, Any]:
        return {
            "BTC/USDT": {"symbol": "BTC/USDT", "maker": "0.001", "taker": 0.002},
            "ETH/USDT": {"symbol": "ETH/USDT", "maker": "0.1", "taker": "0.2"},
        }

    def _called(self, name: str, *arguments: Any) -> None:
        self.calls.append((name, arguments))
        error, after = self.failing.get(name, (None, False))
        if error is not None and not after:
            raise error

    def _fail_after(self, name: str) -> None:
        error, after = self.failing.get(name, (None, False))
        if error is not None and after:
            raise error

    def _page(self, rows: Sequence[dict[str, Any]], since: int | None, limit: int | None) -> list[dict[str, Any]]:
        later = [row for row in rows if since is None or row["timestamp"] >= since]
        return later[: min(limit or self.page_rows, self.page_rows)]


def client_of(exchange: FakeExchange, quirks: Quirks = PLAIN) -> Client:
    """A client over a fake exchange."""
    made = Client(exchange, (BaseError,), quirks)
    made.maps = {kind: map_of(exchange, kind) for kind in made.maps}
    return made
