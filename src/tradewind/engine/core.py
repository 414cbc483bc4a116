"""`process(state, event) -> effects`: the whole engine, one event at a time (DESIGN: one idea).

Pure but for `state`: no clock (the time is in the event), no I/O, no randomness, one thread. What the engine wants of
the world comes back as effects; what happened, for journal, views and digests, is appended to `state.audit`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from tradewind.engine import adopting, allotting, answering, commanding, entry_gates, margins, measured_size
from tradewind.engine.breaking import bar_closed
from tradewind.engine.closing import see_to_positions
from tradewind.engine.deciding import decide
from tradewind.engine.grouping import bar_heard, quote_heard
from tradewind.engine.guarding import wake_later
from tradewind.engine.recording import quiet, strategy_failed
from tradewind.engine.regimes import take_bar
from tradewind.engine.state import EngineState, Market, Seat
from tradewind.engine.working import bar_seen, trade_seen
from tradewind.market.book import Book, BookState
from tradewind.model import answers as a
from tradewind.model import commands as c
from tradewind.model import market_events as m
from tradewind.model.corrections import Correction
from tradewind.model.effects import Effect
from tradewind.model.market_events import Bar
from tradewind.strategy.base import Wish

NOTHING: tuple[Effect, ...] = ()

Event = m.MarketEvent | a.VenueAnswer | c.Command | Correction


def process(state: EngineState, event: Event) -> Sequence[Effect]:
    """Take one event into the state and return what is to be done about it, in order."""
    state.sequence += 1
    if type(event) is Bar:
        market = state.markets[event.instrument]
        state.now_ns = event.ts_ns
        market.bar = event
        market.mark = close = event.close
        if market.stake:
            state.marked = marked = state.marked + market.stake * (close - market.valued)
            market.valued = close
            if not state.alarm_line < marked <= state.peak_line:
                commanding.line_crossed(state)
        served = event.served
        if served is None:
            served = market.server.update(event)  # type: ignore[union-attr]  # every market has one
        if market.watched:
            _look(state, market)
        wishes: list[tuple[Seat, Wish]] | None = None
        for on_bar, view, pick, seat in market.seats:
            view.bar = event
            view.values = served if pick is None else pick(served)
            try:
                wish = on_bar(view)
            except Exception as error:  # noqa: BLE001 - strategies are guests: isolated at this one call (DESIGN)
                strategy_failed(state, seat, error)
                continue
            if wish is None:
                continue
            if wishes is None:
                wishes = [(seat, wish)]
            else:
                wishes.append((seat, wish))
        if wishes is not None:
            decide(state, market, wishes)
        if market.groups:
            bar_heard(state, market, event)
    else:
        HANDLERS[type(event)](state, event)
    if state.unchecked:
        see_to_positions(state)
    if state.effects:
        effects = state.effects
        state.effects = []
        return effects
    return NOTHING


def _look(state: EngineState, market: Market) -> None:
    """See to what comes before the bots are asked: regimes are told from the bar, and bots that warm up count it."""
    if state.regimes is not None:
        take_bar(state, market)
    if market.margined:
        margins.look(state, market)
    if state.breakers is not None:
        bar_closed(state, state.breakers, market)
    if state.wakes_guards:
        wake_later(state)
    if state.budgets is not None:
        allotting.bar_closed(state, state.budgets)
    if state.sizing is not None:
        measured_size.bar_closed(state.sizing, market)
    if state.tiers is not None:
        entry_gates.bar_closed(state, state.tiers)
    if market.day is not None:
        bar_seen(state, market, market.day)
    if market.warming:
        _warm(state, market)
    elif not state.looks and market.day is None and not market.margined:
        market.watched = False


def _warm(state: EngineState, market: Market) -> None:
    ready = []
    for seat in market.warming:
        seat.bars_seen += 1
        if seat.bars_seen >= seat.warmup_bars:
            ready.append(seat)
    if ready:
        market.warming = [seat for seat in market.warming if seat not in ready]
        for seat in ready:
            quiet(state, seat, "no_signal")
        live = {id(entry[3]) for entry in market.seats}
        market.seats = [
            (seat.on_bar, seat.view, seat.pick, seat)
            for seat in market.seats_all
            if seat.on_bar is not None and (id(seat) in live or seat in ready)
        ]


def _on_gap(state: EngineState, event: m.Gap) -> None:
    market = state.markets[event.instrument]
    state.now_ns = max(state.now_ns, event.ts_ns)
    market.gaps += event.bars
    if event.no_trade or event.bars <= state.config.gap_bars_max:
        return
    # METHODS 0: a data gap beyond the maximum resets the indicators; nobody decides until they are warm again.
    market.server.reset()  # type: ignore[union-attr]
    market.seats = []
    market.watched = True
    if state.regimes is not None:
        state.regimes.forget(market.id)
    if state.sizing is not None:
        state.sizing.gauges[market.id].forget()
    market.warming = [seat for seat in market.seats_all if seat.bot.failed is None]
    for seat in market.warming:
        seat.bars_seen = 0
        quiet(state, seat, "data_gap")


def _mark(state: EngineState, market: Market, price: int, ts_ns: int) -> None:
    state.now_ns = max(state.now_ns, ts_ns)
    market.mark = price
    market.mark_ns = ts_ns
    if market.stake:
        state.marked += market.stake * (price - market.valued)
        market.valued = price
        if not state.alarm_line < state.marked <= state.peak_line:
            commanding.line_crossed(state)
    if market.margined:
        margins.look(state, market)


def _on_mark(state: EngineState, event: m.MarkPrice) -> None:
    _mark(state, state.markets[event.instrument], event.price, event.ts_ns)


def _on_trade(state: EngineState, event: m.TradePrint) -> None:
    market = state.markets[event.instrument]
    if market.best_bid is None or market.best_ask is None:
        _mark(state, market, event.price, event.ts_ns)
    else:
        state.now_ns = max(state.now_ns, event.ts_ns)
    if market.hears_trades:
        if market.day is not None:
            trade_seen(market, market.day, event)
        _ask(state, market, "on_trade", event)


def _on_snapshot(state: EngineState, event: m.BookSnapshot) -> None:
    market = state.markets[event.instrument]
    _book_of(market).on_snapshot(event)
    _book_changed(state, market, event.ts_ns)


def _on_level(state: EngineState, event: m.LevelUpdate) -> None:
    market = state.markets[event.instrument]
    book = market.book or _book_of(market)
    if book.on_update(event):
        _book_changed(state, market, event.ts_ns)
    elif book.state is not BookState.VALID:
        # A book that cannot be believed prices nothing: no best prices, and the mark keeps its age (I34).
        market.best_bid = market.best_ask = None


def _book_of(market: Market) -> Book:
    if market.book is None:
        market.book = Book(market.id)
    return market.book


def _book_changed(state: EngineState, market: Market, ts_ns: int) -> None:
    book = market.book
    bid, ask = (None, None) if book is None else (book.best_bid, book.best_ask)
    if bid is None or ask is None or bid >= ask:
        market.best_bid = market.best_ask = None
        state.now_ns = max(state.now_ns, ts_ns)
        return
    market.best_bid, market.best_ask = bid, ask
    _mark(state, market, (bid + ask) // 2, ts_ns)
    if market.hears_book:
        _ask(state, market, "on_book", book)
    if market.groups and (quote := book.quote()) is not None:  # type: ignore[union-attr]  # it has two sides here
        quote_heard(state, market, quote)


def _on_quote(state: EngineState, event: m.QuoteTick) -> None:
    market = state.markets[event.instrument]
    market.best_bid, market.best_ask = event.bid, event.ask
    _mark(state, market, (event.bid + event.ask) // 2, event.ts_ns)
    _ask(state, market, "on_quote", event)
    if market.groups:
        quote_heard(state, market, event)


def _ask(state: EngineState, market: Market, callback: str, event: object) -> None:
    """Ask every live seat that has the callback, and decide on what they wish."""
    wishes: list[tuple[Seat, Wish]] = []
    now_ns, best_bid, best_ask = state.now_ns, market.best_bid, market.best_ask
    for seat in market.seats_all:
        handler: Callable[[Any, Any], Wish] | None = getattr(seat, callback)
        if handler is None or seat.bot.failed is not None or (market.warming and seat in market.warming):
            continue
        view = seat.view
        view.heard_ns, view.best_bid, view.best_ask = now_ns, best_bid, best_ask
        try:
            wish = handler(view, event)
        except Exception as error:  # noqa: BLE001 - strategies are guests
            strategy_failed(state, seat, error)
            continue
        if wish is not None:
            wishes.append((seat, wish))
    if wishes:
        decide(state, market, wishes)


def _on_fill(state: EngineState, event: a.OrderFilled) -> None:
    if (
        answering.on_filled(state, event)
        and state.hears_fills
        and (market := state.markets[event.instrument]).hears_fills
    ):
        _ask(state, market, "on_fill", event)


def _on_liquidated(state: EngineState, event: a.PositionLiquidated) -> None:
    answering.on_liquidated(state, event)
    commanding.worth_changed(state)


def _on_funding(state: EngineState, event: a.FundingPaid) -> None:
    answering.on_funding(state, event)
    commanding.worth_changed(state)


def _on_funding_rate(state: EngineState, event: m.FundingRate | m.FundingSettlement) -> None:
    """The venue turns rates into amounts; the engine books those (FundingPaid), here time passes and strategies see."""
    state.now_ns = max(state.now_ns, event.ts_ns)
    if type(event) is m.FundingRate:
        for group in state.markets[event.instrument].groups:
            group.rate_heard(event)


HANDLERS: dict[type, Callable[[EngineState, Any], None]] = {
    m.Gap: _on_gap,
    m.MarkPrice: _on_mark,
    m.TradePrint: _on_trade,
    m.BookSnapshot: _on_snapshot,
    m.LevelUpdate: _on_level,
    m.QuoteTick: _on_quote,
    m.FundingRate: _on_funding_rate,
    m.FundingSettlement: _on_funding_rate,
    m.MarginRates: margins.on_margin_rates,
    a.OrderFilled: _on_fill,
    **answering.HANDLERS,
    **commanding.HANDLERS,
    **adopting.HANDLERS,
    a.PositionLiquidated: _on_liquidated,
    a.FundingPaid: _on_funding,
}
