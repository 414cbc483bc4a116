"""What `tradewind paper` does: choose the market, run the session, show it, say what came of it."""

import sys
from pathlib import Path

from tradewind.app.config import Values
from tradewind.app.edge import measured_edges
from tradewind.app.flags import flag_values
from tradewind.app.generated import generated_market
from tradewind.app.home import Home
from tradewind.app.market_data import MarketData, Observer, load_market
from tradewind.app.paper_history import with_history
from tradewind.app.settings import Config
from tradewind.cli.demonstration import shown
from tradewind.cli.display import Screen
from tradewind.cli.layers import guarded, resolved
from tradewind.cli.main import DONE
from tradewind.cli.options import RunOptions
from tradewind.cli.output import console, print_json, progress
from tradewind.cli.results import result_object, show_edges, show_result
from tradewind.cli.sessions import Session
from tradewind.cli.silence import silences

GENERATED_SPEED = "3600"
LIVE_VENUE = "coinbase"
ENDED = {
    "data": "the data are over",
    "minutes": "the time is over",
    "asked": "it was asked to stop",
}


def run_paper(file: Path | None, options: RunOptions, *, headless: bool, json: bool) -> int:
    """Run the session that file and options describe, and return the exit code."""
    base: Values = {}
    home, settled = resolved(file, options, profile="paper")
    if is_generated(settled.config) and "paper.speed" not in settled.origins:
        # Nobody waits an hour for a bar that is made up.
        base = {"paper": {"speed": GENERATED_SPEED}}
        home, settled = resolved(file, options, profile="paper", base=base)
    config = settled.config
    guardian = guarded(home, settled, file, options, profile="paper", base=base)
    if is_live(config):
        from tradewind.cli.living import run_live_paper

        return run_live_paper(home, settled, guardian, json=json)
    with progress("reading bars", quiet=json) as observer:
        market = choose_market(config, home, observer)
        history = with_history(config, home, market)
    session = Session("paper", settled, home, market, guardian, history)
    live = not headless and not json and sys.stdout.isatty() and flag_values(config.flags)["live_display"]
    screen = Screen("tradewind paper", session.engine, session.model, session.paper.readings)
    with shown(screen, live=live, quiet=json) as watch:
        kept = session.run(watch)
    quiet = silences(kept.result, kept.model)
    edges = measured_edges(session.engine, kept.model, config.edge.spread_bps)
    if json:
        print_json(result_object(kept.result, kept.metrics, kept.record.id, quiet, kept.page, kept.series, edges))
        return DONE
    told = console()
    for trouble in session.troubles:
        told.print(trouble, markup=False, soft_wrap=True)
    show_result(told, kept.metrics, kept.model, quiet, kept.series)
    show_edges(told, edges)
    ended = ENDED[kept.record.ended]
    told.print(f"run {kept.record.id} ended since {ended}, digest {kept.result.digest}", markup=False, soft_wrap=True)
    told.print(f"tear sheet {kept.page}", markup=False, soft_wrap=True)
    return DONE


def choose_market(config: Config, home: Home, observer: Observer) -> list[MarketData]:
    """Return recorded bars when the configuration names any, else a generated market."""
    if is_generated(config):
        return generated_market(config.market, config.seed)
    return load_market(config, home, observer)


def is_live(config: Config) -> bool:
    """Return whether the venue's live market is meant: the venue alone, without any recording of it."""
    data = config.data
    recorded = data.path or data.catalog or data.start or data.end or data.kind != "bars"
    return data.venue == LIVE_VENUE and not recorded


def is_generated(config: Config) -> bool:
    """Return whether the configuration names no recorded data."""
    return config.data.kind == "bars" and not (config.data.path or config.data.instruments or config.data.venue)
