"""Whole files or none, in a folder that a test owns."""

from pathlib import Path

import pytest

from tradewind.model.errors import ConfigError
from tradewind.storage.atomic import remove_partials, replacing, write_bytes, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def interrupted_write(path: Path) -> None:
    with replacing(path, overwrite=True) as partial:
        partial.write_bytes(b"half")
        raise KeyboardInterrupt


def overtaken_write(path: Path) -> None:
    with replacing(path) as partial:
        partial.write_bytes(b"late")
        path.write_bytes(b"first")


def test_writes_text_and_creates_the_folder(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "a.txt", "één\r\n")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "één\r\n".encode()
    assert names(tmp_path / "new") == ["a.txt"]


def test_refuses_to_overwrite_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"one")
    with pytest.raises(ConfigError, match=r"a\.bin already exists: choose another name, or ask to overwrite it"):
        write_bytes(path, b"two")
    assert path.read_bytes() == b"one"
    write_bytes(path, b"two", overwrite=True)
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["a.bin"]


def test_an_interrupted_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"one")
    with pytest.raises(KeyboardInterrupt):
        interrupted_write(path)
    assert path.read_bytes() == b"one"
    assert names(tmp_path) == ["a.bin"]


def test_a_name_taken_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with pytest.raises(ConfigError, match="already exists"):
        overtaken_write(path)
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["a.bin"]


def test_partial_files_of_a_crash_are_found_and_removed(tmp_path: Path) -> None:
    (tmp_path / ".a.bin.1-1.partial").write_bytes(b"half")
    (tmp_path / "b.bin").write_bytes(b"whole")
    assert [path.name for path in remove_partials(tmp_path)] == [".a.bin.1-1.partial"]
    assert names(tmp_path) == ["b.bin"]
