"""What both reference venues share: the list of orders, fills and their consequences, funding, margin, the report.

Consequences of a fill come in one order: the ledger and the answer, the other legs of its OCO group, reduce-only
orders that now exceed the position, and last, when the order is complete, the children that wait for it.
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from msgspec import structs

from tradewind.model.answers import (
    CancelRejected,
    FundingAccrued,
    FundingPaid,
    LiquidationKind,
    OrderAmended,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderTriggered,
    PositionLiquidated,
    VenueAnswer,
)
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import FundingRate, FundingSettlement, MarginRates, MarkPrice
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side
from tradewind.simulation.reference.account import NOTHING, Account, Holding
from tradewind.simulation.reference.exact import exact_decimal
from tradewind.simulation.reference.live_order import LiveOrder
from tradewind.simulation.settings import AccountReport, OpeningAccount, OrderReport, PositionReport, SimulationSettings

DAY_NS = 24 * 3_600 * 10**9


class ReferenceVenue:
    """The common part of the two venues; `now_ns` is the time that goes into answers."""

    def __init__(
        self, instruments: Iterable[Instrument], settings: SimulationSettings, account: OpeningAccount
    ) -> None:
        self.instruments = {instrument.id: instrument for instrument in instruments}
        self.settings = settings
        self.account = Account(self.instruments.values(), account)
        self.orders: dict[str, LiveOrder] = {}
        self.opening_volume = account.volume_30d
        self.opened_day: int | None = None
        self.payments = 0
        self.staleness = dict.fromkeys(self.instruments, 0)
        self.now_ns = 0
        self.later_ns = 0
        self.answers: list[VenueAnswer] = []
        self.fills: list[OrderFilled] = []
        self.liquidations: list[PositionLiquidated] = []
        # Children woken and not yet heard of by the venue of books; the one of bars finds them on its path.
        self.woken: list[LiveOrder] = []

    @property
    def awake(self) -> set[str]:
        """Every instrument, always: the reference skips nothing."""
        return set(self.instruments)

    def say(self, answer: VenueAnswer) -> None:
        self.answers.append(answer)
        if isinstance(answer, OrderFilled):
            self.fills.append(answer)
        if isinstance(answer, PositionLiquidated):
            self.liquidations.append(answer)

    def refuse_nonsense(self, request: OrderRequest) -> bool:
        """Return whether the request was rejected because it cannot be understood or sent at all."""
        reason = "UNKNOWN_INSTRUMENT" if request.instrument not in self.instruments else _nonsense(request)
        if reason is None and request.order_id in self.orders:
            reason = "DUPLICATE_ORDER_ID"
        if reason is not None:
            self.say(OrderRejected(request.order_id, self.now_ns, reason))
        return reason is not None

    def by_age(self, instrument_id: str) -> list[LiveOrder]:
        """Return this instrument's live orders, the oldest placement first."""
        live = [order for order in self.orders.values() if order.is_live and order.instrument.id == instrument_id]
        return sorted(live, key=lambda order: order.sequence)

    def remember(self, request: OrderRequest, ts_ns: int) -> LiveOrder:
        """Return a new order whose fee tier is fixed now; with `after` it waits for its parent."""
        tier = self.settings.fees.tier(exact_decimal(self.volume_30d()))
        instrument = self.instruments[request.instrument]
        order = LiveOrder(request, instrument, len(self.orders), ts_ns, tier)
        self.orders[order.id] = order
        if request.after is not None:
            self._wait_for_parent(order, request.after)
        return order

    def volume_30d(self) -> Fraction:
        """Return what was traded on the last days, today included; all of it where no day ever leaves."""
        days = self.settings.fees.volume_days
        if days is None:
            return self.account.volume_30d
        today = self.now_ns // DAY_NS
        self.opened_day = today if self.opened_day is None else self.opened_day
        volume = Fraction(self.opening_volume) if self.opened_day > today - days else Fraction(0)
        for fill in self.fills:
            if fill.ts_ns // DAY_NS > today - days:
                volume += fill.quantity * self.account.holdings[fill.instrument].unit_value * fill.price
        return volume

    def _wait_for_parent(self, order: LiveOrder, parent_id: str) -> None:
        # "until then its status is `pending`; with a parent that ends unfilled it is canceled PARENT_NOT_FILLED".
        parent = self.orders.get(parent_id)
        if parent is not None and parent.status == "filled":
            return
        order.status = "pending"
        if parent is not None and parent.status not in {"open", "pending"}:
            self.cancel_order(order, "PARENT_NOT_FILLED")

    # -- the ends of an order -----------------------------------------------------------------------------------------

    def reject(self, order: LiveOrder, reason: str) -> None:
        self._end(order, "rejected", reason)
        self.say(OrderRejected(order.id, self.now_ns, reason))
        self._orphan_children(order)

    def cancel_order(self, order: LiveOrder, reason: str) -> None:
        self._end(order, "canceled", reason)
        self.say(OrderCanceled(order.id, self.now_ns, reason))
        self._orphan_children(order)

    def cancel_on_request(self, order_id: str) -> None:
        order = self.orders.get(order_id)
        if order is None or order.status not in {"open", "pending"}:
            self.say(CancelRejected(order_id, self.now_ns, "NOT_OPEN"))
        else:
            self.cancel_order(order, "REQUESTED")

    def _end(self, order: LiveOrder, status: str, reason: str) -> None:
        order.status = status
        order.reason = reason
        order.ahead = None

    def _orphan_children(self, parent: LiveOrder) -> None:
        # "with a parent that ends unfilled it is canceled PARENT_NOT_FILLED".
        for child in list(self.orders.values()):
            if child.status == "pending" and child.request.after == parent.id:
                self.cancel_order(child, "PARENT_NOT_FILLED")

    # -- a fill and what follows from it ------------------------------------------------------------------------------

    def fill(self, order: LiveOrder, quantity: int, price: int, liquidity: Liquidity) -> None:
        """Book one execution and everything that follows from it at once."""
        holding = self.account.holdings[order.instrument.id]
        # METHODS 6.8: fee = notional x rate, the rate fixed at placement.
        fee = quantity * holding.unit_value * price * order.rate(liquidity) + self.contract_fee(holding, quantity)
        self.account.fill(order.instrument.id, order.side * quantity, Fraction(price), fee)
        order.filled += quantity
        order.fills += 1
        if order.remaining == 0:
            order.status = "filled"
            order.ahead = None
        self.say(
            OrderFilled(
                order_id=order.id,
                fill_id=f"{order.id}:{order.fills}",
                ts_ns=self.now_ns,
                instrument=order.instrument.id,
                side=order.request.side,
                quantity=quantity,
                price=price,
                liquidity=liquidity,
                fee=exact_decimal(fee),
            )
        )
        self.cancel_oco_siblings(order)
        self.shrink_reduce_only(order.instrument.id)
        if order.status == "filled":
            self._wake_children(order)

    def contract_fee(self, holding: Holding, quantity: int) -> Fraction:
        """Return the fee per contract of a perpetual; nothing unless the schedule has one."""
        if holding.instrument.is_spot:
            return NOTHING
        return Fraction(self.settings.fees.per_contract) * quantity * Fraction(holding.instrument.quantity_unit)

    def cancel_oco_siblings(self, order: LiveOrder) -> None:
        # "the first leg to trigger or fill, even in part, cancels the others (OCO)".
        if order.request.oco is None:
            return
        for other in list(self.orders.values()):
            if other is not order and other.request.oco == order.request.oco and other.status in {"open", "pending"}:
                self.cancel_order(other, "OCO")

    def shrink_reduce_only(self, instrument_id: str) -> None:
        # "After any change of the position, open reduce-only orders shrink in the same way and at zero are canceled".
        for order in self.by_age(instrument_id):
            if order.active and order.request.reduce_only and order.is_live:
                self.clip_to_position(order)

    def clip_to_position(self, order: LiveOrder) -> bool:
        """Shrink a reduce-only order to the opposite position; cancel at zero. Return whether something is left."""
        held = self.account.holdings[order.instrument.id].quantity
        opposite = abs(held) if held * order.side < 0 else 0
        if opposite == 0:
            self.cancel_order(order, "REDUCE_ONLY_NO_POSITION")
            return False
        if order.remaining > opposite:
            order.quantity = order.filled + opposite
            order.visible = min(order.visible, order.remaining)
            self.say(OrderAmended(order.id, self.now_ns, order.quantity, "REDUCE_ONLY"))
        return True

    def _wake_children(self, parent: LiveOrder) -> None:
        # "the order wakes where the parent is completely filled, at that point of the path".
        for child in sorted(self.orders.values(), key=lambda order: order.sequence):
            if child.status == "pending" and child.request.after == parent.id:
                child.status = "open"
                if child.instrument.id != parent.instrument.id:
                    # It has no point on this path: it activates at its own instrument's next open after this bar.
                    child.ready_ns = max(child.ready_ns, self.later_ns)
                self.woken.append(child)
                self.say(OrderTriggered(child.id, self.now_ns))

    # -- acceptance ---------------------------------------------------------------------------------------------------

    def refuse_reduce_only(self, order: LiveOrder) -> bool:
        """Return whether a reduce-only order was rejected for want of a position; clips a larger one."""
        if not order.request.reduce_only:
            return False
        held = self.account.holdings[order.instrument.id].quantity
        if held * order.side >= 0:
            # "no opposite position, REDUCE_ONLY_NO_POSITION".
            self.reject(order, "REDUCE_ONLY_NO_POSITION")
            return True
        # "larger than the position, its quantity becomes the position".
        if order.quantity > abs(held):
            order.quantity = abs(held)
            self.say(OrderAmended(order.id, self.now_ns, order.quantity, "REDUCE_ONLY"))
        return False

    def refusal_by_size(self, order: LiveOrder, quantity: int, cost: Fraction) -> str | None:
        """Return why the order is too small; `cost` is the notional of `quantity`, whose average stands for all."""
        instrument = order.instrument
        if order.quantity <= 0:
            # "max" that cash pays for nothing is a want of funds; a quote that buys nothing is below any minimum.
            unpaid = order.request.maximum and not instrument.min_notional
            return "INSUFFICIENT_FUNDS" if unpaid else "MIN_NOTIONAL"
        if order.quantity < instrument.min_quantity:
            return "MIN_QUANTITY"
        # "smaller orders are rejected MIN_NOTIONAL".
        small = quantity > 0 and cost / quantity * order.quantity < Fraction(instrument.min_notional)
        return "MIN_NOTIONAL" if small else None

    def refusal_by_funds(self, order: LiveOrder, quantity: int, cost: Fraction) -> str | None:
        """Return the reason why the account cannot carry `quantity` at a total notional of `cost`, or None."""
        if not order.instrument.is_spot:
            return self._refusal_by_margin(order, quantity, cost)
        if order.side > 0:
            # "quantity x price x (1 + taker rate) <= cash - held, else INSUFFICIENT_FUNDS".
            enough = cost * (1 + order.taker_rate) <= self.account.cash - self.cash_held(order)
        else:
            # "Spot sell: at most the base held minus base held by other open sells".
            enough = order.quantity <= self.account.holdings[order.instrument.id].quantity - self.base_held(order)
        return None if enough else "INSUFFICIENT_FUNDS"

    def _refusal_by_margin(self, order: LiveOrder, quantity: int, cost: Fraction) -> str | None:
        holding = self.account.holdings[order.instrument.id]
        # "Perpetual, unless it only reduces".
        if holding.quantity * order.side < 0 and order.quantity <= abs(holding.quantity):
            return None
        if quantity == 0:
            return None
        # "cash + unrealised PnL of perpetuals - taker fee >= initial margin of all positions after the order
        # (this instrument at the order's price as above; book: the average)".
        others = [other for other in self.account.perpetuals() if other is not holding]
        initial = sum((self.account.initial_margin_of(other) for other in others), NOTHING)
        after = abs(holding.quantity + order.side * quantity)
        initial += holding.initial_rate(after) * after * (cost / quantity)
        fee = cost * order.taker_rate + self.contract_fee(holding, quantity)
        carried = self.account.cash + self.account.perpetual_unrealised() - fee
        return None if carried >= initial else "INSUFFICIENT_MARGIN"

    def cash_held(self, asking: LiveOrder) -> Fraction:
        """Return the cash that open spot buys hold, `asking` and its OCO group apart."""
        # "Open buys hold remaining x price x (1 + taker rate)".
        holds = []
        for order in self._holding_others(asking):
            if order.side > 0:
                unit_value = self.account.holdings[order.instrument.id].unit_value
                amount = order.remaining * unit_value * order.held_price * (1 + order.taker_rate)
                holds.append((order, amount))
        return _sum_of_largest_legs(holds)

    def base_held(self, asking: LiveOrder) -> Fraction:
        """Return the base that open sells of the same instrument hold, `asking` and its OCO group apart."""
        sells = [order for order in self._holding_others(asking) if order.side < 0]
        return _sum_of_largest_legs(
            [(order, Fraction(order.remaining)) for order in sells if order.instrument.id == asking.instrument.id]
        )

    def _holding_others(self, asking: LiveOrder) -> list[LiveOrder]:
        others = []
        for order in self.orders.values():
            same_group = order.request.oco is not None and order.request.oco == asking.request.oco
            holds = order.is_live and order.active and order.instrument.is_spot
            if holds and order is not asking and not same_group:
                others.append(order)
        return others

    # -- funding and margin -------------------------------------------------------------------------------------------

    def on_mark(self, event: MarkPrice) -> None:
        # "new mark price, reached by a jump".
        self.account.marks[event.instrument] = Fraction(event.price)
        self.check_margin(event.instrument)

    def on_rates(self, event: MarginRates) -> None:
        """Other terms from now on; margin is checked at the mark, as after a jump."""
        holding = self.account.holdings[event.instrument]
        if holding.instrument.is_spot:
            return
        holding.instrument = structs.replace(
            holding.instrument, initial_margin=event.initial_margin, maintenance_margin=event.maintenance_margin
        )
        if event.instrument in self.account.marks:
            self.check_margin(event.instrument)

    def check_margin(self, instrument_id: str) -> None:
        """Liquidate at the mark when equity is strictly below maintenance there (a jump)."""
        holding = self.account.holdings[instrument_id]
        while holding.quantity and self.account.is_below_maintenance(holding, self.account.mark(instrument_id)):
            self.liquidate(holding, self.account.mark(instrument_id))

    def liquidate(self, holding: Holding, price: Fraction) -> None:
        instrument = holding.instrument
        closing = abs(holding.quantity) - self.account.kept_after_liquidation(holding, price)
        side = Side.SELL if holding.quantity > 0 else Side.BUY
        kind = LiquidationKind.FULL if closing == abs(holding.quantity) else LiquidationKind.PARTIAL
        deficit = self.account.liquidate(holding, closing, price)
        earlier = [one for one in self.liquidations if one.instrument == instrument.id]
        self.say(
            PositionLiquidated(
                instrument=instrument.id,
                fill_id=f"liquidation:{instrument.id}:{len(earlier) + 1}",
                ts_ns=self.now_ns,
                kind=kind,
                side=side,
                quantity=closing,
                price=exact_decimal(price * Fraction(instrument.price_unit)),
                deficit=exact_decimal(deficit),
            )
        )
        self.shrink_reduce_only(instrument.id)

    def on_funding(self, event: FundingRate) -> None:
        holding = self.account.holdings[event.instrument]
        if holding.instrument.is_spot or holding.quantity == 0:
            return
        if event.mark is None and event.instrument not in self.account.marks:
            return
        # "-quantity x size x mark x rate (mark: the latest)".
        mark = self.account.mark(event.instrument) if event.mark is None else Fraction(event.mark)
        amount = -holding.quantity * holding.unit_value * mark * Fraction(event.rate)
        paid = exact_decimal(amount)
        if event.settle:
            self.account.cash += amount
            self.account.funding += amount
            self.say(FundingPaid(event.instrument, self.now_ns, paid, holding.quantity, self.payment_id()))
        else:
            # "settle: false only accrues".
            self.account.accrued[event.instrument] += amount
            self.say(FundingAccrued(event.instrument, self.now_ns, paid, holding.quantity, self.payment_id()))

    def payment_id(self) -> str:
        """Return the name of the next funding payment: they are counted."""
        self.payments += 1
        return f"funding:{self.payments}"

    def on_settlement(self, event: FundingSettlement) -> None:
        # "moves accrued funding to cash".
        amount = self.account.accrued[event.instrument]
        if amount == 0:
            return
        self.account.accrued[event.instrument] = NOTHING
        self.account.cash += amount
        self.account.funding += amount
        held = self.account.holdings[event.instrument].quantity
        self.say(FundingPaid(event.instrument, self.now_ns, exact_decimal(amount), held, self.payment_id()))

    # -- report -------------------------------------------------------------------------------------------------------

    def report(self) -> AccountReport:
        """Return the venue's books at this moment; `ahead` is in base units, marks in quote currency."""
        account = self.account
        marks = {
            name: exact_decimal(mark * Fraction(self.instruments[name].price_unit))
            for name, mark in account.marks.items()
        }
        return AccountReport(
            cash=exact_decimal(account.cash),
            equity=exact_decimal(account.equity()),
            fees=exact_decimal(account.fees),
            realised_pnl=exact_decimal(account.realised()),
            unrealised_pnl=exact_decimal(account.unrealised()),
            free_margin=exact_decimal(account.free_margin()),
            funding=exact_decimal(account.funding),
            accrued_funding=exact_decimal(sum(account.accrued.values(), NOTHING)),
            volume_30d=exact_decimal(self.volume_30d()),
            insurance_deficit=exact_decimal(account.deficit),
            marks=marks,
            staleness=dict(self.staleness),
            positions={name: self._position_report(holding) for name, holding in account.holdings.items()},
            orders={order.id: _order_report(order) for order in self.orders.values()},
        )

    def _position_report(self, holding: Holding) -> PositionReport:
        return PositionReport(
            quantity=holding.quantity,
            average_price=holding.average_price(),
            realised_pnl=exact_decimal(holding.realised),
            margin=exact_decimal(holding.margin) if holding.is_isolated else None,
            liquidation_price=self.account.liquidation_price(holding),
        )


