"""What a journal holds, as values: the events an engine consumed, what it was about to send, and what it had become."""

from collections.abc import Sequence

import msgspec

from tradewind.model.answers import VenueAnswer
from tradewind.model.commands import Command
from tradewind.model.corrections import Correction
from tradewind.model.effects import Ask, CancelOrder, Effect, SubmitOrder
from tradewind.model.market_events import MarketEvent

Event = MarketEvent | VenueAnswer | Command | Correction
Sent = SubmitOrder | CancelOrder | Ask


class Intended(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="intended"):
    """What leaves the process because of event number `sequence`; written before it does (I11)."""

    sequence: int
    effects: tuple[Sent, ...]


class Checkpoint(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="checkpoint"):
    """The digest of the engine's state after `sequence` events: what a replay must arrive at (I24)."""

    sequence: int
    ts_ns: int
    state_digest: str


class Closed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="closed"):
    """The orderly end of a session; a journal without it was cut off. `digest` covers both others."""

    sequence: int
    ts_ns: int
    state_digest: str
    audit_digest: str
    digest: str
    reason: str = "ended"


Entry = Event | Intended | Checkpoint | Closed


def sent(effects: Sequence[Effect]) -> tuple[Sent, ...]:
    """Return the effects that leave the process, in order: orders, cancels and questions to another stage."""
    return tuple([effect for effect in effects if isinstance(effect, SubmitOrder | CancelOrder | Ask)])
