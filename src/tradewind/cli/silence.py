"""Why a bot did not trade, in words: what its records say (SPEC S10)."""

from collections import Counter

import msgspec

from tradewind.engine.check_words import MODES
from tradewind.engine.readmodel import ReadModel
from tradewind.model.decisions import Decided, Finding
from tradewind.model.money import plain
from tradewind.research.backtest import BacktestResult
from tradewind.research.report.formats import apart
from tradewind.strategy.base import Strategy, overrides, warmup_bars

BAR_CALLBACK = "on_bar"
MEANING = {
    "warming_up": "its indicators were not warm before the end",
    "no_signal": "its rule asked for no position",
    "at_target": "it wanted to stay flat, or its budget buys less than one lot",
    "plan_works": "its plan was still at work",
    "no_edge": "its trades show no edge, and sizing.method is kelly",
    "no_size": "its size came to nothing: no volatility is known yet, too little trades, or the regime leaves none",
    "spot_no_short": "it wanted to be short, which spot does not allow",
    "paused": "it was paused",
    "closing": "its position was being closed",
    "data_gap": "its indicators began anew after a gap in the data",
    "strategy_failed": "its code raised an error",
    "no_mark": "there was no price yet",
    "refused": "risk refused its orders",
}


class Silence(msgspec.Struct, frozen=True):
    """A bot without a fill: the refusals by check, and the events by quiet reason, the most frequent first."""

    bot: str
    reason: str
    refusals: dict[str, int]
    quiet: dict[str, int]


def silences(result: BacktestResult, model: ReadModel) -> list[Silence]:
    """Return why each bot that has no fill has none, sorted by bot."""
    traded = {fill.bot for fill in model.fills} | {
        bot for crossing in model.crossings for bot in (crossing.buyer, crossing.seller)
    }
    return [_silence(bot.id, bot.strategy, result, model) for bot in result.config.bots if bot.id not in traded]


def _silence(bot: str, strategy: Strategy, result: BacktestResult, model: ReadModel) -> Silence:
    refusals: Counter[str] = Counter()
    for (name, _, check), count in model.refusals_by_bot.items():
        if name == bot:
            refusals[check] += count
    quiet: Counter[str] = Counter()
    for run in model.quiet:
        if run.bot == bot:
            quiet[run.reason] += run.last - run.first + 1
    reason = _reason(bot, strategy, result, model, refusals, quiet)
    return Silence(bot, reason, dict(refusals), dict(quiet.most_common()))


def _reason(
    bot: str,
    strategy: Strategy,
    result: BacktestResult,
    model: ReadModel,
    refusals: Counter[str],
    quiet: Counter[str],
) -> str:
    if bot in model.failed:
        return f"its code raised an error: {model.failed[bot]}"
    on_bars = overrides(strategy, BAR_CALLBACK) or overrides(strategy, "on_group")
    if not on_bars and not any(market.best_bid for market in result.state.markets.values()):
        return "it decides on trades, quotes or books, and this run has only bars"
    if refusals:
        check, count = refusals.most_common(1)[0]
        return f"risk refused its orders: {check} {count} times ({_example(bot, check, model)})"
    if result.orders and any(bot in row.bots for row in model.orders.values()):
        ended = Counter(f"{row.status} {row.reason}".strip() for row in model.orders.values() if bot in row.bots)
        return f"the venue filled none of its orders: {ended.most_common(1)[0][0]}"
    reason = quiet.most_common(1)[0][0] if quiet else "no_signal"
    for request in strategy.fits(result.state.bots[bot].spec.instruments):
        if request.kind not in result.state.fitted:
            return f"it needs a fit of {request.kind} on {request.window_bars} bars, and the run has fewer"
    if set(quiet) <= {"warming_up"}:
        return f"it needs {warmup_bars(strategy)} bars before it decides, and the run has fewer"
    return MEANING.get(reason, reason)


def _example(bot: str, check: str, model: ReadModel) -> str:
    """Return the last refusal's number against its limit."""
    for decided in reversed(model.decisions):
        for finding in getattr(decided.outcome, "findings", ()):
            if decided.bot == bot and finding.check == check:
                return told(decided, finding, model)
    return "see its decisions"


def told(decided: Decided, finding: Finding, model: ReadModel) -> str:
    """Return a finding in words: its number against its limit, or the rule of the instrument that was broken."""
    order = decided.order
    if finding.check == "instrument_rules" and order is not None:
        instrument = model.instruments[order.instrument]
        quantity = int(order.quantity or 0)
        notional = instrument.notional(quantity, decided.mark)
        if notional < instrument.min_notional:
            return f"an order of {plain(notional)} is below the smallest, {plain(instrument.min_notional)}"
        if quantity < instrument.min_quantity:
            least = plain(instrument.quantity_decimal(instrument.min_quantity))
            return f"a quantity of {plain(instrument.quantity_decimal(quantity))} is below the smallest, {least}"
    numbers = apart(finding.number, finding.limit)
    return numbers[0] if finding.check in MODES else " against a limit of ".join(numbers)
