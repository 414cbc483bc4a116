"""Where orders go through ccxt: placed once under a name of ours, found again by it, cancelled by the venue's name.

Nothing here raises for what the venue does to a write: it is done, refused for certain, or in doubt. A look for an
order that was not complete, or at a venue that has not shown that its orders carry our names, never says that there is
none.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from tradewind.model.errors import (
    ConfigError,
    InvalidOrder,
    MalformedAnswer,
    OutcomeUnknown,
    VenueError,
)
from tradewind.model.money import plain
from tradewind.model.orders import OrderRequest, Side
from tradewind.model.venue import (
    CancelAnswer,
    CancelRefused,
    CancelTaken,
    InDoubt,
    PlaceAnswer,
    Placed,
    PlaceRefused,
    VenueFill,
    VenueOrder,
)
from tradewind.venues.ccxt.capabilities import Support
from tradewind.venues.ccxt.client import Client
from tradewind.venues.ccxt.exact import MILLISECOND_NS, moment_ns
from tradewind.venues.ccxt.failures import is_kind
from tradewind.venues.ccxt.incoming import venue_fill, venue_order
from tradewind.venues.ccxt.market_desk import CcxtMarket
from tradewind.venues.ccxt.orders import SIDES, Form, form_of
from tradewind.venues.doubts import NOT_SENT, cancel_failure, place_failure
from tradewind.venues.ports import Look
from tradewind.venues.terms import UNSUPPORTED, refusal_before_sending

PAGE = 100
PAGES_MAX = 50
CLOCK_MARGIN_NS = 3_600_000_000_000
CLIENT_ID_REUSED, UNKNOWN_ORDER = "CLIENT_ID_REUSED", "ORDER_NOT_FOUND"
Told = Mapping[str, Any]


class Sending(msgspec.Struct, frozen=True):
    """What is remembered of an order that was sent: enough to look for it, and to know it again."""

    instrument: str
    sent_ns: int
    side: Side
    amount: str | None
    price: str | None


class CcxtOrders:
    """The orders' side of the desk."""

    def __init__(self, client: Client, market: CcxtMarket) -> None:
        self.client = client
        self.market = market
        self.emulations: dict[str, str] = {}
        self.names_proven = client.quirks.names_proven
        self._venue_ids: dict[str, str] = {}
        self._client_ids: dict[str, str] = {}
        self._symbols: dict[str, str] = {}
        self._sent: dict[str, Sending] = {}

    # -- writing ------------------------------------------------------------------------------------------------------

    async def place(self, request: OrderRequest, look: Look | None = None) -> PlaceAnswer:
        """Send an order under its name; what the venue would refuse anyway is refused here, unsent."""
        try:
            self.client.need_key()
            form = await self._form(request)
            symbol = await self.market.symbol(request.instrument)
        except VenueError as error:
            certain = place_failure(error)
            return certain if isinstance(certain, PlaceRefused) else PlaceRefused(NOT_SENT, str(error))
        except (InvalidOrder, ConfigError) as error:
            return PlaceRefused(NOT_SENT, str(error))
        if isinstance(form, PlaceRefused):
            return form
        if form.emulation:
            self.emulations[request.order_id] = form.emulation
        self._sent[request.order_id] = Sending(
            request.instrument, self.client.now_ns(), request.side, form.amount, form.price
        )
        try:
            told = await self._send(symbol, form, look)
        except VenueError as error:
            if is_kind(error.__cause__, "DuplicateOrderId"):
                return await self._same(request.order_id, error)
            return place_failure(error)
        return self._placed(request.order_id, symbol, told)

    def prepare(self, request: OrderRequest) -> None:
        """Do nothing: ccxt makes a request and sends it in one go."""

    def forget(self, client_ids: Iterable[str]) -> None:
        """Drop the names of orders that are long over."""
        for client_id in client_ids:
            venue_id = self._venue_ids.pop(client_id, "")
            self._client_ids.pop(venue_id, None)
            self._symbols.pop(venue_id, None)
            self._sent.pop(client_id, None)
            self.emulations.pop(client_id, None)

    async def edit(
        self, client_id: str, *, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> PlaceAnswer:
        """Change price or total quantity of a live limit order; what is not given stays as it is.

        Many venues cancel and place anew: `Placed` names the order as it is called from now on.
        """
        try:
            order = await self.find(client_id)
            if order is None:
                return PlaceRefused(UNKNOWN_ORDER, f"there is no order {client_id}")
            can = self.client.map_for(spot=(await self.market.instrument(order.instrument)).is_spot)
            if can is None or can.support("order", "edit") is not Support.NATIVE:
                return PlaceRefused(UNSUPPORTED, f"{self.client.venue} through ccxt cannot edit: cancel and place anew")
            symbol = await self.market.symbol(order.instrument)
            size, limit = quantity or order.quantity, price or order.price
            terms = ("limit", SIDES[order.side], _text(size), _text(limit))
            told = await self.client.call("edit_order", order.venue_id, symbol, *terms)
        except VenueError as error:
            return place_failure(error)
        return self._placed(client_id, symbol, told, order.venue_id)

    async def cancel(self, client_ids: Sequence[str]) -> dict[str, CancelAnswer]:
        """Ask for cancellation by our names, one by one: each has its own answer."""
        told: dict[str, CancelAnswer] = {}
        for client_id in client_ids:
            try:
                venue_id = self._venue_ids.get(client_id) or await self._venue_id(client_id)
            except VenueError as error:
                told[client_id] = cancel_failure(error)
                continue
            told[client_id] = await self._cancel(venue_id) if venue_id else CancelRefused(UNKNOWN_ORDER)
        return told

    async def cancel_venue_orders(self, venue_ids: Sequence[str]) -> dict[str, CancelAnswer]:
        """Ask for cancellation by the venue's names."""
        return {venue_id: await self._cancel(venue_id) for venue_id in venue_ids}

    # -- asking -------------------------------------------------------------------------------------------------------

    async def find(self, client_id: str) -> VenueOrder | None:
        """Return the order of that name, live or done; None after a complete look that did not show it.

        Raises  OutcomeUnknown when the look was not complete, or could not have shown the name.
        """
        known = self._venue_ids.get(client_id)
        if known is not None:
            return await self.find_venue_order(known)
        sending = self._sent.get(client_id)
        symbol = await self.market.symbol(sending.instrument) if sending else None
        since_ns = max(0, sending.sent_ns - CLOCK_MARGIN_NS) if sending else None
        listed, complete = await self._listed(symbol, since_ns)
        live = await self._live(symbol)
        found = next((order for order in (*listed, *live) if order.client_id == client_id), None)
        if found is not None:
            return found
        if not self.names_proven:
            raise OutcomeUnknown(
                f"{self.client.venue} has not shown that its orders carry our names: look there for {client_id}"
            )
        if not complete:
            raise OutcomeUnknown(f"{self.client.venue} tells only a part of its orders: look there for {client_id}")
        return None

    async def find_venue_order(self, venue_id: str) -> VenueOrder | None:
        """Return an order by the venue's own name, None when it has none of that name."""
        try:
            told = await self.client.call("fetch_order", venue_id, self._symbols.get(venue_id))
        except VenueError as error:
            if is_kind(error.__cause__, "OrderNotFound"):
                return None
            raise
        return await self._told(told)

    async def open_orders(self, instrument: str | None = None) -> tuple[VenueOrder, ...]:
        """Return every order that may still do something, as far as the venue's list of open ones shows them."""
        return tuple(await self._live(await self.market.symbol(instrument) if instrument else None))

    async def fills(self, since_ns: int, order_id: str | None = None) -> tuple[VenueFill, ...]:
        """Return executions from `since_ns` on, oldest first, each once; `order_id` is the venue's name of an order."""
        self.client.need("account", "fills")
        found: dict[tuple[str, str], VenueFill] = {}
        for symbol in await self._symbols_to_ask("fetchMyTrades", None):
            trades, _ = await self._pages("fetch_my_trades", symbol, max(0, since_ns))
            for trade in trades:
                if moment_ns(trade.get("timestamp")) < since_ns or (order_id and trade.get("order") != order_id):
                    continue
                made = await self._fill(trade)
                found[made.instrument, made.fill_id] = made
        return tuple(sorted(found.values(), key=lambda fill: (fill.ts_ns, fill.fill_id)))

    # -- small parts --------------------------------------------------------------------------------------------------

    async def _form(self, request: OrderRequest) -> Form | PlaceRefused:
        instrument = await self.market.instrument(request.instrument)
        refusal = refusal_before_sending(request, instrument, self.market.states.get(request.instrument))
        if refusal is not None:
            return refusal
        can = self.client.map_for(spot=instrument.is_spot)
        if can is None:
            return PlaceRefused(UNSUPPORTED, f"{self.client.venue} through ccxt has no markets of this kind")
        return form_of(request, instrument, can, self.client.quirks)

    async def _send(self, symbol: str, form: Form, look: Look | None) -> Told:
        more = dict(form.parameters)
        if form.cost is not None:
            terms: tuple[str | None, ...] = (form.cost,)
        else:
            terms = (form.kind, form.side, form.amount, form.price)
        method = "create_order" if form.cost is None else "create_market_buy_order_with_cost"
        told: Told = await self.client.write(look, method, symbol, *terms, more)
        return told

    def _placed(self, client_id: str, symbol: str, told: Any, before: str = "") -> PlaceAnswer:
        """Return what the answer to a write says: an order that has a name, or nothing for certain."""
        venue_id = str(told.get("id") or before) if isinstance(told, Mapping) else ""
        if not venue_id:
            return InDoubt("a success that names no order")
        named = told.get("clientOrderId")
        if named and named != client_id:
            return InDoubt(f"the answer names the order {venue_id} {named}, not {client_id}")
        self.names_proven = self.names_proven or named == client_id
        self._learn(client_id, venue_id, symbol)
        return Placed(venue_id, moment_ns(told.get("timestamp")))

    async def _same(self, client_id: str, error: VenueError) -> PlaceAnswer:
        """Return the order that has the name already if it is the one that was sent."""
        try:
            order = await self.find(client_id)
        except VenueError as other:
            return InDoubt(f"{error}; {other}")
        if order is None:
            return InDoubt(str(error))
        sent = self._sent[client_id]
        terms = (sent.instrument, sent.side, sent.amount, sent.price)
        theirs = (order.instrument, order.side, _text(order.quantity), _text(order.price))
        if any(mine and other and mine != other for mine, other in zip(terms, theirs, strict=True)):
            return PlaceRefused(CLIENT_ID_REUSED, f"{client_id} is the name of an older order {order.venue_id}")
        return Placed(order.venue_id, order.created_ns)

    async def _cancel(self, venue_id: str) -> CancelAnswer:
        try:
            self.client.need_key()
            await self.client.call("cancel_order", venue_id, self._symbols.get(venue_id))
        except VenueError as error:
            return CancelTaken() if is_kind(error.__cause__, "CancelPending") else cancel_failure(error)
        return CancelTaken()

    async def _live(self, symbol: str | None) -> list[VenueOrder]:
        """Return live orders; those that no list of open ones shows are asked first, by the venue's own words."""
        self.client.need("account", "open orders")
        self.client.need_key()
        found: dict[str, VenueOrder] = {}
        for word in self.client.quirks.hidden:
            for told in await self.client.call("fetch_orders_by_status", word, symbol):
                order = await self._told(told)
                found[order.venue_id] = order
        for asked in [symbol] if symbol else await self._symbols_to_ask("fetchOpenOrders", None):
            for told in await self.client.call("fetch_open_orders", asked):
                order = await self._told(told)
                found[order.venue_id] = order
        return list(found.values())

    async def _listed(self, symbol: str | None, since_ns: int | None) -> tuple[list[VenueOrder], bool]:
        """Return orders live and done since then, and whether the list is complete."""
        self.client.need_key()
        has = self.client.exchange.has
        methods = [name for name in CALLS if has.get(name) is True]
        if "fetchOrders" in methods:
            methods = ["fetchOrders"]
        found: list[VenueOrder] = []
        complete = bool(methods)
        for name in methods:
            for asked in await self._symbols_to_ask(name, symbol):
                page, whole = await self._pages(CALLS[name], asked, since_ns)
                found += [await self._told(each) for each in page]
                complete = complete and whole
        return found, complete

    async def _pages(self, method: str, symbol: str | None, since_ns: int | None) -> tuple[list[Told], bool]:
        """Return the rows since a moment, each once, and whether they are all there.

        ccxt reads whole lists by itself for some venues. For the others a page begins where the one before ended; where
        a page is full and the next one brings nothing new, the venue does not page by time.
        """
        since_ms = None if since_ns is None else since_ns // MILLISECOND_NS
        ask: Callable[..., Awaitable[list[Told]]] = self.client.call
        if self.client.quirks.paged_lists:
            asked = {"paginate": True, "paginationCalls": PAGES_MAX}
            told = list(await ask(method, symbol, since_ms, None, asked))
            return told, len(told) < PAGES_MAX * PAGE
        rows: dict[str, Told] = {}
        for _ in range(PAGES_MAX):
            page = await ask(method, symbol, since_ms, PAGE)
            fresh = [row for row in page if str(row.get("id")) not in rows]
            rows.update((str(row.get("id")), row) for row in fresh)
            if len(page) < PAGE:
                return list(rows.values()), True
            if not fresh or since_ms is None:
                break
            since_ms = max(int(row.get("timestamp") or since_ms) for row in page)
        return list(rows.values()), False

    async def _symbols_to_ask(self, method: str, symbol: str | None) -> list[str | None]:
        """Return the one symbol, else none, else all that are known where the venue answers for one symbol only."""
        if symbol is not None:
            return [symbol]
        features = (self.client.exchange.features or {}).get("spot") or {}
        if not (features.get(method) or {}).get("symbolRequired"):
            return [None]
        return [await self.market.symbol(each) for each in self.market.known]

    async def _fill(self, trade: Told) -> VenueFill:
        names = await self.client.names()
        market = names.by_symbol.get(str(trade.get("symbol"))) or {}
        mine = self._client_ids.get(str(trade.get("order")))
        return venue_fill(trade, names, str(market.get("settle") or market.get("quote") or ""), mine)

    async def _told(self, told: Any) -> VenueOrder:
        if not isinstance(told, Mapping):
            raise MalformedAnswer(f"{self.client.venue} told of no order")
        order = venue_order(told, await self.client.names())
        if order.client_id:
            self._learn(order.client_id, order.venue_id, str(told.get("symbol") or ""))
            self.names_proven = self.names_proven or order.client_id in self._sent
        elif order.venue_id not in self._symbols and told.get("symbol"):
            self._symbols[order.venue_id] = str(told["symbol"])
        return self._named(order)

    def _named(self, order: VenueOrder) -> VenueOrder:
        """Return the order under the name that it was sent with, where the venue leaves that out."""
        mine = self._client_ids.get(order.venue_id, "")
        return order if order.client_id or not mine else msgspec.structs.replace(order, client_id=mine)

    async def _venue_id(self, client_id: str) -> str:
        found = await self.find(client_id)
        return "" if found is None else found.venue_id

    def _learn(self, client_id: str, venue_id: str, symbol: str) -> None:
        self._venue_ids[client_id] = venue_id
        self._client_ids[venue_id] = client_id
        if symbol:
            self._symbols[venue_id] = symbol


CALLS = {
    "fetchOrders": "fetch_orders",
    "fetchClosedOrders": "fetch_closed_orders",
    "fetchCanceledOrders": "fetch_canceled_orders",
}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
