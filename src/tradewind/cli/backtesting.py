"""What `tradewind backtest` does once its options are read: load, run, keep, show."""

from pathlib import Path

from tradewind.app.flags import flag_values
from tradewind.app.market_data import load_market
from tradewind.app.wiring import engine_config, simulation_settings
from tradewind.cli.layers import resolved
from tradewind.cli.main import DONE
from tradewind.cli.options import RunOptions
from tradewind.cli.output import console, print_json, progress
from tradewind.cli.results import result_object, show_result
from tradewind.cli.running import bar_series
from tradewind.cli.silence import silences
from tradewind.research.backtest import run_backtest
from tradewind.research.breakdown import read_model
from tradewind.research.metrics import compute_metrics


def run_and_show(file: Path | None, options: RunOptions, *, out: Path | None, report: bool, json: bool) -> int:
    """Run the backtest that file and options describe, print its figures, and return the exit code."""
    home, settled = resolved(file, options)
    with progress("reading bars", quiet=json) as observer:
        market = load_market(settled.config, home, observer)
    engine = engine_config(settled, [each.instrument for each in market])
    series = bar_series(market)
    serve = flag_values(settled.config.flags)["precomputed_indicators"]
    with progress("running", quiet=json) as observer:
        result = run_backtest(engine, simulation_settings(settled.config), series, serve=serve, progress=observer)
    model = read_model(result)
    metrics = compute_metrics(result, series, model=model)
    quiet = silences(result, model)
    run = f"backtest-{result.digest[:12]}"
    if json:
        print_json(result_object(result, metrics, run, quiet))
    else:
        show_result(console(), metrics, model, quiet)
    return DONE
