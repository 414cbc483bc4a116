"""Arms on perpetuals: shorts in each that may sell, funding in the net, liquidations counted, shorts audited."""

from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.unit.research.fleet.test_breaches import Limits
from tests.unit.research.fleet.test_scorecard import BARS, HOUR_NS, walk
from tradewind.app.fleet import read_fleet
from tradewind.app.wiring import simulation_settings
from tradewind.engine.sequencer import Recorded, RecordedEvents
from tradewind.model.instrument import InstrumentKind
from tradewind.model.market_events import FundingRate
from tradewind.model.money import ONE
from tradewind.research.backtest import run_backtest
from tradewind.research.curve import equity_curve
from tradewind.research.fleet.arms import FULL, HOLD, NAIVE, RANDOM, arm_config
from tradewind.research.fleet.breaches import audit_limits
from tradewind.research.fleet.page import card_object, fleet_page
from tradewind.research.fleet.random_entry import RandomEntry
from tradewind.research.fleet.scorecard import Scorecard, run_fleet
from tradewind.research.fleet.tables import perpetual_rows, reason_words
from tradewind.research.series import BarSeries

NAMES = ("BTC-USD-PERP", "ETH-USD-PERP")
TEXT = """
[fleet]
draws = 200
[regime]
enabled = false
[allocation]
method = "off"
[sizing]
method = "volatility_target"
volatility = 0.05
volume_share = "off"
[[bots]]
strategy = "momentum"
parameters = { length = 12, short = true }
"""


def perpetual(series: BarSeries, maintenance: str | None = "0.5") -> BarSeries:
    terms = {
        "kind": InstrumentKind.PERPETUAL,
        "initial_margin": ONE,
        "maintenance_margin": None if maintenance is None else Decimal(maintenance),
    }
    instrument = msgspec.structs.replace(series.instrument, **terms)
    return msgspec.structs.replace(series, instrument=instrument, notes=(("funding", "made"),))


def funded(series: BarSeries) -> Recorded:
    times = (series.open_ns[7::8] + HOUR_NS).tolist()
    return RecordedEvents(
        series.instrument.id,
        4,
        tuple(FundingRate(series.instrument.id, at, Decimal("0.001"), None) for at in times),
    )


@cache
def market() -> tuple[BarSeries, ...]:
    return tuple(perpetual(walk(name, seed, 0.02)) for seed, name in enumerate(NAMES, 3))


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    path = tmp_path_factory.mktemp("fleet") / "fleet.toml"
    path.write_text(TEXT, encoding="utf-8")
    return run_fleet(read_fleet(path), market(), extra=[funded(each) for each in market()])


def test_every_arm_that_may_sell_does_and_buy_and_hold_does_not(card: Scorecard) -> None:
    for arm, score in card.arms.items():
        assert (score.shorts > 0) is (arm != HOLD), arm
    naive, random = card.arms[NAIVE], card.arms[RANDOM]
    assert random.shorts / random.trades == pytest.approx(naive.shorts / naive.trades, abs=0.2)


def test_funding_is_part_of_the_net_and_longs_pay_it(card: Scorecard) -> None:
    assert card.arms[HOLD].funding < 0
    for arm, found in card.reasons.items():
        rows = found.kinds.values()
        assert sum(row.prices - row.fees + row.funding for row in rows) == sum(row.net for row in rows)
        assert sum(row.funding for row in rows) == pytest.approx(card.arms[arm].funding)


def test_the_page_tells_of_funding_margin_and_sides(card: Scorecard) -> None:
    told = perpetual_rows(card)
    assert [row[0] for row in told] == list(NAMES)
    assert told[0][1:] == ("made", "-", "initial 1, maintenance 0.5")
    assert any(line.startswith("Short, ") for line in reason_words(card))
    page = fleet_page(card)
    assert "initial 1, maintenance 0.5" in page
    found = card_object(card)
    assert found["perpetuals"][NAMES[0]]["funding"] == "made"
    sides = found["reasons"][NAIVE]["sides"]
    assert sides["long"]["trades"] + sides["short"]["trades"] == card.arms[NAIVE].trades


def squeezed(times: float) -> BarSeries:
    """A price that falls until everybody is short, and is then so many times itself within a bar."""
    series = walk("DOWN-USD-PERP", 1, 0.0)
    price = 10_000 * np.exp(-0.002 * np.arange(BARS))
    price[BARS // 2 :] *= times
    price = np.round(price).astype(np.int64)
    opened = np.concatenate([[price[0]], price[:-1]])
    low, high = np.minimum(opened, price), np.maximum(opened, price)
    return perpetual(msgspec.structs.replace(series, open=opened, close=price, low=low, high=high))


def test_a_liquidation_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "fleet.toml"
    path.write_text(TEXT, encoding="utf-8")
    calm, squeeze = (run_fleet(read_fleet(path), [squeezed(times)]).arms for times in (1.1, 3.0))
    assert {arm: score.liquidations for arm, score in calm.items()} == dict.fromkeys(calm, 0)
    # The naive fleet was short with all it had; the stack's limits left it enough, and nobody who bought was hit.
    assert [squeeze[arm].liquidations for arm in (NAIVE, FULL, HOLD)] == [1, 0, 0]
    assert squeeze[NAIVE].net_pnl < -20_000


def test_the_second_pass_finds_a_short_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "fleet.toml"
    path.write_text(TEXT, encoding="utf-8")
    plan = read_fleet(path)
    engine = arm_config(FULL, plan.config, [each.instrument for each in market()])
    result = run_backtest(engine, simulation_settings(plan.config), market())
    curve = equity_curve(result, market())
    kept = audit_limits(result, market(), curve)
    assert kept.breaches == ()
    lower = Limits(instrument_share_max=Decimal("0.05"), exposure_share_max=None, leverage_max=None)
    found = audit_limits(result, market(), curve, limits=lower).breaches
    sold = {order.order_id for each in result.audit if (order := getattr(each, "order", None)) and order.side < 0}
    assert any(breach.subject.split()[-1] in sold for breach in found)


def test_chance_decides_the_side_apart_from_the_moment() -> None:
    trader = RandomEntry(seed=7, enter=0.5, leave=0.5, short=0.25)
    sides = {-1: 0, 0: 0, 1: 0}
    for bar in range(4_000):
        view = type("V", (), {"position": 0, "bar": type("B", (), {"ts_ns": bar * HOUR_NS})})()
        wish = trader.on_bar(view)
        sides[0 if wish is None else int(wish.weight)] += 1
    assert sides[-1] / (sides[-1] + sides[1]) == pytest.approx(0.25, abs=0.03)
    assert sides[0] / 4_000 == pytest.approx(0.5, abs=0.03)
