"""SIGUSR1 from the first moment of `tradewind live` to the last, a session or not: the kill switch is never deaf."""

import signal
import time

from tradewind.app.home import Home
from tradewind.app.live.halting import accounts_at
from tradewind.app.live.latch import Latch
from tradewind.app.venue_access import Access

REASON, BY = "signal", "SIGUSR1"


class HaltSignal:
    """Remembers the signal while no session hears it: what comes before there is one, or as it ends, is not lost."""

    def __init__(self) -> None:
        self._heard = False
        self.listen()

    def listen(self) -> None:
        """Hear it from now on."""
        signal.signal(signal.SIGUSR1, self._hear)

    def latch(self, latch: Latch) -> None:
        """Trip the latch of a session that does not run yet, or no more, if the signal came."""
        if self._heard:
            self._heard = False
            latch.trip(REASON, time.time_ns(), BY)

    def latch_accounts(self, home: Home, access: Access) -> None:
        """Trip what may have been meant where no session ever stood: every account that was traded there from here."""
        if self._heard:
            for folder in accounts_at(home.root / "live", access.address.rest):
                Latch(folder).trip(REASON, time.time_ns(), BY)

    def _hear(self, number: int, frame: object) -> None:
        self._heard = True
