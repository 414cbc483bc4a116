"""docs/architecture.md draws the floors that are enforced, and follows an order through functions that are called."""

import re
import sys
from configparser import ConfigParser
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.unit.docs.pages import SOURCE, blocks, codes, read, rows, section
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, sma
from tradewind.research.backtest import run_backtest
from tradewind.research.metrics import compute_metrics
from tradewind.research.report import write_report
from tradewind.research.series import BarSeries
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import Strategy, View, Wish

PAGE = read("docs/architecture.md")
STEP = re.compile(r"\[`((?:\w+\.)?(?!py`)\w+)`\]\(\.\./src/tradewind/([\w/]+\.py)\)")
HOUR_NS = 3_600_000_000_000


class Halves(Strategy):
    """Half of the budget while the close is above its average."""

    def indicators(self) -> tuple[IndicatorSpec, ...]:
        return (sma(3),)

    def on_bar(self, view: View) -> Wish:
        return TargetWeight(0.5) if view.close > view.values[0] else FLAT


def test_the_floors_are_those_that_are_enforced() -> None:
    contracts = ConfigParser()
    contracts.read(REPOSITORY / ".importlinter")
    layers = contracts["importlinter:contract:floors"]["layers"].split("\n")
    enforced = [re.findall(r"\w+", layer) for layer in layers if layer.strip()]
    drawn = [re.findall(r"\w+", line) for line in blocks(PAGE, "floors")[0].splitlines()]
    assert drawn == enforced


def test_every_package_is_told_and_the_reserved_ones_are_not_there() -> None:
    told, reserved = set(), set()
    for names, purpose in rows(section(PAGE, "The floors")):
        (reserved if purpose.startswith("Reserved") else told).update(codes(names))
    assert told == {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert not any((SOURCE / name).exists() for name in reserved)
    assert told | reserved == set(re.findall(r"\w+", blocks(PAGE, "floors")[0]))


def called(tmp_path: Path) -> list[tuple[str, str]]:
    """Run a small backtest with its report and return (file, function) of every call, in order."""
    instrument = define_instrument("BTC-USD")
    rising = np.where((np.arange(40) // 8) % 2 == 0, 30, -30)
    close = (10_000 + np.cumsum(rising)).astype(np.int64)
    opening = np.r_[close[:1], close[:-1]]
    top, bottom = np.maximum(opening, close), np.minimum(opening, close)
    times = np.arange(40, dtype=np.int64) * HOUR_NS
    series = BarSeries(instrument, HOUR_NS, times, opening, top, bottom, close, None)
    bot = BotSpec(id="halves", strategy=Halves(), instruments=("BTC-USD",))
    config = EngineConfig(session="walk", instruments=(instrument,), bots=(bot,), limits=RESEARCH_LIMITS)
    calls: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            code = frame.f_code
            calls.append((code.co_filename, code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        result = run_backtest(config, SimulationSettings(), [series])
        compute_metrics(result, [series])
        write_report(result, [series], tmp_path / "report")
    finally:
        sys.setprofile(before)
    prefix = f"{SOURCE}/"
    return [(file.removeprefix(prefix), name.removesuffix(".__init__")) for file, name in calls if prefix in file]


def test_the_order_takes_the_way_that_is_told(tmp_path: Path) -> None:
    steps = [(file, name) for name, file in STEP.findall(section(PAGE, "One order, from bar to report"))]
    assert len(steps) > 30
    calls = iter(called(tmp_path))
    for step in steps:
        # Each step is looked for behind the one before: the calls are the page's functions in the page's order.
        assert step in calls, f"{step[1]} of {step[0]} is not called there"


@pytest.mark.parametrize(("name", "file"), sorted(set(STEP.findall(PAGE))))
def test_functions_named_are_in_their_files(name: str, file: str) -> None:
    text = (SOURCE / file).read_text(encoding="utf-8")
    assert re.search(rf"^ *(async def|def|class) {name.rpartition('.')[2]}\b", text, re.MULTILINE)
