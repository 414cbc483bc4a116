"""From wishes to proposed orders: targets, sizing, internal crossing, merging (DESIGN: the way of a decision)."""

from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from tradewind.engine.closing import closing_failed, only_reductions
from tradewind.engine.config import Resting
from tradewind.engine.crossing import cross_inside
from tradewind.engine.cutting import room
from tradewind.engine.entry_gates import goes_alone
from tradewind.engine.measured_size import measured_units
from tradewind.engine.placing import ask_part, cancel_working, propose, question_of, settle, settle_part
from tradewind.engine.recording import quiet, strategy_failed
from tradewind.engine.resting import resting
from tradewind.engine.state import Change, EngineState, Job, Market, Partway, Pending, Proposal, Seat, Target
from tradewind.engine.working import clear_parents, start_parent
from tradewind.model.decisions import Approved, Finding, Refused, Share
from tradewind.model.intents import CancelWorking, Intent, PlaceOrder, TargetQuantity, TargetWeight
from tradewind.model.money import money, multiply, ratio
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.orders.order import OrderRole
from tradewind.orders.protection import usable_exits
from tradewind.portfolio.attribution import cross
from tradewind.portfolio.sizing import quantity_units, weight_units
from tradewind.risk.review import ENTRY_GATE, REGIME_BLOCK, reduces
from tradewind.strategy.base import Wish

TARGETS = frozenset({TargetWeight, TargetQuantity})
INTENTS = TARGETS | {PlaceOrder, CancelWorking}
# What a guest's number can raise where it becomes a quantity or a price: NaN, infinities, wrong types.
BAD_NUMBERS = (ValueError, TypeError, ArithmeticError)
BUY, SELL = Side.BUY, Side.SELL
MARKET = OrderKind.MARKET
TARGET, CLOSING, PROTECTION = OrderRole.TARGET, OrderRole.CLOSING, OrderRole.PROTECTION


def decide(state: EngineState, market: Market, wishes: Sequence[tuple[Seat, Wish]]) -> None:
    """Turn what the strategies of one instrument want at one event into orders, refusals and crossings."""
    if state.attends:
        if state.asks:
            state.jobs.append(Job(market, deque(_heard(state, wishes))))
            work(state)
            return
        clear_parents(state, wishes)
    if len(wishes) == 1:
        seat, wish = wishes[0]
        if type(wish) in TARGETS and seat.bot.paused is None and seat.closing is None:
            # By far the most frequent case: one bot, one target.
            change = _towards(state, market, seat, wish)  # type: ignore[arg-type]  # one of the two
            if change:
                _propose_own(state, market, seat, change, seat.wanted)  # type: ignore[arg-type]
            return
    changes: list[Change] = []
    for seat, intent in _heard(state, wishes):
        _intend(state, market, seat, intent, changes)
    if changes:
        for step in _plan(state, changes):
            for apart in _take_step(state, market, step):
                _take_step(state, market, [apart])


def work(state: EngineState) -> None:
    """Go on with what waits for a remote stage: one question at a time, in the order in which it was wanted.

    Every question is asked only when the answer before it has had its effect, as if there were nobody to ask.
    """
    while state.jobs and not state.pending:
        job = state.jobs[0]
        if job.wishes:
            seat, intent = job.wishes.popleft()
            _intend(state, job.market, seat, intent, job.changes)
        elif job.changes:
            job.steps.extend(_plan(state, job.changes))
            job.changes = []
        elif job.steps:
            apart = _take_step(state, job.market, job.steps.popleft())
            job.steps.extendleft([each] for each in reversed(apart))
        else:
            state.jobs.popleft()


