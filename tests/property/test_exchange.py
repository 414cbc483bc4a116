"""Whatever accounts ask of the exchange, money is conserved, holds are exact and books stay sound, at every step."""

from collections import Counter
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange_audit import Audit
from tests.exchange_stream import STEPS, Session

KINDS_SEEN = (
    "FILLED", "CANCELLED", "EXPIRED", "FAILED", "OPEN", "MARKET", "LIMIT", "STOP_LIMIT", "BRACKET", "TWAP",
    "repeated", "liquidated", "stop triggered", "edited", "edit refused", "self-trade", "fok", "ioc", "partial",
    "post-only refused", "funds refused", "margin refused", "auction", "funded", "closed position", "reducing",
    "USER_CANCEL", "duplicate cancel", "quote sized", "tier moved",
)  # fmt: skip


@given(st.integers(0, 2**32), st.lists(st.sampled_from(STEPS), min_size=1, max_size=60))
def test_every_step_conserves_and_holds_exactly(seed: int, steps: list[str]) -> None:
    session = Session(Random(seed))
    audit = Audit(session.exchange)
    for step in steps:
        session.step(step)
        audit.check()


@pytest.mark.slow
def test_long_sessions_reach_every_kind_of_event() -> None:
    seen: Counter[str] = Counter()
    for seed in range(60):
        session = Session(Random(f"long exchange {seed}"))
        audit = Audit(session.exchange)
        for _ in range(250):
            session.step(session.chance.choice(STEPS))
            audit.check()
        seen += session.seen
    print("\n" + "\n".join(f"{name:24}{seen[name]:8}" for name in KINDS_SEEN))
    assert [name for name in KINDS_SEEN if not seen[name]] == []


def test_the_same_calls_give_the_same_ids_and_events() -> None:
    def told(seed: str) -> list[object]:
        session = Session(Random(seed), exchange_seed=7)
        events: list[object] = []
        for _ in range(150):
            session.step(session.chance.choice(STEPS))
            events += session.exchange.drain()
        return events

    first = told("twice")
    assert first == told("twice")
    assert first != told("another")
    assert len(first) > 100


def test_a_fill_costs_what_the_tier_says() -> None:
    session = Session(Random(3))
    for _ in range(400):
        session.step(session.chance.choice(STEPS))
    fills = [fill for account in session.accounts for fill in session.exchange.fills(account)]
    rates = {
        tier.maker if fill.liquidity.value == "maker" else tier.taker for fill in fills for tier in session.fees.tiers
    }
    assert len(fills) > 20
    for fill in fills:
        assert any(fill.commission == fill.value * rate for rate in rates)
        contract = session.exchange.product(fill.product_id).contract_size
        assert fill.value == fill.price * fill.size * contract
        assert isinstance(fill.commission, Decimal)
