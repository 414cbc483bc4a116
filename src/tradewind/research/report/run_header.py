"""What ran: configuration and its hash, fill model, risk checks, data, and the bots with their parameters."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from tradewind.model.intents import Exits
from tradewind.research.backtest import BacktestResult
from tradewind.research.breakdown import strategy_name
from tradewind.research.metrics import Metrics, plain_values
from tradewind.research.report.figures import Figure
from tradewind.research.report.formats import (
    DASH,
    amount,
    exact,
    minute,
    number,
    percent,
    span,
    words,
)
from tradewind.research.report.tables import Table
from tradewind.research.series import BarSeries, find_gaps, perpetual_notes

NAMES_MAX = 4


def heading(result: BacktestResult, series: Sequence[BarSeries]) -> str:
    """Return what ran on what, in a line: names where they are few, their number where they are many."""
    strategies = sorted({strategy_name(bot.strategy) for bot in result.config.bots})
    instruments = sorted(each.instrument.id for each in series)
    spans = sorted({each.span_ns for each in series})
    bars = ", ".join(span(each) for each in spans)
    return f"{_named(strategies, 'strategies')} on {_named(instruments, 'instruments')}, {bars}"


def _named(names: Sequence[str], what: str) -> str:
    return ", ".join(names) if len(names) <= NAMES_MAX else f"{len(names)} {what}"


def run_sections(
    result: BacktestResult, series: Sequence[BarSeries], metrics: Metrics
) -> list[tuple[str, list[Figure]]]:
    """Return the run's header: what ran on which data, under which fill model, checks and limits."""
    settings, config = result.settings, result.config
    tiers, share = config.fees.tiers, settings.participation
    fees = f"maker {_rate(tiers[0].maker)}, taker {_rate(tiers[0].taker)}" + (
        f", {len(tiers)} tiers by 30-day volume" if len(tiers) > 1 else ""
    )
    limits = [
        Figure(words(name), str(value))
        for name, value in zip(config.limits.__struct_fields__, msgspec.structs.astuple(config.limits), strict=True)
        if value is not None
    ]
    perpetuals = [
        Figure(f"{each.instrument.id} {what}", text) for each in series for what, text in perpetual_notes(each)
    ]
    sections = [
        ("Run", [
            Figure("Session", config.session),
            Figure("Result digest", result.digest, "code"),
            Figure("Config hash", config_hash(result), "code"),
            Figure("From", f"{minute(metrics.start_ns)} UTC"),
            Figure("To", f"{minute(metrics.end_ns)} UTC ({number(metrics.days, 1)} days)"),
            Figure("Events", f"{result.events:,}"),
            Figure("Account", f"{amount(config.cash)} {config.currency}"),
        ]),
        ("Fill model", [
            Figure("Fees", fees),
            Figure("Half spread", f"{settings.half_spread_bps} bps"),
            Figure("Slippage", f"{settings.slippage_bps} bps"),
            Figure("Participation", "unlimited" if share is None else percent(float(share), 1)),
            Figure("Limit fills", "when touched" if settings.fill_on_touch else "when traded through"),
            Figure("Latency in", f"{settings.entry_latency_ns / 1e6:g} ms"),
            Figure("Latency out", f"{settings.response_latency_ns / 1e6:g} ms"),
        ]),
        ("Risk checks", [
            Figure("On", ", ".join(map(words, result.checks_on)) or "none"),
            Figure("Off", ", ".join(map(words, result.checks_off)) or "none", "loss" if result.checks_off else ""),
            *limits,
        ]),
    ]  # fmt: skip
    return [*sections, ("Perpetuals", perpetuals)] if perpetuals else sections


def data_table(series: Sequence[BarSeries]) -> Table:
    """Return which bars the run used."""
    rows = []
    for each in sorted(series, key=lambda one: one.instrument.id):
        instrument = each.instrument
        gaps = find_gaps(each)
        tick = exact(Decimal(instrument.tick).scaleb(-instrument.price_scale))
        lot = exact(Decimal(instrument.lot).scaleb(-instrument.quantity_scale))
        rows.append(
            (
                instrument.id, instrument.kind.value, span(each.span_ns), f"{len(each):,}",
                minute(int(each.open_ns[0])), minute(int(each.open_ns[-1]) + each.span_ns), f"{len(gaps):,}",
                f"{tick} / {lot}",
                "derived" if instrument.derived else "stated", each.source or DASH, each.digest[:16] or DASH,
            )
        )  # fmt: skip
    heads = ("Instrument", "Kind", "Bar", "Bars", "From", "To", "Gaps", "Tick / lot", "Increments", "Source", "Digest")
    return Table("data", "Data", heads, tuple(rows), words=(0, 1, 8, 9, 10))


def bot_table(result: BacktestResult) -> Table:
    """Return the bots and the parameters they ran with."""
    rows = []
    for bot in result.config.bots:
        values = plain_values(bot.strategy)
        text = ", ".join(f"{key} {value}" for key, value in values.items()) if isinstance(values, dict) else ""
        rows.append(
            (
                bot.id, strategy_name(bot.strategy), text or DASH, ", ".join(bot.instruments),
                percent(float(bot.budget), 1), _exits(bot.exits) or DASH,
            )
        )  # fmt: skip
    heads = ("Bot", "Strategy", "Parameters", "Instruments", "Budget", "Exits")
    return Table("config", "Bots", heads, tuple(rows), words=(0, 1, 2, 3, 5), folded=len(rows) > 30)


def config_hash(result: BacktestResult) -> str:
    """Return a hash of everything that decides what the run does with its data: engine, strategies and fill model."""
    values = {
        "engine": plain_values(result.config),
        "strategies": [
            f"{type(bot.strategy).__module__}.{type(bot.strategy).__qualname__}" for bot in result.config.bots
        ],
        "venue": plain_values(result.settings),
    }
    encoded = msgspec.json.encode(values, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def _rate(rate: Decimal) -> str:
    return f"{exact(rate * 100)} %"


def _exits(exits: Exits | None) -> str:
    given = {} if exits is None else msgspec.structs.asdict(exits)
    return ", ".join(
        f"{words(name)} {span(value) if name == 'time_ns' else percent(value, 1)}"
        for name, value in given.items()
        if value is not None
    )
