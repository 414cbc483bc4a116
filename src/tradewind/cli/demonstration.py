"""What `tradewind demo` does: a season of a generated market in a minute, shown live, with a tear sheet at the end."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live

from tradewind.app.config import put
from tradewind.app.flags import flag_values
from tradewind.app.generated import generated_market
from tradewind.cli.display import Screen
from tradewind.cli.layers import resolved
from tradewind.cli.main import DONE
from tradewind.cli.options import RunOptions
from tradewind.cli.output import amount, print_json, share
from tradewind.cli.results import result_object
from tradewind.cli.sessions import Session, Watch
from tradewind.cli.silence import silences
from tradewind.model.errors import ConfigError

BARS_PER_SECOND = 40
BARS_MIN = 400
BAR_S = 3_600
PICTURES_PER_SECOND = 8
LINE_EVERY_S = 5.0
NEXT = (
    "tradewind replay {run}",
    "tradewind strategies show donchian",
    "tradewind backtest --strategy donchian --data FOLDER-OF-CANDLES --interval 1h",
)


def run_demo(minutes: float, *, headless: bool, options: RunOptions, json: bool) -> int:
    """Run the demo for so many minutes, print where its report is and what to try next, and return the exit code."""
    if not 0 < minutes <= 24 * 60:
        raise ConfigError(f"--minutes must be above 0 and at most 1440, was {minutes}")
    home, settled = resolved(None, options, profile="demo", base=_pace(minutes))
    session = Session("demo", settled, home, generated_market(settled.config.market, settled.config.seed))
    live = not headless and not json and sys.stdout.isatty() and flag_values(settled.config.flags)["live_display"]
    screen = Screen("tradewind demo", session.engine, session.model, session.paper.readings)
    with shown(screen, live=live, quiet=json) as watch:
        kept = session.run(watch)
    if json:
        quiet = silences(kept.result, kept.model)
        print_json(result_object(kept.result, kept.metrics, kept.record.id, quiet, kept.page))
        return DONE
    metrics = kept.metrics
    print(
        f"{len(session.engine.bots)} bots, {len(session.market)} instruments, {metrics.days:,.0f} days of market: "
        f"equity {amount(metrics.equity)} {metrics.currency} ({share(metrics.total_return)}), {metrics.trades} trades, "
        f"{metrics.fills} fills, {metrics.refusals} refusals, {len(kept.model.crossings)} crossed inside"
    )
    print(f"tear sheet: {kept.page}")
    print("\nTry next:", *(line.format(run=kept.record.id) for line in NEXT), sep="\n  ")
    return DONE


def _pace(minutes: float) -> dict[str, Any]:
    """Return the length of the market and the speed with which it takes that many minutes."""
    bars = max(BARS_MIN, round(BARS_PER_SECOND * 60 * minutes))
    values: dict[str, Any] = {}
    put(values, "market.bars", bars)
    put(values, "paper.speed", str(round(bars * BAR_S / (60 * minutes))))
    return values


@contextmanager
def shown(screen: Screen, *, live: bool, quiet: bool) -> Iterator[Watch]:
    """Yield what is to be told every moment: it draws the screen some times a second, or prints a line now and then."""
    if live:
        console = Console()
        with Live(console=console, screen=True, auto_refresh=False) as picture:
            yield _drawing(screen, picture, console)
        return
    yield _telling(screen, quiet=quiet)


def _drawing(screen: Screen, picture: Live, console: Console) -> Watch:
    drawn = [-1.0]

    def watch(glance: Any) -> None:
        screen.take(glance)
        if glance.elapsed_s - drawn[0] >= 1 / PICTURES_PER_SECOND or glance.done == glance.total:
            drawn[0] = glance.elapsed_s
            picture.update(screen.draw(console.width, console.height), refresh=True)

    return watch


def _telling(screen: Screen, *, quiet: bool) -> Watch:
    told = [0.0]

    def watch(glance: Any) -> None:
        screen.take(glance)
        if not quiet and (glance.elapsed_s - told[0] >= LINE_EVERY_S or glance.done == glance.total):
            told[0] = glance.elapsed_s
            print(screen.line(), flush=True)

    return watch
