"""The part of a refused order that only closes: what may go where nothing new may be opened (FAULTS, rule 3).

An order that turns a position, from long to short or back, takes risk away before it adds some. Where risk refuses the
whole of it, its closing part is put to risk by itself, once; the rest is refused as any opening is.
"""

import msgspec

from tradewind.engine.state import Market, Proposal, Seat
from tradewind.model.orders import Side
from tradewind.orders.order import OrderRole

CUT = "-cut"  # the end of a closing part's name; what it is cut from has the name before it


def closing_part(market: Market, proposal: Proposal) -> Proposal | None:
    """Return the part of an order of one bot that takes its position to zero; None where there is none, or no more.

    Beside opposite bots that is no more than makes the account's position smaller, while anything does. What the bot
    has on its way to the same side closes before it. Spot never turns.
    """
    request, seat = proposal.request, proposal.seats[0]
    if market.line.is_spot or len(proposal.seats) > 1 or seat.closing is not None or not request.quantity:
        return None
    side = request.side
    part = -seat.view.position * side - _on_its_way(seat, side)
    if (most := room(market, side)) > 0:
        part = min(part, most)
    if not 0 < part < request.quantity:
        return None
    display = None if request.display is None else min(request.display, part)
    name = f"{request.order_id}{CUT}"
    (share,) = proposal.shares
    return msgspec.structs.replace(
        proposal,
        request=msgspec.structs.replace(request, order_id=name, quantity=part, display=display),
        shares=(msgspec.structs.replace(share, quantity=part),),
    )


def room(market: Market, side: Side) -> int:
    """Return how much an order of this side may take from the account's position beside what is open; else <= 0."""
    return -market.held * side - (market.open_buys if side is Side.BUY else market.open_sells)


def cut_from(order_id: str) -> str:
    """Return the name of the order that one is the closing part of; "" for any other."""
    whole, mark, rest = order_id.rpartition(CUT)
    return whole if mark and not rest else ""


def _on_its_way(seat: Seat, side: Side) -> int:
    """Return what the bot's own orders, exits apart, may still do on this side."""
    working = seat.working.values()
    return sum(
        each.remaining for each in working if each.role is not OrderRole.PROTECTION and each.request.side is side
    )
