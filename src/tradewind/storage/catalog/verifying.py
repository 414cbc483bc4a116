"""A series checked again: the bytes of every file against its hash, every row against the rules of an import."""

from pathlib import Path

import msgspec
import numpy as np

from tradewind.market.aggregate import Ints
from tradewind.market.quality import NO_TIME, Floats, fault_counts
from tradewind.model.errors import DataError
from tradewind.storage.catalog.columns import SCHEMAS, Role
from tradewind.storage.catalog.files import read_file
from tradewind.storage.catalog.importing import Observer
from tradewind.storage.catalog.manifest import REIMPORT, FileEntry, Manifest
from tradewind.storage.catalog.rows import Judge, Piece
from tradewind.storage.catalog.sources import file_hash


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked, and each problem as a sentence that names the file and the remedy."""

    series: str
    files: int
    rows: int
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def verify_series(folder: Path, manifest: Manifest, observer: Observer) -> VerifyReport:
    """Return what is wrong with the files of a series; a damaged file does not stop the check of the others."""
    problems: list[str] = []
    judge = Judge(manifest.kind, manifest.span_ns)
    done = 0
    for entry in manifest.files:
        try:
            problems += _file_problems(folder, entry, manifest.kind, judge)
        except DataError as error:
            problems.append(str(error))
        done += entry.rows
        observer(done, manifest.rows)
    return VerifyReport(series=str(manifest.key), files=len(manifest.files), rows=done, problems=tuple(problems))


def _file_problems(folder: Path, entry: FileEntry, kind: str, judge: Judge) -> list[str]:
    path = folder / entry.name
    piece = read_file(folder, entry, kind)
    found = []
    if file_hash(path) != entry.sha256:
        found.append("its bytes are not those that were written")
    times = piece[SCHEMAS[kind][0].name].units
    spans = (len(times), int(times[0]) if len(times) else NO_TIME, int(times[-1]) if len(times) else NO_TIME)
    if spans != (entry.rows, entry.first_ns, entry.last_ns):
        found.append("its rows are not those the manifest counts")
    faults = fault_counts(judge.faults(_judged(kind, piece)))
    found += [f"{count:,} rows with {reason}" for reason, count in faults.items()]
    return [f"{path}: {what}: {REIMPORT}" for what in found]


def _judged(kind: str, piece: Piece) -> dict[str, Ints | Floats]:
    # Integers of one scale keep their order and sign as floats, which is all that is judged.
    judged: dict[str, Ints | Floats] = {}
    for column in SCHEMAS[kind]:
        units = piece[column.name].units
        absent = not column.required and not units.any()
        if absent:
            continue
        whole = column.role in {Role.TIME, Role.NUMBER, Role.SIDE, Role.EVENT}
        judged[column.name] = units if whole else units.astype(np.float64)
    return judged
