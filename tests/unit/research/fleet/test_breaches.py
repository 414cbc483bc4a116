"""The second pass over a run's records: silent where limits were kept, and it finds what was planted."""

from decimal import Decimal
from functools import cache

import msgspec
import numpy as np
import pytest

from tests.unit.research.fleet.test_scorecard import HOUR_NS, walk
from tradewind.app.settings import BotSettings, Config, ProtectionSettings
from tradewind.app.wiring import simulation_settings
from tradewind.model.decisions import Approved, Decided
from tradewind.model.instrument import define_instrument
from tradewind.model.money import ONE
from tradewind.research.backtest import BacktestResult, run_backtest
from tradewind.research.curve import EquityCurve, equity_curve
from tradewind.research.fleet.arms import NO_LIMITS, arm_config
from tradewind.research.fleet.breaches import AUDITED, LimitAudit, audit_limits
from tradewind.research.series import BarSeries
from tradewind.risk.limits import CAPS, Limits

NAMES = ("BTC-USD", "ETH-USD", "SOL-USD")


@cache
def series() -> tuple[BarSeries, ...]:
    return tuple(walk(name, 10 + number, swing=0.02) for number, name in enumerate(NAMES))


@cache
def ran(limited: bool, *, breaker: bool = False) -> tuple[BacktestResult, EquityCurve]:
    """Three bots that trade often; `limited` by the usual limits, or by none."""
    config = Config(
        bots=(BotSettings(strategy="momentum", parameters={"length": 6}),),
        limits=Limits() if limited else NO_LIMITS,
        protections=ProtectionSettings(drawdown_max=Decimal("0.03") if breaker else None, drawdown_flatten=breaker),
    )
    instruments = [each.instrument for each in series()]
    result = run_backtest(arm_config("full", config, instruments), simulation_settings(config), series())
    return result, equity_curve(result, series())


def entry(result: BacktestResult) -> tuple[int, Decided]:
    """The last approved order that begins a position, and where it is in the records."""
    found = [
        (at, each)
        for at, each in enumerate(result.audit)
        if isinstance(each, Decided) and each.order is not None and isinstance(each.outcome, Approved)
        and each.order.side > 0 and each.intent != "protect"
    ]  # fmt: skip
    return found[-1]


def test_a_run_that_kept_its_limits_has_no_breach() -> None:
    audit = audit_limits(*_args(limited=True))
    assert audit.breaches == ()
    assert audit.orders > 10
    assert set(audit.checked) == {"instrument_share_max", "exposure_share_max", "leverage_max"}
    assert 0 < audit.instrument_share <= audit.exposure_share < 1.1


@pytest.mark.parametrize(
    ("limits", "broken"),
    [
        (Limits(instrument_share_max=Decimal("0.10"), exposure_share_max=ONE), "instrument_share_max"),
        (Limits(instrument_share_max=ONE, exposure_share_max=Decimal("0.30")), "exposure_share_max"),
        (Limits(instrument_share_max=ONE, exposure_share_max=None, leverage_max=Decimal("0.4")), "leverage_max"),
        (Limits(instrument_share_max=ONE, exposure_share_max=ONE, concentration_max=Decimal("0.3")),
         "concentration_max"),
        (Limits(instrument_share_max=ONE, exposure_share_max=ONE, order_notional_max=Decimal(5000)),
         "order_notional_max"),
        (Limits(instrument_share_max=ONE, exposure_share_max=ONE, instrument_notional_max=Decimal(5000)),
         "instrument_notional_max"),
        (Limits(instrument_share_max=ONE, exposure_share_max=ONE,
                instrument_notional_caps={"ETH-USD": Decimal(5000)}), "instrument_notional_caps"),
    ],
)  # fmt: skip
def test_a_run_without_limits_breaks_those_that_it_is_held_to(limits: Limits, broken: str) -> None:
    result, curve = ran(limited=False)
    audit = audit_limits(result, series(), curve, limits=limits)
    assert {each.limit for each in audit.breaches} == {broken}
    assert broken in (*AUDITED, CAPS)
    assert all(each.number > each.most for each in audit.breaches)


