"""The kill switch, two hundred times and with the bot dead: nothing opens after it (make e2e-halt)."""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.e2e.halt_dead import DeadHalt, halt_the_dead
from tests.e2e.halt_trips import Trip, trip_again_and_again

BLOCK = 50  # trips of one exchange: its history stays small
GUARD_SHARE = 0.1


def summary(trips: list[Trip], dead: list[DeadHalt], found: list[str]) -> tuple[list[str], bool]:
    """Return the lines that tell what happened, and whether all of it was right."""
    lines = [f"{'way in':<22}{'trips':>6}{'opened':>8}{'in flight':>10}{'missed':>8}{'gone p50':>10}{'max':>7}"]
    by_way = {way: [each for each in trips if each.way == way] for way in sorted({each.way for each in trips})}
    lines += [_line(way, of_way) for way, of_way in by_way.items()]
    lines += [_line("all", trips)] if trips else []
    lines.append(f"{'fault':<22}{'trips':>6}{'opened':>8}{'in flight':>10}{'missed':>8}{'gone p50':>10}{'max':>7}")
    kinds = sorted({kind for each in trips for kind in each.faults})
    lines += [_line(kind, [each for each in trips if kind in each.faults]) for kind in kinds]
    exits = sum(each.exits_after for each in trips)
    closed = sum(each.flattened for each in trips)
    lines.append(f"{exits} exits left after a trip; {closed} trips closed every position; bots dead: {len(dead)}")
    lines += [f"  {each}" for each in dead]
    bad = [f"MISSED by {each.way} under {each.faults}: {each.missed}" for each in trips if each.missed]
    bad += [f"TROUBLE with {each.way} under {each.faults}: {each.trouble}" for each in trips if each.trouble]
    bad += [f"TROUBLE with the bot dead under {each.faults}: {each.trouble}" for each in dead if each.trouble]
    bad += [f"DIFFERENT: {each}" for each in found]
    bad += [f"nothing was opened between the trips of {way}" for way, of_way in by_way.items() if not _opened(of_way)]
    if trips and not exits:
        bad.append("no exit left after any trip")
    return [*lines, *bad], not bad


def _opened(trips: list[Trip]) -> int:
    return sum(each.opened for each in trips)


def _line(name: str, trips: Iterable[Trip]) -> str:
    rows = list(trips)
    counts: Counter[str] = Counter()
    for each in rows:
        counts.update(opened=each.opened, flight=each.in_flight, missed=len(each.missed))
    times = sorted(each.confirmed_s for each in rows)
    return (
        f"{name:<22}{len(rows):>6}{counts['opened']:>8}{counts['flight']:>10}{counts['missed']:>8}"
        f"{times[len(times) // 2]:>9.1f}s{times[-1]:>6.1f}s"
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trips", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dead", type=int, default=None, help="how many kinds of fault for the halt with the bot dead")
    parser.add_argument("--folder", type=Path, default=None, help="where everything is kept")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="tradewind-halt-"))
    guard = round(chosen.trips * GUARD_SHARE)
    trips: list[Trip] = []
    found: list[str] = []
    blocks = [(BLOCK, False)] * ((chosen.trips - guard) // BLOCK) + [
        ((chosen.trips - guard) % BLOCK, False),
        (guard, True),
    ]
    for number, (size, by_guard) in enumerate(blocks):
        if size:
            made, differences = trip_again_and_again(folder / f"{number}", size, chosen.seed + number, guard=by_guard)
            trips += made
            found += differences
    dead = [] if chosen.dead == 0 else halt_the_dead(folder / "dead", chosen.dead)
    lines, right = summary(trips, dead, found)
    print("\n".join(lines))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
