"""What every test may lean on: the hypothesis profiles, the folder of shared data, and a count of what was skipped."""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent

QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile("ci", max_examples=300, deadline=None, derandomize=True, suppress_health_check=QUIET)
settings.register_profile("long", max_examples=10_000, deadline=None, suppress_health_check=QUIET, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def shared_folder() -> Path:
    """The folder of real data: the one TRADEWIND_SHARED names, else `shared` beside the repository."""
    named = os.environ.get("TRADEWIND_SHARED")
    return Path(named) if named else REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data; the test is skipped, with a reason that is counted, where it is missing."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip("shared data folder missing (set TRADEWIND_SHARED)")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line per reason for skipping, with how many tests it cost."""
    reasons = Counter(skip_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if reasons:
        terminalreporter.section("skips by reason", sep="-")
    for reason, tests in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
        terminalreporter.write_line(f"{tests:5d}  {reason}")


def skip_reason(report: pytest.TestReport) -> str:
    """Why a test was skipped, without the place where it says so."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return re.sub(r"^Skipped: ", "", text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Leave random cases out of the coverage: a line that only chance reaches is not shown to be right by name.

    They make up the most steps of the suite, and being watched line by line makes them five times as slow. The mark
    `no_cover` stops only the innermost watcher, and a worker process has a second one, which goes on.
    """
    if not {"property", "parity"} & set(item.path.relative_to(REPOSITORY).parts):
        return (yield)
    watcher = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(watcher)
