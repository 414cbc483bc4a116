"""Tiers and edges in the engine: what may be opened, and that nothing is held back from getting smaller."""

from decimal import Decimal

import msgspec
import pytest

from tests.engine_rig import BTC, ETH, MINUTE_NS, PERP, Desk, config
from tradewind.engine.config import EngineConfig, HeldAtStart, Planning
from tradewind.engine.digest import state_values
from tradewind.execution.planner import PlannerSettings
from tradewind.model.decisions import Crossed, Decided, Refused
from tradewind.model.fees import flat_fees
from tradewind.model.intents import FLAT, Exits, TargetQuantity, TargetWeight
from tradewind.model.market_events import QuoteTick
from tradewind.portfolio.edge_gate import EdgeRules, KnownEdge
from tradewind.portfolio.tiers import Tier, TierRules

D = Decimal
LONG, HALF = TargetWeight(0.5), TargetWeight(0.25)
ROOMY = Tier("roomy", D(500), 5, D(50), D("0.5"), D(1))
STOP = Exits(stop_loss=0.05)
FREE = flat_fees(D(0), D(0))


def tiers(table: tuple[Tier, ...] = (ROOMY,), **other: object) -> TierRules:
    return TierRules(table=table, **other)  # type: ignore[arg-type]


def one_tier(**other: object) -> TierRules:
    return tiers((msgspec.structs.replace(ROOMY, **other),))


def refusals(desk: Desk) -> list[str]:
    return [
        finding.number.partition(":")[0]
        for each in desk.state.audit
        if isinstance(each, Decided) and isinstance(each.outcome, Refused)
        for finding in each.outcome.findings
        if finding.check == "entry_gate"
    ]


def family(made: EngineConfig, name: str) -> EngineConfig:
    return msgspec.structs.replace(made, bots=tuple(msgspec.structs.replace(bot, family=name) for bot in made.bots))


def test_an_entry_that_the_tier_allows_goes() -> None:
    desk = Desk(config((LONG,), tiers=tiers(), exits=STOP, cash=D(1_000)))
    desk.bar()
    assert refusals(desk) == []
    assert desk.sent


@pytest.mark.parametrize(
    ("rules", "cash", "reason"),
    [
        (tiers(), 499, "no_tier"),
        (tiers(excluded=("BTC-USD",)), 1_000, "excluded"),
        (one_tier(families=("trend",)), 1_000, "family_not_allowed"),
        (one_tier(size_min=D(600)), 1_000, "too_small"),
        (one_tier(positions_max=0), 1_000, "no_room"),
        (one_tier(risk_total=D("0.02")), 1_000, "total_risk"),
        (one_tier(risk_daily=D(0)), 1_000, "daily_risk"),
    ],
)
def test_an_entry_that_the_tier_does_not_allow_is_refused_with_its_reason(
    rules: TierRules, cash: int, reason: str
) -> None:
    desk = Desk(family(config((LONG,), tiers=rules, exits=STOP, cash=D(cash)), "momentum"))
    desk.bar()
    assert desk.sent == []
    assert refusals(desk) == [reason]


def test_a_position_without_a_stop_risks_all_of_it() -> None:
    desk = Desk(config((LONG,), tiers=one_tier(risk_total=D("0.3")), cash=D(1_000)))
    desk.bar()
    assert refusals(desk) == ["total_risk"]


def test_an_instrument_that_another_bot_is_in_is_left_to_it() -> None:
    desk = Desk(config((LONG,), (None, HALF), (None, HALF), instruments=(BTC,), tiers=tiers(), exits=STOP))
    desk.bar()
    assert len([each for each in desk.sent if each.after is None]) == 1
    desk.bar()
    assert refusals(desk) == ["already_held", "already_held"]


