"""`tradewind doctor` against set-ups that are good, skewed, over-privileged and broken: the table, case by case."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.doctor_table import CASES, Case, examine
from tests.local_exchange import local_exchange


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with local_exchange(tmp_path_factory.mktemp("exchange"), "--seed", "3") as keys:
        yield keys


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_doctor_judges(case: Case, exchange: Path, tmp_path: Path) -> None:
    assert examine(case, exchange, tmp_path).wrong(case) == ""
