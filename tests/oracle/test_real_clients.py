"""The official SDK, ccxt and our adapter over ccxt trade on the local exchange (`make oracle-venue`)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PROGRAM = Path(sys.executable).with_name("tradewind")
pytestmark = [pytest.mark.oracle, pytest.mark.e2e]


@pytest.mark.parametrize(
    ("environment", "suite"), [("sdk", "sdk_suite.py"), ("ccxt", "ccxt_suite.py"), ("ccxt", "adapter_suite.py")]
)
def test_a_client_of_the_venue_is_served(environment: str, suite: str) -> None:
    python = REPOSITORY / f".venv-oracle-{environment}/bin/python"
    if not python.exists():
        pytest.skip("environments of the venue's clients are missing (make oracle-venue makes them)")
    run = subprocess.run(
        [str(python), str(REPOSITORY / "tests/oracle/venue" / suite)],
        env={**os.environ, "TRADEWIND_PROGRAM": str(PROGRAM), "PYTHONPATH": str(REPOSITORY / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    verdict = json.loads(run.stdout.splitlines()[-1])
    assert verdict["failed"] == 0
    assert verdict["passed"] >= 14
