"""Working parents: a target's change is planned, reviewed in full, and sent child by child (SPEC X3, X4).

Risk is asked about the whole of it before the first child, and about each child before it is sent; a refusal ends it.
A parent is looked at when its children fill or end, and as time passes: every second beside a book, at every bar
without one. Without a book the touch is the mark with the configured half spread on both sides, at least two ticks.
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING

import msgspec

from tradewind.engine.covering import BARE_NS_MAX, TOLD
from tradewind.engine.cutting import closing_part, cut_from
from tradewind.engine.parents import Day, Planner, WorkedParent, volume_since
from tradewind.engine.placing import approved_parent, ask_cancel, propose, record_cut, refuse
from tradewind.engine.state import EngineState, Market, Partway, Proposal, Seat, Target
from tradewind.execution.algorithms.machine import recall, step
from tradewind.execution.algorithms.states import AlgorithmState
from tradewind.execution.algorithms.values import CancelChild, ChildEnded, ChildIntent, Observation, Order, PlaceChild
from tradewind.execution.fill_rates import noted
from tradewind.execution.planner import MarketFigures, begin
from tradewind.market.liquidity import read_liquidity
from tradewind.model.decisions import Finding, Refused, Share
from tradewind.model.instrument import ceil_to, floor_to
from tradewind.model.intents import Exits, Intent, TargetQuantity, TargetWeight
from tradewind.model.market_events import TradePrint
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.model.plans import Algorithm, ExecutionPlan, PlanEnded, Planned, PlanRefused
from tradewind.orders.order import OrderRole
from tradewind.strategy.base import Wish

LOOK_NS = 1_000_000_000
TICKS_MIN = 2  # of the half spread where there is no book: a post-only order must not meet the next open
TIMER = "work"
CROSSED_INSIDE = "CROSSED_INSIDE"  # in a plan's reason: part of the change has met other bots' before
BPS = 10_000
REJECTIONS_MAX = 3
PAUSED = "PAUSED"
BLOCKED = frozenset({"REFUSED", PAUSED})  # nothing new may be opened, what closes may go
REACHED = frozenset({"FILLED", "BELOW_MINIMUM"})
MEASURED = frozenset({"FILLED", "DEADLINE"})
TARGETS = (TargetWeight, TargetQuantity)


def start_parent(
    state: EngineState,
    market: Market,
    seat: Seat,
    request: OrderRequest,
    exits: Exits | None,
    target: Target,
    crossed: int = 0,
) -> bool:
    """Begin to work a change, or what `crossed` has left of it; return False where it has to go at once as it is.

    That is a reduction whose plan is refused, and one that exits guard, unless its urgency is configured: they have to
    go before the coins can be sold, and nothing would protect the position while it waits.
    """
    planner: Planner = seat.way  # type: ignore[assignment]  # whoever calls knows
    quantity, position = int(request.quantity or 0), seat.view.position * request.side
    if position < 0 and seat.cover is not None and planner.terms.exit_urgency is None:
        return False
    reduces = position < 0 and quantity <= -position
    share = Share(seat.bot.id, state.order_number, quantity)
    whole = Proposal(request, (share,), OrderRole.CHILD, "", exits, seat.alone, target)
    if (admitted := approved_parent(state, market, whole)) is None:
        return True
    going, refused = admitted
    request, reduces = going.request, reduces or refused is not None
    made = _plan(state, market, planner, request, reduces=reduces)
    if isinstance(made, PlanRefused):
        if reduces:
            return False
        finding = Finding("plan", f"{made.reason} {made.number}".strip(), made.limit)
        refuse(state, market, whole, Refused((finding,)))
        return True
    if refused is not None:
        record_cut(state, market, whole, refused)
    if crossed:
        made = msgspec.structs.replace(made, crossed=crossed, reason=f"{made.reason} {CROSSED_INSIDE}")
    bid, ask = _touch(market, planner) or (0, 0)
    algorithm = begin(made, market.instrument, state.now_ns, bid, ask)
    seat.parent = WorkedParent(request.order_id, target, exits, made, algorithm)
    seat.target = seat.wanted
    seat.note = "plan_works"
    state.parents.append(seat)
    state.audit.append(Planned(state.sequence, state.now_ns, seat.bot.id, request.order_id, target, made))
    _step(state, seat, seat.parent)
    return True


def clear_parents(state: EngineState, wishes: Sequence[tuple[Seat, Wish]]) -> None:
    """Before new wishes are decided: withdraw the parents of those that want something else now."""
    for seat, wish in wishes:
        parent = seat.parent
        if parent is None or seat.bot.paused is not None or seat.closing is not None:
            continue
        aims = [each for each in (wish if isinstance(wish, list | tuple) else (wish,)) if isinstance(each, TARGETS)]
        if aims and not parent.stop and _differs(aims[-1], seat.target):
            parent.stop = "REPLACED"
        if parent.stop:
            _step(state, seat, parent)


def see_to_parents(state: EngineState) -> None:
    """At the end of an event: let parents hear what became of their children, or that they shall end."""
    for seat in sorted(state.parents, key=lambda seat: (seat.market.id, seat.bot.id)):
        parent = seat.parent
        if parent is not None and (parent.told or parent.stop):
            _step(state, seat, parent)


def bar_seen(state: EngineState, market: Market, day: Day) -> None:
    """Take a bar of an instrument that plans are made for, and look at the parents that no book wakes."""
    if market.bar is not None:
        day.take(market.bar)
    if state.parents:
        _count_bar(market, day)
        for seat in market.seats_all:
            if seat.parent is not None and look_key(seat) not in state.timers:
                _look(state, seat, seat.parent)


def trade_seen(market: Market, day: Day, trade: TradePrint) -> None:
    """Count a trade of the market for the parents that go by its volume."""
    day.by_trades = True
    for seat in market.seats_all:
        if seat.parent is not None and seat.parent.plan.algorithm is Algorithm.POV:
            seat.parent.traded += trade.quantity


def timer_fired(state: EngineState, key: str) -> None:
    """A second has passed for a parent, if it still works."""
    for seat in state.seats_at(key):
        if seat.parent is not None:
            _look(state, seat, seat.parent)


def _count_bar(market: Market, day: Day) -> None:
    """Count a bar's volume for the parents that go by it, from their start on, where no trades are heard."""
    bar = market.bar
    if bar is None or day.by_trades:
        return
    for seat in market.seats_all:
        parent = seat.parent
        if parent is not None and parent.plan.algorithm is Algorithm.POV:
            parent.traded += volume_since(bar, parent.algorithm.parent.start_ns, market.instrument)


