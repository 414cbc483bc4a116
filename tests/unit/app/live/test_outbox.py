"""Nothing leaves before its intent is on the disk, and it leaves in order (I11)."""

import asyncio
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from tradewind.app.live.outbox import Leaving, Outbox
from tradewind.model.effects import CancelOrder, SubmitOrder
from tradewind.model.entries import Intended
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.storage.journal.layout import SessionHeader
from tradewind.storage.journal.writer import Disk, Journal

HEADER = SessionHeader(session="s", mode="live", created_at_ns=1, code_version="0", engine={})


def request(number: int) -> OrderRequest:
    return OrderRequest(f"s-{number}", "BTC-USD", Side.BUY, OrderKind.LIMIT, 5, 10)


class SlowDisk:
    """A disk whose syncs wait for leave, or fail."""

    def __init__(self) -> None:
        self.leave = threading.Event()
        self.broken = False

    def sync(self, handle: int) -> None:
        assert self.leave.wait(10)
        if self.broken:
            raise OSError("no space left on device")
        os.fsync(handle)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0.01)


def test_requests_wait_for_the_disk_and_keep_their_order(tmp_path: Path) -> None:
    disk, sent = SlowDisk(), list[Leaving]()
    journal = Journal.create(tmp_path / "j", HEADER, disk=Disk(os.write, disk.sync))

    async def run() -> None:
        outbox = Outbox(journal, sent.extend)
        outbox.release()
        assert outbox.submit(request(1), 1) == ()
        assert outbox.cancel("s-0", 1) == ()
        journal.append(Intended(1, (SubmitOrder(request(1)),)))
        outbox.release()
        outbox.submit(request(2), 2)
        outbox.release()
        await settle()
        assert sent == []
        disk.leave.set()
        await outbox.drain()
        assert sent == [SubmitOrder(request(1)), CancelOrder("s-0"), SubmitOrder(request(2))]
        assert outbox.broken is None

    asyncio.run(run())
    journal.close()


def test_nothing_leaves_once_the_journal_cannot_be_written(tmp_path: Path) -> None:
    disk = SlowDisk()
    journal = Journal.create(tmp_path / "j", HEADER, disk=Disk(os.write, disk.sync))
    sent: list[Sequence[Leaving]] = []

    async def run() -> None:
        outbox = Outbox(journal, sent.append)
        disk.broken = True
        disk.leave.set()
        outbox.submit(request(1), 1)
        journal.append(Intended(1, (SubmitOrder(request(1)),)))
        outbox.release()
        await outbox.drain()
        assert sent == []
        assert "no space left" in str(outbox.broken)

    asyncio.run(run())


def test_what_sending_fails_with_is_kept_and_stops_all_that_follows(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "j", HEADER)
    sent: list[Sequence[Leaving]] = []

    def send(box: Sequence[Leaving]) -> None:
        sent.append(box)
        raise ValueError("no such protection")

    async def run() -> None:
        outbox = Outbox(journal, send)
        for number in (1, 2):
            outbox.submit(request(number), number)
            journal.append(Intended(number, (SubmitOrder(request(number)),)))
            outbox.release()
        await outbox.drain()
        assert [len(box) for box in sent] == [1]
        assert str(outbox.broken) == "no such protection"

    asyncio.run(run())
    journal.close()


def test_a_box_that_the_disk_has_already_does_not_overtake_one_that_waits(tmp_path: Path) -> None:
    """The second intent is in the first one's group, so both futures are done at once, in whatever order is asked."""
    disk, sent = SlowDisk(), list[Leaving]()
    journal = Journal.create(tmp_path / "j", HEADER, disk=Disk(os.write, disk.sync))

    async def run() -> None:
        outbox = Outbox(journal, sent.extend)
        for number in range(1, 21):
            outbox.submit(request(number), number)
            journal.append(Intended(number, (SubmitOrder(request(number)),)))
            outbox.release()
            if number == 10:
                disk.leave.set()
                journal.wait()  # the loop has not run: nothing has been sent yet
        assert sent == []
        await outbox.drain()
        assert sent == [SubmitOrder(request(number)) for number in range(1, 21)]

    asyncio.run(run())
    journal.close()


def test_what_waits_when_the_session_ends_leaves_no_more(tmp_path: Path) -> None:
    disk, sent = SlowDisk(), list[Leaving]()
    journal = Journal.create(tmp_path / "j", HEADER, disk=Disk(os.write, disk.sync))

    async def run() -> None:
        outbox = Outbox(journal, sent.extend)
        outbox.submit(request(1), 1)
        journal.append(Intended(1, (SubmitOrder(request(1)),)))
        outbox.release()
        outbox.close()
        disk.leave.set()
        await asyncio.wait_for(outbox.drain(), 5)
        await settle()
        assert sent == []

    asyncio.run(run())
    journal.close()


def test_what_leaves_is_made_ready_while_the_disk_writes(tmp_path: Path) -> None:
    disk, told = SlowDisk(), list[tuple[str, Leaving]]()
    journal = Journal.create(tmp_path / "j", HEADER, disk=Disk(os.write, disk.sync))

    async def run() -> None:
        outbox = Outbox(
            journal,
            lambda box: told.extend(("sent", each) for each in box),
            lambda box: told.extend(("ready", each) for each in box),
        )
        outbox.submit(request(1), 1)
        journal.append(Intended(1, (SubmitOrder(request(1)),)))
        outbox.release()
        assert told == []
        await settle()
        assert told == [("ready", SubmitOrder(request(1)))]
        disk.leave.set()
        await outbox.drain()
        assert told[1:] == [("sent", SubmitOrder(request(1)))]

    asyncio.run(run())
    journal.close()
