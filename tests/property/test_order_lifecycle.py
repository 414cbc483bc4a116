"""Whatever a venue says of an order, doubled, late or out of order: the table holds, and what was filled stays filled.

Random answers go to a live engine and, beside it, to a naive account of one order written from the words of the table.
A move that the table does not have stops the engine, and changes nothing that was booked.
"""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine_rig import Desk, config
from tradewind.model import answers as a
from tradewind.model.commands import CancelAll
from tradewind.model.errors import StateError
from tradewind.model.intents import TargetQuantity
from tradewind.model.orders import Liquidity, Side
from tradewind.orders.lifecycle import TERMINAL, OrderStatus

QUANTITY = 10
WORDS = ("accept", "wake", "fill", "fill again", "overfill", "ask", "cancel", "keep", "reject", "time out", "amend")

steps = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(1, 6)), min_size=1, max_size=14)


class Naive:
    """One order told in words: where it is, what was filled, and which fills were seen."""

    def __init__(self) -> None:
        self.status = "SENT"
        self.quantity = QUANTITY
        self.filled = 0
        self.fills: list[int] = []

    @property
    def over(self) -> bool:
        return self.status in ("FILLED", "CANCELED", "REJECTED")

    def may(self, word: str, size: int) -> bool:
        """Return whether the table has this move."""
        if word == "fill":
            return self.filled + size <= self.quantity
        if word == "overfill":
            return False
        if word == "keep":
            return self.over or self.status in ("CANCELING", "UNKNOWN")
        if word == "reject":
            return self.status != "PARTIAL"
        return True

    def take(self, word: str, size: int) -> None:
        if word == "fill":
            self.filled += size
            self.fills.append(size)
            self.status = self._after_fill()
        elif word == "amend" and not self.over:
            self.quantity = self.filled + size
        elif not self.over:
            self.status = {
                "accept": {"SENT": "OPEN", "UNKNOWN": "OPEN"}.get(self.status, self.status),
                "wake": {"SENT": "OPEN", "UNKNOWN": "OPEN"}.get(self.status, self.status),
                "ask": self.status if self.status == "UNKNOWN" else "CANCELING",
                "cancel": "CANCELED",
                "keep": "OPEN",
                "reject": "REJECTED",
                "time out": "UNKNOWN",
            }.get(word, self.status)

    def _after_fill(self) -> str:
        if self.filled == self.quantity:
            return "FILLED"
        return {"CANCELING": "CANCELING", "CANCELED": "CANCELED", "REJECTED": "CANCELED"}.get(self.status, "PARTIAL")


def answer(word: str, size: int, naive: Naive) -> a.VenueAnswer | CancelAll:
    order_id = "test-1"
    number = len(naive.fills) + (word != "fill again")
    if word in ("fill", "fill again", "overfill"):
        size = {"fill": size, "fill again": (naive.fills or [size])[-1], "overfill": QUANTITY + 1}[word]
        fill_id = f"fill-{number}"
        return a.OrderFilled(order_id, fill_id, 1, "BTC-USD", Side.BUY, size, 10_000, Liquidity.TAKER, Decimal("0.01"))
    made: dict[str, a.VenueAnswer | CancelAll] = {
        "accept": a.OrderAccepted(order_id, 1, QUANTITY),
        "wake": a.OrderTriggered(order_id, 1),
        "ask": CancelAll(1),
        "cancel": a.OrderCanceled(order_id, 1, "REQUESTED"),
        "keep": a.CancelRejected(order_id, 1, "TOO_LATE"),
        "reject": a.OrderRejected(order_id, 1, "NO"),
        "time out": a.OrderUnknown(order_id, 1, "TIMEOUT"),
        "amend": a.OrderAmended(order_id, 1, naive.filled + size, "REDUCE_ONLY"),
    }
    return made[word]


def test_an_order_moves_along_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()

    @given(steps)
    def check(words: list[tuple[str, int]]) -> None:
        seen["cases"] += 1
        desk, naive = Desk(config([TargetQuantity(Decimal("0.010"))])), Naive()
        desk.bar()
        order = desk.state.orders["test-1"]
        for word, size in words:
            if word == "fill again" and not naive.fills:
                continue
            before, was_over = order.filled, order.status in TERMINAL
            event = answer(word, size, naive)
            if word != "fill again" and not naive.may(word, size):
                with pytest.raises(StateError):
                    desk.take(event)
                seen[f"refused {word}"] += 1
                assert order.filled == before
                return
            if word != "fill again":
                naive.take(word, size)
            desk.take(event)
            assert (order.status.name, order.filled, order.quantity) == (naive.status, naive.filled, naive.quantity)
            assert order.filled >= before
            assert desk.position() == naive.filled
            assert desk.state.markets["BTC-USD"].open_buys == (0 if naive.over else naive.quantity - naive.filled)
            seen[word] += 1
            seen["late fill"] += word == "fill" and was_over
            seen[f"in {naive.status}"] += 1

    check()
    wanted = [*(word for word in WORDS if word != "overfill"), "late fill", "refused overfill", "refused fill"]
    wanted += ["refused keep", "refused reject", *(f"in {each.name}" for each in OrderStatus if each.name != "PENDING")]
    with capsys.disabled():
        print(
            "\n".join([f"\norder lifecycle: {seen['cases']} cases", *(f"  {seen[name]:8d}  {name}" for name in wanted)])
        )
    assert not [name for name in wanted if not seen[name]]
