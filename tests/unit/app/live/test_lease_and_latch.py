"""One session per account, and a kill switch that holds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tradewind.app.live.latch import LATCH_FILE, Latch
from tradewind.app.live.lease import IDENTITY_FILE, LOCK_FILE, AccountIdentity, Lease, holder
from tradewind.model.errors import ConfigError, StateError

ALICE = AccountIdentity(venue="coinbase", endpoint="http://127.0.0.1:9", account="alice")


def test_a_second_session_on_the_account_is_refused(tmp_path: Path) -> None:
    with Lease.take(tmp_path, ALICE) as lease:
        assert lease.is_held
        assert holder(lease.folder) == os.getpid()
        with pytest.raises(StateError, match=f"process {os.getpid()} trades this account already"):
            Lease.take(tmp_path, ALICE)
    assert not lease.is_held
    assert holder(lease.folder) is None
    Lease.take(tmp_path, ALICE).release()


def test_another_process_is_refused_too_and_death_frees_the_account(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tradewind.app.live.lease import *;"
        f"Lease.take(Path({str(tmp_path)!r}), AccountIdentity(venue='coinbase', endpoint='http://127.0.0.1:9',"
        " account='alice')); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StateError, match=f"process {other.pid} trades"):
            Lease.take(tmp_path, ALICE)
        other.kill()
        other.wait()
    Lease.take(tmp_path, ALICE).release()


@pytest.mark.parametrize("field", ["venue", "endpoint", "account", "mode"])
def test_every_account_has_a_folder_of_its_own(field: str) -> None:
    other = {"venue": "v", "endpoint": "e", "account": "a", "mode": "live"}
    assert AccountIdentity(**other).name != AccountIdentity(**{**other, field: "x"}).name


def test_a_copied_state_of_another_account_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ALICE.name
    folder.mkdir()
    foreign = AccountIdentity(venue="coinbase", endpoint="http://127.0.0.1:9", account="bob")
    import msgspec

    (folder / IDENTITY_FILE).write_bytes(msgspec.json.encode(foreign))
    with pytest.raises(ConfigError, match="state of another account"):
        Lease.take(tmp_path, ALICE)
    (folder / IDENTITY_FILE).write_bytes(b"{")
    with pytest.raises(StateError, match="cannot be read"):
        Lease.take(tmp_path, ALICE)
    assert holder(folder) is None


def test_a_lease_whose_file_was_taken_away_is_no_lease(tmp_path: Path) -> None:
    lease = Lease.take(tmp_path, ALICE)
    (lease.folder / LOCK_FILE).unlink()
    assert not lease.is_held
    lease.release()


def test_the_latch_survives_and_keeps_its_first_reason(tmp_path: Path) -> None:
    latch = Latch(tmp_path)
    assert not latch.is_set
    assert latch.read() is None
    latch.trip("too much lost", 5, "guard")
    again = Latch(tmp_path)
    assert again.is_set
    assert again.trip("another reason", 6, "operator").reason == "too much lost"
    again.release()
    assert not again.is_set
    again.release()


def test_an_unreadable_latch_is_set(tmp_path: Path) -> None:
    (tmp_path / LATCH_FILE).write_bytes(b"half a wor")
    latch = Latch(tmp_path)
    tripped = latch.read()
    assert latch.is_set
    assert tripped is not None
    assert "cannot be read" in tripped.reason


def test_a_latch_that_cannot_be_written_still_stops_this_process(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "file" / "below")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StateError, match="cannot be written"):
        latch.trip("disk gone", 1, "guard")
    assert latch.is_set
