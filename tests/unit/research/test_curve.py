"""The curve against the engine's own equity at every close, and against sums worked out by hand."""

import time
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from tests.unit.research.made_runs import (
    DAY_NS,
    FEES,
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
    watch,
)  # fmt: skip
from tradewind.engine.config import HeldAtStart
from tradewind.model.answers import CashTransferred, FundingAccrued, FundingPaid, OrderFilled, PositionLiquidated
from tradewind.model.decisions import Crossed
from tradewind.model.errors import DataError, StateError
from tradewind.model.instrument import define_instrument
from tradewind.research.curve import daily, equity_curve
from tradewind.simulation.settings import SimulationSettings


def kinds(result):
    return {type(record) for record in result.audit}


def check_against_engine(result, series, extra=()):
    curve = equity_curve(result, series)
    seen = watch(result, series, extra)
    for ts_ns, value in zip(curve.ts_ns.tolist(), curve.equity.tolist(), strict=True):
        assert value == float(seen[ts_ns]), ts_ns
    assert curve.last == result.equity
    return curve


@pytest.mark.parametrize("seed", range(4))
def test_spot_equity_is_the_engines_at_every_close(seed):
    series = [
        make_bars(spot(), 300, seed=seed, missing=(7, 8, 50)),
        make_bars(spot("CCC-USD"), 80, seed=seed + 9, span_ns=4 * HOUR_NS),
    ]
    bots = [
        bot(Restless(seed=seed), "AAA-USD", id="a", budget=Decimal("0.3")),
        bot(Restless(seed=seed + 1), "AAA-USD", "CCC-USD", id="b", budget=Decimal("0.6")),
    ]
    result = run(series, bots, SimulationSettings(fees=FEES, participation=Decimal("0.1"), slippage_bps=Decimal(2)))
    assert {OrderFilled, Crossed} <= kinds(result)
    check_against_engine(result, series)


@pytest.mark.parametrize("seed", range(4))
def test_perpetual_equity_is_the_engines_at_every_close(seed):
    series = [make_bars(perpetual(), 300, seed=seed), make_bars(spot(), 300, seed=seed + 3)]
    bots = [
        bot(Restless(seed=seed, short=True), "BBB-PERP", id="a"),
        bot(Restless(seed=seed), "AAA-USD", id="b", budget=Decimal("0.2")),
    ]
    extra = [funding("BBB-PERP", 30, settle=seed % 2 == 0)]
    result = run(series, bots, extra=extra)
    assert FundingPaid in kinds(result)
    assert (FundingAccrued in kinds(result)) is (seed % 2 == 1)
    check_against_engine(result, series, extra)


def test_a_liquidated_account_keeps_its_exact_curve():
    series = [make_bars(perpetual(), 200, seed=5, volatility=0.05)]
    result = run(series, [bot(Once(quantity="900"), "BBB-PERP")], cash=Decimal(1000))
    assert PositionLiquidated in kinds(result)
    check_against_engine(result, series)


def test_another_quote_currency_is_converted_at_the_named_mark():
    euro, pair = spot("EUR-USD"), spot("AAA-EUR")
    series = [make_bars(pair, 100, seed=2), make_bars(euro, 100, seed=3, price=1.1, volatility=0.001)]
    held = (HeldAtStart("AAA-EUR", 5_000, Decimal(99)),)
    result = run(series, [bot(Never(), "AAA-EUR")], conversions={"EUR": "EUR-USD"}, held=held)
    curve = check_against_engine(result, series)
    rate, price = (Decimal(int(each.open[0])) / 100 for each in (series[1], series[0]))
    assert curve.opening == 100_000 + Decimal("0.5") * price * rate


def test_equity_by_hand():
    series = [series_of([100, 110, 99, 120], span_ns=DAY_NS)]
    result = run(series, [bot(Once(quantity="10"), "AAA-USD")], cash=Decimal(10_000))
    curve = equity_curve(result, series)
    # Decided at the first close, bought 10 at the second open (100) for a fee of 1.
    assert curve.equity.tolist() == [10_000, 10_099, 9_989, 10_199]
    assert curve.cash.tolist() == [10_000, 8_999, 8_999, 8_999]
    assert curve.exposure.tolist() == pytest.approx([0, 1100 / 10_099, 990 / 9_989, 1200 / 10_199])
    assert curve.drawdown.tolist() == pytest.approx([0, 0, 110 / 10_099, 0])
    assert (curve.opening, curve.opening_ns, curve.last) == (10_000, START_NS, Decimal("10199"))


