"""Markets of ccxt as instruments, and their names: `BTC/USDT` is BTC-USDT, `BTC/USDT:USDT` is BTC-USDT-PERP.

Increments are the venue's own or there is no instrument: none are guessed. Contracts that are settled in their base
currency, options, and prices counted in significant digits have no place in an engine whose notional is
contract size x quantity x price on a fixed tick; their candles can be fetched all the same.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

import msgspec

from tradewind.model.errors import ConfigError, MalformedAnswer, VenueRejected
from tradewind.model.instrument import Instrument, InstrumentKind, ceil_to, decimals_of, define_instrument
from tradewind.model.money import EXACT, ONE, ZERO, power_of_ten, ratio
from tradewind.venues.ccxt.exact import exact, moment_ns, needed
from tradewind.venues.ports import ProductMode, ProductState

Market = Mapping[str, Any]
DECIMAL_PLACES, SIGNIFICANT_DIGITS, TICK_SIZE = 2, 3, 4
VOLUME_DECIMALS = 8
UNKNOWN_PRODUCT = "UNKNOWN_PRODUCT"
KINDS = ("spot", "swap", "future")


class Names:
    """Our names of a venue's markets and the markets by either name."""

    def __init__(self, venue: str, markets: Iterable[Market]) -> None:
        self.venue = venue
        self.by_symbol: dict[str, Market] = {}
        self.by_id: dict[str, Market] = {}
        self._shared: dict[str, str] = {}
        for market in markets:
            self.by_symbol[market["symbol"]] = market
            if market.get("type") in KINDS:
                first = self.by_id.setdefault(name_of(market), market)
                if first is not market:
                    self._shared[name_of(market)] = f"{first['symbol']} and {market['symbol']}"

    def market(self, id: str) -> Market:
        """Return the market of one of our names.

        Raises  VenueRejected with UNKNOWN_PRODUCT when the venue has none, ConfigError when two would have the name.
        """
        if id in self._shared:
            raise ConfigError(f"{id} could be {self._shared[id]} of {self.venue}: neither is guessed")
        if id in self.by_id:
            return self.by_id[id]
        other = self.by_symbol.get(id) or next((each for each in self.by_id.values() if each.get("id") == id), None)
        hint = "see its list of markets" if other is None else f"it is called {name_of(other)} here"
        raise VenueRejected(f"{self.venue} has no market {id}: {hint}", UNKNOWN_PRODUCT)

    def id_of(self, symbol: Any) -> str:
        """Return our name for a symbol of ccxt; a market that is not known keeps its symbol."""
        market = self.by_symbol.get(symbol)
        return str(symbol or "") if market is None else name_of(market)


def name_of(market: Market) -> str:
    """Return our name of a market; the currency it is settled in is named where it is not the quote currency."""
    base, quote, settle = market["base"], market["quote"], market.get("settle")
    parts = [base, quote] if settle in {None, "", quote} else [base, quote, settle]
    if market.get("type") == "swap":
        parts.append("PERP")
    elif market.get("type") == "future":
        parts.append(market["symbol"].rpartition("-")[2])
    return "-".join(parts)


def instrument_of(market: Market, venue: str, precision_mode: int) -> Instrument:
    """Return the instrument of a market; a contract is margined, and so a perpetual to the engine.

    Raises  ConfigError for a market that the engine cannot hold, MalformedAnswer when increments are missing or floats
    that cannot be exact.
    """
    name = name_of(market)
    _refuse_foreign_kinds(market, name, venue)
    tick = increment_of(market, "price", venue, precision_mode)
    lot = increment_of(market, "amount", venue, precision_mode)
    contract = bool(market.get("contract"))
    instrument = define_instrument(
        name,
        kind=InstrumentKind.PERPETUAL if contract else InstrumentKind.SPOT,
        price_increment=tick,
        base_increment=lot,
        volume_decimals=max(VOLUME_DECIMALS, decimals_of(lot)),
        venue=venue,
        base=market["base"],
        quote=market["quote"],
        min_notional=_limit(market, "cost", "min", name) or ZERO,
        contract_size=needed(market.get("contractSize"), f"contract size of {name}") if contract else ONE,
        initial_margin=_initial_margin(market, name) if contract else ONE,
    )
    return _with_minimum(instrument, _limit(market, "amount", "min", name))


def increment_of(market: Market, what: str, venue: str, precision_mode: int) -> Decimal:
    """Return the step of `price` or `amount`, from a tick or a count of decimals.

    Raises  ConfigError for steps that move with the price, MalformedAnswer when the venue tells none.
    """
    name = name_of(market)
    told = (market.get("precision") or {}).get(what)
    if told is None:
        raise MalformedAnswer(f"{venue} tells no increment for the {what} of {name}: none is guessed")
    if precision_mode == TICK_SIZE:
        return needed(told, f"increment of the {what} of {name}")
    if precision_mode == DECIMAL_PLACES:
        places = exact(told, f"decimals of the {what} of {name}")
        if places is None or places != places.to_integral_value():
            raise MalformedAnswer(f"decimals of the {what} of {name}: {told!r} is no whole number")
        return power_of_ten(-int(places))
    raise ConfigError(
        f"{venue} counts the {what} of {name} in significant digits, so it has no fixed increment: "
        "its candles can be fetched, orders cannot be sent there"
    )


def state_of(market: Market) -> ProductState:
    """Return whether orders are taken now, and the limits of one order; ccxt does not tell finer modes."""
    name = name_of(market)
    return ProductState(
        instrument=name,
        mode=ProductMode.DISABLED if market.get("active") is False else ProductMode.ONLINE,
        canonical=name,
        min_quantity=_limit(market, "amount", "min", name),
        max_quantity=_limit(market, "amount", "max", name),
        min_notional=_limit(market, "cost", "min", name),
        max_notional=_limit(market, "cost", "max", name),
        is_future=bool(market.get("contract")),
        is_perpetual=market.get("type") == "swap",
        expiry_ns=moment_ns(market.get("expiry")) or None,
    )


def _refuse_foreign_kinds(market: Market, id: str, venue: str) -> None:
    if market.get("type") not in KINDS:
        raise ConfigError(f"{id} of {venue} is of the kind {market.get('type')}: spot and linear contracts are traded")
    if market.get("contract") and market.get("linear") is not True:
        raise ConfigError(f"{id} of {venue} is settled in {market.get('settle')}: only linear contracts are traded")


def _limit(market: Market, what: str, end: str, id: str) -> Decimal | None:
    """Return a limit of orders; what is nothing is no limit."""
    limits = (market.get("limits") or {}).get(what) or {}
    return exact(limits.get(end), f"{end} {what} of {id}") or None


def _initial_margin(market: Market, id: str) -> Decimal:
    """Return the share of notional to put up: one over the leverage allowed, else all of it."""
    leverage = _limit(market, "leverage", "max", id)
    return ratio(ONE, leverage) if leverage is not None and leverage > 1 else ONE


def _with_minimum(instrument: Instrument, smallest: Decimal | None) -> Instrument:
    """Return the instrument with its smallest quantity, rounded up to the lot."""
    if smallest is None or smallest <= 0:
        return instrument
    scaled = smallest.scaleb(instrument.quantity_scale, EXACT)
    units = ceil_to(int(scaled.to_integral_value(ROUND_CEILING)), instrument.lot)
    return msgspec.structs.replace(instrument, min_quantity=units)
