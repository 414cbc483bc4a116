"""The books of an account counted again from its audit stream, by code that shares nothing with the ledger (I01-I07).

Positions of the account and of each bot, cash per currency, fees, funding, and every order with its fills. What the
stream alone shows to be wrong raises at once; `engine.audit` compares the rest with what the engine says.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from tradewind.model import answers as a
from tradewind.model.corrections import OrderAdopted, PositionAdopted
from tradewind.model.decisions import Approved, Crossed, Decided, Share
from tradewind.model.errors import StateError
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, add, multiply, portion, subtract
from tradewind.model.orders import OrderRequest

EXTERNAL = "external"
PROTECT = "protect"


class Adopted(Protocol):
    """A position that exists at the start."""

    @property
    def instrument(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def average_price(self) -> Decimal: ...
    @property
    def bot(self) -> str: ...


def broken(invariant: str, what: str) -> StateError:
    """Return the error that names a broken invariant and what to do."""
    return StateError(f"{invariant} broken: {what}; trading stops, keep the journal and reconcile")


class Tally:
    """Quantity, cost and profit of one holder in one instrument, by average cost."""

    __slots__ = ("cost", "crossed", "fees", "fills", "funding", "quantity", "realised")

    def __init__(self) -> None:
        self.quantity = self.fills = self.crossed = 0
        self.cost = self.realised = self.fees = self.funding = ZERO

    def trade(self, change: int, unit_price: Decimal) -> Decimal:
        """Count a signed change; return what it realised. A part released takes its share of the cost, half-even."""
        closed = min(abs(change), abs(self.quantity)) if self.quantity * change < 0 else 0
        direction = 1 if self.quantity > 0 else -1
        released = portion(self.cost, closed, abs(self.quantity)) if closed else ZERO
        gained = multiply(subtract(multiply(unit_price, closed), released), direction) if closed else ZERO
        opened = abs(change) - closed
        self.cost = add(subtract(self.cost, released), multiply(unit_price, opened))
        self.quantity += change
        self.realised = add(self.realised, gained)
        return gained

    def take_over(self, change: int, value: Decimal) -> Decimal:
        """Count a signed change of which only the whole value is known; return what it realised."""
        closed = min(abs(change), abs(self.quantity)) if self.quantity * change < 0 else 0
        closing = portion(value, closed, abs(change)) if closed else ZERO
        released = portion(self.cost, closed, abs(self.quantity)) if closed else ZERO
        gained = multiply(subtract(closing, released), 1 if self.quantity > 0 else -1) if closed else ZERO
        self.cost = add(subtract(self.cost, released), subtract(value, closing))
        self.quantity += change
        self.realised = add(self.realised, gained)
        return gained

    @property
    def signed_cost(self) -> Decimal:
        return self.cost if self.quantity >= 0 else self.cost.copy_negate()


class Account:
    """One currency: the opening balance and all that has moved it."""

    __slots__ = ("fees", "flows", "funding", "opening", "realised", "transfers")

    def __init__(self, opening: Decimal = ZERO) -> None:
        self.opening = opening
        self.flows = self.realised = self.fees = self.funding = self.transfers = ZERO

    @property
    def cash(self) -> Decimal:
        """Opening + transfers + cash flows of fills - fees + funding (I02)."""
        return add(add(add(self.opening, self.transfers), subtract(self.flows, self.fees)), self.funding)


class Sent:
    """One approved order and what its answers say of it."""

    __slots__ = ("ended", "fees", "fills", "filled", "protects", "quantity", "received", "request", "shares", "value")  # noqa: RUF023 - by meaning

    def __init__(self, request: OrderRequest, shares: tuple[Share, ...], *, protects: bool) -> None:
        self.request = request
        self.shares = shares
        self.protects = protects
        self.quantity = int(request.quantity or 0)
        self.received = [0] * len(shares)
        self.filled = self.value = 0
        self.fees = ZERO
        self.fills: set[str] = set()
        self.ended = False

    @property
    def remaining(self) -> int:
        return 0 if self.ended or self.protects else self.quantity - self.filled


class Recount:
    """Fed with the records of the audit stream, in order; holds the books that follow from them."""

    def __init__(
        self, instruments: Iterable[Instrument], currency: str, cash: Decimal, held: Iterable[Adopted] = ()
    ) -> None:
        self.instruments = {each.id: each for each in instruments}
        self.accounts = {currency: Account(cash)}
        self.lines = {name: Tally() for name in sorted(self.instruments)}
        self.books: dict[str, dict[str, Tally]] = {name: {} for name in self.lines}
        self.owed: dict[str, dict[Tally, Decimal]] = {name: {} for name in self.lines}
        self.opening_cost = dict.fromkeys(self.lines, ZERO)
        self.orders: dict[str, Sent] = {}
        self.open: dict[str, Sent] = {}
        self.touched: dict[str, Sent] = {}
        self.seen: set[tuple[str, str | int]] = set()
        for each in self.instruments.values():
            self.accounts.setdefault(each.quote, Account())
        for each_held in held:
            self._adopt(each_held)
        self._handlers: dict[type, Callable[[Any], None]] = {
            Decided: self._decided,
            Crossed: self._crossed,
            a.OrderFilled: self._filled,
            a.OrderAmended: self._amended,
            a.OrderCanceled: self._over,
            a.OrderRejected: self._over,
            a.PositionLiquidated: self._liquidated,
            a.FundingPaid: self._funded,
            a.FundingAccrued: self._accrued,
            a.CashTransferred: self._transferred,
            PositionAdopted: self._taken_over,
            OrderAdopted: self._order_adopted,
        }

    def take(self, record: object) -> None:
        """Count one record; raises StateError when the stream itself breaks an invariant."""
        handler = self._handlers.get(type(record))
        if handler is not None:
            handler(record)

    def book(self, instrument: str, bot: str) -> Tally:
        """Return a bot's tally in an instrument, an empty one at first."""
        return self.books[instrument].setdefault(bot, Tally())

    def open_units(self, instrument: str) -> tuple[int, int]:
        """Return (buys, sells) that may still fill, in-doubt orders included."""
        buys = sells = 0
        for sent in self.open.values():
            if sent.request.instrument == instrument:
                if sent.request.side > 0:
                    buys += sent.remaining
                else:
                    sells += sent.remaining
        return buys, sells

    # -- what the stream says ----------------------------------------------------------------------------------------

    def _adopt(self, held: Adopted) -> None:
        instrument = self.instruments[held.instrument]
        unit_price = multiply(held.average_price, multiply(instrument.contract_size, instrument.quantity_unit))
        self.lines[held.instrument].trade(held.quantity, unit_price)
        self.book(held.instrument, held.bot).trade(held.quantity, unit_price)
        cost = multiply(unit_price, held.quantity)
        self.opening_cost[held.instrument] = add(self.opening_cost[held.instrument], cost)

    def _decided(self, decided: Decided) -> None:
        request = decided.order
        if request is None or type(decided.outcome) is not Approved:
            return
        if request.order_id in self.orders:
            raise broken("I16", f"client order id {request.order_id} was used twice")
        total = sum(share.quantity for share in decided.shares)
        if total != request.quantity:
            raise broken("I10", f"order {request.order_id} of {request.quantity} is allotted {total} to its bots")
        for share in decided.shares:
            self._once("I10", f"intent of {share.bot}", share.intent, protects=decided.intent == PROTECT)
        sent = Sent(request, decided.shares, protects=decided.intent == PROTECT)
        self.orders[request.order_id] = self.open[request.order_id] = self.touched[request.order_id] = sent

    def _crossed(self, crossed: Crossed) -> None:
        unit_price = multiply(self.instruments[crossed.instrument].unit_value, crossed.price)
        for bot, change in ((crossed.buyer, crossed.quantity), (crossed.seller, -crossed.quantity)):
            tally = self.book(crossed.instrument, bot)
            tally.trade(change, unit_price)
            tally.crossed += crossed.quantity

    def _filled(self, fill: a.OrderFilled) -> None:
        sent = self._sent(fill.order_id)
        if fill.fill_id in sent.fills:
            raise broken("I04", f"fill {fill.fill_id} of order {fill.order_id} was booked twice")
        if fill.side is not sent.request.side or fill.instrument != sent.request.instrument:
            raise broken("I17", f"fill {fill.fill_id} is not what order {fill.order_id} asked for")
        sent.fills.add(fill.fill_id)
        sent.filled += fill.quantity
        sent.value += fill.quantity * fill.price
        sent.fees = add(sent.fees, fill.fee)
        if fill.quantity <= 0 or sent.filled > sent.quantity:
            raise broken("I05", f"order {fill.order_id} of {sent.quantity} has {sent.filled} filled")
        self._book(fill, sent)
        if sent.filled == sent.quantity:
            self._end(fill.order_id, sent)

    def _book(self, fill: a.OrderFilled, sent: Sent) -> None:
        instrument = self.instruments[fill.instrument]
        unit_price = multiply(instrument.unit_value, fill.price)
        account = self.accounts[instrument.quote]
        gained = self.lines[fill.instrument].trade(fill.side * fill.quantity, unit_price)
        account.realised = add(account.realised, gained)
        flow = multiply(unit_price, -fill.side * fill.quantity) if instrument.is_spot else gained
        account.flows = add(account.flows, flow)
        account.fees = add(account.fees, fill.fee)
        parts = attributed(fill.quantity, sent.shares, sent.received, instrument.lot)
        left = fill.fee
        for index, (share, part) in enumerate(zip(sent.shares, parts, strict=True)):
            fee = left if index == len(parts) - 1 else portion(fill.fee, part, fill.quantity)
            left = subtract(left, fee)
            tally = self.book(fill.instrument, share.bot)
            if part:
                tally.trade(fill.side * part, unit_price)
            tally.fees = add(tally.fees, fee)
            tally.fills += part > 0
            sent.received[index] += part

    def _amended(self, event: a.OrderAmended) -> None:
        sent = self._sent(event.order_id)
        if not sent.ended:
            sent.quantity = event.quantity
        if event.quantity < sent.filled:
            raise broken("I05", f"order {event.order_id} was cut to {event.quantity} with {sent.filled} filled")

    def _over(self, event: a.OrderCanceled | a.OrderRejected) -> None:
        self._end(event.order_id, self._sent(event.order_id))

    def _liquidated(self, event: a.PositionLiquidated) -> None:
        self._once("I04", "liquidation", event.fill_id)
        instrument, line = self.instruments[event.instrument], self.lines[event.instrument]
        unit_price = multiply(event.price, multiply(instrument.contract_size, instrument.quantity_unit))
        if line.quantity * event.side >= 0 or event.quantity > abs(line.quantity):
            raise broken("I01", f"{event.fill_id} closed {event.quantity} of a position of {line.quantity}")
        gained = add(line.trade(event.side * event.quantity, unit_price), event.deficit)
        line.realised = add(line.realised, event.deficit)
        account = self.accounts[instrument.quote]
        account.realised, account.flows = add(account.realised, gained), add(account.flows, gained)
        self._share_liquidation(event, unit_price)

    def _share_liquidation(self, event: a.PositionLiquidated, unit_price: Decimal) -> None:
        """Each bot on the losing side gives in proportion to what it holds; the last by id takes what is left."""
        books = sorted(self.books[event.instrument].items())
        holders = [tally for _, tally in books if tally.quantity * event.side < 0]
        parts = liquidation_parts([abs(tally.quantity) for tally in holders], event.quantity, event.deficit)
        for tally, (part, deficit) in zip(holders, parts, strict=True):
            tally.trade(event.side * part, unit_price)
            tally.realised = add(tally.realised, deficit)

    def _funded(self, event: a.FundingPaid) -> None:
        self._once("I07", f"funding of {event.instrument} at {event.ts_ns}, payment", event.identity)
        line = self.lines[event.instrument]
        if event.quantity != line.quantity:
            raise broken("I07", f"funding of {event.instrument} for {event.quantity}, held are {line.quantity}")
        account = self.accounts[self.instruments[event.instrument].quote]
        account.funding = add(account.funding, event.amount)
        owed = self.owed[event.instrument]
        if owed and event.amount == sum_of(owed.values()):
            for tally, share in owed.items():
                tally.funding = add(tally.funding, share)
            owed.clear()
            return
        for tally, share in self._funding_shares(event):
            tally.funding = add(tally.funding, share)

    def _accrued(self, event: a.FundingAccrued) -> None:
        """What is owed goes, once it is paid, to those who held when it accrued."""
        self._once("I07", f"accrual of {event.instrument} at {event.ts_ns}, payment", event.identity)
        owed = self.owed[event.instrument]
        for tally, share in self._funding_shares(event):
            owed[tally] = add(owed.get(tally, ZERO), share)

    def _funding_shares(self, event: a.FundingPaid | a.FundingAccrued) -> list[tuple[Tally, Decimal]]:
        holders = [tally for _, tally in sorted(self.books[event.instrument].items()) if tally.quantity]
        if not holders:
            return [(self.book(event.instrument, EXTERNAL), event.amount)]
        return list(zip(holders, funding_parts(holders, event.amount), strict=True))

    def _transferred(self, event: a.CashTransferred) -> None:
        account = self.accounts.setdefault(event.currency, Account())
        account.transfers = add(account.transfers, event.amount)

    def _taken_over(self, event: PositionAdopted) -> None:
        instrument = self.instruments[event.instrument]
        account = self.accounts[instrument.quote]
        self.book(event.instrument, event.bot).take_over(event.quantity, event.value)
        gained = self.lines[event.instrument].take_over(event.quantity, event.value)
        account.realised = add(account.realised, gained)
        if not instrument.is_spot:
            account.flows = add(account.flows, gained)
        cost = multiply(event.value, 1 if event.quantity > 0 else -1)
        self.opening_cost[event.instrument] = add(self.opening_cost[event.instrument], cost)

    def _order_adopted(self, event: OrderAdopted) -> None:
        order_id = event.request.order_id
        if order_id in self.orders:
            raise broken("I16", f"order {order_id} was adopted under an id that is used")
        sent = Sent(event.request, event.parts, protects=False)
        self.orders[order_id] = self.open[order_id] = self.touched[order_id] = sent

    # -- leaves ------------------------------------------------------------------------------------------------------

    def _once(self, invariant: str, what: str, identity: str | int, *, protects: bool = False) -> None:
        key = (what, identity)
        if not protects and key in self.seen:
            raise broken(invariant, f"{what} {identity} was booked twice")
        self.seen.add(key)

    def _sent(self, order_id: str) -> Sent:
        sent = self.orders.get(order_id)
        if sent is None:
            raise broken("I17", f"order {order_id} is known to the venue and was never approved")
        self.touched[order_id] = sent
        return sent

    def _end(self, order_id: str, sent: Sent) -> None:
        sent.ended = True
        self.open.pop(order_id, None)


