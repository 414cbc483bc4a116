"""Decisions as values: the question put to risk, its answer, and the record of why or why not (SPEC K1, S10)."""

from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from tradewind.model.instrument import Instrument
from tradewind.model.intents import Intent
from tradewind.model.orders import OrderRequest
from tradewind.model.regime import Regime, RegimeSource


class TailShape(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a fit says of the account's loss in a bad day, as seen from one instrument; amounts in its quote currency.

    With x held of it, worth x with its sign, the account's daily variance is `rest + 2 pull x + own x^2`, and its VaR
    `multiplier` times the root. `rest` is the variance of everything else, `pull` the covariance with it.
    """

    rest: float
    pull: float
    own: float
    multiplier: float


class ReviewRequest(msgspec.Struct, frozen=True, gc=False):
    """Everything risk needs to know about one order, as one self-contained value.

    Quantities in units of the instrument, amounts in the account's currency. Open and in-doubt orders count as filled
    in the worst direction: `position`, `open_buys` and `open_sells` are the account's, before this order; `exposure` is
    the worst-case gross notional of all other instruments, `squares` the sum of its squares (worked out only when the
    check of concentration is on). None means missing, and missing refuses. From `halted` on there is something to say
    only under a mode, a lock, or a limit on the number of orders; `regime` says which regime takes no new risk, `tail`
    how the account's loss in a bad day depends on this instrument (only where VaR or correlation is checked);
    `instrument_orders` have been sent on this instrument within a minute, and the next may go in `instrument_wait_ns`.
    `entry` says why a bot may open nothing here (only where tiers or edges are held to).
    `backing` is what stands behind a perpetual's position before this order (its own profit included); unset, that is
    equity.
    """

    order: OrderRequest
    instrument: Instrument
    ts_ns: int
    price: int | None
    mark: int | None
    reference: int | None
    data_age_ns: int | None
    taker_rate: Decimal
    equity: Decimal | None
    free_cash: Decimal
    free_base: int
    position: int
    bot_position: int
    open_buys: int
    open_sells: int
    exposure: Decimal | None
    halted: str | None = None
    reduce_only: str | None = None
    locked: str | None = None
    orders_minute: int = 0
    orders_hour: int = 0
    orders_day: int = 0
    since_last_order_ns: int | None = None
    squares: Decimal | None = None
    regime: str | None = None
    tail: TailShape | None = None
    impact_bps: Decimal | None = None
    instrument_orders: int = 0
    instrument_wait_ns: int | None = None
    entry: str | None = None
    backing: Decimal | UnsetType | None = UNSET


class Finding(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One check that did not pass: its name and the number against the limit, as text that is exact."""

    check: str
    number: str
    limit: str


class Approved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="approved"):
    """The order may go: `needed` is the money (a spot buy, a perpetual) or the quantity (a spot sell) that it takes up.

    A spot buy holds it until it has filled. Beside it are the numbers it was held against: equity, what is free, and
    for an order that adds risk the worst-case notional of its instrument and of everything. The full list of checks is
    rendered by asking the reviewer again.
    """

    needed: Decimal | int = 0
    free: Decimal | int = 0
    equity: Decimal | None = None
    worst: Decimal | None = None
    gross: Decimal | None = None


class Refused(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="refused"):
    """The order may not go, for all the reasons found; `numbers` are the values of all checks that are on, in order."""

    findings: tuple[Finding, ...]
    numbers: tuple[Decimal | int | None, ...] = ()


class Share(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One bot's part of an order, fixed before the order is sent."""

    bot: str
    intent: int
    quantity: int


class Decided(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="decided"):
    """A decision that led to an order or a refusal, kept as values and rendered only when asked.

    `intent` is what the strategy wanted, or a word for what the engine did by itself (`protect`); `signal` are the
    declared indicator values it was decided on.
    """

    sequence: int
    ts_ns: int
    bot: str
    intent: Intent | str
    signal: tuple[float, ...]
    mark: int
    order: OrderRequest | None
    shares: tuple[Share, ...]
    outcome: Approved | Refused


class InRegime(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="in_regime"):
    """The regime of an instrument where it changed, and where something was decided: at event `sequence`.

    `ts_ns` is the close of the bars that it was told from; `reason` is why it is UNKNOWN, else empty.
    """

    sequence: int
    ts_ns: int
    instrument: str
    regime: Regime
    confidence: float
    source: RegimeSource
    flags: tuple[str, ...] = ()
    reason: str = ""


class Sized(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="sized"):
    """How large a bot may be in an instrument, where sizes are measured; told again only when it is another size.

    `wanted` and `share` are shares of equity, `binding` names what decided, `sizes` are all that were compared.
    """

    sequence: int
    ts_ns: int
    bot: str
    instrument: str
    wanted: float
    share: float
    binding: str
    sizes: dict[str, float]


class Allotted(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="allotted"):
    """Budgets that came into force: each bot's weight in what is shared, and what a switch to them would cost.

    `turnover` is one-way; `cost` is a share of what is shared, if all of it were traded at once.
    """

    sequence: int
    ts_ns: int
    method: str
    weights: dict[str, float]
    turnover: float
    cost: float


class Quiet(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="quiet"):
    """A run of events at which a bot did nothing, for one reason."""

    first: int
    last: int
    bot: str
    instrument: str
    reason: str


class Alarmed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="alarmed"):
    """An operator was told something that follows from no other record."""

    ts_ns: int
    name: str
    text: str


class Crossed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="crossed"):
    """Opposite intents of two bots met inside the account: at the mark, without fee, no venue involved."""

    sequence: int
    ts_ns: int
    instrument: str
    buyer: str
    seller: str
    quantity: int
    price: int
