"""What became of an order in words: fills with their costs, what was gained, the exits that came with it."""

from collections.abc import Iterator
from decimal import Decimal

from tradewind.app.times import moment_text
from tradewind.cli.output import amount
from tradewind.engine.explaining import Why
from tradewind.engine.views import OrderRow
from tradewind.model.money import ZERO, plain

BPS = 10_000
HUNDREDTH = Decimal("0.01")


def outcome_words(found: Why) -> Iterator[str]:
    """Yield the lines of an order's end: what filled and when, what that cost, what it realised, what its exits did."""
    row = found.outcome
    if row is None:
        failed = ", ".join(each.check for each in found.checks if not each.passed)
        yield "never sent" + (f": {failed} refused it" if failed else "")
        return
    yield _ended(row)
    if row.average_price is not None:
        yield _cost(found, row)
        realised = sum((fill.realised for fill in found.fills), ZERO)
        if realised:
            left = plain(found.fills[-1].position)
            yield f"realised {amount(realised)} {found.quote} before fees; its bot holds {left} then"
    for each in found.exits:
        yield f"exit {each.order_id}: {_ended(each)}"


def _ended(row: OrderRow) -> str:
    told = f"{row.status} {plain(row.filled)} of {plain(row.quantity)}"
    if row.average_price is not None:
        told += f" at {plain(row.average_price)} on average"
    if row.ended_ns is not None:
        told += f", {moment_text(row.ended_ns, seconds=True)} UTC"
    return f"{told}, {row.reason}" if row.reason else told


def _cost(found: Why, row: OrderRow) -> str:
    """Return fees and slippage in bps: against the price that an exit waited for, else the last price then."""
    assert row.average_price is not None
    notional = sum((fill.notional for fill in found.fills), ZERO)
    fees = f"fees {amount(row.fees)} {found.quote}" + (f" ({row.fees / notional * BPS:.2f} bps)" if notional else "")
    kinds = " and ".join(sorted({fill.liquidity for fill in found.fills}))
    waited = found.protects is not None
    aim = (row.stop or row.price or found.mark) if waited else found.mark
    against = f"{'the price it waited for' if waited else 'the last price then'}, {plain(aim)}"
    paid = (row.average_price - aim) / aim * BPS * (1 if row.side == "buy" else Decimal(-1))
    return f"{kinds} {fees}; {paid.quantize(HUNDREDTH) + ZERO:+} bps against {against}".lstrip()
