"""SIGUSR1 while no session hears it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradewind.app.home import Home
from tradewind.app.live.latch import Latch
from tradewind.app.live.lease import AccountIdentity, Lease
from tradewind.app.venue_access import Access
from tradewind.cli.halt_signal import HaltSignal
from tradewind.venues.coinbase.addresses import Address

ACCESS = Access(Address("http://127.0.0.1:1", "ws://127.0.0.1:1"))


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_a_signal_before_the_session_trips_its_latch_once(tmp_path: Path) -> None:
    halts, latch = HaltSignal(), Latch(tmp_path)
    halts.latch(latch)
    assert not latch.is_set
    os.kill(os.getpid(), signal.SIGUSR1)
    halts.latch(latch)
    assert latch.is_set
    latch.release()
    halts.latch(latch)
    assert not latch.is_set


def test_where_no_session_ever_stood_the_accounts_of_that_address_are_latched(tmp_path: Path) -> None:
    root = tmp_path / "live"
    here = Lease.take(root, AccountIdentity(venue="coinbase", endpoint=ACCESS.address.rest, account="a"))
    other = Lease.take(root, AccountIdentity(venue="coinbase", endpoint="https://other", account="a"))
    halts = HaltSignal()
    halts.latch_accounts(Home(tmp_path), ACCESS)
    assert not Latch(here.folder).is_set
    os.kill(os.getpid(), signal.SIGUSR1)
    halts.latch_accounts(Home(tmp_path), ACCESS)
    assert Latch(here.folder).is_set
    assert not Latch(other.folder).is_set
    here.release()
    other.release()
