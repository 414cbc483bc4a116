"""What holds in every session: money is conserved, books agree, order and replay do not matter, risk may be asked.

Each suite runs hundreds of random sessions, audited after every event, and prints how often each thing occurred that it
is about; one that never occurred is a failure, since then nothing was shown.
"""

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec
import pytest
from hypothesis import example, given

from tests.property.random_session import LIMITS, SAFEGUARDS, Case, Session, case_of, cases
from tradewind.engine.core import process
from tradewind.engine.digest import AuditDigest, state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.recording import close_records
from tradewind.engine.recount import sum_of
from tradewind.engine.state import EngineState
from tradewind.model import answers as a
from tradewind.model.commands import Answered
from tradewind.model.decisions import Refused
from tradewind.model.effects import Ask
from tradewind.model.money import ZERO, add, multiply, subtract
from tradewind.risk.review import CHECKS, Reviewer

Report = Callable[[str, Counter[str], Iterable[str]], None]

# What would be taken from a book cannot be refused here: these sessions are of bars.
REFUSALS = tuple(f"refused {name}" for name, _, _ in CHECKS if name != "impact")
SAFE = ("refused entry_gate", "sized by probe", "sized by no_edge", "plan FILLED", "plan REFUSED")
FILLS = (
    "partial fill", "late fill", "flip", "cut to what closes",
    "deferred", "strategy failed", "crossing", "merge of bots",
)  # fmt: skip
EXITS = ("exit signal", "exit stop_loss", "exit take_profit", "exit trailing", "exit time_stop", "exit liquidation")
MONEY = ("liquidation full", "liquidation partial", "deficit", "funding paid", "funding accrued", "transfer")
VENUE = ("in doubt", "amended", "cancel rejected", "rejected INSUFFICIENT_FUNDS", "rejected REDUCE_ONLY_NO_POSITION")
COMMANDS = ("halt", "flatten", "exit flatten", "pause", "reduce-only")


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    """Print how often each branch occurred, and fail for one that never did."""

    def table(suite: str, seen: Counter[str], branches: Iterable[str]) -> None:
        wanted = list(branches)
        lines = [f"  {seen[branch]:8d}  {branch}" for branch in wanted]
        with capsys.disabled():
            print("\n".join([f"\n{suite}: {seen['cases']} cases, {seen['events']} events", *lines]))
        assert not [branch for branch in wanted if not seen[branch]]

    return table


def digests(session: Session) -> tuple[str, str]:
    return state_digest(session.state), audit_digest(session.state)


def audit_digest(state: EngineState) -> str:
    digest = AuditDigest()
    digest.update(state.audit)
    return digest.hexdigest()


def count(seen: Counter[str], session: Session) -> None:
    seen.update(session.seen)
    seen["cases"] += 1
    seen["events"] += len(session.watch.events)


def test_money_is_conserved(report: Report) -> None:
    """I01-I09 after every event, by an auditor; in the end the venue's own books and the views say the same."""
    seen: Counter[str] = Counter()

    @given(cases)
    def check(case: Case) -> None:
        session = Session(case)
        count(seen, session)
        venue_agrees(session)
        views_agree(session)

    check()
    report("ledger conservation", seen, (*FILLS, *EXITS, *MONEY, *VENUE, *COMMANDS, *REFUSALS, *SAFE))


def venue_agrees(session: Session) -> None:
    """The venue keeps its own books: same positions, fees, funding and equity; transfers never reach it.

    What is realised depends on the order in which fills are told, so it is compared where they are told in order.
    """
    state, venue = session.state, session.venue.report()
    purse = state.ledger.purses["USD"]
    assert (purse.fees, purse.funding) == (venue.fees, venue.funding)
    equity = venue.cash
    for name, line in state.ledger.lines.items():
        mark, position = state.markets[name].mark, session.venue.holdings[name].position
        if mark is not None:
            unit_price = multiply(line.unit_value, mark)
            worth = multiply(unit_price, position.quantity) if line.is_spot else position.unrealised(unit_price)
            equity = add(equity, worth)
        assert line.position.quantity == venue.positions[name].quantity
        assert session.case.untidy or line.position.realised == venue.positions[name].realised_pnl
    assert subtract(state.equity() or ZERO, purse.transfers) == equity
    assert session.case.untidy or subtract(purse.cash, purse.transfers) == venue.cash


def views_agree(session: Session) -> None:
    """Profit by any grouping is the same; with opening cash, transfers and open positions it explains equity, and so do
    the round trips, which count funding when it accrues.
    """
    state, model = session.state, session.model
    marks = {name: market.mark for name, market in state.markets.items() if market.mark is not None}
    total = sum_of(row.gained for row in model.pnl("bot"))
    for by in ("instrument", "strategy", "day"):
        assert sum_of(row.gained for row in model.pnl(by)) == total
    opening = add(session.config.cash, state.ledger.purses["USD"].transfers)
    unrealised = sum_of(position.unrealised or ZERO for position in model.positions(marks))
    assert state.equity() == sum_of([opening, total, unrealised])
    unsettled = sum_of(line.accrued_funding for line in state.ledger.lines.values())
    trips = sum_of(trip.gained for trip in (*model.trips, *model.open_trips(marks, 0)))
    assert add(opening, trips) == add(state.equity() or ZERO, unsettled)


