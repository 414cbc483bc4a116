"""One proposed order: the question put to risk, and what follows from its answer (DESIGN: asked stages).

Inline or remote, risk sees the same self-contained value. Approved orders are recorded and sent with their exits;
refusals are recorded with all findings, once for as long as the same checks refuse the same wish.
"""

import math
from bisect import bisect_right
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET

from tradewind.engine.backing import backing
from tradewind.engine.cutting import closing_part
from tradewind.engine.entry_gates import entry_refused
from tradewind.engine.exposures import in_quote, others_worst
from tradewind.engine.recording import end_run, quiet
from tradewind.engine.regimes import note_regime
from tradewind.engine.state import EngineState, Market, Partway, Pending, Proposal, Seat
from tradewind.engine.tails import tail_shape
from tradewind.market.liquidity import walk_cost_bps
from tradewind.model.decisions import Approved, Decided, Quiet, Refused, ReviewRequest, Share
from tradewind.model.effects import Ask, CancelOrder, SubmitOrder
from tradewind.model.intents import Exits
from tradewind.model.money import ZERO, add, multiply, subtract
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.orders.lifecycle import OrderEvent, OrderStatus
from tradewind.orders.order import Order, OrderRole
from tradewind.orders.protection import child_requests

BUY, LIMIT, MARKET = Side.BUY, OrderKind.LIMIT, OrderKind.MARKET
PLACED, PROTECTION, TARGET = OrderRole.PLACED, OrderRole.PROTECTION, OrderRole.TARGET
SENT = OrderStatus.SENT
NO_OTHERS = (ZERO, ZERO)
ENTRIES_KEPT = 64
MINUTE_NS = 60_000_000_000
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS


def propose(state: EngineState, market: Market, proposal: Proposal) -> bool:
    """Put the order to risk, inline or remote; return False when it was refused at once."""
    if state.tiered:
        keep_tier(state)
    if state.regimes is not None:
        note_regime(state, market)
    question = question_of(state, market, proposal)
    if state.asks:
        _ask(state, Pending(question, proposal))
        return True
    return settle(state, market, proposal, state.reviewer.review(question))


def _ask(state: EngineState, waiting: Pending) -> None:
    """Put a question to whoever reviews elsewhere, with a deadline."""
    state.request_number += 1
    number = state.request_number
    state.pending[number] = waiting
    deadline = state.now_ns + state.config.ask_timeout_ns
    state.effects.append(Ask("risk", number, waiting.question, deadline))
    state.set_timer(deadline, f"ask:{number}")


def approved_parent(state: EngineState, market: Market, proposal: Proposal) -> tuple[Proposal, Refused | None] | None:
    """Put the whole of a parent to risk; return what may be worked: all, or what closes and why the rest may not go.

    Nothing is sent. Where nothing may go, the refusal is recorded, and None returned.
    """
    if state.tiered:
        keep_tier(state)
    if state.regimes is not None:
        note_regime(state, market)
    outcome = _review_parent(state, market, proposal)
    if type(outcome) is Approved:
        return proposal, None
    part = closing_part(market, proposal)
    if part is not None and type(_review_parent(state, market, part)) is Approved:
        return part, outcome  # type: ignore[return-value]  # one of the two
    refuse(state, market, proposal, outcome)  # type: ignore[arg-type]
    return None


def _review_parent(state: EngineState, market: Market, proposal: Proposal) -> Approved | Refused:
    question = question_of(state, market, proposal)
    if state.reads_books:
        # Nobody takes the whole at once: its plan has a guard of its own, and each child that takes is asked.
        question = msgspec.structs.replace(question, impact_bps=ZERO)
    return state.reviewer.review(question)


def keep_tier(state: EngineState) -> None:
    """Look up the fee tier anew: what was traded long ago counts no more."""
    state.tier = state.config.fees.tier(state.volume.at(state.now_ns))
    state.cost_rate = add(state.tier.taker, state.config.price_allowance)


