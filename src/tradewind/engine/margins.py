"""How close the venue is to taking a position over, watched at every mark; and margin terms that change (SPEC K8).

Nothing is measured while no mark has left the band in which it cannot matter, and no holding or cash has changed since.
"""

from decimal import Decimal

import msgspec

from tradewind.engine.backing import backing, distance, notional, price_of_liquidation
from tradewind.engine.commanding import on_enter_reduce_only, on_leave_reduce_only
from tradewind.engine.state import EngineState, Market
from tradewind.model.commands import EnterReduceOnly, LeaveReduceOnly
from tradewind.model.effects import Alarm
from tradewind.model.margin import share_needed
from tradewind.model.market_events import MarginRates
from tradewind.model.money import EXACT, ONE, ZERO, add, multiply, plain, subtract

RULE = "liquidation"
STEADY = Decimal("0.02")  # so much further than the warning a position has to be before it can warn again
# A mark that moves by one changes what is left of a position's equity by less than this times its size: one for its
# profit, and (distance + maintenance x (1 + distance)) <= 3 for what has to remain.
SWAY = 4


def on_margin_rates(state: EngineState, event: MarginRates) -> None:
    """Other terms from now on, for the gate and for the watch."""
    state.now_ns = max(state.now_ns, event.ts_ns)
    market = state.markets[event.instrument]
    if market.instrument.is_spot:
        return
    terms = msgspec.structs.replace(
        market.instrument, initial_margin=event.initial_margin, maintenance_margin=event.maintenance_margin
    )
    market.instrument = terms
    market.posted = min(market.posted, event.initial_margin)
    for seat in market.seats_all:
        seat.view.instrument = terms
    state.terms[market.id] = event
    state.restricts = state.restricts or event.maintenance_margin is not None
    state.audit.append(event)
    if state.margin is not None:
        market.margined = market.watched = True
        state.margin.due = True
        look(state, market)


def look(state: EngineState, market: Market) -> None:
    """After a mark: warn, and let the account only reduce, where liquidation comes too close."""
    watch, mark = state.margin, market.mark
    if watch is None or mark is None:
        return
    if not watch.due:
        band = watch.bands.get(market.id)
        if not market.held or (band is not None and band[0] <= mark <= band[1]):
            return
    watch.due = False
    _measure(state)


def _measure(state: EngineState) -> None:
    watch = state.margin
    assert watch is not None
    widest = watch.rules.widest
    watch.bands.clear()
    held = [market for market in state.markets.values() if market.margined and market.held]
    slack: Decimal | None = None
    near: list[Market] = []
    for market in held:
        left = ZERO if widest is None else _left(state, market, widest)
        if left is None:
            watch.due = True  # a mark is missing: asked again with the next one
            return
        slack = left if slack is None else min(slack, left)
        if left < 0:
            near.append(market)
    if near or watch.warned or RULE in state.reduce_only:
        _act(state, near, held)
    if slack is None:
        return
    for market in held:
        moves = multiply(Decimal(SWAY * len(held) * abs(market.held)), market.line.unit_value)
        width = int(EXACT.divide_int(slack, moves)) if slack > 0 else 0
        mark = market.mark or 0
        watch.bands[market.id] = (mark - width, mark + width)


def _act(state: EngineState, near: list[Market], held: list[Market]) -> None:
    """Tell of what has come too close, and enter or leave the mode."""
    watch, now_ns = state.margin, state.now_ns
    assert watch is not None
    rules = watch.rules
    if rules.warn is not None:
        for market in near:
            if market.id not in watch.warned and _is_close(state, market, rules.warn):
                watch.warned.add(market.id)
                state.effects.append(Alarm(now_ns, "liquidation_near", _told(state, market)))
        steady = min(add(rules.warn, STEADY), ONE)
        close = {market.id for market in held if _is_close(state, market, steady)}
        watch.warned &= close
    most = rules.reduce_only
    if most is None:
        return
    reached = [market for market in near if _is_close(state, market, most)]
    if reached and RULE not in state.reduce_only:
        reason = "; ".join(_told(state, market) for market in reached)
        on_enter_reduce_only(state, EnterReduceOnly(now_ns, RULE, reason))
        state.effects.append(Alarm(now_ns, "liquidation", reason))
    elif not near and RULE in state.reduce_only:
        on_leave_reduce_only(state, LeaveReduceOnly(now_ns, RULE))


def _left(state: EngineState, market: Market, away: Decimal) -> Decimal | None:
    """Return what would be left of equity over maintenance if the mark were worse by `away`; None without a mark."""
    rate = market.instrument.maintenance_rate(abs(market.held))
    if rate is None:
        return notional(market)  # it is never liquidated
    behind = backing(state, market)
    if behind is None:
        return None
    share = share_needed(is_long=market.held > 0, maintenance_margin=rate, distance=away)
    return subtract(behind, multiply(share, notional(market)))


def _is_close(state: EngineState, market: Market, away: Decimal) -> bool:
    left = _left(state, market, away)
    return left is not None and left < 0


def _told(state: EngineState, market: Market) -> str:
    price, away = price_of_liquidation(state, market), distance(state, market)
    if price is None or away is None:
        return f"{market.id} is at its liquidation"
    mark = market.instrument.price_decimal(market.mark or 0)
    return (
        f"{market.id} at {plain(mark)} is {float(away) * 100:.1f} % from its liquidation at {float(price):.8g}: "
        "reduce it, or add margin"
    )
