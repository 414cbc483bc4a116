"""Which orders are known, by which names: ours and adopted ones, and the executions that have no order here yet."""

from collections.abc import Iterable

from tradewind.engine.order_questions import Pace
from tradewind.engine.order_record import Record, beyond
from tradewind.model.instrument import Instrument
from tradewind.model.venue import VenueFill, VenueOrder

FORGOTTEN_MAX = 20_000


class OrderRecords:
    """`watched` are those of which something is still open; `orphans` are executions by the venue's order id."""

    def __init__(self, instruments: Iterable[Instrument], pace: Pace) -> None:
        self.pace = pace
        self.instruments = {each.id: each for each in instruments}
        self.by_id: dict[str, Record] = {}
        self.watched: dict[str, Record] = {}
        self.orphans: dict[str, dict[str, VenueFill]] = {}  # executions of orders whose venue id we do not know yet
        self.booked_before: dict[str, str] = {}  # execution -> order, of what was booked before a restart
        self.forgotten: dict[str, None] = {}
        self._by_venue: dict[str, Record] = {}

    def add(self, record: Record) -> None:
        """Know an order from now on, and watch it."""
        self.by_id[record.id] = self.watched[record.id] = record

    def of_order(self, order: VenueOrder) -> Record | None:
        """Return the record of what the venue shows, None for a stranger."""
        record = self._by_venue.get(order.venue_id)
        if record is None and order.client_id:
            record = self.by_id.get(order.client_id)
        return None if record is None or order.venue_id in record.others else record

    def of_fill(self, fill: VenueFill) -> Record | None:
        """Return the record that an execution belongs to, None for a stranger's."""
        record = self._by_venue.get(fill.venue_order_id) or self.by_id.get(fill.client_id or "")
        if record is None and (booked := self.booked_before.get(fill.fill_id)) is not None:
            record = self.by_id.get(booked)
        return None if record is None or fill.venue_order_id in record.others else record

    def is_past(self, fill: VenueFill, record: Record | None) -> bool:
        """Return whether the execution was booked already, of an order that is forgotten by now."""
        return fill.venue_order_id in self.forgotten or (record is None and fill.fill_id in self.booked_before)

    def of_venue(self, venue_id: str) -> Record | None:
        """Return the record of this name at the venue."""
        return self._by_venue.get(venue_id)

    def name(self, record: Record, venue_id: str) -> None:
        """Note what the venue calls an order."""
        if venue_id:
            record.venue_id = venue_id
            self._by_venue[venue_id] = record

    def unname(self, record: Record, venue_id: str) -> None:
        """What goes by this name at the venue is not this order."""
        record.others.add(venue_id)
        if self._by_venue.get(venue_id) is record:
            del self._by_venue[venue_id]
        record.venue_id = ""

    def settled(self, instrument: str) -> bool:
        """Return whether no order of the instrument is in flight, in doubt or owed: its holdings can be compared.

        Executions that can never be booked do not count: comparing holdings is what resolves them. Those that a
        foreign order made beyond what was adopted of it will be booked.
        """
        for record in self.watched.values():
            if record.request.instrument == instrument and (
                record.in_flight
                or record.doubt
                or record.waiting
                or (record.owed and not record.excess)
                or beyond(record, self.pace)
            ):
                return False
        return not any(fill.instrument == instrument for fills in self.orphans.values() for fill in fills.values())

    def forget_ended(self, before_ns: int) -> list[str]:
        """Drop the records of orders that were over before `before_ns`, to bound memory; return their names.

        A foreign one is kept until the venue itself has said that it is over: it may execute more.
        Their names at the venue are kept, so that an execution that is told once more is not taken for a stranger's.
        """
        gone: list[str] = []
        for record in [each for each in self.by_id.values() if each.ended_ns is not None]:
            if record.foreign and not record.closed:
                continue
            if record.id not in self.watched and (record.ended_ns or 0) < before_ns:
                del self.by_id[record.id]
                gone.append(record.id)
                if self._by_venue.get(record.venue_id) not in (None, record):
                    continue  # it goes on under another name of ours
                self._by_venue.pop(record.venue_id, None)
                if record.venue_id:
                    self.forgotten[record.venue_id] = None
        for venue_id in list(self.forgotten)[:-FORGOTTEN_MAX]:
            del self.forgotten[venue_id]
        return gone