def settle(state: EngineState, market: Market, proposal: Proposal, outcome: Approved | Refused) -> bool:
    """Act on risk's answer: send the order, or what closes of one refused; return False where nothing went or may."""
    if type(outcome) is not Approved:
        return _cut(state, market, proposal, outcome)  # type: ignore[arg-type]
    request, role, shares, seats = proposal.request, proposal.role, proposal.shares, proposal.seats
    now, sequence, orders, audit = state.now_ns, state.sequence, state.orders, state.audit
    quantity, order_id, held = request.quantity or 0, request.order_id, ZERO
    if request.side is BUY:
        market.open_buys += quantity
        if market.line.is_spot:
            # Cash of a spot buy, fee included, is held until it has filled or ended (I09).
            purse, needed = market.line.purse, outcome.needed
            held = needed if type(needed) is Decimal else Decimal(needed)
            purse.held = add(purse.held, held) if purse.held else held
    else:
        market.open_sells += quantity
    if state.worst_cases is not None:
        state.worst_cases.moved[market.id] = None
    order = Order(request, shares, role, now, quantity, proposal.tag, seats, len(orders) + state.forgotten, SENT, held)
    orders[order_id] = order
    if state.counts_orders:
        _count_order(state, market)
    state.last_order_ns = now
    for seat in seats:
        seat.working[order_id] = order
        if sequence > seat.quiet_since:
            audit.append(Quiet(seat.quiet_since, sequence - 1, seat.bot.id, market.id, seat.quiet_reason))
        seat.quiet_since = sequence + 1
        seat.quiet_reason = "no_signal"
        seat.refusal = None
        if role is TARGET:
            seat.target = seat.wanted
    first = seats[0]
    audit.append(
        Decided(
            sequence, now, first.bot.id, proposal.intent, first.view.values, market.mark or 0, request, shares, outcome
        )
    )
    state.effects.append(SubmitOrder(request))
    if proposal.exits is not None:
        _send_exits(state, market, request, first, proposal.exits)
    return True


def _cut(state: EngineState, market: Market, whole: Proposal, refused: Refused) -> bool:
    """Send the closing part of a refused order, where it has one that may go; else record the refusal."""
    part = None if state.asks else _part_of(market, whole)
    if part is not None:
        outcome = state.reviewer.review(question_of(state, market, part))
        return settle_part(state, market, part, outcome, whole, refused)
    refuse(state, market, whole, refused)
    return False


def ask_part(state: EngineState, market: Market, waiting: Pending, refused: Refused) -> bool:
    """Ask about the closing part of an order that was refused elsewhere; return whether it has one."""
    part = _part_of(market, waiting.proposal)
    if part is not None:
        _ask(state, Pending(question_of(state, market, part), part, (waiting, refused)))
    return part is not None


def settle_part(
    state: EngineState, market: Market, part: Proposal, outcome: Approved | Refused, whole: Proposal, refused: Refused
) -> bool:
    """Act on risk's answer about the closing part of an order; the refusal of the whole is on record before it.

    The target is not reached by it, so the bot that still wants it asks anew when this is over.
    """
    if type(outcome) is not Approved:
        refuse(state, market, whole, refused)
        return False
    record_cut(state, market, whole, refused)
    settle(state, market, part, outcome)
    if part.role is TARGET:
        seat = part.seats[0]
        seat.target = Partway(seat.wanted)
    return True


def _part_of(market: Market, whole: Proposal) -> Proposal | None:
    return closing_part(market, whole) if whole.role is TARGET or whole.role is PLACED else None


def record_cut(state: EngineState, market: Market, whole: Proposal, refused: Refused) -> None:
    """Record the refusal of an order whose closing part goes, also where the same has been refused before."""
    whole.seats[0].refusal = None
    refuse(state, market, whole, refused)


def refuse(state: EngineState, market: Market, proposal: Proposal, outcome: Refused) -> None:
    """Record a refusal with every bot that wanted the order, once for as long as the same checks refuse the same."""
    checks = tuple(finding.check for finding in outcome.findings)
    request = proposal.request
    wish = (request.side, proposal.intent, checks)
    now, sequence, mark = state.now_ns, state.sequence, market.mark or 0
    for seat in proposal.seats:
        if seat.refusal == wish:
            continue
        end_run(state, seat, sequence - 1)
        seat.refusal = wish
        bot, values = seat.bot.id, seat.view.values
        state.audit.append(
            Decided(sequence, now, bot, proposal.intent, values, mark, request, proposal.shares, outcome)
        )
        quiet(state, seat, "refused")
    state.unchecked.extend(proposal.seats)


def _send_exits(state: EngineState, market: Market, request: OrderRequest, seat: Seat, exits: Exits) -> None:
    """Send an entry's protective orders with it, for what it opens."""
    reference = int(request.price or market.mark or 0)
    seat.entries[request.order_id] = (exits, reference)
    if len(seat.entries) > ENTRIES_KEPT:
        _drop_oldest(state, seat)
    held, instrument = seat.view.position * request.side, market.instrument
    # An order first closes what is opposite; what is too small for an exit of its own goes with the new one.
    opening = (request.quantity or 0) + (held if held < 0 or instrument.below_minimum(held, market.mark) else 0)
    if opening > 0:
        for child in child_requests(request, opening, exits, reference, instrument):
            submit_protection(state, seat, child)


def _drop_oldest(state: EngineState, seat: Seat) -> None:
    """Expect no late fill any more of the oldest entry that has ended; it kept its exits for one."""
    for order_id in seat.entries:
        order = state.orders.get(order_id)
        if order is None or not order.is_live:
            del seat.entries[order_id]
            return


