"""One parent order on a tape: worked by its plan, and sent as one market order, both at the simulated venue.

The parent is looked at every second and whenever the venue answers, as a session would. What has not filled at the end
of the horizon is bought or sold then with a market order and charged as a taker; nothing is left out of the cost.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from tradewind.execution.algorithms.machine import step
from tradewind.execution.algorithms.states import AlgorithmState
from tradewind.execution.algorithms.values import CancelChild, ChildEnded, ChildFilled, ChildIntent, Observation
from tradewind.execution.planner import MarketFigures, PlannerSettings, begin, plan_order
from tradewind.execution.tca import Execution, implementation_shortfall
from tradewind.model.answers import OrderCanceled, OrderFilled, OrderRejected, VenueAnswer
from tradewind.model.errors import StateError
from tradewind.model.fees import flat_fees
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import BookSnapshot, MarketEvent, TradePrint
from tradewind.model.money import ZERO
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side
from tradewind.model.plans import ExecutionPlan, PlanRefused, Urgency
from tradewind.research.execution.tapes import Tape
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import OpeningAccount, OpeningPosition, QueueModel, SimulationSettings

LOOK_NS = 1_000_000_000
GRACE_NS = 2_000_000_000
MARKOUTS_S = (1, 5, 60, 300)
CASH = Decimal(10) ** 15
LATENCY_NS = 50_000_000
REST = "rest"


class Filled(msgspec.Struct, frozen=True):
    """One execution in units; `charged` ones are of the rest that was taken at the end of the horizon."""

    ts_ns: int
    quantity: int
    price: int
    maker: bool
    charged: bool = False


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What one way of executing cost, before fees in bps of the parent at its arrival mid, and what fees apply to.

    `maker` and `taker` are notionals as shares of the parent's at the arrival mid. Markouts are bps by horizon,
    weighted by quantity, of the fills that waited for somebody (maker) where there are any.
    """

    slippage_bps: float
    maker: float
    taker: float
    fills_maker: int
    fills_taker: int
    filled_share: float
    charged_share: float
    seconds: float
    children: int
    reprices: int
    markouts: dict[str, float]

    def all_in_bps(self, maker_rate: float, taker_rate: float) -> float:
        """Return slippage and fees together."""
        return self.slippage_bps + 1e4 * (self.maker * maker_rate + self.taker * taker_rate)


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One parent both ways; `slot` numbers the starts of its tape in the order of time.

    `measured` is what its fills say of its offset, from `over_ns` on: the offset, what was asked for and what filled as
    maker, in units; None where it was never posted.
    """

    tape: str
    slot: int
    start_ns: int
    side: Side
    notional: float
    route: str
    estimate_bps: float
    ours: Way
    market: Way
    over_ns: int
    measured: tuple[int, int, int] | None


class Desk:
    """One venue with one account that has enough of everything, and the executions of one parent there."""

    def __init__(self, instrument: Instrument, book: BookSnapshot) -> None:
        held = 10**15 * instrument.lot
        settings = SimulationSettings(
            fees=flat_fees(ZERO, ZERO),
            entry_latency_ns=LATENCY_NS,
            response_latency_ns=LATENCY_NS,
            queue_model=QueueModel.RISK_AVERSE,
        )
        positions = (OpeningPosition(instrument.id, held, Decimal(1)),) if instrument.is_spot else ()
        self.venue = BookVenue([instrument], settings, OpeningAccount(cash=CASH, positions=positions))
        self.venue.on_event(book)
        self.instrument = instrument
        self.fills: list[Filled] = []

    def send(self, order_id: str, side: Side, quantity: int, price: int | None, ts_ns: int) -> None:
        """Send a market order, or with a price a post-only one."""
        self.venue.submit(
            OrderRequest(
                order_id,
                self.instrument.id,
                side,
                OrderKind.MARKET if price is None else OrderKind.LIMIT,
                quantity,
                price,
                post_only=price is not None,
            ),
            ts_ns,
        )

    def hear(self, answers: Sequence[VenueAnswer]) -> list[ChildFilled | ChildEnded]:
        """Note the executions; return what an algorithm is told of its children."""
        told: list[ChildFilled | ChildEnded] = []
        for answer in answers:
            if isinstance(answer, OrderFilled):
                charged = answer.order_id == REST
                maker = answer.liquidity is Liquidity.MAKER
                self.fills.append(Filled(answer.ts_ns, answer.quantity, answer.price, maker, charged))
                if not charged:
                    told.append(ChildFilled(int(answer.order_id), answer.quantity))
            elif isinstance(answer, (OrderCanceled, OrderRejected)) and answer.order_id != REST:
                told.append(ChildEnded(int(answer.order_id), answer.reason, isinstance(answer, OrderRejected)))
        return told


def run_trial(
    tape: Tape,
    first: int,
    book: BookSnapshot,
    slot: int,
    side: Side,
    notional: Decimal,
    market: MarketFigures,
    settings: PlannerSettings,
    horizon_ns: int,
) -> Trial | None:
    """Return one parent both ways, from event `first` of a tape on; None where no plan can be made there."""
    instrument, start_ns = tape.instrument, book.ts_ns
    price = instrument.price_decimal(market.ask if side is Side.BUY else market.bid)
    quantity = instrument.order_quantity(notional / price / instrument.contract_size)
    plan = plan_order(instrument, side, quantity, Urgency.LOW, market, settings)
    if isinstance(plan, PlanRefused):
        return None
    end_ns = start_ns + horizon_ns
    ours, state, over_ns = _work(tape, first, book, plan, market, end_ns)
    made = sum(fill.quantity for fill in ours.fills if fill.maker)
    sent = _send_at_once(tape, first, book, plan)
    return Trial(
        tape=tape.name,
        slot=slot,
        start_ns=start_ns,
        side=side,
        notional=float(plan.notional),
        route=plan.route.value,
        estimate_bps=plan.estimate.total_bps,
        ours=_cost(tape, plan, ours.fills, start_ns, end_ns, state),
        market=_cost(tape, plan, sent.fills, start_ns, end_ns, None),
        over_ns=over_ns,
        measured=None if plan.maker is None else (plan.maker.offset_ticks, plan.quantity, min(made, plan.quantity)),
    )


def _work(
    tape: Tape, first: int, book: BookSnapshot, plan: ExecutionPlan, market: MarketFigures, end_ns: int
) -> tuple[Desk, AlgorithmState, int]:
    """Work a plan until it is over or its time is, then take what is left; return also when that was."""
    desk = Desk(tape.instrument, book)
    state = begin(plan, tape.instrument, book.ts_ns, market.bid, market.ask)
    told: list[ChildFilled | ChildEnded] = []
    volume, look_ns = 0, book.ts_ns
    stop_ns = end_ns + GRACE_NS
    index, count = first, len(tape.events)
    while not state.over and look_ns <= stop_ns:
        event = tape.events[index] if index < count else None
        if event is None or event.ts_ns >= look_ns:
            told += desk.hear(desk.venue.advance(look_ns))
            state = _look(tape, desk, state, look_ns, volume, told)
            told, volume = [], 0
            look_ns += LOOK_NS
            continue
        index += 1
        volume += event.quantity if isinstance(event, TradePrint) else 0
        told += desk.hear(desk.venue.on_event(event))
        if told:
            state = _look(tape, desk, state, event.ts_ns, volume, told)
            told, volume = [], 0
    _take_rest(tape, desk, plan, index, look_ns)
    return desk, state, look_ns


def _look(
    tape: Tape,
    desk: Desk,
    state: AlgorithmState,
    ts_ns: int,
    volume: int,
    told: Sequence[ChildFilled | ChildEnded],
) -> AlgorithmState:
    touch = tape.touch(ts_ns)
    seen = Observation(
        ts_ns=ts_ns,
        bid=None if touch is None else touch.bid,
        ask=None if touch is None else touch.ask,
        bid_size=0 if touch is None else touch.bid_size,
        ask_size=0 if touch is None else touch.ask_size,
        volume=volume,
        answers=tuple(told),
    )
    state, intents = step(state, seen)
    for intent in intents:
        _carry_out(desk, state.parent.side, intent, ts_ns)
    return state


def _carry_out(desk: Desk, side: Side, intent: ChildIntent, ts_ns: int) -> None:
    if isinstance(intent, CancelChild):
        desk.venue.cancel(str(intent.child), ts_ns)
    else:
        desk.send(str(intent.child), side, intent.quantity, intent.price, ts_ns)


def _take_rest(tape: Tape, desk: Desk, plan: ExecutionPlan, index: int, ts_ns: int) -> None:
    """Cancel what is open and take what has not filled, at the book of that time."""
    for name, order in list(desk.venue.orders.items()):
        if order.remaining:
            desk.venue.cancel(name, ts_ns)
    ts_ns += 2 * LATENCY_NS
    desk.hear(desk.venue.advance(ts_ns))
    missing = plan.quantity - sum(fill.quantity for fill in desk.fills)
    if missing > 0:
        desk.send(REST, plan.side, missing, None, ts_ns)
        desk.hear(desk.venue.advance(ts_ns + 2 * LATENCY_NS))


def _send_at_once(tape: Tape, first: int, book: BookSnapshot, plan: ExecutionPlan) -> Desk:
    """The counterfactual: everything as one market order at the start."""
    desk = Desk(tape.instrument, book)
    desk.send("1", plan.side, plan.quantity, None, book.ts_ns)
    until = book.ts_ns + 2 * LATENCY_NS
    for event in _events(tape, first, until):
        desk.hear(desk.venue.on_event(event))
    desk.hear(desk.venue.advance(until))
    return desk


def _events(tape: Tape, first: int, until_ns: int) -> Sequence[MarketEvent]:
    last = first
    while last < len(tape.events) and tape.times_ns[last] <= until_ns:
        last += 1
    return tape.events[first:last]


def _cost(
    tape: Tape, plan: ExecutionPlan, fills: Sequence[Filled], start_ns: int, end_ns: int, state: AlgorithmState | None
) -> Way:
    instrument = tape.instrument
    filled = sum(fill.quantity for fill in fills)
    if filled > plan.quantity:
        raise StateError(f"{filled} filled of {plan.quantity} on {tape.name}: children exceed their parent")
    end_mid = tape.mid_after(min(end_ns, tape.end_ns))
    arrival = plan.arrival * instrument.price_unit
    executions = [_execution(instrument, fill) for fill in fills]
    end = arrival if end_mid is None else instrument.price_unit * Decimal(repr(end_mid))
    wanted = instrument.quantity_decimal(plan.quantity)
    shortfall = implementation_shortfall(plan.side, arrival, wanted, executions, end)
    whole = float(plan.arrival) * plan.quantity
    maker = [fill for fill in fills if fill.maker]
    made = sum(fill.quantity * fill.price for fill in maker) / whole
    charged = sum(fill.quantity for fill in fills if fill.charged)
    return Way(
        slippage_bps=shortfall.bps,
        maker=made,
        # What even the end's book could not fill is charged the taker's fee too.
        taker=sum(fill.quantity * fill.price for fill in fills) / whole - made + 1 - filled / plan.quantity,
        fills_maker=len(maker),
        fills_taker=len(fills) - len(maker),
        filled_share=(filled - charged) / plan.quantity,
        charged_share=1 - (filled - charged) / plan.quantity,
        seconds=_mean_wait(fills, start_ns),
        children=0 if state is None else state.next_child - 1,
        reprices=0 if state is None else state.reprices,
        markouts=_markouts(tape, plan.side, maker or fills),
    )


def _execution(instrument: Instrument, fill: Filled) -> Execution:
    return Execution(
        instrument.quantity_decimal(fill.quantity),
        instrument.price_decimal(fill.price),
        Liquidity.MAKER if fill.maker else Liquidity.TAKER,
    )


def _mean_wait(fills: Sequence[Filled], start_ns: int) -> float:
    total = sum(fill.quantity for fill in fills)
    if not total:
        return 0.0
    return sum(fill.quantity * (fill.ts_ns - start_ns) for fill in fills) / total / 1e9


def _markouts(tape: Tape, side: Side, fills: Sequence[Filled]) -> dict[str, float]:
    """The move of the mid after the fills, in our favour, in bps, by seconds; only of fills that far before the end."""
    found = {}
    for seconds in MARKOUTS_S:
        pairs = [(fill, tape.mid_after(fill.ts_ns + seconds * 1_000_000_000)) for fill in fills]
        known = [(fill, mid) for fill, mid in pairs if mid is not None]
        weight = sum(fill.quantity for fill, _ in known)
        if weight:
            moved = sum(side * (mid - fill.price) / fill.price * fill.quantity for fill, mid in known)
            found[str(seconds)] = 1e4 * moved / weight
    return found
