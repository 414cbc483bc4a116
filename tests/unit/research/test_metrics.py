"""The figures of small runs, worked out by hand; ratios themselves are tested with their formulas."""

from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.unit.research.made_runs import (
    DAY_NS,
    HOUR_NS,
    START_NS,
    Never,
    Once,
    Restless,
    bot,
    funding,
    make_bars,
    perpetual,
    run,
    series_of,
    spot,
)  # fmt: skip
from tradewind.engine.config import HeldAtStart
from tradewind.model.fees import flat_fees
from tradewind.model.intents import FLAT, Exits, TargetQuantity
from tradewind.numeric import equity_path
from tradewind.research.breakdown import break_down, read_model, strategy_name
from tradewind.research.curve import daily, equity_curve
from tradewind.research.metrics import Metrics, compute_metrics, deepest, hold, plain_values
from tradewind.risk.limits import Limits
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import Strategy
from tradewind.strategy.registry import make


class Script(Strategy):
    """Wants the quantity of its plan's turn, bar by bar."""

    plan: tuple[int, ...] = ()

    def on_bar(self, view):
        turn = (view.bar.ts_ns - START_NS) // view.bar.span_ns - 1
        if turn >= len(self.plan):
            return None
        return TargetQuantity(Decimal(self.plan[turn])) if self.plan[turn] else FLAT


def scripted(closes, plan, **more):
    series = [series_of(closes)]
    result = run(
        series,
        [bot(Script(plan=tuple(plan)), "AAA-USD")],
        cash=Decimal(10_000),
        fees=flat_fees(Decimal(0), Decimal("0.001")),
        **more,
    )
    return result, series


def test_two_trades_by_hand():
    # In at 100, out at 110; in at 90, out at 85: each bar opens at the close before.
    result, series = scripted([100, 110, 90, 85, 85], [10, 0, 10, 0])
    m = compute_metrics(result, series)
    first, second = Decimal(100) - Decimal("2.1"), Decimal(-50) - Decimal("1.75")
    assert (m.trades, m.winners, m.losers, m.win_rate) == (2, 1, 1, 0.5)
    assert m.net_profit == first + second == m.equity - 10_000
    assert m.expectancy == (first + second) / 2
    assert m.profit_factor == pytest.approx(float(first / -second))
    assert (m.average_win, m.average_loss, m.best_trade, m.worst_trade) == (first, second, first, second)
    multiples = [float(first) / 1000, float(second) / 900]
    assert m.sqn == pytest.approx(np.sqrt(2) * np.mean(multiples) / np.std(multiples, ddof=1))
    assert (m.fees, m.volume, m.orders, m.fills) == (Decimal("3.85"), Decimal(3850), 4, 4)
    assert m.fees_bps == pytest.approx(10)
    assert (m.maker_ratio_notional, m.maker_ratio_count) == (0, 0)
    assert m.average_days_held == 1
    assert m.exposure == pytest.approx(2 / 5)
    assert m.turnover == pytest.approx((1000 / 10_000 + 1100 / 10_099 + 900 / 10_097.9 + 850 / 10_047) / 2, rel=1e-5)
    assert m.turnover_per_year == pytest.approx(m.turnover * 365 / 5)
    assert m.total_return == pytest.approx(float(m.net_profit) / 10_000)
    assert m.cagr == pytest.approx((1 + m.total_return) ** (365 / 5) - 1)
    assert (m.open_trades, m.unrealised, m.flags) == (0, 0, ())
    assert (m.days, m.bars) == (5, 5)
    assert [row.name for row in m.by_exit_reason] == ["signal"]


def test_slippage_is_against_the_mark_of_the_decision():
    series = [series_of([100, 100, 100], opens=[100, 102, 99])]
    result = run(series, [bot(Script(plan=(10, 0)), "AAA-USD")], cash=Decimal(10_000))
    m = compute_metrics(result, series)
    # Bought 2 above the mark, sold 1 below it: 30 on 2000.
    assert m.slippage == 30
    assert m.slippage_bps == pytest.approx(150)


