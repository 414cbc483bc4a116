"""What the engine asks of the world. The driver carries effects out; the answers come back as events."""

import msgspec

from tradewind.model.decisions import ReviewRequest
from tradewind.model.orders import OrderRequest


class SubmitOrder(msgspec.Struct, frozen=True, gc=False, tag="submit"):
    request: OrderRequest


class CancelOrder(msgspec.Struct, frozen=True, gc=False, tag="cancel"):
    order_id: str


class SetTimer(msgspec.Struct, frozen=True, gc=False, tag="set_timer"):
    due_ns: int
    key: str


class Ask(msgspec.Struct, frozen=True, gc=False, tag="ask"):
    """Put a stage's question to somebody else; no answer by the deadline means Refused."""

    stage: str
    request_id: int
    value: ReviewRequest
    deadline_ns: int


class Alarm(msgspec.Struct, frozen=True, gc=False, tag="alarm"):
    """Something an operator must see now."""

    ts_ns: int
    name: str
    text: str


class Estimate(msgspec.Struct, frozen=True, gc=False, tag="estimate"):
    """Ask for what follows from these rows of returns; the answer comes back as the event `Fitted` of this kind.

    Nothing leaves the process, and where nobody answers nothing changes.
    """

    ts_ns: int
    kind: str
    rows: tuple[tuple[float, ...], ...]
    before: tuple[float, ...]
    cost_rate: float


Effect = SubmitOrder | CancelOrder | SetTimer | Ask | Alarm | Estimate
