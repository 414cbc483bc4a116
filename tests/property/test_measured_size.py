"""Whatever is measured, an entry is never larger than what is wanted, and its size is a number."""

import math

from hypothesis import given
from hypothesis import strategies as st

from tradewind.model.regime import Regime
from tradewind.portfolio.position_size import Measured, SizingRules, measured_size

numbers = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 10))


@given(
    st.sampled_from(["kelly", "volatility_target"]),
    st.floats(0, 5),
    st.lists(st.floats(-10_000, 10_000), max_size=60),
    numbers,
    numbers,
    st.sampled_from([None, *Regime]),
)
def test_a_size_is_finite_and_never_above_what_is_wanted(
    method: str,
    wanted: float,
    results: list[float],
    volatility: float | None,
    volume: float | None,
    regime: Regime | None,
) -> None:
    found = measured_size(SizingRules(method=method), Measured(wanted, results, volatility, volume, regime))
    assert math.isfinite(found.share)
    assert 0 <= found.share <= min(wanted, 1)
    assert found.binding in {*found.sizes, "no_edge", "no_data", "regime"}
