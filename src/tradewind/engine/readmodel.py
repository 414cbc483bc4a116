"""A pure fold of the audit stream into views for people: reports, dashboard, command line (DESIGN: read models).

Nobody asks the engine: what is shown follows from the records alone, so a replayed or copied stream shows the same.
With `keep` every list holds its last N rows and the sums go on counting, so that a live display stays bounded.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tradewind.engine.earnings import Earnings, exit_reason
from tradewind.engine.recount import PROTECT, Adopted
from tradewind.engine.views import AlarmRow, OpenPosition, OrderRow, PlacementRow, PnlRow, RoundTrip, words
from tradewind.model import answers as a
from tradewind.model import commands as c
from tradewind.model import corrections as k
from tradewind.model.decisions import Alarmed, Allotted, Crossed, Decided, InRegime, Quiet, Refused, Share, Sized
from tradewind.model.errors import StateError
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, add, multiply, ratio
from tradewind.model.orders import OrderRequest


class Working:
    """What attribution needs of an order that can still be filled."""

    __slots__ = ("received", "request", "row", "shares", "value")

    def __init__(self, request: OrderRequest, shares: tuple[Share, ...], row: OrderRow) -> None:
        self.request = request
        self.shares = shares
        self.row = row
        self.received = [0] * len(shares)
        self.value = ZERO


class ReadModel:
    """`take` records in order; read the views at any time.

    `strategies` names each bot's strategy, `checks` the run's enabled risk checks in order, `held` adopted positions.
    """

    def __init__(
        self,
        instruments: Iterable[Instrument],
        *,
        strategies: Mapping[str, str] | None = None,
        checks: tuple[str, ...] = (),
        held: Iterable[Adopted] = (),
        keep: int | None = None,
    ) -> None:
        self.instruments = {each.id: each for each in instruments}
        self.strategies = dict(strategies or {})
        self.checks = checks
        self.keep = keep
        self.records = 0
        self.orders: dict[str, OrderRow] = {}
        self.earnings = Earnings(self.instruments, self.strategies, held, keep)
        self.fills = self.earnings.fills
        self.trips = self.earnings.trips
        self.exits = self.earnings.exits
        self.decisions: deque[Decided] = deque(maxlen=keep)
        self.quiet: deque[Quiet] = deque(maxlen=keep)
        self.regimes: deque[InRegime] = deque(maxlen=keep)
        self.sizes: deque[Sized] = deque(maxlen=keep)
        self.budgets: deque[Allotted] = deque(maxlen=keep)
        self.crossings: deque[Crossed] = deque(maxlen=keep)
        self.funding: deque[a.FundingPaid] = deque(maxlen=keep)
        self.transfers: deque[a.CashTransferred] = deque(maxlen=keep)
        self.adopted: deque[k.PositionAdopted | k.OrderAdopted] = deque(maxlen=keep)
        self.alarms: deque[AlarmRow] = deque(maxlen=keep)
        self.commands: deque[object] = deque(maxlen=keep)
        self.refused = 0  # orders; one of them may have failed several checks
        self.refusals: Counter[str] = Counter()
        self.refusals_by_bot: Counter[tuple[str, str, str]] = Counter()
        self.modes: dict[str, str] = {}
        self.failed: dict[str, str] = {}
        self.paused: dict[str, str] = {}
        self._working: dict[str, Working] = {}
        self._forgotten: Counter[tuple[str, str]] = Counter()  # orders by instrument and status
        self._handlers: dict[type, Callable[[Any], None]] = {
            Decided: self._decided,
            InRegime: self.regimes.append,
            Allotted: self.budgets.append,
            Sized: self.sizes.append,
            Quiet: self.quiet.append,
            Crossed: self._crossed,
            Alarmed: self._alarmed,
            a.OrderFilled: self._filled,
            a.OrderAmended: self._amended,
            a.OrderCanceled: self._canceled,
            a.OrderRejected: self._rejected,
            a.OrderUnknown: self._unknown,
            a.OrderAccepted: self._open,
            a.OrderTriggered: self._open,
            a.PositionLiquidated: self._liquidated,
            a.FundingPaid: self._funded,
            a.FundingAccrued: self.earnings.accrue,
            a.CashTransferred: self.transfers.append,
            k.PositionAdopted: self._position_adopted,
            k.OrderAdopted: self._order_adopted,
            k.InstrumentDoubted: self._doubted,
            k.InstrumentCleared: self._cleared,
            c.StrategyFailed: self._strategy_failed,
            c.Halt: self._halted,
            c.Resume: self._resumed,
            c.EnterReduceOnly: self._reduce_only,
            c.LeaveReduceOnly: self._leave_reduce_only,
            c.PauseBot: self._bot_paused,
            c.ResumeBot: self._bot_resumed,
            c.ChangeBot: self.commands.append,
            c.RestoreBot: self.commands.append,
            c.CancelAll: self.commands.append,
            c.Flatten: self.commands.append,
            c.SwitchFlag: self.commands.append,
            c.Fitted: self.commands.append,
        }

    def take(self, records: Iterable[object]) -> None:
        """Fold more records into the views; the grouping into batches does not matter."""
        for record in records:
            self.records += 1
            handler = self._handlers.get(type(record))
            if handler is not None:
                handler(record)

    # -- views -------------------------------------------------------------------------------------------------------

    def positions(self, marks: Mapping[str, int] | None = None) -> list[OpenPosition]:
        """Return what each bot holds, by bot and instrument; `marks` are prices in units."""
        return self.earnings.positions(marks or {})

    def open_trips(self, marks: Mapping[str, int], ts_ns: int) -> list[RoundTrip]:
        """Return the open positions as trips marked now (reason `end`): counted apart, never closed."""
        return self.earnings.open_trips(marks, ts_ns)

    def pnl(self, by: str = "bot") -> list[PnlRow]:
        """Return profit summed by `bot`, `instrument`, `strategy` or `day` (days since 1970 in UTC), sorted."""
        return self.earnings.pnl(by)

    def placements(self) -> list[PlacementRow]:
        """Return how many orders were sent and what became of that, by instrument; those forgotten count too."""
        counts = self._forgotten + Counter((row.instrument, row.status) for row in self.orders.values())
        rows = []
        for name in sorted({instrument for instrument, _ in counts}):
            attempted = sum(count for (instrument, _), count in counts.items() if instrument == name)
            failed, in_doubt = counts[name, "rejected"], counts[name, "unknown"]
            successful = attempted - failed - in_doubt
            rows.append(
                PlacementRow(
                    instrument=name, attempted=attempted, successful=successful, failed=failed, in_doubt=in_doubt
                )
            )
        return rows

    def why_not(self, bot: str, instrument: str, sequence: int) -> Quiet | None:
        """Return the quiet run of a bot in an instrument that covers event `sequence`; None if it acted."""
        for run in self.quiet:
            if run.bot == bot and run.instrument == instrument and run.first <= sequence <= run.last:
                return run
        return None

    def regime_at(self, instrument: str, sequence: int) -> InRegime | None:
        """Return the regime on record for an instrument at event `sequence`; None where none had been told."""
        known = (each for each in reversed(self.regimes) if each.instrument == instrument)
        return next((each for each in known if each.sequence <= sequence), None)

    # -- decisions and orders ----------------------------------------------------------------------------------------

    def _decided(self, decided: Decided) -> None:
        self.decisions.append(decided)
        request = decided.order
        if request is None:
            return
        if isinstance(decided.outcome, Refused):
            self.refused += 1
            for finding in decided.outcome.findings:
                self.refusals[finding.check] += 1
                self.refusals_by_bot[decided.bot, request.instrument, finding.check] += 1
            return
        row = self._row(request, decided.shares, words(decided.intent), decided.sequence, decided.ts_ns)
        self.orders[request.order_id] = row
        self._working[request.order_id] = Working(request, decided.shares, row)
        if self.keep is not None and len(self.orders) > 2 * self.keep:
            self._forget_ended()

    def _row(
        self, request: OrderRequest, shares: tuple[Share, ...], intent: str, sequence: int, ts_ns: int
    ) -> OrderRow:
        instrument = self.instruments[request.instrument]
        return OrderRow(
            request.order_id, sequence, ts_ns, request.instrument,
            tuple(share.bot for share in shares), request.side.name.lower(), request.kind.value,
            instrument.quantity_decimal(int(request.quantity or 0)),
            None if request.price is None else instrument.price_decimal(request.price),
            None if request.stop is None else instrument.price_decimal(request.stop),
            intent, intent == PROTECT,
        )  # fmt: skip

    def _forget_ended(self) -> None:
        for order_id in [key for key, row in self.orders.items() if row.ended_ns is not None][: self.keep]:
            row = self.orders.pop(order_id)
            self._forgotten[row.instrument, row.status] += 1
            del self._working[order_id]

    def _open(self, event: a.OrderAccepted | a.OrderTriggered) -> None:
        row = self._order(event.order_id).row
        if row.ended_ns is None:
            row.status = "open"

    def _unknown(self, event: a.OrderUnknown) -> None:
        row = self._order(event.order_id).row
        if row.ended_ns is None:
            row.status, row.reason = "unknown", event.reason
        self._alarm(event.ts_ns, "order_in_doubt", f"order {event.order_id}: {event.reason}")

    def _amended(self, event: a.OrderAmended) -> None:
        working = self._order(event.order_id)
        if working.row.ended_ns is None:
            quantity = self.instruments[working.row.instrument].quantity_decimal(event.quantity)
            working.row.quantity, working.row.reason = quantity, event.reason

    def _canceled(self, event: a.OrderCanceled) -> None:
        self._end(event, "canceled")

    def _rejected(self, event: a.OrderRejected) -> None:
        self._end(event, "rejected")

    def _end(self, event: a.OrderCanceled | a.OrderRejected, status: str) -> None:
        working = self._order(event.order_id)
        row = working.row
        if row.ended_ns is not None:
            return
        row.status, row.reason, row.ended_ns = status, event.reason, event.ts_ns

    def _alarmed(self, record: Alarmed) -> None:
        self._alarm(record.ts_ns, record.name, record.text)

    # -- money -------------------------------------------------------------------------------------------------------

    def _filled(self, fill: a.OrderFilled) -> None:
        working = self._order(fill.order_id)
        row, instrument = working.row, self.instruments[fill.instrument]
        row.filled = add(row.filled, instrument.quantity_decimal(fill.quantity))
        row.fees = add(row.fees, fill.fee)
        working.value = add(working.value, instrument.notional(fill.quantity, fill.price))
        row.average_price = ratio(working.value, multiply(instrument.contract_size, row.filled))
        if row.filled == row.quantity:
            row.status, row.ended_ns = "filled", fill.ts_ns
        reason = exit_reason(working.request, row.intent)
        self.earnings.fill(fill, working.shares, working.received, reason)

    def _crossed(self, crossed: Crossed) -> None:
        self.crossings.append(crossed)
        self.earnings.cross(crossed)

    def _liquidated(self, event: a.PositionLiquidated) -> None:
        self.earnings.liquidate(event)
        quantity = self.instruments[event.instrument].quantity_decimal(event.quantity)
        self._alarm(event.ts_ns, "liquidation", f"{event.instrument}: {event.kind.value}, {quantity} at {event.price}")

    def _funded(self, event: a.FundingPaid) -> None:
        self.funding.append(event)
        self.earnings.fund(event)

    # -- modes -------------------------------------------------------------------------------------------------------

    def _strategy_failed(self, event: c.StrategyFailed) -> None:
        self.failed[event.bot] = event.error
        self._alarm(event.ts_ns, "strategy_failed", f"{event.bot} in {event.instrument}: {event.error}")

    def _halted(self, event: c.Halt) -> None:
        self.commands.append(event)
        self.modes["halted"] = event.reason
        self._alarm(event.ts_ns, "halted", event.reason)

    def _resumed(self, event: c.Resume) -> None:
        self.commands.append(event)
        # An operator ends modes; doubt ends only by evidence.
        self.modes = {mode: why for mode, why in self.modes.items() if mode.startswith("in_doubt:")}

    def _reduce_only(self, event: c.EnterReduceOnly) -> None:
        self.commands.append(event)
        self.modes[f"reduce_only:{event.rule}"] = event.reason
        self._alarm(event.ts_ns, "reduce_only", f"{event.rule}: {event.reason}")

    def _leave_reduce_only(self, event: c.LeaveReduceOnly) -> None:
        self.commands.append(event)
        everything = event.rule == "operator"
        for mode in [mode for mode in self.modes if mode.startswith("reduce_only:")]:
            if everything or mode == f"reduce_only:{event.rule}":
                del self.modes[mode]

    def _bot_paused(self, event: c.PauseBot) -> None:
        self.commands.append(event)
        self.paused[event.bot] = event.reason

    def _bot_resumed(self, event: c.ResumeBot) -> None:
        self.commands.append(event)
        self.paused.pop(event.bot, None)

    # -- corrections -------------------------------------------------------------------------------------------------

    def _position_adopted(self, event: k.PositionAdopted) -> None:
        self.adopted.append(event)
        self.earnings.take_over(event)

    def _order_adopted(self, event: k.OrderAdopted) -> None:
        self.adopted.append(event)
        request, parts = event.request, event.parts
        row = self._row(request, parts, "adopted", self.records, event.ts_ns)
        self.orders[request.order_id] = row
        self._working[request.order_id] = Working(request, parts, row)

    def _doubted(self, event: k.InstrumentDoubted) -> None:
        self.modes[f"in_doubt:{event.instrument}:{event.cause}"] = event.reason
        if event.alarm:
            self._alarm(event.ts_ns, "in_doubt", f"{event.instrument}: {event.cause}: {event.reason}")

    def _cleared(self, event: k.InstrumentCleared) -> None:
        self.modes.pop(f"in_doubt:{event.instrument}:{event.cause}", None)

    # -- leaves ------------------------------------------------------------------------------------------------------

    def _order(self, order_id: str) -> Working:
        working = self._working.get(order_id)
        if working is None:
            raise StateError(
                f"order {order_id} is not in this view: feed the stream from its start, or keep more orders"
            )
        return working

    def _alarm(self, ts_ns: int, name: str, text: str) -> None:
        self.alarms.append(AlarmRow(ts_ns, name, text))
