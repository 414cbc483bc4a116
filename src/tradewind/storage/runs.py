"""The record of every run, in a folder of its own: what was run on what, what came of it, and the proof of both.

    runs/<id>/run.json           configuration, data, version, digests, metrics; written last, so it is whole or absent
    runs/<id>/audit.msgpack.gz   every decision, order, answer and command, in order
    runs/<id>/journal.twj        what a session consumed (paper and live)
    runs/<id>/session.lock       held by the process of a session while it runs
    runs/<id>/...                reports

A finished run appears at once: it is made under a hidden name, then renamed.
"""

import errno
import fcntl
import gzip
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal

import msgspec

from tradewind.model.codec import AuditRecord, decode_audit, encode_audit
from tradewind.model.errors import ConfigError, DataError, StateError
from tradewind.storage.atomic import PARTIAL, sync, write_bytes
from tradewind.storage.journal.writer import is_being_written

RUN_FILE = "run.json"
AUDIT_FILE = "audit.msgpack.gz"
JOURNAL_FILE = "journal.twj"
LOCK_FILE = "session.lock"
AUDIT_GROUP = 4096
LATEST = "latest"
_NUMBERS = count(1)


class DataSource(msgspec.Struct, frozen=True):
    """Where an instrument's data came from, and the hash of what they were."""

    source: str
    digest: str


