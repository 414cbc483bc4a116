"""What holds of plans in every session: children never exceed their parent, and nothing is sent twice (SPEC X3, X9)."""

from collections import Counter, defaultdict

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.property.random_session import PLANS, Case, Session, case_of
from tradewind.engine.parents import parent_of
from tradewind.model.plans import PlanEnded, Planned
from tradewind.orders.order import OrderRole

planned_cases = st.builds(
    lambda seed, bars, plans: msgspec.structs.replace(case_of(seed, bars), plans=plans),
    seed=st.integers(0, 2**48),
    bars=st.integers(6, 30),
    plans=st.integers(1, len(PLANS) - 1),
)


def test_children_never_exceed_their_parent() -> None:
    """After every event what children have filled and may still fill is within the plan, wherever no fill came late.

    In the end every plan that was begun has ended or works, and what it says has filled is what its orders filled.
    """
    seen: Counter[str] = Counter()

    def look(session: Session) -> None:
        state = session.state
        sums: defaultdict[str, int] = defaultdict(int)
        late: set[str] = set()
        for order in state.orders.values():
            parent = parent_of(order.request.order_id) if order.role is OrderRole.CHILD else ""
            if parent:
                sums[parent] += order.quantity if order.is_live else order.filled
                if order.late_fills:
                    late.add(parent)
        for seat in state.parents:
            worked = seat.parent
            assert worked is not None
            assert not worked.told or seat in state.unchecked
            if worked.order_id in late:
                continue
            assert sums[worked.order_id] == worked.algorithm.committed or worked.told
            assert sums[worked.order_id] <= worked.plan.quantity <= worked.plan.wanted
            seen["looked at"] += 1

    @given(planned_cases)
    def check(case: Case) -> None:
        session = Session(case, watch=look)
        seen.update(session.seen)
        records = session.state.audit
        begun = {each.order_id: each for each in records if type(each) is Planned}
        ended = {each.order_id: each for each in records if type(each) is PlanEnded}
        working = {seat.parent.order_id for seat in session.state.parents if seat.parent is not None}
        assert set(begun) == set(ended) | working
        assert not set(ended) & working
        filled: Counter[str] = Counter()
        late = set()
        for order in session.state.orders.values():
            if order.role is OrderRole.CHILD:
                filled[parent_of(order.request.order_id)] += order.filled
                late |= {parent_of(order.request.order_id)} if order.late_fills else set()
        for name, end in ended.items():
            assert name in late or filled[name] == end.filled <= begun[name].plan.quantity

    check()
    wanted = ("looked at", "plan FILLED", "plan REPLACED", "plan REFUSED", "plan FLATTEN", "plan of several children")
    assert not [each for each in wanted if not seen[each]], seen