def test_an_open_position_is_marked_and_counted_apart():
    result, series = scripted([100, 110, 120], [10])
    m = compute_metrics(result, series)
    assert (m.trades, m.open_trades, m.unrealised) == (0, 1, 200)
    assert m.flags == ("NO_TRADES",)
    assert (m.win_rate, m.profit_factor, m.expectancy, m.sqn, m.best_trade) == (None,) * 5
    assert m.net_profit == 199
    (row,) = m.open_positions
    assert (row.direction, row.quantity, row.average_price, row.mark, row.unrealised) == ("long", 10, 100, 120, 200)


def test_without_a_losing_trade_the_profit_factor_is_none_and_says_so():
    m = compute_metrics(*scripted([100, 110, 120], [10, 0]))
    assert (m.profit_factor, m.win_rate, m.average_loss) == (None, 1.0, None)
    assert m.flags == ("NO_LOSING_TRADE",)


@pytest.mark.parametrize("count", [1, 2, 40])
def test_a_run_that_does_nothing_has_figures(count):
    series = [make_bars(spot(), count)]
    m = compute_metrics(run(series, [bot(Never(), "AAA-USD")]), series)
    assert (m.net_profit, m.total_return, m.max_drawdown, m.fills, m.turnover) == (0, 0, 0, 0, 0)
    assert (m.sharpe, m.sortino, m.calmar, m.fees_bps, m.slippage_bps, m.maker_ratio_count) == (None,) * 6
    assert (m.max_drawdown_peak_ns, m.max_drawdown_trough_ns, m.max_drawdown_recovery_ns) == (None, None, None)
    assert m.by_instrument == ()


def test_falls_have_their_dates():
    result, series = scripted([100, 100, 120, 60, 90, 130, 125], [10])
    m = compute_metrics(result, series)
    close = [int(at) + DAY_NS for at in series[0].open_ns]
    assert m.max_drawdown == pytest.approx(600 / 10_199)
    assert (m.max_drawdown_peak_ns, m.max_drawdown_trough_ns) == (close[2], close[3])
    assert m.max_drawdown_recovery_ns == close[5]
    assert m.time_under_water_days == 3
    assert m.time_under_water_share == pytest.approx(4 / 7)
    assert (m.worst_day_ns, m.best_day_ns) == (close[3] - DAY_NS, close[5] - DAY_NS)
    assert m.calmar == pytest.approx(m.cagr / m.max_drawdown)


@pytest.mark.parametrize("seed", range(6))
def test_the_quick_deepest_fall_is_the_exact_one(seed):
    rng = np.random.default_rng(seed)
    for path in (
        np.cumprod(1 + rng.standard_normal(500) * 0.01),
        rng.integers(1, 6, 300).astype(float),  # many ties
        np.full(5, 7.0),
        np.array([3.0]),
    ):
        assert deepest(path) == equity_path.max_drawdown(path.tolist())


def test_tables_sum_to_the_account():
    series = [make_bars(spot(), 400, seed=1), make_bars(perpetual(), 400, seed=2)]
    bots = [
        bot(Restless(seed=1), "AAA-USD", id="a", budget=Decimal("0.2"), exits=Exits(stop_loss=0.02, take_profit=0.02)),
        bot(Restless(seed=2), "AAA-USD", id="b", budget=Decimal("0.2")),
        bot(Restless(seed=3, short=True), "BBB-PERP", id="c", budget=Decimal("0.4")),
    ]
    settings = SimulationSettings(fill_on_touch=False)
    result = run(series, bots, settings, extra=[funding("BBB-PERP", 40)])
    m = compute_metrics(result, series)
    for table in (m.by_instrument, m.by_strategy, m.by_bot):
        assert float(sum(row.net for row in table)) == pytest.approx(float(m.net_profit), rel=1e-12)
        assert sum(row.trades for row in table) == m.trades
        assert sum(row.fees for row in table) == m.fees
        assert sum(row.funding for row in table) == m.funding
        assert sum(row.volume for row in table) == m.volume
    assert m.funding != 0
    assert [row.name for row in m.by_bot] == ["a", "b", "c"]
    assert sum(row.trades for row in m.by_exit_reason) == m.trades
    assert {"stop_loss", "take_profit", "signal"} <= {row.name for row in m.by_exit_reason}
    closed = sum(row.closed for row in m.by_bot)
    assert closed == sum(row.net for row in m.by_exit_reason)
    assert m.expectancy == pytest.approx(closed / m.trades, abs=Decimal("1e-15"))


