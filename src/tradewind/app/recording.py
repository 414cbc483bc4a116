"""What is kept of a run: what was asked for, on what data, by which version; and a run's parts from that record."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tradewind import __version__
from tradewind.app.config import Resolved
from tradewind.app.flags import flag_values
from tradewind.app.generated import VENUE, generated_market
from tradewind.app.home import Home
from tradewind.app.market_data import MarketData, Observer, ignore, load_market
from tradewind.app.regime import model_of_hash
from tradewind.app.replaying import recorded_engine
from tradewind.app.secrets import masked
from tradewind.app.settings import Config
from tradewind.app.strategies import load_class
from tradewind.engine import resolved as engine_codec
from tradewind.engine.config import EngineConfig
from tradewind.model.errors import StateError
from tradewind.model.instrument import Instrument
from tradewind.simulation.settings import SimulationSettings
from tradewind.storage.runs import DataSource, RunRecord


class Rebuilt(msgspec.Struct, frozen=True):
    """A kept run's parts, to be run again."""

    engine: EngineConfig
    settings: SimulationSettings
    market: list[MarketData]
    serve: bool


def run_record(
    kind: str,
    resolved: Resolved,
    engine: EngineConfig,
    settings: SimulationSettings,
    market: Sequence[MarketData],
    created_at_ns: int,
) -> RunRecord:
    """Return the record of a run that starts; what comes of it is filled in when it is over."""
    config = resolved.config
    generated = any(each.bars.venue == VENUE for each in market)
    return RunRecord(
        kind=kind,
        created_at_ns=created_at_ns,
        code_version=__version__,
        config=recorded_config(config),
        config_hash=resolved.digest,
        engine=recorded_engine(engine),
        settings=msgspec.to_builtins(settings),
        data={each.instrument.id: DataSource(_told(each), each.digest) for each in market},
        seed=config.seed if generated else None,
        flags=dict(flag_values(config.flags)),
    )


def rebuild(record: RunRecord, home: Home, observer: Observer = ignore) -> Rebuilt:
    """Return what a kept run was made of, with its data read again.

    Raises  StateError when the record or the data are not those of the run; DataError when data are no longer there.
    """
    try:
        config = msgspec.convert(record.config, Config)
        settings = msgspec.convert(record.settings, SimulationSettings)
    except msgspec.ValidationError as error:
        raise StateError(
            f"the record of run {record.id} cannot be read ({error}): it was made by {record.code_version}, use that"
        ) from None
    generated = any(each.source.startswith("generated") for each in record.data.values())
    market = generated_market(config.market, config.seed) if generated else load_market(config, home, observer)
    for each in market:
        name = each.instrument.id
        if name in record.data and record.data[name].digest != each.digest:
            raise StateError(
                f"the data of {name} have changed since run {record.id}: restore {record.data[name].source}"
            )
    serve = flag_values(config.flags)["precomputed_indicators"]
    return Rebuilt(engine_codec.engine_config(record.engine, load_class, model_of_hash), settings, market, serve)


def recorded_instruments(record: RunRecord) -> tuple[Instrument, ...]:
    """Return the instruments of a kept run as they were.

    Raises  StateError when the record was made by another version.
    """
    try:
        return msgspec.convert(record.engine["instruments"], tuple[Instrument, ...])
    except (KeyError, msgspec.ValidationError) as error:
        raise StateError(
            f"the record of run {record.id} cannot be read ({error}): it was made by another version"
        ) from None


def _told(market: MarketData) -> str:
    """Return where the bars are from, and what comes with a perpetual's."""
    return "; ".join([market.source, *(f"{what}: {text}" for what, text in market.carry.notes)])


def recorded_config(config: Config) -> dict[str, Any]:
    """Return a configuration as it is kept: without secrets, with paths that hold from every folder."""
    return masked(_portable(config))


def _portable(config: Config) -> Mapping[str, Any]:
    """Return the configuration as values, with paths that hold from every folder."""
    values: dict[str, Any] = msgspec.to_builtins(config)
    for key in ("path", "catalog"):
        if values["data"][key]:
            values["data"][key] = str(Path(values["data"][key]).resolve())
    return values
