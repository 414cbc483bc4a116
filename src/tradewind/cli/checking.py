"""What `tradewind check` does once its options are read."""

from typing import Any

import msgspec

from tradewind.app.generated import generated_market
from tradewind.app.market_data import MarketData, load_market
from tradewind.app.settings import Config
from tradewind.app.wiring import engine_config, simulation_settings
from tradewind.cli.layers import resolved
from tradewind.cli.main import DONE, FAILED
from tradewind.cli.options import RunOptions
from tradewind.cli.output import console, print_json, progress, table
from tradewind.cli.running import bar_series, carried
from tradewind.model.errors import ConfigError
from tradewind.research.leaks import LeakReport, check_lookahead
from tradewind.research.series import BarSeries
from tradewind.research.warmups import WarmupReport, check_warmup

BARS_MIN = 100


def check_lookahead_and_show(options: RunOptions, *, bars: int, json: bool) -> int:
    """Run the tests, print what they found, and return 1 for a leak or for nothing to look at."""
    config, market, series = _read(options, bars, json=json)
    engine = engine_config(config, [each.instrument for each in market])
    report = check_lookahead(engine, simulation_settings(config), series, extra=carried(market), seed=config.seed)
    if json:
        print_json({"clean": report.clean, **msgspec.to_builtins(report)})
    else:
        _show_leaks(report)
    return DONE if report.clean else FAILED


def check_warmup_and_show(options: RunOptions, *, bars: int, json: bool) -> int:
    """Test every indicator on the first instrument's bars, print it, and return 1 where one does not keep its word."""
    config, market, series = _read(options, bars, json=json)
    engine = engine_config(config, [each.instrument for each in market])
    report = check_warmup(engine.bots[0].strategy, series[0])
    if json:
        print_json({"clean": report.clean, "instrument": series[0].instrument.id, **msgspec.to_builtins(report)})
    else:
        _show_warmups(report, series[0].instrument.id)
    return DONE if report.clean else FAILED


def _read(options: RunOptions, bars: int, *, json: bool) -> tuple[Config, list[MarketData], list[BarSeries]]:
    if bars < BARS_MIN:
        raise ConfigError(f"--bars must be at least {BARS_MIN}, was {bars}")
    base: dict[str, Any] = {} if options.data else {"market": {"bars": bars, "instruments": 4}}
    home, settled = resolved(None, options, base=base)
    config = settled.config
    if config.data.path or options.instrument or options.venue:
        with progress("reading bars", quiet=json) as observer:
            market = load_market(config, home, observer)
    else:
        market = generated_market(config.market, config.seed)
    series = [_latest(each, bars) for each in bar_series(market)]
    for each in series:
        if len(each) < BARS_MIN:
            raise ConfigError(f"{each.instrument.id} has {len(each)} bars there, a check needs {BARS_MIN}: choose more")
    return config, market, series


def _latest(one: BarSeries, bars: int) -> BarSeries:
    columns = {name: getattr(one, name)[-bars:] for name in ("open_ns", "open", "high", "low", "close")}
    volume = None if one.volume is None else one.volume[-bars:]
    return msgspec.structs.replace(one, **columns, volume=volume)


def _show_leaks(report: LeakReport) -> None:
    screen = console()
    rows = [(test.test, "passed" if test.passed else "LEAK", str(test.cases), test.told) for test in report.tests]
    screen.print(table("Does it know the future?", ("test", "result", "cases", "found"), rows, numbers=False))
    if report.failed:
        screen.print(f"it failed, and decides nothing from there on: {report.failed}", markup=False, soft_wrap=True)
    elif not report.decisions:
        screen.print(f"it decided nothing on {report.bars} bars: nothing was shown; give it data that it trades on")
    elif report.clean:
        screen.print(f"no leak found in {report.decisions} decisions on {report.bars} bars")
    else:
        screen.print("a leak was found: what this strategy earned in a backtest means nothing")


def _show_warmups(report: WarmupReport, instrument: str) -> None:
    screen = console()
    rows = [
        (
            test.indicator,
            str(test.declared_bars),
            "-" if test.found_bars is None else str(test.found_bars),
            "-" if test.settles_bars is None else str(test.settles_bars),
            "passed" if test.passed else "WRONG",
            test.told,
        )
        for test in report.tests
    ]
    columns = ("indicator", "declared", "found", "settles after", "result", "told")
    screen.print(table(f"Warm when they say so? ({instrument})", columns, rows, numbers=False))
    if not rows:
        screen.print("it declares no indicators: it is asked from the first bar on")
