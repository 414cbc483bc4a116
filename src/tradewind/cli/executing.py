"""What `tradewind execution` does once its options are read."""

import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tradewind.app.captures import find_captures
from tradewind.app.generated import generated_market
from tradewind.app.market_data import MarketData, load_market
from tradewind.app.settings import MarketSettings
from tradewind.cli.layers import resolved
from tradewind.cli.main import DONE, WRONG_INPUT
from tradewind.cli.options import RunOptions
from tradewind.cli.output import ENCODER, amount, console, print_json, progress, share, table
from tradewind.cli.pages import page_folder, written
from tradewind.cli.regiming import parse_seeds
from tradewind.exchange.core.fees import PERPETUAL_FEES, SPOT_FEES
from tradewind.execution.engines import RiskFlags, execution_engine
from tradewind.execution.multipliers import parse_multipliers
from tradewind.execution.planner import MarketFigures, PlannerSettings
from tradewind.model.errors import ConfigError, DataError
from tradewind.model.instrument import Instrument
from tradewind.model.money import money, plain
from tradewind.model.orders import Side
from tradewind.model.plans import ExecutionPlan, PlanPolicy, Urgency
from tradewind.research.execution.page import TITLES, bps, figures_of, reduction_text, study_page, verdict_text
from tradewind.research.execution.sources import run_study, tape_count
from tradewind.research.execution.study import Study

DAY_NS = 86_400_000_000_000
DAYS = 30
HALF_SPREAD_BPS = Decimal(1)
SEED = 1


def plan_and_show(
    name: str,
    side: str,
    notional: str,
    urgency: str,
    policy: str,
    quote: tuple[str | None, str | None],
    volume_30d: str,
    multipliers: str,
    source: tuple[str | None, str | None, str | None],
    *,
    json: bool,
) -> int:
    """Plan an order on the market there is, show the plan, and return the exit code."""
    factors = parse_multipliers(multipliers)
    market, told = _market(name, *source)
    instrument = market.instrument
    fees = SPOT_FEES if instrument.is_spot else PERPETUAL_FEES
    figures = market_figures(market, quote, tier_of=fees.tier(_amount("--volume-30d", volume_30d)))
    wanted = _amount("--notional", notional)
    direction = Side.BUY if side == "buy" else Side.SELL
    price = instrument.price_decimal(figures.ask if direction is Side.BUY else figures.bid)
    quantity = instrument.order_quantity(wanted / price / instrument.contract_size)
    engine = execution_engine(RiskFlags(), factors, PlannerSettings(policy=PlanPolicy(policy)))
    made = engine.plan(instrument, direction, quantity, Urgency(urgency), figures)
    screen = console()
    if not json:
        for line in (told, *factors.warnings):
            screen.print(line, markup=False, soft_wrap=True)
    if not isinstance(made, ExecutionPlan):
        if json:
            print_json({"refused": made.reason, "number": made.number, "limit": made.limit})
        else:
            screen.print(f"refused: {made.reason}, {_refusal(made.reason, instrument, figures, wanted)}", markup=False)
        return WRONG_INPUT
    value = plan_object(made, market, told, factors.warnings)
    if json:
        print_json(value)
    else:
        screen.print(table(_headline(value, instrument.quote), ("", ""), _rows(made, value, instrument.quote)))
    return DONE


def study_and_show(data: Path | None, starts: int, seeds: str, out: Path | None, *, json: bool) -> int:
    """Run the study, print its tables, write its page, and return the exit code."""
    if starts < 2:
        raise ConfigError(f"--starts must be at least 2, was {starts}")
    folder = page_folder(out)
    chosen = parse_seeds(seeds)
    settings = MarketSettings()
    total = (0 if data is None else len(find_captures(data))) + tape_count(chosen, settings)
    with progress("executing parents on tapes", quiet=json) as observer:
        done = 0

        def note(_: str) -> None:
            nonlocal done
            done += 1
            observer(done, total)

        study = run_study(data, starts=starts, seeds=chosen, market=settings, progress=note)
    value = study_object(study)
    page = written(folder, "execution-study", study_page(study), ENCODER.encode(value))
    if json:
        print_json(value)
        return DONE
    screen = console()
    for made in _study_tables(study):
        screen.print(made)
    if data is None:
        screen.print("no recorded books: give --data FOLDER to have them beside", markup=False)
    if page is not None:
        screen.print(f"page {page}", markup=False, soft_wrap=True)
    return DONE


