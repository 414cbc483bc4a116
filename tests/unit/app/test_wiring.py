"""The composition root: settings become an engine and a venue; what can never trade is refused."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from tradewind.app.config import resolve
from tradewind.app.home import Home
from tradewind.app.market_data import with_terms
from tradewind.app.settings import Config, InstrumentSettings
from tradewind.app.wiring import engine_config, simulation_settings
from tradewind.engine.config import Planning
from tradewind.engine.resolved import engine_config as recorded_config
from tradewind.engine.resolved import engine_values
from tradewind.engine.state import EngineState
from tradewind.execution.choosing import AlgorithmTerms
from tradewind.model.errors import ConfigError
from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.model.intents import Exits
from tradewind.model.plans import Algorithm, PlanPolicy, Urgency
from tradewind.portfolio.budgets import DAY_NS, BudgetRules
from tradewind.portfolio.position_size import SizingRules
from tradewind.strategy.builtin.moving_average import MovingAverage

ONE_BOT = [{"strategy": "macd"}]
BTC, ETH = define_instrument("BTC-USD"), define_instrument("ETH-USD", min_notional=Decimal(10))


def config(**overrides: Any) -> Config:
    return resolve(Home(Path("nowhere")), {}, overrides=overrides).config


def test_bots_share_the_account_equally_unless_told_otherwise() -> None:
    made = engine_config(
        config(
            bots=[
                {"strategy": "moving_average", "parameters": {"fast": 3, "slow": 9}, "exits": {"time": "4h"}},
                {"strategy": "macd", "budget": "0.2", "instruments": ["ETH-USD"], "id": "second"},
                {"strategy": "macd"},
                {"strategy": "macd"},
            ],
            exits={"stop_loss": "0.05"},
        ),
        [ETH, BTC],
    )
    bots = {bot.id: bot for bot in made.bots}
    assert list(bots) == ["macd", "macd-2", "moving_average", "second"]
    assert bots["moving_average"].strategy == MovingAverage(fast=3, slow=9)
    assert bots["moving_average"].exits == Exits(time_ns=14_400_000_000_000)
    assert bots["second"].exits == Exits(stop_loss=0.05)
    assert bots["second"].instruments == ("ETH-USD",)
    assert (bots["macd"].budget, bots["second"].budget) == (Decimal("0.25"), Decimal("0.2"))
    assert bots["macd"].instruments == ("BTC-USD", "ETH-USD")


def test_session_is_the_same_whatever_the_order_and_changes_with_the_terms() -> None:
    one = engine_config(config(bots=[{"strategy": "macd"}, {"strategy": "donchian"}]), [BTC, ETH])
    other = engine_config(config(bots=[{"strategy": "donchian"}, {"strategy": "macd"}]), [ETH, BTC])
    assert one == other
    assert len(one.session) == 12
    for change in ({"fees": {"taker": "0.001"}}, {"simulation": {"slippage_bps": "1"}}, {"account": {"cash": "5"}}):
        changed = engine_config(config(bots=[{"strategy": "macd"}, {"strategy": "donchian"}], **change), [BTC])
        assert changed.session != one.session


def test_fees_protections_and_venue_rules_are_taken_over() -> None:
    settings = config(
        bots=[{"strategy": "macd"}],
        fees={"tiers": [{"from": 0, "maker": "0.001", "taker": "0.002"}, {"from": 1000, "maker": 0, "taker": 0}]},
        protections={"cooldown": "2h", "drawdown_max": "0.2"},
        simulation={"participation": "0.1", "entry_latency_ms": 5},
        flags={"netting": False},
    )
    made, venue = engine_config(settings, [BTC]), simulation_settings(settings)
    assert [tier.taker for tier in made.fees.tiers] == [Decimal("0.002"), 0]
    assert (made.protections.cooldown_ns, made.protections.drawdown_max) == (7_200_000_000_000, Decimal("0.2"))
    assert (venue.participation, venue.entry_latency_ns) == (Decimal("0.1"), 5_000_000)
    assert made.netting is False


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({}, "there is no bot: add --strategy NAME, or a [[bots]] table to the configuration"),
        ({"account": {"cash": 0}}, "account.cash is 0: no order could be paid for; set it above 0"),
        (
            {"limits": {"exposure_share_max": 0}},
            "limits.exposure_share_max is 0: no order could pass; raise it, or switch it off with 'off'",
        ),
        (
            {"account": {"cash": "9.5"}},
            "instruments.ETH-USD.min_notional 10 is more than account.cash 9.5: no order could pass; lower the one",
        ),
        (
            {"bots": [{"strategy": "macd", "budget": "1.5"}]},
            "bots.macd.budget must be above 0 and at most 1, was 1.5",
        ),
        (
            {"bots": [{"strategy": "macd", "instruments": ["DOGE-USD"]}]},
            "bot 'macd' wants instrument 'DOGE-USD', which the run does not have",
        ),
        ({"bots": [{"strategy": "mcd"}]}, "did you mean 'macd'?"),
        (
            {"bots": [{"strategy": "moving_average", "parameters": {"fast": 30}}]},
            "strategy 'moving_average': fast must be less than slow, were 30 and 26: lower fast or raise slow",
        ),
    ],
)
def test_what_cannot_trade_is_refused(overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        engine_config(config(**overrides), [BTC, ETH])
    assert message in str(caught.value)


def test_currencies_must_agree() -> None:
    euro = define_instrument("BTC-EUR")
    one = engine_config(config(bots=[{"strategy": "macd"}]), [euro])
    assert one.currency == "EUR"
    with pytest.raises(ConfigError, match="the instruments are quoted in EUR, USD"):
        engine_config(config(bots=[{"strategy": "macd"}]), [euro, BTC])


def test_stated_terms_replace_derived_ones() -> None:
    derived: Instrument = define_instrument("BTC-USD", derived=True)
    terms = InstrumentSettings(tick=Decimal("0.05"), lot=Decimal("0.001"), min_quantity=Decimal("0.002"))
    made = with_terms(derived, terms)
    assert (made.tick, made.lot, made.min_quantity, made.derived) == (5, 100_000, 200_000, False)
    assert with_terms(derived, None) is derived
    with pytest.raises(ConfigError, match=r"instruments.BTC-USD.tick must be a positive multiple of 0.01, was 0.001"):
        with_terms(derived, InstrumentSettings(tick=Decimal("0.001")))


def test_a_configuration_can_say_what_an_instrument_is() -> None:
    spot = define_instrument("BIP-20DEC30")
    made = with_terms(spot, InstrumentSettings(kind="perpetual"))
    assert (made.kind, made.is_spot) == (InstrumentKind.PERPETUAL, False)
    assert with_terms(made, InstrumentSettings()).kind is InstrumentKind.PERPETUAL


@pytest.mark.parametrize("method", ["equal", "hrp", "mean_variance"])
def test_budgets_by_results_reach_the_engine_without_regimes(method: str) -> None:
    engine = engine_config(
        config(bots=ONE_BOT, allocation={"method": method, "every": "4h", "weight_max": "0.4"}), [BTC]
    )
    assert engine.budgets == BudgetRules(method=method, every_ns=4 * 3_600_000_000_000, most=0.4)
    assert engine.regime is UNSET


def test_budgets_of_their_own_share_nothing() -> None:
    assert engine_config(config(bots=ONE_BOT), [BTC]).budgets is UNSET


def test_a_window_shorter_than_what_is_needed_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be at least 3 and at most allocation"):
        engine_config(config(bots=ONE_BOT, allocation={"method": "hrp", "window": 10}), [BTC])


def test_plans_are_for_all_bots_or_for_some() -> None:
    section = {"policy": "maker_first", "urgency": "low", "low": "1h", "slices": 3, "impact_guard": True}
    bots = [
        {"strategy": "macd"},
        {"strategy": "donchian", "execution": "market"},
        {"strategy": "momentum", "execution": "bands", "urgency": "high"},
    ]
    made = engine_config(config(bots=bots, execution=section, simulation={"half_spread_bps": "2"}), [BTC])
    plans = {bot.id: bot.plan for bot in made.bots}
    assert plans["donchian"] is UNSET
    assert isinstance(plans["macd"], Planning)
    assert isinstance(plans["momentum"], Planning)
    settings = plans["macd"].settings
    assert (settings.policy, settings.low_ns, settings.slices) == (PlanPolicy.MAKER_FIRST, 3_600_000_000_000, 3)
    assert (plans["macd"].urgency, plans["macd"].exit_urgency) == (Urgency.LOW, None)
    assert (plans["macd"].flags.impact_guard, plans["macd"].half_spread_bps) == (True, Decimal(2))
    assert (plans["momentum"].settings.policy, plans["momentum"].urgency) == (PlanPolicy.BANDS, Urgency.HIGH)


def test_a_configuration_with_plans_is_read_back_as_it_was() -> None:
    section = {"policy": "bands", "exit_urgency": "high", "multipliers": "BTC-USD:1.5,nonsense", "algorithm": "pov"}
    made = engine_config(config(bots=[{"strategy": "macd"}], execution=section), [BTC])
    assert recorded_config(engine_values(made)) == made
    plan = made.bots[0].plan
    assert isinstance(plan, Planning)
    assert plan.settings.algorithm == AlgorithmTerms(name=Algorithm.POV)
    assert plan.multipliers.by_instrument == {"BTC-USD": 1.5}
    assert [each.text for each in EngineState(made).effects] == list(plan.multipliers.warnings)


def test_a_plan_of_one_bot_wins_over_entries_that_rest() -> None:
    bots = [{"strategy": "macd", "execution": "maker_first"}, {"strategy": "donchian"}]
    made = {bot.id: bot for bot in engine_config(config(bots=bots, execution={"entries": "rest"}), [BTC]).bots}
    assert (made["macd"].rest, made["donchian"].plan) == (UNSET, UNSET)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"policy": "maker_first", "entries": "rest"}, "leave one of them out"),
        ({"market_below": "9000"}, "market_below must be at least 0 and at most"),
        ({"impact_bps_max": "0"}, "impact_bps_max must be above 0"),
        ({"policy": "maker"}, "execution.policy"),
        ({"urgency": "soon"}, "execution.urgency"),
    ],
)
def test_plans_that_cannot_be_are_refused(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        engine_config(config(bots=[{"strategy": "macd"}], execution=section), [BTC])


def test_sizes_that_are_measured_reach_the_engine() -> None:
    engine = engine_config(
        config(bots=ONE_BOT, sizing={"method": "kelly", "volatility": "off", "record": "30d"}), [BTC]
    )
    assert engine.sizing == SizingRules(method="kelly", volatility=None, record_ns=30 * DAY_NS)
    assert engine_config(config(bots=ONE_BOT), [BTC]).sizing is UNSET
    with pytest.raises(ConfigError, match="needs a target"):
        engine_config(config(bots=ONE_BOT, sizing={"method": "volatility_target", "volatility": "off"}), [BTC])


@pytest.mark.parametrize("wrong", [{"participation": "0"}, {"display": "1.5"}, {"risk_aversion": "-1"}])
def test_terms_of_an_algorithm_that_mean_nothing_are_refused_by_name(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=f"execution.{next(iter(wrong))} must be"):
        config(bots=[{"strategy": "macd"}], execution=wrong)
