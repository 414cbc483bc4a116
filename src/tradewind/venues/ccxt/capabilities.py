"""What a venue can do through ccxt, per kind of order, time in force and kind of data, from what ccxt says of it.

`has` says which calls there are, `features` what an order may carry. What neither says is missing: nothing is tried at
the venue's expense. The same map decides what `orders` sends, so what is printed is what is done.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import msgspec

from tradewind.venues.capabilities import SUPERVISED
from tradewind.venues.ccxt.quirks import PLAIN, Quirks

CANDLES_PAGE = 300
MARKET_KINDS: Mapping[str, tuple[str, ...]] = {"spot": ("spot",), "perpetual": ("swap", "linear")}


class Support(Enum):
    NATIVE = "native"
    EMULATED = "emulated"
    MISSING = "missing"


class Ability(msgspec.Struct, frozen=True):
    """One thing a venue can do, is made to do, or cannot; `how` says with what, or what to do instead."""

    area: str
    what: str
    support: Support
    how: str = ""


class CapabilityMap(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of market of one venue. `stop_parameter` is what carries a stop's price, "" where nothing does."""

    venue: str
    market: str
    abilities: tuple[Ability, ...]
    intervals: tuple[str, ...]
    credentials: tuple[str, ...]
    stop_parameter: str = ""
    buys_by_quote_only: bool = False
    candles_page: int = CANDLES_PAGE

    def support(self, area: str, what: str) -> Support:
        """Return how far something is supported; what is not on the map is missing."""
        found = self.find(area, what)
        return Support.MISSING if found is None else found.support

    def find(self, area: str, what: str) -> Ability | None:
        """Return one line of the map."""
        return next((each for each in self.abilities if (each.area, each.what) == (area, what)), None)


def capability_map(
    venue: str,
    market: str,
    has: Mapping[str, Any],
    features: Mapping[str, Any] | None,
    *,
    timeframes: Mapping[str, Any] | None = None,
    credentials: Mapping[str, Any] | None = None,
    quirks: Quirks = PLAIN,
) -> CapabilityMap:
    """Return what a venue can do in its `spot` or `perpetual` markets."""
    told = _features(features, market)
    terms = told.get("createOrder") or {}
    stop = _stop_parameter(terms)
    by_quote_only = market == "spot" and bool(terms.get("marketBuyRequiresPrice"))
    return CapabilityMap(
        venue=venue,
        market=market,
        abilities=(
            *_orders(has, terms, stop, market, by_quote_only=by_quote_only),
            *_forces(has, terms, quirks),
            *_data(has),
            *_account(has, quirks),
        ),
        intervals=tuple(timeframes or ()) if has.get("fetchOHLCV") else (),
        credentials=tuple(name for name, wanted in (credentials or {}).items() if wanted),
        stop_parameter=stop,
        buys_by_quote_only=by_quote_only,
        candles_page=int((told.get("fetchOHLCV") or {}).get("limit") or CANDLES_PAGE),
    )


def markets_of(has: Mapping[str, Any]) -> tuple[str, ...]:
    """Return which kinds of market a venue has that can be traded here."""
    return tuple(kind for kind, (first, *_) in MARKET_KINDS.items() if has.get(first))


# -- the areas -------------------------------------------------------------------------------------------------------


def _orders(
    has: Mapping[str, Any], terms: Mapping[str, Any], stop: str, market: str, *, by_quote_only: bool
) -> Sequence[Ability]:
    placed = bool(has.get("createOrder"))
    stop_limit = placed and bool(stop)
    stop_market = stop_limit and bool(has.get("createStopMarketOrder"))
    trailing = placed and bool(terms.get("trailing") and has.get("createTrailingAmountOrder"))
    reduces = market != "spot" and bool(has.get("createReduceOnlyOrder"))
    instead = "a sale cannot exceed what is held" if market == "spot" else "size exits by the position"
    return (
        _ability("order", "market", placed and has.get("createMarketOrder"), _by_quote(by_quote_only)),
        _ability(
            "order",
            "market by quote amount",
            placed and market == "spot" and has.get("createMarketBuyOrderWithCost"),
            "purchases",
            "size it by quantity",
        ),
        _ability("order", "limit", placed and has.get("createLimitOrder")),
        _ability("order", "stop-limit", stop_limit, f"by {stop}", SUPERVISED),
        _stop_market(native=stop_market, stop_limit=stop_limit, stop=stop),
        _ability("order", "trailing stop", trailing, "by an amount of the quote currency", SUPERVISED),
        _ability("order", "reduce-only", reduces, "", instead),
        _ability("order", "iceberg", False, "", "place parts of it"),
        _ability("order", "linked orders", False, "", SUPERVISED),
        _ability("order", "edit", has.get("editOrder") is True, "", "cancel and place anew"),
    )


