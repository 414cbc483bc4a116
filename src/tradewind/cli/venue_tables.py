"""What `tradewind venues list` prints."""

import msgspec

from tradewind.cli.main import DONE
from tradewind.cli.output import console, print_json
from tradewind.venues.capabilities import VENUES


def show_venues(*, json: bool) -> int:
    """Print every venue with its capabilities."""
    if json:
        print_json({"venues": [msgspec.to_builtins(each) for each in VENUES]})
        return DONE
    screen = console()
    for each in VENUES:
        screen.print(f"[bold]{each.venue}[/]  {each.summary}")
        rows = [
            ("needs", each.needs),
            ("orders", ", ".join(each.kinds)),
            ("time in force", ", ".join(each.forces)),
            *(("emulated", f"{what}: {how}") for what, how in each.emulated),
            *(("not there", f"{what}: {how}") for what, how in each.lacking),
        ]
        for name, text in rows:
            screen.print(f"  {name}: {text}", markup=False, soft_wrap=True)
    return DONE
