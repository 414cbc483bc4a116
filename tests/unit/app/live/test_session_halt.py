"""The session's own part in a halt: the engine hears of it whatever the disk does."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tradewind.app.live.latch import Latch
from tradewind.app.live.session import LiveSession
from tradewind.model.commands import Halt
from tradewind.model.errors import StateError


def stand_in(latch: Latch) -> Any:
    state = SimpleNamespace(halted=None)
    taken: list[Halt] = []
    alarms: list[Any] = []
    engine = SimpleNamespace(now_ns=lambda: 7, state=state, take=taken.append)
    return SimpleNamespace(engine=engine, latch=latch, alarm=alarms.append, taken=taken, alarms=alarms)


def test_the_latch_and_the_engine_hear_of_a_halt(tmp_path: Path) -> None:
    session = stand_in(Latch(tmp_path))
    LiveSession.halt(cast(LiveSession, session), "news", "operator")
    assert session.taken == [Halt(7, "news")]
    assert Latch(tmp_path).is_set
    assert not session.alarms


def test_a_disk_that_refuses_the_latch_does_not_keep_the_engine_from_stopping(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    latch = Latch(tmp_path / "file" / "below")
    session = stand_in(latch)
    with pytest.raises(StateError, match="cannot be written"):
        LiveSession.halt(cast(LiveSession, session), "news", "operator")
    assert session.taken == [Halt(7, "news")]
    assert latch.is_set
    assert [each.name for each in session.alarms] == ["latch"]
