"""What `tradewind fleet` does once its options are read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tradewind.app.fleet import fleet_plan, load_fleet, read_fleet
from tradewind.cli.layers import here
from tradewind.cli.main import DONE
from tradewind.cli.output import console, progress, table
from tradewind.cli.pages import page_folder, written
from tradewind.cli.running import bar_series, carried
from tradewind.model.errors import ConfigError
from tradewind.research.fleet.calibration import MOST, PLANTED, Calibration, calibrate
from tradewind.research.fleet.page import arms_object, card_object, fleet_page, verdicts
from tradewind.research.fleet.scorecard import Scorecard, run_fleet, worth
from tradewind.research.fleet.tables import (
    AUDIT_HEADS,
    HEADS,
    PERPETUAL_HEADS,
    REASON_HEADS,
    audit_rows,
    cells,
    choice_rows,
    perpetual_rows,
    reason_rows,
    reason_words,
)

NAME = "fleet"
MARKETS_MAX = 1_000
# Two that follow trends of days, since that is what is planted; exits that do not cut a trend short.
JUDGES: Mapping[str, Any] = {
    "exits": {"stop_loss": "0.25", "take_profit": "off", "time": "off"},
    "bots": [
        {"strategy": "momentum", "parameters": {"length": 48, "threshold": 1.0}},
        {"strategy": "donchian", "parameters": {"entry_bars": 36, "exit_bars": 18, "stop_atr": 6.0}},
    ],
}
# Money is exact here too, and a number: who reads these lines compares them.
_ENCODER = msgspec.json.Encoder(decimal_format="number", order="sorted")


def run_and_show(
    file: Path,
    data: Path,
    venue: str | None,
    window_of: tuple[str | None, str | None],
    out: Path | None,
    *,
    funding: Path | None = None,
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
    found = load_fleet(plan, data, here(), funding)
    with progress("running arms", quiet=json) as observer:
        card = run_fleet(
            plan,
            bar_series(found.market),
            left_out=found.left_out,
            extra=carried(found.market),
            training=bar_series(found.training),
            training_extra=carried(found.training),
            told=lambda _, done, total: observer(done, total),
        )
    whole = msgspec.json.format(_ENCODER.encode(card_object(card)), indent=2)
    page = written(folder, NAME, fleet_page(card), whole)
    if json:
        _line({**verdicts(card), "instruments": card.instruments, **_data_of(card)})
        _line(arms_object(card))
    else:
        _show(card, page)
    return DONE


def calibrate_and_show(file: Path | None, markets: int, seed: int, *, json: bool) -> int:
    """Generate the markets, let the bots judge them, print what was found, and return the exit code."""
    if not 1 <= markets <= MARKETS_MAX:
        raise ConfigError(f"--markets must be 1 to {MARKETS_MAX}, was {markets}")
    if seed < 0:
        raise ConfigError(f"--seed must be at least 0, was {seed}")
    plan = fleet_plan("the bots of calibrate", JUDGES) if file is None else read_fleet(file)
    with progress("judging markets", quiet=json) as observer:
        found = calibrate(plan, markets, seed, lambda _, done, total: observer(done, total))
    if json:
        _line(calibration_object(found))
        return DONE
    screen = console()
    rows = [
        (kind, f"{row.reported} of {row.markets}", f"{row.interval.low:.0%} to {row.interval.high:.0%}",
         f"{row.discoveries} of {row.bots}", f"{row.false}")
        for kind, row in found.rows.items()
    ]  # fmt: skip
    heads = ("markets", "report an edge", "Wilson 95 %", "bots discovered", "of them false")
    screen.print(table("Is an edge found where there is one?", heads, rows))
    verdict = "reached" if found.reached else "NOT REACHED"
    screen.print(
        f"false discoveries {found.false_discovery:.1%} of all, false reports at most {found.false_reports:.1%} of "
        f"markets (goal: both <= {MOST:.0%}, and an edge found in {1 - MOST:.0%}): {verdict}",
        markup=False,
        soft_wrap=True,
    )
    return DONE


def calibration_object(found: Calibration) -> dict[str, Any]:
    """Return what a calibration found, for one line of JSON."""
    rows = {
        kind: {
            "markets": row.markets,
            "reported": row.reported,
            "share": row.share,
            "wilson": (row.interval.low, row.interval.high),
            "bots": row.bots,
            "discoveries": row.discoveries,
            "false_discoveries": row.false,
        }
        for kind, row in found.rows.items()
    }
    return {
        "config": found.digest,
        "seed": found.seed,
        **rows,
        "false_discovery": found.false_discovery,
        "false_reports": found.false_reports,
        "found": found.rows[PLANTED].share,
        "reached": found.reached,
    }


def _data_of(card: Scorecard) -> dict[str, Any]:
    """Return what is to know of the data: what was left out, and the funding, marks and margin of perpetuals."""
    return {"left_out": dict(card.left_out), "perpetuals": card.perpetuals}


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
    screen.print(table("Where the gain is from", ("arm: kind", *REASON_HEADS), reason_rows(card)))
    screen.print("of the whole stack: " + " ".join(reason_words(card)), markup=False, soft_wrap=True)
    audits = [(arm, *row) for arm, row in audit_rows(card)]
    screen.print(table("Were the limits kept", ("arm", *AUDIT_HEADS), audits))
    if card.walk_forward is not None:
        screen.print(table("Who might trade", ("window", "chosen on", "trades there", "bots"), choice_rows(card)))
    if card.perpetuals:
        screen.print(table("Perpetuals", PERPETUAL_HEADS, perpetual_rows(card)))
    if not card.arms["full"].traded:
        screen.print("the whole stack began nothing in this window: what it says of it is said of cash", markup=False)
    for name, why in card.left_out:
        screen.print(f"left out: {name}, {why}", markup=False, soft_wrap=True)
    if page is not None:
        screen.print(f"page {page}", markup=False, soft_wrap=True)
