"""The kill switch without a bot: latch on the disk, then cancel everything at the venue, straight (SPEC K7).

It needs a key and the network, and nothing of a session: no journal, no lease, no engine. The latch keeps a bot that is
alive, or comes back, from opening anything again. Nothing that fails here ends it: what can be done is done, what could
not be is told.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tradewind.app.home import Home
from tradewind.app.live.clearing import Clearing, Pace, said
from tradewind.app.live.coinbase import CoinbaseSide, open_side
from tradewind.app.live.latch import Latch
from tradewind.app.live.lease import IDENTITY_FILE, AccountIdentity
from tradewind.app.venue_access import Access
from tradewind.model.errors import AuthError, StateError, VenueError

BY = "halt --venue"
PACE = Pace()


class VenueHalted(msgspec.Struct, frozen=True):
    """What was done: accounts latched, orders canceled, positions closed; what is left, and what could not be done."""

    latched: tuple[str, ...]
    canceled: tuple[str, ...]
    closed: tuple[str, ...]
    left: tuple[str, ...]
    errors: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        return not self.left and not self.errors


async def halt_venue(
    home: Home, access: Access, reason: str, instruments: Sequence[str], *, flatten: bool, pace: Pace = PACE
) -> VenueHalted:
    """Latch the account, cancel all of its orders, with `flatten` close futures and the named spot holdings.

    Whose account it is only the venue can tell. While it does not, every account of this home there is latched: to stop
    one too many is the safe side.
    """
    root = home.root / "live"
    latched: dict[str, str] = {}
    try:
        side = await _opened(access, root, reason, latched, pace)
    except (VenueError, TimeoutError) as error:
        told = f"the venue does not say whose key this is, so nothing is canceled there: {said(error)}"
        return VenueHalted(tuple(latched), (), (), (), (told, *filter(None, latched.values())))
    try:
        trouble = _latch(root / side.identity.name, reason)
        latched[side.identity.name] = trouble
        clearing = Clearing(side, pace)
        await clearing.cancel_everything()
        if flatten:
            await clearing.close_everything(instruments)
    finally:
        await side.close()
    return VenueHalted(
        tuple(latched),
        tuple(clearing.canceled),
        tuple(clearing.closed),
        tuple(clearing.left),
        (*clearing.errors, *filter(None, latched.values())),
    )


async def _opened(access: Access, root: Path, reason: str, latched: dict[str, str], pace: Pace) -> CoinbaseSide:
    """Return the account; a venue that does not answer is asked for as long as a halt may take."""
    deadline_s = time.monotonic() + pace.within_s
    while True:
        try:
            async with asyncio.timeout(pace.answer_s):
                return await open_side(access)
        except (VenueError, TimeoutError) as error:
            if not latched:
                latched |= {folder.name: _latch(folder, reason) for folder in accounts_at(root, access.address.rest)}
            if isinstance(error, AuthError) or time.monotonic() > deadline_s:
                raise
            await asyncio.sleep(pace.pause_s)


def accounts_at(root: Path, endpoint: str) -> list[Path]:
    """Return the folders of the accounts that were traded at this address from here."""
    folders = []
    for path in sorted(root.glob(f"*/{IDENTITY_FILE}")):
        try:
            identity = msgspec.json.decode(path.read_bytes(), type=AccountIdentity)
        except (OSError, msgspec.DecodeError):
            folders.append(path.parent)  # whose it is cannot be read: it may be this one
            continue
        if identity.mode == "live" and identity.endpoint == endpoint:
            folders.append(path.parent)
    return folders


def _latch(folder: Path, reason: str) -> str:
    """Trip the folder's latch; return what kept that from being durable, "" when nothing did."""
    try:
        Latch(folder).trip(reason, time.time_ns(), BY)
    except StateError as error:
        return str(error)
    return ""
