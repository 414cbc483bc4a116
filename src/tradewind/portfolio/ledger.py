"""The one ledger: cash per currency, positions of the account and of each bot, fees and funding apart (SPEC P1).

Two books are kept of every fill: the account's position (as the venue sees it) and the positions of the bots it is
attributed to. Bots' quantities sum to the account's, and so does realised + unrealised profit. Every amount is exact.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tradewind.model.answers import FundingAccrued, FundingPaid, OrderFilled, PositionLiquidated
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, add, multiply, portion, power_of_ten, subtract
from tradewind.model.orders import Side
from tradewind.model.position import Position

EXTERNAL = "external"
BUY = Side.BUY


class Purse:
    """One currency of the account: the balance, and every reason why it is what it is (I02)."""

    __slots__ = ("cash", "currency", "funding", "held", "lines", "opening", "realised", "transfers")

    def __init__(self, currency: str, opening: Decimal) -> None:
        self.currency = currency
        self.opening = opening
        self.cash = opening
        self.realised = ZERO
        self.funding = ZERO
        self.transfers = ZERO
        self.held = ZERO
        self.lines: list[Line] = []  # of the instruments that are paid from here

    @property
    def fees(self) -> Decimal:
        """What all fills have cost: a fee is kept once, with the bot that bears it."""
        total = ZERO
        for line in self.lines:
            for book in line.books.values():
                total = add(total, book.fees)
        return total


class Line:
    """The account's position in one instrument, with what the hot path needs to value it."""

    __slots__ = (
        "accrued_funding",
        "books",
        "instrument",
        "is_spot",
        "opening_cost",
        "opening_quantity",
        "position",
        "purse",
        "unit_value",
    )

    def __init__(self, instrument: Instrument, purse: Purse) -> None:
        self.instrument = instrument
        self.purse = purse
        self.position = Position()
        self.books: dict[str, BotBook] = {}
        self.unit_value = instrument.unit_value
        self.is_spot = instrument.is_spot
        self.accrued_funding = ZERO
        self.opening_quantity = 0
        self.opening_cost = ZERO

    def value(self, mark: int) -> Decimal:
        """Return what the position adds to equity: the holding's worth (spot) or its unrealised profit (perpetual)."""
        unit_price = multiply(self.unit_value, mark)
        if self.is_spot:
            return multiply(unit_price, self.position.quantity)
        return self.position.unrealised(unit_price)


class BotBook:
    """One bot's part of an instrument: position, fees, funding, and what it received in internal crossings."""

    __slots__ = ("accrued", "bot", "crossed", "fees", "fills", "funding", "position")

    def __init__(self, bot: str) -> None:
        self.bot = bot
        self.position = Position()
        self.fees = ZERO
        self.funding = ZERO
        self.accrued = ZERO
        self.fills = 0
        self.crossed = 0


