"""A simulated venue that fills against bars (METHODS 6): the next open, the path inside the bar, participation.

One bar: expiries; the mark becomes the open and margin is checked; live orders act at the open by age; then the path,
nearest event first; the mark becomes the close and margin is checked. Work is done only for what is live.
"""

from collections.abc import Collection, Container, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from tradewind.model.answers import CancelRejected, OrderAccepted, VenueAnswer
from tradewind.model.instrument import Instrument, ceil_to, floor_to
from tradewind.model.market_events import Bar, FundingRate, FundingSettlement, Gap, MarginRates, MarketEvent, MarkPrice
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, TimeInForce
from tradewind.simulation.acceptance import (
    INSUFFICIENT_FUNDS,
    affordable_quantity,
    covers,
    quantity_for_quote,
    refusal_at,
)
from tradewind.simulation.desk import NOTHING, Desk
from tradewind.simulation.liquidation import at_risk, point_on_path, surplus
from tradewind.simulation.orders import DONE, LIMIT, PENDING, REMAINDER, STOP, WAITING, WOKEN, Order, Phase
from tradewind.simulation.path import can_meet, limit_passed, nearest, stop_reached, trail, turning_points
from tradewind.simulation.settings import AccountReport, OpeningAccount, SimulationSettings
from tradewind.simulation.statement import account_report
from tradewind.simulation.wallet import Holding

UNLIMITED = 1 << 200
BPS = 10_000
TAKER, MAKER = Liquidity.TAKER, Liquidity.MAKER
MARKET, LIMIT_ORDER, STOP_LIMIT = OrderKind.MARKET, OrderKind.LIMIT, OrderKind.STOP_LIMIT
IOC, FOK = TimeInForce.IOC, TimeInForce.FOK
NO_OPENING = OpeningAccount()


