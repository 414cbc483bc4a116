"""When a session fits, from what, and what follows where it cannot."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec import UNSET

from tests.engine_rig import BTC, ETH, MINUTE_NS, PERP, Scripted, config
from tradewind.app.live.fit_history import FitHistory
from tradewind.app.live.fit_jobs import StrategyJob, TailJob, fit_jobs
from tradewind.app.live.fitting import AGAIN_NS, Fitting
from tradewind.app.tail_fits import Closes, TailFits
from tradewind.engine.config import TailPlan
from tradewind.engine.core import process
from tradewind.engine.state import EngineState
from tradewind.model.effects import Alarm
from tradewind.model.errors import ConfigError, VenueUnavailable
from tradewind.model.instrument import Instrument
from tradewind.model.market_events import Bar, Gap
from tradewind.numeric.cointegration import engle_granger
from tradewind.risk.tail import TailLimits
from tradewind.strategy.base import FitRequest

PLAN = TailPlan(limits=TailLimits(var_share_max=Decimal("0.05")), every_ns=15 * MINUTE_NS, move_max=0.03)
START_NS = 1_000_000 * MINUTE_NS


def walk(instrument: Instrument, size: int, seed: int = 1) -> list[Bar]:
    """Candles that end at the start, with a price of 10,000."""
    path = np.cumsum(np.random.default_rng(seed).normal(0, 0.001, size))
    prices = (10_000 * np.exp(path - path[-1])).astype(int)
    first_ns = START_NS - (size - 1) * MINUTE_NS
    return [
        Bar(instrument.id, first_ns + row * MINUTE_NS, MINUTE_NS, each, each, each, each, 1)
        for row, each in enumerate(prices.tolist())
    ]


class Rig:
    """A session's fits at a time that is set by hand, with a venue that gives what it is told to."""

    def __init__(self, plan: TailPlan = PLAN, bars: int = 600) -> None:
        self.state = EngineState(config([None], instruments=(BTC, ETH), tail=plan))
        self.now_ns = START_NS + 1
        self.gives: dict[str, Sequence[Bar] | Exception] = {
            each.id: walk(each, bars, seed) for seed, each in enumerate((BTC, ETH))
        }
        self.alarms: list[Alarm] = []
        self.taken: list[Any] = []
        engine: Any = SimpleNamespace(state=self.state, now_ns=lambda: self.now_ns, take=self.take)
        side: Any = SimpleNamespace(market=self, spans_ns=lambda: {MINUTE_NS, 60 * MINUTE_NS})
        live: Any = SimpleNamespace(span_ns=MINUTE_NS, timeout_s=1.0)
        self.fitting = Fitting(side, engine, live, self.alarms.append)

    def take(self, *events: Any) -> None:
        self.taken += events
        for event in events:
            process(self.state, event)

    async def candles(self, name: str, span_ns: int, start_ns: int, end_ns: int) -> Sequence[Bar]:
        given = self.gives[name]
        if isinstance(given, Exception):
            raise given
        return [bar for bar in given if start_ns <= bar.open_ns < end_ns]

    def begin(self) -> None:
        asyncio.run(self.fitting.begin())

    def look(self, minutes: float = 0) -> None:
        self.now_ns += int(minutes * MINUTE_NS)
        asyncio.run(self.fitting.look())

    def closes(self, price: int = 10_000) -> None:
        """A candle of each instrument closes now."""
        bars = [Bar(name, self.now_ns - 1, MINUTE_NS, price, price, price, price, 1) for name in self.state.markets]
        self.fitting.take(bars)

    @property
    def fit(self) -> Any:
        return self.state.fitted["tail"]

    @property
    def rule(self) -> str | None:
        return self.state.reduce_only.get("fits")