class Ledger:
    """Cash, positions, fees and funding of one account and of the bots that share it."""

    def __init__(self, instruments: Iterable[Instrument], cash: dict[str, Decimal]) -> None:
        self.purses: dict[str, Purse] = {currency: Purse(currency, amount) for currency, amount in sorted(cash.items())}
        self.lines: dict[str, Line] = {}
        for instrument in sorted(instruments, key=lambda each: each.id):
            if instrument.id in self.lines:
                raise ConfigError(f"instrument {instrument.id} is given twice")
            purse = self.purses.setdefault(instrument.quote, Purse(instrument.quote, ZERO))
            self.lines[instrument.id] = line = Line(instrument, purse)
            purse.lines.append(line)

    def book(self, instrument: str, bot: str) -> BotBook:
        """Return the bot's book of an instrument, opening an empty one at first use."""
        books = self.lines[instrument].books
        found = books.get(bot)
        if found is None:
            found = books[bot] = BotBook(bot)
        return found

    def adopt(self, instrument: str, quantity: int, average_price: Decimal, bot: str = EXTERNAL) -> None:
        """Take over a position that exists at the start, with its cost basis; changes equity, not PnL."""
        line = self.lines[instrument]
        unit_price = multiply(average_price, multiply(line.instrument.contract_size, line.instrument.quantity_unit))
        line.position.apply(quantity, unit_price)
        self.book(instrument, bot).position.apply(quantity, unit_price)
        line.opening_quantity += quantity
        line.opening_cost = add(line.opening_cost, multiply(unit_price, quantity))

    def adjust(self, instrument: str, bot: str, change: int, value: Decimal) -> None:
        """Take over a signed difference whose whole cost is `value`: without cash for spot, and without profit where
        what leaves takes the bot's own cost with it.

        Where the account's average differs from the bot's, the account realises that difference, so that the bots'
        profit still sums to the account's; of a perpetual it moves cash, as with every profit of one.
        """
        line = self.lines[instrument]
        _book(self.book(instrument, bot).position, change, value)
        gained = _book(line.position, change, value)
        if gained:
            line.purse.realised = add(line.purse.realised, gained)
            if not line.is_spot:
                line.purse.cash = add(line.purse.cash, gained)
        line.opening_quantity += change
        line.opening_cost = add(line.opening_cost, value if change > 0 else value.copy_negate())

    def fill(self, fill: OrderFilled, bot: str, shared: Sequence[tuple[str, int]] = ()) -> Decimal:
        """Book one execution, of one bot or `shared` as [(bot, quantity)]; return the account's profit, fees apart."""
        line, quantity, fee = self.lines[fill.instrument], fill.quantity, fill.fee
        purse, position = line.purse, line.position
        value = multiply(line.unit_value, fill.price * quantity)
        change = quantity if fill.side is BUY else -quantity
        gained = position.book(change, value)
        if not line.is_spot:
            cash = add(purse.cash, gained)
        elif change > 0:
            cash = subtract(purse.cash, value)
        else:
            cash = add(purse.cash, value)
        purse.cash = subtract(cash, fee)
        if gained:
            purse.realised = add(purse.realised, gained)
        if shared:
            self._share(fill, shared)
            return gained
        books = line.books
        book = books.get(bot) or self.book(fill.instrument, bot)
        if len(books) == 1:
            # Alone on an instrument, a bot holds all of it: its position is the account's, figure by figure.
            own = book.position
            own.quantity, own.cost, own.realised = position.quantity, position.cost, position.realised
        else:
            book.position.book(change, value)
        book.fees = add(book.fees, fee)
        book.fills += 1
        return gained

    def _share(self, fill: OrderFilled, parts: Sequence[tuple[str, int]]) -> None:
        """Give every bot its part of an execution, and of its fee; the last one takes the remainder of the fee."""
        left = fill.fee
        unit_price = multiply(self.lines[fill.instrument].unit_value, fill.price)
        for index, (bot, part) in enumerate(parts):
            book = self.book(fill.instrument, bot)
            share = left if index == len(parts) - 1 else portion(fill.fee, part, fill.quantity)
            left = subtract(left, share)
            book.position.apply(fill.side * part, unit_price)
            book.fees = add(book.fees, share)
            book.fills += part > 0

    def cross(self, instrument: str, buyer: str, seller: str, quantity: int, mark: int) -> None:
        """Move `quantity` from one bot to another at the mark, without fee; the account does not change."""
        unit_price = multiply(self.lines[instrument].unit_value, mark)
        for bot, change in ((buyer, quantity), (seller, -quantity)):
            book = self.book(instrument, bot)
            book.position.apply(change, unit_price)
            book.crossed += quantity

    def liquidate(self, event: PositionLiquidated) -> Decimal:
        """Book a liquidation: the loss beyond the margin is the insurance account's; return what was realised."""
        line = self.lines[event.instrument]
        per_unit = multiply(line.instrument.contract_size, power_of_ten(-line.instrument.quantity_scale))
        unit_price = multiply(event.price, per_unit)
        gained = add(line.position.apply(event.side * event.quantity, unit_price), event.deficit)
        line.position.realised = add(line.position.realised, event.deficit)
        line.purse.realised = add(line.purse.realised, gained)
        line.purse.cash = add(line.purse.cash, gained)
        holders = [
            (book, abs(book.position.quantity))
            for _, book in sorted(line.books.items())
            if book.position.quantity * -event.side > 0
        ]
        for book, part, deficit in _shared(holders, event.quantity, event.deficit):
            book.position.apply(event.side * part, unit_price)
            book.position.realised = add(book.position.realised, deficit)
        return gained

    def pay_funding(self, event: FundingPaid) -> None:
        """Move funding to or from cash; what had accrued goes to the bots that held when it did."""
        line = self.lines[event.instrument]
        line.purse.cash = add(line.purse.cash, event.amount)
        line.purse.funding = add(line.purse.funding, event.amount)
        if line.accrued_funding and event.amount == line.accrued_funding:
            line.accrued_funding = ZERO
            for book in line.books.values():
                book.funding, book.accrued = add(book.funding, book.accrued), ZERO
            return
        for book, share in self._funding_shares(event):
            book.funding = add(book.funding, share)

    def accrue_funding(self, event: FundingAccrued) -> None:
        """Note funding that is owed but not yet moved; equity changes at settlement."""
        line = self.lines[event.instrument]
        line.accrued_funding = add(line.accrued_funding, event.amount)
        for book, share in self._funding_shares(event):
            book.accrued = add(book.accrued, share)

    def _funding_shares(self, event: FundingPaid | FundingAccrued) -> list[tuple[BotBook, Decimal]]:
        """Return (book, amount) pro rata of the bots' positions, the last one taking the remainder."""
        books = self.lines[event.instrument].books
        held = [book for _, book in sorted(books.items()) if book.position.quantity]
        if not held:
            return [(self.book(event.instrument, EXTERNAL), event.amount)]
        total = sum(book.position.quantity for book in held)
        shares: list[tuple[BotBook, Decimal]] = []
        left = event.amount
        for index, book in enumerate(held):
            last = index == len(held) - 1
            share = left if last or not total else portion(event.amount, book.position.quantity, total)
            left = subtract(left, share)
            shares.append((book, share))
        return shares

    def transfer(self, currency: str, amount: Decimal) -> None:
        """Book a deposit (+) or withdrawal (-): equity changes, profit does not."""
        purse = self.purses.setdefault(currency, Purse(currency, ZERO))
        purse.cash = add(purse.cash, amount)
        purse.transfers = add(purse.transfers, amount)


