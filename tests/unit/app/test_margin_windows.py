"""Margin windows of the configuration as events, and tiers in an instrument's units."""

from decimal import Decimal

import msgspec
import pytest

from tests.engine_rig import BTC, PERP
from tradewind.app.margin_windows import DAY_NS, margin_rates, margin_tiers
from tradewind.app.settings import InstrumentSettings, MarginTierSettings
from tradewind.model.errors import ConfigError
from tradewind.model.margin import MarginTier

D = Decimal
HOUR_NS = DAY_NS // 24
MONDAY = 4 * DAY_NS  # 1970-01-05
TERMS = InstrumentSettings(
    overnight=("mon-fri 21:00-13:00",),
    overnight_initial_margin=D("0.4"),
    overnight_maintenance_margin=D("0.3"),
)


def test_each_night_begins_and_ends() -> None:
    events = margin_rates(PERP, TERMS, MONDAY + 14 * HOUR_NS, MONDAY + 40 * HOUR_NS)
    assert [((event.ts_ns - MONDAY) // HOUR_NS, event.window) for event in events] == [
        (21, "overnight"),
        (37, "intraday"),
    ]
    assert [(event.initial_margin, event.maintenance_margin) for event in events] == [
        (D("0.4"), D("0.3")),
        (PERP.initial_margin, PERP.maintenance_margin),
    ]


def test_a_run_that_begins_by_night_is_told_so_at_once() -> None:
    events = margin_rates(PERP, TERMS, MONDAY + 30 * HOUR_NS, MONDAY + 31 * HOUR_NS)
    assert [(event.ts_ns, event.window) for event in events] == [(MONDAY + 30 * HOUR_NS, "overnight")]


def test_spot_and_instruments_without_hours_have_none() -> None:
    assert margin_rates(BTC, TERMS, MONDAY, MONDAY + DAY_NS) == ()
    assert margin_rates(PERP, InstrumentSettings(), MONDAY, MONDAY + DAY_NS) == ()


def test_hours_without_a_rate_are_refused() -> None:
    terms = msgspec.structs.replace(TERMS, overnight_initial_margin=None)
    with pytest.raises(ConfigError, match=r"BTC-PERP[.]overnight has hours and no rate: set overnight_initial_margin"):
        margin_rates(PERP, terms, MONDAY, MONDAY + DAY_NS)


def test_tiers_are_in_units_and_in_order() -> None:
    tiers = (
        MarginTierSettings(D(50), D("0.5"), D("0.25")),
        MarginTierSettings(D(5), D("0.3"), D("0.15")),
    )
    assert margin_tiers(PERP, InstrumentSettings(margin_tiers=tiers)) == (
        MarginTier(500, D("0.3"), D("0.15")),
        MarginTier(5_000, D("0.5"), D("0.25")),
    )
    fine = InstrumentSettings(margin_tiers=(MarginTierSettings(D("0.001"), D("0.3"), D("0.15")),))
    with pytest.raises(ConfigError, match="margin_tiers: quantity of BTC-PERP"):
        margin_tiers(PERP, fine)
