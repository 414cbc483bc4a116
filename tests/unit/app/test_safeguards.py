"""Every breaker and protection is told with its setting, what it measures and what it stops, also when it is off."""

from decimal import Decimal

import msgspec

from tests.engine_rig import BTC, PERP, Desk
from tests.engine_rig import config as rig_config
from tests.unit.engine.test_driver import config
from tradewind.app.safeguards import OFF, Safeguard, safeguards
from tradewind.engine.config import HeldAtStart
from tradewind.engine.state import EngineState
from tradewind.risk.breakers import DAY_NS, HOUR_NS, BreakerRules
from tradewind.risk.liquidation import LiquidationRules
from tradewind.risk.protections import Lock, ProtectionRules

NAMES = ["volatility", "daily_loss", "losses_in_row", "error_rate", "stop_outs", "cooldown", "stop_loss_guard",
         "low_profit", "drawdown", "liquidation"]  # fmt: skip
RULES = BreakerRules(
    volatility_warn=0.15, volatility_halt=0.25, daily_loss_max=Decimal("0.02"), losses_in_row_max=2,
    errors_per_hour_max=3, stops_per_day_max=1,
)  # fmt: skip
LOCKS = ProtectionRules(
    cooldown_ns=2 * HOUR_NS, stop_loss_guard_count=4, low_profit_trades=3, drawdown_max=Decimal("0.1")
)


def guarded() -> EngineState:
    return EngineState(msgspec.structs.replace(config([]), breakers=RULES, protections=LOCKS))


def by_name(state: EngineState) -> dict[str, Safeguard]:
    return {each.name: each for each in safeguards(state)}


def test_what_is_off_is_told_as_off() -> None:
    found = safeguards(EngineState(config([])))
    assert [each.name for each in found] == NAMES
    assert {each.setting for each in found} == {OFF}


def test_settings_are_told_in_words() -> None:
    found = by_name(guarded())
    assert list(found) == NAMES
    assert found["volatility"].setting == "warns at 0.15 a day, halts at 0.25 a day"
    assert found["daily_loss"].setting == "at most 2 % a day"
    assert found["losses_in_row"].setting == "2 for 24 h"
    assert found["cooldown"].setting == "2 h after a trade"
    assert found["stop_loss_guard"].setting == "4 losing stops within 24 h"
    assert (found["drawdown"].setting, found["drawdown"].now) == ("10 % below the peak", "0 %")
    assert not any(each.holds for each in found.values())


def test_what_is_measured_and_what_has_tripped_is_told() -> None:
    state = guarded()
    breakers = state.breakers
    assert breakers is not None
    state.now_ns = HOUR_NS
    for hour in range(22):
        breakers.on_bar(BTC.id, hour * HOUR_NS, HOUR_NS, 100.0 * (1.02 if hour % 2 else 1.0))
    breakers.on_error(HOUR_NS)
    breakers.on_trade(BTC.id, HOUR_NS, Decimal(-1), stopped=True)
    found = by_name(state)
    assert found["volatility"].now == f"at most 0.097 a day ({BTC.id})"
    assert (found["losses_in_row"].now, found["error_rate"].now) == ("1", "1")
    assert found["stop_outs"].holds == f"{BTC.id} until 1970-01-02 00:00: 1 stopped out today"
    state.now_ns = DAY_NS
    assert by_name(state)["stop_outs"].holds == ""


def test_the_day_s_loss_is_told_of_the_worth_at_midnight() -> None:
    state = guarded()
    breakers, equity = state.breakers, state.equity()
    assert breakers is not None
    assert equity is not None
    breakers.on_equity(0, equity * 2)
    assert by_name(state)["daily_loss"].now == "50 % lost since midnight UTC"


def test_a_lock_names_its_bot_and_its_end() -> None:
    state = guarded()
    (bot,) = state.bots.values()
    bot.seats[0].lock = Lock(2 * HOUR_NS, "cooldown")
    found = by_name(state)
    assert found["cooldown"].holds == f"{bot.id} in {BTC.id} until 1970-01-01 02:00"
    state.now_ns = 2 * HOUR_NS
    assert by_name(state)["cooldown"].holds == ""


def test_the_position_nearest_to_its_liquidation_is_told() -> None:
    start = (HeldAtStart(PERP.id, 1_000, Decimal(100)),)
    desk = Desk(rig_config([], instruments=(PERP,), cash=Decimal(300), held=start, liquidation=LiquidationRules()))
    told = by_name(desk.state)["liquidation"]
    assert (told.setting, told.now, told.holds) == ("warns at 20 %, only reduces at 15 %", "", "")
    desk.bar(10_000, PERP.id)
    assert by_name(desk.state)["liquidation"].now == "BTC-PERP is 22.2 % from its liquidation"
    desk.bar(9_000, PERP.id)
    assert "13.6 % from its liquidation" in by_name(desk.state)["liquidation"].holds