def test_a_plan_is_not_held_back_by_its_own_child() -> None:
    """The second slice goes while the first one rests: it is the same bot's, and one position."""
    sliced = Planning(settings=PlannerSettings(twap_above=D(1), market_below=D(0), slices=2))
    made = config((LONG,), tiers=one_tier(positions_max=1), exits=STOP, cash=D(1_000))
    made = msgspec.structs.replace(made, bots=tuple(msgspec.structs.replace(each, plan=sliced) for each in made.bots))
    desk = Desk(made)
    for _ in range(5):
        desk.bar(10_000)
    assert refusals(desk) == []
    entries = [each.order_id for each in desk.sent if each.after is None]
    assert entries == ["test-1-c1", "test-1-c2"]


def test_positions_are_counted_by_instrument_and_what_is_there_may_grow() -> None:
    made = config((HALF, LONG), instruments=(BTC, ETH), tiers=one_tier(positions_max=1))
    desk = Desk(made)
    desk.bar(instrument="BTC-USD")
    desk.fill(desk.sent[0].order_id)
    desk.bar(instrument="ETH-USD")
    assert refusals(desk) == ["no_room"]
    desk.bar(instrument="BTC-USD")
    assert [each.instrument for each in desk.sent] == ["BTC-USD", "BTC-USD"]


def test_what_is_on_its_way_to_others_counts_as_risk() -> None:
    made = config((HALF,), instruments=(BTC, ETH), tiers=one_tier(risk_total=D("0.4")), cash=D(1_000))
    desk = Desk(made)
    desk.bar(instrument="BTC-USD")
    desk.bar(instrument="ETH-USD")
    assert refusals(desk) == []
    desk = Desk(msgspec.structs.replace(made, tiers=one_tier(risk_total=D("0.2"))))
    desk.bar(instrument="BTC-USD")
    desk.bar(instrument="ETH-USD")
    assert refusals(desk) == ["total_risk"]


def test_a_bot_may_turn_its_own_position() -> None:
    made = config((HALF, TargetWeight(-0.25)), instruments=(PERP,), tiers=one_tier(positions_max=1), exits=STOP)
    desk = Desk(made)
    desk.bar(instrument=PERP.id)
    desk.fill(desk.sent[0].order_id)
    desk.bar(instrument=PERP.id)
    desk.cancel(f"{desk.sent[0].order_id}-sl")
    assert refusals(desk) == []
    assert desk.sent[-2].side == -1


def test_a_reduction_is_never_held_back() -> None:
    desk = Desk(config((LONG, FLAT), tiers=one_tier(positions_max=1)))
    desk.bar()
    desk.fill(desk.sent[0].order_id)
    desk.bar(close=1)  # a fortune is lost: below every tier
    assert desk.sent[-1].side == -1
    assert refusals(desk) == []


def test_the_worth_that_entries_are_judged_by_is_in_the_state() -> None:
    desk = Desk(config((), tiers=tiers(), cash=D(1_000)))
    desk.bar()
    assert state_values(desk.state)["tiers"] == ["roomy", True, 0, "1000", "1000"]


def test_another_tier_is_told_and_is_part_of_the_state() -> None:
    table = (ROOMY, msgspec.structs.replace(ROOMY, name="large", equity_min=D(1_000)))
    desk = Desk(config((TargetWeight(0.9),), tiers=tiers(table), cash=D(1_000)))
    desk.bar()
    desk.fill(desk.sent[0].order_id)
    assert state_values(desk.state)["tiers"][0] == "large"  # type: ignore[index]
    desk.bar(close=9_700)
    assert desk.alarms == []  # within five percent
    desk.bar(close=9_000)
    assert [(each.name, each.text.partition(":")[0]) for each in desk.alarms] == [("tier", "large -> roomy")]
    assert state_values(desk.state)["tiers"][0] == "roomy"  # type: ignore[index]


# -- edges -------------------------------------------------------------------------------------------------------------


def edged(script: tuple[object, ...] = (LONG,), **rules: object) -> Desk:
    return Desk(config(script, edge=EdgeRules(**rules)))  # type: ignore[arg-type]


