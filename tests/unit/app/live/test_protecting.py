"""Exits at a venue that lacks them: what is sent, what the engine hears, and what happens when a stop does not fill."""

from collections.abc import Iterable
from decimal import Decimal

from tradewind.app.live.acts import Act, Note, Send, Tell, Withdraw
from tradewind.app.live.covers import Phase
from tradewind.app.live.exits import ProtectingRules
from tradewind.app.live.protecting import Protecting
from tradewind.model import answers as a
from tradewind.model.effects import CancelOrder, SubmitOrder
from tradewind.model.instrument import define_instrument
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import VenueOrder, VenueOrderStatus
from tradewind.orders.lifecycle import OrderStatus
from tradewind.orders.order import Order, OrderRole

BTC = define_instrument("BTC-USD")
S = 1_000_000_000
ENTRY = OrderRequest("e", "BTC-USD", Side.BUY, OrderKind.MARKET, 100)


def child(suffix: str, kind: OrderKind, *, after: str | None = "e", **terms: int) -> OrderRequest:
    return OrderRequest(f"e-{suffix}", "BTC-USD", Side.SELL, kind, 100, oco="e-exits", after=after, **terms)


STOP = child("sl", OrderKind.STOP_MARKET, stop=9_000)
TARGET = child("tp", OrderKind.LIMIT, price=11_000)
TRAIL = child("ts", OrderKind.TRAILING_STOP, trail=500)


class Stage:
    """A `Protecting` with its time, and the acts it asked for."""

    def __init__(self) -> None:
        self.protecting = Protecting({"BTC-USD": BTC}, ProtectingRules())
        self.now = 0
        self.fills = 0

    def submit(self, *requests: OrderRequest) -> list[Act]:
        return self.protecting.take([SubmitOrder(each) for each in requests], self.now)

    def cancel(self, order_id: str) -> list[Act]:
        return self.protecting.take([CancelOrder(order_id)], self.now)

    def hear(self, event: a.VenueAnswer) -> list[Act]:
        return self.protecting.hear(event, self.now)

    def fill(self, order_id: str, quantity: int, price: int, side: Side = Side.SELL) -> list[Act]:
        self.fills += 1
        return self.hear(fill(order_id, quantity, price, side, f"f{self.fills}"))

    def mark(self, price: int, seconds: float = 0) -> list[Act]:
        self.now += int(seconds * S)
        return self.protecting.step({"BTC-USD": price}, self.now)

    def entered(self, *children: OrderRequest) -> list[Act]:
        self.submit(ENTRY, *children)
        return self.fill("e", 100, 10_000, Side.BUY)


def fill(order_id: str, quantity: int, price: int, side: Side, name: str) -> a.OrderFilled:
    return a.OrderFilled(order_id, name, 0, "BTC-USD", side, quantity, price, Liquidity.TAKER, Decimal(0))


def sent(acts: Iterable[Act]) -> list[OrderRequest]:
    return [act.request for act in acts if isinstance(act, Send)]


def told(acts: Iterable[Act]) -> list[tuple[str, str]]:
    return [
        (type(act.event).__name__, act.event.order_id)
        for act in acts
        if isinstance(act, Tell)
        and not isinstance(act.event, a.CashTransferred | a.FundingPaid | a.FundingAccrued | a.PositionLiquidated)
    ]


def withdrawn(acts: Iterable[Act]) -> list[str]:
    return [act.client_id for act in acts if isinstance(act, Withdraw)]


def test_what_the_venue_has_passes_through() -> None:
    stage = Stage()
    assert sent(stage.submit(ENTRY)) == [ENTRY]
    accepted = a.OrderAccepted("e", 0, 100)
    assert stage.hear(accepted) == [Tell(accepted)]
    assert stage.cancel("e") == [Withdraw("e")]


