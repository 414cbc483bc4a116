"""Files that are whole or absent: written under a temporary name, synced, then renamed into place.

The temporary file lies beside the target, so the rename never crosses a file system. A crash leaves at most a file
whose name ends in `.partial`; a reader never sees half a file under its real name.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tradewind.model.errors import ConfigError

PARTIAL = ".partial"
_NUMBERS = count(1)


def write_bytes(path: Path, data: bytes, *, overwrite: bool = False) -> None:
    """Write `data` to `path` at once, or leave the folder as it was.

    Raises  ConfigError when the file exists and `overwrite` is false.
    """
    with replacing(path, overwrite=overwrite) as partial:
        partial.write_bytes(data)


def write_text(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write `text` as UTF-8 with its line ends unchanged; see `write_bytes`."""
    write_bytes(path, text.encode(), overwrite=overwrite)


@contextmanager
def replacing(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary path to write to; when the block ends well it is synced and becomes `path`.

    An exception inside the block removes the temporary file and leaves `path` untouched.
    Raises  ConfigError when the file exists and `overwrite` is false, before and after the block.
    """
    _refuse_existing(path, overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}-{next(_NUMBERS)}{PARTIAL}")
    try:
        yield partial
        sync(partial)
        _publish(partial, path, overwrite)
    finally:
        partial.unlink(missing_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Return once the file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_partials(folder: Path) -> list[Path]:
    """Return the temporary files that an interrupted write left in `folder`, after removing them."""
    found = sorted(folder.glob(f".*{PARTIAL}"))
    for path in found:
        path.unlink(missing_ok=True)
    return found


def _publish(partial: Path, path: Path, overwrite: bool) -> None:
    if overwrite:
        partial.replace(path)
        return
    try:
        os.link(partial, path)  # unlike a rename, a link fails when the name was taken meanwhile
    except FileExistsError:
        _refuse_existing(path, overwrite)


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if not overwrite and path.exists():
        raise ConfigError(f"{path} already exists: choose another name, or ask to overwrite it")
