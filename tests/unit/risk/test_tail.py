"""The checks of VaR and correlation, by hand: at the limit, beyond it, and without a fit."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import BTC
from tests.unit.risk.test_review import ask, order
from tradewind.model.decisions import Approved, Refused, ReviewRequest, TailShape
from tradewind.model.errors import ConfigError
from tradewind.model.orders import OrderKind, Side
from tradewind.risk.limits import Limits
from tradewind.risk.review import Reviewer
from tradewind.risk.tail import TailLimits

D = Decimal
ALONE = TailShape(rest=0.0, pull=0.0, own=0.0004, multiplier=1.5)  # 2 % a day: 100 of it has a VaR of 3
BESIDE = TailShape(rest=16.0, pull=0.064, own=0.0004, multiplier=1.5)  # correlation 0.8 with a rest of deviation 4
WIDE = Limits(leverage_max=None, instrument_share_max=None, exposure_share_max=None, slippage_bps_max=None)


def refused(request: ReviewRequest, limits: Limits = WIDE, **tail: Any) -> list[tuple[str, str, str]]:
    """Return the findings; the slow way must say the same as the fast one."""
    reviewer = Reviewer(limits, tail=TailLimits(**tail))
    answer = reviewer.review(request)
    assert type(answer) is type(reviewer.explain(request))
    if isinstance(answer, Approved):
        return []
    return [(each.check, each.number, each.limit) for each in answer.findings]


@pytest.mark.parametrize(
    ("facts", "passes", "fails"),
    [
        ({"tail": ALONE}, "0.003", "0.002999"),
        ({"tail": ALONE, "open_buys": 1_000}, "0.006", "0.005999"),
        ({"tail": ALONE, "position": 1_000, "open_sells": 500}, "0.006", "0.005999"),
        ({"tail": ALONE, "price": 20_000}, "0.006", "0.005999"),
        ({"tail": ALONE, "mark": 20_000}, "0.006", "0.005999"),
        # 16 + 2 x 0.064 x 100 + 0.0004 x 10,000 = 32.8
        ({"tail": BESIDE}, "0.008591", "0.00859"),
        # A short against the rest: 16 - 12.8 + 4 = 7.2, but without the order it is 16.
        ({"tail": BESIDE, "request": order(Side.SELL), "free_base": 1_000}, "0.006", "0.005999"),
    ],
)
def test_var_at_the_limit_and_beyond(facts: dict[str, Any], passes: str, fails: str) -> None:
    assert refused(ask(**facts), var_share_max=D(passes)) == []
    assert [check for check, _, _ in refused(ask(**facts), var_share_max=D(fails))] == ["var"]


def test_a_refusal_tells_the_var_and_its_limit() -> None:
    assert refused(ask(tail=ALONE), var_share_max=D("0.001")) == [("var", "3", "1")]


@pytest.mark.parametrize(
    ("tail", "side", "found"),
    [(BESIDE, Side.BUY, "0.8"), (BESIDE, Side.SELL, "-0.8"), (ALONE, Side.BUY, "0")],
)
def test_correlation_is_with_everything_else_and_has_a_side(tail: TailShape, side: Side, found: str) -> None:
    request = ask(order(side), tail=tail, free_base=1_000)
    beyond = [] if D(found) <= 0 else ["correlation"]
    assert [check for check, _, _ in refused(request, correlation_max=D("0.79"))] == beyond
    assert refused(request, correlation_max=D("0.800001")) == []


def test_without_a_fit_nothing_that_adds_risk_goes() -> None:
    for limits in ({"var_share_max": D(1)}, {"correlation_max": D(1)}):
        assert [number for _, number, _ in refused(ask(), **limits)] == ["missing"]


def test_what_reduces_needs_no_fit() -> None:
    leaving = ask(order(Side.SELL), position=1_000, bot_position=1_000, free_base=1_000)
    assert refused(leaving, var_share_max=D(0), correlation_max=D(0)) == []


def test_the_checks_are_off_unless_asked_for_and_come_before_the_number_of_orders() -> None:
    plain, both = (
        Reviewer(WIDE),
        Reviewer(Limits(orders_per_minute_max=3), tail=TailLimits(var_share_max=D("0.05"), correlation_max=D("0.9"))),
    )
    assert {"var", "correlation"} <= set(plain.off)
    assert both.on[-4:] == ("slippage_guard", "var", "correlation", "orders_per_minute")
    assert not {"var", "correlation"} & set(both.off)


def test_a_limit_order_is_held_to_all_that_a_market_order_is() -> None:
    limit = order(kind=OrderKind.LIMIT, price=10_000, instrument=BTC)
    assert [check for check, _, _ in refused(ask(limit, tail=ALONE), Limits(), var_share_max=D("0.001"))] == ["var"]


@pytest.mark.parametrize("bad", ["-0.1", "1.1", "NaN"])
def test_limits_that_are_no_shares_are_refused(bad: str) -> None:
    with pytest.raises(ConfigError, match=r"var\.share_max"):
        TailLimits(var_share_max=D(bad))


def test_an_error_in_the_numbers_refuses() -> None:
    broken = ask(tail=TailShape(float("nan"), 0.0, 0.0004, 1.5))
    answer = Reviewer(WIDE, tail=TailLimits(var_share_max=D(1))).review(broken)
    assert isinstance(answer, Refused)


@pytest.mark.parametrize("name", ["rest", "pull", "own"])
def test_a_fit_that_is_no_number_refuses(name: str) -> None:
    broken = ask(tail=msgspec.structs.replace(BESIDE, **{name: float("nan")}))
    assert [check for check, _, _ in refused(broken, var_share_max=D(1))] == ["var"]
    assert [check for check, _, _ in refused(broken, correlation_max=D(1))] == ["correlation"]