def test_an_order_of_an_amount_is_refused_and_nothing_of_it_leaves() -> None:
    for by_amount in (
        OrderRequest("q", "BTC-USD", Side.BUY, OrderKind.MARKET, None, quote_quantity=Decimal(100)),
        OrderRequest("q", "BTC-USD", Side.BUY, OrderKind.MARKET, None, maximum=True),
    ):
        acts = Stage().submit(by_amount)
        assert sent(acts) == []
        assert told(acts) == [("OrderRejected", "q")]
        assert [act.name for act in acts if isinstance(act, Note)] == ["unsized"]


def test_a_stop_waits_for_its_entry_and_becomes_a_stop_limit() -> None:
    stage = Stage()
    assert sent(stage.submit(ENTRY, STOP)) == [ENTRY]
    acts = stage.fill("e", 100, 10_000, Side.BUY)
    assert ("OrderTriggered", "e-sl") in told(acts)
    assert sent(acts) == [OrderRequest("e-sl", "BTC-USD", Side.SELL, OrderKind.STOP_LIMIT, 100, 8_955, 9_000)]
    assert told(stage.hear(a.OrderAccepted("e-sl", 0, 100))) == [("OrderAccepted", "e-sl")]


def test_stop_and_target_are_one_bracket_and_its_fill_is_booked_on_the_leg_it_belongs_to() -> None:
    stage = Stage()
    acts = stage.entered(STOP, TARGET)
    assert sent(acts) == [OrderRequest("e-sl", "BTC-USD", Side.SELL, OrderKind.LIMIT, 100, 11_000, 9_000)]
    assert told(stage.fill("e-sl", 30, 11_000)) == [("OrderFilled", "e-tp")]
    assert told(stage.fill("e-sl", 70, 8_990)) == [
        ("OrderFilled", "e-sl"), ("OrderCanceled", "e-sl"), ("OrderCanceled", "e-tp"),
    ]  # fmt: skip
    assert stage.protecting.covers.all() == []


def test_a_leg_that_filled_whole_ends_by_itself() -> None:
    stage = Stage()
    stage.entered(STOP, TARGET)
    assert told(stage.fill("e-sl", 100, 11_000)) == [("OrderFilled", "e-tp"), ("OrderCanceled", "e-sl")]


def test_children_die_with_an_entry_that_did_not_fill() -> None:
    stage = Stage()
    stage.submit(ENTRY, STOP, TARGET)
    acts = stage.hear(a.OrderCanceled("e", 0, "IOC"))
    assert told(acts) == [("OrderCanceled", "e"), ("OrderCanceled", "e-sl"), ("OrderCanceled", "e-tp")]
    assert {
        act.event.reason for act in acts[1:] if isinstance(act, Tell) and isinstance(act.event, a.OrderCanceled)
    } == {"PARENT_NOT_FILLED"}


def test_a_stop_that_was_jumped_is_repriced_once_then_crosses() -> None:
    stage = Stage()
    stage.entered(STOP)
    assert told(stage.mark(8_500)) == [("OrderTriggered", "e-sl")]
    assert stage.mark(8_500, 1.9) == []
    assert withdrawn(stage.mark(8_500, 0.2)) == ["e-sl"]
    stage.fill("e-sl", 10, 8_960)
    (first,) = sent(stage.hear(a.OrderCanceled("e-sl", 0, "USER")))
    assert first == OrderRequest("e-sl-x1", "BTC-USD", Side.SELL, OrderKind.LIMIT, 90, 8_820, None, TimeInForce.IOC)
    (second,) = sent(stage.hear(a.OrderCanceled("e-sl-x1", 0, "IOC")))
    assert (second.order_id, second.kind, second.quantity) == ("e-sl-x2", OrderKind.MARKET, 90)
    acts = stage.fill("e-sl-x2", 90, 8_490)
    assert told(acts) == [("OrderFilled", "e-sl")]
    assert stage.protecting.exits.escalations == 1


