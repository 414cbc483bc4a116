"""Whether anything new may be opened: the account's tier (SPEC S6) and the bot's edge (S9), asked at every entry.

A position that is there may be added to as far as limits go, and is never held back from getting smaller.
"""

from decimal import Decimal

from tradewind.engine.recording import alarm
from tradewind.engine.state import EngineState, Market, Proposal, Seat
from tradewind.model.intents import Exits
from tradewind.model.money import ONE, ZERO, add, multiply, ratio, subtract
from tradewind.orders.order import OrderRole
from tradewind.portfolio.edge_gate import BPS, EdgeRules, GateAnswer, edge_gate, expected_edge
from tradewind.portfolio.tiers import Candidate, TierWatch


def bar_closed(state: EngineState, tiers: TierWatch) -> None:
    """Look at which tier the account's worth is in now, and tell an operator when it is another one."""
    if told := tiers.see(state.now_ns, state.equity()):
        alarm(state, "tier", told)


def entry_refused(state: EngineState, market: Market, proposal: Proposal) -> str | None:
    """Return why an order may not open what it opens, None where nothing speaks against it or it opens nothing."""
    for seat in proposal.seats:
        if seat.view.position * proposal.request.side > 0:
            continue
        if (reason := _refused(state, market, seat, proposal)) is not None:
            return reason
    return None


def goes_alone(state: EngineState, market: Market, seat: Seat) -> bool:
    """Return whether a bot's entry is to be asked about before it may meet another bot's change inside the account."""
    if seat.view.position:
        return False
    edge = state.edge
    return state.tiers is not None or (edge is not None and not bot_edge(state, edge, market, seat.bot.id).passes)


def bot_edge(state: EngineState, rules: EdgeRules, market: Market, bot: str) -> GateAnswer:
    """Return what is expected of a bot's round trips, and whether that pays for them in this instrument."""
    record = state.record
    trades = () if record is None else [trade.gross_bps for trade in record.of(bot)]
    edge = expected_edge(rules.known.get(bot), trades)
    return edge_gate(edge, state.tier.taker, _spread_bps(market, rules), rules.overrides.get(bot, ""))


def _refused(state: EngineState, market: Market, seat: Seat, proposal: Proposal) -> str | None:
    rules = state.edge
    if rules is not None and not (answer := bot_edge(state, rules, market, seat.bot.id)).passes:
        return f"edge: {answer.reason}"
    if state.tiers is None or market.mark is None:
        return None
    share = next((each.quantity for each in proposal.shares if each.bot == seat.bot.id), 0)
    worth = _worth(state, market, share)
    reading = None if state.regimes is None else state.regimes.readings.get(market.id)
    candidate = Candidate(
        market.id,
        seat.bot.spec.family or "",
        1.0 if reading is None else reading.confidence,
        ZERO if worth is None else worth,
    )
    own = None if worth is None else multiply(worth, _at_stop(proposal.exits or seat.bot.spec.exits))
    return state.tiers.refuses(candidate, _held(state, seat), _risk(state, own)) or None


def _held(state: EngineState, asking: Seat) -> set[str]:
    """Return the instruments that bots are in or on their way into; too little for an order of its own is none.

    The way of the one that asks does not count: what it has working already is part of the same entry.
    """
    found = set()
    for name, market in state.markets.items():
        for seat in market.seats_all:
            units = abs(seat.view.position)
            working = () if seat is asking else seat.working.values()
            entering = any(order.role is not OrderRole.PROTECTION for order in working)
            if entering or (units and not market.instrument.below_minimum(units, market.mark)):
                found.add(name)
    return found


def _risk(state: EngineState, own: Decimal | None) -> Decimal | None:
    """Return what all positions and this one would lose at their stops; None while a price or a rate is missing."""
    if own is None:
        return None
    total = own
    for market in state.markets.values():
        for seat in market.seats_all:
            if seat.view.position:
                worth = _worth(state, market, abs(seat.view.position))
                if worth is None:
                    return None
                total = add(total, multiply(worth, _at_stop(None if seat.cover is None else seat.cover[1])))
    return total


def _at_stop(exits: Exits | None) -> Decimal:
    """Return the share of a position that is lost at its stop: all of it where there is none."""
    shares = [] if exits is None else [each for each in (exits.stop_loss, exits.trailing) if each is not None]
    return min([Decimal(str(each)) for each in shares], default=ONE)


def _worth(state: EngineState, market: Market, units: int) -> Decimal | None:
    rate = state.rate(market.instrument.quote)
    if market.mark is None or rate is None:
        return None
    return multiply(multiply(market.line.unit_value, units * market.mark), rate)


def _spread_bps(market: Market, rules: EdgeRules) -> Decimal:
    bid, ask = market.best_bid, market.best_ask
    if bid is None or ask is None:
        return rules.spread_bps
    return multiply(ratio(subtract(Decimal(ask), Decimal(bid)), Decimal(ask + bid)), multiply(Decimal(2), BPS))
