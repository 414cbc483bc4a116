"""What `tradewind account snapshot` asks and prints."""

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from tradewind.cli.main import DONE
from tradewind.cli.output import amount, console, print_json, share, table
from tradewind.cli.reaching import access_of, asked
from tradewind.cli.venue_options import Reach
from tradewind.model.fees import FeeTier
from tradewind.model.venue import VenueBalance, VenueOrder, VenuePosition

if TYPE_CHECKING:
    from tradewind.venues.coinbase.desk import CoinbaseDesk
    from tradewind.venues.ports import KeyRights

ORDER_HEADS = ("name", "instrument", "side", "kind", "quantity", "filled", "price", "status")


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One look at an account."""

    balances: tuple[VenueBalance, ...]
    positions: tuple[VenuePosition, ...]
    orders: tuple[VenueOrder, ...]
    fees: FeeTier
    volume_30d: Decimal
    rights: dict[str, object]


async def look(desk: "CoinbaseDesk") -> Snapshot:
    """Return what the account has now."""
    return Snapshot(
        rights=_rights(await desk.account.permissions()),
        balances=await desk.account.balances(),
        positions=await desk.account.positions(),
        orders=await desk.orders.open_orders(),
        fees=await desk.account.fee_rates(),
        volume_30d=await desk.account.volume_30d(),
    )


def show_snapshot(reach: Reach, *, json: bool) -> int:
    """Print one look at the account."""
    access = access_of(reach, needs_key=True)
    found = asked(access, look)
    if json:
        fees = {"maker": found.fees.maker, "taker": found.fees.taker}
        parts = {"balances": found.balances, "positions": found.positions, "orders": found.orders}
        print_json(
            {**{name: msgspec.to_builtins(each) for name, each in parts.items()}, "fees": fees}
            | {"volume_30d": found.volume_30d, "rights": found.rights, "venue": access.address.host}
        )
        return DONE
    screen = console()
    balances = [(each.currency, each.available, each.hold, each.total) for each in found.balances]
    screen.print(table("Balances", ("currency", "free", "held", "total"), balances))
    if found.positions:
        rows = [(each.instrument, each.quantity, each.average_price, each.unrealised) for each in found.positions]
        screen.print(table("Positions", ("instrument", "contracts", "entry", "profit"), rows))
    if found.orders:
        screen.print(
            table(
                "Open orders",
                ("name", "instrument", "side", "kind", "quantity", "filled", "price", "status"),
                [_row(each) for each in found.orders],
            )
        )
    has = [name for name in ("view", "trade", "transfer") if found.rights[name]]
    screen.print(
        f"maker {share(found.fees.maker, 3)}, taker {share(found.fees.taker, 3)}; "
        f"{amount(found.volume_30d, 0)} USD in 30 days; the key may {', '.join(has) or 'do nothing'}",
        markup=False,
    )
    return DONE


def _row(order: VenueOrder) -> tuple[object, ...]:
    return (
        order.client_id or order.venue_id,
        order.instrument,
        order.side.name.lower(),
        order.kind,
        order.quantity if order.quantity is not None else order.quote_quantity,
        order.filled,
        order.price,
        order.status.value,
    )


def _rights(rights: "KeyRights") -> dict[str, object]:
    found: dict[str, object] = msgspec.to_builtins(rights)
    return found
