"""What is bare is seen, timed, and acted on once."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from tradewind.app.live.coverage import Bare, Coverage
from tradewind.app.live.covers import Phase
from tradewind.app.live.exits import ProtectingRules
from tradewind.app.live.protecting import Protecting
from tradewind.engine.order_truth import OrderTruth
from tradewind.model.effects import SubmitOrder
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import Exits
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.model.venue import InDoubt, Placed
from tradewind.orders.order import Order, OrderRole

BTC = define_instrument("BTC-USD")
S = 1_000_000_000
STOP = OrderRequest("e-sl", "BTC-USD", Side.SELL, OrderKind.STOP_MARKET, 100, stop=9_000, oco="e-exits")


class Stage:
    """A bot with a position of a hundred units, its stop, and what the venue has said of that."""

    def __init__(self, *, exits: Exits | None = None, orders: Sequence[Order] = ()) -> None:
        self.protecting = Protecting({"BTC-USD": BTC}, ProtectingRules())
        self.truth = OrderTruth([BTC])
        self.working = {order.request.order_id: order for order in orders}
        entry = OrderRequest("e", "BTC-USD", Side.BUY, OrderKind.MARKET, 100)
        self.seat = SimpleNamespace(
            view=SimpleNamespace(position=100),
            cover=(entry, exits or Exits(stop_loss=0.1), 10_000),
            market=SimpleNamespace(id="BTC-USD", instrument=BTC, mark=10_000),
            working=self.working,
        )
        bot = SimpleNamespace(id="a", seats=[self.seat])
        self.coverage = Coverage(cast(Any, SimpleNamespace(bots={"a": bot})), self.protecting, self.truth)

    def protect(self, quantity: int = 100) -> None:
        order = Order(STOP, (), OrderRole.PROTECTION, 1, quantity)
        self.working["e-sl"] = order
        self.protecting.take([SubmitOrder(STOP)], 1)
        sent = OrderRequest("e-sl", "BTC-USD", Side.SELL, OrderKind.STOP_LIMIT, 100, 8_955, 9_000)
        self.truth.sending(sent, 1)

    def bare(self, marks: tuple[str, ...] = ("BTC-USD",), now_s: int = 1) -> int:
        return sum(each.quantity for each in self.coverage.look(marks, now_s * S))


def test_a_stop_covers_from_the_venues_word_on() -> None:
    stage = Stage()
    assert stage.bare() == 100
    stage.protect()
    assert stage.bare() == 100  # sent, and nobody has said that it is there
    stage.truth.answered("e-sl", Placed("v"), 2)
    assert stage.bare() == 0


def test_a_stop_in_doubt_covers_nothing() -> None:
    stage = Stage()
    stage.protect()
    stage.truth.answered("e-sl", InDoubt("timeout"), 2)
    assert stage.bare() == 100


def test_what_is_watched_covers_while_the_price_may_be_believed() -> None:
    stage = Stage()
    stage.protect()
    (cover,) = stage.protecting.covers.all()
    cover.phase, cover.at_venue = Phase.WATCHED, None
    assert stage.bare() == 0
    assert stage.bare(marks=()) == 100


def test_nothing_is_missed_where_nothing_is_wanted_or_the_position_is_about_to_change() -> None:
    assert Stage(exits=Exits(take_profit=0.1)).bare() == 0
    closing = Order(OrderRequest("c", "BTC-USD", Side.SELL, OrderKind.MARKET, 100), (), OrderRole.CLOSING, 1, 100)
    assert Stage(orders=[closing]).bare() == 0
    flat = Stage()
    flat.seat.view.position = 0
    assert flat.bare() == 0


def test_it_is_acted_on_once_and_again_after_it_was_covered() -> None:
    stage, acted = Stage(), list[Bare]()

    def look(now_s: int) -> None:
        bare = stage.coverage.look((), now_s * S)
        stage.coverage.overdue(bare, now_s * S, 5 * S, acted.append)

    for now_s in (1, 6, 7, 8):
        look(now_s)
    assert [(each.bot, each.quantity, each.since_ns) for each in acted] == [("a", 100, S)]
    stage.seat.view.position = 0
    look(9)
    stage.seat.view.position = 100
    look(10)
    look(16)
    assert len(acted) == 2
