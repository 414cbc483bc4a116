"""The report of a simulated venue: its books and its orders at this moment."""

from tradewind.model.instrument import Instrument
from tradewind.model.money import EXACT, ZERO, add, subtract
from tradewind.simulation.desk import Desk
from tradewind.simulation.liquidation import price_of_liquidation
from tradewind.simulation.settings import AccountReport, PositionReport
from tradewind.simulation.wallet import Holding, Wallet


def account_report(desk: Desk, *, queued: bool) -> AccountReport:
    """Return every figure of the account; `queued` adds the queue ahead of resting orders (book mode)."""
    wallet = desk.wallet
    accrued = ZERO
    for holding in wallet.perpetuals:
        accrued = add(accrued, holding.accrued)
    return AccountReport(
        cash=wallet.cash,
        equity=wallet.equity(),
        fees=wallet.fees,
        realised_pnl=wallet.realised(),
        unrealised_pnl=wallet.unrealised(),
        free_margin=subtract(wallet.perpetual_equity(), wallet.initial_margins()),
        funding=wallet.funding,
        accrued_funding=accrued,
        volume_30d=desk.volume.at(desk.now_ns) if desk.trails else wallet.volume_30d,
        insurance_deficit=wallet.deficit,
        marks={
            name: EXACT.scaleb(EXACT.create_decimal(holding.mark), -holding.price_scale)
            for name, holding in desk.holdings.items()
            if holding.mark is not None
        },
        staleness={name: holding.stale for name, holding in desk.holdings.items()},
        positions={name: _position(wallet, holding) for name, holding in desk.holdings.items()},
        orders={name: order.report(queued=queued) for name, order in desk.orders.items()},
    )


def _position(wallet: Wallet, holding: Holding) -> PositionReport:
    instrument: Instrument = holding.instrument
    size_unit = holding.size_unit
    return PositionReport(
        quantity=holding.position.quantity,
        average_price=holding.position.average_price(size_unit),
        realised_pnl=holding.position.realised,
        margin=holding.margin if holding.isolated else None,
        liquidation_price=None if instrument.is_spot else price_of_liquidation(wallet, holding),
    )
