"""Every breaker and protection of an account: its setting, what it measures now, what it holds back (SPEC K4, K5).

Read off the state when somebody asks, never on an event's way.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from tradewind.app.times import moment_text
from tradewind.engine.backing import distance
from tradewind.engine.state import EngineState, Seat
from tradewind.model.money import ZERO, plain, ratio, subtract
from tradewind.risk.breakers import Breakers
from tradewind.risk.protections import ProtectionRules

OFF = "off"
HOUR_NS, MINUTE_NS = 3_600_000_000_000, 60_000_000_000


class Safeguard(msgspec.Struct, frozen=True):
    """One breaker or protection. `now` is what it measures, empty where nothing is counted; `holds` what it stops."""

    name: str
    setting: str
    now: str = ""
    holds: str = ""


def safeguards(state: EngineState) -> list[Safeguard]:
    """Return all of them, also those that are off, so that nobody takes one for on."""
    return [*_breakers(state), *_protections(state), _liquidation(state)]


def _breakers(state: EngineState) -> Iterator[Safeguard]:
    breakers = state.breakers
    if breakers is None:
        for name in ("volatility", "daily_loss", "losses_in_row", "error_rate", "stop_outs"):
            yield Safeguard(name, OFF)
        return
    rules = breakers.rules
    levels = (("warns at", rules.volatility_warn), ("no new risk at", rules.volatility_reduce),
              ("halts at", rules.volatility_halt))  # fmt: skip
    told = ", ".join(f"{what} {level:g} a day" for what, level in levels if level is not None)
    yield _breaker(state, breakers, "volatility", told, _volatility(breakers))
    told = "" if rules.daily_loss_max is None else f"at most {_percent(rules.daily_loss_max)} a day"
    yield _breaker(state, breakers, "daily_loss", told, _lost(state, breakers))
    told = "" if rules.losses_in_row_max is None else f"{rules.losses_in_row_max} for {_span(rules.losses_lock_ns)}"
    yield _breaker(state, breakers, "losses_in_row", told, str(breakers.losses))
    told = "" if rules.errors_per_hour_max is None else f"{rules.errors_per_hour_max} within an hour"
    yield _breaker(state, breakers, "error_rate", told, str(breakers.errors_within_an_hour(state.now_ns)))
    told = "" if rules.stops_per_day_max is None else f"{rules.stops_per_day_max} a day in an instrument"
    yield _breaker(state, breakers, "stop_outs", told, "")


def _breaker(state: EngineState, breakers: Breakers, name: str, setting: str, now: str) -> Safeguard:
    if not setting:
        return Safeguard(name, OFF)
    held = [
        f"{each.instrument or 'the account'} until {moment_text(each.until_ns)}: {each.reason}"
        for each in breakers.blocked.values()
        if each.breaker == name and each.until_ns > state.now_ns
    ]
    return Safeguard(name, setting, now, "; ".join(held))


def _volatility(breakers: Breakers) -> str:
    found = max(((level, name) for name, level in breakers.volatilities.items()), default=None)
    return "twenty bars in a row are waited for" if found is None else f"at most {found[0]:.3f} a day ({found[1]})"


def _lost(state: EngineState, breakers: Breakers) -> str:
    start, equity = breakers.day_equity, state.equity()
    if start is None or equity is None or start <= ZERO:
        return ""
    return f"{_percent(max(ZERO, ratio(subtract(start, equity), start)))} lost since midnight UTC"


def _protections(state: EngineState) -> Iterator[Safeguard]:
    rules: ProtectionRules = state.config.protections
    locks: dict[str, list[str]] = {}
    for seat in _locked(state):
        assert seat.lock is not None
        text = f"{seat.bot.id} in {seat.market.id} until {moment_text(seat.lock.until_ns)}"
        locks.setdefault(seat.lock.reason, []).append(text)
    rows = [
        ("cooldown", "" if rules.cooldown_ns is None else f"{_span(rules.cooldown_ns)} after a trade"),
        ("stop_loss_guard", "" if rules.stop_loss_guard_count is None else
         f"{rules.stop_loss_guard_count} losing stops within {_span(rules.stop_loss_guard_window_ns)}"),
        ("low_profit", "" if rules.low_profit_trades is None else
         f"{rules.low_profit_trades} trades that gain less than {plain(rules.low_profit_minimum)}"),
    ]  # fmt: skip
    for name, setting in rows:
        yield Safeguard(name, setting or OFF, "", "; ".join(locks.get(name, ())))
    if rules.drawdown_max is None:
        yield Safeguard("drawdown", OFF)
        return
    equity, peak = state.equity(), state.peak
    known = equity is not None and peak > ZERO
    fall = _percent(max(ZERO, ratio(subtract(peak, equity), peak))) if known and equity is not None else "unknown"
    setting = f"{_percent(rules.drawdown_max)} below the peak"
    yield Safeguard("drawdown", setting, fall, state.reduce_only.get("drawdown", ""))


def _liquidation(state: EngineState) -> Safeguard:
    """The position that is nearest to its liquidation, and what is done when one comes close."""
    if state.margin is None:
        return Safeguard("liquidation", OFF)
    rules = state.margin.rules
    levels = (("warns at", rules.warn), ("only reduces at", rules.reduce_only))
    setting = ", ".join(f"{what} {_percent(level)}" for what, level in levels if level is not None)
    away = {market.id: distance(state, market) for market in state.markets.values() if market.margined and market.held}
    nearest = min(((share, name) for name, share in away.items() if share is not None), default=None)
    now = "" if nearest is None else f"{nearest[1]} is {_percent(nearest[0])} from its liquidation"
    return Safeguard("liquidation", setting, now, state.reduce_only.get("liquidation", ""))


def _locked(state: EngineState) -> Iterator[Seat]:
    for bot in state.bots.values():
        for seat in bot.seats:
            if seat.lock is not None and seat.lock.until_ns > state.now_ns:
                yield seat


def _percent(share: Decimal) -> str:
    """Return a share for people; less than a hundredth of a percent is none."""
    return f"{float(round(100 * share, 2)):.3g} %"


def _span(ns: int) -> str:
    return f"{ns // HOUR_NS} h" if ns % HOUR_NS == 0 else f"{ns / MINUTE_NS:g} min"
