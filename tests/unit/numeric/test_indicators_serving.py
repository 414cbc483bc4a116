"""Columns of bars, the bars an indicator may not see, and values served ahead of time or bar by bar."""

import math
import subprocess
import sys

import numpy as np
import pytest

from tradewind.numeric import indicators
from tradewind.numeric.bars import BarArrays, BarRow, reject_reason, scaled
from tradewind.numeric.indicators.spec import IndicatorSpec
from tradewind.numeric.serving import Server, precompute

CLOSES = np.array([100, 103, 101, 106, 104, 99, 98, 104, 107, 103], dtype=np.int64)
BARS = BarArrays(CLOSES, CLOSES + 2, CLOSES - 2, CLOSES, CLOSES * 10, price_scale=10, volume_scale=100)
SPECS = (indicators.sma(2), indicators.bollinger(3, 2.0), indicators.volume_mean(2), indicators.atr(2))


def test_precompute_lists_outputs_in_order() -> None:
    columns = precompute(SPECS, BARS, [])
    assert len(columns) == 6
    assert columns[0].tolist()[1:3] == [10.15, 10.2]
    assert columns[4].tolist()[1] == (1000 + 1030) / 200
    assert all(column.shape == (10,) for column in columns)


def test_a_segment_starts_every_warm_up_again() -> None:
    averages, *_ = precompute([indicators.sma(2)], BARS, [4, 5])
    assert np.flatnonzero(np.isnan(averages)).tolist() == [0, 4, 5]
    assert averages[6] == (99 + 98) / 20


def test_a_segment_outside_the_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="row 11"):
        precompute(SPECS, BARS, [11])


@pytest.mark.parametrize("segments", [[], [0], [3], [3, 4, 8], [10]])
def test_server_gives_the_rows_of_precompute(segments: list[int]) -> None:
    columns = precompute(SPECS, BARS, segments)
    server = Server(SPECS, BARS.price_scale, BARS.volume_scale)
    for index, bar in enumerate(BARS.rows()):
        if index in segments:
            server.reset()
        row = [column[index] for column in columns]
        assert np.array_equal(server.update(bar), row, equal_nan=True)


def test_a_small_backtest_never_loads_the_compiler() -> None:
    program = (
        "import sys, numpy as np\n"
        "from tradewind.numeric import indicators, kernels\n"
        "from tradewind.numeric.bars import BarArrays\n"
        "from tradewind.numeric.serving import precompute\n"
        "c = np.arange(1, 2001)\n"
        "precompute([indicators.adx(14), indicators.sma(5)], BarArrays(c, c, c, c), [])\n"
        "sys.exit('numba' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="column high has shape"):
        BarArrays(CLOSES, CLOSES[:3], CLOSES, CLOSES)
    with pytest.raises(ValueError, match="column volume holds int32"):
        BarArrays(CLOSES, CLOSES, CLOSES, CLOSES, CLOSES.astype(np.int32))
    with pytest.raises(ValueError, match="scales"):
        BarArrays(CLOSES, CLOSES, CLOSES, CLOSES, price_scale=0)


def test_rows_read_python_numbers() -> None:
    row = next(BARS.rows())
    assert row == BarRow(100, 102, 98, 100, 1000)
    assert type(row.close) is int
    assert next(BarArrays(CLOSES, CLOSES, CLOSES, CLOSES).rows()).volume == 0


def test_scaled_rounds_once_beyond_float_precision() -> None:
    value = 2**60 + 129
    assert scaled(np.array([value]), 3 * 10**9).tolist() == [value / (3 * 10**9)]


@pytest.mark.parametrize(
    ("bar", "reason"),
    [
        (BarRow(100, 102, 98, 101, 5), None),
        (BarRow(100, 100, 100, 100, 0), None),
        (BarRow(100, 102, 98, math.nan, 5), "a field is not finite"),
        (BarRow(100, math.inf, 98, 101, 5), "a field is not finite"),
        (BarRow(100, 102, 98, 101, math.nan), "a field is not finite"),
        (BarRow(100, 100, 98, 101, 5), "the high is below the open or the close"),
        (BarRow(100, 102, 101, 101, 5), "the low is above the open or the close"),
        (BarRow(100, 102, 0, 101, 5), "a price is not positive"),
        (BarRow(100, 102, -1, 101, 5), "a price is not positive"),
    ],
)
def test_bars_no_indicator_may_see(bar: BarRow, reason: str | None) -> None:
    assert reject_reason(bar) == reason


def test_an_indicator_that_does_not_say_how_long_it_warms_up_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="Silent does not say how long it warms up: define warmup_bars"):

        class Silent(IndicatorSpec, frozen=True):
            length: int
