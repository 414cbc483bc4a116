"""Three fill models: what each changes, and that the kinder one is never the dearer one here."""

from decimal import Decimal

import msgspec
import pytest

from tests.unit.research.made_runs import FEES, Restless, bot, config_of, make_bars, run, spot
from tradewind.research.ranges import Fills, fill_range, variant
from tradewind.simulation.settings import SimulationSettings

EXPECTED = SimulationSettings(
    fees=FEES, half_spread_bps=Decimal(2), slippage_bps=Decimal(1), participation=Decimal("0.5")
)


def test_the_variants_change_fills_and_nothing_else():
    kind, harsh = variant(EXPECTED, Fills.OPTIMISTIC), variant(EXPECTED, Fills.PESSIMISTIC)
    assert variant(EXPECTED, Fills.EXPECTED) is EXPECTED
    assert (kind.fill_on_touch, kind.half_spread_bps, kind.slippage_bps, kind.participation) == (
        True,
        0,
        0,
        Decimal("0.5"),
    )
    assert (harsh.fill_on_touch, harsh.half_spread_bps, harsh.slippage_bps) == (False, 4, 5)
    assert harsh.participation == Decimal("0.1")
    for changed in (kind, harsh):
        assert (changed.fees, changed.entry_latency_ns, changed.queue_model) == (FEES, 0, EXPECTED.queue_model)


@pytest.mark.parametrize(
    ("given", "slippage", "share"),
    [
        (SimulationSettings(), 5, "0.1"),
        (SimulationSettings(slippage_bps=Decimal(9), participation=Decimal("0.02")), 9, "0.02"),
    ],
)
def test_the_pessimist_is_never_kinder_than_asked(given, slippage, share):
    harsh = variant(given, Fills.PESSIMISTIC)
    assert (harsh.slippage_bps, harsh.participation) == (slippage, Decimal(share))


def test_a_range_runs_the_same_config_three_times():
    series = [msgspec.structs.replace(make_bars(spot(), 300), volume=None)]  # nothing to participate in: costs only
    bots = [bot(Restless(), "AAA-USD", budget=Decimal("0.5"))]
    config = config_of(series, bots)
    ranges = fill_range(config, EXPECTED, series)
    assert [row.fills_model for row in ranges.rows] == ["optimistic", "expected", "pessimistic"]
    assert ranges.optimistic.net_profit > ranges.expected.net_profit > ranges.pessimistic.net_profit
    assert ranges.expected.digest == run(series, bots, EXPECTED).digest
    assert len({row.digest for row in ranges.rows}) == 3
    assert ranges.settings["pessimistic"] == variant(EXPECTED, Fills.PESSIMISTIC)


def test_a_run_at_hand_is_not_made_again():
    series = [make_bars(spot(), 100)]
    bots = [bot(Restless(), "AAA-USD", budget=Decimal("0.5"))]
    other = run(series, [bot(Restless(seed=5), "AAA-USD", budget=Decimal("0.5"))], EXPECTED)
    ranges = fill_range(config_of(series, bots), EXPECTED, series, expected=other)
    assert ranges.expected.digest == other.digest
