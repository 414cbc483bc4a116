"""Bots that become others while they run: position and exits stay, the old wishes go, a replay comes to the same."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import BTC, ETH, MINUTE_NS, OPEN_LIMITS, Desk, config
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.core import process
from tradewind.engine.digest import state_digest
from tradewind.engine.state import EngineState
from tradewind.model import commands as c
from tradewind.model.codec import decode_entries, encode_entries
from tradewind.model.decisions import Approved, Decided, Refused
from tradewind.model.effects import Ask, SubmitOrder
from tradewind.model.entries import Event
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.intents import FLAT, Exits, PlaceOrder, TargetQuantity, TargetWeight
from tradewind.model.market_events import Bar
from tradewind.model.orders import OrderKind, Side
from tradewind.numeric.indicators import sma
from tradewind.strategy.base import GroupView, Strategy, View, Wish

D = Decimal
HELD = TargetQuantity(D(1), Exits(stop_loss=0.1))
REST = PlaceOrder(Side.BUY, D(1), OrderKind.LIMIT, price=D(90))


class Above(Strategy):
    """Long above the average of so many closes, else flat; remembers how often it was asked."""

    length: int = 3

    def indicators(self) -> Any:
        return (sma(self.length),)

    def memory(self) -> msgspec.Struct:
        return Asked()

    def on_bar(self, view: View) -> Wish:
        assert isinstance(view.memory, Asked)
        view.memory.times += 1
        return TargetQuantity(D(2)) if view.close > view.values[0] else FLAT


class Asked(msgspec.Struct):
    times: int = 0


class Together(Strategy):
    """Wants one of everything as soon as it sees a round."""

    def on_group(self, group: GroupView) -> dict[str, Wish]:
        return {name: TargetQuantity(D(1)) for name in group.views}


class Perps(Strategy):
    """Suits nothing here."""

    def unsuited(self, instruments: Any) -> str | None:
        return "it needs a perpetual"


KINDS = {each.__name__: each for each in (Above, Together, Perps)}


def load(place: str, source: str) -> type[Strategy]:
    return KINDS[place.rpartition(":")[2]]


def desk(settings: EngineConfig) -> Desk:
    made = Desk(settings)
    made.state.load = load
    return made


def change(name: str = "Above", bot: str = "a", **more: Any) -> c.ChangeBot:
    place = f"mine.py:{name}" if name else ""
    return c.ChangeBot(more.pop("ts_ns", 1), bot, "better", place, more.pop("parameters", {}), **more)


def bars(closes: list[int], start_ns: int = 0) -> tuple[Bar, ...]:
    times = (start_ns + number * MINUTE_NS for number in range(len(closes)))
    return tuple(Bar("BTC-USD", ts_ns, MINUTE_NS, at, at, at, at) for ts_ns, at in zip(times, closes, strict=True))


def times_asked(made: Desk, bot: str = "a") -> int:
    memory = made.state.bots[bot].seats[0].view.memory
    return memory.times if isinstance(memory, Asked) else 0


def failure(made: Desk) -> str | None:
    return made.state.bots["a"].failed


def held_desk() -> Desk:
    made = desk(config([HELD]))
    made.bar()
    made.fill("test-1")
    return made


# -- strategies --------------------------------------------------------------------------------------------------------


def test_position_and_exits_stay_and_the_new_strategy_goes_on_from_there() -> None:
    made = held_desk()
    stops = [order.request.order_id for order in made.state.live_orders()]
    made.take(change())
    assert made.position() == 1_000
    assert [order.request.order_id for order in made.state.live_orders()] == stops
    assert stops
    assert made.cancels == []
    for close in (10_000, 10_000, 10_100):
        made.bar(close)
    assert made.cancels == stops  # only now: the new one wants two, so what works goes first
    made.cancel(stops[0])
    assert (made.sent[-1].side, made.sent[-1].quantity) == (Side.BUY, 1_000)


def test_a_new_strategy_waits_until_its_indicators_are_warm() -> None:
    made = held_desk()
    made.take(change(parameters={"length": 3}))
    asked = []
    for _ in range(4):
        made.bar()
        asked.append(times_asked(made))
    assert asked == [0, 0, 1, 2]


def test_history_warms_the_indicators_and_the_next_bar_is_decided() -> None:
    made = held_desk()
    made.take(change(history=bars([9_000, 9_500, 9_900, 10_000], made.ts_ns - 3 * MINUTE_NS)))
    made.bar(10_200)
    seat = made.state.bots["a"].seats[0]
    assert seat.view.values == ((99.0 + 100.0 + 102.0) / 3,)
    assert times_asked(made) == 1


def test_indicators_that_others_have_warm_are_shared_and_theirs_go_on() -> None:
    bots = tuple(
        BotSpec(id=name, strategy=kind, instruments=("BTC-USD",))
        for name, kind in (("a", Above(length=2)), ("b", Above(length=4)))
    )
    made = desk(EngineConfig(session="test", instruments=(BTC,), bots=bots, limits=OPEN_LIMITS))
    closes = [10_000, 10_000, 10_000, 10_000, 10_000]
    for close in closes:
        made.bar(close)
    made.take(change(parameters={"length": 4}))
    made.bar(10_000)
    first, second = (made.state.bots[name].seats[0] for name in "ab")
    assert first.view.values == second.view.values == (100.0,)
    assert times_asked(made) == 1
    assert times_asked(made, "b") == 3


def test_what_the_old_strategy_waits_for_is_taken_back() -> None:
    made = desk(config([REST]))
    made.bar()
    made.take(change())
    assert made.cancels == ["test-1"]


def test_what_the_old_strategy_asked_of_a_remote_stage_is_refused() -> None:
    made = desk(config([TargetQuantity(D(1))], asked=frozenset({"risk"})))
    made.bar()
    (ask,) = [each for each in made.effects if isinstance(each, Ask)]
    made.take(change())
    assert made.state.pending == {}
    assert not made.state.jobs
    assert [type(each.outcome) for each in made.records(Decided)] == [Refused]
    made.take(c.Answered(2, ask.request_id, Approved(D(0))))
    assert made.sent == []


def test_a_failed_bot_runs_again_with_another_strategy() -> None:
    made = desk(config([ValueError("no")]))
    made.bar()
    assert failure(made) is not None
    made.take(change(parameters={"length": 1}))
    made.bar()
    assert failure(made) is None
    assert times_asked(made) == 1


def test_a_paused_bot_stays_paused() -> None:
    made = desk(config([]))
    made.take(c.PauseBot(1, "a", "lunch"))
    made.take(change(parameters={"length": 1}))
    made.bar(10_000)
    made.bar(11_000)
    assert made.sent == []
    made.take(c.ResumeBot(2, "a"))
    made.take(change(parameters={"length": 2}))
    for close in (10_000, 11_000, 12_000):
        made.bar(close)
    assert len(made.sent) == 1


def test_a_strategy_that_sees_its_instruments_together_comes_and_goes() -> None:
    made = desk(config([], instruments=(BTC, ETH)))
    made.bar()
    made.take(change("Together"))
    made.bar(10_000, "BTC-USD")
    made.ts_ns -= MINUTE_NS
    made.bar(10_000, "ETH-USD")
    assert sorted(each.instrument for each in made.sent) == ["BTC-USD", "ETH-USD"]
    due = made.timers[0]
    made.take(change())
    assert made.state.groups == {}
    assert all(market.groups == () for market in made.state.markets.values())
    made.take(c.TimerFired(due.due_ns, due.key))  # the round's timer may still be out


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (change("Perps"), "bot 'a': it needs a perpetual"),
        (change(parameters={"lenght": 2}), "did you mean 'length'"),
        (c.ChangeBot(1, "a", "", "macdd"), "did you mean 'macd'"),
    ],
)
def test_what_cannot_be_made_changes_nothing(event: c.ChangeBot, told: str) -> None:
    made = desk(config([]))
    made.bar()
    before = made.state.bots["a"].spec
    with pytest.raises(ConfigError, match=told):
        process(made.state, event)
    assert made.state.bots["a"].spec is before


def test_where_indicators_were_computed_beforehand_no_strategy_changes() -> None:
    made = desk(config([]))
    made.ts_ns = MINUTE_NS
    made.take(Bar("BTC-USD", MINUTE_NS, MINUTE_NS, 1, 1, 1, 1, None, ()))
    with pytest.raises(StateError, match="beforehand"):
        process(made.state, change())


# -- budgets and exits -------------------------------------------------------------------------------------------------


def test_a_budget_counts_from_the_next_entry_on() -> None:
    made = desk(config([TargetWeight(0.5), None, FLAT, TargetWeight(0.5)]))
    made.bar()
    made.fill("test-1")
    first = made.sent[0].quantity or 0
    made.take(change("", budget=D("0.5")))
    made.bar()
    assert len(made.sent) == 1
    made.bar()
    made.fill("test-2")
    made.bar()
    assert made.sent[-1].quantity == first // 2


def test_new_exits_are_those_of_the_next_entry() -> None:
    made = desk(config([TargetQuantity(D(1)), FLAT, TargetQuantity(D(1))]))
    made.bar()
    made.fill("test-1")
    made.take(change("", exits=c.NewExits(Exits(stop_loss=0.2))))
    assert len(made.sent) == 1
    made.bar()
    made.fill("test-2")
    made.bar()
    made.fill("test-3")
    assert [each.stop for each in made.sent[3:]] == [8_000]
    made.take(change("", exits=c.NewExits(None)))
    assert made.state.bots["a"].spec.exits is None


# -- promoting and replaying -------------------------------------------------------------------------------------------


def test_what_was_promoted_is_restored_and_reloads_between_do_not_matter() -> None:
    made = held_desk()
    before = made.state.bots["a"].spec
    made.take(change(promoted=True, budget=D("0.25")))
    made.take(change(parameters={"length": 2}))
    assert made.state.bots["a"].former is before
    made.take(c.RestoreBot(3, "a", "worse"))
    assert made.state.bots["a"].spec is before
    made.take(c.RestoreBot(4, "a", "twice"))
    assert made.state.bots["a"].spec is before
    assert made.position() == 1_000


def recorded(events: list[Event]) -> list[Event]:
    """Return the events as a journal gives them back."""
    return list(decode_entries(encode_entries(events)))  # type: ignore[arg-type]  # no checkpoints in it


def test_a_replay_with_changes_comes_to_the_same() -> None:
    events: list[Event] = [
        *bars([10_000, 10_050, 10_000], MINUTE_NS),
        change(ts_ns=3 * MINUTE_NS, promoted=True, history=bars([9_000, 9_100, 9_200], 0), budget=D("0.3"),
               exits=c.NewExits(Exits(stop_loss=0.1)), family="trend", source="text"),
        *bars([10_100, 9_000, 10_100], 4 * MINUTE_NS),
        c.RestoreBot(6 * MINUTE_NS, "a", "worse"),
        *bars([10_100, 9_000, 10_100], 7 * MINUTE_NS),
    ]  # fmt: skip
    settings = config([None, TargetWeight(0.5)])
    ends = []
    for order in (events, recorded(events)):
        state = EngineState(settings, load)
        sent = [effect for each in order for effect in process(state, each) if isinstance(effect, SubmitOrder)]
        ends.append((state_digest(state), sent))
    assert ends[0] == ends[1]
    assert ends[0][1]


def test_a_change_is_part_of_the_states_digest() -> None:
    digests = set()
    for parameters in (None, {"length": 5}, {"length": 6}):
        state = EngineState(config([]), load)
        if parameters is not None:
            process(state, change(parameters=parameters))
        state.sequence = 0
        digests.add(state_digest(state))
    assert len(digests) == 3


def test_history_is_not_kept_in_the_records() -> None:
    made = held_desk()
    made.take(change(history=bars([9_000, 9_100], 0)))
    assert made.records(c.ChangeBot)[0].history == ()


def test_the_order_in_which_instruments_were_given_does_not_tell_changed_bots_apart() -> None:
    digests = []
    for names in ((BTC, ETH), (ETH, BTC)):
        desk = Desk(config([], instruments=names))
        desk.take(c.ChangeBot(1, "a", "smaller", budget=D("0.5")))
        digests.append(state_digest(desk.state))
    assert digests[0] == digests[1]
