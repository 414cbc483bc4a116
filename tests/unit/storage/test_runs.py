"""Runs as they are kept: whole or absent, named by time, found by a part of the name, compared, and deleted."""

import os
from pathlib import Path

import msgspec
import pytest

from tests.unit.storage.journals import HEADER
from tradewind.model.answers import OrderAccepted
from tradewind.model.decisions import Quiet
from tradewind.model.errors import ConfigError, DataError, StateError
from tradewind.storage.journal.writer import Journal
from tradewind.storage.runs import AUDIT_FILE, RUN_FILE, DataSource, RunDigests, RunRecord, RunStore, compare_runs

NOON_NS = 1_763_726_400_000_000_000
RECORD = RunRecord(
    kind="backtest",
    created_at_ns=NOON_NS + 7_000_000,
    code_version="0.1.0",
    config={"account": {"cash": "1000.00"}, "bots": [{"strategy": "macd"}]},
    config_hash="c1",
    data={"BTC-USD": DataSource("btc.csv", "d1")},
    seed=3,
    flags={"netting": True},
    digests=RunDigests("a", "b", "c"),
    counts={"fills": 2},
    equity="1001.25",
    metrics={"sharpe": 1.5, "monthly": [{"month": "2025-11", "return": 0.1}]},
)
AUDIT = [Quiet(1, 9, "bot", "BTC-USD", "warming_up"), *(OrderAccepted(f"o-{n}", n, n) for n in range(5_000))]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def test_a_run_comes_back_with_its_audit_stream_and_reports(store: RunStore) -> None:
    kept = store.save(RECORD, audit=AUDIT, files={"report.html": "<p>é</p>", "equity.bin": b"\x00"})
    assert kept.id == "20251121-120000-007-backtest"
    assert store.load(kept.id) == kept
    assert list(store.audit(kept.id)) == AUDIT
    assert (store.folder(kept.id) / "report.html").read_text(encoding="utf-8") == "<p>é</p>"
    assert sorted(path.name for path in store.root.iterdir()) == [kept.id]


def test_the_same_run_is_the_same_bytes(store: RunStore) -> None:
    folders = [store.folder(store.save(RECORD, audit=iter(AUDIT)).id) for _ in range(2)]
    first, second = ((folder / AUDIT_FILE).read_bytes() for folder in folders)
    assert first == second
    first, second = ((folder / RUN_FILE).read_bytes() for folder in folders)
    assert first.replace(folders[0].name.encode(), folders[1].name.encode()) == second


def test_ids_sort_by_time_and_are_never_given_twice(store: RunStore) -> None:
    later = store.save(msgspec.structs.replace(RECORD, created_at_ns=NOON_NS + 10**9)).id
    names = [store.save(RECORD).id for _ in range(3)]
    assert names == [RECORD_ID, f"{RECORD_ID}-2", f"{RECORD_ID}-3"]
    assert [run.id for run in store.listing().runs] == [*names, later]


RECORD_ID = "20251121-120000-007-backtest"


def test_a_run_is_found_by_part_of_its_name(store: RunStore) -> None:
    with pytest.raises(ConfigError, match=r"there is no run 'latest': there are none in .*; see `tradewind runs list`"):
        store.find("latest")
    first = store.save(RECORD).id
    other = store.save(msgspec.structs.replace(RECORD, kind="paper", created_at_ns=NOON_NS + 10**9)).id
    assert store.find("latest") == store.find("paper") == other
    assert store.find("20251121-120000-") == first
    with pytest.raises(ConfigError, match=f"run '2025' may be any of {first}, {other}: name one of them in full"):
        store.find("2025")
    for odd in ("nothing", "", "../runs"):
        with pytest.raises(ConfigError, match=f"there is no run '{odd}': the latest is {other}"):
            store.find(odd)


def test_a_session_has_its_record_from_the_start(store: RunStore) -> None:
    begun = store.begin(msgspec.structs.replace(RECORD, kind="paper", digests=None))
    assert store.load(begun.id).status == "running"
    done = store.finish(msgspec.structs.replace(begun, digests=RECORD.digests), audit=AUDIT[:2], files={"a.csv": "x"})
    assert store.load(begun.id) == done
    assert (done.status, done.digests) == ("finished", RECORD.digests)
    assert list(store.audit(begun.id)) == AUDIT[:2]


