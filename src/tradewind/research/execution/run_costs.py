"""What the orders of a kept run cost: its audit stream against its bars, for cost analysis.

Counted are orders that a strategy asked for, market and limit; exits that the engine tied to a position are not. The
arrival price is the mark of the decision. The counterfactual is a market order at the next open, with the run's spread,
slippage and taker fee at the opening volume. What did not fill is priced at the close when its order ended.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.execution.cost_report import PaidFill, WorkedOrder
from tradewind.model.answers import OrderCanceled, OrderFilled, OrderRejected
from tradewind.model.decisions import Approved, Decided
from tradewind.model.fees import FeeTier, fee_amount
from tradewind.model.instrument import Instrument
from tradewind.model.money import add, multiply
from tradewind.model.orders import OrderKind, Side
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
    decided: list[Decided] = []
    fills: dict[str, list[OrderFilled]] = {}
    ended_ns: dict[str, int] = {}
    for record in records:
        if isinstance(record, Decided):
            decided.append(record)
        elif isinstance(record, OrderFilled):
            fills.setdefault(record.order_id, []).append(record)
        elif isinstance(record, (OrderCanceled, OrderRejected)):
            ended_ns[record.order_id] = record.ts_ns
    found: list[WorkedOrder] = []
    asked = [each for each in decided if _asked_for(each)]
    for each in asked:
        request = each.order
        if request is None or request.quantity is None or each.mark <= 0 or request.instrument not in series:
            continue
        bars = series[request.instrument]
        next_bar = int(np.searchsorted(bars.open_ns, each.ts_ns))
        if next_bar >= len(bars):
            continue
        found.append(
            _worked(each, bars, next_bar, fills.get(request.order_id, []), ended_ns, strategies, settings, tier)
        )
    return RunOrders(tuple(found), len(asked) - len(found))


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
    decided: Decided,
    bars: BarSeries,
    next_bar: int,
    fills: list[OrderFilled],
    ended_ns: Mapping[str, int],
    strategies: Mapping[str, str],
    settings: SimulationSettings,
    tier: FeeTier,
) -> WorkedOrder:
    request, instrument = decided.order, bars.instrument
    if request is None or request.quantity is None:
        raise TypeError("only an order of a fixed quantity can be compared")
    quantity = _base(instrument, request.quantity)
    market_price = _market_price(instrument, request.side, int(bars.open[next_bar]), settings)
    bots = {share.bot for share in decided.shares} or {decided.bot}
    return WorkedOrder(
        order_id=request.order_id,
        strategy="+".join(sorted({strategies.get(bot, bot) for bot in bots})),
        side=request.side,
        quantity=quantity,
        decided_ns=decided.ts_ns,
        arrival=instrument.price_decimal(decided.mark),
        fills=tuple(_paid(bars, fill) for fill in fills),
        end_price=_close_at(bars, ended_ns.get(request.order_id)),
        market_price=market_price,
        market_fee=fee_amount(multiply(quantity, market_price), tier.taker),
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
