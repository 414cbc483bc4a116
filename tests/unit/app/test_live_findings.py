"""What the doctor finds of sessions: one elsewhere keeps a start from happening here, one's own orders do not."""

from pathlib import Path

from tests.unit.app.live.test_checking import resting
from tradewind.app.findings import Verdict
from tradewind.app.home import Home
from tradewind.app.live.lease import AccountIdentity, Lease
from tradewind.app.live.standing import Standing
from tradewind.app.live_findings import session_finding

IDENTITY = AccountIdentity(venue="coinbase", endpoint="https://example.test", account="a")
MINE, OTHER = "0123456789ab", "ba9876543210"


def test_a_session_elsewhere_is_found_by_its_orders(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert session_finding(home, IDENTITY, [resting("by hand")]).verdict is Verdict.READY
    found = session_finding(home, IDENTITY, [resting(f"{OTHER}-1")])
    assert found.verdict is Verdict.NOT_READY
    assert f"{OTHER}-1 (buy BTC-USD)" in found.seen


def test_orders_of_sessions_that_began_here_are_ones_own(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with Lease.take(home.root / "live", IDENTITY) as lease:
        Standing(lease.folder).begin("run-1", MINE)
    assert session_finding(home, IDENTITY, [resting(f"{MINE}-1")]).verdict is Verdict.READY
    assert session_finding(home, IDENTITY, [resting(f"{MINE}-1"), resting(f"{OTHER}-1")]).verdict is Verdict.NOT_READY