def answered(state: EngineState, waiting: Pending, answer: Approved | Refused, *, withdrawn: bool = False) -> None:
    """Take the answer to the one question that is out, and go on; of what was `withdrawn` not even a part is sent.

    What has come to block new risk since the question was put holds at this last gate (I19).
    """
    proposal = waiting.proposal
    market = state.markets[proposal.request.instrument]
    if type(answer) is Approved:
        answer = _blocked(state, market, waiting) or answer
    if waiting.cut_from is not None:
        before, refused = waiting.cut_from
        settle_part(state, market, proposal, answer, before.proposal, refused)
    elif (not withdrawn and type(answer) is Refused and ask_part(state, market, waiting, answer)) or settle(
        state, market, proposal, answer
    ):
        pass
    elif proposal.role is CLOSING:
        closing_failed(state, proposal.seats[0], "risk refused it")
    elif len(proposal.seats) > 1:
        side = proposal.request.side
        for seat, share in reversed(tuple(zip(proposal.seats, proposal.shares, strict=True))):
            if isinstance(seat.wanted, TargetWeight | TargetQuantity):
                state.jobs[0].steps.appendleft([(seat, seat.wanted, side * share.quantity)])
    work(state)


def _blocked(state: EngineState, market: Market, waiting: Pending) -> Refused | None:
    """Return what now speaks against an order that was approved as it was asked about, None where nothing does."""
    proposal = waiting.proposal
    now = question_of(state, market, proposal)
    if reduces(now):
        return None
    if reduces(waiting.question):
        return Refused((Finding("risk", "it would add risk by now", "an answer while it takes risk away"),))
    if now.halted is not None:
        return Refused((Finding("halted", now.halted, "not halted"),))
    if (lock := now.reduce_only or now.locked) is not None:
        return Refused((Finding("reduce_only", lock, "no lock"),))
    if now.regime is not None:
        return Refused((Finding(REGIME_BLOCK, now.regime, "0"),))
    if now.entry is not None:
        return Refused((Finding(ENTRY_GATE, now.entry, "0"),))
    if proposal.role is CLOSING:
        return None
    paused = [seat.bot.paused for seat in proposal.seats if seat.bot.paused is not None]
    if paused or any(seat.closing is not None for seat in proposal.seats):
        why = f"the bot is paused: {paused[0]}" if paused else "the position is being closed"
        return Refused((Finding("risk", why, "an answer before that"),))
    return None


def _heard(state: EngineState, wishes: Sequence[tuple[Seat, Wish]]) -> list[tuple[Seat, Intent]]:
    """Return every single intent of the bots that may decide."""
    heard: list[tuple[Seat, Intent]] = []
    for seat, wish in wishes:
        if seat.bot.paused is not None:
            quiet(state, seat, "paused")
            continue
        intents = wish if isinstance(wish, list | tuple) else (wish,)
        for intent in intents:
            if type(intent) not in INTENTS:
                strategy_failed(state, seat, TypeError(f"a callback returned {intent!r}, which is not an intent"))
                break
        else:
            heard += [(seat, intent) for intent in intents]
    return heard


def _intend(state: EngineState, market: Market, seat: Seat, intent: Intent, changes: list[Change]) -> None:
    """Act on one intent; a target that asks for a change is collected, so that changes can meet and merge."""
    if seat.closing is not None:
        quiet(state, seat, "closing")  # whatever is wanted here, the position goes first
    elif isinstance(intent, PlaceOrder):
        _place(state, market, seat, intent)
    elif isinstance(intent, CancelWorking):
        cancel_working(state, seat, intent.tag)
    else:
        if changes and changes[-1][0] is seat:
            changes.pop()  # of several targets in one wish the last one holds
        change = _towards(state, market, seat, intent)
        if change:
            changes.append((seat, seat.wanted, change))  # type: ignore[arg-type]  # the target as it was understood


