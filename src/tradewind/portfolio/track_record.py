"""What each bot's closed trades came to, in basis points of what it entered with: gross of fees, and net of everything.

The last trades of each bot, over all its instruments. Sizes and gates are judged by it; a trade that was never seen to
begin, as a position taken over at the start, does not count.
"""

from collections import deque
from decimal import Decimal

import msgspec

from tradewind.model.money import ZERO, add, multiply, plain, ratio, subtract

BPS = Decimal(10_000)
TRADES_KEPT = 256
Key = tuple[str, str]


class Trade(msgspec.Struct, frozen=True, gc=False):
    """A closed trade: when it ended, its result before costs and after them, in bps of its entry."""

    ts_ns: int
    gross_bps: Decimal
    net_bps: Decimal


class TrackRecord:
    """The closed trades of every bot of an account, and what the open ones were entered with."""

    __slots__ = ("_entered", "_fees", "trades")

    def __init__(self) -> None:
        self.trades: dict[str, deque[Trade]] = {}
        self._entered: dict[Key, Decimal] = {}
        self._fees: dict[Key, Decimal] = {}

    def entered(self, bot: str, instrument: str, value: Decimal) -> None:
        """Note that a bot's position has grown by so much."""
        key = (bot, instrument)
        self._entered[key] = add(self._entered.get(key, ZERO), value)

    def closed(self, bot: str, instrument: str, ts_ns: int, gained: Decimal, fees: Decimal) -> None:
        """Note that a position is over: what it gained net of everything, and all fees of the bot there until now."""
        key = (bot, instrument)
        value = self._entered.pop(key, ZERO)
        paid = subtract(fees, self._fees.get(key, ZERO))
        self._fees[key] = fees
        if value > 0:
            kept = self.trades.setdefault(bot, deque(maxlen=TRADES_KEPT))
            kept.append(Trade(ts_ns, _bps(add(gained, paid), value), _bps(gained, value)))

    def of(self, bot: str, since_ns: int = 0) -> list[Trade]:
        """Return a bot's trades that ended after a time, oldest first."""
        return [trade for trade in self.trades.get(bot, ()) if trade.ts_ns > since_ns]

    def values(self) -> list[object]:
        """Return what later answers depend on, for digests."""
        return [
            {bot: list(self.trades[bot]) for bot in sorted(self.trades)},
            {"/".join(key): plain(self._entered[key]) for key in sorted(self._entered)},
            {"/".join(key): plain(self._fees[key]) for key in sorted(self._fees)},
        ]


def _bps(amount: Decimal, value: Decimal) -> Decimal:
    return multiply(ratio(amount, value), BPS)