# -- one parent -------------------------------------------------------------------------------------------------------


def _look(state: EngineState, seat: Seat, parent: WorkedParent) -> None:
    """Look at a parent because time has passed; a paused bot opens nothing more, not by turning a position either."""
    if seat.bot.paused is not None and _opens(seat, parent):
        parent.stop = parent.stop or PAUSED
    _step(state, seat, parent)


def _opens(seat: Seat, parent: WorkedParent) -> bool:
    """Return whether what is left of a parent is more than the position that it takes away."""
    return parent.plan.quantity - parent.algorithm.filled > -seat.view.position * parent.plan.side


def _step(state: EngineState, seat: Seat, parent: WorkedParent) -> None:
    """Let the algorithm take what is known now, and do what it asks for."""
    market = seat.market
    touch = _touch(market, seat.way)  # type: ignore[arg-type]  # a seat with a parent has a planner
    refused = _advance(state, seat, parent, touch)
    if refused:
        parent.stop = "REFUSED"
        _advance(state, seat, parent, touch)
    if parent.algorithm.over:
        _finish(state, seat, parent)
        return
    for child in parent.algorithm.children:
        if child.leaving:
            ask_cancel(state, state.orders[parent.child_id(child.number)])  # a cancel that came to nothing
    if _has_book(market) and look_key(seat) not in state.timers:
        state.set_timer(state.now_ns + LOOK_NS, look_key(seat))


