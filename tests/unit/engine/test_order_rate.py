"""Limits that look at one instrument: how many orders it has had within a minute, and how much of it may be held."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.engine_rig import BTC, ETH, MINUTE_NS, OPEN_LIMITS, Desk, config
from tradewind.engine.digest import state_digest
from tradewind.model.decisions import Decided, Refused
from tradewind.model.errors import ConfigError
from tradewind.model.intents import TargetQuantity
from tradewind.risk.limits import Limits


def target(quantity: int) -> TargetQuantity:
    return TargetQuantity(Decimal(quantity))


def limited(**limits: Any) -> Limits:
    return msgspec.structs.replace(OPEN_LIMITS, **limits)


def quarter(desk: Desk, instrument: str = "BTC-USD") -> None:
    """Close a bar a quarter of a minute after the one before."""
    desk.ts_ns -= MINUTE_NS * 3 // 4
    desk.bar(instrument=instrument)


def refusals(desk: Desk) -> list[tuple[str, str, str]]:
    return [
        (finding.check, finding.number, finding.limit)
        for record in desk.records(Decided)
        if isinstance(record.outcome, Refused)
        for finding in record.outcome.findings
    ]


def ordered_twice(*more: TargetQuantity, **limits: Any) -> Desk:
    """Return a desk that has sent two orders on BTC-USD within a quarter of a minute."""
    steps = [target(1), target(2), *more]
    desk = Desk(config(steps, instruments=[BTC, ETH], cash=Decimal(10**7), limits=limited(**limits)))
    for number in (1, 2):
        quarter(desk)
        desk.fill(f"test-{number}")
    return desk


def test_one_order_too_many_on_an_instrument_is_told_when_it_may_go() -> None:
    desk = ordered_twice(target(3), target(4), target(5), instrument_orders_per_minute_max=2)
    quarter(desk)
    assert refusals(desk) == [("instrument_orders_per_minute", "3, the next in 30.0 s", "2")]
    quarter(desk)
    assert refusals(desk)[1:] == [("instrument_orders_per_minute", "3, the next in 15.0 s", "2")]
    quarter(desk)
    assert len(desk.sent) == 3


def test_other_instruments_and_reductions_are_not_held_back() -> None:
    desk = ordered_twice(target(0), instrument_orders_per_minute_max=2)
    quarter(desk)
    quarter(desk, "ETH-USD")
    assert refusals(desk) == []
    assert [(each.instrument, int(each.side)) for each in desk.sent[2:]] == [("BTC-USD", -1), ("ETH-USD", 1)]


def test_what_counts_is_part_of_the_state() -> None:
    counted, free = ordered_twice(instrument_orders_per_minute_max=9), ordered_twice(orders_per_day_max=9)
    assert state_digest(counted.state) != state_digest(free.state)
    assert state_digest(counted.state) == state_digest(ordered_twice(instrument_orders_per_minute_max=9).state)


def test_an_instrument_has_a_cap_of_its_own_and_the_tighter_one_holds() -> None:
    limits = limited(instrument_notional_caps={"BTC-USD": Decimal(150)}, instrument_notional_max=Decimal(170))
    desk = Desk(config([target(1), target(2)], instruments=[BTC, ETH], cash=Decimal(10**7), limits=limits))
    for instrument in ("BTC-USD", "ETH-USD"):
        desk.bar(instrument=instrument)
        desk.fill(desk.sent[-1].order_id)
        desk.bar(instrument=instrument)
    assert refusals(desk) == [("instrument_notional", "200", "150"), ("instrument_notional", "200", "170")]


def test_a_cap_for_an_instrument_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"instrument_notional_caps names 'BTC-EUR'"):
        config([], limits=limited(instrument_notional_caps={"BTC-EUR": Decimal(1)}))


def test_a_negative_cap_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"limits.instrument_notional_caps.BTC-USD must be a number of at least 0"):
        Limits(instrument_notional_caps={"BTC-USD": Decimal(-1)})