def test_refusals_and_rejections_are_counted():
    series = [make_bars(spot(), 30)]
    limits = Limits(leverage_max=None, instrument_share_max=Decimal("0.05"), exposure_share_max=None)
    m = compute_metrics(run(series, [bot(Script(plan=(900,)), "AAA-USD")], limits=limits), series)
    assert (m.refusals, m.orders, m.fills) == (1, 0, 0)


def test_holding_is_from_the_first_open_to_the_last_close():
    series = series_of([110, 55, 120], opens=[100, 110, 55])
    row = hold(series)
    assert row.total_return == pytest.approx(0.2)
    assert row.max_drawdown == pytest.approx(0.5)
    returns = np.array([0.1, -0.5, 120 / 55 - 1])
    assert row.volatility == pytest.approx(returns.std(ddof=1) * np.sqrt(365))
    assert row.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(365))


def test_a_wiped_out_account_is_flagged_and_ends_its_ratios():
    series = [make_bars(perpetual(maintenance_margin=None), 240, seed=5, volatility=0.2)]
    m = compute_metrics(run(series, [bot(Once(quantity="9000"), "BBB-PERP")], cash=Decimal(10_000)), series)
    assert "WIPED_OUT" in m.flags
    assert m.max_drawdown > 1


def test_derived_increments_are_flagged():
    derived = msgspec.structs.replace(spot(), derived=True)
    series = [make_bars(derived, 10)]
    assert "DERIVED_INCREMENTS" in compute_metrics(run(series, [bot(Never(), "AAA-USD")]), series).flags


def test_an_adopted_position_closes_as_a_trip_without_a_beginning():
    series = [series_of([100, 110, 120])]
    held = (HeldAtStart("AAA-USD", 100_000, Decimal(90), "one"),)
    m = compute_metrics(run(series, [bot(Script(plan=(0,)), "AAA-USD")], held=held), series)
    assert m.trades == 1
    assert m.average_days_held is None
    assert m.best_trade == 100 - 1  # bought at 90 before, sold 10 at 100 for a fee of 1


def test_what_is_at_hand_is_not_made_again():
    result, series = scripted([100, 110, 90, 85], [10, 0])
    curve, model = equity_curve(result, series), read_model(result)
    assert compute_metrics(result, series, curve=curve, model=model) == compute_metrics(result, series)
    assert break_down(result, model).by_bot[0].name == "one"


def test_sharpe_is_of_utc_days():
    series = [make_bars(spot(), 24 * 20, seed=4)]
    result = run(series, [bot(Once(quantity="500"), "AAA-USD")])
    m, returns = compute_metrics(result, series), daily(equity_curve(result, series)).returns
    assert len(returns) == 20
    assert m.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(365))
    assert m.volatility == pytest.approx(returns.std(ddof=1) * np.sqrt(365))
    assert series[0].span_ns == HOUR_NS


def test_json_holds_money_as_plain_text():
    values = plain_values(compute_metrics(*scripted([100, 110, 90, 85], [10, 0])))
    assert values["opening_equity"] == "10000"
    assert values["net_profit"] == "97.9"
    assert values["open_positions"] == []
    assert msgspec.json.decode(msgspec.json.encode(values)) == values


def test_a_strategy_goes_by_its_registered_name():
    assert strategy_name(make("donchian", {})) == "donchian"
    assert strategy_name(Never()) == "Never"


def test_every_figure_is_explained_in_the_docs():
    page = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")
    assert [name for name in Metrics.__struct_fields__ if f"`{name}`" not in page] == []
