"""The live screen: every part of it from the read model, on wide and narrow terminals."""

import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console

from tradewind.app.config import resolve
from tradewind.app.generated import generated_market
from tradewind.app.home import Home
from tradewind.app.pacing import Pacer, SystemClock
from tradewind.app.paper import PaperSession
from tradewind.app.readings import Reading
from tradewind.app.wiring import engine_config, simulated_venue, simulation_settings, streamed_sources
from tradewind.cli.display import BLOCKS, Screen, nearest, sparkline
from tradewind.cli.output import amount, share
from tradewind.engine.readmodel import ReadModel
from tradewind.model.decisions import Refused


def screen_after(bars: int, *, keep: int | None = 100, **overrides: Any) -> Screen:
    given = {"market": {"bars": bars}, **overrides}
    config = resolve(Home(Path("nowhere")), {}, profile="demo", overrides=given).config
    market = generated_market(config.market, config.seed)
    engine = engine_config(config, [each.instrument for each in market])
    names = {bot.id: type(bot.strategy).__name__ for bot in engine.bots}
    model = ReadModel(engine.instruments, strategies=names, keep=keep)
    pacer = Pacer(SystemClock(), threading.Event(), None, None)
    settings = simulation_settings(config)
    venue = simulated_venue(engine, settings, market)
    session = PaperSession(engine, settings, venue, streamed_sources(market), pacer=pacer, model=model, on_stop="keep")
    screen = Screen("a title", engine, model, session.readings)
    session.run(screen.take)
    return screen


def text(screen: Screen, width: int, height: int) -> str:
    console = Console(width=width, height=height, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(screen.draw(width, height))
    return capture.get()


def test_a_wide_screen_shows_account_bots_decisions_fills_positions_and_refusals() -> None:
    screen = screen_after(700)
    shown = text(screen, 170, 46)
    for word in ("a title", "equity", "drawdown", "Bots", "Decisions", "Fills", "Positions", "Refused", "donchian-all"):
        assert word in shown
    assert "instrument_share" in shown
    assert any(reason in shown for reason in ("fast average", "close a", "MACD"))
    assert all(len(line) <= 170 for line in shown.splitlines())
    assert len(shown.splitlines()) <= 47


def test_the_line_counts_refused_orders_not_the_checks_that_refused_them() -> None:
    screen = screen_after(700, keep=None)
    model = screen.model
    refused = sum(isinstance(each.outcome, Refused) for each in model.decisions)
    assert 0 < refused < model.refusals.total()
    assert f"refused {refused}  " in screen.line()


def test_a_narrow_screen_gives_up_fills_and_positions() -> None:
    shown = text(screen_after(400), 90, 30)
    assert "Refused" in shown
    assert "Positions" not in shown
    assert all(len(line) <= 90 for line in shown.splitlines())


def test_a_bot_that_says_something_of_itself_is_shown_with_what_is_nearest_to_a_signal() -> None:
    screen = screen_after(200, bots=[{"strategy": "score", "id": "voter"}])
    said = screen.readings()
    assert len(said) == len(screen.config.instruments)
    least = min(said, key=lambda each: float(each.values["distance"]))
    line = next(line for line in text(screen, 170, 46).splitlines() if "voter" in line)
    assert f"{screen.model.instruments[least.instrument].base} {least.values['temperature']} score " in line
    screen.model.paused["voter"] = "asked"
    line = next(line for line in text(screen, 170, 46).splitlines() if "voter" in line)
    assert "paused" in line
    assert "score" not in line


def test_without_a_distance_the_first_reading_counts() -> None:
    said = [Reading("b", "X-USD", {"a": 1.0}), Reading("b", "Y-USD", {"a": 2.0}), Reading("c", "", {"a": 3.0})]
    assert nearest(said) == {"b": said[0], "c": said[2]}


def test_one_line_says_where_the_account_stands() -> None:
    screen = screen_after(300)
    line = screen.line()
    assert line.startswith("2024-01-13 12:00  equity ")
    assert line.endswith("100 %")
    config = screen.config
    assert Screen("t", config, screen.model).line() == "waiting for the first bar"


def test_a_curve_in_blocks_keeps_first_and_last() -> None:
    assert sparkline([], 10) == ""
    assert sparkline([Decimal(5)] * 3, 10) == BLOCKS[0] * 3
    line = sparkline([Decimal(each) for each in range(100)], 8)
    assert line == BLOCKS
    assert len(sparkline([Decimal(each % 7) for each in range(1000)], 50)) == 50


def test_numbers_for_people() -> None:
    assert amount(Decimal("1234567.891")) == "1,234,567.89"
    assert share(0.1234) == "12.34 %"
    assert share(None) == share(float("nan")) == "-"
