"""What `venues decode` prints: a row per file and message, the rules, everything unknown, and the counts."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import msgspec

from tradewind.cli.main import DONE, FAILED
from tradewind.cli.output import console, print_json, table
from tradewind.venues.coinbase.decoding import Outcome, Tally, decode_path, tally
from tradewind.venues.coinbase.recognition import SKIP_RULES


def decode_and_show(path: Path, *, json: bool) -> int:
    """Print what came of every payload below a path, and return 1 when one failed."""
    outcomes = decode_path(path)
    totals = tally(outcomes)
    columns = ("file", "message type", "result", "payloads", "fields", "detail")
    screen = console()
    screen.print(table("Payloads", columns, _rows(outcomes), numbers=False), markup=False)
    screen.print(table("Fields used", ("message type", "fields"), _fields(outcomes), numbers=False), markup=False)
    _print_unknown(totals)
    screen.print(
        table("Left out by rule", ("rule", "files or payloads", "what it is"), _rules(outcomes), numbers=False)
    )
    if json:
        print_json(msgspec.to_builtins(totals))
    else:
        screen.print(f"{totals.decoded} decoded, {totals.failed} failed, {totals.skipped} left out", markup=False)
    return FAILED if totals.failed else DONE


def _rows(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, ...]]:
    """Yield one row for payloads of one file, message and result that follow each other."""
    for (file, message, result, detail), group in groupby(
        outcomes, lambda each: (each.file, each.message, each.result, each.detail)
    ):
        members = list(group)
        fields = {field for each in members for field in each.fields}
        yield file, message, result, str(len(members)), str(len(fields)) if fields else "-", detail


def _fields(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, str]]:
    """Yield every message type with the fields of it that the payloads had."""
    used: dict[str, dict[str, None]] = {}
    for each in outcomes:
        names = used.setdefault(each.message, {})
        names.update(dict.fromkeys(field.partition(".")[2] or field for field in each.fields))
    for message in sorted(used.keys() - {"-"}):
        parents = {field.rpartition(".")[0].removesuffix("[]") for field in used[message]}
        yield message, ", ".join(field for field in used[message] if field.removesuffix("[]") not in parents)


def _print_unknown(totals: Tally) -> None:
    for name, values in (("Unknown fields", totals.unknown_fields), ("Unknown words", totals.unknown_words)):
        print(f"{name}: {', '.join(values) if values else 'none'}")


def _rules(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, ...]]:
    for rule, meaning in SKIP_RULES.items():
        count = sum(each.result == "skipped" and each.detail == rule for each in outcomes)
        yield rule, str(count), meaning
