"""What both suites share: the exchange as a process of its own, and a row of checks. Standard library only.

The suites run in environments that know nothing of tradewind; the program they start is named by TRADEWIND_PROGRAM.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

REPOSITORY = Path(__file__).resolve().parents[3]
START_LIMIT_S = 30.0
Check = Callable[[], None]


@contextmanager
def exchange(*options: str) -> Iterator[dict[str, Any]]:
    """Start the exchange with TLS, let this process trust it by the usual variables, and stop it at the end."""
    program = os.environ.get("TRADEWIND_PROGRAM", str(REPOSITORY / ".venv/bin/tradewind"))
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "keys.json"
        command = [program, "exchange", "--port", "0", "--keys-out", str(keys), "--tls", *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            limit = time.monotonic() + START_LIMIT_S
            while not keys.exists():
                if process.poll() is not None or time.monotonic() > limit:
                    raise SystemExit(f"{program} exchange did not start")
                time.sleep(0.02)
            told = json.loads(keys.read_text(encoding="utf-8"))
            os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = told["ca"]
            yield told
        finally:
            process.terminate()
            if process.wait(10) != 0:
                raise SystemExit(f"the exchange ended with exit code {process.returncode}")


def account(told: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the entry of the keys file with this name."""
    return next(entry for entry in told["accounts"] if entry["name"] == name)


def admin(told: dict[str, Any], path: str, body: object = None, method: str | None = None) -> Any:
    """Ask the admin port."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(told["admin"] + path, data, method=method), timeout=10) as answer:
        return json.load(answer)


def until(true: Callable[[], object], what: str, limit_s: float = 10.0) -> None:
    """Wait until something is true."""
    limit = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > limit:
            raise AssertionError(f"waited {limit_s} s for {what}")
        time.sleep(0.05)


def run(checks: list[Check]) -> int:
    """Run checks in their order, print a line for each and a summary, and return the exit code."""
    failed = []
    for check in checks:
        name = check.__name__
        try:
            check()
        except Exception:  # noqa: BLE001 - whatever a check raises is its verdict
            failed.append(name)
            print(f"FAIL {name}\n{traceback.format_exc()}")
        else:
            print(f"ok   {name}")
        sys.stdout.flush()
    print(json.dumps({"passed": len(checks) - len(failed), "failed": len(failed), "names": failed}))
    return 1 if failed else 0