def submit_protection(state: EngineState, seat: Seat, child: OrderRequest) -> None:
    """Send a protective order: covered by the approval of its entry, recorded as the bot's own."""
    if child.reduce_only:
        child = _as_the_account_allows(state, seat.market, child)
    quantity = int(child.quantity or 0)
    share = (Share(seat.bot.id, state.order_number, quantity),)
    number = state.orders_made
    status = SENT if child.after is None else OrderStatus.PENDING
    order = Order(child, share, PROTECTION, state.now_ns, quantity, "", seat.alone, number, status)
    state.orders[child.order_id] = seat.working[child.order_id] = order
    state.audit.append(
        Decided(
            state.sequence,
            state.now_ns,
            seat.bot.id,
            "protect",
            (),
            int(seat.market.mark or 0),
            child,
            share,
            Approved(),
        )
    )
    state.effects.append(SubmitOrder(child))


def _as_the_account_allows(state: EngineState, market: Market, child: OrderRequest) -> OrderRequest:
    """Return the exit as the venue shall see it: reduce-only only where it makes the account's position smaller too.

    Beside an opposite bot it does not, or not all of it, and the venue would cut it; the bot's own position is guarded
    by us.
    """
    held = market.held
    if child.after is not None:
        entry = state.orders[child.after]
        held += entry.request.side * entry.remaining
    room = -held * child.side
    return child if room >= int(child.quantity or 0) else msgspec.structs.replace(child, reduce_only=False)


def cancel_working(state: EngineState, seat: Seat, tag: str | None) -> None:
    """Ask the venue to cancel the bot's working orders on the instrument (those with the tag, or all)."""
    if tag is None and seat.parent is not None:
        stop_parent(state, seat, "CANCELED")
    for order in list(seat.working.values()):
        if tag is None or order.tag == tag:
            ask_cancel(state, order)


def stop_parent(state: EngineState, seat: Seat, reason: str) -> None:
    """Let the plan that the bot works on the instrument end, if there is one: at the end of the event it hears so."""
    if seat.parent is not None:
        seat.parent.stop = seat.parent.stop or reason
        state.unchecked.append(seat)


def ask_cancel(state: EngineState, order: Order) -> None:
    """Ask the venue to cancel an order, once."""
    if order.is_live and order.status not in (OrderStatus.CANCELING, OrderStatus.UNKNOWN):
        order.move(OrderEvent.ASK_CANCEL)
        state.effects.append(CancelOrder(order.request.order_id))


def _worst(request: OrderRequest, mark: int) -> int:
    """Return the price an order is valued at: its limit, else its stop, else the mark."""
    if request.price is not None:
        return request.price
    if request.stop is not None:
        return request.stop
    return mark


def question_of(state: EngineState, market: Market, proposal: Proposal) -> ReviewRequest:
    """Return the self-contained question to risk about this order, at this moment."""
    request, seats = proposal.request, proposal.seats
    seat, mark, now, held = seats[0], market.mark, state.now_ns, market.held
    price = age = None
    if mark is not None:
        price = mark if request.kind is MARKET else _worst(request, mark)
        bar, seen_ns = market.bar, market.mark_ns
        age = now - (bar.ts_ns if bar is not None and bar.ts_ns > seen_ns else seen_ns)
    equity, purse = state.equity(), market.line.purse
    exposure, squares = others_worst(state, market) if state.several else NO_OTHERS
    question = ReviewRequest(
        request,
        market.instrument,
        now,
        price,
        mark,
        mark,
        age,
        state.tier.taker,
        equity if state.simple else in_quote(state, market, equity),
        purse.cash if state.spot_only and not purse.held else _free_cash(state, market),
        _own_base(market, proposal) if proposal.role is PLACED else held - market.open_sells,
        held,
        seat.view.position if len(seats) == 1 else _reducible_together(proposal),
        market.open_buys,
        market.open_sells,
        exposure,
    )
    if state.restricts or state.halted is not None or state.reduce_only or market.doubts or seat.bot.failed is not None:
        more = _restrictions(state, market, proposal)
        more["squares"] = squares if state.squares_needed else None
        if state.reads_books:
            more["impact_bps"] = _impact_bps(market, request)
        return msgspec.structs.replace(question, **more)
    return question


