"""docs/execution.md names every algorithm, reason and number of the planner."""

import re

from tests.unit.docs.pages import SOURCE, codes, read, rows, section
from tradewind.execution.algorithms.states import REJECTS_MAX
from tradewind.execution.fill_rates import FillRates
from tradewind.execution.planner import PATIENT, PROMPT, PlannerSettings
from tradewind.market.liquidity import BAND_PERCENTS, LiquiditySettings
from tradewind.model.plans import PlanPolicy
from tradewind.research.execution.study import BANDS, NOTIONALS
from tradewind.research.execution.trials import LATENCY_NS

PAGE = read("docs/execution.md")
PLAN = section(PAGE, "The plan")
S = 1_000_000_000


def test_every_refusal_is_explained() -> None:
    sources = "".join(
        (SOURCE / "execution" / name).read_text(encoding="utf-8") for name in ("planner.py", "engines.py")
    )
    used = set(re.findall(r'PlanRefused\([^"]*"([A-Z_]+)"', sources))
    assert used
    assert {name for name in codes(PLAN) if re.fullmatch(r"[A-Z]+_[A-Z]+", name)} == used


def test_the_planners_numbers_are_told() -> None:
    settings = PlannerSettings()
    assert f"below {settings.market_below:,}" in PLAN
    assert f"above {settings.twap_above:,}" in PLAN
    assert settings.slices == 6
    assert {policy.value for policy in PlanPolicy} <= set(codes(PLAN))
    times = next(row for row in rows(PLAN) if row[0] == "time")
    assert times[1:] == [f"{each // 60 // S} min" for each in (settings.low_ns, settings.normal_ns)]
    bars = next(row for row in rows(PLAN) if row[0] == "without a book at least")
    assert bars[1:] == [f"{each} bars" for each in (settings.low_bars, settings.normal_bars)]
    assert (PATIENT.adverse_bps, PROMPT.adverse_bps) == (20, 10)
    assert (PATIENT.reprices_max, PROMPT.reprices_max) == (60, 10)
    assert (PATIENT.crosses, PROMPT.crosses) == (False, True)
    for terms in (PATIENT, PROMPT):
        assert (terms.reprice_ticks, terms.rest_ns, terms.chase_bps, terms.patience_ns) == (2, 5 * S, 100, 30 * S)
    assert f"less than {FillRates().low:.0%}".replace("%", " %") in PLAN
    assert f"above {FillRates().high:.0%}".replace("%", " %") in PLAN


def test_every_algorithm_is_listed() -> None:
    text = (SOURCE / "execution" / "algorithms" / "releases.py").read_text(encoding="utf-8")
    functions = set(re.findall(r"^def (\w+)\(", text, re.MULTILINE)) - {"due", "due_by_time"}
    named = {code for row in rows(section(PAGE, "Algorithms")) for code in codes(row[0])}
    assert named == {name for name in functions if not name.startswith("_")} | {"adaptive"}
    assert REJECTS_MAX == 10
    assert "Ten rejects" in PAGE


def test_liquidity_is_told() -> None:
    told = " ".join(section(PAGE, "Liquidity").split())
    settings = LiquiditySettings()
    assert "{}, {} and {} %".format(*BAND_PERCENTS) in told
    assert f"({settings.depth_bad:,.0f} to {settings.depth_good:,.0f}" in told
    assert f"({settings.spread_bad_bps:.0f} bps to {settings.spread_good_bps:.0f} bp)" in told
    for step in settings.steps:
        assert f"{step:g}" in told


def test_the_study_is_told() -> None:
    told = section(PAGE, "What it is worth")
    for notional in NOTIONALS:
        assert f"{notional:,}" in told
    assert f"{LATENCY_NS // 1_000_000} ms" in told
    listed = {row[0] for row in rows(told)}
    assert {band for band, _, _ in BANDS} <= {name.removeprefix("cost below all-market at ") for name in listed}
