"""A check in words says amounts, shares, seconds and basis points, not the scaled numbers that the engine compares."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import PERP
from tests.unit.risk.test_review import AT_AND_BEYOND, LIMIT_BUY, OFF, PICKY, POSTED, ask, order
from tradewind.engine.check_words import MODES, NO_BOOK, NO_FIT, REDUCES, WORDS, check_words, missing_words
from tradewind.engine.explaining import CHECK_OF
from tradewind.model.decisions import ReviewRequest
from tradewind.model.orders import Side
from tradewind.risk.limits import Limits
from tradewind.risk.review import Facts

D = Decimal


def words(check: str, limits: dict[str, Any], question: ReviewRequest) -> str:
    set_limits = Limits(**{**OFF, **limits})
    return check_words(check, *CHECK_OF[check](Facts(question, set_limits)), question, set_limits)


@pytest.mark.parametrize(
    ("check", "limits", "question", "told"),
    [
        ("halted", {}, ask(), "not halted"),
        ("halted", {}, ask(halted="operator: lunch"), "operator: lunch"),
        ("reduce_only", {}, ask(locked="cooldown"), "cooldown"),
        ("regime_block", {}, ask(regime="CRISIS, confidence 0.91"), "CRISIS, confidence 0.91"),
        ("entry_gate", {}, ask(entry="no_room: 2 positions of 2 (micro)"), "no_room: 2 positions of 2 (micro)"),
        ("data_age", {"data_age_ns_max": 2 * 10**9}, ask(data_age_ns=1_500_000_000), "1.5 s old, at most 2 s"),
        ("funds", {}, ask(), "100.40 USD with its fee, 1,000.00 free"),
        ("funds", {}, ask(order(Side.SELL), free_base=500), "sells 1 of 0.5 BTC free"),
        ("funds", {}, ask(order(quantity=100, instrument=PERP), PERP),
         "20.40 USD of margin, with its fee, 1,000.00 free"),
        ("impact", {"impact_bps_max": D(10)}, ask(impact_bps=D("12.3456")),
         "what it takes from the book costs 12.35 bps against the mid, at most 10"),
        ("impact", {"impact_bps_max": D(10)}, ask(POSTED), "rests, and takes nothing from the book"),
        ("order_notional", {"order_notional_max": D(50)}, ask(), "100.00 USD, at most 50.00"),
        ("instrument_share", {"instrument_share_max": D("0.2")}, ask(),
         "100.00 USD at worst (10.0 % of equity), at most 200.00 (20.0 % of equity)"),
        ("liquidation_buffer", {"liquidation_buffer_min": D("0.15")}, ask(), "spot is never liquidated"),
        ("liquidation_buffer", {"liquidation_buffer_min": D("0.15")},
         ask(order(quantity=100, instrument=PERP), PERP), "needs 25.00 USD of 1,000.00 of what stands behind it"),
        ("concentration", {"concentration_max": D("0.4")}, ask(exposure=D(100), squares=D(10_000)),
         "Herfindahl index 0.500 at worst, at most 0.4"),
        ("slippage_guard", {"slippage_bps_max": D(50)}, ask(LIMIT_BUY),
         "its limit lies 50.0 bps beyond the last price, at most 50"),
        ("slippage_guard", {"slippage_bps_max": D(50)}, ask(), "names no price that could be a wrong one"),
        ("instrument_orders_per_minute", {"instrument_orders_per_minute_max": 3},
         ask(instrument_orders=3, instrument_wait_ns=1_500_000_000),
         "this is order 4 within a minute here, at most 3; the next may go in 1.5 s"),
        ("orders_per_minute", {"orders_per_minute_max": 3}, ask(orders_minute=3), "this is order 4, at most 3"),
        ("order_spacing", {"seconds_between_orders_min": D(2)}, ask(since_last_order_ns=1_500_000_000),
         "0.5 s too early after the last order"),
        ("instrument_rules", {}, ask(), "on its increments, above its minimums"),
        ("instrument_rules", {}, ask(order(quantity=11), PICKY),
         "0.011 BTC breaks 3 of its rules: at least 0.02 and 3 USD, in steps of 0.01"),
    ],
)  # fmt: skip
def test_words_say_what_was_compared(check: str, limits: dict[str, Any], question: ReviewRequest, told: str) -> None:
    assert words(check, limits, question) == told


def test_a_reduction_is_not_said_to_have_passed_what_it_was_not_asked() -> None:
    question = ask(order(Side.SELL), position=1_000, bot_position=1_000, free_base=1_000)
    for name, limits, *_ in AT_AND_BEYOND:
        if name in ("halted", "reduce_only"):
            assert words(name, limits, question) == MODES[name]
        elif name not in ("instrument_rules", "funds"):
            assert words(name, limits, question) == REDUCES


def test_a_reduction_says_what_holds_others_back() -> None:
    reducing = ask(order(Side.SELL), position=1_000, bot_position=1_000, free_base=1_000)
    question = msgspec.structs.replace(reducing, halted="enough", reduce_only="drawdown: far below", regime="CRISIS")
    assert words("halted", {}, question) == "only reduces, which goes on under enough"
    assert words("reduce_only", {}, question) == "only reduces, which goes on under drawdown: far below"
    locked = msgspec.structs.replace(reducing, locked="cooldown until noon")
    assert words("reduce_only", {}, locked) == "only reduces, which goes on under cooldown until noon"


def test_every_check_has_words() -> None:
    assert set(WORDS) | set(MODES) == set(CHECK_OF)


def test_what_was_missing_is_named() -> None:
    assert missing_words("var") == NO_FIT
    assert missing_words("impact") == NO_BOOK
    assert "a mark" in missing_words("leverage")


def test_equity_of_nothing_gives_no_share() -> None:
    question = msgspec.structs.replace(ask(), equity=D(0))
    assert (
        words("instrument_notional", {"instrument_notional_max": D(5)}, question) == "100.00 USD at worst, at most 5.00"
    )