def test_an_edge_that_nobody_knows_opens_nothing() -> None:
    desk = edged()
    desk.bar()
    assert desk.sent == []
    assert refusals(desk) == ["edge"]


def test_a_known_edge_that_pays_for_its_costs_opens() -> None:
    # Two takers at 0.4 % and a spread of 5 bps are 85 bps; a hundred trades are pulled towards none by a sixth.
    for mean, opens in ((103, True), (101, False)):
        desk = edged(known={"a": KnownEdge(100, D(mean))})
        desk.bar()
        assert bool(desk.sent) is opens


def test_a_wide_quote_counts_for_more() -> None:
    desk = edged(known={"a": KnownEdge(100, D(120))})
    desk.take(QuoteTick("BTC-USD", 1, 9_900, 1, 10_100, 1))
    desk.bar()
    assert refusals(desk) == ["edge"]


def test_an_operator_can_let_it_trade() -> None:
    desk = edged(overrides={"a": "ann: trial"})
    desk.bar()
    assert len(desk.sent) == 1
    assert desk.config.edge.overrides == {"a": "ann: trial"}  # type: ignore[union-attr]  # in the journal's header


def test_trades_of_the_session_count_with_those_before() -> None:
    desk = edged((LONG, FLAT, LONG), known={"a": KnownEdge(100, D(103))})
    desk.bar()
    desk.fill(desk.sent[0].order_id, price=10_000)
    desk.bar()
    desk.fill(desk.sent[1].order_id, price=8_000)  # -2,000 bps
    assert [each.gross_bps for each in desk.state.record.of("a")] == [-2_000]  # type: ignore[union-attr]
    desk.bar()
    assert refusals(desk) == ["edge"]


def test_no_bot_opens_inside_the_account_what_it_may_not_open_outside() -> None:
    made = config((LONG, FLAT), (None, LONG), edge=EdgeRules(known={"a": KnownEdge(100, D(500))}))
    desk = Desk(made)
    desk.bar()
    desk.fill(desk.sent[0].order_id)
    desk.bar()
    assert not any(isinstance(each, Crossed) for each in desk.state.audit)
    assert refusals(desk) == ["edge"]


def beside(*wishes: str, **settings: object) -> Desk:
    """Return a desk of a bot that holds 1 and wants something, and of one that holds -3 and wants the rest."""
    held = tuple(HeldAtStart(PERP.id, quantity, D(100), bot) for bot, quantity in (("a", 100), ("b", -300)))
    scripts = [(TargetQuantity(D(each)),) for each in wishes]
    desk = Desk(config(*scripts, instruments=(PERP,), held=held, edge=EdgeRules(), **settings))
    desk.bar(instrument=PERP.id)
    return desk


def test_what_makes_a_bots_own_position_smaller_is_never_held_back() -> None:
    desk = beside("0", "-3")
    assert refusals(desk) == []
    assert [(each.side, each.quantity) for each in desk.sent] == [(-1, 100)]


def test_what_turns_a_position_inside_the_account_is_asked_about_too() -> None:
    desk = beside("-1", "-1")
    assert not any(isinstance(each, Crossed) for each in desk.state.audit)
    assert refusals(desk) == ["edge"]


def test_what_is_too_little_for_an_order_is_no_position_to_add_to() -> None:
    small = msgspec.structs.replace(BTC, min_quantity=10)
    desk = Desk(config((LONG,), instruments=(small,), held=(HeldAtStart(BTC.id, 9, D(100), "a"),), edge=EdgeRules()))
    desk.bar()
    assert refusals(desk) == ["edge"]


def test_without_tiers_and_edges_nobody_asks() -> None:
    desk = Desk(config((LONG,)))
    desk.bar()
    assert "entry_gate" in desk.state.reviewer.off
    assert not {"tiers", "record"} & state_values(desk.state).keys()
    assert desk.ts_ns == MINUTE_NS
