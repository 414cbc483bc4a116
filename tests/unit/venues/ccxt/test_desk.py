"""The desks over an exchange that behaves: what is sent, what is found again, and what nobody can say for certain."""

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from tests.unit.venues.ccxt import fakes
from tests.unit.venues.ccxt.fakes import FakeExchange, client_of
from tradewind.model.errors import AuthenticationFailed, ConfigError, MalformedAnswer, OutcomeUnknown, VenueRejected
from tradewind.model.fees import FeeTier
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.model.venue import CancelRefused, CancelTaken, InDoubt, Placed, PlaceRefused, VenueOrderStatus
from tradewind.venues.ccxt.desk import CcxtDesk, ports_of
from tradewind.venues.ccxt.quirks import PLAIN, Quirks

T = TypeVar("T")
HOUR_MS = 3_600_000
NOW_MS = 1_700_000_000_000
PLACED = ("create_order", ("BTC/USDT", "limit", "buy", "1.5", "50000", {"clientOrderId": "mine"}))


def ask(question: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(question)


def desk_at(exchange: FakeExchange, quirks: Quirks = PLAIN) -> CcxtDesk:
    return CcxtDesk(client_of(exchange, quirks))


def order(name: str = "mine", kind: OrderKind = OrderKind.LIMIT, **terms: Any) -> OrderRequest:
    return OrderRequest(
        name, "BTC-USDT", Side.BUY, kind, terms.pop("quantity", 150_000), **{"price": 5_000_000, **terms}
    )


def writes(exchange: FakeExchange) -> list[str]:
    return [name for name, _ in exchange.calls if name in {"create_order", "cancel_order", "edit_order"}]


# -- placing ---------------------------------------------------------------------------------------------------------


def test_an_order_is_placed_found_edited_and_cancelled() -> None:
    exchange = FakeExchange()
    desk = desk_at(exchange)
    assert ask(desk.orders.place(order())) == Placed("v1", NOW_MS * 10**6)
    assert PLACED in exchange.calls
    [live] = ask(desk.orders.open_orders("BTC-USDT"))
    assert (live.client_id, live.quantity) == ("mine", Decimal("1.5"))
    assert ask(desk.orders.edit("mine", quantity=Decimal(2))) == Placed("v1", NOW_MS * 10**6)
    assert exchange.calls[-1] == ("edit_order", ("v1", "BTC/USDT", "limit", "buy", "2", "50000"))
    assert ask(desk.orders.cancel(["mine", "other"])) == {
        "mine": CancelTaken(),
        "other": CancelRefused("ORDER_NOT_FOUND"),
    }
    assert ("cancel_order", ("v1", "BTC/USDT")) in exchange.calls
    found = ask(desk.orders.find("mine"))
    assert found is not None
    assert found.status is VenueOrderStatus.CANCELED


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (order(price=5_000_000, quantity=1), "BELOW_MINIMUM_SIZE"),
        (order(price=100, quantity=2), "BELOW_MINIMUM_NOTIONAL"),
        (order(kind=OrderKind.TRAILING_STOP, trail=5), "UNSUPPORTED_ORDER"),
        (OrderRequest("mine", "NOPE-USD", Side.BUY, OrderKind.MARKET, 5), "UNKNOWN_PRODUCT"),
        (OrderRequest("mine", "BTC-USD-BTC-PERP", Side.BUY, OrderKind.MARKET, 5), "NOT_SENT"),
    ],
)
def test_what_would_be_refused_is_not_sent(request_: OrderRequest, reason: str) -> None:
    exchange = FakeExchange()
    answer = ask(desk_at(exchange).orders.place(request_))
    assert isinstance(answer, PlaceRefused)
    assert (answer.reason, writes(exchange)) == (reason, [])


def test_without_a_key_nothing_is_sent() -> None:
    exchange = FakeExchange()
    exchange.apiKey = ""
    desk = desk_at(exchange)
    answer = ask(desk.orders.place(order()))
    assert isinstance(answer, PlaceRefused)
    assert (answer.reason, writes(exchange)) == ("UNAUTHORIZED", [])
    with pytest.raises(AuthenticationFailed):
        ask(desk.account.balances())


