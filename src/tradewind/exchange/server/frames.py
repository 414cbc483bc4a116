"""Frames of the streams, and what one connection has subscribed to. No sockets here.

A connection numbers its frames across all channels. An acknowledgement lists everything subscribed to so far. Who asks
for `level2` gets frames of `l2_data`.
"""

from collections.abc import Iterable, Sequence

import msgspec

from tradewind.exchange.server.texts import Json, iso

PUBLIC_CHANNELS = ("heartbeats", "status", "ticker", "ticker_batch", "level2", "market_trades", "candles")
PRIVATE_CHANNELS = ("user", "futures_balance_summary")
FRAME_NAMES = {"level2": "l2_data"}
AUTHENTICATION_FAILURE = "authentication failure"
SNAPSHOT_ORDERS = 50
_encode = msgspec.json.Encoder(decimal_format="string").encode


class Request(msgspec.Struct, frozen=True):
    """What a client sends: subscribe or unsubscribe, one channel, some products."""

    type: str
    channel: str
    product_ids: tuple[str, ...] = ()
    jwt: str = ""


def encoded(events: Sequence[Json]) -> bytes:
    """Return events as JSON, to be put into the frames of all who listen."""
    return _encode(events)


def frame(channel: str, number: int, ts_ns: int, events: bytes) -> bytes:
    """Return one frame; `events` are encoded already."""
    name = FRAME_NAMES.get(channel, channel)
    head = f'{{"channel":"{name}","client_id":"","timestamp":"{iso(ts_ns, 9)}","sequence_num":{number},"events":'
    return head.encode() + events + b"}"


def error_frame(message: str) -> bytes:
    """Return an error, which has neither a channel nor a number."""
    return _encode({"type": "error", "message": message})


class Subscriptions:
    """Channel -> what is subscribed to there: products, or the one word a channel without products is listed with.

    `everything` holds the channels subscribed to for all products.
    """

    def __init__(self) -> None:
        self._channels: dict[str, dict[str, None]] = {}
        self.everything: set[str] = set()

    def add(self, channel: str, names: Iterable[str]) -> list[str]:
        """Subscribe, and return the names that are new."""
        held = self._channels.setdefault(channel, {})
        fresh = [name for name in dict.fromkeys(names) if name not in held]
        held.update(dict.fromkeys(fresh))
        return fresh

    def remove(self, channel: str, names: Iterable[str]) -> None:
        """Unsubscribe from some names of a channel; from all when none is named."""
        held = self._channels.get(channel, {})
        for name in list(names) or list(held):
            held.pop(name, None)
        if not held:
            self._channels.pop(channel, None)
            self.everything.discard(channel)

    def has(self, channel: str, name: str) -> bool:
        """Return whether a channel's frames about `name` are wanted."""
        held = self._channels.get(channel)
        return held is not None and (name in held or channel in self.everything)

    def names(self, channel: str) -> list[str]:
        """Return what a channel is subscribed to."""
        return list(self._channels.get(channel, ()))

    def acknowledged(self) -> Json:
        """Return the event that lists everything subscribed to."""
        return {"subscriptions": {channel: list(held) for channel, held in self._channels.items()}}
