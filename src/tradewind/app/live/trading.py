"""What only a session with real orders has."""

import msgspec

from tradewind.app.live.checking import Checker
from tradewind.app.live.coverage import Coverage
from tradewind.app.live.gateway import Gateway
from tradewind.app.live.outbox import Outbox


class Trading(msgspec.Struct, frozen=True):
    """The way out, the way in, the rounds of reconciliation, and the watch over exits."""

    outbox: Outbox
    gateway: Gateway
    checker: Checker
    coverage: Coverage
