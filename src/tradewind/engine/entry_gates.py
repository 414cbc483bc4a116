"""Whether anything new may be opened: the account's tier (SPEC S6) and the bot's edge (S9), asked at every entry.

A position that is there may be added to as far as limits go, and is never held back from getting smaller.
"""

from collections.abc import Iterator
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
    for seat, share in zip(proposal.seats, proposal.shares, strict=True):
        opened = _opened(seat, share.quantity * proposal.request.side)
        if opened and (reason := _refused(state, market, seat, proposal, opened)) is not None:
            return reason
    return None


def goes_alone(state: EngineState, market: Market, seat: Seat, change: int) -> bool:
    """Return whether a bot's entry is to be asked about before it may meet another bot's change inside the account."""
    if not _opened(seat, change):
        return False
    edge = state.edge
    return state.tiers is not None or (edge is not None and not bot_edge(state, edge, market, seat.bot.id).passes)


def bot_edge(state: EngineState, rules: EdgeRules, market: Market, bot: str) -> GateAnswer:
    """Return what is expected of a bot's round trips, and whether that pays for them in this instrument."""
    record = state.record
    trades = () if record is None else [trade.gross_bps for trade in record.of(bot)]
    edge = expected_edge(rules.known.get(bot), trades)
    return edge_gate(edge, state.tier.taker, _spread_bps(market, rules), rules.overrides.get(bot, ""))


def _opened(seat: Seat, change: int) -> int:
    """Return how much a bot holds anew by a change: all of it from nothing, what turns it; 0 where it adds or lets go.

    Too little for an order of its own is nothing. What the account comes to beside other bots does not matter.
    """
    position, market = seat.view.position, seat.market
    if market.instrument.below_minimum(abs(position), market.mark):
        return abs(change)
    return 0 if position * change > 0 else max(0, abs(change) - abs(position))


def _refused(state: EngineState, market: Market, seat: Seat, proposal: Proposal, opened: int) -> str | None:
    rules = state.edge
    if rules is not None and not (answer := bot_edge(state, rules, market, seat.bot.id)).passes:
        return f"edge: {answer.reason}"
    if state.tiers is None or market.mark is None:
        return None
    worth = _worth(state, market, opened)
    reading = None if state.regimes is None else state.regimes.readings.get(market.id)
    candidate = Candidate(
        market.id,
        seat.bot.spec.family or "",
        1.0 if reading is None else reading.confidence,
        ZERO if worth is None else worth,
    )
    own = None if worth is None else multiply(worth, _at_stop(proposal.exits or seat.bot.spec.exits))
    return state.tiers.refuses(candidate, _held(state, seat), _risk(state, seat, own)) or None


def _held(state: EngineState, asking: Seat) -> set[str]:
    """Return the instruments that bots are in or on their way into; too little for an order of its own is none.

    The one that asks does not count: what it has working is part of the same entry, and what it holds here turns.
    """
    found = set()
    for name, market in state.markets.items():
        for seat in market.seats_all:
            if seat is asking:
                continue
            units = abs(seat.view.position)
            entering = any(order.role is not OrderRole.PROTECTION for order in seat.working.values())
            if entering or (units and not market.instrument.below_minimum(units, market.mark)):
                found.add(name)
    return found


def _risk(state: EngineState, asking: Seat, own: Decimal | None) -> Decimal | None:
    """Return what all positions, what is on its way to others, and this one would lose at their stops.

    None while a price or a rate is missing. What the one that asks holds here has gone by then.
    """
    if own is None:
        return None
    total = own
    for market in state.markets.values():
        for seat in market.seats_all:
            for units, exits in _at_risk(seat, turns=seat is asking):
                worth = _worth(state, market, units)
                if worth is None:
                    return None
                total = add(total, multiply(worth, _at_stop(exits)))
    return total


def _at_risk(seat: Seat, *, turns: bool) -> Iterator[tuple[int, Exits | None]]:
    """Yield what a bot holds in an instrument, and what its working entries may add, each with its exits."""
    position, bot = seat.view.position, seat.bot
    if position and not turns:
        yield abs(position), None if seat.cover is None else seat.cover[1]
    for order_id, order in seat.working.items():
        if order.role is not OrderRole.PROTECTION and position * order.request.side >= 0:
            entry = seat.entries.get(order_id)
            yield min(order.remaining, order.share_of(bot.id)), None if entry is None else entry[0]


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
