"""What strategies hand over: other kinds of numbers are understood; what is unusable fails its bot, not the engine."""

from decimal import Decimal

import msgspec
import numpy as np
import pytest

from tests.engine_rig import MINUTE_NS, Desk, config
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.model.intents import Exits, PlaceOrder, TargetQuantity, TargetWeight
from tradewind.model.market_events import QuoteTick
from tradewind.model.orders import Side
from tradewind.strategy.base import Strategy, View, Wish

USABLE = [
    TargetWeight(np.float64(0.5)),
    TargetWeight(np.float32(0.5)),  # type: ignore[arg-type]
    TargetWeight(0.5, Exits(stop_loss=np.float64(0.05))),
    TargetWeight(0.5, Exits(stop_loss=Decimal("0.05"))),  # type: ignore[arg-type]
    TargetWeight(0.5, Exits(time_ns=np.int64(5))),  # type: ignore[arg-type]
    PlaceOrder(Side.BUY, Decimal(1), "market"),  # type: ignore[arg-type]
]
UNUSABLE = [
    TargetWeight(float("nan")),
    TargetWeight(np.array([0.1, 0.2])),  # type: ignore[arg-type]
    TargetWeight(0.5, Exits(stop_loss=float("nan"))),
    TargetWeight(0.5, Exits(trailing=float("inf"))),
    TargetWeight(0.5, Exits(take_profit=-0.1)),
    TargetWeight(0.5, {"stop_loss": 0.1}),  # type: ignore[arg-type]
    TargetQuantity(Decimal("sNaN")),
    TargetQuantity(0.5),  # type: ignore[arg-type]
    PlaceOrder("buy", Decimal(1)),  # type: ignore[arg-type]
    PlaceOrder(Side.BUY, Decimal(1), exits=Exits(stop_loss=float("nan"))),
    PlaceOrder(Side.BUY, Decimal(1), tag=np.float64(1)),  # type: ignore[arg-type]
]


def run(wish: object) -> Desk:
    desk = Desk(config([TargetWeight(0.25), wish]))
    desk.bar()
    desk.fill("test-1")
    desk.bar()
    digest = AuditDigest()
    digest.update(desk.state.audit)
    assert digest.hexdigest()
    assert state_digest(desk.state)
    return desk


@pytest.mark.parametrize("wish", USABLE, ids=repr)
def test_other_kinds_of_numbers_are_understood(wish: object) -> None:
    desk = run(wish)
    assert desk.state.bots["a"].failed is None
    assert len(desk.sent) > 1


@pytest.mark.parametrize("wish", UNUSABLE, ids=repr)
def test_what_cannot_be_used_fails_the_bot_and_sends_nothing(wish: object) -> None:
    desk = run(wish)
    assert desk.state.bots["a"].failed is not None
    assert len(desk.sent) == 1


class Kept(msgspec.Struct):
    last: object = 0.0


class Remembers(Strategy):
    """Keeps what numpy gave it."""

    def memory(self) -> msgspec.Struct:
        return Kept()

    def on_bar(self, view: View) -> Wish:
        view.memory.last = [np.float64(view.close), np.arange(2)]
        return None


def test_numpy_numbers_in_a_memory_are_digested() -> None:
    settings = config([])
    bot = msgspec.structs.replace(settings.bots[0], strategy=Remembers())
    desk = Desk(msgspec.structs.replace(settings, bots=(bot,)))
    desk.bar()
    assert state_digest(desk.state)


class Clock(Strategy):
    """Remembers the time that it reads at every callback."""

    def memory(self) -> msgspec.Struct:
        return Times()

    def on_bar(self, view: View) -> Wish:
        view.memory.seen.append(view.now_ns)
        return None

    def on_quote(self, view: View, quote: QuoteTick) -> Wish:
        view.memory.seen.append(view.now_ns)
        return None


class Times(msgspec.Struct):
    seen: list[int] = []


def test_the_time_is_that_of_what_is_asked_about() -> None:
    settings = config([None])
    bots = (msgspec.structs.replace(settings.bots[0], strategy=Clock()),)
    desk = Desk(msgspec.structs.replace(settings, bots=bots))
    desk.take(QuoteTick("BTC-USD", MINUTE_NS // 2, 9_990, 1, 10_010, 1))
    desk.bar()
    desk.take(QuoteTick("BTC-USD", MINUTE_NS + 7, 9_990, 1, 10_010, 1))
    desk.bar()
    (seat,) = desk.state.bots["a"].seats
    assert seat.view.memory.seen == [MINUTE_NS // 2, MINUTE_NS, MINUTE_NS + 7, 2 * MINUTE_NS]
