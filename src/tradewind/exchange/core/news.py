"""What has changed since somebody last asked, gathered from what the markets noted on the way."""

from tradewind.exchange.core.events import CoreEvent, LevelChanged, OrderChanged, PositionChanged, Traded
from tradewind.exchange.core.matching import Market
from tradewind.exchange.core.orders import Order
from tradewind.exchange.core.positions import position_view
from tradewind.exchange.core.state import State
from tradewind.exchange.core.views import levels_view, order_view, trade_view
from tradewind.model.orders import Side


def drain(state: State) -> list[CoreEvent]:
    """Return what has changed since the last drain: of each market trades, levels, orders, positions; then the rest."""
    events: list[CoreEvent] = []
    for market in state.markets.values():
        if market.untold:
            events += [Traded(trade_view(trade, market)) for trade in market.tape.trades[-market.untold :]]
        for side, book_side in ((Side.BUY, market.bids), (Side.SELL, market.asks)):
            if book_side.changed:
                levels = levels_view(book_side.drain(), market)
                events += [LevelChanged(market.product.id, side, price, size) for price, size in levels]
        if market.untold or market.touched:
            _tell_orders(state, market, events)
        for account_id in sorted(market.positions_changed):
            view = position_view(state, market, market.seats[account_id])
            events.append(PositionChanged(account_id, view))
        market.positions_changed.clear()
    events += state.news
    state.news.clear()
    return events


def forget(state: State) -> None:
    """Drop what has changed since the last drain."""
    for market in state.markets.values():
        market.untold = 0
        for changes in (market.touched, market.positions_changed, market.bids.changed, market.asks.changed):
            changes.clear()
    state.news.clear()


def _tell_orders(state: State, market: Market, events: list[CoreEvent]) -> None:
    for order in _touched(state, market):
        account = order.seat.account
        if account.unlimited:
            continue
        events.append(OrderChanged(account.id, order_view(order, market, state.naming)))
        if order.fills and not market.is_spot:
            market.positions_changed.add(account.id)
    market.touched.clear()
    market.untold = 0


def _touched(state: State, market: Market) -> list[Order]:
    """Return every order that was placed, changed, ended or filled, once."""
    found = {order.number: order for order in market.touched}
    for trade in market.tape.trades[-market.untold :] if market.untold else ():
        for account_id, number in ((trade.maker_account, trade.maker), (trade.taker_account, trade.taker)):
            order = state.registers[account_id].find(number)
            if order is not None:
                found[number] = order
    return list(found.values())
