"""From a wished weight to a quantity where sizes are measured: by results, volatility, volume and regime (SPEC S7).

What a size allows is for entries: a position that is there is not sold by it, and never held back from getting smaller.
"""

import math
from decimal import Decimal

from tradewind.engine.state import EngineState, Market, Seat, Sizing
from tradewind.model.decisions import Sized
from tradewind.model.money import ratio
from tradewind.model.regime import Regime
from tradewind.portfolio.position_size import NO_EDGE, Measured, measured_size
from tradewind.portfolio.sizing import weight_units

EMPTY = frozenset({"no_edge", "no_size"})


def bar_closed(sizing: Sizing, market: Market) -> None:
    """Take a bar into the instrument's gauge; a wish that came to nothing for want of a size may come to one now."""
    bar = market.bar
    if bar is None:
        return
    instrument = market.instrument
    close = bar.close / 10**instrument.price_scale
    volume = None if bar.volume is None else bar.volume / 10**instrument.volume_scale * close
    if volume is not None and not instrument.is_spot:
        volume *= float(instrument.contract_size)
    sizing.gauges[market.id].take(bar.ts_ns, bar.span_ns, close, volume)
    for seat in market.seats_all:
        if seat.note in EMPTY and not seat.view.position and not seat.working:
            seat.target = None


def measured_units(
    state: EngineState,
    sizing: Sizing,
    market: Market,
    seat: Seat,
    weight: float,
    budget: Decimal,
    mark: int,
) -> tuple[int, str]:
    """Return (signed target in units, note) for a weight of `budget`: at most what is wanted, and what is measured.

    Reasons for nothing are `no_edge` and `no_size`; the record `Sized` names what was binding.
    """
    full, note = weight_units(weight, market.instrument, budget, mark, state.cost_rate)
    if not full:
        return full, note
    wanted = abs(weight) * float(seat.budget)
    gauge = sizing.gauges[market.id]
    reading = None if state.regimes is None else state.regimes.readings.get(market.id)
    regime = None if state.regimes is None else (Regime.UNKNOWN if reading is None else reading.regime)
    results = [] if state.record is None else state.record.of(seat.bot.id, state.now_ns - sizing.rules.record_ns)
    volume, worth = gauge.volume, float(ratio(budget, seat.budget))
    found = measured_size(
        sizing.rules,
        Measured(
            wanted,
            [float(each.net_bps) for each in results],
            gauge.volatility_daily,
            None if volume is None or worth <= 0 else volume / worth,
            regime,
        ),
    )
    _record(state, sizing, market, seat, wanted, found.share, found.binding, found.sizes)
    part = math.copysign(found.share / float(seat.budget), weight) if found.share > 0 else 0.0
    allowed, _ = weight_units(part, market.instrument, budget, mark, state.cost_rate)
    held = seat.view.position
    kept = abs(held) if held * full > 0 else 0
    units = min(abs(full), max(abs(allowed), kept))
    if not units:
        note = "no_size"
        if found.binding == NO_EDGE:
            note = "no_edge"
        return 0, note
    return units if full > 0 else -units, note


def _record(
    state: EngineState,
    sizing: Sizing,
    market: Market,
    seat: Seat,
    wanted: float,
    share: float,
    binding: str,
    sizes: dict[str, float],
) -> None:
    key = (seat.bot.id, market.id)
    known = sizing.told.get(key)
    if known is not None and (known.wanted, known.share, known.binding) == (wanted, share, binding):
        return
    told = Sized(state.sequence, state.now_ns, seat.bot.id, market.id, wanted, share, binding, sizes)
    sizing.told[key] = told
    state.audit.append(told)
