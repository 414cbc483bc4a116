"""The way in for what runs in the same process (a generated or replayed market): integers, limit orders, no client ids.

The same books, holds and fees as for everybody; what is spared is the request's text and numbers. Prices and
quantities are in the product's scales (`Scales`). Time is the exchange's: call `Exchange.advance` as it passes.
"""

from tradewind.exchange.core.accounts import Account
from tradewind.exchange.core.entering import settle
from tradewind.exchange.core.futures import encumbered
from tradewind.exchange.core.matching import Market
from tradewind.exchange.core.orders import CANCELLED, OPEN, Order, OrderType
from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.core.state import State
from tradewind.model.orders import TimeInForce

# Looked up once: an attribute of an Enum class costs as much as a function call.
GTC, LIMIT, ONLINE = TimeInForce.GTC, OrderType.LIMIT, ProductMode.ONLINE


class Desk:
    """One account's place at one product. Its orders are found by `Order` objects, which belong to the core."""

    __slots__ = ("_account", "_levels", "_lots_unit", "_market", "_open", "_seat", "_spot", "_state")

    def __init__(self, state: State, account: Account, market: Market) -> None:
        self._state = state
        self._account = account
        self._open = state.registers[account.id].open
        self._market = market
        self._seat = market.seat(account)
        self._spot = market.is_spot
        self._lots_unit = market.scales.lots_unit
        self._levels: dict[int, Order] = {}  # the order that stands for a level, by signed price

    def limit(
        self,
        sign: int,
        price: int,
        quantity: int,
        now_ns: int,
        time_in_force: TimeInForce = GTC,
        *,
        post_only: bool = False,
    ) -> Order | None:
        """Place a limit order of whole ticks and lots; None when funds, the mode or post-only forbid it."""
        state, market, seat, account = self._state, self._market, self._seat, self._account
        if market.mode is not ONLINE or (post_only and market.crosses(sign, price)):
            return None
        if account.fresh >= account.room:
            state.refresh(account)
        if self._spot and sign < 0:
            hold_unit, balance = self._lots_unit, seat.base
        else:
            hold_unit, balance = price * seat.value_hold, seat.quote
        need = hold_unit * quantity
        if not account.unlimited:
            free = balance.total - balance.hold
            if account.exposed:
                free -= encumbered(account, balance.currency, state.markets)
            if need > free:
                return None
        state.order_numbers = number = state.order_numbers + 1
        order = Order(
            number,
            seat,
            sign,
            price,
            quantity,
            quantity,
            seat.maker_factor,
            seat.taker_factor,
            hold_unit,
            now_ns,
            "",
            LIMIT,
            time_in_force,
            OPEN,
            post_only,
        )
        balance.hold += need
        self._open[number] = order
        market.touched.append(order)
        keys = (market.asks if sign > 0 else market.bids).keys
        if time_in_force is GTC and (not keys or keys[-1] < -sign * price):
            (market.bids if sign > 0 else market.asks).add(order)
            return order
        market.enter(order, now_ns)
        if market.triggers or not self._spot:
            settle(state, market, now_ns)
        return order

    def cancel(self, order: Order, now_ns: int) -> bool:
        """Take an order out of the market; False when it has ended already."""
        if not order.open:
            return False
        self._market.end(order, CANCELLED, "USER_CANCEL", now_ns)
        return True

    def set_level(self, sign: int, price: int, size: int, now_ns: int) -> None:
        """Let the desk's own size at a price be `size`: what a recorded or generated book shows there.

        A smaller size keeps the place in the queue, a larger one goes to the back.
        """
        key = price * sign
        standing = self._levels.get(key)
        if standing is not None and standing.stands:
            if size == standing.open:
                return
            if 0 < size < standing.open:
                side = self._market.bids if sign > 0 else self._market.asks
                (standing.seat.quote if sign > 0 else standing.seat.base).hold -= standing.hold_unit * (
                    standing.open - size
                )
                standing.quantity -= standing.open - size
                side.shrink(standing, standing.open - size)
                return
            self.cancel(standing, now_ns)
        self._levels.pop(key, None)
        if size:
            order = self.limit(sign, price, size, now_ns)
            if order is not None and order.open:
                self._levels[key] = order
