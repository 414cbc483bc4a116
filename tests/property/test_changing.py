"""Bots that become others in random sessions: the books stay the auditor's, and a replay comes to the same."""

from collections import Counter
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given

from tests.property.random_session import MINUTE_NS, Case, Session, cases
from tradewind.engine.core import process
from tradewind.engine.digest import state_digest
from tradewind.engine.driver import Driver
from tradewind.engine.recording import close_records
from tradewind.engine.state import EngineState
from tradewind.model import commands as c
from tradewind.model.intents import Exits

KINDS: tuple[tuple[str, dict[str, object]], ...] = (
    ("", {}),
    ("buy_and_hold", {}),
    ("donchian", {"entry_bars": 3, "exit_bars": 2}),
    ("moving_average", {"fast": 2, "slow": 4}),
    ("market_maker", {"quantity": "100"}),
)
EXITS = (None, c.NewExits(None), c.NewExits(Exits(stop_loss=0.02)), c.NewExits(Exits(take_profit=0.03, trailing=0.01)))


def changes(case: Case) -> list[c.ChangeBot | c.RestoreBot]:
    """Return what bots become during the session, in order of time."""
    chance = Random(f"changes:{case.seed}")
    found: list[c.ChangeBot | c.RestoreBot] = []
    for minute in range(2, case.bars):
        if chance.random() < 0.25:
            ts_ns = minute * MINUTE_NS + chance.choice([0, 1, MINUTE_NS // 3])
            bot = f"bot-{chance.randrange(case.bots)}"
            if chance.random() < 0.3:
                found.append(c.RestoreBot(ts_ns, bot, "back"))
                continue
            name, parameters = chance.choice(KINDS)
            budget = chance.choice([None, Decimal("0.1"), Decimal("0.5")])
            promoted = chance.random() < 0.5
            found.append(
                c.ChangeBot(ts_ns, bot, "try", name, parameters, "", budget, chance.choice(EXITS), promoted=promoted)
            )
    return found


@pytest.mark.slow
def test_bots_that_change_keep_the_books_and_the_replay() -> None:
    seen: Counter[str] = Counter()

    @given(cases)
    def check(case: Case) -> None:
        told = changes(case)

        def meet(driver: Driver) -> None:
            for each in told:
                driver.agenda.add(each.ts_ns, each)

        session = Session(case, meet=meet)
        again = EngineState(session.config)
        for event in session.watch.events:
            process(again, event)
        close_records(again)
        assert state_digest(again) == state_digest(session.state)
        assert again.audit == session.state.audit
        seen["changed"] += any(bot.changed for bot in again.bots.values())
        seen["fills"] += again.fills > 0
        seen["held while changed"] += any(
            seat.view.position for bot in again.bots.values() if bot.changed for seat in bot.seats
        )
        seen["to be restored"] += any(bot.former is not None for bot in again.bots.values())

    check()
    assert all(seen[what] for what in ("changed", "fills", "held while changed", "to be restored")), seen
