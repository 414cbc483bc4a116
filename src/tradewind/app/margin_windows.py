"""Margin windows of a simulated perpetual: when other rates are asked for, as the events that say so (SPEC K8)."""

from tradewind.app.live.windows import DAY_MINUTES, EPOCH_WEEKDAY, MINUTE_NS, is_open, parse_windows
from tradewind.app.settings import InstrumentSettings
from tradewind.model.errors import ConfigError
from tradewind.model.instrument import Instrument
from tradewind.model.margin import MarginTier
from tradewind.model.market_events import MarginRates

OVERNIGHT, INTRADAY = "overnight", "intraday"
DAY_NS = DAY_MINUTES * MINUTE_NS


def margin_rates(
    instrument: Instrument, terms: InstrumentSettings | None, start_ns: int, end_ns: int
) -> tuple[MarginRates, ...]:
    """Return the changes of margin terms from `start_ns` to `end_ns`; the first one where it begins overnight.

    Raises  ConfigError for hours that cannot be read, or hours without rates.
    """
    if terms is None or instrument.is_spot or not terms.overnight:
        return ()
    if terms.overnight_initial_margin is None:
        raise ConfigError(
            f"instruments.{instrument.id}.overnight has hours and no rate: set overnight_initial_margin, and "
            "overnight_maintenance_margin where positions are liquidated"
        )
    windows = parse_windows(terms.overnight)
    moments = {start_ns}
    for day in range(start_ns // DAY_NS - 1, end_ns // DAY_NS + 1):
        for window in windows:
            if (EPOCH_WEEKDAY + day) % 7 in window.days:
                begins_ns = day * DAY_NS + window.start * MINUTE_NS
                moments |= {begins_ns, begins_ns + window.length * MINUTE_NS}
    found: list[MarginRates] = []
    inside = False
    for ts_ns in sorted(each for each in moments if start_ns <= each <= end_ns):
        if is_open(windows, ts_ns) is not inside:
            inside = not inside
            found.append(_terms(instrument, terms, ts_ns, inside=inside))
    return tuple(found)


def margin_tiers(instrument: Instrument, terms: InstrumentSettings) -> tuple[MarginTier, ...]:
    """Return the tiers of an instrument in its units, the smallest size first.

    Raises  ConfigError for a size that the instrument cannot have.
    """
    tiers = []
    for tier in terms.margin_tiers:
        try:
            units = instrument.quantity_units(tier.from_quantity)
        except ValueError as error:
            raise ConfigError(f"instruments.{instrument.id}.margin_tiers: {error}: write fewer digits") from None
        tiers.append(MarginTier(units, tier.initial_margin, tier.maintenance_margin))
    return tuple(sorted(tiers, key=lambda each: each.from_quantity))


def _terms(instrument: Instrument, terms: InstrumentSettings, ts_ns: int, *, inside: bool) -> MarginRates:
    if inside and terms.overnight_initial_margin is not None:
        return MarginRates(
            instrument.id, ts_ns, terms.overnight_initial_margin, terms.overnight_maintenance_margin, OVERNIGHT
        )
    return MarginRates(instrument.id, ts_ns, instrument.initial_margin, instrument.maintenance_margin, INTRADAY)
