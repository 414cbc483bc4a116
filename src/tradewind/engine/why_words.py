"""What a scene and a size say in words: the regime with its odds, the budget and who set it, amounts in their units."""

from decimal import Decimal

from tradewind.engine.state import EngineState, Seat
from tradewind.model.decisions import ReviewRequest
from tradewind.model.instrument import Instrument
from tradewind.model.money import plain
from tradewind.model.regime import CLASSES, RegimeReading

DRAWDOWN = "drawdown"


def regime_words(reading: RegimeReading) -> str:
    """Return a regime with its confidence, who told it, all odds and what was missing."""
    told = f"{reading.regime.value}, confidence {reading.confidence:.2f}"
    if not any(reading.probabilities):
        return f"{told}: {reading.reason}" if reading.reason else told
    pairs = zip(CLASSES, reading.probabilities, strict=True)
    odds = ", ".join(f"{name.value.lower()} {100 * chance:.0f} %" for name, chance in pairs)
    flags = f"; {', '.join(reading.flags)}" if reading.flags else ""
    return f"{told}, by {reading.source.value}: {odds}{flags}"


def budget_words(state: EngineState, seat: Seat) -> str:
    """Return a bot's share of equity in an instrument, and what made it so where it is not its own."""
    told = f"{100 * seat.budget:.2f} % of equity"
    own, weights = f"its own is {100 * seat.base_budget:.2f} %", seat.market.weights
    if weights is not None:
        family = seat.bot.spec.family
        if not isinstance(family, str):
            return f"{told}, its own: it has no family that regimes could give a part"
        return f"{told}, by the regime: {100 * weights.get(family, 0.0):.1f} % for the family {family}; {own}"
    if state.budgets is not None:
        return f"{told}, by results ({state.budgets.rules.method}); {own}"
    return told


def fall_words(state: EngineState) -> str:
    """Return how far the account is below its peak, in amounts; nothing while its worth is not known."""
    equity, currency = state.equity(), state.config.currency
    if equity is None or state.peak <= 0:
        return ""
    fall = 100 * (1 - equity / state.peak)
    return f"; {amount(equity, currency)} now, {fall:.2f} % below {amount(state.peak, currency)}"


def quantity_words(quantity: int, question: ReviewRequest) -> str:
    """Return a quantity with what it is worth at the price the review used, also as a share of equity."""
    instrument = question.instrument
    told = f"{plain(instrument.quantity_decimal(quantity))} {unit(instrument)}"
    if question.price is None:
        return told
    worth = instrument.notional(quantity, question.price)
    share = f", {100 * worth / question.equity:.1f} % of equity" if question.equity and worth else ""
    return f"{told} ({amount(worth, instrument.quote)}{share})"


def amount(value: Decimal, currency: str) -> str:
    """Return an amount of money for people: grouped, to the cent."""
    return f"{value:,.2f} {currency}"


def unit(instrument: Instrument) -> str:
    """Return what an instrument's quantities count."""
    return instrument.base or "contracts"
