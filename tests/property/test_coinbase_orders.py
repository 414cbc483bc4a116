"""Orders on their way to Coinbase and back: what is sent is what is told; and the budget never overdraws."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.venue import Placed, PlaceRefused
from tradewind.venues.coinbase.incoming import venue_order
from tradewind.venues.coinbase.limits import SECOND_NS, RateBudget
from tradewind.venues.coinbase.outgoing import SIDES, Outgoing, outgoing_order
from tradewind.venues.coinbase.requests import create_order
from tradewind.venues.coinbase.verdicts import Sent, place_verdict
from tradewind.venues.coinbase.wire.orders import CreateOrder, Order
from tradewind.venues.coinbase.wire.values import parse, read_values
from tradewind.venues.terms import refusal_before_sending

KIND_WORDS = {OrderKind.MARKET: "market", OrderKind.LIMIT: "limit", OrderKind.STOP_LIMIT: "stop_limit"}
increments = st.sampled_from(["1", "0.5", "0.25", "0.1", "0.05", "0.01", "0.00001", "0.00000001", "5", "100"])


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    kind = draw(st.sampled_from(list(InstrumentKind)))
    tick, lot = draw(increments), draw(increments)
    finer = {"price_decimals": draw(st.integers(0, 10)), "quantity_decimals": draw(st.integers(0, 10))}
    return define_instrument("BTC-USD", kind=kind, price_increment=tick, base_increment=lot, **finer)


@st.composite
def orders(draw: st.DrawFn, instrument: Instrument) -> OrderRequest:
    kind = draw(st.sampled_from(list(OrderKind)))
    units = st.integers(1, 10**9)
    priced = kind in {OrderKind.LIMIT, OrderKind.STOP_LIMIT}
    stopped = kind in {OrderKind.STOP_LIMIT, OrderKind.STOP_MARKET}
    return OrderRequest(
        draw(st.text("abcdef-0123456789", min_size=1, max_size=40)),
        instrument.id,
        draw(st.sampled_from(list(Side))),
        kind,
        draw(units) * instrument.lot,
        draw(units) * instrument.tick if priced else None,
        draw(units) * instrument.tick if stopped else None,
        draw(st.sampled_from(list(TimeInForce))),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.none() | st.integers(1, 4 * 10**18)),
    )


def at_the_venue(request: OrderRequest, form: Outgoing) -> Order:
    """The order as the venue lists it after it read what was sent, byte for byte."""
    sent = create_order(request.order_id, request.instrument, SIDES[request.side], form.configuration)
    assert sent.payload is not None
    body = parse(sent.payload)
    return read_values(Order, {**body, "order_id": "v", "status": "OPEN"})


@given(st.data())
def test_an_order_comes_back_as_it_went(data: st.DataObject) -> None:
    instrument = data.draw(instruments())
    request = data.draw(orders(instrument))
    form = outgoing_order(request, instrument)
    assert refusal_before_sending(request, instrument, None) is None
    if isinstance(form, PlaceRefused):
        assert form.reason == "UNSUPPORTED_ORDER"
        return
    told = venue_order(at_the_venue(request, form))
    assert (told.client_id, told.instrument, told.side) == (request.order_id, request.instrument, request.side)
    assert request.quantity is not None
    assert told.quantity == instrument.quantity_decimal(request.quantity)
    if request.kind is not OrderKind.STOP_MARKET:
        assert told.kind == KIND_WORDS[request.kind]
        assert told.price == (None if request.price is None else instrument.price_decimal(request.price))
    assert told.stop == (None if request.stop is None else instrument.price_decimal(request.stop))
    assert told.post_only == request.post_only
    assert told.reduce_only == (request.reduce_only and not instrument.is_spot)
    if request.kind is not OrderKind.MARKET:
        assert told.time_in_force == request.time_in_force.value
    if request.time_in_force is TimeInForce.GTD and request.expire_ns is not None:
        assert (told.expire_ns or 0) == request.expire_ns // 1_000 * 1_000


@given(st.data())
def test_a_stop_markets_limit_lies_beyond_the_stop_on_the_tick(data: st.DataObject) -> None:
    instrument = data.draw(instruments())
    side, stop = data.draw(st.sampled_from(list(Side))), data.draw(st.integers(1, 10**9)) * instrument.tick
    request = OrderRequest("x", instrument.id, side, OrderKind.STOP_MARKET, instrument.lot, None, stop)
    form = outgoing_order(request, instrument)
    assert isinstance(form, Outgoing)
    told = venue_order(at_the_venue(request, form))
    assert told.price is not None
    units = instrument.price_units(told.price)
    assert units % instrument.tick == 0
    assert units > 0
    assert units >= stop if side is Side.BUY else units <= stop


@given(st.data())
def test_the_venues_answer_is_recognised_and_any_other_order_is_not(data: st.DataObject) -> None:
    instrument = data.draw(instruments())
    request, other = data.draw(orders(instrument)), data.draw(orders(instrument))
    form, strange = outgoing_order(request, instrument), outgoing_order(other, instrument)
    if isinstance(form, PlaceRefused) or isinstance(strange, PlaceRefused):
        return
    sent = Sent(request.order_id, request.instrument, request.side, form.configuration)

    def verdict(about: OrderRequest, configuration: object) -> object:
        response = {"order_id": "v", "product_id": about.instrument, "side": SIDES[about.side]}
        named = {**response, "client_order_id": request.order_id}
        answer = {"success": True, "success_response": named, "order_configuration": configuration}
        return place_verdict(sent, read_values(CreateOrder, answer))

    assert verdict(request, form.configuration) == Placed("v")
    same = other.side is request.side and at_the_venue(request, form).order_configuration == (
        at_the_venue(request, strange).order_configuration
    )
    differs = not same and sizes(strange) != sizes(form)
    if differs or other.side is not request.side:
        assert isinstance(verdict(other, strange.configuration), PlaceRefused)


def sizes(form: Outgoing) -> object:
    """Kind, sizes and prices: what two orders of one name are told apart by."""
    ((kind, terms),) = form.configuration.items()
    named = ("base_size", "quote_size", "limit_price", "stop_price")
    return kind, [Decimal(terms[name]) if name in terms else None for name in named]


@given(
    st.lists(st.tuples(st.integers(0, SECOND_NS), st.booleans(), st.sampled_from([200, 200, 200, 429])), max_size=120),
    st.floats(1.0, 50.0),
)
def test_no_window_of_a_second_holds_more_than_burst_and_rate(
    wishes: list[tuple[int, bool, int]], per_s: float
) -> None:
    budget, now_ns, moments = RateBudget(per_s), 0, []
    for pause_ns, urgent, status in wishes:
        now_ns += pause_ns
        while wait_ns := budget.take(now_ns, urgent=urgent):
            assert wait_ns > 0
            now_ns += wait_ns
        moments.append(now_ns)
        budget.learn({}, status, now_ns)
    for start in moments:
        inside = sum(1 for each in moments if start <= each < start + SECOND_NS)
        assert inside <= budget.burst + per_s + 1
