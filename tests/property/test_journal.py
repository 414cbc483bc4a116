"""Journals of any content: what goes in comes out, any cut leaves a prefix, changed bytes are noticed."""

import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from tests.property.random_session import Case, Session, Whims, cases
from tests.unit.storage.journals import HEADER, entries, written
from tradewind.engine.core import process
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.recording import close_records
from tradewind.engine.resolved import engine_config, engine_values
from tradewind.engine.state import EngineState
from tradewind.model.codec import AuditRecord, decode_audit, decode_entries, encode_audit, encode_entries
from tradewind.model.entries import Entry
from tradewind.model.errors import StateError
from tradewind.model.instrument import Instrument, define_instrument
from tradewind.model.market_events import Bar
from tradewind.storage.journal.layout import MAGIC
from tradewind.storage.journal.reader import read_journal

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
EXACT = st.builds(
    lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=30).map(tuple),
    st.integers(-30, 30),
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    str: TEXT,
    bool: st.booleans(),
    float: st.floats(allow_nan=False),
    NoneType: st.none(),
    Decimal: EXACT,
    Any: st.one_of(TEXT, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)),
    UnsetType: st.just(UNSET),
    Instrument: st.sampled_from([define_instrument("BTC-USD"), define_instrument("A-B", base_increment="0.5")]),
}


@cache
def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return any value of an annotated type of the model: so no entry or record can be forgotten."""
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is UnionType:
        return st.one_of([values_of(each) for each in get_args(kind)])
    if get_origin(kind) is tuple:
        inner = [each for each in get_args(kind) if each is not Ellipsis]
        if len(inner) < len(get_args(kind)):
            return st.lists(values_of(inner[0]), max_size=3).map(tuple)
        return st.tuples(*map(values_of, inner))
    if get_origin(kind) is dict:
        return st.dictionaries(*map(values_of, get_args(kind)), max_size=3)
    if issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in msgspec.structs.fields(kind)})


def test_every_kind_of_entry_and_record_is_generated_and_comes_back() -> None:
    seen: Counter[str] = Counter()

    @given(st.lists(values_of(Entry), max_size=4), st.lists(values_of(AuditRecord), max_size=4))
    @settings(max_examples=4 * settings().max_examples)
    def round_trip(given_entries: list[Any], records: list[Any]) -> None:
        seen.update(type(each).__name__ for each in (*given_entries, *records))
        data = encode_entries(given_entries)
        read = decode_entries(data)
        assert read == [unserved(each) for each in given_entries]
        assert encode_entries(read) == data
        data = encode_audit(records)
        assert decode_audit(data) == records
        assert encode_audit(decode_audit(data)) == data

    round_trip()
    kinds = {kind.__name__ for kind in (*get_args(Entry), *get_args(AuditRecord))}
    print("entries and records generated:", dict(sorted(seen.items())))
    assert set(seen) == kinds


def unserved(entry: Any) -> Any:
    return msgspec.structs.replace(entry, served=None) if type(entry) is Bar else entry


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@given(st.lists(st.lists(values_of(Entry), min_size=1, max_size=5), max_size=3))
@settings(max_examples=max(30, settings().max_examples // 10))
def test_any_sequence_of_entries_is_read_back_from_the_file(folder: Path, groups: list[list[Any]]) -> None:
    path = folder / "any"
    path.unlink(missing_ok=True)
    written(path, groups, closed=False)
    assert list(read_journal(path)) == [unserved(each) for group in groups for each in group]


def test_a_cut_at_any_byte_leaves_a_prefix(tmp_path: Path) -> None:
    path = tmp_path / "j"
    groups = [entries(2), entries(5), entries(1), entries(12)]
    data = written(path, groups)
    whole = list(read_journal(path))
    ends: list[int] = []
    for size in range(len(data)):
        path.write_bytes(data[:size])
        reader = read_journal(path)
        found = list(reader)
        end = reader.finish()
        assert found == whole[: len(found)]
        assert end.offset + end.dropped == size
        assert (reader.session == HEADER) == (end.records > 0)
        assert end.closed is None
        assert end.message.endswith("are kept")
        ends.append(end.records)
    assert ends == sorted(ends)
    assert set(ends) == {0, 1, 2, 3, 4, 5}


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "j"
    data = written(path, [entries(2), entries(3), entries(12)])
    for place in range(len(data)):
        for bits in (1 << (place % 8), 0xFF):
            path.write_bytes(data[:place] + bytes([data[place] ^ bits]) + data[place + 1 :])
            with pytest.raises(StateError, match=r"is damaged|is no journal"):
                read_journal(path).finish()


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_prefix_or_damage(folder: Path, data: bytes, headed: bool) -> None:
    path = folder / "bytes"
    path.write_bytes(MAGIC + data if headed else data)
    told = outcome(path)
    assert told == "no session" or "is damaged: record 0 at byte 8" in told or "is no journal" in told


def outcome(path: Path) -> str:
    try:
        reader = read_journal(path)
    except StateError as error:
        return str(error)
    return "a session" if reader.session or reader.finish().entries else "no session"


@given(cases)
def test_any_session_survives_its_journal(case: Case) -> None:
    """Events and configuration as they lie in a file lead another engine to the same state and the same records."""
    session = Session(case)
    digest = AuditDigest()
    digest.update(session.state.audit)
    read = decode_entries(encode_entries(session.watch.events))
    config = engine_config(msgspec.json.decode(msgspec.json.encode(engine_values(session.config))), lambda _: Whims)
    again = EngineState(config)
    for event in read:
        process(again, event)
    close_records(again)
    replayed = AuditDigest()
    replayed.update(decode_audit(encode_audit(again.audit)))
    assert (state_digest(again), replayed.hexdigest()) == (state_digest(session.state), digest.hexdigest())


WRITER = """
import sys
from pathlib import Path
from tests.property.random_session import Case, Session, Whims, cases
from tests.unit.storage.journals import HEADER, bar
from tradewind.storage.journal.writer import Journal
journal = Journal.create(Path(sys.argv[1]), HEADER)
for number in range(1, 10_000_000):
    journal.append(bar(number))
    if number % 7 == 0:
        position = journal.commit()
    if number % 211 == 0:
        print(journal.wait(position), flush=True)
"""


@pytest.mark.parametrize("acknowledgements", [1, 3, 10, 40])
def test_a_killed_writer_leaves_all_it_acknowledged(tmp_path: Path, acknowledgements: int) -> None:
    path = tmp_path / "j"
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."}) as writer:
        assert writer.stdout is not None
        told = 0
        for _ in range(acknowledgements):
            told = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        told = max([told, *map(int, writer.stdout.read().split())])
    reader = read_journal(path)
    found = list(reader)
    assert len(found) >= told > 0
    assert [each.ts_ns // each.span_ns for each in found if isinstance(each, Bar)] == list(range(1, len(found) + 1))
    assert reader.finish().closed is None
