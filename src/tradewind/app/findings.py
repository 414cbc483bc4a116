"""What an examination found: one line per thing looked at, and the worst of them.

READY: go. REVIEW: it can start, and somebody should know. NOT READY: it must not, and the remedy is named.
"""

from enum import IntEnum

import msgspec


class Verdict(IntEnum):
    """Ordered: the larger is the worse."""

    READY = 0
    REVIEW = 1
    NOT_READY = 2

    @property
    def words(self) -> str:
        """Return it as it is shown."""
        return self.name.replace("_", " ")


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, how it stands, what was seen, and what to do about it."""

    check: str
    verdict: Verdict
    seen: str
    remedy: str = ""


class Report(msgspec.Struct, frozen=True):
    """All findings, in the order in which they were made."""

    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """Return the worst of them."""
        return max((each.verdict for each in self.findings), default=Verdict.READY)


def ready(check: str, seen: str) -> Finding:
    return Finding(check, Verdict.READY, seen)


def review(check: str, seen: str, remedy: str) -> Finding:
    return Finding(check, Verdict.REVIEW, seen, remedy)


def not_ready(check: str, seen: str, remedy: str) -> Finding:
    return Finding(check, Verdict.NOT_READY, seen, remedy)