def market_figures(market: MarketData, quote: tuple[str | None, str | None], *, tier_of: Any) -> MarketFigures:
    """Return the figures of a market's last thirty days; without a quote the touch is one bp round the last close."""
    bars, instrument = market.bars, market.instrument
    recent = bars.open_ns >= bars.open_ns[-1] - DAYS * DAY_NS
    closes = bars.close[recent].astype(np.float64)
    per_day = DAY_NS / bars.span_ns
    sigma = float(np.diff(np.log(closes)).std(ddof=1)) * math.sqrt(per_day) if closes.size > 2 else None
    volume = float(bars.volume[recent].mean()) * per_day * 10.0 ** (instrument.quantity_scale - bars.volume_scale)
    if (quote[0] is None) != (quote[1] is None):
        raise ConfigError("--bid and --ask belong together: give both or neither")
    if quote[0] is not None and quote[1] is not None:
        bid = instrument.limit_price(_amount("--bid", quote[0]), Side.BUY)
        ask = instrument.limit_price(_amount("--ask", quote[1]), Side.SELL)
        if min(bid, ask) < instrument.tick:
            least = plain(instrument.price_decimal(instrument.tick))
            raise ConfigError(f"--bid {quote[0]} is below the tick of {instrument.id}: give prices of at least {least}")
    else:
        close = instrument.price_decimal(int(bars.close[-1]))
        bid = instrument.limit_price(close * (1 - HALF_SPREAD_BPS / 10_000), Side.BUY)
        ask = instrument.limit_price(close * (1 + HALF_SPREAD_BPS / 10_000), Side.SELL)
    return MarketFigures(bid=bid, ask=ask, tier=tier_of, sigma_day=sigma or None, volume_day=volume or None)


def plan_object(plan: ExecutionPlan, market: MarketData, told: str, warnings: tuple[str, ...]) -> dict[str, Any]:
    """Return a plan as `--json` prints it: prices and quantities in quote and base units."""
    instrument = market.instrument
    estimate: dict[str, Any] = msgspec.to_builtins(plan.estimate)
    estimate["total_bps"] = plan.estimate.total_bps
    notional = float(plan.notional)
    estimate["total"] = round(notional * plan.estimate.total_bps / 1e4, 6)
    estimate["all_market"] = round(notional * plan.estimate.all_market_bps / 1e4, 6)
    return {
        "instrument": plan.instrument,
        "side": plan.side.name.lower(),
        "quantity": plain(instrument.quantity_decimal(plan.quantity)),
        "notional": plain(plan.notional),
        "arrival": plain(plan.arrival * instrument.price_unit),
        "urgency": plan.urgency.value,
        "policy": plan.policy.value,
        "route": plan.route.value,
        "reason": plan.reason,
        "slices": plan.slices,
        "duration_s": plan.duration_ns / 1e9,
        "deadline_s": plan.deadline_ns / 1e9,
        "maker": None if plan.maker is None else msgspec.to_builtins(plan.maker),
        "estimate": estimate,
        "source": told,
        "warnings": list(warnings),
    }


def study_object(study: Study) -> dict[str, Any]:
    """Return what `execution study --json` prints: results by source, and the tapes one by one."""
    value: dict[str, Any] = msgspec.to_builtins(study, builtin_types=(Decimal,))
    return value