def _towards(state: EngineState, market: Market, seat: Seat, target: Target) -> int:
    """Return the signed change that leads to the target, 0 when there is nothing to do now (and why is noted)."""
    aim, sized = seat.target, None
    try:
        if target is aim or _same_aim(target, aim):
            if seat.deferred is not None:
                seat.deferred = target  # the wish that waits for cancels has been taken back
            quiet(state, seat, seat.note)
            return 0
        for known, units in seat.sized:
            if known is target:
                sized = units  # a quantity wanted before, plain and sized already
                break
        else:
            target = _plain(target)
    except BAD_NUMBERS as error:
        strategy_failed(state, seat, error)
        return 0
    if seat.rejections and not _same_aim(target, seat.wanted):
        seat.rejections = 0
    if seat.working:
        if type(aim) is Partway and _same_aim(target, aim.aim) and _is_on_its_way(seat):
            quiet(state, seat, seat.note)  # what closes is on its way, the rest is asked for after it
            return 0
        if _refused_beside_exits(state, market, seat, target):
            return 0
        # The position is about to change by other orders: cancel them first, and come back when they have ended.
        seat.deferred = target
        cancel_working(state, seat, None)
        return 0
    mark = market.mark
    if mark is None:
        quiet(state, seat, "no_mark")
        return 0
    if sized is None:
        try:
            sized = _sized(state, market, seat, target, mark)
        except BAD_NUMBERS as error:
            strategy_failed(state, seat, error)
            return 0
        if sized is None:
            quiet(state, seat, "no_mark")
            return 0
    wanted, note = sized
    change = wanted - seat.view.position
    seat.wanted = target
    seat.note = note or "at_target"
    if not change:
        seat.target = target
        quiet(state, seat, seat.note)
    return change


def _is_on_its_way(seat: Seat) -> bool:
    return any(order.role is TARGET for order in seat.working.values())


def _refused_beside_exits(state: EngineState, market: Market, seat: Seat, target: Target) -> bool:
    """Return whether a change was refused with the bot's exits still at work: they would have gone for nothing.

    That is certain while nothing new may be opened, where the change can take nothing away from the account.
    """
    mark = market.mark
    if mark is None or not only_reductions(state, seat):
        return False
    if any(order.role is not PROTECTION for order in seat.working.values()):
        return False
    try:
        sized = _sized(state, market, seat, target, mark)
    except BAD_NUMBERS:
        return False  # what it is sized for says so
    position = seat.view.position
    change = 0 if sized is None else sized[0] - position
    if not change or (position * change < 0 and room(market, SELL if change < 0 else BUY) > 0):
        return False
    seat.wanted = target
    _propose_own(state, market, seat, change, target)
    return True


def _plain(target: Target) -> Target:
    """Return the target in the types that records and sizing need; a guest may compute in numpy's.

    Raises  ValueError or TypeError for what is no usable number.
    """
    exits, reason = target.exits, target.reason
    if type(target) is TargetWeight:
        if type(target.weight) is float and exits is None and type(reason) is str:
            return target
        return TargetWeight(float(target.weight), None if exits is None else usable_exits(exits), str(reason))
    if type(target.quantity) is Decimal and exits is None and type(reason) is str:  # type: ignore[union-attr]
        return target
    quantity = money(target.quantity)  # type: ignore[union-attr]
    return TargetQuantity(quantity, None if exits is None else usable_exits(exits), str(reason))


def _same_aim(target: Target, other: Intent | Partway | None) -> bool:
    """Return whether two targets want the same position and exits; the words said with them do not matter."""
    if type(other) is not type(target):
        return False
    if type(target) is TargetWeight:
        return target.weight == other.weight and target.exits == other.exits  # type: ignore[union-attr]
    return target.quantity == other.quantity and target.exits == other.exits  # type: ignore[union-attr]


def _sized(state: EngineState, market: Market, seat: Seat, target: Target, mark: int) -> tuple[int, str] | None:
    """Return (signed target in units, note); None while equity is not known."""
    if isinstance(target, TargetQuantity):
        sized = quantity_units(target, market.instrument)
        seat.sized = ((target, sized), *seat.sized[:1])  # the last two: many strategies have no more
        return sized
    equity = state.equity()
    if equity is None:
        return None
    budget = multiply(equity, seat.budget)
    if not state.simple:
        worth = state.rate(market.instrument.quote)
        if worth is None:
            return None
        budget = ratio(budget, worth)
    if state.sizing is not None:
        return measured_units(state, state.sizing, market, seat, target.weight, budget, mark)
    return weight_units(target.weight, market.instrument, budget, mark, state.cost_rate)


