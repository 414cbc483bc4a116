"""One product's market: an order takes what it crosses, the rest stands in the book, and the accounts are settled.

This is the hot loop of the exchange. Everything is an integer; a trade moves both balances, both holds and the fees
in the same step, so that no state in between can be seen.
"""

from typing import Final

from tradewind.exchange.core import futures
from tradewind.exchange.core.accounts import Account, Balance, Seat
from tradewind.exchange.core.amounts import units_of
from tradewind.exchange.core.book import BookSide
from tradewind.exchange.core.fees import RATE_DIGITS, RATE_UNIT, FeeScale, FeeTable
from tradewind.exchange.core.orders import CANCELLED, FILLED, Order, OrderStatus, OrderType, Register
from tradewind.exchange.core.products import Product, ProductMode, Scales
from tradewind.exchange.core.trades import Tape, Trade
from tradewind.exchange.core.triggers import Triggers
from tradewind.model.money import ZERO
from tradewind.model.orders import TimeInForce

IOC, MARKET = TimeInForce.IOC, OrderType.MARKET
ANY_PRICE: Final = 1 << 80  # a market order's bound: no price is beyond it
DOLLARS: Final = frozenset({"USD", "USDC", "USDT", "PYUSD", "DAI"})


class Market:
    """The books, tape and waiting triggers of one product, and the seats of those who trade it."""

    __slots__ = (
        "asks",
        "bids",
        "checked",
        "counts",
        "fee_balance",
        "fee_scale",
        "fees",
        "funding_interval_ns",
        "funding_rate",
        "index",
        "initial_rate",
        "is_spot",
        "last",
        "maintenance_rate",
        "mark",
        "mode",
        "next_funding_ns",
        "positions_changed",
        "product",
        "queued",
        "registers",
        "scales",
        "seats",
        "tape",
        "touched",
        "trade_numbers",
        "triggers",
        "untold",
        "value_unit",
    )

    def __init__(
        self,
        product: Product,
        index: int,
        fees: FeeTable,
        fee_balance: Balance,
        registers: dict[str, Register],
        kept_trades: int,
    ) -> None:
        self.product = product
        self.registers = registers
        self.is_spot = product.is_spot
        self.index = index
        self.mode: ProductMode = product.mode
        self.scales = Scales(product)
        self.value_unit = self.scales.value_unit
        self.fees = fees
        self.fee_scale = FeeScale(self.value_unit)
        self.fee_balance = fee_balance
        self.bids, self.asks = BookSide(1), BookSide(-1)
        self.seats: dict[str, Seat] = {}
        self.tape = Tape(kept_trades)
        self.triggers = Triggers()
        self.queued: list[Order] = []  # collected in auction mode, entered when it ends
        self.last: int | None = None
        self.mark: int | None = None  # given from outside; else the mid counts
        self.funding_rate = 0
        self.next_funding_ns: int | None = None
        self.funding_interval_ns = product.funding_interval_ns
        self.touched: list[Order] = []
        self.positions_changed: set[str] = set()  # accounts whose position moved otherwise than by an order
        self.untold = 0  # trades at the end of the tape nobody has been told of
        self.trade_numbers = 0
        self.checked = 0  # up to which trade the triggers have seen the tape
        self.counts = product.quote in DOLLARS  # whether value traded here counts for the fee tier
        rates = (ZERO, ZERO) if product.is_spot else (product.initial_margin, product.maintenance_margin)
        self.initial_rate, self.maintenance_rate = (units_of(rate, RATE_DIGITS) for rate in rates)

    def seat(self, account: Account) -> Seat:
        """Return the account's seat at this product, taken when it is first asked for."""
        seat = self.seats.get(account.id)
        if seat is None:
            product = self.product
            quote = account.balance(product.quote)
            seat = Seat(account, product.id, account.balance(product.base) if product.is_spot else quote, quote)
            self.seats[account.id] = account.seats[product.id] = seat
            self.rate(seat)
        return seat

    def rate(self, seat: Seat) -> None:
        """Give a seat the rates of its account's tier."""
        scale, share = self.fee_scale, RATE_UNIT if self.product.is_spot else self.initial_rate
        seat.tier = self.fees.tier_at(seat.account.volume.total)
        seat.maker_factor, seat.taker_factor = (scale.per_value(rate) for rate in self.fees.rates[seat.tier])
        # value_unit of a perpetual has fewer than 10 digits to spare below 1e-18, so its margin share rounds up.
        seat.value_hold = -(-self.value_unit * share // RATE_UNIT) - (-max(0, seat.taker_factor) // scale.divide)

    def mark_price(self) -> int | None:
        """Return the price positions are valued at: the given mark, else the mid (rounded down), else the last."""
        if self.mark is not None:
            return self.mark
        bid, ask = self.bids.best, self.asks.best
        return (bid + ask) // 2 if bid is not None and ask is not None else self.last

    # -- orders in, orders out ----------------------------------------------------------------------------------------

    def admit(self, order: Order, balance: Balance) -> None:
        """Let an order exist: it holds its funds and is found in its account."""
        balance.hold += order.hold_unit * order.open
        self.registers[order.seat.account.id].open[order.number] = order
        if order.reducing:
            order.seat.reducing[order.sign] += order.open
        self.touched.append(order)

    def enter(self, order: Order, now_ns: int) -> None:
        """Let an order meet the book: it takes what it crosses, and the rest stands, is cancelled, or waits."""
        if self.take(order, order.open, now_ns):
            self.end(order, CANCELLED, "SELF_TRADE_PREVENTION", now_ns)
        elif order.open:
            if order.time_in_force is IOC or order.kind is MARKET:
                self.end(order, CANCELLED, "IOC_REMAINDER", now_ns)
            else:
                (self.bids if order.sign > 0 else self.asks).add(order)

    def end(self, order: Order, status: OrderStatus, reason: str, now_ns: int) -> None:
        """Take an order out of the book and give its hold back."""
        if order.stands:
            (self.bids if order.sign > 0 else self.asks).withdraw(order)
        seat = order.seat
        (seat.quote if order.sign > 0 else seat.base).hold -= order.hold_unit * order.open
        if order.reducing:
            seat.reducing[order.sign] -= order.open
        order.open = 0
        order.status = status
        order.reason = reason
        order.updated_ns = now_ns
        self.touched.append(order)
        self.registers[seat.account.id].end(order)

    # -- the loop -----------------------------------------------------------------------------------------------------

    def take(self, order: Order, most: int, now_ns: int) -> bool:  # noqa: C901 - the hot loop, kept in one piece
        """Let an order trade up to `most` with what it crosses; return whether an order of its own account stopped it.

        Self-trade prevention: the taker's rest is not executed (the caller cancels it); the resting order stays.
        """
        sign = order.sign
        side = self.asks if sign > 0 else self.bids
        keys = side.keys
        threshold = -sign * order.price
        if not keys or keys[-1] < threshold:
            return False
        seat = order.seat
        levels, changed, registers = side.levels, side.changed, self.registers
        trades = self.tape.trades
        own_fills, account_id, taker_number = seat.fills, seat.account.id, order.number
        is_spot, value_unit, counts = self.is_spot, self.value_unit, self.counts
        scale, lots_unit = self.fee_scale, self.scales.lots_unit
        exact, commission = scale.divide == 1, scale.commission
        taker_factor = order.taker_factor
        left = most
        worth = charged = received = 0
        number = self.trade_numbers
        blocked = False
        price = 0
        while left and keys:
            key = keys[-1]
            if key < threshold:
                break
            level = levels[key]
            queue = level.queue
            price = -sign * key
            while left:
                maker = queue[0]
                resting = maker.open
                if resting == 0:
                    queue.popleft()
                    level.gone -= 1
                    continue
                other = maker.seat
                if other is seat:
                    blocked = True
                    break
                quantity = resting if resting < left else left
                value = price * quantity
                if exact:
                    maker_fee = value * maker.maker_factor
                    taker_fee = value * taker_factor
                else:
                    maker_fee = commission(value, maker.maker_factor)
                    taker_fee = commission(value, taker_factor)
                number += 1
                account = other.account
                trade = Trade(
                    number,
                    price,
                    quantity,
                    sign,
                    now_ns,
                    maker.number,
                    taker_number,
                    account.id,
                    account_id,
                    maker_fee,
                    taker_fee,
                    value,
                )
                trades.append(trade)
                own_fills.append(trade)
                other.fills.append(trade)
                maker.fills += 1
                maker.filled += quantity
                maker.value += value
                maker.fees += maker_fee
                maker.open = resting = resting - quantity
                maker.last_fill_ns = now_ns
                gross = value * value_unit
                if is_spot:
                    balance = other.quote
                    base = other.base
                    if sign > 0:
                        lots = quantity * lots_unit
                        base.total -= lots
                        base.hold -= lots
                        balance.total += gross - maker_fee
                    else:
                        balance.hold -= maker.hold_unit * quantity
                        balance.total -= gross + maker_fee
                        base.total += quantity * lots_unit
                else:
                    futures.settle(maker, quantity, gross, maker_fee)
                    futures.settle(order, quantity, gross, taker_fee)
                if counts:
                    account.fresh += gross
                left -= quantity
                worth += value
                charged += taker_fee
                received += maker_fee
                level.size -= quantity
                if resting == 0:
                    queue.popleft()
                    maker.stands = False
                    maker.status = FILLED
                    register = registers[account.id]
                    if register.keeps:
                        register.ended[maker.number] = register.open.pop(maker.number)
                    else:
                        register.end(maker)
                    if level.size == 0:
                        del levels[key]
                        keys.pop()
                        break
            changed.add(key)
            if blocked:
                break
        if worth:
            self.trade_numbers, before = number, self.trade_numbers
            self.untold += number - before
            self.fee_balance.total += charged + received
            self.last = price
            self._settle(order, most - left, worth, charged, number - before, now_ns)
        return blocked

    def _settle(self, order: Order, quantity: int, worth: int, charged: int, fills: int, now_ns: int) -> None:
        """Move what a taker has taken; of a perpetual the loop has settled each trade. `charged` is the commission."""
        seat, gross = order.seat, worth * self.value_unit
        order.open -= quantity
        order.filled += quantity
        order.value += worth
        order.fees += charged
        order.fills += fills
        order.last_fill_ns = now_ns
        if self.is_spot:
            balance, base, lots = seat.quote, seat.base, quantity * self.scales.lots_unit
            if order.sign > 0:
                balance.hold -= order.hold_unit * quantity
                balance.total -= gross + charged
                base.total += lots
            else:
                base.total -= lots
                base.hold -= lots
                balance.total += gross - charged
        if self.counts:
            seat.account.fresh += gross
        if order.open == 0:
            order.status = FILLED
            self.registers[seat.account.id].end(order)

    # -- what an order would do ---------------------------------------------------------------------------------------

    def crosses(self, sign: int, price: int) -> bool:
        """Return whether an order at this limit would meet the other side."""
        keys = (self.asks if sign > 0 else self.bids).keys
        return bool(keys) and keys[-1] >= -sign * price

    def walk(self, seat: Seat, sign: int, price: int, quantity: int) -> "Walk":
        """Return what an order would take at once, up to the first order of its own account."""
        side = self.asks if sign > 0 else self.bids
        walk = Walk()
        for key in reversed(side.keys):
            if key < -sign * price or walk.quantity == quantity:
                break
            level = side.levels[key]
            for maker in level.queue:
                if not maker.open:
                    continue
                if maker.seat is seat:
                    walk.blocked = True
                    return walk
                walk.take(-sign * key, min(maker.open, quantity - walk.quantity))
                if walk.quantity == quantity:
                    break
        return walk

    def affordable(self, seat: Seat, money: int) -> int:
        """Return the greatest quantity, on the lot, that `money` buys from the book with the commission included."""
        scale, lot = self.fee_scale, self.scales.lot
        quantity = 0
        for key in reversed(self.asks.keys):
            price, level = -key, self.asks.levels[key]
            per_unit = price * scale.hold_factor(seat.taker_factor, self.value_unit)
            units = min(level.size, money // per_unit)
            quantity += units
            money -= units * per_unit
            if units < level.size:
                break
        return quantity - quantity % lot


class Walk:
    """What an incoming order would take: quantity, sum of price x quantity, and whether its own account stops it."""

    __slots__ = ("blocked", "first", "last", "quantity", "value")

    def __init__(self) -> None:
        self.blocked = False
        self.quantity = self.value = self.first = self.last = 0

    def take(self, price: int, quantity: int) -> None:
        """Count one execution."""
        self.first = self.first or price
        self.last = price
        self.quantity += quantity
        self.value += price * quantity
