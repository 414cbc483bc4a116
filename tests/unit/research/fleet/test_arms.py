"""The arms: what each goes without, and that the random traders trade as much as they should."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from tradewind.app.fleet import read_fleet
from tradewind.app.regime import load_regime_model
from tradewind.app.settings import AllocationSection, BotSettings, Config
from tradewind.engine.config import EngineConfig
from tradewind.model.instrument import define_instrument
from tradewind.model.money import ONE, ratio
from tradewind.research.fleet.arms import (
    ABLATIONS,
    ARMS,
    FULL,
    NAIVE,
    NO_LIMITS,
    SELECTION_OFF,
    WITHOUT,
    arm_config,
    arms_of,
    expanded,
    hold_config,
    random_config,
)
from tradewind.research.fleet.habits import Habit
from tradewind.research.fleet.random_entry import RandomEntry, chance
from tradewind.research.metrics import plain_values

INSTRUMENTS = [
    define_instrument(name, price_increment="0.01", base_increment="0.001") for name in ("BTC-USD", "ETH-USD")
]


@pytest.fixture
def config(tmp_path: Any) -> Config:
    path = tmp_path / "fleet.toml"
    path.write_text(
        "[var]\nshare_max = 0.05\n[breakers]\ndaily_loss_max = 0.03\n"
        '[[bots]]\nstrategy = "momentum"\n[[bots]]\nstrategy = "donchian"\n',
        encoding="utf-8",
    )
    return read_fleet(path).config


def parts(engine: EngineConfig) -> dict[str, bool]:
    """Which parts of the stack a configuration has."""
    bot = engine.bots[0]
    return {
        "block": engine.regime is not UNSET and engine.regime.block,
        "allocation": engine.regime is not UNSET and engine.regime.allocation is not None,
        "maker": bot.rest is not UNSET,
        "limits": engine.limits != NO_LIMITS,
        "breaker": engine.protections.drawdown_max == Decimal("0.10") and engine.protections.drawdown_flatten is True,
        "exits": bot.exits is not None,
        "var": engine.tail is not UNSET,
        "breakers": engine.breakers is not UNSET,
        "pause": engine.protections.cooldown_ns is not None,
    }


def test_the_naive_fleet_has_nothing_of_the_stack(config: Config) -> None:
    naive = arm_config(NAIVE, config, INSTRUMENTS)
    assert not any(parts(naive).values())
    assert not naive.netting


def test_the_whole_stack_has_all_of_it(config: Config) -> None:
    assert all(parts(arm_config(FULL, config, INSTRUMENTS)).values())


@pytest.mark.parametrize(
    ("arm", "gone"),
    [
        ("regime_off", {"block", "allocation"}),
        ("maker_off", {"maker"}),
        ("risk_off", {"limits", "breaker", "var", "breakers", "pause"}),
        ("allocation_off", {"allocation"}),
    ],
)
def test_an_ablation_goes_without_one_part(config: Config, arm: str, gone: set[str]) -> None:
    assert {name for name, there in parts(arm_config(arm, config, INSTRUMENTS)).items() if not there} == gone


def test_a_stack_with_a_model_can_be_written_down(config: Config) -> None:
    written = plain_values(arm_config(FULL, config, INSTRUMENTS))
    assert isinstance(written, dict)
    model = load_regime_model().model
    assert model is not None
    assert written["regime"]["model"] == model.sha256


def test_every_arm_is_explained() -> None:
    assert set(WITHOUT) == set(arms_of(object())) == {*ARMS, SELECTION_OFF} >= set(ABLATIONS)
    assert arms_of(None) == ARMS


def test_every_kind_of_bot_is_on_every_instrument_with_an_equal_part(config: Config) -> None:
    bots = expanded(config, INSTRUMENTS)
    assert [bot.id for bot in bots] == ["momentum@BTC-USD", "momentum@ETH-USD", "donchian@BTC-USD", "donchian@ETH-USD"]
    assert {bot.budget for bot in bots} == {Decimal("0.25")}


@pytest.mark.parametrize(("arm", "together"), [(NAIVE, "1"), ("risk_off", "1"), (FULL, "0.19"), ("maker_off", "0.19")])
def test_the_bots_of_an_instrument_stay_together_within_its_limit(config: Config, arm: str, together: str) -> None:
    """Too large an order is refused and not cut: on one instrument the stack would never trade."""
    budgets = [bot.budget for bot in arm_config(arm, config, INSTRUMENTS[:1]).bots]
    assert len(budgets) == 2
    assert sum(budgets, Decimal(0)) == Decimal(together)


def test_budgets_that_keep_the_limit_are_left_alone(config: Config) -> None:
    many = [define_instrument(f"A{n}-USD", price_increment="0.01", base_increment="0.001") for n in range(13)]
    assert {bot.budget for bot in arm_config(FULL, config, many).bots} == {ratio(ONE, Decimal(26))}


def test_two_kinds_of_one_strategy_have_names_of_their_own() -> None:
    config = Config(bots=(BotSettings(strategy="rsi_reversion"), BotSettings(strategy="rsi_reversion")))
    assert len({bot.id for bot in expanded(config, INSTRUMENTS)}) == 4


def test_a_bot_for_one_instrument_stays_there() -> None:
    config = Config(bots=(BotSettings(strategy="momentum", instruments=("ETH-USD", "GONE-USD")),))
    assert [bot.instruments for bot in expanded(config, INSTRUMENTS)] == [("ETH-USD",)]


def test_random_traders_trade_as_often_and_as_long(config: Config) -> None:
    naive = arm_config(NAIVE, config, INSTRUMENTS)
    habits = {spec.id: Habit(40, 40, 2_500, 7_500) for spec in naive.bots}
    made = random_config(naive, habits, 7)
    entries = held = 0
    for spec in made.bots:
        assert isinstance(spec.strategy, RandomEntry)
        inside = False
        for bar in range(10_000):
            drawn = chance(spec.strategy.seed, bar * 3_600_000_000_000)
            if not inside and drawn < spec.strategy.enter:
                inside, entries = True, entries + 1
            elif inside and drawn < spec.strategy.leave:
                inside = False
            held += inside
    assert entries / len(made.bots) == pytest.approx(40, abs=10)
    assert held / len(made.bots) / 10_000 == pytest.approx(0.25, abs=0.07)
    assert len({spec.strategy.seed for spec in made.bots}) == len(made.bots)  # type: ignore[attr-defined]


def test_a_bot_that_never_traded_is_matched_by_one_that_never_does(config: Config) -> None:
    naive = arm_config(NAIVE, config, INSTRUMENTS)
    assert {spec.strategy.enter for spec in random_config(naive, {}, 7).bots} == {0.0}  # type: ignore[attr-defined]


def test_holding_replaces_the_strategies_and_nothing_else(config: Config) -> None:
    naive = arm_config(NAIVE, config, INSTRUMENTS)
    held = hold_config(naive)
    assert {type(spec.strategy).__name__ for spec in held.bots} == {"BuyAndHold"}
    assert msgspec.structs.replace(held, bots=naive.bots) == naive


def test_budgets_that_follow_no_regime_stay_without_regimes(config: Config) -> None:
    """One ablation takes one thing: weights by what bots have earned are not the regimes'."""
    earned = msgspec.structs.replace(config, allocation=AllocationSection(method="risk_parity"))
    engine = arm_config("regime_off", earned, INSTRUMENTS)
    assert engine.regime is UNSET
    assert engine.budgets is not UNSET
    assert arm_config("allocation_off", earned, INSTRUMENTS).budgets is UNSET