class BarVenue(Desk):
    """Satisfies the engine's Venue port. Requests act at the next bar; cancels act at once.

    The `restless` instruments are always told of market events: their margin terms change, also while nothing is held.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        settings: SimulationSettings,
        account: OpeningAccount = NO_OPENING,
        restless: Collection[str] = (),
    ) -> None:
        super().__init__(instruments, settings, account)
        self._awake = {h.instrument.id for h in self.wallet.perpetuals if h.position.quantity}.union(restless)
        self._restless = frozenset(restless)
        self._touch = settings.fill_on_touch
        self._share = None if settings.participation is None else Fraction(settings.participation)
        cost = Fraction(settings.half_spread_bps) / BPS + Fraction(settings.slippage_bps) / BPS
        self._up, self._down = (1 + cost).as_integer_ratio(), (1 - cost).as_integer_ratio()
        self._free = cost == 0
        self._allowance = UNLIMITED

    # -- the port -----------------------------------------------------------------------------------------------------

    @property
    def awake(self) -> Container[str]:
        return self._awake

    @property
    def due_ns(self) -> int | None:
        """None: in bar mode nothing happens by the passing of time alone."""
        return None

    @property
    def next_ns(self) -> int | None:
        """None: on bars only bars make anything happen, expiries too."""
        return None

    def submit(self, request: OrderRequest, ts_ns: int) -> Sequence[VenueAnswer]:
        self.now_ns = ts_ns
        if self.place(request, ts_ns) is None or self.out:
            return self._answers()
        self._awake.add(request.instrument)
        return NOTHING

    def cancel(self, order_id: str, ts_ns: int) -> Sequence[VenueAnswer]:
        self.now_ns = ts_ns
        order = self.orders.get(order_id)
        if order is None or order.phase is DONE:
            return (CancelRejected(order_id, ts_ns, "NOT_OPEN"),)
        self.cancel_order(order, "REQUESTED")
        self._may_sleep(order.holding)
        return self._answers()

    def on_event(self, event: MarketEvent) -> Sequence[VenueAnswer]:
        if type(event) is Bar:
            self._bar(event)
        else:
            self.now_ns = event.ts_ns
            if isinstance(event, MarkPrice):
                holding = self.holdings[event.instrument]
                holding.mark = event.price
                self._check_margin(holding, event.price)
            elif isinstance(event, FundingRate):
                self.fund(event)
            elif isinstance(event, FundingSettlement):
                self.settle(event)
                self._may_sleep(self.holdings[event.instrument])
            elif isinstance(event, MarginRates):
                owed = self.take_rates(event)
                if owed is not None and owed.mark is not None:
                    self._check_margin(owed, owed.mark)
            elif isinstance(event, Gap):
                self.holdings[event.instrument].stale += event.bars
        if not self.out:
            return NOTHING
        out, self.out = self.out, []
        return out

    def advance(self, ts_ns: int) -> Sequence[VenueAnswer]:
        """Return nothing: in bar mode only bars make orders act."""
        self.now_ns = ts_ns
        return NOTHING

    def report(self) -> AccountReport:
        """Return the venue's books and orders at this moment."""
        return account_report(self, queued=False)

    def check(self) -> None:
        """Raise StateError unless the account's equity is explained to the last digit."""
        self.wallet.check()

    # -- one bar ------------------------------------------------------------------------------------------------------

    def _bar(self, bar: Bar) -> None:
        name = bar.instrument
        holding = self.holdings[name]
        holding.stale = 0
        live = self.live[name]
        risky = holding.maintenance is not None
        if not live and not (risky and holding.position.quantity):
            holding.mark = bar.close
            self._may_sleep(holding)
            return
        self.later_ns = bar.ts_ns
        self.now_ns = opened_ns = bar.ts_ns - bar.span_ns
        holding.mark = opened = bar.open
        if self.expiring:
            self._expire(tuple(live.values()), opened_ns)
        if risky:
            self._check_margin(holding, opened)
        self._allowance = UNLIMITED if self._share is None and bar.volume else self._allowance_of(holding, bar.volume)
        resting = False
        for order in tuple(live.values()):
            phase = order.phase
            if phase is WAITING:
                if order.wake_ns > opened_ns:
                    continue
                self._activate(order, opened)
            elif phase is not DONE and phase is not PENDING:
                self._act(order, phase, opened)
            if self.woken:
                self._activate_elders(order, opened)
                resting = True
            elif order.phase is LIMIT or order.phase is STOP:
                resting = True
        if resting or (risky and holding.position.quantity):
            self._rest_of_path(bar, holding, live.values())
        holding.mark = bar.close
        if risky:
            self._check_margin(holding, bar.close)
        if not live and holding.is_spot:
            self._awake.discard(name)

    def _expire(self, live: Iterable[Order], opened_ns: int) -> None:
        for order in live:
            expire_ns = order.request.expire_ns
            if expire_ns is not None and expire_ns <= opened_ns and order.phase is not DONE:
                self.cancel_order(order, "EXPIRED")

    def _act(self, order: Order, phase: Phase, opened: int) -> None:
        """Let an order that was resting, or has just woken, meet the open."""
        if phase is LIMIT:
            if limit_passed(order, opened, self._touch):
                self._fill_limit(order)
        elif phase is STOP:
            if stop_reached(order, opened):
                self._trigger(order, opened)
            else:
                trail(order, opened)
        elif phase is REMAINDER:
            self._fill_remainder(order, opened)
        else:
            self._activate(order, opened)

    def _activate_elders(self, parent: Order, opened: int) -> None:
        """Woken children placed before their parent act at once; the younger ones have their turn by age."""
        while self.woken:
            child = min(self.woken, key=lambda order: order.sequence)
            self.woken.remove(child)
            if child.sequence < parent.sequence and child.phase is WOKEN:
                self._activate(child, opened)

    def _rest_of_path(self, bar: Bar, holding: Holding, live: Collection[Order]) -> None:
        """Walk the path after the open, if anything can happen on it."""
        low, high, touch = bar.low, bar.high, self._touch
        eventful = any(can_meet(order, low, high, touch) for order in live)
        if not eventful and at_risk(holding):
            eventful = surplus(self.wallet, holding, low if holding.position.quantity > 0 else high) <= 0
        if eventful:
            current = bar.open
            for target in turning_points(bar):
                if target != current:
                    self._walk(holding, live, current, target)
                    current = target
            low = high = current
        for order in live:
            if order.phase is STOP:
                trail(order, low if order.sign > 0 else high)

    def _walk(self, holding: Holding, live: Collection[Order], start: int, target: int) -> None:
        """Go straight from one point to the next, nearest event first; at one point liquidation, then age."""
        current: Decimal | int = start
        falling = target < start
        for order in live:
            if order.phase is STOP:
                trail(order, start)
        while True:
            found = nearest(live, current, target, self._allowance, self._touch, falling=falling)
            if at_risk(holding):
                point = point_on_path(self.wallet, holding, current, target)
                if point is not None and not (found and _is_before(found[0], point, falling=falling)):
                    holding.mark = current = point
                    self.liquidate(holding, point)
                    continue
            if found is None:
                return
            current, order = found
            holding.mark = current
            if order.phase is LIMIT:
                self._fill_limit(order)
            elif order.phase is STOP:
                self._trigger(order, int(current))
            else:
                self._activate(order, int(current))

    # -- one order ----------------------------------------------------------------------------------------------------

    def _activate(self, order: Order, point: int) -> None:
        """Check an order where it becomes live, then let it fill, rest or end."""
        request, holding = order.request, order.holding
        kind = request.kind
        if kind is MARKET:
            price = point if self._free and holding.tick == 1 else self._market_price(holding, order.sign, point)
        elif kind is LIMIT_ORDER or kind is STOP_LIMIT:
            price = order.limit
        else:
            trail(order, point)
            price = order.stop or 0
        if (request.quantity is None or request.reduce_only or holding.lot > 1) and not self._sized(
            order, price, point
        ):
            return
        quantity = order.quantity
        reason = refusal_at(self.wallet, order, price)
        if request.post_only and reason is None and kind is LIMIT_ORDER and _is_marketable(order, point):
            reason = "POST_ONLY_WOULD_CROSS"
        if reason is not None:
            self.reject(order, reason)
            return
        if request.quantity is None:  # only now the client can know how much it is
            self.out.append(OrderAccepted(order.order_id, self.now_ns, quantity))
        if kind is MARKET:
            if quantity <= self._allowance:
                self._allowance -= quantity
                self.fill(order, quantity, price, TAKER)
            elif request.time_in_force is FOK:
                self.cancel_order(order, "FOK_NOT_FILLABLE")
            else:
                self._take(order, price, REMAINDER)
        elif kind is LIMIT_ORDER:
            self._activate_limit(order, point)
        elif stop_reached(order, point):
            self._trigger(order, point)
        else:
            self.rest(order, STOP)

    def _sized(self, order: Order, price: int, point: int) -> bool:
        """Give the order its quantity: from quote or cash, on the lot, clipped to the position if reduce-only."""
        request, holding = order.request, order.holding
        if request.quantity is None:
            if request.quote_quantity is not None:
                order.quantity = quantity_for_quote(holding, request.quote_quantity, _spent_at(order, price, point))
            else:
                order.quantity = affordable_quantity(self.wallet, order, price)
        elif holding.lot > 1:
            order.quantity -= order.quantity % holding.lot
        if request.reduce_only:
            return self.clip(order)
        return True

    def _activate_limit(self, order: Order, point: int) -> None:
        tif = order.request.time_in_force
        marketable = _is_marketable(order, point)
        if tif is FOK and not (marketable and order.remaining <= self._allowance):
            self.cancel_order(order, "FOK_NOT_FILLABLE")
        elif marketable:
            self._take(order, point, LIMIT)
        elif tif is IOC:
            self.cancel_order(order, "IOC_REMAINDER")
        else:
            self.rest(order, LIMIT)

    def _trigger(self, order: Order, point: int) -> None:
        """Let a stop act where it was reached: at its stop, or at the open beyond it."""
        tif = order.request.time_in_force
        limited = order.request.kind is STOP_LIMIT
        self.trigger(order)
        if limited and not _is_marketable(order, point):
            if tif is FOK:
                self.cancel_order(order, "FOK_NOT_FILLABLE")
            elif tif is IOC:
                self.cancel_order(order, "IOC_REMAINDER")
            else:
                self.rest(order, LIMIT)
            return
        quantity = min(order.remaining, self._allowance)
        if limited and order.request.post_only:
            self.cancel_order(order, "POST_ONLY_WOULD_CROSS")
        elif tif is FOK and quantity < order.remaining:
            self.cancel_order(order, "FOK_NOT_FILLABLE")
        elif quantity and not covers(self.wallet, order, quantity, point):
            self.cancel_order(order, INSUFFICIENT_FUNDS)
        else:
            self._take(order, point, LIMIT if limited else REMAINDER)

    def _take(self, order: Order, price: int, then: Phase) -> None:
        """Fill as taker what the bar allows; what is left is canceled (IOC) or waits as `then`."""
        quantity, allowance = order.quantity - order.filled, self._allowance
        quantity = min(quantity, allowance)
        if quantity:
            self._allowance = allowance - quantity
            self.fill(order, quantity, price, TAKER)
            if order.phase is DONE:
                return
        if order.request.time_in_force is IOC:
            self.cancel_order(order, "IOC_REMAINDER")
        else:
            self.rest(order, then, price)

    def _fill_limit(self, order: Order) -> None:
        quantity = min(order.remaining, self._allowance)
        if quantity:
            self._allowance -= quantity
            self.fill(order, quantity, order.limit, MAKER)

    def _fill_remainder(self, order: Order, opened: int) -> None:
        quantity = min(order.remaining, self._allowance)
        if not quantity:
            return
        price = self._market_price(order.holding, order.sign, opened)
        if covers(self.wallet, order, quantity, price):
            self._allowance -= quantity
            self.fill(order, quantity, price, TAKER)
        else:
            self.cancel_order(order, INSUFFICIENT_FUNDS)

    # -- leaves -------------------------------------------------------------------------------------------------------

    def _market_price(self, holding: Holding, sign: int, point: int) -> int:
        """Return point x (1 +- spread and slippage), rounded to the tick against the order."""
        if self._free and holding.tick == 1:
            return point
        if sign > 0:
            return ceil_to(-(-point * self._up[0] // self._up[1]), holding.tick)
        return floor_to(point * self._down[0] // self._down[1], holding.tick)

    def _allowance_of(self, holding: Holding, volume: int | None) -> int:
        """Return what orders may fill in this bar: floor(share x volume) to the lot; nothing without volume."""
        if volume == 0:
            return 0
        if volume is None or self._share is None:
            return UNLIMITED
        shift = holding.instrument.quantity_scale - holding.instrument.volume_scale
        scale = Fraction(10) ** shift
        return floor_to(int(self._share * volume * scale), holding.lot)

    def _check_margin(self, holding: Holding, mark: Decimal | int) -> None:
        """After a jump of the mark: take over when equity is strictly below maintenance."""
        if at_risk(holding) and surplus(self.wallet, holding, mark) < 0:
            self.liquidate(holding, mark)

    def _may_sleep(self, holding: Holding) -> None:
        """Ask for no more bars of an instrument where nothing can happen until an order comes."""
        name = holding.instrument.id
        idle = not self.live[name] and (holding.is_spot or not (holding.position.quantity or holding.accrued))
        if idle and name not in self._restless:
            self._awake.discard(name)

    def _answers(self) -> Sequence[VenueAnswer]:
        """Hand out what has happened."""
        if not self.out:
            return NOTHING
        out, self.out = self.out, []
        return out


def _spent_at(order: Order, price: int, point: int) -> int:
    """Return the price a quote is spent at: this point for what fills here at once, else the order's price."""
    waits = order.stop is not None and not stop_reached(order, point)
    rests = order.request.price is not None and not _is_marketable(order, point)
    return price if waits or rests or order.request.kind is MARKET else point


def _is_marketable(order: Order, point: int) -> bool:
    return order.limit >= point if order.sign > 0 else order.limit <= point


def _is_before(point: Decimal | int, other: Decimal | int, *, falling: bool) -> bool:
    return point > other if falling else point < other
