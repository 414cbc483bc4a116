"""What protection asks for: to send, to withdraw, to let the engine hear something, to tell an operator."""

import msgspec

from tradewind.model import answers as a
from tradewind.model.orders import OrderRequest


class Send(msgspec.Struct, frozen=True):
    """Place this at the venue, under its own id."""

    request: OrderRequest


class Withdraw(msgspec.Struct, frozen=True):
    """Ask the venue to cancel the order of this id."""

    client_id: str


class Tell(msgspec.Struct, frozen=True):
    """Let the engine hear this."""

    event: a.VenueAnswer


class Note(msgspec.Struct, frozen=True):
    """An operator should know."""

    name: str
    text: str


Act = Send | Withdraw | Tell | Note
