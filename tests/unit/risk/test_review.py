"""Each check of the review: what passes at the limit, what is refused beyond it, missing and broken data, and order."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import BTC, PERP
from tradewind.model.decisions import Approved, Finding, Refused, ReviewRequest
from tradewind.model.instrument import Instrument, MarginMode
from tradewind.model.margin import MarginTier
from tradewind.model.orders import OrderKind, OrderRequest, Side
from tradewind.risk.limits import RESEARCH_LIMITS, Limits
from tradewind.risk.review import CHECKS, ENTRY_GATE, REGIME_BLOCK, TAIL_CHECKS, Reviewer, reduces

D = Decimal
OFF: dict[str, Any] = dict.fromkeys(Limits.__struct_fields__) | {"instrument_notional_caps": {}}
PICKY = msgspec.structs.replace(BTC, tick=5, lot=10, min_quantity=20, min_notional=D(3))


def order(
    side: Side = Side.BUY, quantity: int | None = 1_000, instrument: Instrument = BTC, **words: Any
) -> OrderRequest:
    kind = words.pop("kind", OrderKind.MARKET)
    return OrderRequest("o", instrument.id, side, kind, quantity, words.pop("price", None), words.pop("stop", None))


def ask(request: OrderRequest | None = None, instrument: Instrument = BTC, **facts: Any) -> ReviewRequest:
    """An order for 1 BTC at 100 with 1,000 of equity and nothing else open, unless told otherwise."""
    base: dict[str, Any] = {
        "ts_ns": 0, "price": 10_000, "mark": 10_000, "reference": 10_000, "data_age_ns": 0, "taker_rate": D("0.004"),
        "equity": D(1_000), "free_cash": D(1_000), "free_base": 0, "position": 0, "bot_position": 0, "open_buys": 0,
        "open_sells": 0, "exposure": D(0), "halted": None, "reduce_only": None, "orders_minute": 0, "orders_hour": 0,
        "orders_day": 0, "since_last_order_ns": None, "squares": D(0),
    }  # fmt: skip
    return ReviewRequest(order=request or order(), instrument=instrument, **{**base, **facts})


def refused(limits: dict[str, Any], request: ReviewRequest) -> list[str]:
    """Return the names of the checks that refuse, in order; the slow way must say the same as the fast one."""
    reviewer = Reviewer(Limits(**{**OFF, **limits}))
    answer = reviewer.review(request)
    assert answer == reviewer.explain(request)
    return [finding.check for finding in answer.findings] if isinstance(answer, Refused) else []


LIMIT_BUY = order(kind=OrderKind.LIMIT, price=10_050)
POSTED = msgspec.structs.replace(LIMIT_BUY, post_only=True)
BEYOND = order(kind=OrderKind.LIMIT, price=10_051)
MAINTAINED = {"instrument": PERP, "request": order(quantity=100, instrument=PERP)}

ISOLATED = msgspec.structs.replace(PERP, margin_mode=MarginMode.ISOLATED)  # puts up 20 of its own here
TIERED = msgspec.structs.replace(PERP, margin_tiers=(MarginTier(100, D("0.4"), D("0.3")),))

AT_AND_BEYOND: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("halted", {}, {}, {"halted": "operator"}),
    ("reduce_only", {}, {}, {"reduce_only": "drawdown"}),
    ("reduce_only", {}, {}, {"locked": "cooldown"}),
    ("data_age", {"data_age_ns_max": 5}, {"data_age_ns": 5}, {"data_age_ns": 6}),
    ("instrument_rules", {}, {"instrument": PICKY}, {"instrument": PICKY, "request": order(quantity=10)}),
    ("instrument_rules", {}, {}, {"request": order(quantity=0)}),
    ("instrument_rules", {}, {"request": order(quantity=30), "instrument": PICKY},
     {"request": order(quantity=31), "instrument": PICKY}),
    ("instrument_rules", {}, {"request": order(kind=OrderKind.LIMIT, price=10_005), "instrument": PICKY},
     {"request": order(kind=OrderKind.LIMIT, price=10_006), "instrument": PICKY}),
    ("instrument_rules", {}, {"request": order(kind=OrderKind.STOP_MARKET, stop=10_005)},
     {"request": order(kind=OrderKind.STOP_MARKET, stop=0)}),
    ("funds", {}, {"free_cash": D("100.4")}, {"free_cash": D("100.39")}),
    ("funds", {}, {"request": order(Side.SELL), "free_base": 1_000}, {"request": order(Side.SELL), "free_base": 999}),
    ("funds", {}, {**MAINTAINED, "free_cash": D("20.4")}, {**MAINTAINED, "free_cash": D("20.39")}),
    ("impact", {"impact_bps_max": D(10)}, {"impact_bps": D(10)}, {"impact_bps": D("10.000001")}),
    ("impact", {"impact_bps_max": D(10)}, {"request": POSTED}, {"request": LIMIT_BUY, "impact_bps": D(11)}),
    ("order_notional", {"order_notional_max": D(100)}, {}, {"price": 10_001}),
    ("leverage", {"leverage_max": D("0.5")}, {"exposure": D(400)}, {"exposure": D("400.01")}),
    ("leverage", {"leverage_max": D("0.5")}, {"open_buys": 4_000}, {"open_buys": 4_001}),
    ("liquidation_buffer", {"liquidation_buffer_min": D("0.15")}, {**MAINTAINED, "equity": D(25)},
     {**MAINTAINED, "equity": D("24.99")}),
    ("instrument_notional", {"instrument_notional_max": D(200)}, {"position": 1_000}, {"position": 1_001}),
    ("instrument_share", {"instrument_share_max": D("0.2")}, {"equity": D(500)}, {"equity": D("499.99")}),
    ("total_exposure", {"exposure_share_max": D("0.8")}, {"exposure": D(700)}, {"exposure": D("700.01")}),
    ("concentration", {"concentration_max": D("0.5")}, {"exposure": D(100), "squares": D(10_000)},
     {"exposure": D(99), "squares": D(9_801)}),
    ("projected_liquidation", {"liquidation_distance_min": D("0.5")},
     {**MAINTAINED, "request": order(Side.SELL, 100, PERP), "equity": D(65)},
     {**MAINTAINED, "request": order(Side.SELL, 100, PERP), "equity": D("64.99")}),
    ("liquidation_buffer", {"liquidation_buffer_min": D("0.15")}, {**MAINTAINED, "backing": D(25)},
     {**MAINTAINED, "backing": D("24.99")}),
    ("liquidation_buffer", {"liquidation_buffer_min": D("0.15")},
     {**MAINTAINED, "instrument": ISOLATED, "backing": D(5)},
     {**MAINTAINED, "instrument": ISOLATED, "backing": D("4.99")}),
    ("liquidation_buffer", {"liquidation_buffer_min": D("0.15")},
     {**MAINTAINED, "instrument": TIERED, "backing": D(45)},
     {**MAINTAINED, "instrument": TIERED, "backing": D("44.99")}),
    ("liquidation_buffer", {"liquidation_buffer_min": D("0.15")}, {**MAINTAINED, "backing": D(25)},
     {**MAINTAINED, "backing": None}),
    ("projected_liquidation", {"liquidation_distance_min": D("0.5")}, {**MAINTAINED, "equity": D(55)},
     {**MAINTAINED, "equity": D("54.99")}),
    ("slippage_guard", {"slippage_bps_max": D(50)}, {"request": LIMIT_BUY}, {"request": BEYOND}),
    ("instrument_orders_per_minute", {"instrument_orders_per_minute_max": 2}, {"instrument_orders": 1},
     {"instrument_orders": 2, "instrument_wait_ns": 1}),
    ("orders_per_minute", {"orders_per_minute_max": 2}, {"orders_minute": 1}, {"orders_minute": 2}),
    ("orders_per_hour", {"orders_per_hour_max": 2}, {"orders_hour": 1}, {"orders_hour": 2}),
    ("orders_per_day", {"orders_per_day_max": 2}, {"orders_day": 1}, {"orders_day": 2}),
    ("order_spacing", {"seconds_between_orders_min": D(2)}, {"since_last_order_ns": 2_000_000_000},
     {"since_last_order_ns": 1_999_999_999}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "limits", "at", "beyond"), AT_AND_BEYOND)
def test_a_check_passes_at_its_limit_and_refuses_beyond(
    name: str, limits: dict[str, Any], at: dict[str, Any], beyond: dict[str, Any]
) -> None:
    assert refused(limits, ask(**at)) == []
    assert refused(limits, ask(**beyond)) == [name]


def test_every_check_has_a_row_above() -> None:
    assert {name for name, *_ in AT_AND_BEYOND} == {name for name, _, _ in CHECKS}


@pytest.mark.parametrize(
    ("limits", "missing", "checks"),
    [
        ({"data_age_ns_max": 5}, {"data_age_ns": None}, ["data_age"]),
        ({}, {"price": None}, ["instrument_rules", "funds"]),
        ({}, {"request": order(quantity=None)}, ["instrument_rules", "funds"]),
        ({"leverage_max": D(1)}, {"equity": None}, ["leverage"]),
        ({"leverage_max": D(1)}, {"exposure": None}, ["leverage"]),
        ({"leverage_max": D(1)}, {"mark": None}, ["leverage"]),
        ({"instrument_share_max": D(1)}, {"equity": None}, ["instrument_share"]),
        ({"exposure_share_max": D(1)}, {"equity": None}, ["total_exposure"]),
        ({"concentration_max": D(1)}, {"squares": None}, ["concentration"]),
        ({"impact_bps_max": D(10)}, {"impact_bps": None}, ["impact"]),
        ({"slippage_bps_max": D(50)}, {"request": LIMIT_BUY, "reference": None}, ["slippage_guard"]),
    ],
)
def test_missing_data_refuses(limits: dict[str, Any], missing: dict[str, Any], checks: list[str]) -> None:
    answer = Reviewer(Limits(**{**OFF, **limits})).review(ask(**missing))
    assert isinstance(answer, Refused)
    assert [(each.check, each.number) for each in answer.findings] == [(check, "missing") for check in checks]


def test_an_error_inside_a_check_refuses_and_names_it() -> None:
    answer = Reviewer(Limits(**{**OFF, "leverage_max": D(1)})).review(ask(equity="rich"))
    assert isinstance(answer, Refused)
    (finding,) = answer.findings
    assert finding.check == "leverage"
    assert finding.number.startswith("error: TypeError")


NEW_RISK = {
    "data_age_ns_max": 5, "order_notional_max": D(1), "leverage_max": D(0), "instrument_notional_max": D(1),
    "instrument_share_max": D(0), "exposure_share_max": D(0), "slippage_bps_max": D(0), "orders_per_minute_max": 0,
    "instrument_orders_per_minute_max": 0, "orders_per_hour_max": 0, "orders_per_day_max": 0,
    "seconds_between_orders_min": D(9), "concentration_max": D(0),
    "liquidation_buffer_min": D(9), "liquidation_distance_min": D(9),
}  # fmt: skip


@pytest.mark.parametrize("instrument", [BTC, PERP])
@pytest.mark.parametrize("age", [9, None])
def test_a_reduction_is_held_to_no_limit_on_new_risk(instrument: Instrument, age: int | None) -> None:
    """Halted, locked, on stale data, over every limit: what only makes a position smaller may go (FAULTS, rule 3)."""
    request = ask(
        order(Side.SELL, 1_000, instrument), instrument, position=1_000, bot_position=1_000, free_base=1_000,
        halted="operator", reduce_only="drawdown", locked="cooldown", data_age_ns=age, equity=D(-1),
        since_last_order_ns=0, free_cash=D(-5),
    )  # fmt: skip
    assert refused(NEW_RISK, request) == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"position": 1_000, "bot_position": 1_000}, True),
        ({"position": 999, "bot_position": 1_000}, False),
        ({"position": 1_000, "bot_position": 999}, False),
        ({"position": 1_500, "bot_position": 1_500, "open_sells": 500}, True),
        ({"position": 1_500, "bot_position": 1_500, "open_sells": 501}, False),
        ({"position": -1_000, "bot_position": -1_000}, False),
    ],
)
def test_reducing_holds_for_the_account_and_the_bot_whatever_else_fills(facts: dict[str, int], expected: bool) -> None:
    assert reduces(ask(order(Side.SELL), **facts)) is expected
    mirrored = {name: -value for name, value in facts.items() if "position" in name}
    mirrored["open_buys"] = facts.get("open_sells", 0)
    assert reduces(ask(order(Side.BUY), **mirrored)) is expected


def test_all_findings_come_in_the_order_of_the_specification_with_exact_numbers() -> None:
    limits = Limits(data_age_ns_max=1, leverage_max=D(1), instrument_share_max=D("0.2"), slippage_bps_max=None)
    answer = Reviewer(limits).review(ask(halted="look", data_age_ns=7, equity=D("99.5"), free_cash=D(5)))
    assert isinstance(answer, Refused)
    assert answer.findings == (
        Finding("halted", "look", "0"),
        Finding("data_age", "7", "1"),
        Finding("funds", "100.4", "5"),
        Finding("leverage", "100", "99.5"),
        Finding("instrument_share", "100", "19.9"),
        Finding("total_exposure", "100", "79.6"),
    )
    assert len(answer.numbers) == len(Reviewer(limits).on)


def test_an_approval_carries_equity_what_is_needed_and_the_worst_case() -> None:
    answer = Reviewer(RESEARCH_LIMITS).review(ask(exposure=D(200), open_buys=1_000))
    assert answer == Approved(D("100.4"), D(1_000), D(1_000), D(200), D(400))


def test_checks_that_are_off_are_named() -> None:
    reviewer = Reviewer(Limits(**OFF))
    assert reviewer.on == ("halted", "reduce_only", "instrument_rules", "funds")
    known = {name for name, _, _ in (*CHECKS, *TAIL_CHECKS)}
    assert set(reviewer.off) == known - set(reviewer.on) | {REGIME_BLOCK, ENTRY_GATE}


def test_both_sides_of_the_book_count_for_the_worst_case() -> None:
    """A small sell beside large open buys: if only the buys fill, the position is at its largest."""
    facts = {"request": order(Side.SELL, 10), "position": 0, "open_buys": 3_000, "free_base": 10}
    assert refused({"instrument_notional_max": D(300)}, ask(**facts)) == []
    assert refused({"instrument_notional_max": D("299.99")}, ask(**facts)) == ["instrument_notional"]
