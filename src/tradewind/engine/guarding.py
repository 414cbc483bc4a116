"""The runtime guards in the engine: once a minute it is looked at what is, and the strictest action is due (SPEC K10).

In backtests and over recorded data the engine wakes itself after a bar; a session on a venue wakes it by the clock, and
tells what only the session knows: failed requests, and what the account was worth at midnight.
"""

from decimal import Decimal

from tradewind.engine.guard_watch import GuardWatch
from tradewind.engine.state import EngineState, Market
from tradewind.model.effects import Alarm
from tradewind.model.money import multiply
from tradewind.risk.guards import Action, Readings, evaluate, strictest

GUARDS = "guards"  # the key of their timer, and the rule under which they let the account only reduce
GUARD = "guard"  # what a halt of theirs and their alarms begin with
MINUTE_NS = 60_000_000_000


def wake_later(state: EngineState) -> None:
    """Ask to be woken when it is time for the next look, unless that is asked for already."""
    if GUARDS not in state.timers and state.guards is not None:
        state.set_timer(state.now_ns + state.guards.plan.every_ns, GUARDS)


def woken(state: EngineState) -> None:
    """Their timer was due: it is set again if anything else has happened since, else the next bar sets it."""
    watch = state.guards
    if watch is not None and state.wakes_guards:
        if state.sequence - watch.seen > 1:
            wake_later(state)
        watch.seen = state.sequence


def look(
    state: EngineState, watch: GuardWatch, errors: int = 0, day_equity: Decimal | None = None
) -> tuple[Action, str]:
    """Return the strictest action that is due, and why; what has just been breached is put to an operator.

    `errors` are those of the last minute that the engine does not see, `day_equity` the worth at midnight where whoever
    runs the engine knows it.
    """
    now_ns, before = state.now_ns, watch.breached
    watch.verdicts = evaluate(readings(state, watch, errors, day_equity), watch.plan.limits, now_ns, watch.verdicts)
    for each in watch.verdicts:
        if each.breached and each.guard not in before:
            text = f"{each.guard}: {each.number}, at most {each.limit}"
            state.effects.append(Alarm(now_ns, GUARD, text))
    action = strictest(watch.verdicts)
    asked = (each for each in watch.verdicts if each.action is action)
    return action, "; ".join(f"{each.guard} {each.number} over {each.limit}" for each in asked)


def readings(state: EngineState, watch: GuardWatch, errors: int, day_equity: Decimal | None) -> Readings:
    """Return what the guards look at; what is not known is None, and that is a breach."""
    equity, held = state.equity(), [market for market in state.markets.values() if market.held]
    notionals = [
        None if market.mark is None else multiply(market.line.unit_value, market.held * market.mark) for market in held
    ]
    known = tuple(each for each in notionals if each is not None)
    if day_equity is not None:
        watch.told_midnight(state.now_ns, day_equity)
    return Readings(
        equity=equity,
        peak_equity=state.peak,
        equity_at_midnight=watch.midnight(state.now_ns, equity),
        oldest_mark_age_ns=max((_mark_age_ns(market, state.now_ns) for market in held), default=0),
        errors_last_minute=errors + watch.errors_since(state.now_ns - MINUTE_NS),
        oldest_position_age_ns=watch.oldest_ns({market.id: market.held > 0 for market in held}, state.now_ns),
        notionals=None if len(known) < len(notionals) else known,
    )


def _mark_age_ns(market: Market, now_ns: int) -> int:
    """Return how old a mark is; one that a bar made is as old as the next bar is late."""
    bar = market.bar
    if market.mark_ns or bar is None:
        return now_ns - market.mark_ns
    return max(0, now_ns - bar.ts_ns - bar.span_ns)