def test_one_order_that_is_planted_among_the_records_is_found() -> None:
    """The same run, with one approved order written three times as large as the gate saw it."""
    result, curve = ran(limited=True)
    at, decided = entry(result)
    assert decided.order is not None
    large = 3 * int(decided.order.quantity or 0)
    shares = tuple(msgspec.structs.replace(each, quantity=3 * each.quantity) for each in decided.shares)
    planted = msgspec.structs.replace(
        decided, order=msgspec.structs.replace(decided.order, quantity=large), shares=shares
    )
    forged = msgspec.structs.replace(result, audit=[*result.audit[:at], planted, *result.audit[at + 1 :]])
    audit = audit_limits(forged, series(), curve)
    assert next((each.limit, each.subject) for each in audit.breaches) == (
        "instrument_share_max", f"{decided.order.instrument} {decided.order.order_id}",
    )  # fmt: skip


def test_a_breaker_that_tripped_in_time_is_no_breach_and_its_gap_is_told() -> None:
    result, curve = ran(limited=True, breaker=True)
    audit = audit_limits(result, series(), curve)
    assert audit.breaches == ()
    assert 0.03 <= audit.drawdown <= 0.03 + audit.gap
    assert 0 < audit.gap < 0.05


def test_a_breaker_that_never_tripped_is_found() -> None:
    result, curve = ran(limited=False)
    audit = audit_limits(result, series(), curve, drawdown_max=Decimal("0.03"))
    (breach,) = audit.breaches
    assert breach.limit == "drawdown_max"
    assert breach.number == float(np.max(curve.drawdown))


def _held(*market: tuple[str, int, list[int], list[int]], flatten: bool = True) -> LimitAudit:
    """The audit of bars (name, minutes past the hour, opens, closes), bought at once and held, breaker at .1 %."""
    found = []
    for name, minutes, opens, closes in market:
        instrument = define_instrument(name, price_increment="0.01", base_increment="0.001")
        first, last = np.array(opens), np.array(closes)
        high, low = np.maximum(first, last), np.minimum(first, last)
        at = (np.arange(len(opens)) + 473_000) * HOUR_NS + minutes * HOUR_NS // 60
        found.append(BarSeries(instrument, HOUR_NS, at, first, high, low, last, np.full(len(opens), 10**6)))
    config = Config(
        bots=(BotSettings(strategy="buy_and_hold"),),
        protections=ProtectionSettings(drawdown_max=Decimal("0.001"), drawdown_flatten=flatten),
    )
    engine = arm_config("full", config, [each.instrument for each in found])
    result = run_backtest(engine, simulation_settings(config), found)
    return audit_limits(result, found, equity_curve(result, found))


def test_a_fill_that_trips_the_breaker_counts_in_the_bar_whose_open_it_was() -> None:
    """Bought at an open far above: that alone trips it, at the time at which the bar before closed."""
    audit = _held(("BTC-USD", 0, [10_000, 13_000, 9_000, 9_000], [10_000, 10_000, 9_000, 9_000]))
    assert audit.breaches == ()
    assert audit.drawdown == pytest.approx(audit.gap)
    assert audit.drawdown > 0.07  # a fifth of the account fell by a quarter, and by a tenth until it was sold


def test_every_instrument_has_a_bar_of_its_own_to_be_sold_in() -> None:
    """Two that fall at each open, half an hour apart: the falls of both until each was sold are one bar's gap."""
    opens = [10_000, 10_000, 9_000, 8_000, 7_000, 6_000]
    audit = _held(("BTC-USD", 0, opens, opens), ("ETH-USD", 30, opens, opens))
    assert audit.breaches == ()
    assert 0.03 < audit.drawdown <= 0.001 + audit.gap


def test_what_is_held_beyond_that_bar_and_falls_on_is_a_breach() -> None:
    opens = [10_000, 10_000, 9_000, 8_000, 7_000, 6_000]
    assert [each.limit for each in _held(("BTC-USD", 0, opens, opens), flatten=False).breaches] == ["drawdown_max"]


def test_new_risk_after_the_breaker_is_found() -> None:
    """One more entry, after the breaker: as if it had not latched."""
    result, curve = ran(limited=True, breaker=True)
    _, decided = entry(result)
    assert decided.order is not None
    late = msgspec.structs.replace(
        decided,
        ts_ns=int(curve.ts_ns[-1]),
        order=msgspec.structs.replace(decided.order, order_id="late"),
        shares=tuple(msgspec.structs.replace(each, intent=10**9) for each in decided.shares),
    )
    forged = msgspec.structs.replace(result, audit=[*result.audit, late])
    found = [each.subject for each in audit_limits(forged, series(), curve).breaches if each.limit == "drawdown_max"]
    assert found == ["late after the breaker"]


def _args(*, limited: bool) -> tuple[BacktestResult, tuple[BarSeries, ...], EquityCurve]:
    result, curve = ran(limited=limited)
    return result, series(), curve
