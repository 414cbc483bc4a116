"""Drives the fast and the slow venue through one stream and compares them after every step."""

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from tests.parity import branches
from tests.parity.streams import Advance, Cancel, Submit, World
from tradewind.model.answers import VenueAnswer
from tradewind.model.market_events import MarginRates, MarketEvent
from tradewind.model.orders import OrderRequest
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.book import BookVenue
from tradewind.simulation.reference import ReferenceBarVenue, ReferenceBookVenue, state_hash
from tradewind.simulation.reference.digest import canonical_report
from tradewind.simulation.reference.live_order import LiveOrder
from tradewind.simulation.settings import AccountReport


class CountingBars(ReferenceBarVenue):
    """The slow venue, counting what its answers do not tell."""

    def __init__(self, *arguments: Any) -> None:
        self.seen: Counter[str] = Counter()
        super().__init__(*arguments)

    def _set_peak(self, order: LiveOrder) -> None:
        if order.active:
            self.seen["trailing stop moved"] += 1
        super()._set_peak(order)

    def liquidate(self, holding: Any, price: Fraction) -> None:
        self.seen["liquidated between two price units" if price.denominator > 1 else "liquidated on a price unit"] += 1
        _count_tier(self.seen, holding)
        super().liquidate(holding, price)

    def on_rates(self, event: MarginRates) -> None:
        _count_rates(self, event, super().on_rates)


class CountingBook(ReferenceBookVenue):
    """The slow venue of books, counting what its answers do not tell."""

    def __init__(self, *arguments: Any) -> None:
        self.seen: Counter[str] = Counter()
        super().__init__(*arguments)

    def _serve(self, order: LiveOrder, traded: int, used: int) -> int:
        ahead = order.ahead
        quantity = super()._serve(order, traded, used)
        self.seen["a trade filled us from the queue" if quantity else "a trade shortened the queue"] += 1
        if quantity and order.is_live and order.request.display is not None and order.visible != 0:
            self.seen["iceberg refreshed"] += int(order.traded == 0)
        if ahead is not None and used and quantity:
            self.seen["two own orders shared a trade"] += 1
        return quantity

    def _move_queue(self, order: LiveOrder, old_size: int, new_size: int) -> None:
        ahead = order.ahead
        super()._move_queue(order, old_size, new_size)
        self.seen["a level moved the queue" if ahead != order.ahead else "a level left the queue"] += 1

    def liquidate(self, holding: Any, price: Fraction) -> None:
        _count_tier(self.seen, holding)
        super().liquidate(holding, price)

    def on_rates(self, event: MarginRates) -> None:
        _count_rates(self, event, super().on_rates)


def _count_tier(seen: Counter[str], holding: Any) -> None:
    """Count a liquidation by the rates of a large position."""
    if holding.maintenance_rate(abs(holding.quantity)) != holding.instrument.maintenance_margin:
        seen["liquidated in a tier"] += 1


def _count_rates(venue: Any, event: MarginRates, change: Callable[[MarginRates], None]) -> None:
    before = len(venue.liquidations)
    change(event)
    venue.seen["liquidated by other terms" if len(venue.liquidations) > before else "margin terms changed"] += 1


def run_bars(world: World) -> Counter[str]:
    """Run both venues on bars; the fast one a second time with sleeping instruments left out."""
    slow = CountingBars(world.instruments, world.settings, world.account)
    fast = BarVenue(world.instruments, world.settings, world.account)
    restless = {step.instrument for step in world.steps if isinstance(step, MarginRates)}
    sleepy = BarVenue(world.instruments, world.settings, world.account, restless)
    return _in_lockstep(world, slow, fast, sleepy) + slow.seen


def run_book(world: World) -> Counter[str]:
    slow = CountingBook(world.instruments, world.settings, world.account)
    fast = BookVenue(world.instruments, world.settings, world.account)
    seen = _in_lockstep(world, slow, fast, None)
    noticed = [(one.at_ns, one.order_id, one.type, one.reason) for one in fast.notices]
    assert noticed == [(one.at_ns, one.order_id, one.type, one.reason) for one in slow.notices]
    return seen + slow.seen


def _in_lockstep(world: World, slow: Any, fast: Any, sleepy: Any) -> Counter[str]:
    seen: Counter[str] = Counter()
    requests: dict[str, OrderRequest] = {}
    before: AccountReport = slow.report()
    for index, step in enumerate(world.steps):
        if isinstance(step, Submit):
            requests[step.request.order_id] = step.request
        wanted, got = list(_apply(slow, step)), list(_apply(fast, step))
        assert got == wanted, f"step {index} {step}: wanted {wanted}, got {got}"
        assert fast.due_ns == slow.due_ns, f"step {index} {step}: due {slow.due_ns}, got {fast.due_ns}"
        assert fast.next_ns == slow.next_ns, f"step {index} {step}: next {slow.next_ns}, got {fast.next_ns}"
        after: AccountReport = slow.report()
        if state_hash(fast) != state_hash(slow):
            assert canonical_report(fast.report()) == canonical_report(after), f"step {index} {step}: books differ"
        fast.check()
        _require_identity(slow, before, after)
        if sleepy is not None and not _sleeps(sleepy, step):
            assert list(_apply(sleepy, step)) == wanted, f"step {index} {step}: a sleeping instrument mattered"
        elif sleepy is not None:
            assert wanted == [], f"step {index} {step}: a sleeping instrument had something to say"
            seen["a sleeping instrument was left out"] += 1
        seen += branches.of_answers(wanted, requests, before, after)
        before = after
    return seen


def _apply(venue: Any, step: object) -> Sequence[VenueAnswer]:
    match step:
        case Submit():
            return venue.submit(step.request, step.ts_ns)
        case Cancel():
            return venue.cancel(step.order_id, step.ts_ns)
        case Advance():
            return venue.advance(step.ts_ns)
        case _:
            return venue.on_event(step)


def _sleeps(venue: Any, step: object) -> bool:
    return isinstance(step, MarketEvent) and step.instrument not in venue.awake


def _require_identity(slow: Any, before: AccountReport, after: AccountReport) -> None:
    """Change of equity = price PnL - fees + funding, exactly."""

    def explained(report: AccountReport) -> Fraction:
        pnl = Fraction(report.realised_pnl) + Fraction(report.unrealised_pnl)
        return pnl - Fraction(report.fees) + Fraction(report.funding)

    change = Fraction(after.equity) - Fraction(before.equity)
    assert change == explained(after) - explained(before)
