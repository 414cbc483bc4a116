"""The state of a simulation in the words of `expect`: every key that may be asked for, with its value."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from tradewind.model.answers import OrderFilled, PositionLiquidated
from tradewind.model.instrument import Instrument
from tradewind.research.scenarios.translation import MS_NS
from tradewind.simulation.settings import AccountReport

AMOUNTS = (
    "cash",
    "equity",
    "fees",
    "realised_pnl",
    "unrealised_pnl",
    "free_margin",
    "funding",
    "accrued_funding",
    "volume_30d",
    "insurance_deficit",
)


class Notice(Protocol):
    """What a client of a book venue was told, and when."""

    @property
    def at_ns(self) -> int: ...
    @property
    def order_id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


def observed_state(
    report: AccountReport,
    instruments: dict[str, Instrument],
    traded: dict[str, str],
    fills: Sequence[OrderFilled],
    liquidations: Sequence[PositionLiquidated],
    notices: Iterable[Notice],
) -> dict[str, Any]:
    """Return everything `expect` may name; quantities and prices as decimals, times in milliseconds.

    `traded` gives the instrument of every order.
    """
    return {
        **{name: getattr(report, name) for name in AMOUNTS},
        "fills": [_fill(fill, instruments[fill.instrument]) for fill in fills],
        "orders": {name: _order(report, name, instruments[traded[name]]) for name in report.orders},
        "positions": {name: _position(report, name, instruments[name]) for name in report.positions},
        "marks": report.marks,
        "staleness": report.staleness,
        "liquidations": [_liquidation(one, instruments[one.instrument]) for one in liquidations],
        "notices": [_notice(notice) for notice in notices],
    }


def _fill(fill: OrderFilled, instrument: Instrument) -> dict[str, Any]:
    return {
        "order": fill.order_id,
        "quantity": instrument.quantity_decimal(fill.quantity),
        "price": instrument.price_decimal(fill.price),
        "liquidity": fill.liquidity.value,
        "fee": fill.fee,
        "at": _milliseconds(fill.ts_ns),
    }


def _order(report: AccountReport, name: str, instrument: Instrument) -> dict[str, Any]:
    order = report.orders[name]
    return {
        "status": order.status,
        "reason": order.reason,
        "filled": instrument.quantity_decimal(order.filled),
        "remaining": instrument.quantity_decimal(order.remaining),
        "price": None if order.price is None else instrument.price_decimal(order.price),
        "ahead": order.ahead,
    }


def _position(report: AccountReport, name: str, instrument: Instrument) -> dict[str, Any]:
    position = report.positions[name]
    return {
        "quantity": instrument.quantity_decimal(position.quantity),
        "average_price": position.average_price,
        "realised_pnl": position.realised_pnl,
        "margin": position.margin,
        "liquidation_price": position.liquidation_price,
    }


def _liquidation(one: PositionLiquidated, instrument: Instrument) -> dict[str, Any]:
    return {
        "instrument": one.instrument,
        "kind": one.kind.value,
        "quantity": instrument.quantity_decimal(one.quantity),
        "price": one.price,
        "deficit": one.deficit,
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "at": _milliseconds(notice.at_ns),
        "order": notice.order_id,
        "type": notice.type,
        "reason": notice.reason,
    }


def _milliseconds(ts_ns: int) -> int | Decimal:
    whole, rest = divmod(ts_ns, MS_NS)
    return whole if rest == 0 else Decimal(ts_ns) / MS_NS
