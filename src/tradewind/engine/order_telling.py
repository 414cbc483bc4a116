"""What the engine hears of orders: events in its order, between the doubt that they begin and the one they end."""

from collections.abc import Sequence

from tradewind.engine.order_record import Record
from tradewind.engine.order_records import OrderRecords
from tradewind.model import answers as a
from tradewind.model.corrections import InstrumentCleared, InstrumentDoubted
from tradewind.model.errors import StateError
from tradewind.orders.lifecycle import OrderEvent

CAUSE = "orders"
Told = a.VenueAnswer | InstrumentDoubted | InstrumentCleared


class Telling:
    """Collects events of one record at a time; `told` hands them out and keeps the doubt of its instrument."""

    def __init__(self, records: OrderRecords) -> None:
        self._records = records
        self._doubted: dict[str, dict[str, str]] = {}  # instrument -> order -> why
        self._events: list[Told] = []

    def say(self, event: Told) -> None:
        """Have the engine hear this."""
        self._events.append(event)

    def give(self, record: Record, move: OrderEvent, event: a.VenueAnswer) -> None:
        """Have the engine hear what moves its order, which ours then mirrors."""
        if not record.may(move):
            raise StateError(f"order {record.id} cannot take {move.name} in {record.status.name}: keep the journal")
        record.move(move)
        self._events.append(event)

    def alarm(self, record: Record, cause: str, reason: str, now_ns: int) -> None:
        """Have an operator see it now."""
        self._events.append(InstrumentDoubted(now_ns, record.request.instrument, cause, reason, alarm=True))

    def told(self, record: Record, now_ns: int) -> list[Told]:
        """Return what has come up, between the doubt that it begins and the doubt that it ends.

        The end of a doubt comes just before the last event, so that whatever the engine decides upon that one is
        decided on all that is known now.
        """
        events, self._events = self._events, []
        instrument, why = record.request.instrument, record.troubled
        doubts = self._doubted.setdefault(instrument, {})
        if why and not doubts:
            events.insert(0, InstrumentDoubted(now_ns, instrument, CAUSE, why))
        if why:
            doubts[record.id] = why
        elif doubts.pop(record.id, None) is not None and not doubts:
            last = len(events) - 1 if events else 0
            events.insert(last, InstrumentCleared(now_ns, instrument, CAUSE, f"all is known of order {record.id}"))
        if record.is_live or why or record.in_flight or record.next_due_ns() is not None:
            self._records.watched[record.id] = record
        elif self._records.watched.pop(record.id, None) is not None:
            record.ended_ns = now_ns
            for cause in record.causes:
                events.append(InstrumentCleared(now_ns, instrument, cause, f"order {record.id} is over"))
            record.causes.clear()
        return events

    def doubted_before(self, instrument: str) -> None:
        """Orders had put the instrument in doubt before a restart."""
        self._doubted.setdefault(instrument, {})[""] = "before the restart"

    def end_of_before(self, instrument: str, now_ns: int) -> Sequence[Told]:
        """Return the end of that doubt, unless orders that were taken up go on with it."""
        doubts = self._doubted.get(instrument, {})
        if doubts.pop("", None) is None or doubts:
            return ()
        return (InstrumentCleared(now_ns, instrument, CAUSE, "no order is left from before the restart"),)
