"""Products whose increments use up the unit of money: the two places where something is rounded, and exact funds."""

from decimal import Decimal
from fractions import Fraction

from tests.exchange_audit import Audit
from tests.exchange_rig import BUY, SELL, Rig
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.fees import FeeScale
from tradewind.exchange.core.orders import NewOrder, OrderStatus
from tradewind.exchange.core.products import Product, ProductKind
from tradewind.model.fees import FeeSchedule, FeeTier
from tradewind.model.orders import Side

D = Decimal
FINE = D("0.000000001")
START_NS = 3_600_000_000_000 * 1000


def fine(kind: ProductKind) -> Product:
    return Product(
        id="A-B-C",
        kind=kind,
        quote="B",
        price_increment=FINE,
        base_increment=FINE,
        base_min_size=FINE,
        quote_min_size=D(0),
    )


def trade(exchange: Exchange, product: Product, sizes: list[tuple[str, str]], price: Decimal) -> None:
    """Let pairs of accounts (seller, buyer) trade one unit each."""
    for index, (seller, buyer) in enumerate(sizes):
        for name, account, side in (("s", seller, Side.SELL), ("b", buyer, Side.BUY)):
            request = NewOrder(
                client_order_id=f"{name}{index}", product_id=product.id, side=side, base_size=FINE, limit_price=price
            )
            assert exchange.place(account, request, START_NS).order is not None


def test_a_commission_below_the_unit_of_money_goes_to_the_nearest_even_one() -> None:
    scale = FeeScale(value_unit=1)
    assert scale.divide > 1
    for value in range(1, 2000, 7):
        for rate in (50_000, 250_000, 12_500_000):
            assert scale.commission(value, scale.per_value(rate)) == round(Fraction(value * rate, 10**8))


def test_money_is_conserved_where_commissions_are_rounded() -> None:
    product = fine(ProductKind.SPOT)
    fees = FeeSchedule((FeeTier(D(0), D("0.003"), D("0.0055")),))
    exchange = Exchange([product], seed=1, spot_fees=fees)
    accounts = [exchange.open_account(str(index), {"A": D(1), "B": D(1)}) for index in range(2)]
    audit = Audit(exchange)
    trade(exchange, product, [(accounts[0], accounts[1])] * 3, D("0.000000333"))
    audit.check()
    fill = exchange.fills(accounts[1])[0]
    assert fill.value == D("333e-18")
    assert fill.commission == D("2e-18")  # 1.8315e-18


def test_what_rounding_leaves_of_funding_is_the_houses() -> None:
    product = fine(ProductKind.PERPETUAL)
    free = FeeSchedule((FeeTier(D(0), D(0), D(0)),))
    exchange = Exchange([product], seed=1, perpetual_fees=free)
    accounts = [exchange.open_account(str(index), {"B": D(1)}) for index in range(4)]
    exchange.advance(START_NS)
    audit = Audit(exchange)
    trade(exchange, product, [(accounts[0], other) for other in accounts[1:]], D("0.000000100"))
    exchange.set_funding_rate(product.id, D("0.004"))
    exchange.advance(START_NS + product.funding_interval_ns)

    audit.check()
    paid = [exchange.positions(account)[0].funding * 10**18 for account in accounts]
    assert paid == [D(1), 0, 0, 0]  # 1.2 against three times 0.4
    assert exchange.balance("house", "B").total == D("-1e-18")


def test_exactly_what_there_is_may_be_ordered_and_no_unit_more() -> None:
    rig = Rig()
    assert rig.place(rig.ann, SELL, "10", "20000").status is OrderStatus.OPEN
    assert rig.refused(rig.bob, SELL, "10.00000001", "20000") == "INSUFFICIENT_FUND"
    poor = rig.exchange.open_account("poor", {"USD": D("1006")})
    assert rig.refused(poor, BUY, "0.05000001", "20000") == "INSUFFICIENT_FUND"
    assert rig.place(poor, BUY, "0.05", "20000").status is OrderStatus.FILLED
    assert rig.money(poor).total == 0
