"""A backtest makes its fits at simulated times: orders wait for the first, and the run is the same every time."""

from decimal import Decimal

from tests.unit.research.made_runs import FEES, HOUR_NS, OPEN_LIMITS, Restless, make_bars
from tradewind.engine.config import BotSpec, EngineConfig, TailPlan
from tradewind.model.commands import Fitted
from tradewind.model.decisions import Decided, Refused
from tradewind.model.instrument import define_instrument
from tradewind.research.backtest import BacktestResult, run_backtest
from tradewind.risk.tail import TailLimits
from tradewind.simulation.settings import SimulationSettings

NAMES = ("AAA-USD", "BBB-USD")
INSTRUMENTS = tuple(define_instrument(name, price_increment="0.01", base_increment="0.0001") for name in NAMES)


def run(**limits: Decimal) -> BacktestResult:
    config = EngineConfig(
        session="tail",
        instruments=INSTRUMENTS,
        bots=(BotSpec(id="a", strategy=Restless(), instruments=NAMES),),
        fees=FEES,
        limits=OPEN_LIMITS,
        tail=TailPlan(limits=TailLimits(**limits), every_ns=4 * HOUR_NS),
    )
    bars = [make_bars(each, 220, seed=seed) for seed, each in enumerate(INSTRUMENTS, 1)]
    return run_backtest(config, SimulationSettings(fees=FEES), bars)


def refusals(result: BacktestResult) -> list[tuple[int, str]]:
    return [
        (each.ts_ns, finding.number)
        for each in result.audit
        if isinstance(each, Decided) and isinstance(each.outcome, Refused)
        for finding in each.outcome.findings
        if finding.check == "var"
    ]


def test_fits_enter_in_time_and_orders_are_held_to_them() -> None:
    result = run(var_share_max=Decimal("0.02"))
    fits = [each for each in result.audit if isinstance(each, Fitted)]
    # From the hundredth return on, every fourth hour.
    assert len(fits) == 30
    assert {fit.ts_ns - fit.as_of_ns for fit in fits} == {1}
    found = refusals(result)
    assert {ts for ts, number in found if number == "missing"}
    assert all((ts <= fits[0].ts_ns) is (number == "missing") for ts, number in found)
    assert any(number != "missing" for _, number in found)
    assert result.fills > 0


def test_a_limit_nobody_reaches_refuses_only_what_comes_before_the_first_fit() -> None:
    assert {number for _, number in refusals(run(var_share_max=Decimal(1)))} == {"missing"}


def test_the_same_run_gives_the_same_digest_and_another_limit_another() -> None:
    first, again, other = (run(var_share_max=Decimal(share)) for share in ("0.02", "0.02", "0.03"))
    assert first.digest == again.digest
    assert first.digest != other.digest
