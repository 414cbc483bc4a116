"""The kill switch without a bot: latch on the disk, then cancel everything at the venue, straight (SPEC K7).

It needs a key and the network, and nothing of a session: no journal, no lease, no engine. The latch keeps a bot that is
alive, or comes back, from opening anything again.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence

import msgspec

from tradewind.app.home import Home
from tradewind.app.live.coinbase import CoinbaseSide, open_side
from tradewind.app.live.latch import Latch
from tradewind.app.venue_access import Access
from tradewind.model.errors import VenueError
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import CancelTaken, Placed, VenueOrder

WITHIN_S = 20.0
PAUSE_S = 0.5


class VenueHalted(msgspec.Struct, frozen=True):
    """What was done: orders canceled and positions closed, what is left, and what could not be done."""

    canceled: tuple[str, ...]
    closed: tuple[str, ...]
    left: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        return not self.left and not self.errors


async def halt_venue(
    home: Home, access: Access, reason: str, instruments: Sequence[str], *, flatten: bool
) -> VenueHalted:
    """Latch the account, cancel all of its orders, with `flatten` close futures and the named spot holdings."""
    side = await _opened(access)
    try:
        folder = home.root / "live" / side.identity.name
        folder.mkdir(parents=True, exist_ok=True)
        Latch(folder).trip(reason, time.time_ns(), "halt --venue")
        canceled, left, errors = await cancel_everything(side)
        closed: list[str] = []
        if flatten:
            closed, more = await close_everything(side, instruments)
            errors += more
        return VenueHalted(tuple(canceled), tuple(closed), tuple(left), tuple(errors))
    finally:
        await side.close()


async def cancel_everything(side: CoinbaseSide) -> tuple[list[str], list[str], list[str]]:
    """Return (canceled, left, errors): asks and cancels until the venue shows nothing, or time is over."""
    canceled: dict[str, str] = {}
    shown: Sequence[VenueOrder] = ()
    error = ""
    deadline_s = time.monotonic() + WITHIN_S
    while True:
        try:
            shown, error = await side.orders.open_orders(), ""
            if not shown:
                break
            answers = await side.orders.cancel_venue_orders([each.venue_id for each in shown])
            canceled.update((name, name) for name, answer in answers.items() if isinstance(answer, CancelTaken))
        except VenueError as failure:
            error = f"{type(failure).__name__}: {failure}"
        if time.monotonic() > deadline_s:
            break
        await asyncio.sleep(PAUSE_S)
    left = [f"{each.instrument} {each.side.name.lower()} {each.quantity}: order {each.venue_id}" for each in shown]
    return list(canceled), left, [error] if error else []


async def close_everything(side: CoinbaseSide, instruments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return (closed, errors): futures positions whole, and what is held of the named spot instruments."""
    closed: list[str] = []
    errors: list[str] = []
    for position in await side.account.positions():
        answer = await side.orders.close_position(_name(), position.instrument, abs(position.quantity))
        (closed if isinstance(answer, Placed) else errors).append(
            f"{position.instrument} {position.quantity}: {answer}"
        )
    if not instruments:
        return closed, errors
    balances = {each.currency: each.available for each in await side.account.balances()}
    for instrument in await side.market.instruments(instruments):
        quantity = instrument.order_quantity(balances.get(instrument.base, 0))
        if not instrument.is_spot or quantity <= 0:
            continue
        request = OrderRequest(
            _name(), instrument.id, Side.SELL, OrderKind.MARKET, quantity, time_in_force=TimeInForce.IOC
        )
        answer = await side.orders.place(request)
        text = f"{instrument.id} {instrument.quantity_decimal(quantity)}"
        (closed if isinstance(answer, Placed) else errors).append(
            text if isinstance(answer, Placed) else f"{text}: {answer}"
        )
    return closed, errors


async def _opened(access: Access) -> CoinbaseSide:
    """Return the account; a venue that does not answer is asked for as long as a halt may take."""
    deadline_s = time.monotonic() + WITHIN_S
    while True:
        try:
            return await open_side(access)
        except VenueError:
            if time.monotonic() > deadline_s:
                raise
            await asyncio.sleep(PAUSE_S)


def _name() -> str:
    return f"halt-{secrets.token_hex(8)}"