def _order_report(order: LiveOrder) -> OrderReport:
    return OrderReport(
        status=order.status,
        reason=order.reason,
        filled=order.filled,
        remaining=order.remaining,
        price=_shown_price(order),
        ahead=_ahead_in_base(order),
    )


def _shown_price(order: LiveOrder) -> int | None:
    """Return the limit, else the stop; of a trailing stop only while it is open."""
    if order.request.price is not None:
        return order.request.price
    ended = order.status not in {"open", "pending"}
    return None if ended and order.request.kind is OrderKind.TRAILING_STOP else order.stop


def _ahead_in_base(order: LiveOrder) -> Decimal | None:
    if order.ahead is None:
        return None
    return exact_decimal(order.ahead * Fraction(order.instrument.quantity_unit))


def _nonsense(request: OrderRequest) -> str | None:
    sizes = [request.quantity is not None, request.quote_quantity is not None, request.maximum]
    if sum(sizes) != 1 or (request.quantity is not None and request.quantity <= 0):
        return "INVALID_QUANTITY"
    if request.kind in {OrderKind.LIMIT, OrderKind.STOP_LIMIT} and request.price is None:
        return "INVALID_PRICE"
    if request.kind in {OrderKind.STOP_MARKET, OrderKind.STOP_LIMIT} and request.stop is None:
        return "INVALID_STOP"
    if request.kind is OrderKind.TRAILING_STOP and (request.trail is None or request.trail < 0):
        return "INVALID_TRAIL"
    return None


def _sum_of_largest_legs(holds: list[tuple[LiveOrder, Fraction]]) -> Fraction:
    """Return the sum of the amounts, of which "an OCO group holds its largest leg once"."""
    total = NOTHING
    groups: dict[str, Fraction] = {}
    for order, amount in holds:
        if order.request.oco is None:
            total += amount
        else:
            groups[order.request.oco] = max(groups.get(order.request.oco, NOTHING), amount)
    return total + sum(groups.values(), NOTHING)