def _plan(state: EngineState, changes: list[Change]) -> list[list[Change]]:
    """Return the steps to take: changes with exits of their own alone, the others of several bots together."""
    if state.halted is not None or state.reduce_only:
        return _plan_reductions(changes)
    netted = state.config.netting
    alone = [change for change in changes if not netted or _goes_alone(state, *change)]
    plain = [change for change in changes if netted and not _goes_alone(state, *change)]
    return [*([change] for change in alone), *([plain] if plain else [])]


def _plan_reductions(changes: list[Change]) -> list[list[Change]]:
    """Return the steps while only reductions may go: opposite ones meet first, everything else goes alone.

    Two bots that both get smaller may leave the account as it is, or need less of the venue than each for itself.
    """
    smaller = [(seat, target, change) for seat, target, change in changes if _closing(seat, change)]
    if len({change > 0 for _, _, change in smaller}) < 2:
        return [[change] for change in changes]
    return [smaller, *([each] for each in changes if not _closing(each[0], each[2]))]


def _closing(seat: Seat, change: int) -> int:
    """Return how much of a change, with its sign, makes the bot's position smaller."""
    held = seat.view.position
    if held * change >= 0:
        return 0
    return change if abs(change) <= abs(held) else -held


def _take_step(state: EngineState, market: Market, step: list[Change]) -> list[Change]:
    """Cross opposite changes inside the account, send what is left as one order; return what must go apart instead.

    What is left of bots with plans is planned bot by bot. While only reductions may go nothing else meets.
    """
    if len(step) == 1:
        seat, target, change = step[0]
        _propose_own(state, market, seat, change, target)
        return []
    seats = {seat.bot.id: (seat, target) for seat, target, _ in step}
    changes = {seat.bot.id: change for seat, _, change in step}
    opening: dict[str, int] = {}
    if state.halted is not None or state.reduce_only:
        meeting = {bot: _closing(seats[bot][0], change) for bot, change in changes.items()}
        opening = {bot: change - meeting[bot] for bot, change in changes.items() if change != meeting[bot]}
        changes = meeting
    crossings, left = cross(list(changes.items()))
    for buyer, seller, quantity in crossings:
        cross_inside(state, market, seats[buyer][0], seats[seller][0], quantity)
    rest = dict(left)
    for bot in {bot for pair in crossings for bot in pair[:2]}:
        # Of one that has come halfway neither the new target nor the old one is reached, should the rest be refused.
        seats[bot][0].target = None if bot in rest or bot in opening else seats[bot][1]
    apart = [(*seats[bot], rest.pop(bot, 0) + opened) for bot, opened in opening.items()]
    return [*_send_together(state, market, step, seats, list(rest.items())), *apart]


def _send_together(
    state: EngineState,
    market: Market,
    step: list[Change],
    seats: Mapping[str, tuple[Seat, Target]],
    left: list[tuple[str, int]],
) -> list[Change]:
    """Send what crossings have left, all of one sign, as one order; return what must go apart instead."""
    if state.plans:
        left = _plan_what_is_left(state, market, step, left)
    if not left:
        return []
    chosen = tuple([seats[bot][0] for bot, _ in left])
    intent = seats[left[0][0]][1]
    if len(chosen) == 1:
        _propose_own(state, market, chosen[0], left[0][1], intent)
        return []
    if _propose_merged(state, market, chosen, [quantity for _, quantity in left], intent):
        return []
    return [(*seats[bot], quantity) for bot, quantity in left]


def _plan_what_is_left(
    state: EngineState, market: Market, step: list[Change], left: list[tuple[str, int]]
) -> list[tuple[str, int]]:
    """Start the parents of what crossings have left of the changes of bots with plans; return what is left of others.

    It is all of one sign: what the account sends for one event does not meet at the venue.
    """
    wanted = {seat.bot.id: (seat, target, change) for seat, target, change in step}
    others = []
    for bot, quantity in left:
        seat, target, change = wanted[bot]
        if seat.way is None:
            others.append((bot, quantity))
        else:
            _propose_own(state, market, seat, quantity, target, abs(change - quantity))
    return others