def test_a_late_fill_of_a_replaced_order_still_counts() -> None:
    stage = Stage()
    stage.entered(STOP)
    stage.mark(8_500)
    stage.mark(8_500, 3)
    stage.hear(a.OrderCanceled("e-sl", 0, "USER"))
    assert told(stage.fill("e-sl", 25, 8_970)) == [("OrderFilled", "e-sl")]
    (cover,) = stage.protecting.covers.all()
    assert cover.remaining == 75


def test_a_trailing_stop_is_watched_here_and_crosses() -> None:
    stage = Stage()
    acts = stage.entered(TRAIL)
    assert sent(acts) == []
    assert ("OrderAccepted", "e-ts") in told(acts)
    assert stage.mark(10_000) == stage.mark(10_800) == stage.mark(10_301) == []
    acts = stage.mark(10_300)
    assert told(acts) == [("OrderTriggered", "e-ts")]
    (market,) = sent(acts)
    assert (market.order_id, market.kind, market.quantity) == ("e-ts", OrderKind.MARKET, 100)


def test_a_trailing_stop_beside_a_bracket_withdraws_it_first() -> None:
    stage = Stage()
    stage.entered(STOP, TARGET, TRAIL)
    stage.mark(10_400)
    acts = stage.mark(9_900)
    assert told(acts) == [("OrderTriggered", "e-ts")]
    assert withdrawn(acts) == ["e-sl"]
    (market,) = sent(stage.hear(a.OrderCanceled("e-sl", 0, "USER")))
    assert (market.order_id, market.kind) == ("e-sl-x1", OrderKind.MARKET)
    assert told(stage.fill("e-sl-x1", 100, 9_890)) == [
        ("OrderFilled", "e-ts"), ("OrderCanceled", "e-sl"), ("OrderCanceled", "e-tp"),
    ]  # fmt: skip


def test_the_engine_cancels_all_legs_at_once_and_hears_of_each() -> None:
    stage = Stage()
    stage.entered(STOP, TARGET)
    assert withdrawn(stage.cancel("e-sl")) == ["e-sl"]
    assert stage.cancel("e-tp") == []
    acts = stage.hear(a.OrderCanceled("e-sl", 0, "USER"))
    assert told(acts) == [("OrderCanceled", "e-sl"), ("OrderCanceled", "e-tp")]


def test_a_cover_that_waits_is_canceled_without_the_venue() -> None:
    stage = Stage()
    stage.submit(ENTRY, STOP)
    assert told(stage.cancel("e-sl")) == [("OrderCanceled", "e-sl")]
    assert sent(stage.fill("e", 100, 10_000, Side.BUY)) == []


def test_what_the_venue_refuses_is_watched_and_says_so() -> None:
    stage = Stage()
    stage.entered(STOP)
    acts = stage.hear(a.OrderRejected("e-sl", 0, "INSUFFICIENT_FUND"))
    assert [act.name for act in acts if isinstance(act, Note)] == ["protection_refused"]
    assert stage.protecting.covers.all()[0].phase is Phase.WATCHED
    (market,) = sent(stage.mark(8_999))
    assert (market.order_id, market.kind) == ("e-sl-x1", OrderKind.MARKET)


def test_an_end_from_outside_makes_the_engine_protect_anew() -> None:
    stage = Stage()
    stage.entered(STOP)
    acts = stage.hear(a.OrderCanceled("e-sl", 0, "EXTERNAL"))
    (end,) = [act.event for act in acts if isinstance(act, Tell)]
    assert isinstance(end, a.OrderCanceled)
    assert end.reason == "REQUESTED"


def test_a_cancel_the_venue_refused_leaves_the_stop_in_force() -> None:
    stage = Stage()
    stage.entered(STOP)
    stage.cancel("e-sl")
    assert told(stage.hear(a.CancelRejected("e-sl", 0, "TOO_LATE"))) == [("CancelRejected", "e-sl")]
    assert stage.protecting.covers.all()[0].phase is Phase.RESTING
    assert told(stage.mark(8_999)) == [("OrderTriggered", "e-sl")]


