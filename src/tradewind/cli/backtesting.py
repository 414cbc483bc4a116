"""What `tradewind backtest` does once its options are read: load, run, keep, show."""

from pathlib import Path

from tradewind.app.candidate import shadow_plan
from tradewind.app.edge import measured_edges
from tradewind.app.flags import flag_values
from tradewind.app.market_data import load_market
from tradewind.app.plan_terms import refuse_short_plans
from tradewind.app.readings import readings
from tradewind.app.recording import run_record
from tradewind.app.wiring import engine_config, simulation_settings
from tradewind.cli.keeping import completed, now_ns, tear_sheet
from tradewind.cli.layers import resolved
from tradewind.cli.main import DONE
from tradewind.cli.options import RunOptions
from tradewind.cli.output import console, print_json, progress
from tradewind.cli.results import result_object, show_edges, show_readings, show_result
from tradewind.cli.running import bar_series, carried, run_market, run_shadow
from tradewind.cli.silence import silences
from tradewind.model.errors import ConfigError
from tradewind.research.breakdown import read_model
from tradewind.research.metrics import compute_metrics
from tradewind.research.ranges import fill_range
from tradewind.storage.runs import RunStore


def run_and_show(
    file: Path | None, options: RunOptions, *, out: Path | None, report: bool, ranges: bool, json: bool
) -> int:
    """Run the backtest that file and options describe, keep and print what came of it, and return the exit code."""
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} already exists: choose another folder for --out")
    home, settled = resolved(file, options)
    if ranges and settled.config.data.kind != "bars":
        raise ConfigError("--range is for bars: recorded trades, quotes and books are filled as they were")
    with progress("reading bars", quiet=json) as observer:
        market = load_market(settled.config, home, observer)
    refuse_short_plans(settled.config, market)
    engine = engine_config(settled.config, [each.instrument for each in market])
    settings = simulation_settings(settled.config)
    plan = shadow_plan(settled.config, engine, settings)
    series = bar_series(market)
    serve = flag_values(settled.config.flags)["precomputed_indicators"]
    with progress("running", quiet=json) as observer:
        result = run_market(engine, settings, market, serve=serve, progress=observer)
    model = read_model(result)
    metrics = compute_metrics(result, series, model=model)
    quiet = silences(result, model)
    store = RunStore(home.runs)
    record = completed(run_record("backtest", settled, engine, settings, market, now_ns()), result, metrics)
    record = store.save(record, audit=result.audit)
    if plan is not None:
        with progress("running the candidate", quiet=json) as observer:
            run_shadow(plan, record, store.folder(record.id), market, serve=serve, progress=observer)
    fills = fill_range(engine, settings, series, extra=carried(market), expected=result) if ranges else None
    page = tear_sheet(store, record, result, series, out, fills) if report or out is not None else None
    edges = measured_edges(engine, model, settled.config.edge.spread_bps)
    if json:
        print_json(result_object(result, metrics, record.id, quiet, page, series, edges))
    else:
        screen = console()
        show_result(screen, metrics, model, quiet, series)
        show_edges(screen, edges)
        show_readings(screen, readings(result.state))
        if plan is not None:
            screen.print(
                f"the candidate beside it: `tradewind shadow report {record.id}`", markup=False, soft_wrap=True
            )
        screen.print(f"run {record.id}, digest {result.digest}", markup=False, soft_wrap=True)
        if page is not None:
            screen.print(f"tear sheet {page}", markup=False, soft_wrap=True)
    return DONE