def _propose_own(state: EngineState, market: Market, seat: Seat, change: int, target: Target, crossed: int = 0) -> None:
    """Propose one bot's market order; its exits are for what it opens, which a late fill may make of a reduction.

    `crossed` is what of its wish has met other bots' before.
    """
    bot = seat.bot
    side, quantity = (BUY, change) if change > 0 else (SELL, -change)
    exits = target.exits or bot.spec.exits
    state.order_number = number = state.order_number + 1  # `next_order_id`, written out
    request = OrderRequest(f"{state.session}{number}", market.id, side, MARKET, quantity)
    if seat.way is not None:
        if type(seat.way) is not Resting:
            if start_parent(state, market, seat, request, exits, target, crossed):
                return
        elif seat.view.position * change >= 0:
            request = resting(request, market, seat.way, state.now_ns)  # what takes risk away waits for nobody
    share = Share(bot.id, number, quantity)
    propose(state, market, Proposal(request, (share,), TARGET, "", exits, seat.alone, target))


def _propose_merged(
    state: EngineState, market: Market, seats: tuple[Seat, ...], changes: Sequence[int], intent: Target
) -> bool:
    """Propose one market order for several bots' changes, all of one sign; return whether it was not refused."""
    total, order_id = sum(changes), state.next_order_id()
    request = OrderRequest(order_id, market.id, BUY if total > 0 else SELL, MARKET, abs(total))
    number = state.order_number
    shares = tuple([Share(seat.bot.id, number, abs(change)) for seat, change in zip(seats, changes, strict=True)])
    return propose(state, market, Proposal(request, shares, TARGET, "", None, seats, intent))


def _place(state: EngineState, market: Market, seat: Seat, intent: PlaceOrder) -> None:
    """Propose the order a strategy asked for, rounded to the instrument's increments side-aware."""
    try:
        request = _request(state, market, intent)
        exits = seat.bot.spec.exits if intent.exits is None else usable_exits(intent.exits)
        intent = msgspec.structs.replace(intent, exits=intent.exits and exits)
        msgspec.msgpack.encode(intent)  # what cannot be recorded cannot be sent either
    except BAD_NUMBERS as error:
        strategy_failed(state, seat, error)
        return
    quantity = int(request.quantity or 0)
    share = (Share(seat.bot.id, state.order_number, quantity),)
    # It keeps its exits even where it would only close something: by its fill that may be gone.
    propose(state, market, Proposal(request, share, OrderRole.PLACED, intent.tag, exits, seat.alone, intent))


def _request(state: EngineState, market: Market, intent: PlaceOrder) -> OrderRequest:
    instrument, side = market.instrument, Side(intent.side)
    quantity = instrument.order_quantity(intent.quantity)
    price = None if intent.price is None else instrument.limit_price(intent.price, side)
    stop = None if intent.stop is None else instrument.stop_price(intent.stop, side)
    return OrderRequest(
        state.next_order_id(),
        market.id,
        side,
        OrderKind(intent.kind),
        quantity,
        price,
        stop,
        TimeInForce(intent.time_in_force),
        intent.post_only,
        intent.reduce_only,
        intent.expire_ns,
        trail=None if intent.trail is None else instrument.order_price_offset(intent.trail),
        display=None if intent.display is None else instrument.order_quantity(intent.display),
    )


def resume_deferred(state: EngineState, seat: Seat) -> None:
    """Take up the target that waited for cancels, now that nothing of the bot works on the instrument."""
    target = seat.deferred
    if target is not None and not seat.working:
        seat.deferred = None
        decide(state, seat.market, [(seat, target)])
        state.unchecked.append(seat)


def _goes_alone(state: EngineState, seat: Seat, target: Target, change: int) -> bool:
    """Return whether a change has exits of its own, or a lock that must be asked about before it meets another.

    Entries that rest go alone too; a plan is made of what meeting others has left.
    """
    locked = seat.lock is not None and seat.lock.until_ns > state.now_ns
    if state.gated and goes_alone(state, seat.market, seat, change):
        return True
    return locked or target.exits is not None or seat.bot.spec.exits is not None or type(seat.way) is Resting