def test_a_buy_stop_is_the_mirror_image() -> None:
    stage = Stage()
    request = OrderRequest("b", "BTC-USD", Side.BUY, OrderKind.STOP_MARKET, 5, None, 10_100)
    (placed,) = sent(stage.submit(request))
    assert (placed.kind, placed.price, placed.stop) == (OrderKind.STOP_LIMIT, 10_151, 10_100)
    assert told(stage.mark(10_100)) == [("OrderTriggered", "b")]


def amended(acts: Iterable[Act]) -> list[tuple[str, int]]:
    return [
        (act.event.order_id, act.event.quantity)
        for act in acts
        if isinstance(act, Tell) and isinstance(act.event, a.OrderAmended)
    ]


def test_what_an_entry_has_filled_is_protected_at_once_and_the_rest_as_it_fills() -> None:
    stage = Stage()
    stage.submit(ENTRY, STOP, TARGET)
    acts = stage.fill("e", 40, 10_000, Side.BUY)
    assert told(acts)[0] == ("OrderFilled", "e")
    assert amended(acts) == [("e-sl", 40), ("e-tp", 40)]
    assert told(acts)[1] == ("OrderAmended", "e-sl")
    assert [(each.order_id, each.quantity) for each in sent(acts)] == [("e-sl", 40)]
    stage.hear(a.OrderAccepted("e-sl", 0, 40))
    acts = stage.fill("e", 20, 10_000, Side.BUY)
    assert (amended(acts), sent(acts), withdrawn(acts)) == ([("e-sl", 60), ("e-tp", 60)], [], [])
    assert told(acts)[-1] == ("OrderFilled", "e")  # of more to come the engine hears first
    (cover,) = stage.protecting.covers.all()
    assert (cover.remaining, cover.covered) == (60, 40)
    assert withdrawn(stage.mark(10_000, 0.5)) == []
    assert withdrawn(stage.mark(10_000, 0.5)) == ["e-sl"]  # one goes before the other comes: never both
    assert cover.covered == 40
    (larger,) = sent(stage.hear(a.OrderCanceled("e-sl", 0, "USER")))
    assert (larger.order_id, larger.quantity) == ("e-sl-x1", 60)
    assert withdrawn(stage.fill("e", 40, 10_000, Side.BUY)) == ["e-sl-x1"]  # complete: no need to wait
    (whole,) = sent(stage.hear(a.OrderCanceled("e-sl-x1", 0, "USER")))
    assert (whole.order_id, whole.quantity, cover.phase) == ("e-sl-x2", 100, Phase.RESTING)
    assert told(stage.fill("e-sl-x2", 100, 8_990)) == [("OrderFilled", "e-sl"), ("OrderCanceled", "e-tp")]


def test_an_exit_that_fills_while_it_makes_room_is_not_sent_again_for_that() -> None:
    stage = Stage()
    stage.submit(ENTRY, STOP)
    stage.fill("e", 40, 10_000, Side.BUY)
    stage.fill("e", 60, 10_000, Side.BUY)
    assert told(stage.fill("e-sl", 30, 8_990)) == [("OrderFilled", "e-sl")]
    (rest,) = sent(stage.hear(a.OrderCanceled("e-sl", 0, "USER")))
    assert (rest.order_id, rest.quantity) == ("e-sl-x1", 70)


def test_an_exit_that_fills_whole_while_it_makes_room_is_followed_by_one_for_the_rest() -> None:
    stage = Stage()
    stage.submit(ENTRY, STOP)
    stage.fill("e", 40, 10_000, Side.BUY)
    stage.fill("e", 60, 10_000, Side.BUY)
    (rest,) = sent(stage.fill("e-sl", 40, 8_990))
    assert (rest.order_id, rest.quantity) == ("e-sl-x1", 60)


