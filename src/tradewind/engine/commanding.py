"""What follows from commands, timers, fits and remote answers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tradewind.engine.allotting import take_weights
from tradewind.engine.breaking import adds_risk
from tradewind.engine.changing import on_change_bot, on_restore_bot
from tradewind.engine.closing import close_position, forget_closing
from tradewind.engine.deciding import answered
from tradewind.engine.grouping import round_due
from tradewind.engine.guarding import GUARD, GUARDS, look, woken
from tradewind.engine.placing import ask_cancel, stop_parent
from tradewind.engine.recording import quiet
from tradewind.engine.state import EngineState
from tradewind.engine.working import TIMER, timer_fired
from tradewind.model import commands as c
from tradewind.model.decisions import Finding, Refused
from tradewind.model.effects import Alarm
from tradewind.model.money import multiply
from tradewind.orders.order import OrderRole
from tradewind.portfolio.budgets import ALLOCATION
from tradewind.risk.correlation_watch import told
from tradewind.risk.guards import Action
from tradewind.risk.tail_book import TAIL

OPERATOR = "operator"
DRAWDOWN = "drawdown"


def on_halt(state: EngineState, event: c.Halt) -> None:
    """Latch: nothing that adds risk is sent, working entries are cancelled."""
    _advance(state, event.ts_ns)
    state.halted = event.reason
    _cancel_entries(state)
    state.audit.append(event)
    state.effects.append(Alarm(event.ts_ns, "halted", event.reason))


def on_resume(state: EngineState, event: c.Resume) -> None:
    """An operator ends the halt and every reduce-only rule."""
    _advance(state, event.ts_ns)
    state.halted = None
    _leave(state, tuple(state.reduce_only))
    if state.guards is not None and DRAWDOWN in state.guards.breached:
        _peak_anew(state)
    state.audit.append(event)


def on_enter_reduce_only(state: EngineState, event: c.EnterReduceOnly) -> None:
    _advance(state, event.ts_ns)
    state.reduce_only[event.rule] = event.reason
    _cancel_entries(state)
    state.audit.append(event)


def on_leave_reduce_only(state: EngineState, event: c.LeaveReduceOnly) -> None:
    """Only the rule that set the mode, or an operator, can end it."""
    _advance(state, event.ts_ns)
    _leave(state, tuple(state.reduce_only) if event.rule == OPERATOR else (event.rule,))
    state.audit.append(event)


def _leave(state: EngineState, rules: tuple[str, ...]) -> None:
    """End these rules; where drawdown had tripped it counts from here, else the next mark would trip it again."""
    fallen = DRAWDOWN in rules and DRAWDOWN in state.reduce_only
    for rule in rules:
        state.reduce_only.pop(rule, None)
    if fallen:
        _peak_anew(state)


def _peak_anew(state: EngineState) -> None:
    """Measure drawdown from what the account is worth now; while that is not known the old peak stays."""
    if (equity := state.equity()) is not None:
        state.peak = equity
        state.set_lines()


def on_pause_bot(state: EngineState, event: c.PauseBot) -> None:
    _advance(state, event.ts_ns)
    bot = state.bots[event.bot]
    bot.paused = event.reason
    for seat in bot.seats:
        quiet(state, seat, "paused")
    state.audit.append(event)


def on_resume_bot(state: EngineState, event: c.ResumeBot) -> None:
    _advance(state, event.ts_ns)
    bot = state.bots[event.bot]
    bot.paused = None
    for seat in bot.seats:
        quiet(state, seat, "no_signal")
    state.audit.append(event)


def on_cancel_all(state: EngineState, event: c.CancelAll) -> None:
    """Cancel every working order; where exits go too, what is held has none until a bot decides anew."""
    _advance(state, event.ts_ns)
    for bot in state.bots.values():
        if not event.exits_stay and (event.bot is None or bot.id == event.bot):
            for seat in bot.seats:
                seat.cover = seat.bare_ns = None
                seat.entries.clear()  # nor does what an entry has filled get any when it ends
                if seat.closing is not None:
                    forget_closing(state, seat)
    for seat in tuple(state.parents):
        if event.bot is None or seat.bot.id == event.bot:
            stop_parent(state, seat, "CANCELED")
    for order in state.live_orders():
        stays = event.exits_stay and order.role in (OrderRole.PROTECTION, OrderRole.CLOSING)
        if not stays and (event.bot is None or any(seat.bot.id == event.bot for seat in order.owners)):
            ask_cancel(state, order)
    state.audit.append(event)


def on_flatten(state: EngineState, event: c.Flatten) -> None:
    """Cancel, then close the positions of one bot or of all."""
    _advance(state, event.ts_ns)
    state.audit.append(event)
    for bot in state.bots.values():
        if event.bot is None or bot.id == event.bot:
            for seat in bot.seats:
                close_position(state, seat, "flatten")


def on_switch_flag(state: EngineState, event: c.SwitchFlag) -> None:
    _advance(state, event.ts_ns)
    state.flags[event.name] = event.value
    state.audit.append(event)


def on_fitted(state: EngineState, event: c.Fitted) -> None:
    """Parameters from outside; expired means missing (see `fitted`)."""
    _advance(state, event.ts_ns)
    state.fitted[event.kind] = event
    if state.tails is not None and event.kind == TAIL:
        state.tails.fit(event.parameters)
        if state.pairs is not None and (risen := state.pairs.take(event.parameters)):
            state.effects.append(Alarm(state.now_ns, "correlation", told(risen, state.pairs.level)))
    state.audit.append(event)
    if state.budgets is not None and event.kind == ALLOCATION:
        take_weights(state, state.budgets, event)


def fitted(state: EngineState, kind: str) -> dict[str, float] | None:
    """Return the parameters of a fit, None when there is none or it has expired."""
    return state.parameters(kind)


def on_answered(state: EngineState, event: c.Answered) -> None:
    """A remote stage answered in time: go on where the decision waited; a second answer finds nothing."""
    _advance(state, event.ts_ns)
    waiting = state.pending.pop(event.request_id, None)
    if waiting is not None:
        answered(state, waiting, event.answer)


def on_timer(state: EngineState, event: c.TimerFired) -> None:
    """A time stop is due, a remote stage did not answer by its deadline, or time just passes (`clock`)."""
    kind, _, rest = event.key.partition(":")
    if state.timers.get(event.key, event.ts_ns + 1) <= event.ts_ns:
        del state.timers[event.key]
    waiting = state.pending.pop(int(rest), None) if kind == "ask" else None
    if kind == "ask" and waiting is None:
        return  # answered in time: nothing happens, not even the passing of time
    _advance(state, event.ts_ns)
    if waiting is not None:
        answered(state, waiting, Refused((Finding("risk", "no answer", "an answer by the deadline"),)))
    elif kind == GUARDS:
        _look_round(state)
        woken(state)
    elif kind == "round":
        round_due(state, rest)
    elif kind == TIMER:
        timer_fired(state, rest)
    elif kind == "exit":
        place, _, entry = rest.rpartition(":")
        for seat in state.seats_at(place):
            # The position that this entry opened may be gone, and another one with its own time may be there.
            if seat.entry == entry and seat.view.position:
                close_position(state, seat, "time_stop")


def on_guards_due(state: EngineState, event: c.GuardsDue) -> None:
    """A session lets the guards look; without any there is nothing to do."""
    _advance(state, event.ts_ns)
    _look_round(state, event.errors, event.day_equity)


def _look_round(state: EngineState, errors: int = 0, day_equity: Decimal | None = None) -> None:
    """Do what the guards ask for: halt, or reduce only for as long as one of them asks."""
    if state.guards is None:
        return
    action, why = look(state, state.guards, errors, day_equity)
    if action is Action.HALT and state.halted is None:
        on_halt(state, c.Halt(state.now_ns, f"{GUARD}: {why}"))
    if action >= Action.REDUCE_ONLY and GUARDS not in state.reduce_only:
        on_enter_reduce_only(state, c.EnterReduceOnly(state.now_ns, GUARDS, why))
    elif action < Action.REDUCE_ONLY and GUARDS in state.reduce_only:
        on_leave_reduce_only(state, c.LeaveReduceOnly(state.now_ns, GUARDS))


def line_crossed(state: EngineState) -> None:
    """The account's worth is above its old peak, or so far below it that the drawdown lock trips."""
    if state.unmarked and state.equity() is None:
        return  # something held has no price yet: nobody knows the account's worth
    if state.marked > state.peak_line:
        state.set_lines()
    if state.marked <= state.alarm_line:
        drawdown_reached(state)


