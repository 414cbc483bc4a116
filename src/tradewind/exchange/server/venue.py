"""The exchange as it is served: core, listings, members and their keys, limits, faults and the clock."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from uuid import NAMESPACE_OID, uuid5

import msgspec

from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.core.views import CandleView, OrderView
from tradewind.exchange.server.asking import not_found
from tradewind.exchange.server.authentication import ApiKey, Denied, Verifier
from tradewind.exchange.server.faults import FaultBoard, FaultKind
from tradewind.exchange.server.limits import LOCAL_LIMITS, Limiter, RateLimit
from tradewind.exchange.server.listing import Listed, Quote
from tradewind.exchange.server.past import DAY_S, NO_PAST, PastCandles, candles
from tradewind.exchange.server.texts import SECOND_NS, Json
from tradewind.model.money import ZERO

Clock = Callable[[], int]
SPANS_KEPT_S = 10
LAG_MS = 2_000


class Portfolio(msgspec.Struct):
    """What the venue knows of an account besides its money; `user` owns several."""

    name: str
    user: str
    type: str = "DEFAULT"
    deleted: bool = False
    created_ns: int = 0
    intraday_margin: str = "INTRADAY_MARGIN_SETTING_STANDARD"
    sweeps: list[Json] = msgspec.field(default_factory=list)
    multi_asset_collateral: bool = False


class Span(msgspec.Struct, frozen=True):
    """A stretch of time's first price, range and volume; None where nothing was traded."""

    opened: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    volume: Decimal = ZERO


NO_SPAN = Span()


class Conversion(msgspec.Struct, frozen=True):
    """A conversion that was offered: one to one, in whose account, and what the venue tells of it."""

    account: str
    source: str
    target: str
    value: Decimal
    trade: Json


