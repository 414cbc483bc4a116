"""Bots that see their instruments together: rounds of bars, quotes, and what they want of each instrument (ADR 9).

A round is the bars of one closing time. It is decided once: with the bar that completes it, or shortly after its first
bar without those that are missing. Nothing here runs for a market that no such bot looks at.
"""

from collections.abc import Mapping

from tradewind.engine.deciding import decide
from tradewind.engine.recording import strategy_failed
from tradewind.engine.state import EngineState, Group, Market, Seat
from tradewind.model.market_events import Bar, QuoteTick
from tradewind.strategy.base import Wish

PATIENCE_NS = 5_000_000_000
"""How long a round waits for missing bars, unless its bars follow each other so fast that half a bar is less."""

Wishes = dict[str, list[tuple[Seat, Wish]]]


def bar_heard(state: EngineState, market: Market, bar: Bar) -> None:
    """Take a bar into the rounds of the bots that look on, and decide those that are complete."""
    wishes: Wishes = {}
    for group in market.groups:
        if not group.asks_rounds or group.bot.failed is not None or bar.ts_ns < group.round_ns:
            continue
        if bar.ts_ns > group.round_ns:
            group.round_ns, group.open, group.fresh = bar.ts_ns, True, []
        elif not group.open:
            continue  # the round was decided without it
        if market.id not in group.fresh:
            group.fresh.append(market.id)
        if len(group.fresh) == len(group.bot.seats):
            _decide_round(state, group, wishes)
        elif len(group.fresh) == 1:
            state.set_timer(bar.ts_ns + min(PATIENCE_NS, bar.span_ns // 2), f"round:{group.bot.id}")
    _act(state, wishes)


def round_due(state: EngineState, bot: str) -> None:
    """Decide a round that has waited long enough; one that is decided already is left alone."""
    group = state.groups.get(bot)
    wishes: Wishes = {}
    if group is not None and group.open and group.bot.failed is None and f"round:{bot}" not in state.timers:
        _decide_round(state, group, wishes)
    _act(state, wishes)


def quote_heard(state: EngineState, market: Market, quote: QuoteTick) -> None:
    """Show a touch to the bots that look on, and ask those that decide on quotes."""
    wishes: Wishes = {}
    for group in market.groups:
        if not group.asks_quotes or group.bot.failed is not None:
            continue
        group.view.quotes[market.id] = quote
        group.view.fresh = (market.id,)
        _ask(state, group, "on_group_quote", wishes)
    _act(state, wishes)


def _decide_round(state: EngineState, group: Group, wishes: Wishes) -> None:
    group.open = False
    group.view.fresh = tuple(sorted(group.fresh))
    _ask(state, group, "on_group", wishes)


def _ask(state: EngineState, group: Group, callback: str, wishes: Wishes) -> None:
    """Ask the strategy, and put what it wants with what others want of the same instruments."""
    view, seats = group.view, {seat.market.id: seat for seat in group.bot.seats}
    view.now_ns = state.now_ns
    view.views = {name: seat.view for name, seat in seats.items() if _ready(seat, callback)}
    for name, each in view.views.items():
        market = state.markets[name]
        each.now_ns, each.best_bid, each.best_ask = state.now_ns, market.best_bid, market.best_ask
    try:
        wanted = getattr(group.bot.spec.strategy, callback)(view)
        chosen = {} if wanted is None else _known(wanted, seats)
    except Exception as error:  # noqa: BLE001 - strategies are guests: isolated at this one call (DESIGN)
        strategy_failed(state, group.bot.seats[0], error)
        return
    for name, wish in chosen.items():
        wishes.setdefault(name, []).append((seats[name], wish))


def _ready(seat: Seat, callback: str) -> bool:
    """Return whether an instrument can be shown: warm, and in a round with a bar."""
    return seat.bars_seen >= seat.warmup_bars and (seat.view.bar is not None or callback == "on_group_quote")


def _known(wanted: object, seats: Mapping[str, Seat]) -> dict[str, Wish]:
    """Return the wishes by instrument, those for nothing left out.

    Raises  TypeError for what is no mapping, LookupError for an instrument that the bot does not have.
    """
    if not isinstance(wanted, Mapping):
        raise TypeError(f"a group's callback returned {wanted!r}: return a wish by instrument, or None")
    strangers = [name for name in wanted if name not in seats]
    if strangers:
        raise LookupError(f"a group's callback wants {strangers[0]!r}, which is none of the bot's instruments")
    return {name: wish for name, wish in wanted.items() if wish is not None}


def _act(state: EngineState, wishes: Wishes) -> None:
    """Decide instrument by instrument, in the order of names: no order of registration or of a dictionary shows."""
    for name in sorted(wishes):
        decide(state, state.markets[name], wishes[name])
