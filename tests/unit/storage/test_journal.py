"""The journal's writer and reader: order, durability, one writer, and every way a file can be broken."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.unit.storage.journals import CHECKPOINT, CLOSED, HEADER, bar, entries, kept, written
from tradewind.model.errors import ConfigError, StateError
from tradewind.storage.journal.layout import MAGIC
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.journal.writer import GROUP_MAX, Disk, Journal, is_being_written


def test_entries_come_back_in_order_with_their_session(tmp_path: Path) -> None:
    path = tmp_path / "j"
    written(path, [entries(5), [CHECKPOINT, bar(7)]])
    reader = read_journal(path)
    assert reader.session == HEADER
    assert list(reader) == [*entries(5), CHECKPOINT, bar(7), CLOSED]
    end = reader.finish()
    assert (end.records, end.entries, end.events, end.dropped, end.closed) == (4, 8, 6, 0, CLOSED)
    assert end.message == "journal j is whole: 4 records with 6 events are kept"


def test_what_was_appended_is_durable_after_waiting_and_after_closing(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "j", HEADER)
    for entry in entries(3):
        journal.append(entry)
    assert kept(tmp_path / "j") == []
    assert journal.wait(journal.commit()) == 3
    assert journal.durable_up_to == 3
    assert kept(tmp_path / "j") == entries(3)
    journal.append(bar(9))
    journal.close()
    assert kept(tmp_path / "j") == [*entries(3), bar(9)]
    assert journal.size_bytes == (tmp_path / "j").stat().st_size
    journal.close()


def test_nothing_is_acknowledged_before_the_disk_has_it(tmp_path: Path) -> None:
    release = threading.Event()
    synced: list[int] = []

    def slow_sync(handle: int) -> None:
        release.wait(10)
        synced.append(os.fstat(handle).st_size)

    journal = Journal.create(tmp_path / "j", HEADER, disk=Disk(sync=slow_sync))
    journal.append(bar(1))
    future = journal.durable(journal.commit())
    with pytest.raises(TimeoutError):
        journal.wait(timeout_s=0.01)
    assert (journal.durable_up_to, future.done()) == (0, False)
    release.set()
    assert future.result(10) == 1
    assert synced == [(tmp_path / "j").stat().st_size]
    journal.close()


@pytest.mark.parametrize("failing", [False, True])
def test_the_journal_goes_on_when_somebody_who_waited_has_given_up(tmp_path: Path, failing: bool) -> None:
    """As tasks do that are canceled while they wait for the disk."""
    asked = threading.Event()

    def sync(handle: int) -> None:
        assert asked.wait(5)
        if failing:
            raise OSError(errno.EIO, "no")
        os.fsync(handle)

    journal = Journal.create(tmp_path / "j", HEADER, disk=Disk(sync=sync))
    journal.append(bar(1))
    impatient, patient = (journal.durable(journal.commit()) for _ in range(2))
    impatient.cancel()
    asked.set()
    if failing:
        with pytest.raises(StateError):
            patient.result(5)
        with pytest.raises(StateError):
            journal.close()
        return
    assert patient.result(5) == 1
    journal.append(bar(2))
    journal.close()
    assert kept(tmp_path / "j") == [bar(1), bar(2)]


def test_groups_gather_while_the_disk_is_busy(tmp_path: Path) -> None:
    release = threading.Event()
    syncs: list[int] = []

    def slow_sync(handle: int) -> None:
        syncs.append(handle)
        release.wait(10)

    with Journal.create(tmp_path / "j", HEADER, disk=Disk(sync=slow_sync)) as journal:
        for number in range(1, 101):
            journal.append(bar(number))
            journal.commit()
            if number == 1:
                while not syncs:
                    release.wait(0.001)
        release.set()
    assert len(syncs) == 2
    assert kept(tmp_path / "j") == [bar(number) for number in range(1, 101)]


def test_a_large_group_is_divided(tmp_path: Path) -> None:
    written(tmp_path / "j", [[bar(1)] * (GROUP_MAX + 1)], closed=False)
    assert read_journal(tmp_path / "j").finish().records == 3


def test_short_writes_are_continued(tmp_path: Path) -> None:
    disk = Disk(write=lambda handle, data: os.write(handle, data[:7]))
    with Journal.create(tmp_path / "j", HEADER, disk=disk) as journal:
        journal.append(bar(1))
    assert kept(tmp_path / "j") == [bar(1)]


@pytest.mark.parametrize("failing", ["write", "sync"])
def test_a_full_disk_stops_the_journal_for_good(tmp_path: Path, failing: str) -> None:
    calls: list[int] = []

    def fail(*_: object) -> int:
        calls.append(1)
        raise OSError(errno.ENOSPC, "No space left on device")

    disk = Disk(write=fail) if failing == "write" else Disk(sync=fail)
    journal = Journal.create(tmp_path / "j", HEADER, disk=disk)
    journal.append(bar(1))
    with pytest.raises(StateError, match=r"cannot be written .*No space left.*: send nothing new; free space"):
        journal.wait(journal.commit())
    journal.append(bar(2))
    with pytest.raises(StateError, match="cannot be written"):
        journal.commit()
    with pytest.raises(StateError, match="cannot be written"):
        journal.close()
    assert len(calls) == 1


def test_what_cannot_be_encoded_reaches_whoever_waits(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "j", HEADER)
    journal.append(bar(2**70))
    with pytest.raises(StateError, match="cannot be written"):
        journal.wait(journal.commit())
    with pytest.raises(StateError, match="cannot be written"):
        journal.close()


def test_waiting_for_what_was_never_committed_is_refused(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j", HEADER) as journal, pytest.raises(StateError, match="position 1 was never"):
        journal.wait(1)


def test_an_existing_journal_is_not_overwritten(tmp_path: Path) -> None:
    before = written(tmp_path / "j", [entries(2)])
    with pytest.raises(ConfigError, match="already exists"):
        Journal.create(tmp_path / "j", HEADER)
    assert (tmp_path / "j").read_bytes() == before


# -- one writer --------------------------------------------------------------------------------------------------------

SECOND = """
import sys
from pathlib import Path
from tradewind.model.errors import StateError
from tradewind.storage.journal.writer import Journal
try:
    Journal.resume(Path(sys.argv[1]))