class Venue:
    """One exchange with everything that surrounds its core."""

    def __init__(
        self,
        exchange: Exchange,
        listings: Sequence[Listed],
        clock: Clock,
        *,
        limit: RateLimit = LOCAL_LIMITS,
        faults: FaultBoard | None = None,
        past: Mapping[str, PastCandles] | None = None,
    ) -> None:
        self.exchange = exchange
        self.listings = {listed.product.id: listed for listed in listings}
        self.clock = clock
        self.limiter = Limiter(limit)
        self.faults = faults or FaultBoard()
        self.verifier = Verifier()
        self.portfolios: dict[str, Portfolio] = {}
        self.conversions: dict[str, Conversion] = {}
        self.denied: Counter[str] = Counter()
        self.past = dict(past or {})
        self._past_ranges: dict[str, tuple[Decimal, Decimal] | None] = {}
        self._kept_spans: dict[str, tuple[int, tuple[Span, Span]]] = {}
        self._modes_by_fault: dict[str, ProductMode] = {}

    # -- members ------------------------------------------------------------------------------------------------------

    def open_portfolio(
        self,
        name: str,
        balances: Mapping[str, Decimal],
        *,
        owner: str = "",
        kind: str = "DEFAULT",
        volume_30d: Decimal = ZERO,
    ) -> str:
        """Open an account and return its id, which is its portfolio's."""
        account = self.exchange.open_account(name, dict(balances), owner=owner, volume_30d=volume_30d)
        user = str(uuid5(NAMESPACE_OID, f"user {owner or account}"))
        self.portfolios[account] = Portfolio(name, user, kind, created_ns=self.clock())
        return account

    def portfolio(self, portfolio_id: str, account: str) -> Portfolio:
        """Return a portfolio of the same user as `account`.

        Raises  Refusal 404 for any other.
        """
        found = self.portfolios.get(portfolio_id)
        if found is None or found.deleted or found.user != self.portfolios[account].user:
            raise not_found(f"portfolio {portfolio_id} was not found")
        return found

    def user_of(self, account: str) -> str:
        """Return the id of the user whose account it is."""
        return self.portfolios[account].user

    def signed_by(self, bearer: str | None, method: str, host: str, path: str) -> ApiKey | Denied:
        """Return the key that signed a request, by the venue's own clock, and count what is refused."""
        key = self.verifier.request(bearer, method, host, path, self.told_ns())
        if isinstance(key, Denied):
            self.denied[key.reason] += 1
        return key

    # -- time ---------------------------------------------------------------------------------------------------------

    def told_ns(self) -> int:
        """Return the time that the venue tells and checks tokens by: the clock's, and whatever skew is set."""
        now_ns = self.clock()
        return now_ns + self.faults.skew_ns(now_ns)

    def tick(self) -> None:
        """Let what is due by now happen: expiries, funding, modes by faults."""
        now_ns = self.clock()
        self._keep_modes(now_ns)
        self.exchange.advance(now_ns)

    def _keep_modes(self, now_ns: int) -> None:
        wanted: dict[str, ProductMode] = {}
        for fault in self.faults.active(now_ns).get(FaultKind.MODE, ()):
            wanted |= dict.fromkeys(fault.products or self.listings, fault.mode)
        if wanted == self._modes_by_fault:
            return
        for product_id in self._modes_by_fault.keys() | wanted.keys():
            if product_id in self.listings:
                listed = self.listings[product_id].product.mode
                self.exchange.set_mode(product_id, wanted.get(product_id, listed), now_ns)
        self._modes_by_fault = wanted

    # -- products -----------------------------------------------------------------------------------------------------

    def listed(self, product_id: str) -> Listed:
        """Return a product's listing.

        Raises  Refusal 404 when there is none.
        """
        if (found := self.listings.get(product_id)) is None:
            raise not_found(f"product {product_id} was not found")
        return found

    def quote(self, product_id: str) -> Quote:
        """Return what a product stands at now."""
        exchange, listed = self.exchange, self.listings[product_id]
        book = exchange.book(product_id, 1)
        day = self.day(product_id)
        futures = not listed.product.is_spot
        rate, due_ns = exchange.funding(product_id) if futures else (ZERO, None)
        return Quote(
            price=self.last_price(product_id),
            bid=book.bids[0][0] if book.bids else None,
            ask=book.asks[0][0] if book.asks else None,
            open_24h=day.opened,
            volume_24h=day.volume,
            mode=exchange.mode(product_id),
            funding_rate=rate,
            funding_ns=due_ns or 0,
            funding_interval_ns=exchange.funding_interval_ns(product_id),
            open_interest=exchange.open_interest(product_id) if futures else ZERO,
        )

    def last_price(self, product_id: str) -> Decimal | None:
        """Return the last trade's price, or the last close of the past while there is none."""
        if (last := self.exchange.last_price(product_id)) is not None:
            return last
        return self.past.get(product_id, NO_PAST).last_close()

    def day(self, product_id: str) -> Span:
        """Return the last day's first price, range and volume, a few seconds old at most."""
        return self._spans(product_id)[0]

    def ranges(self, product_id: str) -> tuple[Span, Span]:
        """Return the last day, and the last year as far as it is known, a few seconds old at most."""
        return self._spans(product_id)

    def _spans(self, product_id: str) -> tuple[Span, Span]:
        now_s = self.clock() // SECOND_NS
        at_s, kept = self._kept_spans.get(product_id, (0, (NO_SPAN, NO_SPAN)))
        if now_s - at_s >= SPANS_KEPT_S:
            day = _span(self.candles(product_id, 3_600, now_s - DAY_S, now_s + 1))
            kept = (day, self._year(product_id, day))
            self._kept_spans[product_id] = (now_s, kept)
        return kept

    def _year(self, product_id: str, day: Span) -> Span:
        """Return the day widened by all that is known of the time before."""
        if product_id not in self._past_ranges:
            self._past_ranges[product_id] = self.past.get(product_id, NO_PAST).range()
        known = self._past_ranges[product_id]
        if known is None or day.low is None or day.high is None:
            return day
        return Span(day.opened, min(day.low, known[0]), max(day.high, known[1]), day.volume)

    def candles(self, product_id: str, span_s: int, start_s: int, end_s: int) -> list[CandleView]:
        """Return candles, those of the past among them, newest first."""
        return candles(self.exchange, self.past.get(product_id, NO_PAST), product_id, span_s, start_s, end_s)

    def visible(self, order: OrderView) -> bool:
        """Return whether queries find an order already, which a fault may delay."""
        now_ns = self.clock()
        lags = self.faults.active(now_ns).get(FaultKind.ORDER_LAG, ())
        return all(now_ns - order.created_ns >= (LAG_MS if lag.ms is None else lag.ms) * 1_000_000 for lag in lags)


def _span(found: Sequence[CandleView]) -> Span:
    """Return what candles, newest first, come to together."""
    if not found:
        return NO_SPAN
    volume = sum((candle.volume for candle in found), ZERO)
    return Span(found[-1].open, min(candle.low for candle in found), max(candle.high for candle in found), volume)
