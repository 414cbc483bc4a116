"""The folder of `--out`: one page and its figures, written in one place for every command that has them."""

from pathlib import Path

from tradewind.model.errors import ConfigError


def page_folder(out: Path | None) -> Path | None:
    """Return the folder of `--out`, made where it is not there; asked before anything that takes long.

    Raises  ConfigError where it can be no folder.
    """
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"--out {out} can be no folder ({error.strerror}): choose another") from error
    return out


def written(folder: Path | None, name: str, page: str, figures: bytes) -> Path | None:
    """Write the page and its figures under a name, and return where the page is; None without a folder."""
    if folder is None:
        return None
    (folder / f"{name}.json").write_bytes(figures + b"\n")
    path = folder / f"{name}.html"
    path.write_text(page, encoding="utf-8")
    return path
