"""A canary in place of a secret: it sings nowhere, whatever a session writes, prints, records or complains about."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.live_rig import BotProcess, ExchangeProcess, bots_config, until

pytestmark = pytest.mark.slow
PASSPHRASE = "a canary that sings over the sea"


def said(folder: Path, environment: dict[str, str], *words: str) -> str:
    """Return everything that a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "tradewind", *words],
        cwd=REPOSITORY,
        env={**os.environ, "TRADEWIND_HOME": str(folder / "home"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_secret_is_in_nothing_that_a_session_leaves_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "exchange").mkdir()
    exchange = ExchangeProcess(tmp_path / "exchange")
    place = json.loads(exchange.keys.read_text())
    account = place.pop("accounts")[0]
    secret = account["api_secret"]
    songs = [*secret.splitlines()[1:-1], secret.replace("\n", "\\n")[30:80], PASSPHRASE]
    songs += [base64.b64encode(secret.encode()).decode()[:60]]
    bare = tmp_path / "exchange" / "address.json"  # where to go, and no key
    bare.write_text(json.dumps({**place, "accounts": []}))
    key = tmp_path / "exchange" / "key.json"
    key.write_text(json.dumps({"name": account["api_key"], "privateKey": secret}))
    key.chmod(0o600)
    sealed = tmp_path / "key.sealed"
    given = {"COINBASE_KEY_PASSPHRASE": PASSPHRASE}
    out = said(tmp_path, given, "key", "seal", str(key), str(sealed))
    assert "is sealed in" in out
    monkeypatch.setenv("COINBASE_KEY_PASSPHRASE", PASSPHRASE)
    config = bots_config(tmp_path / "bots.toml", bots=4, seconds=1)
    bare_exchange = ExchangeKeys(bare)
    try:
        first = BotProcess(tmp_path, bare_exchange, config, key=sealed)  # type: ignore[arg-type]
        first.ready_within(40)
        until(lambda: first.status()["requests"]["placed"] > 2, 30, "the bots do not trade")
        out += json.dumps(first.status())
        exchange.send("POST", "/faults", {"faults": [{"kind": "error_before", "duration_s": 3}]})
        first.kill()
        second = BotProcess(tmp_path, bare_exchange, config, 1, key=sealed)  # type: ignore[arg-type]
        second.ready_within(60)
        out += said(tmp_path, given, "status") + said(tmp_path, given, "status", "--json")
        out += said(tmp_path, given, "orders", "--all") + said(tmp_path, given, "fills")
        out += json.dumps(second.stop()[1])
        where = ("--endpoint", str(bare))
        out += said(tmp_path, given, "doctor", "--key", str(sealed), *where)
        out += said(tmp_path, given, "account", "snapshot", "--key", str(sealed), *where)
        out += said(
            tmp_path, {"COINBASE_KEY_PASSPHRASE": "another one, and wrong"}, "doctor", "--key", str(sealed), *where
        )
        for number, damage in enumerate((secret[:-40], secret.replace("EC", "RSA"), secret[5:], secret + "x")):
            broken = tmp_path / "exchange" / f"broken-{number}.json"
            broken.write_text(json.dumps({"name": account["api_key"], "privateKey": damage}))
            broken.chmod(0o600)
            out += said(tmp_path, {}, "doctor", "--key", str(broken), *where)
        half = {"COINBASE_API_KEY": account["api_key"], "COINBASE_API_SECRET": secret[:-60]}
        out += said(tmp_path, half, "doctor")
    finally:
        exchange.stop()
    assert "passphrase is another one" in out
    assert "damaged private key" in out
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != tmp_path / "exchange"]
    assert any(path.suffix == ".twj" for path in files)
    assert any(path.name == "run.json" for path in files)
    for song in songs:
        assert song not in out
        for path in files:
            assert song.encode() not in path.read_bytes(), path


class ExchangeKeys:
    """An address file in the place of an exchange that a bot is pointed at."""

    def __init__(self, keys: Path) -> None:
        self.keys = keys
