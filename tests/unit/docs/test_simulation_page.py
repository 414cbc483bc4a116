"""docs/simulation.md names every reason a venue gives, every setting with its default, and what a range changes."""

import re
from decimal import Decimal

from tests.unit.docs.pages import SOURCE, codes, read, rows, section
from tradewind.app.profiles import profile_values
from tradewind.app.settings import FeeSettings, SimulationSection
from tradewind.research.ranges import PARTICIPATION_MAX, SLIPPAGE_BPS_MIN, Fills, variant
from tradewind.simulation.settings import STANDARD_FEES, SimulationSettings

PAGE = read("docs/simulation.md")
VENUES = "".join(path.read_text(encoding="utf-8") for path in sorted((SOURCE / "simulation").glob("*.py")))


def test_every_reason_is_explained() -> None:
    used = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)*)"', VENUES))
    told = {name for name in codes(section(PAGE, "Why an order was rejected or canceled")) if name.isupper()}
    assert told == used


def test_every_setting_is_listed_with_its_default() -> None:
    listed = {}
    for names, default, profiles in rows(section(PAGE, "Settings")):
        listed |= dict.fromkeys(codes(names), (default, profiles))
    assert {name for name in listed if not name.startswith("fees.")} == set(SimulationSection.__struct_fields__)
    for name in SimulationSection.__struct_fields__:
        default = getattr(SimulationSection(), name)
        if default is None or default is False:
            assert listed[name][0] == ("no cap" if default is None else "false")
        else:
            assert Decimal(listed[name][0]) == default
        for profile in ("paper", "demo"):
            chosen = profile_values(profile)["simulation"].get(name)
            assert chosen is None or Decimal(listed[name][1]) == Decimal(chosen)


def test_fees_are_told() -> None:
    fees, demo = FeeSettings(), profile_values("demo")["fees"]
    row = next(row for row in rows(section(PAGE, "Settings")) if "`fees.maker`" in row[0])
    assert row[1] == f"{fees.maker}, {fees.taker}"
    assert row[2] == f"`demo`: {demo['maker']}, {demo['taker']}"
    tier = STANDARD_FEES.tiers[0]
    assert (tier.maker, tier.taker) == (fees.maker, fees.taker)
    assert f"{tier.maker:.2%}".replace("%", " %") + " maker" in PAGE


def test_the_range_changes_what_is_told() -> None:
    settings = SimulationSettings(half_spread_bps=Decimal(3), slippage_bps=Decimal(1), fill_on_touch=True)
    harsh, kind = variant(settings, Fills.PESSIMISTIC), variant(settings, Fills.OPTIMISTIC)
    assert (harsh.half_spread_bps, harsh.slippage_bps, harsh.participation) == (6, SLIPPAGE_BPS_MIN, PARTICIPATION_MAX)
    assert (harsh.fill_on_touch, kind.fill_on_touch) == (False, True)
    assert (kind.half_spread_bps, kind.slippage_bps, kind.participation) == (0, 0, None)
    told = section(PAGE, "Optimistic, expected, pessimistic")
    assert f"slippage of at least {SLIPPAGE_BPS_MIN} bps" in told
    assert f"at most {PARTICIPATION_MAX * 100:.0f} % of a bar's volume" in told
    assert [row[0] for row in rows(told)] == [fills.value for fills in Fills]
