"""What is noted when nothing is ordered: runs of quiet events, and strategies that failed (SPEC S10)."""

from tradewind.engine.state import EngineState, Seat
from tradewind.model.commands import StrategyFailed
from tradewind.model.decisions import Alarmed, Quiet
from tradewind.model.effects import Alarm


def quiet(state: EngineState, seat: Seat, reason: str) -> None:
    """Begin a new run of events without an order, for another reason; the run that ends is recorded."""
    if seat.quiet_reason != reason:
        end_run(state, seat, state.sequence - 1)
        seat.quiet_since = state.sequence
        seat.quiet_reason = reason


def end_run(state: EngineState, seat: Seat, last: int) -> None:
    """Record the current run of quiet events up to and including event `last`, if there were any."""
    if last >= seat.quiet_since:
        state.audit.append(Quiet(seat.quiet_since, last, seat.bot.id, seat.market.id, seat.quiet_reason))
    seat.quiet_since = last + 1


def close_records(state: EngineState) -> None:
    """Record every open run: at the end of a session, or before a snapshot."""
    for bot in state.bots.values():
        for seat in bot.seats:
            end_run(state, seat, state.sequence)


def alarm(state: EngineState, name: str, text: str) -> None:
    """Tell an operator what no other record says, and keep that it was told."""
    state.audit.append(Alarmed(state.now_ns, name, text))
    state.effects.append(Alarm(state.now_ns, name, text))


def strategy_failed(state: EngineState, seat: Seat, error: Exception) -> None:
    """Drop the callback's intents, mark the bot failed, and say so; its exits keep working, it takes no new risk."""
    bot = seat.bot
    if bot.failed is not None:
        return
    bot.failed = f"{type(error).__name__}: {error}"
    state.audit.append(StrategyFailed(state.now_ns, bot.id, seat.market.id, bot.failed))
    for each in bot.seats:
        each.market.seats = [entry for entry in each.market.seats if entry[3] is not each]
        each.market.warming = [waiting for waiting in each.market.warming if waiting is not each]
        quiet(state, each, "strategy_failed")
