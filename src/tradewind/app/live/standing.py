"""What an account's folder remembers between sessions: the run that goes on, what it handed over and left behind.

current.json    the run whose journal is this account's; while it is not closed the next start goes on with it; and the
                sessions that have begun here, by which their orders are known
handover.json   positions of each bot at an orderly end, so that the next run knows whose they are
leftovers.json  orders that could not be confirmed as canceled at the end, and positions without protection at the venue
"""

from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec

from tradewind.engine.config import HeldAtStart
from tradewind.engine.state import EngineState
from tradewind.model.errors import StateError
from tradewind.model.money import ZERO, ratio
from tradewind.storage.atomic import write_bytes

Kept = TypeVar("Kept")
SESSIONS_MAX = 1_000


class Current(msgspec.Struct, frozen=True):
    """The run that has the account's journal, and the sessions so far, the latest last."""

    run: str
    sessions: tuple[str, ...] = ()


class HandedOver(msgspec.Struct, frozen=True):
    """One bot's position when a session ended, at its average price in quote currency per base unit."""

    instrument: str
    bot: str
    quantity: int
    average_price: Decimal


class Handover(msgspec.Struct, frozen=True):
    """What the next session begins with."""

    run: str
    ts_ns: int
    positions: tuple[HandedOver, ...] = ()
    reduce_only: dict[str, str] = {}


class Leftovers(msgspec.Struct, frozen=True):
    """Orders that may still be at the venue, by client id, and what is said of positions that are bare there."""

    run: str
    ts_ns: int
    orders: tuple[str, ...] = ()
    unprotected: tuple[str, ...] = ()


class Standing:
    """The folder's three files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def current(self) -> str | None:
        """Return the run that is going on, None when there is none."""
        kept = self._read("current.json", Current)
        return None if kept is None else kept.run

    @property
    def sessions(self) -> tuple[str, ...]:
        """Return the sessions that have begun here, the latest last."""
        kept = self._read("current.json", Current)
        return () if kept is None else kept.sessions

    def begin(self, run: str, session: str) -> None:
        """Remember which run has the account's journal, and whose names its orders have."""
        self._write("current.json", Current(run, (*self.sessions, session)[-SESSIONS_MAX:]))

    def handover(self) -> Handover | None:
        """Return what the last session handed over."""
        return self._read("handover.json", Handover)

    def hand_over(self, state: EngineState, run: str) -> None:
        """Keep the positions of each bot and the modes that only an operator ends."""
        rows = []
        for name, line in state.ledger.lines.items():
            instrument = state.markets[name].instrument
            for bot, book in line.books.items():
                quantity = book.position.quantity
                if quantity and bot in state.bots:
                    units = instrument.quantity_decimal(abs(quantity)) * instrument.contract_size
                    rows.append(HandedOver(name, bot, quantity, ratio(book.position.cost, units)))
        kept = {rule: why for rule, why in state.reduce_only.items() if rule in {"operator", "drawdown"}}
        self._write("handover.json", Handover(run, state.now_ns, tuple(rows), kept))

    def leftovers(self) -> Leftovers | None:
        """Return what the last session could not confirm as canceled."""
        return self._read("leftovers.json", Leftovers)

    def leave_behind(self, leftovers: Leftovers | None) -> None:
        """Keep the list, or forget it."""
        if leftovers is None:
            (self.folder / "leftovers.json").unlink(missing_ok=True)
        else:
            self._write("leftovers.json", leftovers)

    def _read(self, name: str, kind: type[Kept]) -> Kept | None:
        path = self.folder / name
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise StateError(
                f"{path} cannot be read ({error}): restore it from a backup; nothing was started"
            ) from None

    def _write(self, name: str, value: msgspec.Struct) -> None:
        write_bytes(self.folder / name, ENCODER.encode(value) + b"\n", overwrite=True)


def held_at_start(
    handover: Handover | None, found: dict[str, tuple[int, Decimal]], bots: frozenset[str]
) -> tuple[HeldAtStart, ...]:
    """Return who holds what at the start: each bot what it was handed, `external` whatever else the venue shows.

    `found` is the account's position and a price for each instrument. A bot that is gone, or whose part the venue does
    not show any more, gets nothing: what is there then is `external`.
    """
    held: list[HeldAtStart] = []
    left = {name: quantity for name, (quantity, _) in found.items()}
    for row in handover.positions if handover is not None else ():
        rest = left.get(row.instrument, 0)
        if row.bot in bots and rest * row.quantity > 0 and abs(row.quantity) <= abs(rest):
            held.append(HeldAtStart(row.instrument, row.quantity, row.average_price, row.bot))
            left[row.instrument] = rest - row.quantity
    for name, quantity in left.items():
        if quantity:
            held.append(HeldAtStart(name, quantity, found[name][1] or ZERO))
    return tuple(held)


ENCODER = msgspec.json.Encoder(decimal_format="string")
