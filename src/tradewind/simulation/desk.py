"""The order desk of a simulated venue: what one order's fill or end does to the account and to other orders.

Bar mode and book mode decide when and at what price something fills; everything that follows from it is here, in one
order: the fill is booked, the other OCO legs are canceled, reduce-only orders shrink, children wake.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tradewind.model.answers import (
    FundingAccrued,
    FundingPaid,
    LiquidationKind,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderTriggered,
    PositionLiquidated,
    VenueAnswer,
)
from tradewind.model.fees import TrailingVolume
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import FundingRate, FundingSettlement, MarginRates
from tradewind.model.money import EXACT, ZERO, add, multiply
from tradewind.model.orders import Liquidity, OrderRequest, Side
from tradewind.simulation.acceptance import REDUCE_ONLY_NO_POSITION, change_hold, hold_per_unit, reducible
from tradewind.simulation.liquidation import quantity_to_close
from tradewind.simulation.orders import (
    CANCELED,
    DONE,
    FILLED,
    PENDING,
    REJECTED,
    WAITING,
    WOKEN,
    Order,
    Phase,
    malformed,
)
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.simulation.wallet import Holding, Wallet

NOTHING: tuple[VenueAnswer, ...] = ()
BUY, TAKER = Side.BUY, Liquidity.TAKER
FIRST = ":1"  # what follows the order's identity in that of its first fill


class Desk:
    """Live orders by instrument, and the rules that tie them together."""

    wakes_across_instruments = False
    timed = False  # whether anything is ever in flight

    def __init__(
        self,
        instruments: Sequence[Instrument],
        settings: SimulationSettings,
        account: OpeningAccount = OpeningAccount(),  # noqa: B008 - frozen
    ) -> None:
        self.settings = settings
        self.wallet = Wallet(instruments, settings, account)
        self.holdings = self.wallet.holdings
        self.orders: dict[str, Order] = {}
        self.forgotten = 0  # orders that were over and are kept no more
        self.live: dict[str, dict[str, Order]] = {instrument.id: {} for instrument in instruments}  # by age
        self.children: dict[str, list[Order]] = {}
        self.groups: dict[str, list[Order]] = {}
        self.reducing: dict[str, list[Order]] = {}  # accepted reduce-only orders by instrument
        self.expiring = False  # whether any order has ever had an expiry
        self.tied = False  # whether any order has ever had legs, children, a hold or a position to reduce
        self.volume = TrailingVolume(account.volume_30d, settings.fees.volume_days)
        self.trails = settings.fees.volume_days is not None and len(settings.fees.tiers) > 1
        if self.trails:
            self.wallet.next_tier_at = None  # the tier is looked up here: it can fall too
        self.payments = 0
        self.now_ns = 0  # the time answers carry
        self.later_ns = 0  # from when a child on another instrument than its parent's may activate
        self.out: list[VenueAnswer] = []
        self.woken: list[Order] = []  # children to be activated at this very point

    # -- taking orders ------------------------------------------------------------------------------------------------

    def place(self, request: OrderRequest, wake_ns: int) -> Order | None:
        """Register a request with its fee tier; a refused one is answered in `out` and None is returned."""
        order_id, name, orders = request.order_id, request.instrument, self.orders
        holding = self.holdings.get(name)
        reason = malformed(request)
        if reason is not None or holding is None:
            self._turn_away(order_id, "UNKNOWN_INSTRUMENT" if holding is None else str(reason))
            return None
        if self.trails:
            self.wallet.tier = self.settings.fees.tier(self.volume.at(self.now_ns))
        order = Order(
            request,
            order_id,
            len(orders) + self.forgotten,
            wake_ns,
            self.wallet.tier,
            holding,
            1 if request.side is BUY else -1,
            request.quantity or 0,
            request.stop,
        )
        if orders.setdefault(order_id, order) is not order:
            self._turn_away(order_id, "DUPLICATE_ORDER_ID")
            return None
        self.live[name][order_id] = order
        if request.expire_ns is not None:
            self.expiring = True
        if request.oco is not None:
            self.tied = True
            self.groups.setdefault(request.oco, []).append(order)
        if request.after is not None:
            self.tied = True
            self._tie_to_parent(order, request.after)
        return order

    def over(self) -> list[str]:
        """Return the names of the orders that are over."""
        return [name for name, order in self.orders.items() if order.phase is DONE]

    def forget(self, order_ids: Iterable[str]) -> None:
        """Keep these orders no more, which are over: a cancel of one is refused as ever, the report lacks them."""
        for order_id in order_ids:
            del self.orders[order_id]
            self.forgotten += 1
        for group in [name for name, legs in self.groups.items() if all(leg.phase is DONE for leg in legs)]:
            del self.groups[group]

    def _turn_away(self, order_id: str, reason: str) -> None:
        """Answer a request that becomes no order."""
        self.out.append(OrderRejected(order_id, self.now_ns, reason))

    def _tie_to_parent(self, order: Order, parent_id: str) -> None:
        parent = self.orders.get(parent_id)
        if parent is None or parent.phase is not DONE:
            order.phase = PENDING
            self.children.setdefault(parent_id, []).append(order)
        elif parent.status != FILLED:
            self.cancel_order(order, "PARENT_NOT_FILLED")

    # -- what becomes of an order -------------------------------------------------------------------------------------

    def rest(self, order: Order, phase: Phase, market_price: int | None = None) -> None:
        """Let what remains of an order wait as a limit, a stop or a market remainder.

        From its first rest on it holds its cost: at its limit, else its stop, else the price it was accepted at.
        """
        first = order.phase is WAITING or order.phase is WOKEN
        order.phase = phase
        if not first:
            return
        request = order.request
        price = order.stop if request.price is None else request.price
        order.hold_unit = hold_per_unit(order, (market_price or 0) if price is None else price)
        if order.hold_unit:
            self.tied = True
            change_hold(self.wallet, order, multiply(order.hold_unit, order.remaining))
        if request.reduce_only:
            self.tied = True
            self.reducing.setdefault(request.instrument, []).append(order)
        if order.fills == 0 and request.quantity is not None:
            self.out.append(OrderAccepted(order.order_id, self.now_ns, order.quantity))

    def fill(self, order: Order, quantity: int, price: int, liquidity: Liquidity) -> None:
        """Book one execution and everything that follows from it."""
        holding, request, tier, order_id = order.holding, order.request, order.tier, order.order_id
        fee = self.wallet.trade(holding, order.sign, quantity, price, tier.taker if liquidity is TAKER else tier.maker)
        if self.trails:
            volume = self.volume.add(self.now_ns, multiply(holding.unit_value, price * quantity))
            self.wallet.tier = self.settings.fees.tier(volume)
        order.fills = number = order.fills + 1
        order.filled = filled = order.filled + quantity
        name, fill_id = request.instrument, order_id + FIRST if number == 1 else f"{order_id}:{number}"
        self.out.append(
            OrderFilled(order_id, fill_id, self.now_ns, name, request.side, quantity, price, liquidity, fee)
        )
        if filled == order.quantity:
            order.phase = DONE
            del self.live[name][order_id]
        if self.tied:
            self._tell_others(order)

    def _tell_others(self, order: Order) -> None:
        """After a fill: free what it held, cancel its other legs, shrink what reduces, wake its children."""
        request = order.request
        if order.held:
            change_hold(self.wallet, order, multiply(order.hold_unit, order.remaining))
        if request.oco is not None:
            self.cancel_group(order)
        done = order.phase is DONE
        if done and request.reduce_only:
            self._forget_reducing(order)
        if self.reducing:
            self.shrink(request.instrument)
        if done and self.children:
            self._wake_children(order)

    def trigger(self, order: Order) -> None:
        """Say that a stop was reached; its OCO legs go."""
        self.out.append(OrderTriggered(order.order_id, self.now_ns))
        if order.request.oco is not None:
            self.cancel_group(order)

    def reject(self, order: Order, reason: str) -> None:
        self.out.append(OrderRejected(order.order_id, self.now_ns, reason))
        self._end(order, REJECTED, reason)

    def cancel_order(self, order: Order, reason: str) -> None:
        self.out.append(OrderCanceled(order.order_id, self.now_ns, reason))
        self._end(order, CANCELED, reason)

    def _end(self, order: Order, outcome: str, reason: str) -> None:
        order.phase = DONE
        order.outcome = outcome
        order.reason = reason
        if order.held:
            change_hold(self.wallet, order, ZERO)
        del self.live[order.request.instrument][order.order_id]
        if order.request.reduce_only:
            self._forget_reducing(order)
        for child in self.children.pop(order.order_id, ()):
            if child.phase is PENDING:
                self.cancel_order(child, "PARENT_NOT_FILLED")

    def cancel_group(self, order: Order) -> None:
        """Cancel the other legs of an order's OCO group; the first to trigger or fill wins."""
        for leg in self.groups.pop(order.request.oco or "", ()):
            if leg is not order and leg.phase is not DONE:
                self.cancel_order(leg, "OCO")

    def _wake_children(self, parent: Order) -> None:
        for child in self.children.pop(parent.order_id, ()):
            if child.phase is not PENDING:
                continue
            if self.wakes_across_instruments or (child.holding is parent.holding and child.wake_ns <= self.now_ns):
                child.phase = WOKEN
                self.woken.append(child)
            else:
                child.phase = WAITING
                if child.holding is not parent.holding:  # no point on this path: it activates at its own next open
                    child.wake_ns = max(child.wake_ns, self.later_ns)
            self.out.append(OrderTriggered(child.order_id, self.now_ns))

    # -- reduce-only --------------------------------------------------------------------------------------------------

    def clip(self, order: Order) -> bool:
        """Cut an activating reduce-only order to the position; reject it and return False if there is none."""
        most = reducible(order)
        if most == 0:
            self.reject(order, REDUCE_ONLY_NO_POSITION)
            return False
        if order.quantity > most:
            order.quantity = most
            self.out.append(OrderAmended(order.order_id, self.now_ns, most, "REDUCE_ONLY"))
        return True

    def shrink(self, instrument: str) -> None:
        """Cut open reduce-only orders to the changed position, by age; without one to reduce they are canceled."""
        for order in sorted(self.reducing.get(instrument, ()), key=lambda order: order.sequence):
            if order.phase is DONE:
                continue
            most = reducible(order)
            if most == 0:
                self.cancel_order(order, REDUCE_ONLY_NO_POSITION)
            elif order.remaining > most:
                order.quantity = order.filled + most
                if order.held:
                    change_hold(self.wallet, order, multiply(order.hold_unit, most))
                self.out.append(OrderAmended(order.order_id, self.now_ns, order.quantity, "REDUCE_ONLY"))

    def _forget_reducing(self, order: Order) -> None:
        orders = self.reducing.get(order.request.instrument)
        if orders and order in orders:
            orders.remove(order)
            if not orders:
                del self.reducing[order.request.instrument]

    # -- margin and funding -------------------------------------------------------------------------------------------

    def liquidate(self, holding: Holding, mark: Decimal | int) -> None:
        """Take over what margin no longer carries, at a mark in price units."""
        name = holding.instrument.id
        price = EXACT.scaleb(Decimal(mark), -holding.price_scale)
        held = holding.position.quantity
        quantity = quantity_to_close(self.wallet, holding, price)
        kind = LiquidationKind.FULL if quantity == abs(held) else LiquidationKind.PARTIAL
        deficit = self.wallet.take_over(holding, quantity, price)
        holding.liquidations += 1
        self.out.append(
            PositionLiquidated(
                name,
                f"liquidation:{name}:{holding.liquidations}",
                self.now_ns,
                kind,
                Side.SELL if held > 0 else Side.BUY,
                quantity,
                price,
                deficit,
            )
        )
        self.shrink(name)

    def fund(self, event: FundingRate) -> None:
        """Charge or pay funding on the position that is open now; nothing is due without one."""
        holding = self.holdings[event.instrument]
        mark = holding.mark if event.mark is None else event.mark
        quantity = holding.position.quantity
        if quantity == 0 or mark is None or holding.is_spot:
            return
        amount = self.wallet.funding_due(holding, event.rate, mark)
        if event.settle:
            self.wallet.settle(amount)
            self.out.append(FundingPaid(event.instrument, self.now_ns, amount, quantity, self.payment_id()))
        else:
            holding.accrued = add(holding.accrued, amount)
            self.out.append(FundingAccrued(event.instrument, self.now_ns, amount, quantity, self.payment_id()))

    def take_rates(self, event: MarginRates) -> Holding | None:
        """Take over other margin terms; return the holding whose margin has to be checked, if there is one."""
        holding = self.holdings[event.instrument]
        if holding.is_spot:
            return None
        holding.rates_change(event)
        return holding if holding.position.quantity else None

    def payment_id(self) -> str:
        """Return the name of the next funding payment."""
        self.payments += 1
        return f"funding:{self.payments}"

    def settle(self, event: FundingSettlement) -> None:
        """Move the accrued funding of an instrument to cash."""
        holding = self.holdings[event.instrument]
        amount, holding.accrued = holding.accrued, ZERO
        if amount:
            self.wallet.settle(amount)
            self.out.append(
                FundingPaid(event.instrument, self.now_ns, amount, holding.position.quantity, self.payment_id())
            )