def attributed(quantity: int, shares: tuple[Share, ...], received: list[int], lot: int) -> list[int]:
    """Return each share's part of a fill: what it is due of all fills so far, the rest by largest remainder.

    Counted in fractions, in steps of the lot where the fill is whole lots; ties go to the first bot by id. Nobody gets
    more than its share of the order, nobody gives back.
    """
    if len(shares) == 1:
        return [quantity]
    step = lot if quantity % lot == 0 else 1
    whole = sum(share.quantity for share in shares)
    done = sum(received) + quantity
    due = [Fraction(share.quantity * done, whole) - had for share, had in zip(shares, received, strict=True)]
    room = [share.quantity - had for share, had in zip(shares, received, strict=True)]
    parts = [max(0, min(space, int(each // 1) // step * step)) for each, space in zip(due, room, strict=True)]
    missing = [each - part for each, part in zip(due, parts, strict=True)]
    order = sorted(range(len(shares)), key=lambda i: (-missing[i], shares[i].bot, shares[i].intent, i))
    while (left := quantity - sum(parts)) > 0:
        for index in order:
            extra = min(left, step, room[index] - parts[index])
            parts[index] += extra
            left -= extra
    while (surplus := sum(parts) - quantity) > 0:
        for index in reversed(order):
            back = min(surplus, step, parts[index])
            parts[index] -= back
            surplus -= back
    return parts


def liquidation_parts(held: list[int], quantity: int, deficit: Decimal) -> list[tuple[int, Decimal]]:
    """Return each holder's (quantity, deficit) of a liquidation: pro rata of what it holds, the last takes the rest."""
    total = after = sum(held)
    left, left_deficit = quantity, deficit
    parts: list[tuple[int, Decimal]] = []
    for index, own in enumerate(held):
        after -= own
        last = index == len(held) - 1
        # What the holders behind this one cannot give must come from here.
        part = left if last else max(left - after, min(own, quantity * own // total))
        share = left_deficit if last else portion(deficit, part, quantity)
        left, left_deficit = left - part, subtract(left_deficit, share)
        parts.append((part, share))
    return parts


def sum_of(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of amounts."""
    total = ZERO
    for amount in amounts:
        total = add(total, amount)
    return total


def funding_parts(holders: list[Tally], amount: Decimal) -> list[Decimal]:
    """Return each holder's part of a funding payment: pro rata of signed quantities, the last takes the rest."""
    total = sum(tally.quantity for tally in holders)
    left = amount
    parts: list[Decimal] = []
    for index, tally in enumerate(holders):
        whole = index == len(holders) - 1 or total == 0
        share = left if whole else portion(amount, tally.quantity, total)
        left = subtract(left, share)
        parts.append(share)
    return parts
