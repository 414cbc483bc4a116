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
from tradewind.model.errors import ConfigError
from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.model.intents import Exits
from tradewind.portfolio.budgets import BudgetRules
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
