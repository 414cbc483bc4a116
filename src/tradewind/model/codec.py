"""Journal entries and audit records as canonical MessagePack: one value, one sequence of bytes, in any process.

Amounts travel as decimal text with every digit they have, enumerations by value, mappings in key order. What comes back
equals what went in, except that a bar leaves its served indicator values behind: those are recomputed.
"""

from collections.abc import Iterable, Sequence

import msgspec

from tradewind.model.answers import VenueAnswer
from tradewind.model.commands import Command, StrategyFailed
from tradewind.model.corrections import Correction
from tradewind.model.decisions import Alarmed, Allotted, Crossed, Decided, InRegime, Quiet, Sized
from tradewind.model.entries import Entry
from tradewind.model.errors import StateError
from tradewind.model.market_events import Bar, MarginRates
from tradewind.model.plans import PlanEnded, Planned

AuditRecord = (
    VenueAnswer
    | Command
    | Correction
    | Decided
    | InRegime
    | Quiet
    | Crossed
    | Alarmed
    | Allotted
    | Sized
    | StrategyFailed
    | MarginRates
    | Planned
    | PlanEnded
)

_ENCODER = msgspec.msgpack.Encoder(decimal_format="string", order="deterministic")
_ENTRIES: msgspec.msgpack.Decoder[list[Entry]] = msgspec.msgpack.Decoder(list[Entry])
_AUDIT: msgspec.msgpack.Decoder[list[AuditRecord]] = msgspec.msgpack.Decoder(list[AuditRecord])


def encode_entries(entries: Iterable[Entry]) -> bytes:
    """Return the entries as one MessagePack array."""
    return _ENCODER.encode([_unserved(each) if type(each) is Bar else each for each in entries])


def decode_entries(data: bytes) -> list[Entry]:
    """Return the entries of one MessagePack array.

    Raises  StateError when the bytes are not entries that this version knows.
    """
    try:
        return _ENTRIES.decode(data)
    except msgspec.DecodeError as error:
        raise StateError(f"journal entries cannot be read: {error}: use the version that wrote them") from error


def encode_audit(records: Sequence[msgspec.Struct]) -> bytes:
    """Return audit records as one MessagePack array."""
    return _ENCODER.encode(records)


def decode_audit(data: bytes) -> list[AuditRecord]:
    """Return the audit records of one MessagePack array.

    Raises  StateError when the bytes are not records that this version knows.
    """
    try:
        return _AUDIT.decode(data)
    except msgspec.DecodeError as error:
        raise StateError(f"audit records cannot be read: {error}: use the version that wrote them") from error


def encode_value(value: object) -> bytes:
    """Return any value of the model as MessagePack, for headers and digests."""
    return _ENCODER.encode(value)


def _unserved(bar: Bar) -> Bar:
    if bar.served is None:
        return bar
    return Bar(bar.instrument, bar.ts_ns, bar.span_ns, bar.open, bar.high, bar.low, bar.close, bar.volume)