def test_the_stack_has_its_budget_and_the_naive_fleet_the_account(config: Config) -> None:
    many = [define_instrument(f"A{n}-USD", price_increment="0.01", base_increment="0.001") for n in range(13)]
    for arm, budget in ((NAIVE, "1"), (FULL, "0.4"), ("risk_off", "0.4")):
        bots = arm_config(arm, config, many, budget=Decimal("0.4")).bots
        assert sum((bot.budget for bot in bots), Decimal(0)) == pytest.approx(Decimal(budget))


def test_plans_are_part_of_making_and_tiers_of_risk(tmp_path: Path) -> None:
    path = tmp_path / "planned.toml"
    path.write_text(
        '[execution]\npolicy = "maker_first"\n[tiers]\nenabled = true\n'
        '[[bots]]\nstrategy = "momentum"\n[[bots]]\nstrategy = "donchian"\nexecution = "bands"\n',
        encoding="utf-8",
    )
    config = read_fleet(path).config
    for arm in arms_of(object())[:7]:
        engine = arm_config(arm, config, INSTRUMENTS)
        planned = [bot.plan is not UNSET for bot in engine.bots]
        assert planned == [arm not in (NAIVE, "maker_off")] * 4
        assert all(bot.rest is UNSET for bot in engine.bots)
        assert (engine.tiers is not UNSET) == (arm not in (NAIVE, "risk_off"))
