"""The one-pass review decides what the checks, run one by one, decide."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.model.decisions import Approved, Refused, ReviewRequest, TailShape
from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.risk.limits import Limits
from tradewind.risk.review import CHECKS, Reviewer
from tradewind.risk.tail import TailLimits

SPOT = define_instrument("BTC-USD", base_increment="0.01", min_notional=Decimal(5), min_quantity=2)
PERPETUAL = define_instrument(
    "BTC-PERP",
    kind=InstrumentKind.PERPETUAL,
    base_increment="0.01",
    initial_margin=Decimal("0.1"),
    maintenance_margin=Decimal("0.05"),
)

shares = st.none() | st.decimals("0", "2", places=2) | st.just(Decimal(50))


def seldom(value: object) -> st.SearchStrategy[object]:
    """None mostly, so that the other checks get their turn."""
    return st.sampled_from([None] * 7 + [value])


def mostly(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """A value mostly, missing now and then."""
    return st.integers(0, 9).flatmap(lambda chance: st.none() if chance == 0 else values)


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    slow = draw(st.booleans())
    return Limits(
        data_age_ns_max=draw(st.none() | st.just(1000)),
        impact_bps_max=draw(st.none() | st.just(Decimal(20))) if slow else None,
        order_notional_max=draw(st.none() | st.just(Decimal(500))),
        leverage_max=draw(shares),
        instrument_notional_max=draw(st.none() | st.just(Decimal(800))),
        instrument_share_max=draw(shares),
        exposure_share_max=draw(shares),
        concentration_max=draw(shares) if slow else None,
        liquidation_buffer_min=draw(shares),
        liquidation_distance_min=draw(shares) if slow else None,
        slippage_bps_max=draw(st.none() | st.just(Decimal(50))),
        instrument_notional_caps=draw(st.just({}) | st.just({"BTC-USD": Decimal(600)})),
        instrument_orders_per_minute_max=draw(st.none() | st.just(3)),
        orders_per_minute_max=draw(st.none() | st.just(3)) if slow else None,
        seconds_between_orders_min=draw(st.none() | st.just(Decimal(1))) if slow else None,
    )


@st.composite
def requests(draw: st.DrawFn, instrument: Instrument) -> ReviewRequest:
    price = st.integers(9_000, 11_000)
    kind = draw(st.sampled_from([OrderKind.MARKET, OrderKind.LIMIT, OrderKind.STOP_MARKET]))
    order = OrderRequest(
        "o",
        instrument.id,
        draw(st.sampled_from(list(Side))),
        kind,
        draw(st.integers(-1, 8).map(lambda step: step * 25)),
        draw(price) if kind is OrderKind.LIMIT else None,
        draw(price) if kind is OrderKind.STOP_MARKET else None,
    )
    units = st.integers(-300, 300)
    mark = draw(mostly(price))
    cash = st.decimals("0", "20000", places=2)
    return ReviewRequest(
        order,
        instrument,
        ts_ns=0,
        price=None if mark is None else order.price or order.stop or mark,
        mark=mark,
        reference=draw(mostly(st.just(mark))),
        data_age_ns=draw(mostly(st.integers(0, 2000))),
        taker_rate=Decimal("0.004"),
        equity=draw(mostly(cash)),
        free_cash=draw(cash),
        free_base=draw(st.integers(0, 300)),
        position=draw(units),
        bot_position=draw(units),
        open_buys=draw(st.integers(0, 50)),
        open_sells=draw(st.integers(0, 50)),
        exposure=draw(mostly(cash)),
        halted=draw(seldom("operator")),
        reduce_only=draw(seldom("drawdown")),
        orders_minute=draw(st.integers(0, 5)),
        orders_hour=0,
        instrument_orders=draw(st.integers(0, 5)),
        orders_day=0,
        since_last_order_ns=draw(st.none() | st.integers(0, 2_000_000_000)),
        locked=draw(seldom("cooldown")),
        squares=draw(mostly(st.just(Decimal(9)))),
        tail=draw(mostly(tails)),
        impact_bps=draw(mostly(st.sampled_from([Decimal(0), Decimal(20), Decimal("20.000001")]))),
    )


worth = st.floats(0, 1e6)
tails = st.builds(TailShape, worth, st.floats(-1e3, 1e3), st.floats(0, 1), st.floats(0.5, 4))
some_share = st.none() | st.decimals("0", "1", places=3)
tail_limits = st.builds(TailLimits, var_share_max=some_share, correlation_max=some_share)


@settings(max_examples=max(1_000, settings.default.max_examples))
@given(st.data(), limits())
def test_one_pass_and_check_by_check_agree(data: st.DataObject, chosen: Limits) -> None:
    """Whatever is asked under whatever limits."""
    request = data.draw(requests(data.draw(st.sampled_from([SPOT, PERPETUAL]))))
    agreed(Reviewer(chosen, tail=data.draw(tail_limits)), request)


def agreed(reviewer: Reviewer, request: ReviewRequest) -> Approved | Refused:
    """Return what both ways of reviewing answer."""
    quick, slow = reviewer.review(request), reviewer.explain(request)
    assert quick == slow
    return quick


def asked(instrument: Instrument = SPOT, order: OrderRequest | None = None, **facts: Any) -> ReviewRequest:
    """Return a request that is approved without limits, changed by what is given."""
    usual: dict[str, Any] = {
        "ts_ns": 0, "price": 10_000, "mark": 10_000, "reference": 10_000, "data_age_ns": 0,
        "taker_rate": Decimal("0.004"), "equity": Decimal(100_000), "free_cash": Decimal(100_000), "free_base": 0,
        "position": 0, "bot_position": 0, "open_buys": 0, "open_sells": 0, "exposure": Decimal(0),
        "squares": Decimal(0),
    }  # fmt: skip
    return ReviewRequest(order or buy(), instrument, **(usual | facts))


def buy(quantity: int = 100, price: int | None = None) -> OrderRequest:
    kind = OrderKind.MARKET if price is None else OrderKind.LIMIT
    return OrderRequest("o", "i", Side.BUY, kind, quantity, price)


def only(**chosen: Any) -> Limits:
    """Return limits of which only the given ones are on."""
    return Limits(**(dict.fromkeys(Limits.__struct_fields__) | {"instrument_notional_caps": {}} | chosen))


# One request per check that this check refuses, under the limit that switches it on: which checks the drawn requests
# meet depends on what else has been imported, these do not.
REFUSED: dict[str, tuple[Limits, ReviewRequest]] = {
    "halted": (only(), asked(halted="operator")),
    "reduce_only": (only(), asked(locked="cooldown")),
    "data_age": (only(data_age_ns_max=1000), asked(data_age_ns=1001)),
    "instrument_rules": (only(), asked(order=buy(1))),
    "funds": (only(), asked(free_cash=Decimal(1))),
    "impact": (only(impact_bps_max=Decimal(10)), asked(impact_bps=Decimal(11))),
    "order_notional": (only(order_notional_max=Decimal(50)), asked()),
    "leverage": (only(leverage_max=Decimal(1)), asked(equity=Decimal(50))),
    "liquidation_buffer": (only(liquidation_buffer_min=Decimal(1)), asked(PERPETUAL, equity=Decimal(50))),
    "instrument_notional": (only(instrument_notional_max=Decimal(50)), asked()),
    "instrument_share": (only(instrument_share_max=Decimal("0.5")), asked(equity=Decimal(50))),
    "total_exposure": (only(exposure_share_max=Decimal(1)), asked(exposure=Decimal(200_000))),
    "concentration": (only(concentration_max=Decimal("0.5")), asked()),
    "projected_liquidation": (
        only(liquidation_distance_min=Decimal("0.5")),
        asked(PERPETUAL, equity=Decimal(50)),
    ),
    "slippage_guard": (only(slippage_bps_max=Decimal(50)), asked(order=buy(price=11_000), price=11_000)),
    "instrument_orders_per_minute": (only(instrument_orders_per_minute_max=3), asked(instrument_orders=3)),
    "orders_per_minute": (only(orders_per_minute_max=3), asked(orders_minute=3)),
    "orders_per_hour": (only(orders_per_hour_max=3), asked(orders_hour=3)),
    "orders_per_day": (only(orders_per_day_max=3), asked(orders_day=3)),
    "order_spacing": (only(seconds_between_orders_min=Decimal(1)), asked(since_last_order_ns=1)),
}


def test_every_check_has_its_request() -> None:
    assert list(REFUSED) == [name for name, _, _ in CHECKS]


@pytest.mark.parametrize("name", REFUSED)
def test_both_refuse_what_one_check_refuses(name: str) -> None:
    chosen, request = REFUSED[name]
    answer = agreed(Reviewer(chosen), request)
    assert isinstance(answer, Refused)
    assert name in [finding.check for finding in answer.findings]


def test_both_approve_what_nothing_speaks_against() -> None:
    assert isinstance(agreed(Reviewer(only()), asked()), Approved)


@pytest.mark.parametrize("fact", ["price", "mark", "equity", "exposure", "data_age_ns"])
def test_both_refuse_where_a_number_is_missing(fact: str) -> None:
    chosen = only(data_age_ns_max=1000, leverage_max=Decimal(1))
    answer = agreed(Reviewer(chosen), asked(**{fact: None}))
    assert isinstance(answer, Refused)
    assert "missing" in [finding.number for finding in answer.findings]
