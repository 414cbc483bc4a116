"""What follows from a regime: it is put on record, and shares an instrument's budget among families of strategies."""

from collections.abc import Mapping
from decimal import Decimal

from tradewind.engine.state import EngineState, Market
from tradewind.model.decisions import InRegime
from tradewind.model.money import ZERO, add, multiply, ratio
from tradewind.model.regime import RegimeReading
from tradewind.portfolio.allocation import RegimeAllocation

PARTS = 1_000_000
"""A weight becomes an exact share of money in millionths: the one seam between the two."""


def take_bar(state: EngineState, market: Market) -> None:
    """Let the regimes be told from the bar that just closed, before any bot is asked about it."""
    watch = state.regimes
    assert watch is not None
    assert market.bar is not None
    before = watch.readings.copy()
    for reading in watch.take(market.bar):
        known, before[reading.instrument] = before.get(reading.instrument), reading
        if known is None or (known.regime, known.source, known.reason) != (
            reading.regime,
            reading.source,
            reading.reason,
        ):
            _record(state, reading)
        if watch.plan.allocation is not None:
            _share(state.markets[reading.instrument], reading, watch.plan.allocation)


def note_regime(state: EngineState, market: Market) -> None:
    """Put on record the regime that a decision is made in, once for each event."""
    watch = state.regimes
    assert watch is not None
    reading = watch.readings.get(market.id)
    if reading is not None and watch.noted.get(market.id) != state.sequence:
        _record(state, reading)


def regime_values(state: EngineState) -> list[object]:
    """Return what later decisions depend on of the regimes, for digests."""
    watch = state.regimes
    assert watch is not None
    budgets = {
        f"{seat.bot.id}/{market.id}": seat.budget for market in state.markets.values() for seat in market.seats_all
    }
    shared = {market.id: market.weights for market in state.markets.values() if market.weights is not None}
    return [watch.values(), *([{}] if watch.plan.allocation is None else [budgets, shared])]


def _record(state: EngineState, reading: RegimeReading) -> None:
    assert state.regimes is not None
    state.regimes.noted[reading.instrument] = state.sequence
    state.audit.append(
        InRegime(
            state.sequence,
            reading.ts_ns,
            reading.instrument,
            reading.regime,
            reading.confidence,
            reading.source,
            reading.flags,
            reading.reason,
        )
    )


def _share(market: Market, reading: RegimeReading, allocation: RegimeAllocation) -> None:
    """Share the instrument's budget among the families of its bots; a bot without a family keeps its own.

    Positions are left alone: a bot meets its new budget at its next entry, so that no trade is paid for by the change.
    """
    if not any(isinstance(seat.bot.spec.family, str) for seat in market.seats_all):
        return
    weights = allocation.next_weights(market.weights, reading)
    if weights is not market.weights:
        market.weights = weights
        share_out(market, weights)


def share_out(market: Market, weights: Mapping[str, float]) -> None:
    """Let the seats of an instrument use what these weights of their families leave them."""
    families: dict[str, list[int]] = {}
    whole = ZERO
    for at, seat in enumerate(market.seats_all):
        if isinstance(seat.bot.spec.family, str):
            families.setdefault(seat.bot.spec.family, []).append(at)
            whole = add(whole, seat.base_budget)
    for family, places in families.items():
        share = _exact(weights, family, len(places))
        for at in places:
            seat = market.seats_all[at]
            seat.budget = multiply(whole, share)
            if not seat.view.position and not seat.working:
                seat.target = None  # a wish that came to nothing may come to something now


def _exact(weights: Mapping[str, float], family: str, members: int) -> Decimal:
    parts = Decimal(int(weights.get(family, 0.0) * PARTS))
    return ratio(parts, Decimal(PARTS * members))
