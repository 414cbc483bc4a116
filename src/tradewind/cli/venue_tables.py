"""What `tradewind venues list` and `tradewind venues show` print."""

from collections.abc import Mapping, Sequence

import msgspec

from tradewind.cli.main import DONE
from tradewind.cli.output import console, print_json, table
from tradewind.venues.capabilities import COINBASE, VENUES, Capabilities
from tradewind.venues.ccxt.capabilities import CapabilityMap
from tradewind.venues.coinbase.order_matrix import Cell, order_matrix

OF_CCXT = "ccxt"


def show_venues(*, json: bool) -> int:
    """Print every venue with its capabilities."""
    if json:
        print_json({"venues": [msgspec.to_builtins(each) for each in VENUES]})
        return DONE
    for each in VENUES:
        _show_capabilities(each)
    return DONE


def show_ccxt_names(*, json: bool) -> int:
    """Print the names of the venues that the installed ccxt knows."""
    from tradewind.venues.ccxt.client import venue_names

    names = venue_names()
    if json:
        print_json({"venues": list(names)})
    else:
        console().print(", ".join(names), markup=False, soft_wrap=True)
        console().print(f"{len(names)} venues", markup=False)
    return DONE


def show_venue(name: str, *, through_ccxt: bool, json: bool) -> int:
    """Print what one venue can do: from our own table, else from what ccxt says of it."""
    own = next((each for each in VENUES if each.venue == name), None)
    if own is not None and not through_ccxt:
        matrix = order_matrix() if own is COINBASE else ()
        if json:
            print_json({**msgspec.to_builtins(own), "matrix": [msgspec.to_builtins(cell) for cell in matrix]})
        else:
            _show_capabilities(own)
            _show_matrix(matrix)
        return DONE
    from tradewind.venues.ccxt.client import describe

    maps = describe(name)
    if json:
        print_json(
            {"venue": name, "through": OF_CCXT, "markets": {kind: msgspec.to_builtins(maps[kind]) for kind in maps}}
        )
        return DONE
    _show_maps(name, maps)
    return DONE


def _show_capabilities(venue: Capabilities) -> None:
    screen = console()
    screen.print(f"[bold]{venue.venue}[/]  {venue.summary}")
    rows = [
        ("needs", venue.needs),
        ("orders", ", ".join(venue.kinds)),
        ("time in force", ", ".join(venue.forces)),
        *(("emulated", f"{what}: {how}") for what, how in venue.emulated),
        *(("not there", f"{what}: {how}") for what, how in venue.lacking),
    ]
    for label, text in rows:
        screen.print(f"  {label}: {text}", markup=False, soft_wrap=True)


def _show_matrix(cells: Sequence[Cell]) -> None:
    """Print a table a market: a row an order, a column a time in force."""
    for market in dict.fromkeys(cell.market for cell in cells):
        here = {(cell.order, cell.force): cell for cell in cells if cell.market == market}
        forces = tuple(dict.fromkeys(force for _, force in here))
        rows = [
            (order, *(here[order, force].support for force in forces))
            for order in dict.fromkeys(name for name, _ in here)
        ]
        console().print(table(f"orders on {market}", ("", *forces), rows, numbers=False))


def _show_maps(name: str, maps: Mapping[str, CapabilityMap]) -> None:
    """Print one row per ability with a column per kind of market."""
    screen = console()
    if not maps:
        screen.print(f"{name} has neither spot markets nor contracts: nothing of it can be traded here", markup=False)
        return
    first = next(iter(maps.values()))
    rows = [
        (
            f"{ability.area}: {ability.what}",
            *(each.support(ability.area, ability.what).value for each in maps.values()),
            " / ".join(dict.fromkeys(_how(each, ability.area, ability.what) for each in maps.values())).strip(" /"),
        )
        for ability in first.abilities
    ]
    screen.print(table(f"{name} through ccxt", ("", *maps, "how, or what instead"), rows, numbers=False))
    screen.print(f"candles: {', '.join(first.intervals) or 'none'}", markup=False, soft_wrap=True)
    screen.print(f"a key is: {', '.join(first.credentials) or 'not needed'}", markup=False, soft_wrap=True)


def _how(can: CapabilityMap, area: str, what: str) -> str:
    found = can.find(area, what)
    return "" if found is None else found.how
