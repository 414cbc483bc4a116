"""The loop round `process`: events in, effects carried out at a venue, answers back in as events.

The same driver serves backtest, paper, replay and tests; they differ in the source of events and in the venue. It
opens nothing and reads no clock: pacing and waiting belong to whoever hands it events.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from tradewind.engine.allotting import weighed
from tradewind.engine.core import Event, process
from tradewind.engine.ports import Recorder, Venue
from tradewind.engine.recording import close_records
from tradewind.engine.sequencer import Agenda
from tradewind.engine.state import EngineState
from tradewind.model.commands import Answered, TimerFired
from tradewind.model.effects import Alarm, Ask, CancelOrder, Effect, Estimate, SetTimer, SubmitOrder
from tradewind.model.market_events import MarketEvent

Responder = Callable[[Ask], Answered | None]
RECORDS_MAX = 256  # of the audit stream before they are taken: while the processor's cache still has them


class Driver:
    """Feeds one engine state and one venue; a recorder, if there is one, hears of every event beforehand."""

    def __init__(
        self,
        state: EngineState,
        venue: Venue,
        *,
        responder: Responder | None = None,
        recorder: Recorder | None = None,
        take_records: Callable[[], None] | None = None,
    ) -> None:
        """`take_records` is called between two events when many records have come up in the audit stream."""
        self.state = state
        self.venue = venue
        self.agenda = Agenda()
        self.alarms: list[Alarm] = []
        self._answers: deque[Event] = deque()
        self._responder = responder
        self._recorder = recorder
        self._note = None if recorder is None else recorder.note
        self._take_records = take_records

    def feed(self, events: Iterable[MarketEvent]) -> None:
        """Let market events happen, in order: first at the venue, then in the engine, with all that follows."""
        state, venue, agenda, note = self.state, self.venue, self.agenda, self._note
        heap, answers, take_records = agenda._heap, self._answers, self._take_records
        awake, timed = venue.awake, venue.timed
        for event in events:
            if timed:
                self._until(event.ts_ns)
            elif heap and heap[0][0] <= event.ts_ns:
                self._due(event.ts_ns)
            if event.instrument in awake and (told := venue.on_event(event)):
                if timed:
                    self.reach(event.ts_ns)
                answers.extend(told)
                self._drain()
            if note is not None:
                note(event)
            effects = process(state, event)
            if effects:
                self._carry_out(effects)
                if answers:
                    self._drain()
                if take_records is not None and len(state.audit) >= RECORDS_MAX:
                    take_records()
        if self._recorder is not None:
            self._recorder.settle(state)

    def take(self, event: Event) -> None:
        """Let one answer, timer or command happen, with all that follows."""
        self._answers.append(event)
        self._drain()

    def reach(self, ts_ns: int) -> None:
        """Let the engine know that it is later: what it does about an answer happens when the answer is heard."""
        if ts_ns > self.state.now_ns:
            self._one(TimerFired(ts_ns, "clock"))

    def advance(self, ts_ns: int) -> None:
        """Let time pass to `ts_ns` where no event of the market says so: timers and what the venue has on its way."""
        self._until(ts_ns)
        self._learn(ts_ns)
        if self._recorder is not None:
            self._recorder.settle(self.state)

    def finish(self) -> None:
        """Let everything in flight arrive, then close the records."""
        self._due(self.state.now_ns)
        self._learn(self.state.now_ns)
        while (due_ns := self.venue.due_ns) is not None:
            self._learn(due_ns)
        if self._recorder is not None:
            self._recorder.settle(self.state)
        close_records(self.state)

    def _until(self, ts_ns: int) -> None:
        """Let what is in flight or expires before `ts_ns`, and timers up to it, happen in the order of time.

        What happens at `ts_ns` itself at the venue comes after the market event of that time.
        """
        heap, venue = self.agenda._heap, self.venue
        while True:
            timer_ns, due_ns = heap[0][0] if heap else None, venue.next_ns
            if due_ns is not None and due_ns < ts_ns and (timer_ns is None or due_ns <= timer_ns):
                self._learn(due_ns)
            elif timer_ns is not None and timer_ns <= ts_ns:
                self._due(timer_ns)
            else:
                return

    def _learn(self, ts_ns: int) -> None:
        """Let time pass at the venue, and the engine hear what it says, at that time."""
        told = self.venue.advance(ts_ns)
        if told:
            self.reach(ts_ns)
            self._answers.extend(told)
            self._drain()

    def _drain(self) -> None:
        """Take what is waiting in the order in which it happened: effects are carried out at once, and what they are
        answered comes after what the venue had said before. What is due by now does not wait for it.
        """
        state, answers, note, heap = self.state, self._answers, self._note, self.agenda._heap
        while answers:
            event = answers.popleft()
            if note is not None:
                note(event)
            effects = process(state, event)
            if effects:
                self._carry_out(effects)
            if heap and heap[0][0] <= state.now_ns:
                for due in self.agenda.pop_due(state.now_ns):
                    self._one(due)

    def _one(self, event: Event) -> None:
        if self._note is not None:
            self._note(event)
        effects = process(self.state, event)
        if effects:
            self._carry_out(effects)

    def _due(self, ts_ns: int) -> None:
        for event in self.agenda.pop_due(ts_ns):
            self.take(event)

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        now, venue = self.state.now_ns, self.venue
        if self._recorder is not None:
            self._recorder.intend(self.state.sequence, effects)
        for effect in effects:
            if type(effect) is SubmitOrder:
                if told := venue.submit(effect.request, now):
                    self._answers.extend(told)
            elif type(effect) is CancelOrder:
                self._answers.extend(venue.cancel(effect.order_id, now))
            else:
                self._side_effect(effect)

    def _side_effect(self, effect: Effect) -> None:
        if type(effect) is SetTimer:
            self.agenda.add(effect.due_ns, TimerFired(effect.due_ns, effect.key))
        elif type(effect) is Alarm:
            self.alarms.append(effect)
        elif type(effect) is Estimate:
            if self.state.budgets is not None and (made := weighed(self.state.budgets, effect)) is not None:
                self.agenda.add(made.ts_ns, made)
        elif type(effect) is Ask and self._responder is not None:
            answer = self._responder(effect)
            if answer is not None:
                if answer.ts_ns <= self.state.now_ns:
                    self._one(answer)  # a stage that answers at once is a step of the same decision
                else:
                    self.agenda.add(answer.ts_ns, answer)
