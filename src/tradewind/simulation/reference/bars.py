"""The reference venue on bars: the path is walked by listing, at every step, the nearest thing that happens next."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial

from tradewind.model.answers import OrderAccepted, OrderTriggered, VenueAnswer
from tradewind.model.instrument import Instrument, ceil_to, floor_to
from tradewind.model.market_events import Bar, FundingRate, FundingSettlement, Gap, MarginRates, MarketEvent, MarkPrice
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, TimeInForce
from tradewind.simulation.reference.account import Holding
from tradewind.simulation.reference.live_order import LiveOrder
from tradewind.simulation.reference.venue import ReferenceVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings

LIQUIDATION_FIRST = -1

# Distance from the current point, then liquidation before orders, then age; the point; what happens there.
Happening = tuple[Fraction, int, Fraction, Callable[[], None]]


class ReferenceBarVenue(ReferenceVenue):
    """Matches on bars; decisions of a bar activate at the open of their instrument's next one."""

    timed = False

    def __init__(
        self, instruments: Iterable[Instrument], settings: SimulationSettings, account: OpeningAccount
    ) -> None:
        super().__init__(instruments, settings, account)
        self.bar: Bar | None = None
        self.allowance: int | None = None
        self.point = Fraction(0)

    # -- calls in -----------------------------------------------------------------------------------------------------

    @property
    def due_ns(self) -> int | None:
        """None: on bars nothing is ever in flight."""
        return None

    @property
    def next_ns(self) -> int | None:
        """None: on bars only bars make anything happen, expiries too."""
        return None

    def submit(self, request: OrderRequest, ts_ns: int) -> Sequence[VenueAnswer]:
        """Take an order decided at `ts_ns`; it activates at the first open at or after that time."""
        self.now_ns = ts_ns
        self.answers = []
        if not self.refuse_nonsense(request):
            self.remember(request, ts_ns)
        return self.answers

    def cancel(self, order_id: str, ts_ns: int) -> Sequence[VenueAnswer]:
        """Cancel at once."""
        self.now_ns = ts_ns
        self.answers = []
        self.cancel_on_request(order_id)
        return self.answers

    def advance(self, ts_ns: int) -> Sequence[VenueAnswer]:
        """Return nothing: on bars nothing is ever in flight."""
        self.now_ns = max(self.now_ns, ts_ns)
        return ()

    def on_event(self, event: MarketEvent) -> Sequence[VenueAnswer]:
        self.now_ns = event.ts_ns
        self.answers = []
        match event:
            case Bar():
                self._on_bar(event)
            case Gap():
                self.staleness[event.instrument] += event.bars
            case MarkPrice():
                self.on_mark(event)
            case FundingRate():
                self.on_funding(event)
            case FundingSettlement():
                self.on_settlement(event)
            case MarginRates():
                self.on_rates(event)
            case _:
                # Books, trades and quotes mean nothing on bars.
                self.answers = []
        return self.answers

    # -- one bar ------------------------------------------------------------------------------------------------------

    def _on_bar(self, bar: Bar) -> None:
        self.now_ns = bar.open_ns
        self.later_ns = bar.ts_ns
        self.bar = bar
        self.staleness[bar.instrument] = 0
        self.allowance = self._allowance_of(bar)
        # METHODS 6.10: "GTD: canceled EXPIRED at the first bar open at or after its expiry, before matching".
        self._expire(bar)
        # 1. "The mark becomes the open; margin is checked there."
        self._move_to(Fraction(bar.open))
        self.check_margin(bar.instrument)
        # 2. "At the open, all live orders by age (placement)".
        self._at_the_open(bar)
        # 3. "The rest of the path. The nearest event goes first".
        for corner in path_after_open(bar):
            self._walk_to(Fraction(corner))
        # 4. "The mark becomes the close; margin is checked."
        self._move_to(Fraction(bar.close))
        self.check_margin(bar.instrument)

    def _allowance_of(self, bar: Bar) -> int | None:
        """Return how many units may fill in this bar; None is unlimited."""
        if bar.volume is None:
            return None
        # "A bar with volume 0 has allowance 0".
        if bar.volume == 0:
            return 0
        if self.settings.participation is None:
            return None
        # "floor(share x volume) to the step".
        instrument = self.instruments[bar.instrument]
        volume = Fraction(bar.volume, 10**instrument.volume_scale)
        units = Fraction(self.settings.participation) * volume * 10**instrument.quantity_scale
        return int(units // instrument.lot) * instrument.lot

    def _expire(self, bar: Bar) -> None:
        for order in sorted(self.orders.values(), key=lambda order: order.sequence):
            expiry = order.request.expire_ns
            waits = order.status in {"open", "pending"} and order.instrument.id == bar.instrument
            if waits and order.time_in_force is TimeInForce.GTD and expiry is not None and bar.open_ns >= expiry:
                self.cancel_order(order, "EXPIRED")

    def _at_the_open(self, bar: Bar) -> None:
        seen: set[str] = set()
        while True:
            waiting = [order for order in self._workable(bar.instrument) if order.id not in seen]
            if not waiting:
                return
            seen.add(waiting[0].id)
            self._order_at_open(waiting[0])

    def _order_at_open(self, order: LiveOrder) -> None:
        if not order.active:
            # "new ones activate".
            self._activate(order)
        elif order.is_stop_waiting:
            # "resting limits and stops that the open has passed fill": a stop at the open.
            if self._reaches(order, self.point):
                self._trigger(order)
        elif order.is_limit_now:
            # "a limit strictly passed by it (touched, with fill_on_touch) fills at its limit".
            if self._passes(order, self.point):
                self._make(order)
        else:
            # "market remainders fill".
            self._take(order, self._market_price(order), covered=False)
        self._trail()

    def _workable(self, instrument_id: str) -> list[LiveOrder]:
        return [order for order in self.by_age(instrument_id) if order.active or order.ready_ns <= self.now_ns]

    # -- the path -----------------------------------------------------------------------------------------------------

    def _walk_to(self, corner: Fraction) -> None:
        while True:
            happenings = self._happenings(corner)
            if not happenings:
                break
            _, _, point, happen = min(happenings, key=lambda one: one[:2])
            self._move_to(point)
            happen()
            self._trail()
        self._move_to(corner)

    def _happenings(self, corner: Fraction) -> list[Happening]:
        """Return everything that would happen between the current point and the corner, as things stand."""
        happenings: list[Happening] = []
        instrument_id = self._current_bar().instrument
        self._add_liquidation(happenings, self.account.holdings[instrument_id], corner)
        for order in self._workable(instrument_id):
            if not order.active:
                # A child that woke here activates here.
                self._add(happenings, order.sequence, self.point, partial(self._activate, order))
            elif order.is_stop_waiting:
                if order.stop is not None and self._reaches(order, self._far_end(order, corner)):
                    point = self._not_behind(order, Fraction(order.stop))
                    self._add(happenings, order.sequence, point, partial(self._trigger, order))
            elif order.is_limit_now and self.allowance != 0 and self._passes(order, self._near_end(order, corner)):
                point = self._not_ahead(order, Fraction(order.limit))
                self._add(happenings, order.sequence, point, partial(self._make, order))
        return happenings

    def _add_liquidation(self, happenings: list[Happening], holding: Holding, corner: Fraction) -> None:
        if holding.quantity == 0 or holding.instrument.is_spot:
            return
        if self.account.is_below_maintenance(holding, self.point):
            self._add(happenings, LIQUIDATION_FIRST, self.point, partial(self.liquidate, holding, self.point))
            return
        # "Liquidation, on the path: at the liquidation price".
        price = self.account.liquidation_price(holding)
        if price is None:
            return
        level = Fraction(price) / Fraction(holding.instrument.price_unit)
        # Equity is not below maintenance here, so a level behind this point is only the rounding of its last digit.
        level = min(level, self.point) if holding.quantity > 0 else max(level, self.point)
        falls_on_it = holding.quantity > 0 and corner <= level and corner < self.point
        rises_on_it = holding.quantity < 0 and corner >= level and corner > self.point
        if falls_on_it or rises_on_it:
            self._add(happenings, LIQUIDATION_FIRST, level, partial(self.liquidate, holding, level))

    def _add(self, happenings: list[Happening], rank: int, point: Fraction, happen: Callable[[], None]) -> None:
        # "at one point liquidation, then orders by age".
        happenings.append((abs(point - self.point), rank, point, happen))

    def _move_to(self, point: Fraction) -> None:
        # "The mark moves with the path."
        self.point = point
        self.account.marks[self._current_bar().instrument] = point
        self._trail()

    def _trail(self) -> None:
        # METHODS 6.10: "the peak is the most favourable point of the path; stop = peak -+ offset, moved only in the
        # order's favour, rounded away from the market".
        for order in self.by_age(self._current_bar().instrument):
            trails = order.request.kind is OrderKind.TRAILING_STOP and order.active and not order.triggered
            if trails and order.peak is not None and (self.point - order.peak) * order.side < 0:
                if not self._reaches(order, self.point):
                    self._set_peak(order)

    def _set_peak(self, order: LiveOrder) -> None:
        order.peak = self.point
        offset = order.request.trail
        if offset is None:
            raise ValueError(f"trailing stop {order.id} needs an offset (trail)")
        raw = self.point + order.side * offset
        tick = order.instrument.tick
        order.stop = ceil_to(_ceil(raw), tick) if order.side > 0 else floor_to(int(raw // 1), tick)

    def _passes(self, order: LiveOrder, price: Fraction) -> bool:
        """Return whether a resting limit fills when the path is at `price`."""
        beyond = (order.limit - price) * order.side
        return beyond >= 0 if self.settings.fill_on_touch else beyond > 0

    def _reaches(self, order: LiveOrder, price: Fraction) -> bool:
        """Return whether the stop is reached at `price`."""
        return order.stop is not None and (price - order.stop) * order.side >= 0

    def _near_end(self, order: LiveOrder, corner: Fraction) -> Fraction:
        """Return the lowest point ahead for a buy, the highest for a sell: where its limit would be passed."""
        return min(self.point, corner) if order.side > 0 else max(self.point, corner)

    def _far_end(self, order: LiveOrder, corner: Fraction) -> Fraction:
        """Return the highest point ahead for a buy, the lowest for a sell: where its stop would be reached."""
        return max(self.point, corner) if order.side > 0 else min(self.point, corner)

    def _not_ahead(self, order: LiveOrder, limit: Fraction) -> Fraction:
        return min(self.point, limit) if order.side > 0 else max(self.point, limit)

    def _not_behind(self, order: LiveOrder, stop: Fraction) -> Fraction:
        return max(self.point, stop) if order.side > 0 else min(self.point, stop)

    def _current_bar(self) -> Bar:
        if self.bar is None:
            raise ValueError("the reference venue walks a path only inside a bar")
        return self.bar

    # -- orders -------------------------------------------------------------------------------------------------------

    def _activate(self, order: LiveOrder) -> None:
        """Run the acceptance checks at the current point, then let the order do what it does at once."""
        if order.request.kind is OrderKind.TRAILING_STOP:
            self._set_peak(order)
        order.market_price = Fraction(self._market_price(order))
        self._size(order)
        # By the rule "In this order: reduce-only, minimum, funds or margin; then post-only and FOK."
        if self.refuse_reduce_only(order):
            return
        price = order.order_price()
        order.held_price = price
        cost = order.quantity * self.account.holdings[order.instrument.id].unit_value * price
        refusal = self.refusal_by_size(order, order.quantity, cost) or self.refusal_by_funds(
            order, order.quantity, cost
        )
        if refusal is None and self._would_take_post_only(order):
            refusal = "POST_ONLY_WOULD_CROSS"
        if refusal is not None:
            self.reject(order, refusal)
            return
        order.active = True
        # An order sized by quote or cash is accepted in so many words: only now can the client know its quantity.
        sized_here = order.request.quantity is None
        if sized_here:
            self.say(OrderAccepted(order.id, self.now_ns, order.quantity))
        self._act_on_activation(order)
        # A fill says by itself that the order lives.
        if order.is_live and order.fills == 0 and not sized_here:
            self.say(OrderAccepted(order.id, self.now_ns, order.quantity))

    def _act_on_activation(self, order: LiveOrder) -> None:
        if order.request.kind is OrderKind.MARKET:
            self._take(order, self._market_price(order), covered=True)
        elif order.is_stop_waiting:
            if self._reaches(order, self.point):
                self._trigger(order)
        elif self._is_marketable(order):
            # METHODS 6.4: "at activation, marketable against the open -> taker at the open".
            self._take(order, self._here(), covered=True)
        else:
            self._cancel_unless_resting_is_allowed(order)

    def _size(self, order: LiveOrder) -> None:
        """Give the order its quantity: a `quote_quantity` or `max` order learns it only here."""
        request = order.request
        unit_value = self.account.holdings[order.instrument.id].unit_value
        units = Fraction(order.quantity)
        if request.quote_quantity is not None:
            # "quantity = quote / fill price; the fee comes on top".
            units = Fraction(request.quote_quantity) / (unit_value * self._expected_fill_price(order))
        elif request.maximum:
            # "the most that cash pays for, taker fee included".
            free = self.account.cash - self.cash_held(order)
            units = max(Fraction(0), free) / (unit_value * order.order_price() * (1 + order.taker_rate))
        # "Quantities round down to the step".
        order.quantity = int(units // order.instrument.lot) * order.instrument.lot

    def _expected_fill_price(self, order: LiveOrder) -> Fraction:
        """Return the fill price as far as it is known: this point for what would fill here, else the order's price."""
        stopped = order.is_stop_waiting and not self._reaches(order, self.point)
        resting = order.request.price is not None and not self._is_marketable(order)
        if order.request.kind is OrderKind.MARKET or stopped or resting:
            return order.order_price()
        return self.point

    def _would_take_post_only(self, order: LiveOrder) -> bool:
        # A stop-limit is judged where it triggers.
        return order.request.post_only and order.request.kind is OrderKind.LIMIT and self._is_marketable(order)

    def _is_marketable(self, order: LiveOrder) -> bool:
        # "Marketable means limit >= open (buy), <= (sell); equality counts".
        return (order.limit - self.point) * order.side >= 0

    def _market_price(self, order: LiveOrder) -> int:
        # METHODS 6.3: "plus/minus half spread and slippage, rounded to the tick against the order".
        bps = Fraction(self.settings.half_spread_bps) + Fraction(self.settings.slippage_bps)
        raw = self.point * (1 + order.side * bps / 10000)
        tick = order.instrument.tick
        return ceil_to(_ceil(raw), tick) if order.side > 0 else floor_to(int(raw // 1), tick)

    def _here(self) -> int:
        """Return the current point as a price; orders only ever act at whole prices."""
        if self.point.denominator != 1:
            raise ValueError(f"an order cannot act between two price units, at {self.point}")
        return int(self.point)

    def _trigger(self, order: LiveOrder) -> None:
        order.triggered = True
        self.say(OrderTriggered(order.id, self.now_ns))
        self.cancel_oco_siblings(order)
        if not order.is_limit_now:
            # METHODS 6.5: "fills at the stop, or at the open if that is already beyond; taker".
            self._take(order, self._here(), covered=False)
        elif not self._is_marketable(order):
            # "Stop-limit: on trigger, marketable at the trigger price -> taker there; else rests".
            self._cancel_unless_resting_is_allowed(order)
        elif order.request.post_only:
            self.cancel_order(order, "POST_ONLY_WOULD_CROSS")
        else:
            self._take(order, self._here(), covered=False)

    def _cancel_unless_resting_is_allowed(self, order: LiveOrder) -> None:
        if order.time_in_force is TimeInForce.FOK:
            self.cancel_order(order, "FOK_NOT_FILLABLE")
        elif order.time_in_force is TimeInForce.IOC:
            self.cancel_order(order, "IOC_REMAINDER")

    def _take(self, order: LiveOrder, price: int, *, covered: bool) -> None:
        """Fill as taker what the allowance leaves; `covered` says that the acceptance check has just paid for it."""
        quantity = order.remaining if self.allowance is None else min(order.remaining, self.allowance)
        # By the rule "FOK: all at once or canceled FOK_NOT_FILLABLE."
        if order.time_in_force is TimeInForce.FOK and quantity < order.remaining:
            self.cancel_order(order, "FOK_NOT_FILLABLE")
            return
        if quantity > 0 and not covered and not self._cash_covers(order, quantity, price):
            # "is not made and the order is canceled, same reason".
            self.cancel_order(order, "INSUFFICIENT_FUNDS")
            return
        if quantity > 0:
            self._fill_and_count(order, quantity, price, Liquidity.TAKER)
        # "IOC: what does not fill at once (at activation, or at the trigger of a stop) is canceled".
        if order.is_live and order.time_in_force is TimeInForce.IOC:
            self.cancel_order(order, "IOC_REMAINDER")

    def _cash_covers(self, order: LiveOrder, quantity: int, price: int) -> bool:
        # "A later taker fill (market remainder, triggered stop) that cash not held by other orders does not cover".
        if not order.instrument.is_spot or order.side < 0:
            return True
        cost = quantity * self.account.holdings[order.instrument.id].unit_value * price
        return cost * (1 + order.taker_rate) <= self.account.cash - self.cash_held(order)

    def _make(self, order: LiveOrder) -> None:
        """Fill a resting limit as maker at its own price, as far as the allowance goes."""
        quantity = order.remaining if self.allowance is None else min(order.remaining, self.allowance)
        if quantity > 0:
            self._fill_and_count(order, quantity, order.limit, Liquidity.MAKER)

    def _fill_and_count(self, order: LiveOrder, quantity: int, price: int, liquidity: Liquidity) -> None:
        # "one allowance per instrument and bar ... used up in the order of fills".
        if self.allowance is not None:
            self.allowance -= quantity
        self.fill(order, quantity, price, liquidity)


def path_after_open(bar: Bar) -> tuple[int, int, int]:
    """Return the corners of the path after the open (METHODS 6.2)."""
    low_distance = abs(bar.open - bar.low)
    high_distance = abs(bar.high - bar.open)
    low_first = low_distance < high_distance or (low_distance == high_distance and bar.close >= bar.open)
    return (bar.low, bar.high, bar.close) if low_first else (bar.high, bar.low, bar.close)


def _ceil(value: Fraction) -> int:
    return -int(-value // 1)