def test_the_first_fit_is_the_one_a_backtest_makes_of_the_same_closes() -> None:
    rig = Rig()
    rig.begin()
    closes = []
    for name, bars in rig.gives.items():
        assert not isinstance(bars, Exception)
        last = bars[-501:]
        times, prices = np.array([bar.ts_ns for bar in last]), np.array([bar.close / 100 for bar in last])
        closes.append(Closes(name, MINUTE_NS, times, prices))
    (last_fit,) = TailFits(msgspec.structs.replace(PLAN, every_ns=500 * MINUTE_NS, move_max=UNSET), closes).upto(10**19)
    assert (rig.fit.as_of_ns, rig.fit.parameters) == (START_NS, last_fit.parameters)
    assert rig.fit.valid_until_ns == START_NS + 30 * MINUTE_NS
    assert (rig.rule, rig.alarms) == (None, [])


def test_another_is_made_when_its_time_has_come_and_a_newer_candle_is_there() -> None:
    rig = Rig()
    rig.begin()
    first = rig.fit
    rig.look(15)
    assert rig.fit is first
    rig.closes()
    rig.look()
    assert rig.fit.as_of_ns == START_NS + 15 * MINUTE_NS
    again = rig.fit
    rig.now_ns += 14 * MINUTE_NS
    rig.closes()
    rig.look()
    assert rig.fit is again


def test_a_large_move_is_fitted_at_once_and_makes_no_fit_hold_longer() -> None:
    rig = Rig()
    market = rig.state.markets["ETH-USD"]
    market.mark = 10_000
    rig.begin()
    first = rig.fit
    market.mark = 10_299
    rig.look(1)
    assert rig.fit is first
    market.mark = 9_700
    rig.look(1)
    assert rig.fit.as_of_ns == rig.now_ns
    assert rig.fit.valid_until_ns == first.valid_until_ns
    assert rig.fit.parameters["ETH-USD"] > 2 * first.parameters["ETH-USD"]
    made = len(rig.taken)
    rig.look(1)
    assert len(rig.taken) == made


def test_a_fit_that_fails_is_told_once_and_the_one_before_ages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig()
    rig.begin()
    first = rig.fit

    def broken(*_: object) -> None:
        raise ArithmeticError("no inverse")

    monkeypatch.setattr("tradewind.app.live.fit_jobs.tail_of", broken)
    for _ in range(29):
        rig.now_ns += MINUTE_NS
        rig.closes()
        rig.look()
    assert [alarm.text for alarm in rig.alarms] == ["tail: the fit failed: ArithmeticError: no inverse"]
    assert (rig.fit, rig.rule) == (first, None)
    rig.look(1)
    assert rig.rule == "the fit of VaR is stale: the fit failed: ArithmeticError: no inverse"
    assert rig.fitting.states["tail"].state == "stale"
    monkeypatch.undo()
    rig.look(AGAIN_NS / MINUTE_NS)
    assert rig.rule is None
    assert rig.fitting.states["tail"].trouble == ""


def test_history_that_cannot_be_had_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewind.app.live.fitting.LOOK_S", 0.001)
    rig = Rig()
    bars, rig.gives["ETH-USD"] = rig.gives["ETH-USD"], VenueUnavailable("away")
    rig.begin()
    assert rig.rule is None  # the other one is known
    assert set(rig.fit.parameters) == {"BTC-USD", "multiplier"}
    assert "ETH-USD 0" in rig.fitting.states["tail"].trouble
    assert rig.fitting.wanting() == "ETH-USD: no candles: away"
    rig.gives["ETH-USD"] = bars
    rig.now_ns += AGAIN_NS

    async def some() -> None:
        await asyncio.wait({asyncio.ensure_future(rig.fitting.run())}, timeout=0.2)

    asyncio.run(some())
    assert rig.fitting.wanting() == ""


def test_nothing_of_the_venue_means_reduce_only_with_the_reason() -> None:
    rig = Rig()
    rig.gives = dict.fromkeys(rig.gives, VenueUnavailable("away"))
    rig.begin()
    assert rig.rule == "there is no fit of VaR: BTC-USD: no candles: away; ETH-USD: no candles: away"


