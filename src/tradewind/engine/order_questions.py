"""What is asked of the venue until an order is known: the questions, their pace, and how much evidence is enough."""

import msgspec

SECOND_NS = 1_000_000_000


class FindOrder(msgspec.Struct, frozen=True):
    """Look for one order, live and done, by its own name: answer with `order_seen` or `order_absent`."""

    order_id: str
    venue_id: str


class FetchFills(msgspec.Struct, frozen=True):
    """Fetch the executions of one order: answer with `fills_seen`."""

    order_id: str
    venue_id: str


class SendCancel(msgspec.Struct, frozen=True):
    """Ask the venue to cancel (again, if that is still wanted): answer with `cancel_answered`."""

    order_id: str
    venue_id: str


Query = FindOrder | FetchFills | SendCancel


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """When to ask again, and how much evidence is enough. Steps are waits after the first, second, ... question.

    `visible_ns` is the venue's read-after-write window: within it "not found" says nothing. After it `absences` looks,
    `apart_ns` from each other, each complete and targeted, show that an order never arrived. What the quick steps have
    not settled is asked every `slow_ns`, with an alarm.
    """

    steps_ns: tuple[int, ...] = (SECOND_NS // 2, SECOND_NS, 2 * SECOND_NS, *([3 * SECOND_NS] * 12))
    slow_ns: int = 45 * SECOND_NS
    visible_ns: int = 15 * SECOND_NS
    apart_ns: int = 2 * SECOND_NS
    absences: int = 3
    vanished: int = 6
    cancels: int = 5
    skew_ns: int = 60 * SECOND_NS

    def wait_ns(self, asked: int) -> int:
        """Return how long to wait after `asked` questions of one kind."""
        return self.steps_ns[asked - 1] if asked <= len(self.steps_ns) else self.slow_ns


class Question:
    """Something to ask the venue until it is settled: when next, and how often so far. Idle while `due_ns` is None."""

    __slots__ = ("asked", "due_ns")

    def __init__(self) -> None:
        self.asked = 0
        self.due_ns: int | None = None

    def want(self, now_ns: int) -> None:
        """Ask soon, unless a question is already waiting for its turn."""
        if self.due_ns is None:
            self.asked, self.due_ns = 0, now_ns

    def bring_forward(self, due_ns: int, now_ns: int) -> None:
        """Do not wait beyond `due_ns`, from when on an answer counts, for a question that is still to be asked."""
        if self.due_ns is not None and now_ns < due_ns < self.due_ns:
            self.due_ns = due_ns

    def settle(self) -> None:
        """Nothing is left to ask."""
        self.asked, self.due_ns = 0, None

    def take(self, now_ns: int, pace: Pace) -> bool:
        """Return whether to ask now; if so, the next time is set."""
        if self.due_ns is None or now_ns < self.due_ns:
            return False
        self.asked += 1
        self.due_ns = now_ns + pace.wait_ns(self.asked)
        return True
