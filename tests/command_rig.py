"""Commands of the line, run in the tests' own process."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tradewind.cli.main import run

Say = Callable[..., tuple[int, Any, str]]


def speaker(capsys: pytest.CaptureFixture[str]) -> Say:
    """Return what runs a command and tells its code, its last line as JSON if it is, and what it complained of."""

    def told(*words: object) -> tuple[int, Any, str]:
        code = run([str(word) for word in words])
        out, err = capsys.readouterr()
        last = out.strip().splitlines()[-1] if out.strip() else ""
        return code, json.loads(last) if last.startswith("{") else out, err

    return told