def _restrictions(state: EngineState, market: Market, proposal: Proposal) -> dict[str, Any]:
    """Return what more there is to tell risk where modes, locks or limits on the number of orders are in force."""
    seats = proposal.seats
    failed, now, last_ns = seats[0].bot.failed, state.now_ns, state.last_order_ns
    lock = None if failed is None else f"strategy_failed: {failed}"
    if state.watches_trades:
        for each in seats:
            if each.lock is not None and each.lock.until_ns > now:
                lock = each.lock.reason
    if lock is None and state.breakers is not None:
        lock = state.breakers.blocks(market.id, now)
    if market.doubts:
        lock = in_doubt(market)
    minute, hour, day = _orders_lately(state) if state.counts_orders else (0, 0, 0)
    here, wait_ns = _orders_here(state, market)
    return {
        "halted": state.halted,
        "reduce_only": state.reduce_only_reason(),
        "locked": lock,
        "orders_minute": minute,
        "orders_hour": hour,
        "orders_day": day,
        "since_last_order_ns": None if last_ns is None else now - last_ns,
        "regime": None if state.regimes is None else state.regimes.blocks(market.id),
        "backing": UNSET if market.instrument.maintenance_margin is None else backing(state, market),
        "tail": None if state.tails is None else tail_shape(state, state.tails, market),
        "instrument_orders": here,
        "instrument_wait_ns": wait_ns,
        "entry": entry_refused(state, market, proposal) if state.gated else None,
    }


def _impact_bps(market: Market, request: OrderRequest) -> Decimal | None:
    """Return what the order takes from the book would cost against the mid, rounded up to a millionth of a bp."""
    book, quantity = market.book, request.quantity
    if book is None or quantity is None:
        return None
    cost = walk_cost_bps(book, request.side, quantity, request.price if request.kind is LIMIT else None)
    return None if cost is None else Decimal(math.ceil(cost * 1e6)).scaleb(-6)


def in_doubt(market: Market) -> str:
    """Return why nothing that adds risk may be sent here: the first cause of doubt, in words."""
    cause, reason = next(iter(market.doubts.items()))
    return f"in_doubt: {cause}: {reason}"


def _reducible_together(proposal: Proposal) -> int:
    """Return the sum of the bots' positions; 0 when one of them would open, so that none hides behind another."""
    side = proposal.request.side
    total = 0
    for seat, share in zip(proposal.seats, proposal.shares, strict=True):
        position = seat.view.position
        if position * side >= 0 or share.quantity > abs(position):
            return 0
        total += position
    return total


def _own_base(market: Market, proposal: Proposal) -> int:
    """Return what an order of one bot's own may sell of a spot holding: no more than is free, nor than is the bot's.

    What its live exits hold at the venue is not free. A target never goes below the bot's own position, and its exits
    are canceled first; for it everything that is free may be sold.
    """
    seat = proposal.seats[0]
    selling = 0
    exits: dict[str, int] = {}  # the legs of one group hold the same coins
    for order in seat.working.values():
        if order.role is not PROTECTION:
            selling += 0 if order.request.side is BUY else order.remaining
        elif order.status is not OrderStatus.PENDING:
            group = order.request.oco or order.request.order_id
            exits[group] = max(exits.get(group, 0), order.remaining)
    return min(market.held - market.open_sells, seat.view.position - selling - sum(exits.values()))


def _free_cash(state: EngineState, market: Market) -> Decimal:
    """Return what may be spent: cash less holds (spot); cash and unrealised profit less initial margins (perpetual)."""
    purse = market.line.purse
    free = subtract(purse.cash, purse.held) if purse.held else purse.cash
    if market.line.is_spot and state.spot_only:
        return free
    for other in state.markets.values():
        line = other.line
        if not line.is_spot and other.held and other.mark is not None and line.purse is purse:
            unit_price = multiply(line.unit_value, other.mark)
            margin = multiply(multiply(unit_price, abs(other.held)), other.instrument.initial_rate(abs(other.held)))
            free = subtract(add(free, line.position.unrealised(unit_price)), margin)
    return free


def _orders_lately(state: EngineState) -> tuple[int, int, int]:
    times = state.order_times
    now = state.now_ns
    while times and times[0] <= now - DAY_NS:
        times.popleft()
    count = len(times)
    return count - bisect_right(times, now - MINUTE_NS), count - bisect_right(times, now - HOUR_NS), count


def _count_order(state: EngineState, market: Market) -> None:
    """Note when an order was sent, where a limit on their number asks for it."""
    state.order_times.append(state.now_ns)
    if state.config.limits.instrument_orders_per_minute_max is not None:
        market.order_times.append(state.now_ns)


def _orders_here(state: EngineState, market: Market) -> tuple[int, int | None]:
    """Return how many orders the instrument has had within a minute, and how long the next has to wait, if it has."""
    limit, times = state.config.limits.instrument_orders_per_minute_max, market.order_times
    while times and times[0] <= state.now_ns - MINUTE_NS:
        times.popleft()
    if not limit or len(times) < limit:
        return len(times), None
    return len(times), times[len(times) - limit] + MINUTE_NS - state.now_ns