class RunDigests(msgspec.Struct, frozen=True):
    """`digest` is over everything decided and done and the final state; the others are its two parts."""

    digest: str
    audit: str
    state: str


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What was run and what came of it. `config` is what was asked for, `engine` and `settings` what that became.

    On the disk a session is `running` until it is finished; it is read as `interrupted` when its process has gone.
    """

    kind: str
    created_at_ns: int
    code_version: str
    id: str = ""
    status: Literal["running", "finished", "interrupted"] = "finished"
    config: dict[str, Any] = {}
    config_hash: str = ""
    engine: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    data: dict[str, DataSource] = {}
    seed: int | None = None
    flags: dict[str, bool | str] = {}
    digests: RunDigests | None = None
    counts: dict[str, int] = {}
    equity: str | None = None
    metrics: dict[str, Any] = {}
    ended: str = ""
    layout: Literal[1] = 1


class Listing(msgspec.Struct, frozen=True):
    """The runs there are, oldest first, and those whose record cannot be read, with why."""

    runs: tuple[RunRecord, ...]
    broken: dict[str, str]


class Change(msgspec.Struct, frozen=True):
    """One thing in which two runs differ; None where a run does not have it."""

    name: str
    left: object
    right: object


class RunStore:
    """The runs in one folder. Ids sort by the time of creation and are never given twice."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._locks: dict[str, int] = {}

    # -- writing ------------------------------------------------------------------------------------------------------

    def save(
        self,
        record: RunRecord,
        *,
        audit: Iterable[msgspec.Struct] | None = None,
        files: Mapping[str, bytes | str] | None = None,
    ) -> RunRecord:
        """Return the record with the id it was given, kept with its audit stream and reports, all at once."""
        hidden = self.root / f".{os.getpid()}-{next(_NUMBERS)}{PARTIAL}"
        hidden.mkdir(parents=True)
        try:
            _write_parts(hidden, audit, files or {})
            for name in _ids(record):
                named = msgspec.structs.replace(record, id=name)
                write_bytes(hidden / RUN_FILE, _as_json(named), overwrite=True)
                if _publish(hidden, self.root / name):
                    sync(self.root)
                    return named
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
        raise AssertionError("ids never end")

    def begin(self, record: RunRecord) -> RunRecord:
        """Return the record of a session that starts now, with its id; its folder is there, for the journal.

        The run counts as running until `finish` or `release`, or until this process ends, however it ends.
        """
        begun = self.save(msgspec.structs.replace(record, status="running"))
        handle = os.open(self.root / begun.id / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self._locks[begun.id] = handle
        return begun

    def release(self, run: str) -> None:
        """Say that the session is over, whether it was finished or not; a second call does nothing."""
        handle = self._locks.pop(run, None)
        if handle is not None:
            (self.root / run / LOCK_FILE).unlink(missing_ok=True)
            os.close(handle)

    def finish(
        self,
        record: RunRecord,
        *,
        audit: Iterable[msgspec.Struct] | None = None,
        files: Mapping[str, bytes | str] | None = None,
    ) -> RunRecord:
        """Return the record of a session that is over, after keeping what came of it; run.json is written last."""
        folder = self.folder(record.id)
        _write_parts(folder, audit, files or {})
        done = msgspec.structs.replace(record, status="finished")
        write_bytes(folder / RUN_FILE, _as_json(done), overwrite=True)
        self.release(record.id)
        return done

    def leave(self, record: RunRecord, ended: str) -> RunRecord:
        """Return the record of a session that has stopped and is not over: the next start goes on with its journal."""
        left = self.go_on(msgspec.structs.replace(record, ended=ended))
        self.release(record.id)
        return left

    def go_on(self, record: RunRecord) -> RunRecord:
        """Return the record after writing it as one of a session that is not over."""
        going = msgspec.structs.replace(record, status="running")
        write_bytes(self.folder(record.id) / RUN_FILE, _as_json(going), overwrite=True)
        return going

    def delete(self, run: str) -> None:
        """Remove a run with everything in its folder.

        Raises  StateError while its session is still being written.
        """
        folder = self.folder(run)
        if _is_alive(folder):
            raise StateError(f"run {run} is still going on: stop the session, then delete its run")
        hidden = self.root / f".{os.getpid()}-{next(_NUMBERS)}{PARTIAL}"
        folder.rename(hidden)
        shutil.rmtree(hidden)

    # -- reading ------------------------------------------------------------------------------------------------------

    def folder(self, run: str) -> Path:
        """Return the run's folder.

        Raises  ConfigError when there is no such run.
        """
        return self.root / self.find(run)

    def journal(self, run: str) -> Path:
        """Return where the run's journal is, or would be."""
        return self.folder(run) / JOURNAL_FILE

    def find(self, text: str) -> str:
        """Return the id that is meant: the id itself, the only one that begins or ends so, or `latest`.

        Raises  ConfigError that says which runs there are.
        """
        names = self._names()
        if text in names:
            return text
        if text == LATEST and names:
            return names[-1]
        found = [name for name in names if text and (name.startswith(text) or name.endswith(text))]
        if len(found) == 1:
            return found[0]
        if found:
            raise ConfigError(f"run {text!r} may be any of {', '.join(found[:5])}: name one of them in full")
        last = f"the latest is {names[-1]}" if names else f"there are none in {self.root} yet"
        raise ConfigError(f"there is no run {text!r}: {last}; see `tradewind runs list`")

    def load(self, run: str) -> RunRecord:
        """Return the record of a run.

        Raises  ConfigError when there is no such run, DataError when its record cannot be read.
        """
        return _read(self.folder(run))

    def listing(self) -> Listing:
        """Return all runs; one that cannot be read does not hide the others."""
        runs, broken = [], {}
        for name in self._names():
            try:
                runs.append(_read(self.root / name))
            except DataError as error:
                broken[name] = str(error)
        return Listing(tuple(runs), broken)

    def audit(self, run: str) -> Iterator[AuditRecord]:
        """Yield the run's audit stream, in order, without holding all of it.

        Raises  DataError when the file is missing or damaged.
        """
        path = self.folder(run) / AUDIT_FILE
        try:
            with gzip.open(path, "rb") as file:
                while length := file.read(4):
                    yield from decode_audit(file.read(int.from_bytes(length, "little")))
        except (OSError, EOFError, zlib.error, StateError) as error:
            raise DataError(f"the audit stream {path} cannot be read ({error}): restore it, or run again") from None

    def _names(self) -> list[str]:
        if not self.root.is_dir():
            return []
        return sorted(each.name for each in self.root.iterdir() if each.is_dir() and not each.name.startswith("."))


def compare_runs(left: RunRecord, right: RunRecord) -> tuple[Change, ...]:
    """Return everything in which two runs differ, but for name and time: settings, data, version, results."""
    one, other = (_flat(msgspec.to_builtins(each)) for each in (left, right))
    names = [name for name in {**one, **other} if name not in {"id", "created_at_ns"}]
    return tuple(
        Change(name, one.get(name), other.get(name)) for name in sorted(names) if one.get(name) != other.get(name)
    )


def _ids(record: RunRecord) -> Iterator[str]:
    """Yield ids for the record: its time to the millisecond and its kind, then the same with a number."""
    seconds, rest_ns = divmod(record.created_at_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    name = f"{moment:%Y%m%d-%H%M%S}-{rest_ns // 1_000_000:03d}-{record.kind}"
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def _publish(hidden: Path, folder: Path) -> bool:
    """Return whether the finished folder could take its name; a name that is taken is left alone."""
    sync(hidden)
    try:
        hidden.rename(folder)
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY}:
            return False
        raise
    return True


def _write_parts(folder: Path, audit: Iterable[msgspec.Struct] | None, files: Mapping[str, bytes | str]) -> None:
    if audit is not None:
        write_bytes(folder / AUDIT_FILE, _packed(audit), overwrite=True)
    for name, content in files.items():
        write_bytes(folder / name, content.encode() if isinstance(content, str) else content, overwrite=True)


def _packed(audit: Iterable[msgspec.Struct]) -> bytes:
    """Return the audit stream as gzip of groups, each behind its length; equal records give equal bytes."""
    records = iter(audit)
    packer = zlib.compressobj(1, wbits=31)
    parts = []
    while group := list(islice(records, AUDIT_GROUP)):
        data = encode_audit(group)
        parts.append(packer.compress(len(data).to_bytes(4, "little") + data))
    return b"".join((*parts, packer.flush()))


def _as_json(record: RunRecord) -> bytes:
    return msgspec.json.format(msgspec.json.encode(record, order="deterministic"), indent=2) + b"\n"


def _read(folder: Path) -> RunRecord:
    path = folder / RUN_FILE
    try:
        record = msgspec.json.decode(path.read_bytes(), type=RunRecord)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"the record of run {folder.name} cannot be read ({path}: {why}): restore the file from a backup, "
            f"or remove the run with `tradewind runs delete {folder.name}`"
        ) from None
    if record.status == "running" and not _is_alive(folder):
        return msgspec.structs.replace(record, status="interrupted")
    return record


def _is_alive(folder: Path) -> bool:
    """Return whether a process holds the run: the session's own, or whoever goes on with its journal."""
    return any(is_being_written(folder / name) for name in (LOCK_FILE, JOURNAL_FILE) if (folder / name).exists())


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
            flat |= _flat({str(number): each for number, each in enumerate(value)}, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
