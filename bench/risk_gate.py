"""Time of the risk gate for one order, and of the fit behind VaR.

    python -m bench.risk_gate [--orders 2000] [--rounds 5] [--json]

40 instruments, 200 open limit orders, positions in 20 instruments and a valid fit. Before each order a mark moves. The
gate is the question (worst cases, free cash, VaR of the account) and the review; measured with the checks of a paper
account plus VaR and correlation, and with every check there is. The fit is of 40 instruments x 500 days. The reference
is a review of the same kind with one instrument and nothing open. The same orders are put in several rounds and the
quickest of each counts, with the collector resting as in a run: what else goes on interrupts one order in a hundred.
Goals: p99 at most 50 us, a fit at most 50 ms.
"""

import argparse
import time
from decimal import Decimal

import numpy as np

from bench.figures import Report, show
from tradewind.engine.config import BotSpec, EngineConfig, HeldAtStart, TailPlan
from tradewind.engine.core import process
from tradewind.engine.placing import propose, question_of
from tradewind.engine.state import EngineState, Proposal
from tradewind.model.commands import Fitted
from tradewind.model.decisions import Approved, Share
from tradewind.model.instrument import Instrument, define_instrument
from tradewind.model.market_events import Bar
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.numeric.tail_fit import fit_tail
from tradewind.orders.order import OrderRole
from tradewind.research.backtest import quiet_collector
from tradewind.risk.limits import Limits
from tradewind.risk.tail import TailLimits
from tradewind.risk.tail_book import TAIL, tail_parameters
from tradewind.strategy.base import Strategy, View, Wish

INSTRUMENTS, OPEN_PER_INSTRUMENT, HELD = 40, 5, 20
SPAN_NS = 3_600_000_000_000
GOAL_US, GOAL_MS = 50.0, 50.0
SEED = 7

USUAL = Limits(order_notional_max=Decimal(100_000))
EVERYTHING = Limits(
    data_age_ns_max=10**15,
    order_notional_max=Decimal(100_000),
    instrument_notional_max=Decimal(200_000),
    concentration_max=Decimal("0.9"),
    liquidation_distance_min=Decimal("0.1"),
    orders_per_minute_max=100_000,
    orders_per_hour_max=100_000,
    orders_per_day_max=100_000,
    seconds_between_orders_min=Decimal(0),
)


class Idle(Strategy, frozen=True):
    def on_bar(self, view: View) -> Wish:
        return None


def account(limits: Limits, instruments: int, *, busy: bool) -> EngineState:
    """An engine that has marks, a fit, and, if busy, positions and open orders."""
    made = tuple(
        define_instrument(f"A{i:02d}-USD", price_increment="0.01", base_increment="0.001") for i in range(instruments)
    )
    held = tuple(HeldAtStart(each.id, 10_000, Decimal(100)) for each in made[:HELD]) if busy else ()
    config = EngineConfig(
        session="gate",
        instruments=made,
        bots=(BotSpec(id="a", strategy=Idle(), instruments=tuple(each.id for each in made)),),
        cash=Decimal(1_000_000),
        held=held,
        limits=limits,
        tail=TailPlan(limits=TailLimits(var_share_max=Decimal("0.05"), correlation_max=Decimal(1))),
    )
    state = EngineState(config)
    for each in made:
        mark(state, each, 10_000, SPAN_NS)
    returns = sample(instruments)
    fit = fit_tail(returns, 1.0)
    assert fit is not None
    parameters = tail_parameters([each.id for each in made], fit.covariance.tolist(), fit.multiplier)
    process(state, Fitted(SPAN_NS + 1, TAIL, SPAN_NS, parameters, 10**18))
    if busy:
        for number in range(instruments * OPEN_PER_INSTRUMENT):
            market = state.markets[made[number % instruments].id]
            assert propose(state, market, proposal(state, made[number % instruments], number, 100, 9_900))
    return state


def sample(instruments: int) -> np.ndarray:
    """500 days of returns that move together."""
    generator = np.random.default_rng(SEED)
    return generator.normal(0, 0.02, (500, 1)) + generator.standard_t(4, (500, instruments)) * 0.015


def mark(state: EngineState, instrument: Instrument, price: int, ts_ns: int) -> None:
    process(state, Bar(instrument.id, ts_ns, SPAN_NS, price, price, price, price, None, ()))


def proposal(state: EngineState, instrument: Instrument, number: int, size: int, price: int | None) -> Proposal:
    kind = OrderKind.MARKET if price is None else OrderKind.LIMIT
    request = OrderRequest(f"gate-{number}", instrument.id, Side.BUY, kind, size, price)
    seat = state.markets[instrument.id].seats_all[0]
    return Proposal(request, (Share("a", number, size),), OrderRole.PLACED, "", None, (seat,), "bench")


def gate_us(state: EngineState, orders: int) -> np.ndarray:
    """Microseconds of the question and the review, order by order; every one is approved."""
    generator = np.random.default_rng(SEED)
    markets = list(state.markets.values())
    taken, price = [], [10_000] * len(markets)
    for number in range(orders):
        place = number % len(markets)
        market = markets[place]
        price[place] = max(9_950, min(10_100, price[place] + int(generator.integers(-30, 31))))
        mark(state, market.instrument, price[place], SPAN_NS * 2 + number)
        wanted = proposal(state, market.instrument, 10**6 + number, 50, None)
        start = time.perf_counter_ns()
        answer = state.reviewer.review(question_of(state, market, wanted))
        taken.append(time.perf_counter_ns() - start)
        assert type(answer) is Approved, answer
    return np.array(taken) / 1000


def quickest(limits: Limits, instruments: int, orders: int, rounds: int, *, busy: bool) -> np.ndarray:
    """Microseconds of each order, the quickest of several rounds."""
    taken = [gate_us(account(limits, instruments, busy=busy), orders) for _ in range(rounds)]
    return np.asarray(np.min(taken, axis=0))


def fit_ms() -> np.ndarray:
    """Milliseconds of a fit of 40 instruments x 500 days."""
    returns = sample(INSTRUMENTS)
    taken = []
    for _ in range(30):
        start = time.perf_counter_ns()
        fit_tail(returns, 1.0)
        taken.append(time.perf_counter_ns() - start)
    return np.array(taken) / 1e6


def measure(orders: int, rounds: int) -> Report:
    """Everything, as a report; ratios are to one instrument with nothing open, medians to medians."""
    report = Report(benchmark="risk_gate", facts={"orders": orders, "open": INSTRUMENTS * OPEN_PER_INSTRUMENT})
    alone = quickest(USUAL, 1, orders, rounds, busy=False)
    report.add("one_instrument_us", float(np.median(alone)), "us")
    for name, limits in (("gate", USUAL), ("every_check", EVERYTHING)):
        taken = quickest(limits, INSTRUMENTS, orders, rounds, busy=True)
        report.add(f"{name}_us", float(np.median(taken)), "us")
        report.add(f"{name}_p99_us", float(np.percentile(taken, 99)), "us", goal=GOAL_US)
        report.add(f"{name}_ratio", float(np.median(taken) / np.median(alone)))
    fits = fit_ms()
    report.add("fit_ms", float(np.median(fits)), "ms")
    report.add("fit_p99_ms", float(np.percentile(fits, 99)), "ms", goal=GOAL_MS)
    return report


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with quiet_collector():
        report = measure(options.orders, options.rounds)
    show(report, as_json=options.json)


if __name__ == "__main__":
    main()
