"""Every position that policy wants protected is covered exactly, being closed, or known to an operator (I21).

Random sessions of all kinds of orders, exits, bots, commands and venues; audited after every event, judged at the end
of every bar. How often each way out occurred is printed, and one that never did is a failure.
"""

from collections import Counter

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.coverage_auditor import CoverageAuditor
from tests.property.random_session import Case, Session, case_of, cases

WAYS = (
    "covered",
    "closing",
    "alarm",
    "changing",
    "dust",
    "placed anew",
    "in doubt",
    "late fill",
    "liquidation partial",
)


def test_what_shall_be_protected_is_covered_or_closed_or_alarmed(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()

    @given(cases, st.booleans())
    @example(case_of(1_247_130, 9), False)  # what an alarm was about grows before exits cover it
    def check(case: Case, coarse: bool) -> None:
        seen.update(audited(msgspec.structs.replace(case, coarse=coarse)))

    check()
    with capsys.disabled():
        print("\n".join([f"\ncoverage: {seen['cases']} cases", *(f"  {seen[way]:8d}  {way}" for way in WAYS)]))
    assert not [way for way in WAYS if not seen[way]]


def audited(case: Case) -> Counter[str]:
    """Return how often each way out occurred in a session; raises AssertionError where there was none."""
    auditors: list[CoverageAuditor] = []

    def auditor(session: Session) -> CoverageAuditor:
        if not auditors:
            auditors.append(CoverageAuditor(session.state))
        return auditors[0]

    session = Session(
        case, watch=lambda session: auditor(session).see(), after=lambda session: auditor(session).judge()
    )
    return Counter({"cases": 1}) + auditors[0].seen + session.seen
