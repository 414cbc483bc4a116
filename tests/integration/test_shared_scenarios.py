"""Every shared reference scenario passes, on the fast venue and on the slow one."""

from pathlib import Path

import pytest

from tradewind.research.scenarios import FAST, REFERENCE, Venues, format_line, run_paths


@pytest.mark.parametrize("venues", [FAST, REFERENCE], ids=["fast", "reference"])
def test_every_shared_scenario_passes(shared: Path, venues: Venues) -> None:
    results = run_paths([shared / "scenarios"], venues)

    assert len(results) >= 110
    assert [format_line(result) for result in results if not result.passed] == []