def _by_quote(only: bool) -> str:
    return "sales only: a purchase is by quote amount" if only else ""


def _stop_market(*, native: bool, stop_limit: bool, stop: str) -> Ability:
    if native or not stop_limit:
        return _ability("order", "stop-market", native, f"by {stop}", SUPERVISED)
    return Ability("order", "stop-market", Support.EMULATED, "a stop-limit 5 % beyond the stop")


def _forces(has: Mapping[str, Any], terms: Mapping[str, Any], quirks: Quirks) -> Sequence[Ability]:
    told = terms.get("timeInForce") or {}
    post_only = told.get("PO") or has.get("createPostOnlyOrder")
    dated = told.get("GTD") and quirks.expiry
    return (
        _ability("time in force", "gtc", has.get("createOrder")),
        _ability("time in force", "ioc", told.get("IOC")),
        _ability("time in force", "fok", told.get("FOK")),
        _ability("time in force", "gtd", dated, "", "cancel it when its time has come"),
        _ability("time in force", "post-only", post_only),
    )


def _data(has: Mapping[str, Any]) -> Sequence[Ability]:
    calls = {
        "instruments": "fetchMarkets",
        "candles": "fetchOHLCV",
        "book": "fetchOrderBook",
        "trades": "fetchTrades",
        "server time": "fetchTime",
    }
    return (
        *(_ability("data", what, has.get(call)) for what, call in calls.items()),
        _ability("data", "stream", False, "", "ask again: ccxt's sockets are not used"),
    )


def _account(has: Mapping[str, Any], quirks: Quirks) -> Sequence[Ability]:
    calls = {
        "balances": "fetchBalance",
        "positions": "fetchPositions",
        "fills": "fetchMyTrades",
        "open orders": "fetchOpenOrders",
        "order by the venue's name": "fetchOrder",
    }
    lists = has.get("fetchOrders") or has.get("fetchClosedOrders")
    by_name = "" if quirks.names_proven else "once an answer has shown that orders carry our names"
    return (
        *(_ability("account", what, has.get(call)) for what, call in calls.items()),
        _ability("account", "order by our name", lists or has.get("fetchOpenOrders"), by_name),
        _ability("account", "fee rates", has.get("fetchTradingFees") or has.get("fetchTradingFee")),
        _ability("account", "the key's rights", False, "", "look at the venue's own page"),
        _ability("account", "volume of 30 days", False, "", "the fee rates tell what follows from it"),
    )


# -- small parts -----------------------------------------------------------------------------------------------------


def _ability(area: str, what: str, native: Any, how: str = "", instead: str = "") -> Ability:
    emulated = native == "emulated"
    support = Support.EMULATED if emulated else Support.NATIVE if native else Support.MISSING
    return Ability(area, what, support, how if native else instead)


def _features(features: Mapping[str, Any] | None, market: str) -> Mapping[str, Any]:
    found: Any = features or {}
    for part in MARKET_KINDS[market]:
        found = (found or {}).get(part)
    return found or {}


def _stop_parameter(terms: Mapping[str, Any]) -> str:
    """Return what carries a stop's price: a stop loss has its direction in itself, a trigger needs to be told."""
    if terms.get("stopLossPrice"):
        return "stopLossPrice"
    return "triggerPrice" if terms.get("triggerPrice") and terms.get("triggerDirection") else ""
