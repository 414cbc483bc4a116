"""The one-pass review decides what the checks, run one by one, decide."""

from collections import Counter
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.model.decisions import Approved, Refused, ReviewRequest
from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.risk.limits import Limits
from tradewind.risk.review import CHECKS, Reviewer

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
        order_notional_max=draw(st.none() | st.just(Decimal(500))),
        leverage_max=draw(shares),
        instrument_notional_max=draw(st.none() | st.just(Decimal(800))),
        instrument_share_max=draw(shares),
        exposure_share_max=draw(shares),
        concentration_max=draw(shares) if slow else None,
        liquidation_buffer_min=draw(shares),
        liquidation_distance_min=draw(shares) if slow else None,
        slippage_bps_max=draw(st.none() | st.just(Decimal(50))),
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
        orders_day=0,
        since_last_order_ns=draw(st.none() | st.integers(0, 2_000_000_000)),
        locked=draw(seldom("cooldown")),
        squares=draw(mostly(st.just(Decimal(9)))),
    )


def test_one_pass_and_check_by_check_agree() -> None:
    """Whatever is asked under whatever limits; every check refuses at least once, and something is approved."""
    seen: Counter[str] = Counter()

    @settings(max_examples=max(1_000, settings.default.max_examples))  # so that every check surely has its turn
    @given(st.data(), limits())
    def check(data: st.DataObject, chosen: Limits) -> None:
        request = data.draw(requests(data.draw(st.sampled_from([SPOT, PERPETUAL]))))
        reviewer = Reviewer(chosen)
        quick, slow = reviewer.review(request), reviewer.explain(request)
        assert type(quick) is type(slow)
        if isinstance(quick, Refused):
            assert quick == slow
            seen.update(finding.check for finding in quick.findings)
            seen.update("missing" for finding in quick.findings if finding.number == "missing")
        elif isinstance(quick, Approved):
            seen["approved"] += 1

    check()
    print("\none-pass review:", dict(seen))
    wanted = {name for name, _, _ in CHECKS if name not in {"orders_per_hour", "orders_per_day"}}
    assert {"approved", "missing", *wanted} <= set(seen)