def _advance(state: EngineState, seat: Seat, parent: WorkedParent, touch: tuple[int, int] | None) -> bool:
    """Take one step; return whether risk refused a child."""
    bid, ask = touch or (None, None)
    answers, parent.told = tuple(parent.told), []
    traded = max(0, parent.traded)
    parent.traded -= traded
    bid_size, ask_size = _sizes(seat.market) if parent.plan.algorithm is Algorithm.ADAPTIVE else (0, 0)
    seen = Observation(
        ts_ns=state.now_ns,
        bid=bid,
        ask=ask,
        bid_size=bid_size,
        ask_size=ask_size,
        volume=traded,
        answers=answers,
        order=Order.CANCEL if parent.stop else None,
    )
    parent.algorithm, intents = step(parent.algorithm, seen)
    if called_back := _exposed(state, seat, parent) or _beyond(parent.algorithm):
        parent.algorithm, recalls = recall(parent.algorithm, called_back)
        intents = (*intents, *recalls)
    done = [_carry_out(state, seat, parent, intent) for intent in intents]  # all of them
    return not all(done)


def _carry_out(state: EngineState, seat: Seat, parent: WorkedParent, intent: ChildIntent) -> bool:
    """Cancel a child or send one; return False where risk refused it."""
    if isinstance(intent, CancelChild):
        ask_cancel(state, state.orders[parent.child_id(intent.child)])
        return True
    if not propose(state, seat.market, _child(state, seat, parent, intent)):
        parent.told.append(ChildEnded(intent.child, "REFUSED", rejected=True))
        return False
    return True


def _child(state: EngineState, seat: Seat, parent: WorkedParent, intent: PlaceChild) -> Proposal:
    state.order_number += 1
    kind = OrderKind.MARKET if intent.price is None else OrderKind.LIMIT
    request = OrderRequest(
        parent.child_id(intent.child), seat.market.id, parent.plan.side, kind, intent.quantity, intent.price
    )
    if intent.price is not None:
        request = msgspec.structs.replace(request, post_only=True)
    share = Share(seat.bot.id, state.order_number, intent.quantity)
    return Proposal(request, (share,), OrderRole.CHILD, "", parent.exits, seat.alone, parent.target)


def _finish(state: EngineState, seat: Seat, parent: WorkedParent) -> None:
    """A parent is over: say so, measure its fills, and let its bot want the same again where it was not reached."""
    algorithm, plan = parent.algorithm, parent.plan
    reason = parent.stop or algorithm.reason
    if algorithm.filled >= plan.quantity:
        reason = "FILLED"
    seat.parent = None
    seat.note = "at_target"
    state.parents.remove(seat)
    if plan.maker is not None and reason in MEASURED and (day := seat.market.day) is not None:
        made = min(parent.made, plan.quantity)
        day.rates = noted(day.rates, plan.maker.offset_ticks, plan.quantity, made)
    state.audit.append(
        PlanEnded(state.sequence, state.now_ns, parent.order_id, algorithm.filled, algorithm.next_child - 1, reason)
    )
    if reason == "REJECTED":
        seat.rejections += 1
    again = reason not in REACHED and (reason != "REJECTED" or seat.rejections < REJECTIONS_MAX)
    if again or algorithm.filled > plan.quantity or cut_from(parent.order_id):
        seat.target = None
    state.unchecked.append(seat)
    if reason in BLOCKED and _opens(seat, parent):
        _close_what_is_left(state, seat, parent)


def _close_what_is_left(state: EngineState, seat: Seat, parent: WorkedParent) -> None:
    """Work the closing part of a parent that may open nothing more, if it was about to turn the position."""
    plan, market, target = parent.plan, seat.market, parent.target
    left = plan.quantity - parent.algorithm.filled
    state.order_number += 1
    request = OrderRequest(parent.order_id, market.id, plan.side, OrderKind.MARKET, left)
    share = (Share(seat.bot.id, state.order_number, left),)
    whole = Proposal(request, share, OrderRole.TARGET, "", parent.exits, seat.alone, target)
    if seat.working or seat.deferred is not None:
        return  # an exit that works guards what is left, and another wish says itself what becomes of it
    part = closing_part(market, whole)
    if part is None or start_parent(state, market, seat, part.request, parent.exits, target):
        return
    if propose(state, market, part):
        seat.target = Partway(target)


