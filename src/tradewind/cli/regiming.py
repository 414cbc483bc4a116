"""What `tradewind regime` does once its options are read."""

import re
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tradewind.app.market_data import MarketData, load_market
from tradewind.app.regime import load_regime_model
from tradewind.app.regime_history import market_overview, regime_history
from tradewind.cli.layers import listed, resolved
from tradewind.cli.main import DONE, FAILED
from tradewind.cli.options import RunOptions
from tradewind.cli.output import ENCODER, console, print_json, progress, table
from tradewind.cli.pages import page_folder, written
from tradewind.cli.regime_tables import history_object, overview_object, standings, told
from tradewind.model.errors import ConfigError
from tradewind.numeric.panel_kernels import MINIMUM_INSTRUMENTS
from tradewind.numeric.regime_chain import Difficulty
from tradewind.regime.inputs import MODEL_BARS
from tradewind.research.regime.bench import BenchReport, run_bench
from tradewind.research.regime.fitting import contest, fit, write
from tradewind.research.regime.kinds import MarketKind
from tradewind.research.regime.markets import labelled_market
from tradewind.research.regime.page import bench_page, history_page
from tradewind.research.regime.scores import Scores

SEEDS = re.compile(r"(\d+)(?:-(\d+))?")
SEEDS_MAX = 200


class Markets(NamedTuple):
    """Which markets a bench generates."""

    level: str
    seeds: str
    assets: int
    bars: int


def bench_and_show(markets: Markets, model: Path | None, out: Path | None, *, json: bool) -> int:
    """Run the bench, print its figures, write its page, and return the exit code."""
    chosen, folder = parse_seeds(markets.seeds), page_folder(out)
    if markets.assets < MINIMUM_INSTRUMENTS:
        raise ConfigError(f"--assets {markets.assets}: the model compares {MINIMUM_INSTRUMENTS} assets or more")
    if markets.bars <= MODEL_BARS:
        raise ConfigError(f"--bars {markets.bars}: the first {MODEL_BARS} are warm-up, give more")
    contenders = contest(model)
    with progress("generating and scoring markets", quiet=json) as observer:
        made = partial(labelled_market, kind=MarketKind(assets=markets.assets, bars=markets.bars))
        report = run_bench(contenders, Difficulty(markets.level), chosen, market_of=made, progress=observer)
    value = bench_object(report)
    page = written(folder, "regime-bench", bench_page(report), ENCODER.encode(value))
    screen = console()
    if not json:
        screen.print(_figures(report))
    if not report.unseen:
        screen.print("some of these seeds were trained on: the figures flatter the model", markup=False)
    if report.leak_suspected:
        screen.print("LEAK: the model beats the one that knows the future by more than two points", markup=False)
    if page is not None and not json:
        screen.print(f"page {page}", markup=False, soft_wrap=True)
    if json:
        print_json(value)
    return FAILED if report.leak_suspected else DONE


def show_regime(instrument: str, options: RunOptions, bars: int, out: Path | None, *, json: bool) -> int:
    """Tell the regimes of an instrument in recorded bars and return the exit code."""
    folder = page_folder(out)
    others = listed(options.instrument)
    wanted = None if others is None else sorted({instrument, *others})
    if wanted is None and (options.data is None or Path(options.data).is_file()):
        wanted = [instrument]
    market = _market(RunOptions(**{**vars(options), "instrument": wanted}), bars, quiet=json)
    loaded = load_regime_model()
    history = regime_history(instrument, market, loaded, bars)
    value = history_object(history)
    page = written(folder, f"regime-{instrument}".replace("/", "-"), history_page(history), ENCODER.encode(value))
    if json:
        print_json(value)
        return DONE
    screen = console()
    if loaded.message:
        screen.print(loaded.message, markup=False)
    for line in told(history):
        screen.print(line, markup=False, soft_wrap=True)
    if page is not None:
        screen.print(f"page {page}", markup=False, soft_wrap=True)
    return DONE


def show_overview(options: RunOptions, bars: int, *, json: bool) -> int:
    """Tell the regimes of all instruments in recorded bars and return the exit code."""
    market = _market(options, bars, quiet=json)
    loaded = load_regime_model()
    found = market_overview(market, loaded, bars)
    if json:
        print_json(overview_object(found))
        return DONE
    screen = console()
    if loaded.message:
        screen.print(loaded.message, markup=False)
    screen.print(standings(found))
    return DONE


def train_and_write(folder: Path) -> int:
    """Train everything, write it, and return the exit code."""
    screen = console()
    fitted = fit(say=lambda text: screen.print(text, markup=False))
    for path in write(fitted, folder):
        screen.print(f"wrote {path}", markup=False, soft_wrap=True)
    for report in fitted.reports:
        screen.print(_figures(report))
    return DONE


def _market(options: RunOptions, bars: int, *, quiet: bool) -> list[MarketData]:
    if bars < 1:
        raise ConfigError(f"--bars must be at least 1, was {bars}")
    home, settled = resolved(None, options)
    with progress("reading bars", quiet=quiet) as observer:
        return load_market(settled.config, home, observer)


def parse_seeds(text: str) -> list[int]:
    """Return the seeds of `10-15` or `10,12,20-25`.

    Raises  ConfigError for anything else.
    """
    seeds: list[int] = []
    for part in text.split(","):
        match = SEEDS.fullmatch(part.strip())
        if match is None:
            raise ConfigError(f"--seeds {text!r}: write 10-15 or 10,12,20-25")
        first = int(match[1])
        last = int(match[2] or match[1])
        if last < first or last - first >= SEEDS_MAX:
            raise ConfigError(f"--seeds {text!r}: a range goes up, over at most {SEEDS_MAX} seeds")
        seeds.extend(seed for seed in range(first, last + 1) if seed not in seeds)
    return seeds


def bench_object(report: BenchReport) -> dict[str, Any]:
    """Return the report as `--json` prints it: the figures of each contender under its name; infinity is null."""
    return {
        "level": report.level,
        "seeds": report.seeds,
        "assets": report.assets,
        "bars": report.bars,
        "unseen": report.unseen,
        "leak_suspected": report.leak_suspected,
        "accuracies": report.accuracies,
        "spreads": report.spreads,
        **{name: msgspec.to_builtins(scores) for name, scores in report.contenders.items()},
    }


COLUMNS: tuple[tuple[str, str], ...] = (
    ("balanced", "balanced_accuracy"), ("macro F1", "macro_f1"), ("gate", "gate_accuracy"),
    ("crisis recall", "crisis_recall"), ("precision", "crisis_precision"), ("delay", "delay_median"), ("ECE", "ece"),
    ("Brier", "brier"), ("switches", "switches_per_1000"),
)  # fmt: skip


def _figures(report: BenchReport) -> Any:
    title = f"RegimeBench {report.level}, seeds {', '.join(map(str, report.seeds))}"
    rows = [
        (name, _spread(scores.accuracy, report.spreads[name]), *(_cell(scores, key) for _, key in COLUMNS))
        for name, scores in report.contenders.items()
    ]
    return table(title, ("", "accuracy", *(head for head, _ in COLUMNS)), rows)


def _spread(accuracy: float, between_seeds: float | None) -> str:
    return f"{accuracy:.4f}" if between_seeds is None else f"{accuracy:.4f} ± {between_seeds:.4f}"


def _cell(scores: Scores, key: str) -> str:
    value = getattr(scores, key)
    if value is None:
        return "-"
    return f"{value:.1f}" if key in {"delay_median", "switches_per_1000"} else f"{value:.4f}"