except StateError as error:
    print(error)
"""


def test_a_second_writer_is_refused_here_and_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal.create(path, HEADER):
        assert is_being_written(path)
        with pytest.raises(StateError, match="being written by another process: stop that one"):
            Journal.resume(path)
        told = subprocess.run([sys.executable, "-c", SECOND, str(path)], capture_output=True, text=True, check=True)
        assert "being written by another process" in told.stdout
    assert not is_being_written(path)


# -- going on after a crash --------------------------------------------------------------------------------------------


def test_a_journal_goes_on_behind_its_last_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "j"
    data = written(path, [entries(4), entries(6)], closed=False)
    path.write_bytes(data[:-3])
    with Journal.resume(path) as journal:
        assert journal.durable_up_to == 4
        journal.append(bar(50))
    assert kept(path) == [*entries(4), bar(50)]
    (tail,) = tmp_path.glob("j.tail-*")
    offset = int(tail.name.rpartition("-")[2])
    assert tail.read_bytes() == data[offset:-3]


def test_a_closed_journal_does_not_go_on(tmp_path: Path) -> None:
    written(tmp_path / "j", [entries(2)])
    with pytest.raises(StateError, match=r"its session was closed \(ended\): start a new one"):
        Journal.resume(tmp_path / "j")
    assert not is_being_written(tmp_path / "j")


def test_a_journal_without_a_session_does_not_go_on(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(MAGIC)
    with pytest.raises(StateError, match="nothing can be continued"):
        Journal.resume(tmp_path / "j")


# -- broken files ------------------------------------------------------------------------------------------------------


def test_what_is_no_journal_is_named(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"PAR1" * 8)
    with pytest.raises(StateError, match="is no journal of this version"):
        read_journal(tmp_path / "j")
    with pytest.raises(StateError, match="there is no journal"):
        read_journal(tmp_path / "none")


def test_a_cut_tail_says_what_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "j"
    data = written(path, [entries(4), entries(6)], closed=False)
    path.write_bytes(data[:-10])
    reader = read_journal(path)
    assert list(reader) == entries(4)
    end = reader.finish()
    assert end.message == (
        f"journal j breaks off at byte {end.offset}: {len(data) - 10 - end.offset} bytes of an unfinished record were "
        "cut, 2 records with 4 events are kept"
    )


def test_a_missing_last_record_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "j"
    data = written(path, [entries(4), entries(6)])
    shorter = written(tmp_path / "k", [entries(4), entries(6)], closed=False)
    path.write_bytes(data[: len(shorter)])
    end = read_journal(path).finish()
    assert end.message == "journal j has no closing record: the session was cut off, 3 records with 10 events are kept"


def test_damage_in_the_middle_stops_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = written(path, [entries(40), entries(60), entries(5)])
    one = len(written(tmp_path / "k", [entries(40)], closed=False))
    two = len(written(tmp_path / "l", [entries(40), entries(60)], closed=False))
    for broken in (
        whole[:one] + whole[two:],  # a record is missing
        whole[:two] + whole[one:],  # a record is there twice
        whole[: one + 40] + whole[one + 50 :],  # bytes are missing inside a record
        whole[:one] + bytes(two - one) + whole[two:],  # a record was never written, and later ones were
    ):
        path.write_bytes(broken)
        with pytest.raises(StateError, match=r"is damaged: record \d at byte \d+ .*restore it from a backup"):
            read_journal(path).finish()


def test_sectors_that_never_reached_the_disk_are_an_unfinished_record(tmp_path: Path) -> None:
    path = tmp_path / "j"
    random = [bar(int.from_bytes(os.urandom(3), "little")) for _ in range(400)]
    whole = written(path, [entries(4), random], closed=False)
    start = len(written(tmp_path / "k", [entries(4)], closed=False))
    edge = start - start % 512 + 512
    assert len(whole) > edge + 4 * 512
    for torn in (
        whole[:start] + bytes(len(whole) - start),  # the file grew, nothing else
        whole[:start] + bytes(edge - start) + whole[edge:],  # the first sector is missing
        whole[:edge] + bytes(512) + whole[edge + 512 :],  # one in the middle
        whole[: edge + 1024] + bytes(len(whole) - edge - 1024),  # the end
    ):
        path.write_bytes(torn)
        reader = read_journal(path)
        assert list(reader) == entries(4)
        assert reader.finish().dropped == len(torn) - start
