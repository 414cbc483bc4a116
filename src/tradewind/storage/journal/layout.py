"""What a journal's bytes are: a magic number with the version, then frames, the first of which holds the session.

    frame = marker 2 | kind 1 | packing 1 | length 4 | crc32 of these 8 | payload | crc32 of the payload | chain 16

The chain is blake2b over the previous chain, the frame's first twelve bytes and its payload, so no frame can be
changed, dropped, doubled or moved. One group commit is one frame: what lies behind a frame was written after that frame
was durable, which is how a reader tells an incomplete tail from damage. Integers are little-endian.
"""

import hashlib
import struct
import zlib
from typing import Any, NamedTuple

import msgspec

from tradewind.model.codec import encode_value
from tradewind.model.errors import StateError

MAGIC = b"TWJRNL\x00\x01"
MARKER = b"\xf5\x9e"
SESSION, GROUP = 1, 2
PLAIN, PACKED = 0, 1
PAYLOAD_MAX = 1 << 28
_HEAD = struct.Struct("<2sBBI")
_CRC = struct.Struct("<I")
HEAD_BYTES = _HEAD.size + _CRC.size
CHAIN_BYTES = 16
FOOT_BYTES = _CRC.size + CHAIN_BYTES
# Below this a frame is not worth packing; level 1 costs a tenth of the write it saves.
PACK_MIN_BYTES = 200
PACK_LEVEL = 1


class SessionHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What a session was started with: enough to build the same engine again (`engine.resolved`).

    `engine` and `settings` are the engine's and the simulated venue's configuration as values, `config` what the user
    asked for after files, environment and flags, `config_hash` its hash; `created_at_ns` is told by the caller's clock.
    `sources` are the texts of the files that strategies of one's own came from, by place: those files may change.
    """

    session: str
    mode: str
    created_at_ns: int
    code_version: str
    engine: dict[str, Any]
    settings: dict[str, Any] = {}
    config: dict[str, Any] = {}
    config_hash: str = ""
    data: dict[str, str] = {}
    flags: dict[str, str] = {}
    seed: int | None = None
    sources: dict[str, str] = {}


class Head(NamedTuple):
    """The first twelve bytes of a frame, read and checked."""

    kind: int
    packing: int
    length: int

    @property
    def frame_bytes(self) -> int:
        return HEAD_BYTES + self.length + FOOT_BYTES


def chain_start() -> bytes:
    """Return the chain before the first frame."""
    return hashlib.blake2b(MAGIC, digest_size=CHAIN_BYTES).digest()


def make_frame(kind: int, content: bytes, chain: bytes) -> tuple[bytes, bytes]:
    """Return (frame, chain after it) of content that follows `chain`."""
    packing, payload = PLAIN, content
    if len(content) >= PACK_MIN_BYTES:
        packing, payload = PACKED, zlib.compress(content, PACK_LEVEL)
    if len(payload) > PAYLOAD_MAX:
        raise StateError(f"a journal frame of {len(payload)} bytes is too large: commit fewer entries at once")
    words = _HEAD.pack(MARKER, kind, packing, len(payload))
    head = words + _CRC.pack(zlib.crc32(words))
    after = link(chain, head, payload)
    return b"".join((head, payload, _CRC.pack(zlib.crc32(payload)), after)), after


def link(chain: bytes, head: bytes, payload: bytes) -> bytes:
    """Return the chain after a frame."""
    digest = hashlib.blake2b(chain, digest_size=CHAIN_BYTES)
    digest.update(head)
    digest.update(payload)
    return digest.digest()


def read_head(data: bytes) -> Head | None:
    """Return the head that these twelve bytes are, None when they are none."""
    marker, kind, packing, length = _HEAD.unpack_from(data)
    if marker != MARKER or _CRC.unpack_from(data, _HEAD.size)[0] != zlib.crc32(data[: _HEAD.size]):
        return None
    return Head(kind, packing, length)


def is_intact(head: Head, body: bytes) -> bool:
    """Return whether the bytes after a head, footer included, hold the payload that was written."""
    return (
        len(body) == head.length + FOOT_BYTES
        and zlib.crc32(body[: head.length]) == _CRC.unpack_from(body, head.length)[0]
    )


def unpack(head: Head, payload: bytes) -> bytes:
    """Return a payload's content."""
    return zlib.decompress(payload) if head.packing == PACKED else payload


def encode_session(record: SessionHeader) -> bytes:
    """Return a session's record as bytes."""
    return encode_value(record)


def decode_session(content: bytes) -> SessionHeader:
    """Return the session's record; raises StateError when it is of another version."""
    try:
        return msgspec.msgpack.decode(content, type=SessionHeader)
    except msgspec.DecodeError as error:
        raise StateError(f"the session's record cannot be read: {error}: use the version that wrote it") from error
