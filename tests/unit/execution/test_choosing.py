"""Which algorithm cuts an order above the upper band, and that it is a TWAP where a figure is missing."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from tests.engine_rig import BTC
from tradewind.execution.algorithms.releases import Adaptive, BySlice, ByTime, ByVolume
from tradewind.execution.choosing import AlgorithmTerms
from tradewind.execution.planner import MarketFigures, PlannerSettings, begin, plan_order
from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeTier
from tradewind.model.orders import Side
from tradewind.model.plans import Algorithm, ExecutionPlan, Route, Urgency

FIGURES = MarketFigures(
    bid=9_999,
    ask=10_001,
    tier=FeeTier(Decimal(0), Decimal("0.001"), Decimal("0.002")),
    sigma_day=0.04,
    volume_day=1e6,
    profile=(5, 1, 0, 2),
    book=True,
)


def plan_of(name: str, quantity: int = 100_000, *, aversion: str = "0.000001", **figures: object) -> ExecutionPlan:
    terms = AlgorithmTerms(name=Algorithm(name), risk_aversion=Decimal(aversion))
    settings = PlannerSettings(twap_above=Decimal(5_000), slices=4, algorithm=terms)
    known = msgspec.structs.replace(FIGURES, **figures)
    made = plan_order(BTC, Side.BUY, quantity, Urgency.NORMAL, known, settings)
    assert isinstance(made, ExecutionPlan)
    return made


def path_of(plan: ExecutionPlan) -> tuple[int, ...]:
    release = begin(plan, BTC, 0, 9_999, 10_001).release
    assert isinstance(release, ByTime)
    return release.due


def test_twap_is_the_default_and_adds_nothing_to_the_record() -> None:
    plan = plan_of("twap")
    assert (plan.route, plan.algorithm, plan.reason) == (Route.TWAP, Algorithm.TWAP, "ABOVE_TWAP_TIER")
    assert path_of(plan) == (25_000, 50_000, 75_000, 100_000)
    assert not {"algorithm", "profile", "share", "kappa_tau"} & set(msgspec.to_builtins(plan))


def test_vwap_goes_by_the_profile() -> None:
    assert path_of(plan_of("vwap")) == (62_500, 75_000, 75_000, 100_000)


def test_pov_and_iceberg_know_no_slices() -> None:
    pov, iceberg = plan_of("pov"), plan_of("iceberg")
    assert begin(pov, BTC, 0, 1, 2).release == ByVolume(1, 10)
    assert begin(iceberg, BTC, 0, 9_999, 10_001).release == BySlice(10_000)
    assert [pov.slices, iceberg.slices, pov.duration_ns] == [1, 1, 0]


def test_almgren_chriss_hurries_the_more_the_dearer_risk_is() -> None:
    calm, hurried = path_of(plan_of("almgren_chriss")), path_of(plan_of("almgren_chriss", aversion="1000"))
    assert calm[0] == 25_000
    assert hurried[0] > 40_000
    parts = [after - before for before, after in pairwise((0, *hurried))]
    assert parts == sorted(parts, reverse=True)
    assert sum(parts) == 100_000


def test_the_urgency_of_a_path_is_that_of_the_formula() -> None:
    plan = plan_of("almgren_chriss", aversion="10")
    assert (plan.kappa_tau or 0) ** 2 == pytest.approx(10 * 0.04 * 1e6 * 1e-3 * 100 * (37.5 / 86_400) ** 2, rel=0.05)


def test_adaptive_follows_a_twap() -> None:
    release = begin(plan_of("adaptive"), BTC, 0, 9_999, 10_001).release
    assert isinstance(release, Adaptive)
    assert release.path.due == (25_000, 50_000, 75_000, 100_000)


@pytest.mark.parametrize(
    ("name", "figures", "missing"),
    [
        ("vwap", {"profile": ()}, "NO_PROFILE_FOR_VWAP"),
        ("vwap", {"profile": (0, 0, 0, 0)}, "NO_PROFILE_FOR_VWAP"),
        ("pov", {"volume_day": None}, "NO_VOLUME_FOR_POV"),
        ("pov", {"volume_day": float("nan")}, "NO_VOLUME_FOR_POV"),
        ("almgren_chriss", {"sigma_day": 0.0}, "NO_SIGMA_FOR_ALMGREN_CHRISS"),
        ("almgren_chriss", {"volume_day": None}, "NO_VOLUME_FOR_ALMGREN_CHRISS"),
        ("adaptive", {"book": False}, "NO_BOOK_FOR_ADAPTIVE"),
    ],
)
def test_where_a_figure_is_missing_it_is_a_twap_that_says_so(name: str, figures: dict[str, Any], missing: str) -> None:
    plan = plan_of(name, **figures)
    assert (plan.algorithm, plan.reason) == (Algorithm.TWAP, f"ABOVE_TWAP_TIER {missing}")
    assert path_of(plan) == (25_000, 50_000, 75_000, 100_000)


@pytest.mark.parametrize("name", [each.value for each in Algorithm])
def test_below_the_upper_band_nothing_is_cut(name: str) -> None:
    plan = plan_of(name, 10_000)
    assert (plan.route, plan.algorithm, plan.slices) == (Route.POST_ONLY, Algorithm.TWAP, 1)


@pytest.mark.parametrize(
    "terms",
    [{"participation": Decimal(0)}, {"display": Decimal("1.1")}, {"risk_aversion": Decimal(0)}],
)
def test_terms_that_mean_nothing_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        AlgorithmTerms(**terms)
