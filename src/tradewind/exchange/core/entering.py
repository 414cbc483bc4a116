"""How an order that was accepted comes to the book, and what a trade sets off: stops, brackets, liquidations."""

from tradewind.exchange.core.checks import bracket_stop_limit, schedule_of
from tradewind.exchange.core.futures import change_position, encumbered, margin
from tradewind.exchange.core.matching import ANY_PRICE, Market
from tradewind.exchange.core.orders import (
    CANCELLED,
    FAILED,
    OPEN,
    QUEUED,
    Order,
    OrderType,
    StopDirection,
    TriggerStatus,
)
from tradewind.exchange.core.products import ProductMode
from tradewind.exchange.core.state import State
from tradewind.model.orders import TimeInForce


def enter(state: State, market: Market, order: Order, now_ns: int) -> None:
    """Bring an accepted order to the market; in an auction it is collected first."""
    if market.mode is ProductMode.AUCTION:
        order.status = QUEUED
        market.queued.append(order)
        market.touched.append(order)
        return
    order.status = OPEN
    order.updated_ns = now_ns
    if order.kind is OrderType.STOP_LIMIT:
        _wait_for_stop(state, market, order, now_ns)
    elif order.kind is OrderType.TWAP:
        schedule = schedule_of(order.request) if order.request is not None else None
        if schedule is not None:
            state.at(max(now_ns, schedule.start_ns), "slice 0", market, order)
        market.touched.append(order)
    else:
        _to_book(state, market, order, now_ns)
    settle(state, market, now_ns)


def _to_book(state: State, market: Market, order: Order, now_ns: int) -> None:
    if state.entry_delay_ns and order.kind is OrderType.MARKET and not affordable(state, market, order):
        market.end(order, FAILED, "INSUFFICIENT_FUND", now_ns)
    elif order.post_only and market.crosses(order.sign, order.price):
        market.end(order, FAILED, "INVALID_LIMIT_PRICE_POST_ONLY", now_ns)
    elif order.time_in_force is TimeInForce.FOK and _too_little(market, order):
        market.end(order, CANCELLED, "FOK_NOT_FILLABLE", now_ns)
    else:
        market.enter(order, now_ns)
        if order.kind is OrderType.BRACKET and order.open:
            market.triggers.wait(order, StopDirection.UP if order.sign > 0 else StopDirection.DOWN)


def affordable(state: State, market: Market, order: Order) -> bool:
    """Return whether a market order can still pay for what the book would give it: it may have moved meanwhile."""
    seat = order.seat
    walk = market.walk(seat, order.sign, order.price, order.open)
    if seat.account.unlimited or order.reducing or (market.product.is_spot and order.sign < 0):
        return True
    free = seat.quote.total - seat.quote.hold - encumbered(seat.account, seat.quote.currency, state.markets)
    return walk.value * seat.value_hold <= free + order.hold


def _too_little(market: Market, order: Order) -> bool:
    return market.walk(order.seat, order.sign, order.price, order.open).quantity < order.open


def _wait_for_stop(state: State, market: Market, order: Order, now_ns: int) -> None:
    direction = order.request.stop_direction if order.request is not None else None
    up = direction is StopDirection.UP
    last = market.last
    if last is not None and (last >= order.stop if up else last <= order.stop):
        order.trigger = TriggerStatus.TRIGGERED
        market.enter(order, now_ns)
    else:
        market.triggers.wait(order, StopDirection.UP if up else StopDirection.DOWN)
        market.touched.append(order)


def settle(state: State, market: Market, now_ns: int) -> None:
    """Let everything happen that the newest trades set off, until nothing is left."""
    if market.is_spot and not market.triggers:
        market.checked = market.trade_numbers
    while fresh := market.trade_numbers - market.checked:
        market.checked = market.trade_numbers
        if market.triggers:
            prices = [trade.price for trade in market.tape.trades[-fresh:]]
            for order in market.triggers.due(min(prices), max(prices)):
                _triggered(market, order, now_ns)
        if not market.product.is_spot:
            _check_margins(state, market, now_ns)


def _triggered(market: Market, order: Order, now_ns: int) -> None:
    """A stop was reached: it becomes a limit order; a bracket leaves its first price for one beyond the stop."""
    if not order.open or order.trigger is not TriggerStatus.PENDING:
        return  # an older one of the same trade filled it, or its stop was listed twice
    order.trigger = TriggerStatus.TRIGGERED
    if order.kind is OrderType.BRACKET:
        if order.stands:
            (market.bids if order.sign > 0 else market.asks).pull(order)
        order.price = bracket_stop_limit(order, market.scales.tick)
    order.updated_ns = now_ns
    market.touched.append(order)
    market.enter(order, now_ns)


# -- liquidation ------------------------------------------------------------------------------------------------------


def revalue(state: State, market: Market, now_ns: int) -> None:
    """Check margins after the mark or a balance has moved, and let happen what that sets off."""
    if not market.product.is_spot:
        _check_margins(state, market, now_ns)
        settle(state, market, now_ns)


def _check_margins(state: State, market: Market, now_ns: int) -> None:
    """Liquidate every account with a position here whose equity is strictly below its maintenance margin."""
    for seat in list(market.seats.values()):
        account = seat.account
        if not seat.position or account.unlimited:
            continue
        _, maintenance, profit = margin(account, seat.quote.currency, state.markets)
        if seat.quote.total + profit < maintenance:
            _liquidate(state, market, seat.account.id, now_ns)


def _liquidate(state: State, market: Market, account_id: str, now_ns: int) -> None:
    """Cancel the account's orders in the settlement currency, close at the book, and hand the rest to the house.

    What the book does not take goes to the house at the mark. A balance below zero is made up by the house.
    """
    account = state.accounts[account_id]
    seat = market.seats[account_id]
    currency = seat.quote.currency
    for order in list(state.registers[account_id].open.values()):
        home = state.markets[order.seat.product_id]
        if home.product.quote == currency:
            home.end(order, CANCELLED, "LIQUIDATION", now_ns)
    sign = -1 if seat.position > 0 else 1
    order = Order(
        state.next_order(),
        seat,
        sign,
        ANY_PRICE * sign,
        abs(seat.position),
        abs(seat.position),
        seat.maker_factor,
        seat.taker_factor,
        0,
        now_ns,
        kind=OrderType.MARKET,
        time_in_force=TimeInForce.IOC,
        updated_ns=now_ns,
        liquidation=True,
    )
    market.admit(order, seat.quote)
    market.enter(order, now_ns)
    if seat.position:
        _take_over(state, market, account_id)
    if seat.quote.total < 0 and not account.exposed:
        state.house.balance(currency).total += seat.quote.total
        seat.quote.total = 0
    market.positions_changed.add(account_id)


def _take_over(state: State, market: Market, account_id: str) -> None:
    """Move what is left of a position to the house at the mark price."""
    from_seat, to_seat = market.seats[account_id], market.seat(state.house)
    quantity, price = from_seat.position, market.mark_price()
    value = abs(quantity) * price * market.value_unit if price is not None else from_seat.cost
    for seat, change in ((from_seat, -quantity), (to_seat, quantity)):
        seat.quote.total += change_position(seat, change, value)
