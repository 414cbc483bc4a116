"""Our books against the venue's word: what differs becomes corrections, each with its evidence (SPEC X10, I30-I33).

`Reconciler.orders` compares orders and executions: ours go through `order_truth`; foreign ones are adopted, cancelled
or quarantined by policy. `Reconciler.holdings` compares positions and cash. A difference is corrected when it has been
seen twice, unchanged, with nothing of the orders in doubt; until then, and for good if no evidence explains it, nothing
that adds risk is sent there. What is corrected is not found again: a second pass over an unchanged venue says nothing.
At the first start everything found is adopted at once.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from decimal import Decimal
from typing import Literal

import msgspec

from tradewind.engine.foreign import adopted_order, adopted_remains, adopted_rest, is_stranger
from tradewind.engine.funding_dues import FundingDues
from tradewind.engine.halted import shared_out
from tradewind.engine.holdings import DRIFT, Drift, compare, explain, pieces
from tradewind.engine.order_telling import Told
from tradewind.engine.order_truth import OrderTruth
from tradewind.engine.state import EngineState
from tradewind.model.answers import CashTransferred, FundingPaid, LiquidationKind, OrderFilled, PositionLiquidated
from tradewind.model.corrections import InstrumentCleared, InstrumentDoubted, OrderAdopted, PositionAdopted
from tradewind.model.instrument import Instrument
from tradewind.model.money import subtract
from tradewind.model.venue import VenueBalance, VenueFill, VenueOrder, VenuePosition

FOREIGN = "foreign"
Corrected = Told | OrderAdopted | PositionAdopted | CashTransferred | FundingPaid | PositionLiquidated


class ReconcilePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about what we did not do. `cost_basis` is a price per base unit for holdings found, where known."""

    foreign_orders: Literal["adopt", "cancel", "quarantine"] = "adopt"
    surplus: Literal["adopt", "block"] = "adopt"
    cost_basis: Mapping[str, Decimal] = {}
    cash_increment: Decimal = Decimal("0.01")


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue answered to one round of questions, the first of which left at `asked_ns`.

    `orders` are all that live plus those that ended since the last round, `fills` all executions since then (both with
    some overlap). `balances` and `positions` are complete, or None where this round did not ask. `prices` value what
    is found without a cost. `liquidations` are orders by which the venue itself closed positions, by its names;
    `halts` are those of `halt --venue`.
    """

    asked_ns: int
    orders: tuple[VenueOrder, ...] = ()
    fills: tuple[VenueFill, ...] = ()
    balances: tuple[VenueBalance, ...] | None = None
    positions: tuple[VenuePosition, ...] | None = None
    prices: Mapping[str, Decimal] = {}
    liquidations: frozenset[str] = frozenset()
    halts: frozenset[str] = frozenset()


class Reconciler:
    """One account's reconciliation. `opened_ns` is when its holdings were first adopted, None before that."""

    def __init__(
        self,
        truth: OrderTruth,
        instruments: Iterable[Instrument],
        policy: ReconcilePolicy | None = None,
        opened_ns: int | None = None,
        funding: FundingDues | None = None,
    ) -> None:
        self.funding = funding or FundingDues()
        self.policy = policy or ReconcilePolicy()
        self.opened_ns = opened_ns
        self._truth = truth
        self._instruments = {each.id: each for each in instruments}
        self._suspects: dict[str, tuple[Drift, int]] = {}
        self._strangers: dict[str, int] = {}  # orders known by their executions only, with how often they were met

    @property
    def suspects(self) -> bool:
        """Whether holdings differ here in a way that a second look may confirm, or has left unexplained."""
        return bool(self._suspects)

    # -- orders ------------------------------------------------------------------------------------------------------

    def orders(self, state: EngineState, evidence: Evidence, now_ns: int) -> list[Corrected]:
        """Return what orders and executions of the venue change here; ours that a listing lacks are looked for."""
        told: list[Corrected] = []
        truth = self._truth
        told += truth.fills_seen(evidence.fills, now_ns)
        shown: set[str] = set()
        for order in evidence.orders:
            if truth.owns(order):
                shown.add(order.venue_id)
                told += truth.order_seen(order, now_ns)
                told += self._rest(state, order, evidence.halts, told, now_ns)
            elif order.instrument in self._instruments:
                told += self._foreign(state, order, evidence.halts, told, now_ns)
        for record in truth.live():
            if record.venue_id not in shown and not record.in_flight:
                truth.look_for(record.id, now_ns)
            if record.foreign and self.policy.foreign_orders == "cancel":
                truth.withdraw(record.id, now_ns)
        told += self._liquidated(state, evidence.liquidations, now_ns)
        return told + self._met(state, evidence.halts, told, now_ns)

    def _liquidated(self, state: EngineState, orders: Iterable[str], now_ns: int) -> list[Corrected]:
        """Return the venue's own closings of positions: their executions are nobody's order. A fee is a loss, too."""
        told: list[Corrected] = []
        for venue_id in orders:
            fills = self._truth.orphans().get(venue_id, {})
            for fill in sorted(fills.values(), key=lambda each: each.ts_ns):
                market = state.markets.get(fill.instrument)
                if market is None or fill.fee is None or ("liquidation", fill.fill_id) in state.booked:
                    continue
                quantity = market.instrument.quantity_units(fill.quantity)
                held = abs(market.held) - sum(each.quantity for each in told if isinstance(each, PositionLiquidated))
                if market.held * fill.side >= 0 or quantity > held:
                    continue  # not what our books know: holdings are compared
                kind = LiquidationKind.FULL if quantity == held else LiquidationKind.PARTIAL
                told.append(
                    PositionLiquidated(
                        fill.instrument, fill.fill_id, now_ns, kind, fill.side, quantity, fill.price,
                        fill.fee.copy_negate(),
                    )
                )  # fmt: skip
            self._truth.drop_orphans(venue_id)
        return told

    def _foreign(
        self, state: EngineState, order: VenueOrder, halts: Set[str], before: Sequence[Corrected], now_ns: int
    ) -> list[Corrected]:
        """Return what follows from an order that nobody here sent."""
        cause = f"{FOREIGN}:{order.venue_id}"
        doubted = cause in state.markets[order.instrument].doubts
        quarantine = self.policy.foreign_orders == "quarantine" and order.venue_id not in halts
        fills = self._truth.orphans().get(order.venue_id, {})
        since_ns = self.opened_ns or 0
        event = None if quarantine else adopted_order(order, fills, self._instruments, since_ns, now_ns)
        told: list[Corrected] = []
        if event is not None:
            event = shared_out(state, event, before) if order.venue_id in halts else event
            told = [event, *self._truth.adopt(event, order, now_ns)]
        elif not order.is_final and not doubted:
            why = f"{order.side.name.lower()} {order.quantity} at {order.price}, sent by nobody here"
            return [InstrumentDoubted(now_ns, order.instrument, cause, why, alarm=True)]
        if event is not None or order.is_final:
            self._truth.drop_orphans(order.venue_id)
            if doubted:
                told.append(InstrumentCleared(now_ns, order.instrument, cause, f"it is {order.status.value}"))
        return told

    def _rest(
        self, state: EngineState, order: VenueOrder, halts: Set[str], before: Sequence[Corrected], now_ns: int
    ) -> list[Corrected]:
        """Return what follows from an adopted order that turns out to be more than was adopted of it."""
        known = self._truth.adopted(order.venue_id)
        event = None if known is None else adopted_rest(order, known, self._truth.pace, now_ns)
        if event is None:
            return []
        event = shared_out(state, event, before) if order.venue_id in halts else event
        return [event, *self._truth.adopt(event, order, now_ns)]

    def _met(self, state: EngineState, halts: Set[str], before: Sequence[Corrected], now_ns: int) -> list[Corrected]:
        """Adopt what is known by its executions only, once two rounds have not shown the order."""
        told: list[Corrected] = []
        met = self._truth.orphans() | self._truth.beyond()
        self._strangers = {venue_id: self._strangers.get(venue_id, 0) + 1 for venue_id in met}
        for venue_id, fills in met.items():
            known = self._truth.adopted(venue_id)
            since_ns = known.sent_ns if known is not None else self.opened_ns or 0
            quarantine = self.policy.foreign_orders == "quarantine" and known is None and venue_id not in halts
            if quarantine or not is_stranger(fills, self._instruments, since_ns):
                self._truth.drop_orphans(venue_id)
                continue
            instrument = next(iter(fills.values())).instrument
            if self._strangers[venue_id] < 2 or self._in_doubt(instrument):
                continue
            if venue_id in halts and _fills(before, instrument):
                continue  # in the next round it is known who holds what it has closed
            event = adopted_remains(fills, self._instruments, since_ns, now_ns, known)
            if venue_id in halts:
                event = shared_out(state, event, told)
            del self._strangers[venue_id]
            told += [event, *self._truth.adopt(event, None, now_ns)]
        return told

    def _in_doubt(self, instrument: str) -> bool:
        """Return whether an order of ours may yet turn out to be the one that executed."""
        mine = (each for each in self._truth.live() if each.request.instrument == instrument)
        return any(each.in_flight or (each.doubt and not each.venue_id) for each in mine)

    # -- holdings ----------------------------------------------------------------------------------------------------

    def holdings(self, state: EngineState, evidence: Evidence, now_ns: int) -> list[Corrected]:
        """Return what positions and balances of the venue change here."""
        told: list[Corrected] = []
        first = self.opened_ns is None
        for drift in compare(state, evidence.balances, evidence.positions, self.policy.cash_increment):
            if not all(self._truth.settled(name) for name in drift.instruments):
                continue
            paid = [] if first or drift.cash is None else self._funding_of(drift, now_ns)
            if paid or drift.is_none:
                told += [*paid, *self._agreed(state, drift, now_ns)]
            elif first or self._confirmed(drift, evidence.asked_ns, now_ns):
                told += self._correct(state, drift, evidence, now_ns)
            else:
                told += self._doubted(state, drift, drift.text, now_ns, alarm=False)
        if first and evidence.balances is not None:
            self.opened_ns = evidence.asked_ns
        return told

    def _funding_of(self, drift: Drift, now_ns: int) -> list[FundingPaid]:
        """Return the funding that explains a difference in cash, to the last digit and however small."""
        return self.funding.explain(drift.currency, subtract(drift.found, drift.expected), now_ns)

    def _confirmed(self, drift: Drift, asked_ns: int, now_ns: int) -> bool:
        """Return whether the same difference was seen before by questions that came earlier; note it if not."""
        suspect = self._suspects.get(drift.key)
        if suspect is not None and suspect[0] == drift and asked_ns > suspect[1]:
            return True
        if suspect is None or suspect[0] != drift:
            self._suspects[drift.key] = (drift, now_ns)
        return False

    def _agreed(self, state: EngineState, drift: Drift, now_ns: int) -> list[Corrected]:
        """The venue says what our books say: doubts about it are over."""
        self._suspects.pop(drift.key, None)
        told: list[Corrected] = []
        for name in drift.instruments:
            told += self._truth.release_excess(name, now_ns)
            if drift.cause in state.markets[name].doubts:
                told.append(InstrumentCleared(now_ns, name, drift.cause, drift.text))
        return told

    def _correct(self, state: EngineState, drift: Drift, evidence: Evidence, now_ns: int) -> list[Corrected]:
        """Correct what the evidence explains; block what it does not."""
        if drift.cash is not None:
            reason = explain(drift, first=self.opened_ns is None)
            told: list[Corrected] = [CashTransferred(drift.currency, now_ns, drift.cash, reason)]
            return told + self._agreed(state, drift, now_ns)
        adopted, rest = pieces(state, drift, evidence.prices, self.policy.cost_basis, now_ns)
        blocks = self.policy.surplus == "block" and self.opened_ns is not None
        if rest and (blocks or not drift.may_adopt(rest)):
            return self._doubted(state, drift, f"{DRIFT}, unexplained: {drift.text}", now_ns, alarm=True)
        return [*adopted, *self._agreed(state, drift, now_ns)]

    def _doubted(self, state: EngineState, drift: Drift, reason: str, now_ns: int, *, alarm: bool) -> list[Corrected]:
        return [
            InstrumentDoubted(now_ns, name, drift.cause, reason, alarm)
            for name in drift.instruments
            if state.markets[name].doubts.get(drift.cause) != reason
        ]


def _fills(told: Iterable[Corrected], instrument: str) -> bool:
    return any(isinstance(each, OrderFilled) and each.instrument == instrument for each in told)
