"""The rehearsal of `make e2e-halt`, short: the kill switch under faults, and with the bot dead."""

from pathlib import Path

import pytest

from tests.e2e.halt_dead import AWAY, CASES, halt_the_dead
from tests.e2e.halt_trips import trip_again_and_again
from tests.e2e.venue_halt import summary

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(600)]


def test_nothing_opens_after_the_kill_switch(tmp_path: Path) -> None:
    trips, differences = trip_again_and_again(tmp_path / "ways", 8, seed=4)
    by_guard, more = trip_again_and_again(tmp_path / "guard", 2, seed=5, guard=True)
    lines, right = summary([*trips, *by_guard], [], [*differences, *more])
    assert right, "\n".join(lines)
    assert sum(each.opened for each in trips) > 10


def test_the_halt_at_the_venue_needs_no_bot(tmp_path: Path) -> None:
    done = halt_the_dead(tmp_path, 2)
    assert [each.faults for each in done] == list(CASES)[:2]
    assert done[1].faults == AWAY
    assert done[1].again
    assert [each.trouble for each in done] == ["", ""]
    assert all(each.canceled for each in done)