def test_a_cancel_of_the_engine_beats_one_for_a_larger_order() -> None:
    stage = Stage()
    stage.submit(ENTRY, STOP)
    stage.fill("e", 40, 10_000, Side.BUY)
    stage.fill("e", 60, 10_000, Side.BUY)
    assert stage.cancel("e-sl") == []
    acts = stage.hear(a.OrderCanceled("e-sl", 0, "USER"))
    assert (told(acts), sent(acts)) == ([("OrderCanceled", "e-sl")], [])


def test_what_has_filled_stays_protected_when_the_rest_of_the_entry_is_canceled() -> None:
    stage = Stage()
    stage.submit(ENTRY, STOP)
    stage.fill("e", 40, 10_000, Side.BUY)
    acts = stage.hear(a.OrderCanceled("e", 0, "USER"))
    assert told(acts) == [("OrderCanceled", "e")]
    (cover,) = stage.protecting.covers.all()
    assert (cover.phase, cover.covered) == (Phase.RESTING, 40)
    assert told(stage.fill("e-sl", 40, 8_990)) == [("OrderFilled", "e-sl")]


def test_an_order_that_turns_a_position_is_protected_from_where_it_opens() -> None:
    stage = Stage()
    stage.submit(OrderRequest("e", "BTC-USD", Side.BUY, OrderKind.LIMIT, 150, 10_000), STOP)  # 50 close a short
    assert sent(stage.fill("e", 50, 10_000, Side.BUY)) == []
    assert [each.quantity for each in sent(stage.fill("e", 30, 10_000, Side.BUY))] == [30]


def test_a_part_below_the_venues_minimum_waits_for_more() -> None:
    stage = Stage()
    least = define_instrument("BTC-USD", min_quantity=50)
    stage.protecting = Protecting({"BTC-USD": least}, ProtectingRules())
    stage.submit(ENTRY, STOP)
    assert sent(stage.fill("e", 49, 10_000, Side.BUY)) == []
    assert [each.quantity for each in sent(stage.fill("e", 1, 10_000, Side.BUY))] == [50]


def test_what_is_refused_is_asked_for_again_a_few_times_with_one_alarm() -> None:
    stage = Stage()
    stage.entered(STOP)
    alarms, asked = 0, ["e-sl"]
    for seconds in (2, 10, 60, 600):
        acts = stage.hear(a.OrderRejected(asked[-1], 0, "INSUFFICIENT_FUND"))
        alarms += sum(isinstance(act, Note) for act in acts)
        assert sent(stage.mark(10_000, seconds - 0.1)) == []
        asked += [each.order_id for each in sent(stage.mark(10_000, 0.1))]
    assert (alarms, asked) == (1, ["e-sl", "e-sl-x1", "e-sl-x2", "e-sl-x3"])


def test_a_refused_part_is_tried_again_as_it_grows() -> None:
    stage = Stage()
    stage.submit(ENTRY, STOP)
    stage.fill("e", 40, 10_000, Side.BUY)
    stage.hear(a.OrderRejected("e-sl", 0, "INSUFFICIENT_FUND"))
    assert sent(stage.mark(10_000, 1)) == []
    (whole,) = sent(stage.fill("e", 60, 10_000, Side.BUY))
    assert (whole.order_id, whole.quantity) == ("e-sl-x1", 100)


def test_an_entry_filled_in_part_is_withdrawn_when_its_stop_is_reached() -> None:
    stage = Stage()
    stage.submit(ENTRY, STOP)
    assert stage.mark(8_000) == []
    stage.fill("e", 40, 10_000, Side.BUY)
    assert stage.mark(9_001) == []
    assert withdrawn(stage.mark(9_000)) == ["e"]
    assert stage.mark(8_900) == []
    assert told(stage.hear(a.OrderCanceled("e", 0, "USER"))) == [("OrderCanceled", "e")]
    assert told(stage.fill("e-sl", 40, 8_990)) == [("OrderFilled", "e-sl")]


# -- after a restart -------------------------------------------------------------------------------------------------


