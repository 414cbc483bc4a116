"""How results reach people and machines: tables on the screen, or one JSON object as the last line."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import msgspec
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from tradewind.model.money import plain

Observer = Callable[[int, int], None]
PLAIN_WIDTH = 140


def print_json(value: object) -> None:
    """Print one JSON object on one line; money as text without exponent, undefined figures as null."""
    print(ENCODER.encode(value).decode())


def console() -> Console:
    """Return where people read; away from a terminal, wide enough that no table is cut."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=PLAIN_WIDTH)


class _Titled(Table):
    """A table below its title, which may be wider than it: the library breaks a title where its columns end."""

    heading = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.heading:
            yield Text(self.heading, style="bold")
        yield from super().__rich_console__(console, options)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: bool = True) -> Table:
    """Return a table; with `numbers` every column but the first is aligned to the right."""
    made = _Titled(header_style="dim", box=None, pad_edge=False)
    made.heading = title
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if numbers and number else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, str) else _text(cell) for cell in row))
    return made


def amount(value: Decimal, digits: int = 2) -> str:
    """Return an amount of money for people: grouped, rounded to `digits` for the eye only."""
    return f"{value:,.{digits}f}"


def share(value: Decimal | float | None, digits: int = 2) -> str:
    """Return a share as a percentage, a dash when it is undefined."""
    return "-" if value is None or math.isnan(value) else f"{value * 100:.{digits}f} %"


def reading_text(values: Mapping[str, float | str], digits: int = 6) -> str:
    """Return what a strategy says of itself in one line: words as they are, numbers by name."""
    return ", ".join(
        f"{name} {value}" if isinstance(value, str) else f"{name} {value:.{digits}g}" for name, value in values.items()
    )


def _text(value: object) -> str:
    if value is None:
        return "-"
    return plain(value) if isinstance(value, Decimal) else str(value)


def _plain_value(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"no JSON for {type(value).__name__}")


ENCODER = msgspec.json.Encoder(enc_hook=_plain_value, decimal_format="string", order="deterministic")


@contextmanager
def progress(text: str, *, quiet: bool) -> Iterator[Observer]:
    """Yield a callback (done, total) that draws a bar on stderr while work goes on; it draws nothing off a terminal."""
    if quiet or not sys.stderr.isatty():
        yield _nothing
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _nothing(done: int, total: int) -> None:
    return None
