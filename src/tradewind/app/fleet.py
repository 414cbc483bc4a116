"""A fleet as it is written down: every bot on every instrument, and the stack whose worth is to be measured.

The file is a configuration like any other, with one more table, `[fleet]`. What it leaves out of the stack is usual:
regimes, budgets by regime, exits on every entry, entries that rest, limits, and a breaker at 10 %.
"""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tradewind.app.candle_files import check_funding_folder, find_candles
from tradewind.app.config import Layer, check_layer, config_digest, convert_table, file_layer, with_none
from tradewind.app.home import Home
from tradewind.app.market_data import BARS, MarketData, load_market
from tradewind.app.plan_terms import refuse_short_plans
from tradewind.app.settings import Config, DataSettings, Duration, Section, Share
from tradewind.app.times import duration_ns, moment_ns, moment_text
from tradewind.model.errors import ConfigError, DataError
from tradewind.model.money import ONE, ZERO

STACK: Mapping[str, Any] = {
    "profile": "fleet",
    "data": {"interval": "1h"},
    "regime": {"enabled": True},
    "allocation": {"method": "blend"},
    "execution": {"entries": "rest"},
    # A net below the strategies' own exits, and a pause after it: nearer, it was hit by noise and bought again at once.
    "exits": {"stop_loss": "0.10", "take_profit": "0.30", "time": "14d"},
    "protections": {"cooldown": "12h", "drawdown_max": "0.10", "drawdown_flatten": True},
    "simulation": {"half_spread_bps": "2"},
}


class FleetSection(Section, frozen=True):
    """What is measured, and how. Without `instruments` the `instruments_max` with most bars take part.

    `budget` is what the stack's bots have together, a share of the account; the naive fleet has all of it. `benchmark`
    begins the name of the instrument that correlations are taken with. Intervals come from `draws` resampled series
    with blocks of `block_days` on average. The margins are those of perpetuals without a table of their own in
    `[instruments]`; without maintenance margin nothing is ever liquidated.
    """

    instruments: tuple[str, ...] = ()
    instruments_max: Annotated[int, Meta(ge=1)] = 13
    budget: Share = ONE
    initial_margin: Share = ONE
    maintenance_margin: Share | None = None
    benchmark: str = "BTC"
    seed: Annotated[int, Meta(ge=0)] = 7
    draws: Annotated[int, Meta(ge=100, le=20_000)] = 2_000
    block_days: Annotated[int, Meta(ge=1)] = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need(("budget", "initial_margin", "maintenance_margin"), ONE)
        if self.maintenance_margin is not None and self.maintenance_margin > self.initial_margin:
            raise ConfigError(
                f"maintenance_margin {self.maintenance_margin} is above initial_margin {self.initial_margin}: "
                "a position would be liquidated as it is opened; lower it, or raise initial_margin"
            )


class WalkForwardSection(Section, frozen=True):
    """Who of the stack's bots may trade is chosen every `step`, for `test`, on the `train` before it.

    `choose` says what: which `bots` trade, or their `budgets` in proportion to their edge. The criterion is the
    expected gain of a trade after fees, or the edge gate (before fees, against two takers and `spread_bps`); both are
    shrunk, as if each bot had made `shrink_trades` more like those of its kind. A kind without a record has `unproven`
    of its budget. `embargo` is a share of `train`; `step` is `test` where it is not told.
    """

    train: Duration = "365d"
    test: Duration = "91d"
    step: Duration | None = None
    choose: Literal["bots", "budgets"] = "bots"
    criterion: Literal["expectancy", "edge_gate"] = "expectancy"
    shrink_trades: Annotated[int, Meta(ge=0, le=10_000)] = 30
    spread_bps: Decimal = Decimal(4)
    unproven: Share = Decimal("0.5")
    embargo: Share = Decimal("0.01")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("unproven", "embargo"):
            if not ZERO <= getattr(self, name) <= ONE:
                raise ConfigError(f"{name} must be a share of at least 0 and at most 1, was {getattr(self, name)}")
        if self.spread_bps < 0:
            raise ConfigError(f"spread_bps must be at least 0, was {self.spread_bps}")


REASONS_MOST, NAMES_MOST = 5, 12
NO_CANDLES = "no candles"
OUT_OF_RANGE = "no bars in the chosen range"  # as load_market says it of a series that has some elsewhere


