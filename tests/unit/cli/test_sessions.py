"""A session that breaks down leaves a whole journal, and a run that does not count as running."""

from pathlib import Path

import pytest

from tradewind.app.config import resolve
from tradewind.app.generated import generated_market
from tradewind.app.home import Home
from tradewind.cli.sessions import Session
from tradewind.storage.journal.reader import read_journal
from tradewind.storage.runs import RunStore


def test_a_session_that_breaks_down_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    resolved = resolve(home, {}, profile="demo", base={"market": {"bars": 400}})
    session = Session("demo", resolved, home, generated_market(resolved.config.market, resolved.config.seed))
    store = RunStore(home.runs)
    run = session.record.id
    assert store.load(run).status == "running"

    def breaks(watch: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(session.paper, "run", breaks)
    with pytest.raises(RuntimeError, match="out of luck"):
        session.run(lambda glance: None)
    assert store.load(run).status == "interrupted"
    reader = read_journal(store.journal(run))
    assert reader.finish().dropped == 0
    store.delete(run)