def engines(*legs: tuple[OrderRequest, int, OrderStatus]) -> list[Order]:
    """Return orders as the engine knows them: what of each was filled, and where it stands."""
    orders = []
    for number, (request, filled, status) in enumerate(legs):
        fills = (fill(request.order_id, filled, 11_000, Side.SELL, f"b{number}"),) if filled else ()
        orders.append(
            Order(request, (), OrderRole.PROTECTION, 0, 100, number=number, status=status, filled=filled, fills=fills)
        )
    return orders


def at_venue(status: VenueOrderStatus, filled: str) -> VenueOrder:
    return VenueOrder(
        client_id="e-sl", venue_id="v1", instrument="BTC-USD", side=Side.SELL, status=status,
        quantity=Decimal("0.000001"), filled=Decimal(filled), fees=Decimal(0), price=Decimal(110), stop=Decimal(90),
    )  # fmt: skip


def test_after_a_restart_a_leg_that_is_over_has_filled_what_it_filled() -> None:
    """The journal may end between the fill of one exit and the end of the other: nothing is left to sell."""
    stage = Stage()
    (cover,) = stage.protecting.restore(engines((STOP, 0, OrderStatus.OPEN), (TARGET, 100, OrderStatus.FILLED)))
    acts = stage.protecting.resume(cover, {"e-sl": at_venue(VenueOrderStatus.FILLED, "0.000001")}, 0)
    assert (sent(acts), told(acts)) == ([], [("OrderCanceled", "e-sl")])


def test_an_exit_that_executed_while_nobody_listened_is_not_sent_again() -> None:
    stage = Stage()
    (cover,) = stage.protecting.restore(engines((STOP, 0, OrderStatus.OPEN), (TARGET, 0, OrderStatus.OPEN)))
    acts = stage.protecting.resume(cover, {"e-sl": at_venue(VenueOrderStatus.FILLED, "0.000001")}, 0)
    assert acts == []
    assert told(stage.fill("e-sl", 100, 11_000)) == [("OrderFilled", "e-tp"), ("OrderCanceled", "e-sl")]
    assert stage.protecting.covers.all() == []


def test_an_exit_that_was_withdrawn_while_nobody_listened_is_put_there_again() -> None:
    stage = Stage()
    (cover,) = stage.protecting.restore(engines((STOP, 0, OrderStatus.OPEN), (TARGET, 40, OrderStatus.PARTIAL)))
    acts = stage.protecting.resume(cover, {"e-sl": at_venue(VenueOrderStatus.CANCELED, "0.0000004")}, 0)
    assert [(each.order_id, each.quantity) for each in sent(acts)] == [("e-sl-x1", 60)]


LEAVING = ((STOP, 0, OrderStatus.CANCELING), (TARGET, 0, OrderStatus.CANCELING))


def test_exits_that_the_engine_had_canceled_are_withdrawn_after_a_restart() -> None:
    """Whatever waits for their end, a flatten too, would otherwise wait for good."""
    stage = Stage()
    (cover,) = stage.protecting.restore(engines(*LEAVING))
    acts = stage.protecting.resume(cover, {"e-sl": at_venue(VenueOrderStatus.OPEN, "0")}, 0)
    assert (withdrawn(acts), sent(acts)) == (["e-sl"], [])
    ends = [("OrderCanceled", "e-sl"), ("OrderCanceled", "e-tp")]
    assert told(stage.hear(a.OrderCanceled("e-sl", 0, "REQUESTED"))) == ends


def test_exits_that_the_engine_had_canceled_and_the_venue_does_not_have_are_over_after_a_restart() -> None:
    for entry in ((), ((ENTRY, 0, OrderStatus.OPEN),)):  # also while their entry is still open
        stage = Stage()
        (cover,) = stage.protecting.restore(engines(*entry, *LEAVING))
        acts = stage.protecting.resume(cover, {}, 0)
        assert (told(acts), sent(acts)) == ([("OrderCanceled", "e-sl"), ("OrderCanceled", "e-tp")], [])
