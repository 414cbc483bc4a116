"""Times of plans against the bars they are looked at by."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tradewind.app.config import resolve
from tradewind.app.generated import generated_market
from tradewind.app.home import Home
from tradewind.app.plan_terms import bot_planning, refuse_short_plans
from tradewind.app.settings import Config, MarketSettings
from tradewind.engine.config import Planning
from tradewind.execution.planner import PlannerSettings
from tradewind.model.errors import ConfigError
from tradewind.model.money import ZERO

MARKET = generated_market(MarketSettings(instruments=1, bars=100), 1)
MINUTE_NS = 60_000_000_000


def config(bots: list[dict[str, Any]] | None = None, **section: Any) -> Config:
    bots = bots or [{"strategy": "macd"}]
    return resolve(Home(Path("nowhere")), {}, overrides={"bots": bots, "execution": section}).config


def test_a_time_that_is_configured_is_meant_as_it_is() -> None:
    made = config(policy="maker_first", low="90m")
    plan = bot_planning(made.execution, made.bots[0], ZERO)
    assert isinstance(plan, Planning)
    assert (plan.settings.low_ns, plan.settings.low_bars) == (90 * MINUTE_NS, 1)
    assert (plan.settings.normal_ns, plan.settings.normal_bars) == (5 * MINUTE_NS, PlannerSettings().normal_bars)


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        ({"policy": "maker_first", "normal": "59m"}, "execution.normal is 59m, and the bars of BTC-USD are 1h long"),
        ({"policy": "maker_first", "urgency": "low", "low": "5m"}, "make it 6h, or leave it out"),
        ({"policy": "maker_first", "urgency": "high", "exit_urgency": "normal", "normal": "5m"}, "make it 3h"),
    ],
)
def test_a_time_below_a_bar_is_refused(section: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ConfigError, match=wanted):
        refuse_short_plans(config(**section), MARKET)


@pytest.mark.parametrize(
    "section",
    [
        {"policy": "market", "normal": "5m"},
        {"policy": "maker_first", "low": "5m"},
        {"policy": "maker_first", "normal": "1h"},
        {"policy": "maker_first"},
    ],
)
def test_what_is_not_used_or_is_long_enough_is_not(section: dict[str, Any]) -> None:
    refuse_short_plans(config(**section), MARKET)


def test_a_bot_of_its_own_words_is_refused_too_and_beside_a_book_nothing_is() -> None:
    made = config([{"strategy": "macd", "execution": "bands", "urgency": "low"}], low="5m")
    with pytest.raises(ConfigError, match=r"execution\.low"):
        refuse_short_plans(made, MARKET)
    refuse_short_plans(made, [msgspec.structs.replace(each, kind="quotes") for each in MARKET])