class FleetPlan(msgspec.Struct, frozen=True):
    """A fleet that is decided on: nothing of it changes once data are read, and `digest` says what it was."""

    fleet: FleetSection
    config: Config
    digest: str
    walk_forward: WalkForwardSection | None = None


class FleetData(msgspec.Struct, frozen=True, eq=False):
    """The data that the fleet trades, and which instruments were left out, with why.

    `training` are the bars that walk-forward learns from: the same instruments, from as long before as it asks for.
    """

    market: tuple[MarketData, ...]
    left_out: tuple[tuple[str, str], ...]
    training: tuple[MarketData, ...] = ()


def read_fleet(path: Path, start: str | None = None, end: str | None = None, *, venue: str | None = None) -> FleetPlan:
    """Return the fleet of a file; `start`, `end` and `venue` replace what the file says of its data.

    Raises  ConfigError naming file, key and remedy.
    """
    return fleet_plan(str(path), file_layer(path).values, start, end, venue=venue)


def fleet_plan(
    name: str, values: Mapping[str, Any], start: str | None = None, end: str | None = None, *, venue: str | None = None
) -> FleetPlan:
    """Return the fleet of values that were read from somewhere called `name`, with the usual stack below them.

    Raises  ConfigError as `read_fleet`.
    """
    given = dict(values)
    fleet = convert_table(name, "fleet", given.pop("fleet", {}), FleetSection)
    walk = given.pop("walk_forward", None)
    walk_forward = None if walk is None else convert_table(name, "walk_forward", walk, WalkForwardSection)
    check_layer(Layer(name, given))
    merged = _over(_over({}, STACK), given)
    if "policy" in given.get("execution", {}) and "entries" not in given["execution"]:
        merged["execution"]["entries"] = "market"  # a plan says itself how entries wait
    if not merged["regime"]["enabled"] and "allocation" not in given:
        del merged["allocation"]  # the usual budgets follow regimes
    for key, value in (("from", start), ("to", end), ("venue", venue)):
        if value is not None:
            merged.setdefault("data", {})[key] = value
    config = msgspec.convert(with_none(merged), Config, strict=False)
    begin, finish = config.data.start, config.data.end
    if begin and finish and moment_ns(begin, "data.from") >= moment_ns(finish, "data.to"):
        raise ConfigError(f"data.from {begin} is not before data.to {finish}: exchange them, or leave one out")
    if not config.bots:
        raise ConfigError(f"{name} has no bots: add a [[bots]] table with a strategy; each trades every instrument")
    terms = [msgspec.to_builtins(fleet), config_digest(config), msgspec.to_builtins(walk_forward)]
    named = msgspec.json.encode(terms, order="deterministic")
    return FleetPlan(fleet, config, hashlib.blake2b(named, digest_size=16).hexdigest(), walk_forward)


def load_fleet(plan: FleetPlan, data: Path, home: Home, funding: Path | None = None) -> FleetData:
    """Return the bars of the fleet's instruments; one without bars in the range is left out and named.

    The funding of perpetuals lies beside the candles, or in the folder `funding`.
    Raises  DataError when none is left; ConfigError when it is not told which series are meant, or no bot is for any.
    """
    if plan.config.data.kind != BARS:
        raise ConfigError(f"data.kind is {plan.config.data.kind}, and fleets run on bars: leave it out")
    settings = msgspec.structs.replace(plan.config.data, path=str(data))
    if funding is not None:
        settings = msgspec.structs.replace(settings, funding=True, funding_path=str(funding))
    check_funding_folder(settings.funding_path)
    there = sorted({each.instrument for each in find_candles(data, settings.venue, (), settings.interval)})
    wanted = plan.fleet.instruments or settings.instruments or there
    left_out = [(name, NO_CANDLES) for name in sorted({*wanted, *plan.config.instruments}) if name not in there]
    market: list[MarketData] = []
    for name in sorted(set(wanted) & set(there)):
        one = msgspec.structs.replace(settings, instruments=(name,))
        terms = {key: value for key, value in plan.config.instruments.items() if key == name}
        try:
            market += load_market(msgspec.structs.replace(plan.config, data=one, instruments=terms), home)
        except DataError as error:
            left_out.append((name, str(error).removeprefix(f"{name}: ")))
    market, others = _of_one_currency(market, plan.config.account.currency)
    left_out += others
    chosen = _fullest(market, plan.fleet.instruments_max)
    kept = {each.instrument.id for each in chosen}
    left_out += [(each.instrument.id, "fewer bars") for each in market if each.instrument.id not in kept]
    if not chosen:
        raise DataError(_nothing(plan.config, settings, left_out, there, home))
    meant = {name for bot in plan.config.bots for name in bot.instruments or kept}
    if not meant & kept:
        raise ConfigError(
            f"the bots of the fleet name {', '.join(sorted(meant))}, and none has bars here: "
            f"leave `instruments` out, or use {', '.join(sorted(kept))}"
        )
    refuse_short_plans(plan.config, chosen)
    training = _training(plan, settings, chosen, home)
    return FleetData(with_margin(plan, chosen), tuple(sorted(left_out)), with_margin(plan, training))