def _market(name: str, data: str | None, venue: str | None, interval: str | None) -> tuple[MarketData, str]:
    """Return the bars to plan on and where they are from: what is asked for, the catalog, or the generated market."""
    home, settled = resolved(None, RunOptions(data=data, venue=venue, interval=interval, instrument=[name]))
    try:
        market = load_market(settled.config, home)[0]
    except DataError:
        if data is not None:
            raise
        generated = {each.instrument.id: each for each in generated_market(MarketSettings(instruments=12), SEED)}
        if name not in generated:
            raise
        return generated[name], f"no bars of {name} in the catalog: figures of the generated market, seed {SEED}"
    return market, f"figures of {market.source}"


def _amount(option: str, text: str) -> Decimal:
    try:
        value = money(text)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None
    if value < 0:
        raise ConfigError(f"{option} must not be negative, was {text}")
    return value


def _refusal(reason: str, instrument: Instrument, figures: MarketFigures, wanted: Decimal) -> str:
    """Return why there is no plan, in prices and amounts."""
    if reason == "NO_QUOTE":
        bid, ask = (plain(instrument.price_decimal(each)) for each in (figures.bid, figures.ask))
        return f"the bid {bid} is not below the ask {ask}"
    least = plain(instrument.quantity_decimal(max(instrument.min_quantity, instrument.lot)))
    smallest = f"the smallest order is {least} {instrument.base or 'contracts'}"
    worth = f", worth {plain(instrument.min_notional)} {instrument.quote}" if instrument.min_notional else ""
    return f"{plain(wanted)} {instrument.quote} buys too little: {smallest}{worth}"


def _headline(value: Mapping[str, Any], quote: str) -> str:
    of = f"{value['side']} {value['quantity']} {value['instrument']} ({amount(Decimal(value['notional']))} {quote})"
    return f"{of} at {value['arrival']}, urgency {value['urgency']}"


def _rows(plan: ExecutionPlan, value: Mapping[str, Any], quote: str) -> list[tuple[str, str]]:
    cost = plan.estimate
    maker = plan.maker
    passive = "-" if maker is None else f"offset {maker.offset_ticks} ticks, then {maker.ending.value}"
    unknown = f" (unknown: {', '.join(cost.unknown)})" if cost.unknown else ""
    return [
        ("route", f"{plan.route.value}, {plan.reason}"),
        ("policy", plan.policy.value),
        ("slices", f"{plan.slices} over {value['duration_s']:g} s, deadline {value['deadline_s']:g} s"),
        ("passive", passive),
        ("expected maker share", share(cost.maker_share, 1)),
        ("fees", bps(cost.fee_bps)),
        ("spread", bps(cost.spread_bps)),
        ("impact", bps(cost.impact_bps) + unknown),
        ("expected cost", f"{bps(cost.total_bps)}, {value['estimate']['total']:,.2f} {quote}"),
        ("timing risk", f"± {bps(cost.timing_risk_bps)}"),
        ("all at market", f"{bps(cost.all_market_bps)}, {value['estimate']['all_market']:,.2f} {quote}"),
    ]


def _study_tables(study: Study) -> list[Any]:
    sources = [source for source in TITLES if source in study.groups]
    results = [study.groups[source] for source in sources]
    heads = ("", *(TITLES[source] for source in sources))
    goals = [
        (f"{verdict.goal} ≥ {100 * verdict.wanted:.0f} %", *(verdict_text(each.verdicts[i]) for each in results))
        for i, verdict in enumerate(results[0].verdicts)
    ]
    tiers = [
        (f"{tier.from_volume:,.0f}+", *(reduction_text(each.tiers[i]) for each in results))
        for i, tier in enumerate(results[0].tiers)
    ]
    figures = [figures_of(each) for each in results]
    filled = [(name, *(column[i][1] for column in figures)) for i, (name, _) in enumerate(figures[0])]
    made = [
        table("Goals", heads, goals),
        table("Cost by tier: ours / all-market", heads, tiers),
        table("How it filled", heads, filled),
    ]
    for source in sources:
        rows = [
            (each.name, str(each.parents), *(verdict_text(one) for one in each.verdicts))
            for each in study.tapes[source]
        ]
        made.append(table(f"{TITLES[source]}, one by one", ("", "parents", "maker", "0-10k", "10-100k", "100k+"), rows))
    return made
