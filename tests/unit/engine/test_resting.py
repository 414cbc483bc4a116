"""Entries that wait beside the mark: what they are, what ends them, and that leaving waits for nobody."""

from decimal import Decimal

import msgspec
import pytest

from tests.engine_rig import MINUTE_NS, Desk, config
from tradewind.engine.config import EngineConfig, Resting
from tradewind.model.answers import OrderCanceled
from tradewind.model.errors import ConfigError
from tradewind.model.intents import Exits, TargetQuantity
from tradewind.model.orders import OrderKind, TimeInForce

LONG, FLAT = TargetQuantity(Decimal("0.1")), TargetQuantity(Decimal(0))


def patient(*script: object, exits: Exits | None = None, offset_bps: str = "5") -> EngineConfig:
    settings = config(script, exits=exits)
    rest = Resting(Decimal(offset_bps), 3 * MINUTE_NS)
    return msgspec.structs.replace(settings, bots=(msgspec.structs.replace(settings.bots[0], rest=rest),))


def test_an_entry_waits_below_the_mark_as_a_post_only_order() -> None:
    desk = Desk(patient(LONG))
    desk.bar(10_001)
    order = desk.sent[0]
    assert (order.kind, order.price, order.post_only) == (OrderKind.LIMIT, 9_995, True)
    assert (order.time_in_force, order.expire_ns) == (TimeInForce.GTD, 4 * MINUTE_NS)


def test_its_exits_are_measured_from_the_price_it_waits_at() -> None:
    desk = Desk(patient(LONG, exits=Exits(stop_loss=0.1)))
    desk.bar(10_000)
    assert desk.sent[1].stop == 8_995  # 10 % below 9,995, on the tick below


def test_leaving_is_a_market_order() -> None:
    desk = Desk(patient(LONG, FLAT))
    desk.bar()
    desk.fill(desk.sent[0].order_id, price=9_995)
    desk.bar()
    assert desk.sent[1].kind is OrderKind.MARKET


def test_an_entry_that_expired_is_asked_for_anew_at_the_price_there_is_then() -> None:
    desk = Desk(patient(LONG, LONG, LONG))
    desk.bar(10_000)
    desk.bar(10_000)
    assert len(desk.sent) == 1
    desk.take(OrderCanceled(desk.sent[0].order_id, 4 * MINUTE_NS, "EXPIRED"))
    desk.bar(11_000)
    assert [each.price for each in desk.sent] == [9_995, 10_994]


def test_without_the_setting_entries_are_market_orders() -> None:
    desk = Desk(config((LONG,)))
    desk.bar()
    assert desk.sent[0].kind is OrderKind.MARKET


@pytest.mark.parametrize(("offset", "rest_ns"), [("-1", 1), ("10000", 1), ("5", 0)])
def test_impossible_settings_are_refused(offset: str, rest_ns: int) -> None:
    with pytest.raises(ConfigError, match="entries rest"):
        Resting(Decimal(offset), rest_ns)
