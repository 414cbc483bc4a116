"""Funding that a venue announces and pays without a message of its own: told by its schedule, and by the cash it moved.

A venue such as Coinbase says when funding is due and at which rate, and then the balance is another one. What was held
at that moment, the price and the rate give an estimate; when cash differs from the books by about that, the whole
difference is the payment, exactly. What differs in another way is explained by nothing here.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from tradewind.engine.state import EngineState
from tradewind.model.answers import FundingPaid
from tradewind.model.money import ZERO, add, multiply, quantized, subtract

TOLERANCE = Decimal("0.25")  # of the estimate: the venue's mark and rate of that moment are not known to the last digit
LEAST = Decimal("0.000001")
KEPT = 500


class Schedule(msgspec.Struct):
    """When an instrument's funding is due next, at which rate (positive: longs pay), and how far apart they are."""

    due_ns: int | None
    rate: Decimal
    interval_ns: int | None
    passed_ns: int = -1


class Due(msgspec.Struct, frozen=True):
    """One funding that came due while something was held; `estimate` is what it should have moved."""

    instrument: str
    currency: str
    due_ns: int
    quantity: int
    estimate: Decimal


class FundingDues:
    """Which payments are expected. `told` by the venue, `passed` as time goes by, `explain` when cash has moved."""

    def __init__(self, since_ns: int | None = None) -> None:
        """`since_ns` is from when on nobody listened, where a session goes on that had died."""
        self._since_ns = since_ns
        self._schedules: dict[str, Schedule] = {}
        self._dues: list[Due] = []

    def told(self, instrument: str, due_ns: int, rate: Decimal, interval_ns: int | None) -> None:
        """Take the venue's word on the next funding; a time that has passed here is not expected again.

        The first word also tells what came due while nobody listened, as far as the rate was the same.
        """
        known = self._schedules.get(instrument)
        if known is None and self._since_ns is not None and interval_ns:
            due_ns -= min(KEPT, max(0, due_ns - self._since_ns - 1) // interval_ns) * interval_ns
        passed_ns = -1 if known is None else known.passed_ns
        if due_ns > passed_ns:
            self._schedules[instrument] = Schedule(due_ns, rate, interval_ns, passed_ns)

    def passed(self, state: EngineState, now_ns: int) -> None:
        """Note what was held when a funding came due; call it often."""
        for name, schedule in self._schedules.items():
            while (due_ns := schedule.due_ns) is not None and due_ns <= now_ns:
                self._note(state, name, schedule.rate, due_ns)
                schedule.passed_ns = due_ns
                schedule.due_ns = None if schedule.interval_ns is None else due_ns + schedule.interval_ns

    def _note(self, state: EngineState, name: str, rate: Decimal, due_ns: int) -> None:
        market = state.markets.get(name)
        if market is None or market.mark is None or not market.held or not rate:
            return
        value = multiply(market.line.unit_value, market.held * market.mark)
        estimate = multiply(value, rate).copy_negate()
        self._dues.append(Due(name, market.instrument.quote, due_ns, market.held, estimate))
        del self._dues[:-KEPT]

    def explain(self, currency: str, gap: Decimal, now_ns: int) -> list[FundingPaid]:
        """Return the payments that a difference in cash is, oldest first; [] when it is something else.

        As many of the oldest dues are taken as fit best: the latest may not have been paid when the balance was read.
        """
        dues = [due for due in self._dues if due.currency == currency]
        best: tuple[Decimal, int] | None = None
        expected = leeway = ZERO
        for count, due in enumerate(dues, 1):
            expected, leeway = add(expected, due.estimate), add(leeway, abs(due.estimate))
            off = abs(subtract(gap, expected))
            if gap and off <= max(LEAST, multiply(leeway, TOLERANCE)) and (best is None or off <= best[0]):
                best = off, count
        if best is None:
            return []
        taken = dues[: best[1]]
        self._dues = [due for due in self._dues if due not in taken]
        return list(_shares(gap, taken, now_ns))


def _shares(gap: Decimal, dues: list[Due], now_ns: int) -> Iterable[FundingPaid]:
    """Yield what each due was paid: as estimated, and the last what is left of the whole."""
    left = gap
    for number, due in enumerate(dues, 1):
        part = left if number == len(dues) else quantized(due.estimate)
        left = subtract(left, part)
        yield FundingPaid(due.instrument, now_ns, part, due.quantity, f"{due.instrument}:{due.due_ns}")