def with_margin(plan: FleetPlan, market: Sequence[MarketData]) -> tuple[MarketData, ...]:
    """Return the market with the fleet's margins on perpetuals that have no terms of their own."""
    terms = {
        "initial_margin": plan.fleet.initial_margin,
        "maintenance_margin": plan.fleet.maintenance_margin,
    }
    return tuple(
        each
        if each.instrument.is_spot or each.instrument.id in plan.config.instruments
        else msgspec.structs.replace(each, instrument=msgspec.structs.replace(each.instrument, **terms))
        for each in market
    )


def _nothing(
    config: Config, settings: DataSettings, left_out: Sequence[tuple[str, str]], there: Sequence[str], home: Home
) -> str:
    """Return why there is nothing to trade: once where one reason holds for all, with the dates that there are."""
    window = f"from {settings.start or 'the first bar'} to {settings.end or 'the last'}"
    said = f"no instrument of the fleet has bars {window} in {settings.path}: "
    name = next((name for name, why in left_out if OUT_OF_RANGE in why), None)
    if all(why == NO_CANDLES for _, why in left_out):
        known = ", ".join(there[:NAMES_MOST]) + (" and others" if len(there) > NAMES_MOST else "")
        return said + f"there are none of {', '.join(each for each, _ in left_out)}: use some of {known}"
    if name is None or not (settings.start or settings.end):
        return said + "; ".join(f"{each}: {why}" for each, why in left_out[:REASONS_MOST])
    whole = msgspec.structs.replace(settings, instruments=(name,), start="", end="")
    bars = load_market(msgspec.structs.replace(config, data=whole, instruments={}), home)[0].bars
    first, last = (moment_text(int(bars.open_ns[at])) for at in (0, -1))
    return said + f"{name}, for one, has them from {first} to {last}: choose --from and --to within what there is"


def _training(
    plan: FleetPlan, settings: DataSettings, chosen: Sequence[MarketData], home: Home
) -> tuple[MarketData, ...]:
    """Return the bars from as long before the window as walk-forward asks for; of those that begin later, all."""
    if plan.walk_forward is None:
        return ()
    if not settings.start:
        return tuple(chosen)
    lead_ns = int(duration_ns(plan.walk_forward.train) * (1 + float(plan.walk_forward.embargo)))
    begin = max(moment_ns(settings.start, "data.from") - lead_ns, 0)
    found: list[MarketData] = []
    for each in chosen:
        name = each.instrument.id
        early = msgspec.structs.replace(settings, instruments=(name,), start=moment_text(begin).replace(" ", "T"))
        terms = {key: value for key, value in plan.config.instruments.items() if key == name}
        found += load_market(msgspec.structs.replace(plan.config, data=early, instruments=terms), home)
    return tuple(found)


def _of_one_currency(market: Sequence[MarketData], currency: str) -> tuple[list[MarketData], list[tuple[str, str]]]:
    """Return the instruments quoted in the account's currency and the others with why, where some are and some not."""
    mine = [each for each in market if each.instrument.quote == currency]
    others = [each.instrument for each in market if each.instrument.quote != currency]
    if not mine:
        return list(market), []  # all of one other currency is that of the account; of several, none is chosen
    return mine, [(each.id, f"quoted in {each.quote}, the account is in {currency}") for each in others]


def _fullest(market: Sequence[MarketData], most: int) -> list[MarketData]:
    ordered = sorted(market, key=lambda each: (-len(each.bars), each.instrument.id))[:most]
    return sorted(ordered, key=lambda each: each.instrument.id)


def _over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in above.items():
        if isinstance(value, Mapping):
            below[key] = _over(dict(below.get(key, {})), value)
        else:
            below[key] = value
    return below