def _exposed(state: EngineState, seat: Seat, parent: WorkedParent) -> list[int]:
    """Return the resting children whose partial fill exits have not covered for too long: they go, and it is covered.

    An entry's exits wait for the whole of its fill. Beside a book the rest has half the time after which an operator is
    told; without one the next look may be far away.
    """
    if parent.exits is None or seat.cover is None or seat.view.position * parent.plan.side <= 0:
        return []
    if _has_book(seat.market):
        since = seat.bare_ns
        if since is None or since == TOLD or state.now_ns - since < BARE_NS_MAX // 2:
            return []
    return [child.number for child in parent.algorithm.children if child.filled and not child.leaving]


def _beyond(algorithm: AlgorithmState) -> list[int]:
    """Return the youngest children that would lead beyond the plan, since one that was over has filled late."""
    beyond = algorithm.committed - algorithm.parent.quantity
    beyond -= sum(child.open for child in algorithm.children if child.leaving)
    found = []
    for child in reversed(algorithm.children):
        if beyond > 0 and not child.leaving:
            found.append(child.number)
            beyond -= child.open
    return found


# -- what is known ----------------------------------------------------------------------------------------------------


def _plan(
    state: EngineState, market: Market, planner: Planner, request: OrderRequest, *, reduces: bool
) -> ExecutionPlan | PlanRefused:
    touch, day = _touch(market, planner), market.day
    if touch is None or day is None:
        return PlanRefused(market.id, "NO_QUOTE")
    urgency, settings = planner.urgency(reduces=reduces), planner.terms.settings
    bar_ns = 0 if _has_book(market) else day.span_ns
    profile: tuple[int, ...] = ()
    if settings.algorithm.name is Algorithm.VWAP:
        profile = day.profile(state.now_ns, settings.slices, settings.cutting_ns(urgency, bar_ns))
    figures = MarketFigures(
        bid=touch[0],
        ask=touch[1],
        tier=state.tier,
        sigma_day=day.sigma_day(),
        volume_day=day.volume_day(market.instrument),
        fill_rates=day.rates,
        profile=profile,
        book=_has_book(market),
        bar_ns=bar_ns,
    )
    engine = planner.leaving if reduces else planner.opening
    guarded = not reduces and planner.terms.flags.impact_guard
    liquidity = read_liquidity(market.instrument, market.book) if guarded and market.book is not None else None
    return engine.plan(market.instrument, request.side, int(request.quantity or 0), urgency, figures, liquidity)


def _touch(market: Market, planner: Planner) -> tuple[int, int] | None:
    """Return the best bid and ask; without a book the mark less and plus the half spread, on the tick."""
    if market.best_bid is not None and market.best_ask is not None:
        return market.best_bid, market.best_ask
    mark, tick = market.mark, market.instrument.tick
    if mark is None or market.book is not None:
        return None
    half = int((mark * planner.terms.half_spread_bps / BPS).to_integral_value(ROUND_CEILING))
    half = max(half, TICKS_MIN * tick)
    bid, ask = floor_to(mark - half, tick), ceil_to(mark + half, tick)
    return (bid, ask) if bid > 0 else None


def _sizes(market: Market) -> tuple[int, int]:
    """Return the sizes of the touch; 0 where a quote alone is known."""
    book = market.book
    if book is None or market.best_bid is None or market.best_ask is None:
        return 0, 0
    return book.size_at(Side.BUY, market.best_bid), book.size_at(Side.SELL, market.best_ask)


def _has_book(market: Market) -> bool:
    return market.book is not None or market.best_bid is not None


def _differs(target: Target, other: Intent | Partway | None) -> bool:
    """Return whether a target is not the one that is worked at; what cannot be compared is for the decision to refuse.

    Where a fill has led elsewhere nothing is worked at any more, and the same target is planned anew.
    """
    try:
        if isinstance(target, TargetWeight) and isinstance(other, TargetWeight):
            return bool(target.weight != other.weight or target.exits != other.exits)
        if isinstance(target, TargetQuantity) and isinstance(other, TargetQuantity):
            return bool(target.quantity != other.quantity or target.exits != other.exits)
    except (ValueError, TypeError, ArithmeticError):
        return False
    return True


def look_key(seat: Seat) -> str:
    """Return the key of the timer at which a seat's parent is looked at; one that fires early is a look, too."""
    return f"{TIMER}:{seat.bot.id}:{seat.market.id}"
