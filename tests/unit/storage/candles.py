"""Small hand-made candles for the catalog's tests."""

from collections.abc import Sequence
from pathlib import Path

from tradewind.storage.catalog import SeriesKey

HOUR_MS = 3_600_000
HOUR_NS = HOUR_MS * 1_000_000
START_MS = 1_704_067_200_000  # 2024-01-01 00:00 UTC
START_NS = START_MS * 1_000_000
KEY = SeriesKey("binance", "BTC-USDT", "bars", "1h")

Row = list[object]


def row(hour: int, close: float = 101.5, volume: float = 2.5) -> Row:
    return [START_MS + hour * HOUR_MS, 100.25, 103.0, 99.0, close, volume]


def rows(hours: int, first: int = 0) -> list[Row]:
    return [row(first + hour) for hour in range(hours)]


def write_csv(
    path: Path, data: Sequence[Sequence[object]], header: str = "timestamp,open,high,low,close,volume"
) -> Path:
    lines = [header, *(",".join(str(value) for value in values) for values in data)]
    path.write_text("\n".join(line for line in lines if line) + "\n", encoding="utf-8")
    return path


def files_below(root: Path) -> list[str]:
    """Every file of the catalog itself: what a staging folder holds is no part of it."""
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return sorted(name for name in names if not name.startswith(".staging/"))
