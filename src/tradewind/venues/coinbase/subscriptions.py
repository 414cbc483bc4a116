"""What should be subscribed on a connection, what the venue says is, and what to send so that the two agree.

An acknowledgement lists the whole set so far, so the latest one is the truth. A channel without products (heartbeats,
the user's) is there when its name is.
"""

from collections.abc import Mapping

import msgspec

PRIVATE = frozenset({"user", "futures_balance_summary"})
WITHOUT_PRODUCTS = frozenset({"heartbeats", "user", "futures_balance_summary"})
FRAMES_OF = {"l2_data": "level2"}  # frames are named otherwise than the subscription
MARKET_CHANNELS = ("level2", "market_trades", "ticker", "ticker_batch", "candles", "status")


class Send(msgspec.Struct, frozen=True):
    """A frame to send. A private channel needs a token of its own, made at the moment of sending."""

    channel: str
    product_ids: tuple[str, ...] = ()
    subscribe: bool = True

    @property
    def private(self) -> bool:
        return self.channel in PRIVATE

    def text(self, token: str = "") -> str:
        """Return the frame."""
        frame: dict[str, object] = {"type": "subscribe" if self.subscribe else "unsubscribe", "channel": self.channel}
        if self.product_ids:
            frame["product_ids"] = list(self.product_ids)
        if token:
            frame["jwt"] = token
        return msgspec.json.encode(frame).decode()


class Subscriptions:
    """Desired and acknowledged subscriptions of one connection."""

    def __init__(self, desired: Mapping[str, tuple[str, ...]]) -> None:
        self.desired = {channel: tuple(ids) for channel, ids in desired.items()}
        self.desired.setdefault("heartbeats", ())
        self.acknowledged: dict[str, frozenset[str]] = {}
        self._sent_ns: dict[str, int] = {}
        self._tries: dict[str, int] = {}

    def start(self, now_ns: int) -> list[Send]:
        """Return what to send on a new connection: heartbeats first, so that silence can be told from quiet."""
        self.acknowledged = {}
        self._tries = {}
        order = sorted(self.desired, key=lambda channel: (channel != "heartbeats", channel not in PRIVATE, channel))
        return [self._send(channel, self.desired[channel], now_ns) for channel in order]

    def acknowledge(self, told: Mapping[str, list[str]]) -> None:
        """Take the venue's word for what is subscribed."""
        self.acknowledged = {channel: frozenset(ids) for channel, ids in told.items()}
        for channel in [channel for channel in self._sent_ns if not self.missing_of(channel)]:
            self._tries.pop(channel, None)

    def missing_of(self, channel: str) -> tuple[str, ...]:
        """Return the products of a channel that are not acknowledged; its own name for one without products."""
        if channel in WITHOUT_PRODUCTS or not self.desired.get(channel):
            return () if channel in self.acknowledged else (channel,)
        known = self.acknowledged.get(channel, frozenset())
        return tuple(each for each in self.desired[channel] if each not in known)

    @property
    def complete(self) -> bool:
        """Whether everything desired is acknowledged."""
        return not any(self.missing_of(channel) for channel in self.desired)

    def overdue(self, now_ns: int, patience_ns: int) -> list[Send]:
        """Return what to send again: what stayed unacknowledged, each time twice as patient, up to 16 times."""
        sends = []
        for channel, sent_ns in list(self._sent_ns.items()):
            missing = self.missing_of(channel)
            wait_ns = patience_ns << min(self._tries.get(channel, 0), 4)
            if missing and channel in self.desired and now_ns - sent_ns >= wait_ns:
                self._tries[channel] = self._tries.get(channel, 0) + 1
                sends.append(self._send(channel, missing if channel not in WITHOUT_PRODUCTS else (), now_ns))
        return sends

    def waiting(self) -> list[str]:
        """Return the channels that were asked for and are not acknowledged, the private ones first."""
        waiting = [channel for channel in self._sent_ns if channel in self.desired and self.missing_of(channel)]
        return sorted(waiting, key=lambda channel: channel not in PRIVATE)

    def renew(self, channel: str, product_ids: tuple[str, ...], now_ns: int) -> list[Send]:
        """Return what to send for a new snapshot: unsubscribe, subscribe."""
        self.acknowledged[channel] = self.acknowledged.get(channel, frozenset()) - set(product_ids)
        if channel in WITHOUT_PRODUCTS:
            self.acknowledged.pop(channel, None)
        return [Send(channel, product_ids, subscribe=False), self._send(channel, product_ids, now_ns)]

    def change(self, desired: Mapping[str, tuple[str, ...]], now_ns: int) -> list[Send]:
        """Return what to send so that `desired` comes to be."""
        sends = []
        for channel, ids in self.desired.items():
            gone = tuple(each for each in ids if each not in desired.get(channel, ()))
            if gone or (channel not in desired and channel != "heartbeats"):
                sends.append(Send(channel, gone, subscribe=False))
        for channel, ids in desired.items():
            new = tuple(each for each in ids if each not in self.desired.get(channel, ()))
            if new or channel not in self.desired:
                sends.append(self._send(channel, new, now_ns))
        self.desired = {"heartbeats": (), **{channel: tuple(ids) for channel, ids in desired.items()}}
        return sends

    def _send(self, channel: str, product_ids: tuple[str, ...], now_ns: int) -> Send:
        self._sent_ns[channel] = now_ns
        return Send(channel, product_ids)
