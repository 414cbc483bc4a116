"""Risk checks in words: what was measured, in units a trader knows, and the limit it was held to (SPEC S10).

A check compares what is exact and cheap: lots, sums of squares, differences scaled by ten thousand. The numbers of a
record stay those that decided; the words say the same as amounts, shares of equity, seconds and basis points.
"""

from collections.abc import Callable
from decimal import Decimal

from tradewind.model.decisions import ReviewRequest
from tradewind.model.money import plain
from tradewind.model.orders import OrderKind, Side
from tradewind.risk.limits import Limits
from tradewind.risk.review import Number, reduces

MODES = {
    "halted": "not halted",
    "reduce_only": "neither reduce-only nor locked",
    "regime_block": "takes new risk",
    "entry_gate": "may be opened",
}
REDUCES = "not asked of an order that only reduces"
ALWAYS = ("instrument_rules", "funds")
NO_FIT = "there is no valid fit of how the instruments move together"
NO_BOOK = "there is no usable book, or it shows less than the order wants"
MISSING = {
    "impact": NO_BOOK,
    "var": NO_FIT,
    "correlation": NO_FIT,
    "data_age": "there is no price whose age could be told",
}
SECOND_NS = 1_000_000_000

Words = Callable[[Number, Number, ReviewRequest, Limits], str]


def check_words(check: str, number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    """Return what a check measured and its limit, in words; for a check that is not known here, the two numbers."""
    if check in MODES:
        return _passed_mode(check, question) if number <= limit else _mode(check, question)
    if check not in ALWAYS and reduces(question):
        return REDUCES
    told = WORDS.get(check)
    return f"{_amount(number)} against {_amount(limit)}" if told is None else told(number, limit, question, limits)


def missing_words(check: str) -> str:
    """Return what a check that refused for want of data had to do without."""
    return MISSING.get(check, "a number that it needs is missing: a mark, the equity, or a currency's rate")


def _passed_mode(check: str, question: ReviewRequest) -> str:
    """A reduction passes in any mode: what holds others back then is told, so that nobody thinks it was not there."""
    if not reduces(question):
        return MODES[check]
    if check in ("regime_block", "entry_gate"):
        return REDUCES
    holding = question.halted if check == "halted" else question.reduce_only or question.locked
    return MODES[check] if holding is None else f"only reduces, which goes on under {holding}"


def _mode(check: str, question: ReviewRequest) -> str:
    if check == "halted":
        return str(question.halted)
    if check == "entry_gate":
        return str(question.entry)
    return str(question.regime if check == "regime_block" else question.reduce_only or question.locked)


def _rules(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    if number <= limit:
        return "on its increments, above its minimums"
    instrument, order = question.instrument, question.order
    sizes = (order.quantity or 0, max(instrument.min_quantity, instrument.lot), instrument.lot)
    quantity, smallest, step = (plain(instrument.quantity_decimal(each)) for each in sizes)
    return (
        f"{quantity} {instrument.base or 'contracts'} breaks {number} of its rules: at least {smallest} and "
        f"{plain(instrument.min_notional)} {instrument.quote}, in steps of {step}"
    )


def _funds(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    instrument = question.instrument
    if instrument.is_spot and question.order.side is Side.SELL:
        held = instrument.quantity_decimal
        return f"sells {plain(held(int(number)))} of {plain(held(int(limit)))} {instrument.base} free"
    if not instrument.is_spot and reduces(question):
        return "needs no margin"
    what = "with its fee" if instrument.is_spot else "of margin, with its fee"
    return f"{_amount(number)} {instrument.quote} {what}, {_amount(limit)} free"


def _order(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    return f"{_amount(number)} {question.instrument.quote}, at most {_amount(limit)}"


def _worst(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    """An amount beside the largest there may be, both also as shares of equity."""
    return (
        f"{_amount(number)} {question.instrument.quote} at worst{_share(number, question)}, "
        f"at most {_amount(limit)}{_share(limit, question)}"
    )


def _margin(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    if question.instrument.maintenance_margin is None:
        return "spot is never liquidated"
    return f"needs {_amount(number)} {question.instrument.quote} of {_amount(limit)} of what stands behind it"


def _concentration(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    most = limits.concentration_max
    if most is None or not limit:
        return "nothing is held"
    return f"Herfindahl index {number * most / limit:.3f} at worst, at most {plain(most)}"


def _slippage(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    if question.order.kind is not OrderKind.LIMIT or question.order.price is None or not question.reference:
        return "names no price that could be a wrong one"
    most = limits.slippage_bps_max
    beyond = Decimal(number) / question.reference
    return f"its limit lies {beyond:.1f} bps beyond the last price, at most {'-' if most is None else plain(most)}"


def _impact(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    if question.order.post_only:
        return "rests, and takes nothing from the book"
    return f"what it takes from the book costs {number:.2f} bps against the mid, at most {plain(Decimal(limit))}"


def _correlation(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    return f"{number:.2f} with what else is held, at most {limit:.2f}"


def _age(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    return f"{number / SECOND_NS:.3g} s old, at most {limit / SECOND_NS:g} s"


def _orders(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    return f"this is order {number}, at most {limit}"


def _orders_here(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    wait_ns = question.instrument_wait_ns
    then = "" if wait_ns is None else f"; the next may go in {wait_ns / SECOND_NS:.1f} s"
    return f"this is order {number} within a minute here, at most {limit}{then}"


def _spacing(number: Number, limit: Number, question: ReviewRequest, limits: Limits) -> str:
    return "long enough after the last order" if number <= limit else f"{number:.1f} s too early after the last order"


def _amount(number: Number) -> str:
    return f"{number:,.2f}" if isinstance(number, Decimal) else f"{number:,}"


def _share(number: Number, question: ReviewRequest) -> str:
    return f" ({100 * number / question.equity:.1f} % of equity)" if question.equity else ""


WORDS: dict[str, Words] = {
    "data_age": _age,
    "instrument_rules": _rules,
    "funds": _funds,
    "impact": _impact,
    "order_notional": _order,
    "leverage": _worst,
    "liquidation_buffer": _margin,
    "instrument_notional": _worst,
    "instrument_share": _worst,
    "total_exposure": _worst,
    "concentration": _concentration,
    "projected_liquidation": _margin,
    "slippage_guard": _slippage,
    "var": _worst,
    "correlation": _correlation,
    "instrument_orders_per_minute": _orders_here,
    "orders_per_minute": _orders,
    "orders_per_hour": _orders,
    "orders_per_day": _orders,
    "order_spacing": _spacing,
}
