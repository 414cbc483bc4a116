"""`tradewind exchange` as people start it: keys file, TLS, a clean end, and what it says of wrong options."""

import json
import os
import signal
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tradewind.cli.main import main

PROGRAM = [sys.executable, "-m", "tradewind.cli", "exchange"]


@contextmanager
def started(keys: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [*PROGRAM, "--port", "0", "--keys-out", str(keys), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            limit = time.monotonic() + 30
            while not keys.exists():
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < limit
                time.sleep(0.02)
            yield process, json.loads(keys.read_text(encoding="utf-8"))
        finally:
            if process.poll() is None:
                process.kill()


def test_it_serves_over_tls_and_ends_cleanly(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    with started(keys, "--tls", "--speed", "10") as (process, told):
        assert stat.S_IMODE(keys.stat().st_mode) == 0o600
        assert set(told) == {"rest", "ws", "ca", "admin", "accounts"}
        assert {"name", "api_key", "api_secret", "balances"} <= set(told["accounts"][0])
        assert told["accounts"][0]["api_secret"].startswith("-----BEGIN EC PRIVATE KEY-----")
        trusting = ssl.create_default_context(cafile=told["ca"])
        path = "/api/v3/brokerage/market/products/BTC-USD/ticker?limit=5"
        with urlopen(told["rest"] + path, context=trusting, timeout=60) as answer:
            assert len(json.load(answer)["trades"]) == 5, "the market has traded before the doors open"
        with urlopen(told["admin"] + "/health", timeout=60) as answer:
            assert json.load(answer)["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert told["rest"] in out


def test_streams_may_have_a_port_of_their_own(tmp_path: Path) -> None:
    with started(tmp_path / "keys.json", "--ws-port", "0", "--faults", "seed:3") as (_, told):
        assert told["ws"].startswith("ws://127.0.0.1:")
        assert told["ca"] is None
        assert told["ws"].rpartition(":")[2] != told["rest"].rpartition(":")[2]
        with urlopen(told["admin"] + "/faults", timeout=10) as answer:
            assert len(json.load(answer)["faults"]) > 100


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--market", "weather"), "--market"),
        (("--faults", "nowhere.json"), "nowhere.json"),
        (("--faults", "seed:x"), "seed:N"),
        (("--limits", "none"), "--limits"),
        (("--speed", "0"), "--speed"),
        (("--market", "replay:nowhere"), "nowhere"),
        (("--port", "70000"), "--port must be from 0"),
        (("--ws-port", "-1"), "--ws-port must be from 0"),
        (("--seed", "-1"), "--seed must be from 0"),
        (("--keys-out", "."), "is a folder"),
        (("--keys-out", "none/keys.json"), "there is no folder"),
        (("--faults", "faults.json"), "names the product NO-SUCH"),
    ],
)
def test_wrong_options_are_told_in_a_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, str],
    said: str,
) -> None:
    mode = '{"faults": [{"kind": "mode", "products": ["NO-SUCH"]}]}'
    (tmp_path / "faults.json").write_text(mode, encoding="utf-8")
    ours = {"--port": "0", "--keys-out": str(tmp_path / "keys.json")} | {options[0]: options[1]}
    monkeypatch.chdir(tmp_path)
    assert main(["exchange", *(word for pair in ours.items() for word in pair)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["faults.json"]  # nothing half written, no key


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with started(tmp_path / "keys.json") as (_, told):
        port = told["rest"].rpartition(":")[2]
        command = [*PROGRAM, "--port", port, "--keys-out", str(tmp_path / "other.json")]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=dict(os.environ))
    assert run.returncode == 2
    assert port in run.stderr
