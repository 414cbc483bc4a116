"""Why and why not, off recorded entries: the same chain whether risk was asked or not, every check, and no guesses."""

from decimal import Decimal

import msgspec
import numpy as np
import pytest

from tests.unit.engine.test_grouping import NAMES, config, driven, holed, watcher
from tradewind.engine.config import EngineConfig, Planning
from tradewind.engine.explaining import CHECK_OF, why, why_not
from tradewind.model.decisions import Approved, Decided, Refused
from tradewind.model.entries import Entry
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.intents import TargetQuantity
from tradewind.model.plans import PlanEnded
from tradewind.risk.limits import CAPS, Limits
from tradewind.risk.review import Reviewer
from tradewind.risk.tail import TailLimits

TIGHT = Limits(order_notional_max=Decimal(1000), slippage_bps_max=None)
SETTINGS = config(watcher("v", warm=3), watcher("w", NAMES[:2]))


def recorded(asked: bool = False) -> tuple[list[Decided], list[Entry], EngineConfig]:
    """A run of two bots under a limit that refuses some of their orders."""
    settings = msgspec.structs.replace(SETTINGS, limits=TIGHT, asked=frozenset({"risk"} if asked else ()))
    driver, tape = driven(settings, holed(np.random.default_rng(3)))
    return [each for each in driver.state.audit if isinstance(each, Decided)], tape.entries, settings


def test_every_check_there_is_can_be_told() -> None:
    everything = {name: 1 for name in Limits.__struct_fields__ if name.endswith("_max") and "orders" in name}
    limits = Limits(
        **everything,  # type: ignore[arg-type]
        **{
            name: Decimal("0.5")
            for name in Limits.__struct_fields__
            if name not in {*everything, CAPS, "data_age_ns_max"}
        },  # type: ignore[arg-type]
        data_age_ns_max=1,
    )
    tail = TailLimits(var_share_max=Decimal("0.5"), correlation_max=Decimal("0.5"))
    reviewer = Reviewer(limits, regimes=True, tail=tail, entries=True)
    assert set(reviewer.on) == set(CHECK_OF)


@pytest.mark.parametrize("asked", [False, True])
def test_checks_are_those_that_decided(asked: bool) -> None:
    decided, entries, settings = recorded(asked)
    outcomes = set()
    kinds = [[each for each in decided if isinstance(each.outcome, kind)][:5] for kind in (Approved, Refused)]
    for each in [*kinds[0], *kinds[1]]:
        assert each.order is not None
        found = why(settings, entries, each.order.order_id)
        refused = isinstance(each.outcome, Refused)
        outcomes.add(refused)
        assert found.approved is not refused
        assert (found.scene.ts_ns, found.scene.bot) == (each.ts_ns, each.bot)
        if isinstance(each.outcome, Refused):
            assert [Decimal(line.number) for line in found.checks] == list(each.outcome.numbers)
            failed = [(line.check, line.limit) for line in found.checks if not line.passed]
            assert failed == [(finding.check, finding.limit) for finding in each.outcome.findings]
        else:
            assert all(line.passed for line in found.checks)
    assert outcomes == {False, True}


def test_asked_risk_is_explained_like_inline_risk() -> None:
    (inline, entries, settings), (asked, asked_entries, asked_settings) = recorded(), recorded(asked=True)
    assert len(inline) == len(asked)
    for one, other in list(zip(inline, asked, strict=True))[::15]:
        assert one.order is not None
        assert other.order is not None
        here = why(settings, entries, one.order.order_id)
        there = why(asked_settings, asked_entries, other.order.order_id)
        assert (here.checks, here.size, here.plan, here.reason) == (there.checks, there.size, there.plan, there.reason)


def test_a_bot_that_does_not_look_at_the_instrument_is_no_bot_that_acted() -> None:
    _, entries, settings = recorded()
    with pytest.raises(ConfigError, match=f"bot 'w' does not look at {NAMES[2]}"):
        why_not(settings, entries, NAMES[2], None, "w")


def test_the_wish_is_told_in_full() -> None:
    decided, entries, settings = recorded()
    first = decided[0]
    assert first.order is not None
    assert isinstance(first.intent, TargetQuantity)
    found = why(settings, entries, first.order.order_id.rpartition("-")[2])
    assert found.order == first.order.order_id
    assert found.scene.wanted == f"target {first.intent.quantity} A"
    assert [each.name for each in found.scene.inputs] == [
        "mark", "bar (open high low close)", "budget", "round of bars",
    ]  # fmt: skip
    assert set(found.scene.inputs[3].value.split(", ")) <= set(NAMES)


def test_doing_nothing_has_a_reason_at_every_time() -> None:
    _, entries, settings = recorded()
    seen = set()
    for minute in (1, 2, 10, 20, 40):
        for each in why_not(settings, entries, "A-PERP", minute * 60 * 10**9):
            assert each.first <= each.last == each.scene.sequence
            assert each.since_ns <= each.scene.ts_ns <= minute * 60 * 10**9
            assert bool(each.refused) is (each.reason == "refused")
            seen.add(each.reason)
    assert {"warming_up"} < seen


def test_what_is_not_there_and_what_differs_is_said() -> None:
    _, entries, settings = recorded()
    with pytest.raises(ConfigError, match="no order 'x'"):
        why(settings, entries, "x")
    with pytest.raises(ConfigError, match="no instrument 'Z'"):
        why_not(settings, entries, "Z", None)
    with pytest.raises(ConfigError, match="no bot 'z'"):
        why_not(settings, entries, "A-PERP", None, "z")
    other = msgspec.structs.replace(settings, cash=Decimal(1))
    with pytest.raises(StateError, match="differs from the record"):
        why(other, entries, "x")


def test_the_plan_of_an_order_is_told_with_its_estimate_and_what_it_came_to() -> None:
    """Its parent's number names the first of its children."""
    planned = tuple(msgspec.structs.replace(bot, plan=Planning()) for bot in SETTINGS.bots)
    settings = msgspec.structs.replace(SETTINGS, bots=planned)
    driver, tape = driven(settings, holed(np.random.default_rng(3)))
    ends = [each for each in driver.state.audit if isinstance(each, PlanEnded) and each.reason == "FILLED"]
    assert len(ends) > 1
    for end in ends:
        found = why(settings, tape.entries, end.order_id)
        parent, expected, came, *orders = found.plan
        assert found.order == f"{end.order_id}-c1"
        assert parent.startswith(f"parent {end.order_id}: ")
        assert "by maker_first, POST_ONLY (MAKER_FIRST), urgency normal, 1 slice in 300 s" in parent
        assert expected.startswith("expected ")
        assert f"in {end.children} children, FILLED: " in came
        assert orders
