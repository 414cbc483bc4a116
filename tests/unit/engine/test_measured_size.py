"""Sizes in the engine: entries follow what is measured, what is held is not sold by it, and why names what bound it."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import MINUTE_NS, Desk, config
from tradewind.engine.digest import state_values
from tradewind.engine.explaining import why, why_not
from tradewind.model.codec import decode_audit, encode_audit
from tradewind.model.decisions import Quiet, Sized
from tradewind.model.intents import FLAT, TargetQuantity, TargetWeight
from tradewind.model.market_events import Bar
from tradewind.portfolio.position_size import SizingRules

D = Decimal
LONG, SMALL = TargetWeight(1.0), TargetWeight(0.01)
# Prices swing by 1 % a bar of a day's 1,440th: 0.379 a day, so that a target of 0.0379 is a tenth.
SWINGS = [10_000 if n % 2 else 10_100 for n in range(40)]
TENTH = SizingRules(method="volatility_target", volatility=0.0377, volume_share=None)


def run(script: list[Any], rules: SizingRules, closes: list[int] | None = None, volume: int | None = None) -> Desk:
    """Every order fills at once."""
    desk = Desk(config(script, sizing=rules))
    for close in closes or SWINGS[: len(script)]:
        desk.ts_ns += MINUTE_NS
        known = len(desk.sent)
        desk.take(Bar("BTC-USD", desk.ts_ns, MINUTE_NS, close, close, close, close, volume))
        for request in desk.sent[known:]:
            desk.fill(request.order_id, price=close)
    return desk


def share_held(desk: Desk) -> float:
    market = desk.state.markets["BTC-USD"]
    return float(market.line.value(market.mark or 0)) / float(desk.state.equity() or 1)


def sizes(desk: Desk) -> list[Sized]:
    return [each for each in desk.state.audit if isinstance(each, Sized)]


def test_an_entry_waits_for_a_volatility_and_then_is_as_large_as_it_allows() -> None:
    desk = run([LONG] * 40, TENTH)
    assert [each.binding for each in sizes(desk)] == ["no_data", "volatility_target"]
    assert len(desk.sent) == 1
    assert share_held(desk) == pytest.approx(0.1, rel=0.02)
    quiet = [each.reason for each in desk.state.audit if isinstance(each, Quiet)]
    assert "no_size" in quiet
    assert decode_audit(encode_audit(sizes(desk))) == sizes(desk)


def test_a_smaller_wish_is_met_as_it_is() -> None:
    desk = run([None] * 35 + [SMALL], TENTH)
    assert sizes(desk)[-1].binding == "weight"
    assert share_held(desk) == pytest.approx(0.01, rel=0.02)


def test_a_position_is_not_sold_by_its_size_but_by_a_wish() -> None:
    wild = [*SWINGS[:35], 10_000, 15_000, 10_000, 15_000]
    desk = run([None] * 34 + [LONG, None, None, TargetWeight(0.9), FLAT], TENTH, wild)
    assert [each.side for each in desk.sent] == [1, -1]  # not at the 0.9, though a size of 0.1 is far away by now
    assert sizes(desk)[-1].share < 0.05
    assert desk.state.markets["BTC-USD"].held == 0


def test_a_market_without_volume_gives_no_size() -> None:
    rules = msgspec.structs.replace(TENTH, volume_share=0.05)
    desk = run([None] * 35 + [LONG], rules, volume=0)
    assert (sizes(desk)[-1].binding, desk.sent) == ("liquidity", [])
    assert run([None] * 35 + [LONG], rules, volume=10**12).sent


def test_kelly_probes_first_and_opens_nothing_without_an_edge() -> None:
    rules = SizingRules(method="kelly", volatility=None, volume_share=None, trades_min=2)
    down = [10_100, 10_000] * 6  # it buys high and sells low
    desk = run([LONG, FLAT] * 6, rules, down)
    assert [each.binding for each in sizes(desk)] == ["probe", "no_edge"]
    assert len(desk.sent) == 4
    assert any(isinstance(each, Quiet) and each.reason == "no_edge" for each in desk.state.audit)


def test_a_quantity_that_a_strategy_names_is_left_as_it_is() -> None:
    desk = run([TargetQuantity(D(1))], TENTH)
    assert desk.sent[0].quantity == 1_000
    assert sizes(desk) == []


def test_why_and_why_not_show_what_was_binding() -> None:
    script = [None] * 34 + [LONG, None]
    events: list[Any] = []
    desk = Desk(config(script, sizing=TENTH))
    take = desk.take
    desk.take = lambda event: events.append(event) or take(event)  # type: ignore[assignment,func-returns-value]
    for close in SWINGS[:35]:
        desk.bar(close)
    told = why(desk.config, events, desk.sent[0].order_id)
    size = next(each for each in told.scene.inputs if each.name == "size, of equity")
    assert " by volatility_target (weight 1, limit 1, volatility_target 0.09984)" in size.value
    blocked = Desk(config([LONG], sizing=TENTH))
    early = Bar("BTC-USD", 1, 1, 10, 10, 10, 10)
    blocked.take(early)
    (found,) = why_not(blocked.config, [early], "BTC-USD", None)
    assert found.reason == "no_size"
    assert any("by no_data" in each.value for each in found.scene.inputs)


def test_without_measured_sizes_nothing_is_measured() -> None:
    desk = Desk(config((LONG,)))
    desk.bar()
    assert desk.state.sizing is None
    assert "sizing" not in state_values(desk.state)
