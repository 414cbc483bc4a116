"""What the orders of a kept run cost: its audit stream against its bars, for cost analysis.

Counted are orders that a strategy asked for, market and limit; exits that the engine tied to a position are not. The
children of a plan are one order. The arrival price is the mark of the decision, of a plan the mid. The counterfactual
is a market order at the next open, with the run's spread, slippage and taker fee at the opening volume. What did not
fill is priced at the close when its order ended.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.engine.parents import CHILD, parent_of
from tradewind.execution.cost_report import PaidFill, WorkedOrder
from tradewind.model.answers import OrderCanceled, OrderFilled, OrderRejected
from tradewind.model.decisions import Approved, Decided
from tradewind.model.fees import FeeTier, fee_amount
from tradewind.model.instrument import Instrument
from tradewind.model.money import add, multiply
from tradewind.model.orders import OrderKind, Side
from tradewind.model.plans import CostEstimate, Planned
from tradewind.research.series import BarSeries
from tradewind.simulation.settings import SimulationSettings

MARKOUT_BARS = (1, 4)
SECOND_NS = 1_000_000_000
BPS = Decimal(10_000)


class RunOrders(msgspec.Struct, frozen=True):
    """The orders of a run, and how many were left out: without a fixed quantity, a mark or a bar after them."""

    orders: tuple[WorkedOrder, ...]
    left_out: int


def run_orders(
    records: Iterable[object],
    series: Mapping[str, BarSeries],
    strategies: Mapping[str, str],
    settings: SimulationSettings,
    tier: FeeTier,
) -> RunOrders:
    """Return the orders of an audit stream for cost analysis; `strategies` names each bot's strategy."""
    asked: dict[str, Wanted] = {}
    plans: dict[str, Planned] = {}
    fills: dict[str, list[OrderFilled]] = {}
    ended_ns: dict[str, int] = {}
    for record in records:
        if isinstance(record, Decided):
            if _asked_for(record) and record.order is not None:
                name = parent_of(record.order.order_id) or record.order.order_id
                planned = plans.get(name)
                asked.setdefault(name, _of_order(record) if planned is None else _of_plan(planned))
        elif isinstance(record, Planned):
            plans[record.order_id] = record
        elif isinstance(record, OrderFilled):
            fills.setdefault(_name(record.order_id, plans), []).append(record)
        elif isinstance(record, (OrderCanceled, OrderRejected)):
            ended_ns[_name(record.order_id, plans)] = record.ts_ns
    found: list[WorkedOrder] = []
    for name, each in asked.items():
        if each.quantity is None or each.arrival is None or each.arrival <= 0 or each.instrument not in series:
            continue
        bars = series[each.instrument]
        next_bar = int(np.searchsorted(bars.open_ns, each.ts_ns))
        if next_bar >= len(bars):
            continue
        found.append(
            _worked(name, each, bars, next_bar, fills.get(name, []), ended_ns.get(name), strategies, settings, tier)
        )
    return RunOrders(tuple(found), len(asked) - len(found))


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An order or a whole parent before anything came of it; `arrival` in quote currency."""

    ts_ns: int
    bots: frozenset[str]
    instrument: str
    side: Side
    quantity: int | None
    arrival: Decimal | None
    estimate: CostEstimate | None = None


def _of_order(decided: Decided) -> Wanted:
    request = decided.order
    if request is None:
        raise TypeError("only an order can be compared")
    return Wanted(
        ts_ns=decided.ts_ns,
        bots=frozenset(share.bot for share in decided.shares) or frozenset((decided.bot,)),
        instrument=request.instrument,
        side=request.side,
        quantity=request.quantity,
        arrival=Decimal(decided.mark),
    )


def _of_plan(planned: Planned) -> Wanted:
    plan = planned.plan
    return Wanted(
        ts_ns=planned.ts_ns,
        bots=frozenset((planned.bot,)),
        instrument=plan.instrument,
        side=plan.side,
        quantity=plan.quantity,
        arrival=plan.arrival,
        estimate=plan.estimate,
    )


def _name(order_id: str, plans: Mapping[str, Planned]) -> str:
    """Return the name that an order's cost is told under: its parent's, where it is a child and protects none."""
    parent = parent_of(order_id)
    return parent if parent in plans and order_id.rpartition(CHILD)[2].isdigit() else order_id


def _asked_for(decided: Decided) -> bool:
    request = decided.order
    return (
        request is not None
        and isinstance(decided.outcome, Approved)
        and not isinstance(decided.intent, str)
        and request.after is None
        and request.kind in {OrderKind.MARKET, OrderKind.LIMIT}
    )


def _worked(
    name: str,
    wanted: Wanted,
    bars: BarSeries,
    next_bar: int,
    fills: list[OrderFilled],
    ended_ns: int | None,
    strategies: Mapping[str, str],
    settings: SimulationSettings,
    tier: FeeTier,
) -> WorkedOrder:
    instrument = bars.instrument
    if wanted.quantity is None or wanted.arrival is None:
        raise TypeError("only an order of a fixed quantity can be compared")
    quantity = _base(instrument, wanted.quantity)
    market_price = _market_price(instrument, wanted.side, int(bars.open[next_bar]), settings)
    return WorkedOrder(
        order_id=name,
        strategy="+".join(sorted({strategies.get(bot, bot) for bot in wanted.bots})),
        side=wanted.side,
        quantity=quantity,
        decided_ns=wanted.ts_ns,
        arrival=multiply(wanted.arrival, instrument.price_unit),
        fills=tuple(_paid(bars, fill) for fill in fills),
        end_price=_close_at(bars, ended_ns),
        market_price=market_price,
        market_fee=fee_amount(multiply(quantity, market_price), tier.taker),
        estimate=wanted.estimate,
    )


def _market_price(instrument: Instrument, side: Side, opened: int, settings: SimulationSettings) -> Decimal:
    """The open with half spread and slippage, on the tick against the order."""
    worse = add(settings.half_spread_bps, settings.slippage_bps) / BPS
    price = instrument.price_decimal(opened)
    # A stop rounds away from the market: just what a market order's price does.
    return instrument.price_decimal(instrument.stop_price(price * (1 + side * worse), side))


def _paid(bars: BarSeries, fill: OrderFilled) -> PaidFill:
    later: dict[str, Decimal] = {}
    last_ns = int(bars.open_ns[-1]) + bars.span_ns
    for count in MARKOUT_BARS:
        at_ns = fill.ts_ns + count * bars.span_ns
        if at_ns <= last_ns:
            later[str(count * bars.span_ns // SECOND_NS)] = _close_at(bars, at_ns)
    instrument = bars.instrument
    return PaidFill(
        _base(instrument, fill.quantity), instrument.price_decimal(fill.price), fill.liquidity, fill.fee, later
    )


def _close_at(bars: BarSeries, ts_ns: int | None) -> Decimal:
    """The close of the last bar that had ended at a time; of the last one of all without a time."""
    row = len(bars) - 1
    if ts_ns is not None:
        row = max(0, int(np.searchsorted(bars.open_ns, ts_ns - bars.span_ns, side="right")) - 1)
    return bars.instrument.price_decimal(int(bars.close[row]))


def _base(instrument: Instrument, quantity: int) -> Decimal:
    return multiply(instrument.quantity_decimal(quantity), instrument.contract_size)