def test_a_deposit_is_no_profit_and_no_new_peak():
    series = [series_of([100, 100, 50, 50])]
    result = run(series, [bot(Once(quantity="10"), "AAA-USD")], cash=Decimal(10_000))
    moved = CashTransferred("USD", int(series[0].open_ns[3]), Decimal(5_000), "deposit")
    result.audit.append(moved)
    result.state.ledger.transfer("USD", Decimal(5_000))
    result.equity += 5_000
    curve = equity_curve(result, series)
    assert curve.flows.tolist() == [0, 0, 5_000, 0]
    assert curve.equity[2] == pytest.approx(10_000 - 1 - 500 + 5_000)
    assert curve.drawdown[-1] == pytest.approx(501 / 10_000)


def test_an_adopted_position_counts_at_the_first_open():
    series = [series_of([100, 90], opens=[80, 100])]
    held = (HeldAtStart("AAA-USD", 10_000, Decimal(70)),)
    curve = equity_curve(run(series, [bot(Never(), "AAA-USD")], held=held), series)
    assert curve.opening == 100_000 + 80
    assert curve.equity.tolist() == [100_100, 100_090]


def test_days_end_at_midnight_and_absent_days_keep_their_value():
    early = series_of([100, 101, 102], span_ns=12 * HOUR_NS)
    late = msgspec.structs.replace(early, open_ns=early.open_ns + np.array([0, 0, 3 * DAY_NS]))
    result = run([late], [bot(Once(quantity="10"), "AAA-USD")], cash=Decimal(1_100))
    curve = equity_curve(result, [late])
    by_day = daily(curve)
    first = START_NS // DAY_NS
    assert by_day.day.tolist() == [first - 1, first, first + 1, first + 2, first + 3, first + 4]
    assert by_day.equity.tolist() == [1_100, curve.equity[1], *[curve.equity[1]] * 3, curve.equity[2]]
    assert by_day.returns.tolist()[1:4] == [0, 0, 0]


def test_returns_stop_where_the_account_was_wiped_out():
    series = [make_bars(perpetual(maintenance_margin=None), 240, seed=5, volatility=0.2)]
    result = run(series, [bot(Once(quantity="9000"), "BBB-PERP")], cash=Decimal(10_000))
    curve = equity_curve(result, series)
    assert (curve.performance <= 0).any()
    by_day = daily(curve)
    assert len(by_day.returns) < len(by_day.day) - 1
    assert np.isfinite(by_day.returns).all()


def test_what_is_missing_is_said():
    series = [series_of([100, 110, 120]), series_of([50, 51, 52], instrument=spot("CCC-USD"))]
    result = run(series, [bot(Once(), "AAA-USD")])
    with pytest.raises(DataError, match=r"AAA-USD is held but its bars were not given"):
        equity_curve(result, series[1:])
    with pytest.raises(DataError, match=r"pass the series it ran on"):
        equity_curve(result, [])
    with pytest.raises(DataError, match=r"kept no records"):
        equity_curve(msgspec.structs.replace(result, audit=[]), series)


def test_records_that_lead_elsewhere_are_refused():
    series = [series_of([100, 110, 120])]
    result = run(series, [bot(Once(), "AAA-USD")])
    forged = msgspec.structs.replace(result, equity=result.equity + 1)
    with pytest.raises(StateError, match=r"the fills lead to .* but the run ended with"):
        equity_curve(forged, series)


@pytest.mark.slow
def test_half_a_million_bars_take_less_than_a_second():
    instrument = define_instrument("AAA-USD", price_increment="0.01", base_increment="0.0001")
    series = [make_bars(instrument, 500_000, span_ns=HOUR_NS // 60, volatility=0.0005)]
    result = run(series, [bot(Restless(every=40), "AAA-USD")])
    started = time.perf_counter()
    assert equity_curve(result, series).last == result.equity
    assert time.perf_counter() - started < 1.0
