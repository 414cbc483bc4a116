"""What `tradewind fleet` does once its options are read."""

from pathlib import Path
from typing import Any

import msgspec

from tradewind.app.fleet import load_fleet, read_fleet
from tradewind.cli.layers import here
from tradewind.cli.main import DONE
from tradewind.cli.output import console, progress, table
from tradewind.cli.pages import page_folder, written
from tradewind.cli.running import bar_series, carried
from tradewind.research.fleet.page import (
    AUDIT_HEADS,
    HEADS,
    arms_object,
    audit_rows,
    card_object,
    cells,
    choice_rows,
    fleet_page,
    verdicts,
)
from tradewind.research.fleet.scorecard import Scorecard, run_fleet, worth

NAME = "fleet"
# Money is exact here too, and a number: who reads these lines compares them.
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")


def run_and_show(
    file: Path,
    data: Path,
    venue: str | None,
    window_of: tuple[str | None, str | None],
    out: Path | None,
    *,
    json: bool,
) -> int:
    """Run every arm, print what was found, write the page, and return the exit code."""
    plan = read_fleet(file, *window_of, venue=venue)
    folder = page_folder(out)
    window = {"from": plan.config.data.start or None, "to": plan.config.data.end or None}
    if json:
        _line({"config": plan.digest, "window": window})
    else:
        text = f"configuration {plan.digest}, window {window['from'] or 'first bar'} to {window['to'] or 'last bar'}"
        console().print(text, markup=False, soft_wrap=True)
    found = load_fleet(plan, data, here())
    with progress("running arms", quiet=json) as observer:
        card = run_fleet(
            plan,
            bar_series(found.market),
            left_out=found.left_out,
            extra=carried(found.market),
            training=bar_series(found.training),
            told=lambda _, done, total: observer(done, total),
        )
    whole = msgspec.json.format(_ENCODER.encode(card_object(card)), indent=2)
    page = written(folder, NAME, fleet_page(card), whole)
    if json:
        _line({**verdicts(card), "instruments": card.instruments, "left_out": dict(card.left_out)})
        _line(arms_object(card))
    else:
        _show(card, page)
    return DONE


def _line(value: dict[str, Any]) -> None:
    print(_ENCODER.encode(value).decode(), flush=True)


def _show(card: Scorecard, page: Path | None) -> None:
    screen = console()
    names = ", ".join(card.instruments)
    screen.print(f"{card.arms['full'].bots} bots on {names}; {card.bars:,} bars", markup=False, soft_wrap=True)
    screen.print(table("Arms", ("arm", *HEADS), [(arm, *cells(score)) for arm, score in card.arms.items()]))
    rows = [
        (
            arm,
            f"{each.net_pnl.value:+,.0f} [{each.net_pnl.low:+,.0f}, {each.net_pnl.high:+,.0f}]",
            f"{each.drawdown.value:+.1%} [{each.drawdown.low:+.1%}, {each.drawdown.high:+.1%}]",
        )
        for arm, each in card.paired.items()
    ]
    screen.print(table("Against the naive fleet", ("arm", "net gain more [95 %]", "drawdown more [95 %]"), rows))
    parts = [(arm.removesuffix("_off"), f"{float(value):+,.0f}") for arm, value in worth(card).items()]
    screen.print(table("What each part of the stack brought", ("part", "net gain"), parts))
    goals = [(g.name, g.target, g.found, "reached" if g.reached else "NOT REACHED") for g in card.goals]
    screen.print(table("Goals of the whole stack", ("goal", "target", "found", ""), goals))
    audits = [(arm, *row) for arm, row in audit_rows(card)]
    screen.print(table("Were the limits kept", ("arm", *AUDIT_HEADS), audits))
    if card.walk_forward is not None:
        screen.print(table("Who might trade", ("window", "chosen on", "trades there", "bots"), choice_rows(card)))
    for name, why in card.left_out:
        screen.print(f"left out: {name}, {why}", markup=False, soft_wrap=True)
    if page is not None:
        screen.print(f"page {page}", markup=False, soft_wrap=True)