def test_an_emulated_stop_says_so() -> None:
    desk = desk_at(FakeExchange())
    ask(desk.orders.place(order(kind=OrderKind.STOP_MARKET, price=None, stop=6_000_000)))
    assert desk.orders.emulations == {"mine": "stop-market as stop-limit 5 % beyond the stop"}


@pytest.mark.parametrize("after", [False, True])
def test_a_dropped_answer_is_in_doubt_and_then_known(after: bool) -> None:
    exchange = FakeExchange()
    exchange.failing["create_order"] = (fakes.RequestTimeout("10 s"), after)
    desk = desk_at(exchange)
    assert isinstance(ask(desk.orders.place(order("first"))), InDoubt)
    exchange.failing.clear()
    desk.orders.names_proven = True
    found = ask(desk.orders.find("first"))
    assert (found is not None) == after
    assert writes(exchange) == ["create_order"], "never sent again"


def test_a_refusal_is_certain() -> None:
    exchange = FakeExchange()
    exchange.failing["create_order"] = (fakes.InsufficientFunds("poor"), False)
    answer = ask(desk_at(exchange).orders.place(order()))
    assert answer == PlaceRefused("INSUFFICIENT_FUNDS", "fake create_order: poor")


def test_a_name_that_is_taken_is_the_order_that_was_sent_or_a_refusal() -> None:
    exchange = FakeExchange()
    desk = desk_at(exchange)
    ask(desk.orders.place(order()))
    exchange.failing["create_order"] = (fakes.DuplicateOrderId("mine"), False)
    assert ask(desk.orders.place(order())) == Placed("v1", NOW_MS * 10**6)
    other = ask(desk.orders.place(order(quantity=160_000)))
    assert isinstance(other, PlaceRefused)
    assert other.reason == "CLIENT_ID_REUSED"


def test_an_answer_without_or_with_another_name_is_in_doubt() -> None:
    class Vague(FakeExchange):
        async def create_order(self, *terms: Any) -> dict[str, Any]:
            return {**await super().create_order(*terms), **self.answer}

    exchange = Vague()
    desk = desk_at(exchange)
    for exchange.answer in ({"id": None}, {"clientOrderId": "another"}):
        assert isinstance(ask(desk.orders.place(order())), InDoubt)


# -- looking ---------------------------------------------------------------------------------------------------------


def test_nobody_is_absent_where_names_are_not_carried() -> None:
    exchange = FakeExchange(carries_names=False)
    desk = desk_at(exchange)
    assert isinstance(ask(desk.orders.place(order())), Placed)
    found = ask(desk.orders.find("mine"))
    assert found is not None
    assert found.client_id == "mine", "the venue leaves it out, and we know it"
    with pytest.raises(OutcomeUnknown, match="not shown that its orders carry our names"):
        ask(desk.orders.find("lost"))
    assert isinstance(ask(desk.orders.cancel(["lost"]))["lost"], InDoubt)


def test_nobody_is_absent_from_a_list_that_is_cut_off() -> None:
    exchange = FakeExchange()
    desk = desk_at(exchange)
    for number in range(101):
        ask(desk.orders.place(order(f"n{number}")))
    assert ask(desk.orders.find("n100")) is not None, "known by the venue's name"
    fresh = desk_at(exchange)
    fresh.orders.names_proven = True
    with pytest.raises(OutcomeUnknown, match="only a part"):
        ask(fresh.orders.find("lost"))


