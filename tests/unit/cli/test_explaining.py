"""What `why` prints of an order that was cut to what closes."""

from decimal import Decimal

from rich.console import Console

from tests.engine_rig import PERP, Desk, config
from tradewind.cli.explaining import _print_why
from tradewind.engine.explaining import why
from tradewind.model.commands import Halt
from tradewind.model.entries import Entry, Intended, sent
from tradewind.model.intents import TargetQuantity


def test_a_closing_part_names_its_order_and_what_refused_the_rest() -> None:
    desk = Desk(config([TargetQuantity(Decimal(1)), TargetQuantity(Decimal(-1))], instruments=[PERP]))
    entries: list[Entry] = []

    def noted() -> None:
        bar = desk.state.markets[PERP.id].bar
        assert bar is not None
        entries.extend([bar, Intended(desk.state.sequence, sent(desk.effects[-1:]))])

    desk.bar(instrument=PERP.id)
    noted()
    entries += [desk.fill("test-1"), Halt(desk.ts_ns, "a look")]
    desk.take(entries[-1])  # type: ignore[arg-type]  # a command
    desk.bar(instrument=PERP.id)
    noted()
    screen = Console(record=True, width=200)
    _print_why(screen, why(desk.config, entries, "2-cut"))
    text = screen.export_text()
    assert "cut      the closing part of test-2, which may open nothing now\n         refused by halted: " in text
