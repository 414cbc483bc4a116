"""The benchmarks run the engine that everybody runs: every bar, answer, review and fill takes the one way there is."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bench import event_engine, fleet, order_path
from bench.market import make_series
from tradewind.engine import core, driver
from tradewind.engine.config import EngineConfig
from tradewind.engine.digest import AuditDigest
from tradewind.engine.driver import Driver
from tradewind.model.decisions import Decided, Quiet
from tradewind.model.market_events import Bar
from tradewind.portfolio.ledger import Ledger
from tradewind.research import backtest
from tradewind.research.backtest import BacktestResult
from tradewind.risk.review import Reviewer
from tradewind.simulation.bars import BarVenue
from tradewind.strategy.base import Strategy, warmup_bars

BARS = 400


class Counts:
    """What was called, and with what."""

    def __init__(self) -> None:
        self.events: Counter[type] = Counter()
        self.answers = 0
        self.reviewed: Counter[str] = Counter()
        self.filled: Counter[str] = Counter()
        self.digested = 0
        self.strategies: Counter[type] = Counter()


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    seen = Counts()

    def process(state: Any, event: Any) -> Any:
        seen.events[type(event)] += 1
        return core.process(state, event)

    monkeypatch.setattr(driver, "process", process)
    for name in ("submit", "cancel", "on_event", "advance"):
        _count_answers(monkeypatch, seen, name)
    _spy(monkeypatch, Reviewer, "review", lambda request: seen.reviewed.update([request.order.order_id]))
    _spy(monkeypatch, Ledger, "fill", lambda fill, *parts: seen.filled.update([fill.fill_id]))
    _spy(monkeypatch, AuditDigest, "update", lambda records: _add(seen, len(records)))
    for kind in {type(each) for each in (*fleet.strategies(), *_own())}:
        _count_strategy(monkeypatch, seen, kind)
    return seen


def _own() -> tuple[Strategy, ...]:
    return (*event_engine.STRATEGIES.values(), order_path.Flip())


def _add(seen: Counts, records: int) -> None:
    seen.digested += records


def _spy(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, note: Callable[..., None]) -> None:
    original = getattr(owner, name)

    def spied(self: Any, *given: Any) -> Any:
        note(*given)
        return original(self, *given)

    monkeypatch.setattr(owner, name, spied)


def _count_answers(monkeypatch: pytest.MonkeyPatch, seen: Counts, name: str) -> None:
    original = getattr(BarVenue, name)

    def counted(self: Any, *given: Any) -> Any:
        answers = original(self, *given)
        seen.answers += len(answers)
        return answers

    monkeypatch.setattr(BarVenue, name, counted)


def _count_strategy(monkeypatch: pytest.MonkeyPatch, seen: Counts, kind: type[Strategy]) -> None:
    original = kind.on_bar

    def counted(self: Strategy, view: Any) -> Any:
        seen.strategies[kind] += 1
        return original(self, view)

    monkeypatch.setattr(kind, "on_bar", counted)


def hold_to_account(result: BacktestResult, counts: Counts, bars: int) -> None:
    """Every bar and every answer was one `process`; every order one review; every fill one booking; all is digested.

    None of these runs has timers, gaps or commands, and all strategies are warm before the end.
    """
    config: EngineConfig = result.config
    assert counts.events[Bar] == bars
    assert sum(counts.events.values()) == bars + counts.answers
    decided = [record for record in result.audit if type(record) is Decided and record.order is not None]
    assert set(counts.reviewed) >= set(result.state.orders)
    assert set(counts.reviewed.values()) <= {1}
    assert {record.order.order_id for record in decided if record.order} >= set(result.state.orders)
    assert set(counts.filled.values()) <= {1}
    assert len(counts.filled) == result.fills
    assert counts.digested == len(result.audit)
    for spec in config.bots:
        assert any(type(record) in (Quiet, Decided) and record.bot == spec.id for record in result.audit)
    per_instrument = bars // len(config.instruments)
    expected: Counter[type] = Counter()
    for spec in config.bots:
        calls = per_instrument - max(1, warmup_bars(spec.strategy)) + 1
        expected[type(spec.strategy)] += calls * len(spec.instruments)
    assert counts.strategies == expected


@pytest.mark.parametrize("name", sorted(event_engine.STRATEGIES))
def test_event_engine(name: str, counts: Counts) -> None:
    series, instrument = make_series(BARS)
    _, result = event_engine.run_engine(name, series, instrument)
    hold_to_account(result, counts, BARS)
    assert (result.fills > 0) is (name == "sma")


def test_order_path(counts: Counts) -> None:
    series, instrument = make_series(BARS)
    result = order_path.run(order_path.Flip(), series, instrument)
    hold_to_account(result, counts, BARS)
    assert result.orders == BARS


@pytest.mark.parametrize("bots", [fleet.one_each, fleet.all_on_all])
def test_fleet(bots: Callable[..., Any], counts: Counts) -> None:
    series = fleet.hourly_series(BARS)
    result = fleet.run(bots(series), series)
    hold_to_account(result, counts, BARS * fleet.INSTRUMENTS)
    assert result.fills > 0


def test_the_stages_that_are_timed_are_those_that_run() -> None:
    """A stage that moved would be timed as nothing: every one is reached, and own times are never negative."""
    series, instrument = make_series(BARS)
    watch = order_path.Stopwatch()
    with order_path.timed_stages(watch):
        orders = order_path.run(order_path.Flip(), series, instrument).orders
    assert orders == BARS
    assert all(watch.calls.values()), watch.calls
    assert all(own >= 0 for own in watch.own_ns.values())
    assert driver.process is core.process
    assert Driver.feed.__name__ == "feed"
    assert not hasattr(Driver.feed, "__wrapped__")


def test_everything_is_on() -> None:
    """The benchmarked configuration keeps its audit, reviews with the research limits, and charges fees."""
    series, instrument = make_series(BARS)
    _, result = event_engine.run_engine("sma", series, instrument)
    assert result.checks_on
    assert result.audit
    assert result.digest
    assert sum((order.fees for order in result.state.orders.values()), Decimal(0)) > 0
    assert backtest.AuditDigest is AuditDigest
