"""Where orders go: placed once under a name of ours, found again by it, cancelled and edited by the venue's.

Nothing here raises for what the venue does to a write: it is done, refused for certain, or in doubt. Questions raise
their `VenueError`, for then nothing is known.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal

import msgspec

from tradewind.model.errors import InvalidOrder, VenueError, VenueRejected
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO
from tradewind.model.orders import OrderRequest, Side
from tradewind.model.venue import (
    CancelAnswer,
    CancelRefused,
    PlaceAnswer,
    Placed,
    PlaceRefused,
    VenueFill,
    VenueOrder,
)
from tradewind.venues.coinbase import requests
from tradewind.venues.coinbase.account_desk import CoinbaseAccount
from tradewind.venues.coinbase.client import Client
from tradewind.venues.coinbase.configurations import Configuration, moment
from tradewind.venues.coinbase.incoming import is_execution, venue_fill, venue_order
from tradewind.venues.coinbase.market_desk import CoinbaseMarket
from tradewind.venues.coinbase.outgoing import SIDES, Outgoing, outgoing_order
from tradewind.venues.coinbase.pages import pages
from tradewind.venues.coinbase.requests import FILLS_PAGE, ORDERS_PAGE, Request
from tradewind.venues.coinbase.verdicts import (
    Sent,
    cancel_verdicts,
    edit_verdict,
    place_verdict,
)
from tradewind.venues.coinbase.wire.orders import (
    CancelOrders,
    CreateOrder,
    EditOrder,
    EditPreview,
    Fill,
    GetOrder,
    ListFills,
    ListOrders,
    Order,
    PreviewOrder,
)
from tradewind.venues.doubts import cancel_failure, place_failure
from tradewind.venues.ports import Look, ProductState
from tradewind.venues.terms import refusal_before_sending

CANCELS_PAGE = 100
NOT_YET_OPEN, OPEN, GOING = ("PENDING", "QUEUED", "CANCEL_QUEUED"), ("OPEN",), ("CANCEL_QUEUED",)
CLOCK_MARGIN_NS = 3_600_000_000_000  # how much older than its sending an order may be in the venue's list
UNKNOWN_ORDER = "UNKNOWN_CANCEL_ORDER"
READY_MAX = 64
NOT_THERE = frozenset({"NOT_FOUND", "ORDER_NOT_FOUND", "HTTP_404"})
NAMES_MAX = 20_000


class Sending(msgspec.Struct, frozen=True):
    """What is remembered of an order that was sent: enough to look for it without reading a whole history."""

    instrument: str
    sent_ns: int


class Ready(msgspec.Struct, frozen=True):
    """A request that was made before its order may leave, and what it was made from: good while that is the same."""

    order: OrderRequest
    instrument: Instrument
    state: ProductState | None
    emulation: str
    request: Request
    sent: Sent


class CoinbaseOrders:
    """The orders' side of the desk."""

    def __init__(self, client: Client, market: CoinbaseMarket, account: CoinbaseAccount) -> None:
        self.client = client
        self.market = market
        self.account = account
        self.adjustments: list[Fill] = []
        self.emulations: dict[str, str] = {}
        self._venue_ids: dict[str, str] = {}
        self._client_ids: dict[str, str] = {}
        self._sent: dict[str, Sending] = {}
        self._ready: dict[str, Ready] = {}

    # -- writing ------------------------------------------------------------------------------------------------------

    async def place(self, request: OrderRequest, look: Look | None = None) -> PlaceAnswer:
        """Send an order under its name; what the venue would refuse anyway is refused here, unsent."""
        ready = self._ready.pop(request.order_id, None)
        if ready is not None and self._still_holds(ready, request):
            if ready.emulation:
                self.emulations[request.order_id] = ready.emulation
            return await self._create(ready.sent, ready.request, look)
        try:
            form = await self._form(request)
        except VenueRejected as error:
            return PlaceRefused(error.reason, str(error))
        except (VenueError, InvalidOrder) as error:
            return PlaceRefused("NOT_SENT", str(error))
        if isinstance(form, PlaceRefused):
            return form
        if form.emulation:
            self.emulations[request.order_id] = form.emulation
        return await self.place_configuration(
            request.order_id, request.instrument, request.side, form.configuration, look
        )

    def prepare(self, request: OrderRequest) -> None:
        """Make what an order needs to leave, token and all, while it may not yet; nothing is sent or remembered."""
        instrument, state = self.market.known.get(request.instrument), self.market.states.get(request.instrument)
        if instrument is None or request.maximum or request.order_id in self._sent:
            return
        form = self._ready_form(request, instrument, state)
        if form is None:
            return
        made = requests.create_order(
            request.order_id, request.instrument, SIDES[request.side], form.configuration
        ).made_ready()
        sent = Sent(request.order_id, request.instrument, request.side, form.configuration)
        if len(self._ready) >= READY_MAX:
            del self._ready[next(iter(self._ready))]
        self._ready[request.order_id] = Ready(request, instrument, state, form.emulation, made, sent)
        self.client.make_ready(made)

    def forget(self, client_ids: Iterable[str]) -> None:
        """Drop the names of orders that are long over, and of strangers' orders all but the latest."""
        for client_id in client_ids:
            self._sent.pop(client_id, None)
            self._ready.pop(client_id, None)
            self.emulations.pop(client_id, None)
            self._client_ids.pop(self._venue_ids.pop(client_id, ""), None)
        if len(self._venue_ids) > NAMES_MAX:
            for client_id in list(self._venue_ids)[: -NAMES_MAX // 2]:
                if client_id not in self._sent:
                    self._client_ids.pop(self._venue_ids.pop(client_id), None)

    async def place_configuration(
        self, client_id: str, instrument: str, side: Side, configuration: Configuration, look: Look | None = None
    ) -> PlaceAnswer:
        """Send an order in the venue's own form, under a name of ours: brackets and TWAPs of `configurations`."""
        request = requests.create_order(client_id, instrument, SIDES[side], configuration)
        return await self._create(Sent(client_id, instrument, side, configuration), request, look)

    async def close_position(self, client_id: str, instrument: str, size: Decimal | None = None) -> PlaceAnswer:
        """Send the venue's own order to close a futures position, whole without a size."""
        return await self._create(
            Sent(client_id, instrument), requests.close_position(client_id, instrument, size=size)
        )

    async def edit(
        self, client_id: str, *, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> PlaceAnswer:
        """Change price or total quantity of a live limit order; what is not given stays as it is."""
        try:
            order = await self.find(client_id)
            if order is None:
                return PlaceRefused("ORDER_NOT_FOUND", f"there is no order {client_id}")
            new_price, new_size = _changed(order, price, quantity)
            request = requests.edit_order(order.venue_id, price=new_price, size=new_size)
            answer = await self.client.call(request, EditOrder)
        except VenueError as error:
            return place_failure(error)
        verdict = edit_verdict(order.venue_id, answer)
        if isinstance(verdict, Placed):
            self._learn(client_id, verdict.venue_id)
        return verdict

    async def cancel(self, client_ids: Sequence[str]) -> dict[str, CancelAnswer]:
        """Ask for cancellation by our names; a name that the venue does not know is refused, nothing more."""
        told: dict[str, CancelAnswer] = {}
        named: dict[str, str] = {}
        for client_id in client_ids:
            try:
                venue_id = self._venue_ids.get(client_id) or await self._venue_id(client_id)
            except VenueError as error:
                told[client_id] = cancel_failure(error)
                continue
            if venue_id:
                named[client_id] = venue_id
            else:
                told[client_id] = CancelRefused(UNKNOWN_ORDER)
        answers = await self.cancel_venue_orders(list(named.values()))
        return told | {client_id: answers[venue_id] for client_id, venue_id in named.items()}

    async def cancel_venue_orders(self, venue_ids: Sequence[str]) -> dict[str, CancelAnswer]:
        """Ask for cancellation by the venue's names, a hundred at a time."""
        told: dict[str, CancelAnswer] = {}
        for first in range(0, len(venue_ids), CANCELS_PAGE):
            part = venue_ids[first : first + CANCELS_PAGE]
            try:
                answer = await self.client.call(requests.cancel_orders(part), CancelOrders)
            except VenueError as error:
                told |= dict.fromkeys(part, cancel_failure(error))
            else:
                told |= cancel_verdicts(part, answer)
        return told

    async def preview(self, request: OrderRequest) -> PreviewOrder | PlaceRefused:
        """Return what an order would cost and why it would be refused (`errs`); nothing is placed."""
        form = await self._form(request)
        if isinstance(form, PlaceRefused):
            return form
        asked = requests.preview_order(request.instrument, SIDES[request.side], form.configuration)
        return await self.client.call(asked, PreviewOrder)

    async def preview_edit(
        self, client_id: str, *, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> EditPreview | None:
        """Return what an edit would come to, None when there is no such order."""
        order = await self.find(client_id)
        if order is None:
            return None
        new_price, new_size = _changed(order, price, quantity)
        asked = requests.preview_edit(order.venue_id, price=new_price, size=new_size)
        return await self.client.call(asked, EditPreview)

    # -- asking -------------------------------------------------------------------------------------------------------

    async def find(self, client_id: str) -> VenueOrder | None:
        """Return the order of that name, live or done; None after a complete look that did not show it.

        By the venue's name where that is known. Else in the whole list of the instrument's orders since it was sent,
        and then among those that are not open yet and those that are, since lists leave some of them out.
        """
        known = self._venue_ids.get(client_id)
        if known is not None:
            return await self.find_venue_order(known)
        sending = self._sent.get(client_id)
        product = (sending.instrument,) if sending else ()
        start = moment(max(0, sending.sent_ns - CLOCK_MARGIN_NS)) if sending else ""
        async for order in self._orders(start, product, ()):
            if order.client_order_id == client_id:
                return self._told(order)
        for order in await self._live(product):
            if order.client_order_id == client_id:
                return self._told(order)
        return None

    async def find_venue_order(self, venue_id: str) -> VenueOrder | None:
        """Return an order by the venue's own name, None when it has none of that name.

        Raises  VenueError, also for a refusal that says anything else: an order is not gone because a question was bad.
        """
        try:
            found = await self.client.call(requests.get_order(venue_id), GetOrder)
        except VenueRejected as error:
            if error.reason.upper() in NOT_THERE:
                return None
            raise
        return self._told(found.order)

    async def open_orders(self, instrument: str | None = None) -> tuple[VenueOrder, ...]:
        """Return every order that may still do something; the venue's list of open ones alone hides the pending."""
        return tuple(self._told(order) for order in await self._live((instrument,) if instrument else ()))

    async def orders(self, since_ns: int, instrument: str | None = None) -> tuple[VenueOrder, ...]:
        """Return all orders made since then, live and done, newest first as the venue lists them."""
        product = (instrument,) if instrument else ()
        return tuple([self._told(order) async for order in self._orders(moment(since_ns), product, ())])

    async def fills(self, since_ns: int, order_id: str | None = None) -> tuple[VenueFill, ...]:
        """Return executions from `since_ns` on, oldest first, each once; corrections are kept in `adjustments`."""
        start = moment(since_ns) if since_ns > 0 else ""
        named = (order_id,) if order_id else ()
        found: dict[str, Fill] = {}
        async for page in pages(
            self.client,
            ListFills,
            lambda cursor: requests.list_fills(order_ids=named, start=start, limit=FILLS_PAGE, cursor=cursor),
            lambda page: page.cursor if page.fills else "",
        ):
            found.update((fill.entry_id or fill.trade_id, fill) for fill in page.fills)
        self._keep_adjustments([fill for fill in found.values() if not is_execution(fill)])
        made = [venue_fill(fill, self._client_ids.get(fill.order_id)) for fill in found.values() if is_execution(fill)]
        return tuple(sorted(made, key=lambda fill: (fill.ts_ns, fill.fill_id)))

    # -- small parts --------------------------------------------------------------------------------------------------

    async def _form(self, request: OrderRequest) -> Outgoing | PlaceRefused:
        instrument = await self.market.instrument(request.instrument)
        refusal = refusal_before_sending(request, instrument, self.market.states.get(request.instrument))
        if refusal is not None:
            return refusal
        cash = await self._cash(instrument.quote) if request.maximum else None
        return outgoing_order(request, instrument, cash=cash)

    def _ready_form(self, request: OrderRequest, instrument: Instrument, state: ProductState | None) -> Outgoing | None:
        """Return the order's form, None when there is none: `place` then says why."""
        if refusal_before_sending(request, instrument, state) is not None:
            return None
        try:
            form = outgoing_order(request, instrument)
        except InvalidOrder:
            return None
        return form if isinstance(form, Outgoing) else None

    def _still_holds(self, ready: Ready, request: OrderRequest) -> bool:
        name = request.instrument
        same_market = ready.instrument is self.market.known.get(name) and ready.state is self.market.states.get(name)
        return same_market and ready.order == request

    async def _cash(self, currency: str) -> Decimal:
        balances = await self.account.balances()
        return next((each.available for each in balances if each.currency == currency), ZERO)

    async def _create(self, sent: Sent, request: Request, look: Look | None = None) -> PlaceAnswer:
        self._sent[sent.client_id] = Sending(sent.instrument, self.client.venue_now_ns())
        try:
            answer = await self.client.call(request, CreateOrder, look)
        except VenueError as error:
            return place_failure(error)
        verdict = place_verdict(sent, answer)
        if isinstance(verdict, Placed):
            self._learn(sent.client_id, verdict.venue_id)
        return verdict

    async def _live(self, product: tuple[str, ...]) -> list[Order]:
        """Return live orders. Those of a status are asked for in the order in which an order passes through them, and
        what is being cancelled once more: so one that changes meanwhile is in one list at least.
        """
        found: dict[str, Order] = {}
        for statuses in (NOT_YET_OPEN, OPEN, GOING):
            async for order in self._orders("", product, statuses):
                found[order.order_id] = order
        return list(found.values())

    async def _orders(self, start: str, product: tuple[str, ...], statuses: tuple[str, ...]) -> AsyncIterator[Order]:
        async for page in pages(
            self.client,
            ListOrders,
            lambda cursor: requests.list_orders(
                product_ids=product, order_status=statuses, start=start, limit=ORDERS_PAGE, cursor=cursor
            ),
            lambda page: page.cursor if page.has_next else "",
        ):
            for order in page.orders:
                yield order

    async def _venue_id(self, client_id: str) -> str:
        found = await self.find(client_id)
        return "" if found is None else found.venue_id

    def _told(self, order: Order) -> VenueOrder:
        made = venue_order(order)
        if made.client_id:
            self._learn(made.client_id, made.venue_id)
        return made

    def _learn(self, client_id: str, venue_id: str) -> None:
        self._venue_ids[client_id] = venue_id
        self._client_ids[venue_id] = client_id

    def _keep_adjustments(self, found: Sequence[Fill]) -> None:
        known = {fill.entry_id for fill in self.adjustments}
        self.adjustments += [fill for fill in found if fill.entry_id not in known]


def _changed(
    order: VenueOrder, price: Decimal | None, quantity: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """Return an order's price and quantity after a change; a nothing that was asked for goes out, and is refused."""
    return (order.price if price is None else price, order.quantity if quantity is None else quantity)