def worth_changed(state: EngineState) -> None:
    """A fill, a liquidation or funding may have cost what no later mark will show: the lock looks at once."""
    if state.config.protections.drawdown_max is not None and state.equity() is not None:
        state.set_lines()
        if state.marked <= state.alarm_line:
            drawdown_reached(state)


def drawdown_reached(state: EngineState) -> None:
    """The drawdown lock trips at equality: latched reduce-only until an operator resets it (K5)."""
    if DRAWDOWN in state.reduce_only:
        return
    limit = state.config.protections.drawdown_max
    reason = f"equity is {multiply(limit or Decimal(0), Decimal(100)).normalize():f} % or more below its peak"
    on_enter_reduce_only(state, c.EnterReduceOnly(state.now_ns, DRAWDOWN, reason))
    state.effects.append(Alarm(state.now_ns, "drawdown", reason))
    if state.config.protections.drawdown_flatten is True:
        on_flatten(state, c.Flatten(state.now_ns))


def _cancel_entries(state: EngineState) -> None:
    """Ask to cancel what adds risk; protective orders and plain reductions go on."""
    for order in state.live_orders():
        if adds_risk(order):
            ask_cancel(state, order)


def _advance(state: EngineState, ts_ns: int) -> None:
    state.now_ns = max(state.now_ns, ts_ns)


HANDLERS: dict[type, Callable[[EngineState, Any], None]] = {
    c.Halt: on_halt,
    c.Resume: on_resume,
    c.EnterReduceOnly: on_enter_reduce_only,
    c.LeaveReduceOnly: on_leave_reduce_only,
    c.PauseBot: on_pause_bot,
    c.ResumeBot: on_resume_bot,
    c.ChangeBot: on_change_bot,
    c.RestoreBot: on_restore_bot,
    c.CancelAll: on_cancel_all,
    c.Flatten: on_flatten,
    c.SwitchFlag: on_switch_flag,
    c.Fitted: on_fitted,
    c.GuardsDue: on_guards_due,
    c.Answered: on_answered,
    c.TimerFired: on_timer,
}
