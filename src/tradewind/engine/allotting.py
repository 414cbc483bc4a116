"""Budgets by what the bots have earned: measured here, weighed outside, and in force from the event that says so.

Weighing is linear algebra, whose last digits differ between machines. So the engine asks for it (`Estimate`), and the
answer comes back as the event `Fitted`, journaled like any other: a replay decides by the numbers that were recorded.
"""

from decimal import Decimal

from tradewind.engine.recording import alarm
from tradewind.engine.state import Bot, EngineState
from tradewind.model.commands import Fitted
from tradewind.model.decisions import Allotted
from tradewind.model.effects import Estimate
from tradewind.model.money import ZERO, add, multiply
from tradewind.numeric.evaluation import turnover
from tradewind.portfolio.budgets import ALLOCATION, Budgets, budget_weights, worth_of


def bar_closed(state: EngineState, budgets: Budgets) -> None:
    """Measure what each bot has earned, where that is due, and ask for weights that follow from it."""
    if state.now_ns < budgets.due_ns or all(bot.paused is not None for bot in state.bots.values()):
        return  # while all are paused nothing is earned: a session warms up
    equity = state.equity()
    if equity is None:
        return
    worth = {name: _earned(state, bot) for name, bot in state.bots.items()}
    stakes = {name: _stake(state, bot, equity) for name, bot in state.bots.items()}
    if budgets.measure(state.now_ns, worth, stakes):
        before = tuple([budgets.weights[name] for name in budgets.names])
        state.effects.append(
            Estimate(state.now_ns, ALLOCATION, tuple(budgets.rows), before, float(_round_trip(state)) / 2)
        )


def weighed(budgets: Budgets, asked: Estimate) -> Fitted | None:
    """Return the weights that were asked for as an event of the next moment; None where nothing follows.

    Not called by the engine: whoever carries out its effects does.
    """
    weights = budget_weights(budgets.rules, asked.rows, asked.before, asked.cost_rate)
    if weights is None:
        return None
    told = dict(zip(budgets.names, weights, strict=True))
    return Fitted(asked.ts_ns + 1, ALLOCATION, asked.ts_ns, told, asked.ts_ns + 2 * budgets.rules.every_ns)


def take_weights(state: EngineState, budgets: Budgets, event: Fitted) -> None:
    """Let new weights come into force, unless they are hardly different; what is no weight changes nothing.

    Positions are left alone: a bot meets its new budget at its next entry, so that no trade is paid for by the change.
    """
    if not budgets.usable(event.parameters):
        alarm(state, "allocation", "weights that are none were refused: budgets stay as they were")
        return
    wanted = {name: event.parameters[name] for name in budgets.names}
    moved = turnover(budgets.weights, wanted)
    if moved <= budgets.rules.band:
        return
    budgets.weights = wanted
    state.share_out()
    for bot in state.bots.values():
        for seat in bot.seats:
            if not seat.view.position and not seat.working:
                seat.target = None  # a wish that came to nothing may come to something now
    cost = moved * float(_round_trip(state))
    state.audit.append(Allotted(state.sequence, state.now_ns, budgets.rules.method, wanted, moved, cost))


def _round_trip(state: EngineState) -> Decimal:
    return multiply(Decimal(2), state.cost_rate)


def _earned(state: EngineState, bot: Bot) -> Decimal | None:
    """Return what a bot has earned since the start in the account's currency; None while a price or rate is missing."""
    total = ZERO
    for seat in bot.seats:
        book = seat.market.line.books.get(bot.id)
        if book is None:
            continue
        mark, rate = seat.market.mark, state.rate(seat.market.instrument.quote)
        if rate is None or (mark is None and book.position.quantity):
            return None
        open_profit = book.position.unrealised(multiply(seat.market.line.unit_value, mark or 0))
        earned = worth_of([(book.position.realised, open_profit, book.funding, book.fees)])
        total = add(total, multiply(earned, rate))
    return total


def _stake(state: EngineState, bot: Bot, equity: Decimal) -> Decimal:
    """Return what a bot works with: its budget, or what it holds if that is more, as after its budget has shrunk."""
    budget = held = ZERO
    for seat in bot.seats:
        market = seat.market
        budget = add(budget, multiply(equity, seat.budget))
        rate = state.rate(market.instrument.quote)
        if seat.view.position and market.mark is not None and rate is not None:
            value = multiply(market.line.unit_value, abs(seat.view.position) * market.mark)
            held = add(held, multiply(value, rate))
    return max(budget, held)