def _book(position: Position, change: int, value: Decimal) -> Decimal:
    """Book a change of any whole value, through zero in two steps; return what it realised."""
    held = position.quantity
    if held * change >= 0 or abs(change) <= abs(held):
        return position.book(change, value)
    closing = portion(value, abs(held), abs(change))
    gained = position.book(-held, closing)
    position.book(held + change, subtract(value, closing))
    return gained


def _shared(
    holders: Sequence[tuple[BotBook, int]], quantity: int, deficit: Decimal
) -> list[tuple[BotBook, int, Decimal]]:
    """Return (book, quantity, deficit) per holder, pro rata of the holdings, the last one taking the remainders."""
    total = sum(held for _, held in holders)
    if total < quantity:
        raise StateError(f"liquidated {quantity} but the bots hold {total}: books disagree; trading stops, reconcile")
    parts: list[tuple[BotBook, int, Decimal]] = []
    left, left_deficit, room_after = quantity, deficit, total
    for index, (book, held) in enumerate(holders):
        room_after -= held
        part = left if index == len(holders) - 1 else max(left - room_after, min(held, quantity * held // total))
        share = left_deficit if index == len(holders) - 1 else portion(deficit, part, quantity)
        left -= part
        left_deficit = subtract(left_deficit, share)
        parts.append((book, part, share))
    return parts