def test_only_a_warning_asks_for_no_reduction() -> None:
    rig = Rig(TailPlan(correlation_warn=0.7), bars=20)
    rig.begin()
    assert rig.rule is None
    assert rig.fitting.states["tail"].state == "none"


def test_longer_candles_close_with_their_last_part() -> None:
    history = FitHistory({"BTC-USD": BTC}, 5 * MINUTE_NS, 3)
    for minute in range(1, 13):
        history.take([Bar("BTC-USD", minute * MINUTE_NS, MINUTE_NS, *[minute * 100] * 4, 1)])
    history.take([Gap("BTC-USD", 13 * MINUTE_NS, 1)])
    assert history.latest_ns(12 * MINUTE_NS) == 10 * MINUTE_NS
    (closes,) = history.snapshot(12 * MINUTE_NS, ["BTC-USD"], {}).closes()
    assert (closes.close_ns.tolist(), closes.close.tolist()) == ([5 * MINUTE_NS, 10 * MINUTE_NS], [5.0, 10.0])


def test_no_more_closes_are_kept_than_needed_and_the_oldest_go() -> None:
    history = FitHistory({"BTC-USD": BTC}, MINUTE_NS, 10)
    for minute in range(1, 200):
        history.take([Bar("BTC-USD", minute * MINUTE_NS, MINUTE_NS, *[minute] * 4, 1)])
    snapshot = history.snapshot(10**18, ["BTC-USD"], {})
    assert len(snapshot.rows[0][1]) <= 20
    assert snapshot.closes()[0].close_ns.tolist() == [minute * MINUTE_NS for minute in range(190, 200)]


def test_a_pair_is_fitted_on_the_last_candles_that_both_have() -> None:
    job = StrategyJob(FitRequest("k", "cointegration", ("BTC-USD", "ETH-USD"), 100, 10), MINUTE_NS)
    history = FitHistory({"BTC-USD": BTC, "ETH-USD": ETH}, MINUTE_NS, job.bars)
    bars = {each.id: walk(each, 110, seed) for seed, each in enumerate((BTC, ETH))}
    history.begin("BTC-USD", bars["BTC-USD"])
    history.begin("ETH-USD", bars["ETH-USD"][15:])
    few = job.make(history.snapshot(START_NS, job.names, {}))
    assert (few.parameters, few.trouble) == (None, "95 of 100 candles that BTC-USD and ETH-USD both have")
    history.begin("ETH-USD", bars["ETH-USD"])
    made = job.make(history.snapshot(START_NS, job.names, {}))
    logs = [np.log([bar.close / 100 for bar in bars[name][10:]]) for name in job.names]
    assert made.parameters == engle_granger(*logs)._asdict()
    assert (made.known_ns, job.every_ns, job.valid_ns) == (START_NS, 10 * MINUTE_NS, 20 * MINUTE_NS)


def test_what_candles_do_not_make_up_is_refused() -> None:
    plan = TailPlan(span_ns=MINUTE_NS)
    with pytest.raises(ConfigError, match=r"var\.interval is 1 minutes"):
        TailJob(plan, ["BTC-USD"], 5 * MINUTE_NS)
    assert fit_jobs(config([None], instruments=(PERP,)), (), MINUTE_NS) == []


def test_a_bot_that_becomes_one_that_fits_has_its_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewind.app.live.fitting.LOOK_S", 0.001)
    rig = Rig()
    rig.begin()
    bot, first = rig.state.bots["a"], rig.fit

    class Pair(Scripted):
        def fits(self, instruments: Sequence[str]) -> Sequence[FitRequest]:
            return (FitRequest("pair", "cointegration", ("BTC-USD", "ETH-USD"), 550, 10),)

    bot.spec = msgspec.structs.replace(bot.spec, strategy=Pair())

    async def some() -> None:
        await asyncio.wait({asyncio.ensure_future(rig.fitting.run())}, timeout=0.5)

    asyncio.run(some())
    assert rig.state.fitted["pair"].as_of_ns == START_NS
    assert rig.fit is first
    assert {each.state for each in rig.fitting.states.values()} == {"valid"}
