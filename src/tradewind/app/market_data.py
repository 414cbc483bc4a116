"""The bars of a run as values: from the catalog, or straight from candle files, through a catalog made for the run."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from tradewind.app.candle_files import MARK_LABEL, CandleFile, find_candles, funding_beside, marks_beside
from tradewind.app.home import Home
from tradewind.app.margin_windows import margin_rates, margin_tiers
from tradewind.app.perpetual_data import Carry, carry_of
from tradewind.app.settings import Config, DataSettings, InstrumentSettings
from tradewind.app.tick_data import read_ticks
from tradewind.app.times import moment_ns
from tradewind.engine.sequencer import Recorded
from tradewind.model.errors import ConfigError, DataError
from tradewind.model.instrument import Instrument, InstrumentKind, MarginMode
from tradewind.model.money import ZERO
from tradewind.storage.catalog import BarTable, Catalog, Convention, ImportOptions, Kind, SeriesKey
from tradewind.strategy.registry import nearest

BARS = "bars"
BOOK_KINDS = frozenset({"quotes", "book"})
Observer = Callable[[int, int], None]


class MarketData(msgspec.Struct, frozen=True, eq=False):
    """Bars of one instrument at the instrument's scales; `source` and `digest` say where they come from.

    `ticks` are recorded trades, quotes or books (`kind`), of which the bars were made then; `feeds_bars` says that the
    engine is shown the bars too. `carry` is what a perpetual has beside them.
    """

    instrument: Instrument
    bars: BarTable
    source: str
    digest: str
    kind: str = "bars"
    ticks: tuple[Recorded, ...] = ()
    feeds_bars: bool = True
    carry: Carry = Carry()


def ignore(done: int, total: int) -> None:
    """Observe nothing."""


def load_market(config: Config, home: Home, observer: Observer = ignore) -> list[MarketData]:
    """Return the recorded bars that the configuration asks for, sorted by instrument.

    `observer` is told (instruments done, instruments in all).
    Raises  DataError or ConfigError naming file or series, and the remedy.
    """
    if config.data.kind != BARS:
        market = _from_ticks(config, open_catalog(config, home), observer)
    elif config.data.path:
        market = _from_files(config, observer)
    else:
        market = _from_catalog(config, open_catalog(config, home), observer)
    for name in config.instruments:
        known = [each.instrument.id for each in market]
        if name not in known:
            raise ConfigError(f"instruments.{name} is not part of this run: {nearest(name, known)}")
    return market


def open_catalog(config: Config, home: Home) -> Catalog:
    """Return the catalog that the configuration names, else the one in the home folder."""
    return Catalog(Path(config.data.catalog) if config.data.catalog else home.catalog)


def _from_files(config: Config, observer: Observer) -> list[MarketData]:
    data = config.data
    files = find_candles(Path(data.path), data.venue, data.instruments, data.interval)
    market = []
    with tempfile.TemporaryDirectory(prefix="tradewind-import-") as folder:
        catalog = Catalog(Path(folder))
        for number, file in enumerate(files, 1):
            key = SeriesKey(file.venue, file.instrument, interval=file.interval)
            catalog.import_file(file.path, key, ImportOptions())
            _import_beside(catalog, file, data)
            market.append(_read(catalog, key, data, config.instruments, _told(file)))
            observer(number, len(files))
    return market


def _from_catalog(config: Config, catalog: Catalog, observer: Observer) -> list[MarketData]:
    keys = _chosen_keys(catalog, config.data)
    market = []
    for number, key in enumerate(keys, 1):
        market.append(_read(catalog, key, config.data, config.instruments, f"catalog {key}"))
        observer(number, len(keys))
    return market


def _from_ticks(config: Config, catalog: Catalog, observer: Observer) -> list[MarketData]:
    data = config.data
    if data.path:
        raise ConfigError(f"{data.kind} are read from the catalog: import {data.path} first (tradewind data import)")
    start_ns, end_ns = _span(data)
    keys = _chosen_keys(catalog, data)
    market = []
    for number, key in enumerate(keys, 1):
        instrument = with_terms(catalog.instrument(key), config.instruments.get(key.instrument))
        made = read_ticks(catalog, key, instrument, data.interval, start_ns, end_ns)
        carry = _with_windows(carry_of(catalog, instrument, made.bars, data), instrument, made.bars, config.instruments)
        digest = _digest(catalog, key, carry)
        market.append(
            MarketData(instrument, made.bars, f"catalog {key}", digest, data.kind, made.ticks, made.feeds_bars, carry)
        )
        observer(number, len(keys))
    return market


def _span(data: DataSettings) -> tuple[int | None, int | None]:
    start_ns = moment_ns(data.start, "data.from") if data.start else None
    return start_ns, moment_ns(data.end, "data.to") if data.end else None


def _chosen_keys(catalog: Catalog, data: DataSettings) -> list[SeriesKey]:
    """Return one series of the kind per instrument asked for.

    Raises  ConfigError when the choice is not clear, DataError when a series is not there.
    """
    there = [
        each.key
        for each in catalog.list()
        if each.kind == data.kind
        and data.venue in ("", each.venue)
        and (
            data.kind != BARS
            or data.interval == each.interval
            or not (data.interval or each.interval.endswith(MARK_LABEL))
        )
    ]
    if not there:
        raise DataError(
            f"the catalog {catalog.root} has no such {data.kind}: import some (tradewind data import FILE) "
            "or give --data PATH"
        )
    if not data.instruments:
        raise ConfigError("no instrument was chosen: add --instrument BTC-USD (see tradewind data list)")
    return [_only_key(name, data.kind, there) for name in sorted(set(data.instruments))]


def _only_key(name: str, kind: str, there: Sequence[SeriesKey]) -> SeriesKey:
    found = [key for key in there if key.instrument == name]
    if not found:
        raise DataError(f"no {kind} of {name} in the catalog: {nearest(name, {key.instrument for key in there})}")
    if len(found) > 1:
        kinds = ", ".join(f"{key.venue} {key.interval}" for key in found)
        raise ConfigError(f"{name} is there more than once ({kinds}): choose with --venue and --interval")
    return found[0]


def _read(
    catalog: Catalog, key: SeriesKey, data: DataSettings, terms: Mapping[str, InstrumentSettings], source: str
) -> MarketData:
    start_ns, end_ns = _span(data)
    bars = catalog.bars(key.venue, key.instrument, key.interval, start_ns, end_ns)
    if not len(bars):
        raise DataError(f"{key.instrument}: there are no bars in the chosen range: import data or choose another range")
    instrument = with_terms(catalog.instrument(key), terms.get(key.instrument))
    bars = bars.at_scales(instrument.price_scale, instrument.volume_scale)
    carry = _with_windows(carry_of(catalog, instrument, bars, data), instrument, bars, terms)
    return MarketData(instrument, bars, source, _digest(catalog, key, carry), carry=carry)


def _digest(catalog: Catalog, key: SeriesKey, carry: Carry) -> str:
    """Return what names the sources of a series, and of what comes with it."""
    own = "-".join(entry.sha256[:16] for entry in catalog.manifest(key).sources)
    return f"{own}-{carry.digest}" if carry.digest else own


def _import_beside(catalog: Catalog, file: CandleFile, data: DataSettings) -> None:
    """Import the funding and mark prices that lie beside a file of candles, where they are wanted."""
    if data.funding and (path := funding_beside(file, data.funding_path)) is not None:
        catalog.import_file(path, SeriesKey(file.venue, file.instrument, Kind.FUNDING.value), ImportOptions())
    if data.marks and (marks := marks_beside(file)) is not None:
        catalog.import_file(
            marks.path, SeriesKey(file.venue, file.instrument, interval=marks.interval), ImportOptions()
        )


def with_terms(instrument: Instrument, terms: InstrumentSettings | None) -> Instrument:
    """Return the instrument with the terms that the configuration states for it.

    Raises  ConfigError for an increment finer than the data's scale allows.
    """
    if terms is None:
        return instrument
    name = instrument.id
    changes: dict[str, object] = {"min_notional": terms.min_notional, "initial_margin": terms.initial_margin}
    if terms.kind is not None:
        changes["kind"] = InstrumentKind(terms.kind)
    if terms.tick is not None:
        changes["tick"] = _units(f"instruments.{name}.tick", terms.tick, instrument.price_scale)
    if terms.lot is not None:
        changes["lot"] = _units(f"instruments.{name}.lot", terms.lot, instrument.quantity_scale)
    if terms.min_quantity > ZERO:
        changes["min_quantity"] = _units(
            f"instruments.{name}.min_quantity", terms.min_quantity, instrument.quantity_scale
        )
    if terms.maintenance_margin is not None:
        changes["maintenance_margin"] = terms.maintenance_margin
    if terms.close_out_margin is not None:
        changes["close_out_margin"] = terms.close_out_margin
    if terms.margin_mode == "isolated":
        changes["margin_mode"] = MarginMode.ISOLATED
    if terms.margin_tiers:
        changes["margin_tiers"] = margin_tiers(instrument, terms)
    if terms.tick is not None and terms.lot is not None:
        changes["derived"] = False
    return msgspec.structs.replace(instrument, **changes)


def _with_windows(
    carry: Carry, instrument: Instrument, bars: BarTable, terms: Mapping[str, InstrumentSettings]
) -> Carry:
    """Return what comes with a perpetual's bars, its margin windows among it."""
    windows = margin_rates(instrument, terms.get(instrument.id), int(bars.open_ns[0]), int(bars.close_ns[-1]))
    return msgspec.structs.replace(carry, windows=windows) if windows else carry


def _units(key: str, value: object, scale: int) -> int:
    from decimal import Decimal

    units = Decimal(str(value)).scaleb(scale)
    if units != int(units) or units <= 0:
        raise ConfigError(f"{key} must be a positive multiple of {Decimal(1).scaleb(-scale):f}, was {value}")
    return int(units)


def _told(file: CandleFile) -> str:
    return f"{file.path.name} ({file.venue} {file.instrument} {file.interval})"


def absent_bars(market: MarketData) -> tuple[int, bool]:
    """Return how many bars are absent inside the range, and whether that means that nothing traded."""
    return int(market.bars.gap_bars.sum()), market.bars.convention is Convention.NO_TRADE
