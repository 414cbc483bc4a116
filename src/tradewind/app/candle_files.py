"""Which files of a folder hold the candles that a run asked for, by the ways in which people name them.

VENUE/SYMBOL/1h.parquet, SYMBOL/1h.csv, SYMBOL-1h.parquet, SYMBOL_1h.csv, BTC_USDT-1h.feather.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from tradewind.model.errors import ConfigError, DataError
from tradewind.storage.catalog import interval_ns
from tradewind.strategy.registry import nearest

SUFFIXES = (".parquet", ".csv", ".csv.gz", ".feather", ".json")
FLAT_NAME = re.compile(r"(?P<symbol>[A-Za-z0-9]+(?:[-_/][A-Za-z0-9]+)*?)[-_](?P<interval>[1-9][0-9]*[smhdw])")
PAIR = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)+")  # a folder given by itself is a symbol's if it is called like one
UNKNOWN_VENUE = "file"
FOLDERS_ABOVE = 4  # SYMBOL, VENUE, candles, and the folder that holds candles and funding
MARK_LABEL = "_mark"  # such a series holds mark prices, which nobody can trade at


class CandleFile(msgspec.Struct, frozen=True):
    """A file, and the series it is taken for."""

    path: Path
    venue: str
    instrument: str
    interval: str


def find_candles(place: Path, venue: str, instruments: Sequence[str], interval: str) -> list[CandleFile]:
    """Return one file per instrument asked for (all there are when none is), sorted by instrument.

    Raises  DataError when there is nothing at `place`; ConfigError when a series is not there or not told.
    """
    if place.is_file():
        return [_single(place, venue, instruments, interval)]
    if not place.is_dir():
        raise DataError(f"no file or folder {place}: check the path")
    there = [each for each in candles_below(place) if interval or not each.interval.endswith(MARK_LABEL)]
    found = [each for each in there if venue in ("", each.venue) and interval in ("", each.interval)]
    wanted = " ".join(filter(None, (venue, interval, "candles")))
    if not found:
        remedy = _kinds(there) or "name files like VENUE/SYMBOL/1h.parquet or SYMBOL-1h.csv"
        raise DataError(f"no {wanted} in {place}: {remedy}")
    chosen = []
    for name in instruments or sorted({each.instrument for each in found}):
        of_it = [each for each in found if each.instrument == name]
        if not of_it:
            remedy = _kinds([each for each in there if each.instrument == name])
            raise DataError(
                f"no {wanted} of {name} in {place}: {remedy or nearest(name, {each.instrument for each in found})}"
            )
        if len(of_it) > 1:
            kinds = ", ".join(sorted(f"{each.venue} {each.interval}" for each in of_it))
            remedy = "choose with --venue, and --interval or `interval` under [data]"
            raise ConfigError(f"{name} is there more than once ({kinds}): {remedy}")
        chosen += of_it
    return sorted(chosen, key=lambda each: each.instrument)


def _kinds(files: Sequence[CandleFile]) -> str:
    """Return the remedy where venue or interval is the wrong one: which there are."""
    kinds = sorted({f"{each.venue} {each.interval}" for each in files})
    return f"there are {', '.join(kinds)}" if kinds else ""


def check_funding_folder(place: str) -> None:
    """Raise DataError where a folder of funding is named that is none."""
    if place and not Path(place).is_dir():
        raise DataError(f"no folder {place} of funding: give one with files like VENUE/SYMBOL.parquet or SYMBOL.csv")


def funding_beside(file: CandleFile, place: str = "") -> Path | None:
    """Return the funding of the same instrument: FOLDER/funding/VENUE/SYMBOL.*, in a folder above.

    With a `place`, it is looked for there alone: PLACE/VENUE/SYMBOL.* or PLACE/SYMBOL.*.
    Raises  DataError where `place` is no folder.
    """
    check_funding_folder(place)
    above = file.path.resolve().parents[:FOLDERS_ABOVE]
    own = [folder / "funding" / file.venue for folder in above]
    for folder in [Path(place, file.venue), Path(place)] if place else own:
        for suffix in SUFFIXES:
            path = folder / f"{file.instrument}{suffix}"
            if path.is_file():
                return path
    return None


def marks_beside(file: CandleFile) -> CandleFile | None:
    """Return the mark prices of the same length in the same folder, `1h_mark.*` beside `1h.*`."""
    if file.path.parent.name != file.instrument or file.interval.endswith(MARK_LABEL):
        return None
    interval = file.interval.partition("_")[0] + MARK_LABEL
    for suffix in SUFFIXES:
        path = file.path.with_name(f"{interval}{suffix}")
        if path.is_file():
            return CandleFile(path, file.venue, file.instrument, interval)
    return None


def _single(path: Path, venue: str, instruments: Sequence[str], interval: str) -> CandleFile:
    if len(instruments) > 1:
        raise ConfigError(f"{path} is one file, but {len(instruments)} instruments were asked for: give a folder")
    told = _described(path, path.parent.parent.parent)
    symbol = instruments[0] if instruments else told.instrument if told else ""
    if told is not None and interval not in ("", told.interval):
        raise ConfigError(f"{path} holds {told.interval} candles by its name: leave --interval {interval} out")
    span = interval or (told.interval if told else "")
    if not symbol or not span:
        missing = "--instrument" if not symbol else "--interval"
        raise ConfigError(
            f"the name of {path} does not tell what it holds: name it like BTC-USD-1h{path.suffix}, or add {missing} "
            "where the command has it"
        )
    return CandleFile(path, venue or (told.venue if told else UNKNOWN_VENUE), symbol, span)


def candles_below(place: Path) -> Iterator[CandleFile]:
    """Return the candle files below a folder whose names tell what they hold."""
    for path in sorted(place.rglob("*")):
        if path.name.endswith(SUFFIXES) and path.is_file() and (told := _described(path, place)) is not None:
            yield told


def _described(path: Path, root: Path) -> CandleFile | None:
    """Return what the file's name and folders say about it; None when they do not say enough."""
    stem = path.name
    for suffix in SUFFIXES:
        stem = stem.removesuffix(suffix)
    in_symbol = path.parent != root or PAIR.fullmatch(root.resolve().name)
    if in_symbol and re.fullmatch(r"[1-9][0-9]*[smhdw](_[A-Za-z0-9-]+)?", stem):
        interval_ns(stem)
        folder = path.parent.parent
        return CandleFile(path, folder.resolve().name or UNKNOWN_VENUE, path.parent.name, stem)
    match = FLAT_NAME.fullmatch(stem)
    if match is None:
        return None
    venue = path.parent.name if path.parent != root else UNKNOWN_VENUE
    return CandleFile(path, venue, match["symbol"].replace("_", "-"), match["interval"])
