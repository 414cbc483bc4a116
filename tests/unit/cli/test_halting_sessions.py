"""`tradewind halt` on sessions that listen, do not listen yet, or hang."""

import json
import socket
from pathlib import Path

import pytest

from tradewind.app.live.control import socket_path
from tradewind.app.live.latch import Latch
from tradewind.app.live.lease import AccountIdentity, Lease
from tradewind.cli import operations
from tradewind.cli.main import main

ACCOUNT = AccountIdentity(venue="coinbase", endpoint="https://there", account="a")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRADEWIND_HOME", str(tmp_path))
    return tmp_path / "live"


def test_an_account_without_a_session_is_latched_and_released(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Lease.take(root, ACCOUNT).release()
    assert main(["halt", "--reason", "news", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"halted": "news", "running": False}
    assert Latch(root / ACCOUNT.name).is_set
    assert main(["resume", "--json"]) == 0
    assert not Latch(root / ACCOUNT.name).is_set


def test_a_session_that_does_not_listen_yet_is_latched(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Lease.take(root, ACCOUNT) as lease:
        assert main(["halt", "--reason", "news", "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == {"halted": "news", "running": True}
        assert Latch(lease.folder).is_set
        assert main(["halt", "--flatten"]) == 2
        assert "nothing is closed" in capsys.readouterr().err


def test_a_session_that_hangs_is_latched_and_the_message_names_the_way_out(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = operations.ask
    monkeypatch.setattr(operations, "ask", lambda folder, what: answered(folder, what, 0.1))
    with Lease.take(root, ACCOUNT) as lease, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as hung:
        path = socket_path(lease.folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        hung.bind(str(path))
        hung.listen()
        assert main(["halt", "--reason", "news"]) == 2
        said = capsys.readouterr().err
        assert "halted: news" in said
        assert "tradewind halt --venue" in said
        assert Latch(lease.folder).is_set
        path.unlink()
