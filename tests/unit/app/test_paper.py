"""A paper session: the backtest's result at any speed, an operator's commands, and orderly ends."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from tradewind.app.config import resolve
from tradewind.app.config_watch import ConfigWatch
from tradewind.app.generated import generated_market
from tradewind.app.home import Home
from tradewind.app.market_data import MarketData
from tradewind.app.pacing import Pacer, speed_of
from tradewind.app.paper import Glance, PaperSession, SessionRecord
from tradewind.app.settings import Config
from tradewind.app.wiring import engine_config, simulated_venue, simulation_settings, streamed_sources
from tradewind.cli.running import bar_series
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.replay import run_digest
from tradewind.model.commands import CancelAll, EnterReduceOnly, Flatten, Halt, LeaveReduceOnly
from tradewind.model.decisions import Crossed
from tradewind.model.errors import ConfigError
from tradewind.research.backtest import run_backtest

CONFIG = resolve(
    Home(Path("nowhere")),
    {},
    profile="demo",
    overrides={"market": {"instruments": 6, "bars": 300}},
).config
MARKET = generated_market(CONFIG.market, CONFIG.seed)


class HandClock:
    """A clock that moves only when somebody waits for it."""

    def __init__(self) -> None:
        self.time_s = 100.0
        self.waits = 0

    def now_s(self) -> float:
        return self.time_s

    def wait(self, seconds: float, interrupted: threading.Event) -> None:
        self.time_s += seconds
        self.waits += 1


def session(
    market: list[MarketData],
    *,
    speed: float | None = None,
    seconds: float | None = None,
    history_ns: int | None = None,
    on_stop: Literal["keep", "cancel"] = "keep",
    guardian: ConfigWatch | None = None,
) -> tuple[PaperSession, HandClock, threading.Event]:
    engine = engine_config(CONFIG, [each.instrument for each in market])
    clock, stop = HandClock(), threading.Event()
    made = PaperSession(
        engine,
        simulation_settings(CONFIG),
        simulated_venue(engine, simulation_settings(CONFIG), market),
        streamed_sources(market),
        pacer=Pacer(clock, stop, speed, seconds),
        model=ReadModel(engine.instruments),
        on_stop=on_stop,
        guardian=guardian,
        history_ns=history_ns,
    )
    return made, clock, stop


def ran(made: PaperSession, watch: Callable[[Glance], Any] = lambda _: None) -> SessionRecord:
    return made.run(watch)


def test_a_session_comes_to_the_backtests_result() -> None:
    made, _, _ = session(MARKET)
    record = ran(made)
    engine = engine_config(CONFIG, [each.instrument for each in MARKET])
    result = run_backtest(engine, simulation_settings(CONFIG), bar_series(MARKET))
    assert record.ended == "data"
    assert run_digest(record.audit_digest, record.state_digest) == result.digest
    assert result.fills > 50


def test_market_time_is_held_to_the_clock() -> None:
    made, clock, _ = session(MARKET, speed=3600.0)
    seen: list[float] = []
    ran(made, lambda glance: seen.append(glance.elapsed_s))
    assert clock.now_s() == pytest.approx(100.0 + 299)
    assert seen[10] == pytest.approx(10.0)
    assert clock.waits > 299


def test_what_a_warm_up_takes_is_no_part_of_the_sessions_time() -> None:
    until_ns = int(MARKET[0].bars.close_ns[99])
    made, clock, _ = session(MARKET, speed=3600.0, seconds=50.5, history_ns=until_ns)
    glances: list[Glance] = []

    def watch(glance: Glance) -> None:
        glances.append(glance)
        if glance.ts_ns <= until_ns:
            clock.time_s += 1.0

    record = ran(made, watch)
    assert record.ended == "minutes"
    assert sum(glance.ts_ns > until_ns for glance in glances) == 51


def test_a_session_ends_with_its_time_or_when_asked() -> None:
    made, _, _ = session(MARKET, speed=3600.0, seconds=50.5)
    record = ran(made)
    assert record.ended == "minutes"
    assert record.events == 6 * 51
    made, _, stop = session(MARKET)
    glances: list[Glance] = []

    def watch(glance: Glance) -> None:
        glances.append(glance)
        if len(glances) == 40:
            stop.set()

    record = ran(made, watch)
    assert (record.ended, record.events) == ("asked", 240)
    assert glances[-1].total == 1800
    assert glances[-1].equity > 0


def test_open_orders_are_kept_or_cancelled_at_the_end() -> None:
    for on_stop in ("keep", "cancel"):
        made, _, _ = session(MARKET, speed=3600.0, seconds=250.5, on_stop=on_stop)  # type: ignore[arg-type]
        record = ran(made)
        cancels = [each for each in record.audit if isinstance(each, CancelAll)]
        assert len(cancels) == (on_stop == "cancel")
        assert any(order.is_live for order in record.state.orders.values()) == (on_stop == "keep")


def test_an_operators_commands_enter_between_moments() -> None:
    made, _, _ = session(MARKET)

    def watch(glance: Glance) -> None:
        if glance.done == 6 * 200:
            made.commands.put(Halt(0, "enough"))
            made.commands.put(Flatten(0))

    record = ran(made, watch)
    assert record.state.halted == "enough"
    assert all(line.position.quantity == 0 for line in record.state.ledger.lines.values())
    assert made.model.modes == {"halted": "enough"}
    halts = [each for each in record.audit if isinstance(each, Halt)]
    assert [each.ts_ns for each in halts] == [int(MARKET[0].bars.close_ns[199])]


def test_speeds_are_words_or_numbers() -> None:
    assert (speed_of("recorded"), speed_of("max"), speed_of("3600")) == (1.0, None, 3600.0)
    for text in ("fast", "0", "-1", "nan"):
        with pytest.raises(ConfigError, match=r"paper.speed must be recorded, max or a number above 0"):
            speed_of(text)


def test_generated_markets_are_the_same_for_a_seed_and_differ_between_seeds() -> None:
    again = generated_market(CONFIG.market, CONFIG.seed)
    other = generated_market(CONFIG.market, CONFIG.seed + 1)
    for one, two, three in zip(MARKET, again, other, strict=True):
        assert one.instrument == two.instrument
        assert (one.bars.close == two.bars.close).all()
        assert (one.bars.close != three.bars.close).any()
        assert (one.bars.low > 0).all()
        assert (one.bars.volume % one.instrument.lot == 0).all()


def test_without_netting_no_bots_cross() -> None:
    crossed = {}
    for netting in (True, False):
        config = resolve(
            Home(Path("nowhere")),
            {},
            profile="demo",
            overrides={"market": {"bars": 900}, "flags": {"netting": netting}},
        ).config
        market = generated_market(config.market, config.seed)
        engine = engine_config(config, [each.instrument for each in market])
        result = run_backtest(engine, simulation_settings(config), bar_series(market))
        crossed[netting] = sum(isinstance(each, Crossed) for each in result.audit)
    assert crossed[True] > 0
    assert crossed[False] == 0


def test_a_changed_configuration_enters_the_session_and_leaves_it_again(tmp_path: Path) -> None:
    file = tmp_path / "bots.toml"
    file.write_text("", encoding="utf-8")
    guardian = ConfigWatch([file], lambda: resolve(Home(tmp_path), {}, profile="demo", file=file), resolved(file))
    made, _, _ = session(MARKET, speed=3600.0, guardian=guardian)
    modes: list[dict[str, str]] = []

    def watch(glance: Glance) -> None:
        if glance.elapsed_s == 20.0:
            file.write_text("[limits]\nleverage_max = 3\n", encoding="utf-8")
        if glance.elapsed_s == 60.0:
            file.write_text("", encoding="utf-8")
        modes.append(dict(made._state.reduce_only))

    record = ran(made, watch)
    reason = "changed under the running session: limits.leverage_max"
    assert [mode for mode in modes if mode] == [{"configuration": reason}] * len([mode for mode in modes if mode])
    assert modes[15] == modes[-1] == {}
    assert modes[40] == {"configuration": reason}
    kinds = [type(row) for row in record.audit if isinstance(row, EnterReduceOnly | LeaveReduceOnly)]
    assert kinds == [EnterReduceOnly, LeaveReduceOnly]


def resolved(file: Path) -> Config:
    """The configuration that a session of this file begins with."""
    return resolve(Home(file.parent), {}, profile="demo", file=file).config
