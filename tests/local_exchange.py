"""A local exchange in a process of its own, as people run it, for tests of what talks to one."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

START_S = 20.0


@contextlib.contextmanager
def local_exchange(folder: Path, *options: str) -> Iterator[Path]:
    """The endpoint file of a local exchange that serves meanwhile."""
    keys = folder / "keys.json"
    words = ("exchange", "--port", "0", "--keys-out", str(keys), *options)
    environment = {**os.environ, "TRADEWIND_HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "tradewind", *words]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        until_s = time.monotonic() + START_S
        while not keys.exists():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until_s
            time.sleep(0.05)
        yield keys
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