def test_pages_go_on_where_the_last_one_ended() -> None:
    exchange = FakeExchange()
    exchange.trades = [
        {
            "id": f"t{number}",
            "order": "v1",
            "symbol": "BTC/USDT",
            "side": "buy",
            "amount": "1",
            "price": "5",
            "timestamp": NOW_MS + number,
            "fee": {"cost": "0.1", "currency": "USDT"},
        }
        for number in range(250)
    ]
    desk = desk_at(exchange)
    found = ask(desk.orders.fills(NOW_MS * 10**6))
    assert [fill.fill_id for fill in found] == [f"t{number}" for number in range(250)]
    assert len(ask(desk.orders.fills((NOW_MS + 240) * 10**6, "v1"))) == 10
    assert ask(desk.orders.fills(NOW_MS * 10**6, "v2")) == ()


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (fakes.CancelPending("wait"), CancelTaken()),
        (fakes.OrderNotFound("gone"), CancelRefused("ORDER_NOT_FOUND")),
        (fakes.ExchangeNotAvailable("503"), InDoubt("fake cancel_order: 503")),
    ],
)
def test_cancels(error: Exception, answer: object) -> None:
    exchange = FakeExchange()
    exchange.failing["cancel_order"] = (error, False)
    assert ask(desk_at(exchange).orders.cancel_venue_orders(["v9"])) == {"v9": answer}


# -- the market and the account --------------------------------------------------------------------------------------


def candles(*hours: int) -> list[list[Any]]:
    return [[hour * HOUR_MS, "5", "6", "4", "5.5", "1"] for hour in hours]


@pytest.mark.parametrize(
    ("there", "opened"),
    [(range(10, 20), range(10, 18)), ([10, 11, 16, 17], [10, 11, 16, 17]), ([], []), ([30, 31], [])],
)
def test_candles_are_whole_whatever_a_page_is(there: Any, opened: Any) -> None:
    exchange = FakeExchange(now_ms=40 * HOUR_MS)
    exchange.candles = candles(*there)
    hour_ns = HOUR_MS * 10**6
    found = ask(desk_at(exchange).market.candles("BTC-USDT", hour_ns, 10 * hour_ns, 18 * hour_ns))
    assert [bar.open_ns // hour_ns for bar in found] == list(opened)


def test_the_open_candle_is_left_out() -> None:
    exchange = FakeExchange(now_ms=13 * HOUR_MS - 1)
    exchange.candles = candles(10, 11, 12)
    hour_ns = HOUR_MS * 10**6
    found = ask(desk_at(exchange).market.candles("BTC-USDT", hour_ns, 10 * hour_ns, 18 * hour_ns))
    assert [bar.open_ns // hour_ns for bar in found] == [10, 11]


def test_lengths_that_there_are() -> None:
    desk = desk_at(FakeExchange())
    assert desk.market.interval_of(60 * 10**9) == "1m"
    with pytest.raises(ConfigError, match=r"candles of 1m, 1h only"):
        desk.market.interval_of(120 * 10**9)


def test_rates_are_the_highest_of_what_is_traded() -> None:
    desk = desk_at(FakeExchange())
    ask(desk.market.instrument("BTC-USDT"))
    assert ask(desk.account.fee_rates()) == FeeTier(Decimal(0), Decimal("0.001"), Decimal("0.002"))


def test_what_ccxt_has_no_word_for_is_refused() -> None:
    exchange = FakeExchange()
    exchange.has["fetchTime"] = False
    desk = desk_at(exchange)
    for question in (desk.account.permissions(), desk.account.volume_30d(), desk.market.server_time_ns()):
        with pytest.raises(VenueRejected) as error:
            ask(question)  # type: ignore[arg-type]
        assert error.value.reason == "UNSUPPORTED"


def test_an_answer_that_breaks_ccxt_is_malformed() -> None:
    exchange = FakeExchange()
    exchange.failing["fetch_time"] = (TypeError("'NoneType' object is not subscriptable"), False)
    with pytest.raises(MalformedAnswer, match="ccxt could not read it"):
        ask(desk_at(exchange).market.server_time_ns())


def test_a_desk_is_its_ports_and_closes() -> None:
    exchange = FakeExchange()
    desk = desk_at(exchange)
    assert ports_of(desk) == (desk.market, desk.account, desk.orders)
    ask(desk.close())
    assert exchange.closed