def test_the_positions_of_the_bots_sum_to_the_account(report: Report) -> None:
    """At every event, for every instrument; and each bot sees its own position."""
    seen: Counter[str] = Counter()

    def look(session: Session) -> None:
        for name, line in session.state.ledger.lines.items():
            assert sum(book.position.quantity for book in line.books.values()) == line.position.quantity
            for seat in session.state.markets[name].seats_all:
                book = line.books.get(seat.bot.id)
                assert seat.view.position == (book.position.quantity if book is not None else 0)

    @given(cases)
    def check(case: Case) -> None:
        count(seen, Session(case, watch=look))

    check()
    report("bots and account", seen, (*FILLS, *EXITS, *MONEY))


def test_the_order_of_registration_does_not_matter(report: Report) -> None:
    """Instruments, bots and sources given the other way round lead to equal digests."""
    seen: Counter[str] = Counter()

    @given(cases)
    def check(case: Case) -> None:
        session = Session(case)
        assert digests(Session(case, turned=True)) == digests(session)
        count(seen, session)
        seen["several instruments"] += len(session.config.instruments) > 1
        seen["several bots"] += len(session.config.bots) > 1

    check()
    report("registration order", seen, ("several instruments", "several bots", *FILLS, *EXITS))


def test_replay_equals_live(report: Report) -> None:
    """The events that were consumed, fed to a fresh engine, lead to the same state and records; no venue is needed."""
    seen: Counter[str] = Counter()

    @given(cases)
    def check(case: Case) -> None:
        session = Session(case)
        again = EngineState(session.config)
        for event in session.watch.events:
            process(again, event)
        close_records(again)
        assert (state_digest(again), audit_digest(again)) == digests(session)
        count(seen, session)

    check()
    report("replay = live", seen, (*FILLS, *EXITS, *MONEY, *VENUE, *COMMANDS))


def test_a_fill_is_accepted_once(report: Report) -> None:
    """Any event of a finished session, given again: no fill is booked twice, no amount moves (I04)."""
    seen: Counter[str] = Counter()

    @given(cases)
    def check(case: Case) -> None:
        session = Session(case)
        fills = [event for event in session.watch.events if isinstance(event, a.OrderFilled)]
        before = amounts(session.state)
        for fill in fills:
            process(session.state, fill)
        assert amounts(session.state) == before
        count(seen, session)
        seen["fill given again"] += len(fills)
        booked = [record for record in session.state.audit if isinstance(record, a.OrderFilled)]
        seen["doubled while live"] += len(fills) - len(booked)

    check()
    report("fills once", seen, ("fill given again", "doubled while live", *FILLS))


def amounts(state: EngineState) -> list[object]:
    found: list[object] = []
    for purse in state.ledger.purses.values():
        found += [purse.cash, purse.fees, purse.funding, purse.realised, purse.held]
    for line in state.ledger.lines.values():
        for position in (line.position, *(book.position for book in line.books.values())):
            found += [position.quantity, position.cost, position.realised]
    return found


@pytest.mark.parametrize("delayed", [False, True], ids=["at once", "later at the same time"])
def test_asked_risk_equals_inline_risk(report: Report, delayed: bool) -> None:
    """With risk behind a question the same orders are sent, filled and paid for, as if there were nobody to ask.

    The venue is tidy here: what an untidy one muddles depends on how often it is called. Where the answer comes later
    at the same time, answers of the venue may come between, so that those sessions hold no cancels.
    """
    seen: Counter[str] = Counter()

    @given(cases)
    @example(case_of(940_608_255, 18))  # a flatten over several instruments, in which one bot has two positions
    @example(case_of(2_836_377_358, 6))  # a fill trips the drawdown lock, and frees a target that waited for it
    def check(drawn: Case) -> None:
        case = msgspec.structs.replace(drawn, untidy=False, plans=0)
        if delayed:
            case = msgspec.structs.replace(case, plain=True, thin=False, commands=False)
        inline, desk = Session(case), RiskDesk(case, delayed=delayed)
        asked = Session(case, asked=True, responder=desk.respond, meet=desk.meet)
        assert fates(asked.state) == fates(inline.state)
        assert amounts(asked.state) == amounts(inline.state)
        assert not asked.state.pending
        count(seen, asked)
        seen["asked"] += desk.asked
        seen["refused by the desk"] += desk.refused

    check()
    wanted = (*(branch for branch in FILLS[2:] if branch != "deferred"), "exit signal", "exit liquidation")
    if not delayed:
        wanted = (*(branch for branch in FILLS if branch != "late fill"), *EXITS)
    report(f"asked = inline ({'later' if delayed else 'at once'})", seen, ("asked", "refused by the desk", *wanted))


class RiskDesk:
    """Risk as somebody else's job: the same review, answered at once or by the agenda."""

    def __init__(self, case: Case, *, delayed: bool) -> None:
        self.asked = self.refused = 0
        gated = not {"tiers", "edge"}.isdisjoint(SAFEGUARDS[case.safeguards])
        self._reviewer = Reviewer(LIMITS[case.limits], entries=gated)
        self._delayed = delayed
        self._driver: Driver | None = None

    def meet(self, driver: Driver) -> None:
        """Get to know the driver whose agenda takes late answers."""
        self._driver = driver

    def respond(self, ask: Ask) -> Answered | None:
        """Review what is asked."""
        answer = Answered(ask.value.ts_ns, ask.request_id, self._reviewer.review(ask.value))
        self.asked += 1
        self.refused += isinstance(answer.answer, Refused)
        if not self._delayed or self._driver is None:
            return answer
        self._driver.agenda.add(answer.ts_ns, answer)
        return None


def fates(state: EngineState) -> list[object]:
    return [(order.request, order.filled, order.value, order.fees, order.status) for order in state.orders.values()]