def test_a_session_whose_process_is_gone_was_interrupted(store: RunStore) -> None:
    """The lock of a process that is killed is gone with it; the file stays behind."""
    other = RunStore(store.root)
    run = other.begin(msgspec.structs.replace(RECORD, kind="paper", digests=None)).id
    assert [each.status for each in store.listing().runs] == ["running"]
    os.close(other._locks.pop(run))
    assert [each.status for each in store.listing().runs] == ["interrupted"]
    with Journal.create(store.journal(run), HEADER):
        assert store.load(run).status == "running"
    assert store.load(run).status == "interrupted"


def test_a_session_that_failed_is_no_longer_running(store: RunStore) -> None:
    run = store.begin(RECORD).id
    store.release(run)
    store.release(run)
    assert store.load(run).status == "interrupted"


def test_a_failure_while_keeping_leaves_nothing(store: RunStore) -> None:
    def broken() -> object:
        yield AUDIT[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.save(RECORD, audit=broken())
    assert list(store.root.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"kind": "backt', "truncated"),
        (b"\xff\xfe", "malformed"),
        (b'{"kind": "backtest"}', "missing required field `created_at_ns`"),
        (b'{"kind": "backtest", "created_at_ns": 1, "code_version": "1", "layout": 2}', "Invalid enum value 2"),
        (None, "No such file or directory"),
    ],
)
def test_a_damaged_record_names_file_and_remedy_and_hides_no_other(
    store: RunStore, content: bytes | None, why: str
) -> None:
    good, bad = store.save(RECORD).id, store.save(RECORD).id
    path = store.folder(bad) / RUN_FILE
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        store.load(bad)
    told = str(caught.value)
    assert told.startswith(f"the record of run {bad} cannot be read ({path}: ")
    assert why in told
    assert told.endswith(f"restore the file from a backup, or remove the run with `tradewind runs delete {bad}`")
    listing = store.listing()
    assert [run.id for run in listing.runs] == [good]
    assert listing.broken == {bad: told}


def test_a_damaged_audit_stream_is_noticed(store: RunStore) -> None:
    run = store.save(RECORD, audit=AUDIT).id
    path = store.folder(run) / AUDIT_FILE
    whole = path.read_bytes()
    for broken in (whole[:-9], whole[:60] + bytes([whole[60] ^ 1]) + whole[61:], b"no gzip"):
        path.write_bytes(broken)
        with pytest.raises(DataError, match=r"the audit stream .* cannot be read"):
            list(store.audit(run))
    path.unlink()
    with pytest.raises(DataError, match=r"the audit stream .* cannot be read"):
        list(store.audit(run))


def test_two_runs_differ_in_what_was_changed(store: RunStore) -> None:
    other = msgspec.structs.replace(
        RECORD,
        created_at_ns=5,
        config={"account": {"cash": "900"}, "bots": [{"strategy": "rsi"}]},
        data={"BTC-USD": DataSource("btc.csv", "d2")},
        metrics={"sharpe": 1.5},
    )
    assert [(each.name, each.left, each.right) for each in compare_runs(RECORD, other)] == [
        ("config.account.cash", "1000.00", "900"),
        ("config.bots.0.strategy", "macd", "rsi"),
        ("data.BTC-USD.digest", "d1", "d2"),
        ("metrics.monthly.0.month", "2025-11", None),
        ("metrics.monthly.0.return", 0.1, None),
    ]
    assert compare_runs(RECORD, RECORD) == ()


def test_a_run_is_deleted_with_all_it_has_unless_it_goes_on(store: RunStore) -> None:
    run = store.begin(RECORD).id
    with Journal.create(store.journal(run), HEADER), pytest.raises(StateError, match=f"run {run} is still going on"):
        store.delete(run)
    with pytest.raises(StateError, match=f"run {run} is still going on"):
        store.delete(run)
    store.release(run)
    store.delete(run)
    assert list(store.root.iterdir()) == []
    with pytest.raises(ConfigError, match="there is no run"):
        store.delete(run)
