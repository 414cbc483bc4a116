"""Bots that share an account: merged orders, internal crossings, and that a reduction is judged bot by bot."""

from decimal import Decimal

from tests.engine_rig import PERP, Desk, config
from tradewind.model.commands import EnterReduceOnly
from tradewind.model.decisions import Approved, Decided, Refused
from tradewind.model.intents import TargetQuantity
from tradewind.risk.limits import Limits

SHARE = Limits(leverage_max=None, exposure_share_max=None, instrument_share_max=Decimal("0.2"))


def target(quantity: str) -> TargetQuantity:
    return TargetQuantity(Decimal(quantity))


def test_a_bot_cannot_open_under_cover_of_another_one_that_reduces() -> None:
    """Together they reduce the account, but one of them opens: in reduce-only mode each is judged alone."""
    desk = Desk(config([None, target("-10")], [target("199"), target("100")], instruments=[PERP], limits=SHARE))
    desk.bar(10_000, "BTC-PERP")
    desk.fill("test-1")
    desk.take(EnterReduceOnly(desk.ts_ns, "operator", "storm"))
    desk.bar(10_000, "BTC-PERP")
    decided = desk.records(Decided)[1:]
    assert [(type(each.outcome), [share.bot for share in each.shares]) for each in decided] == [
        (Refused, ["a"]),
        (Approved, ["b"]),
    ]


def test_what_is_held_is_not_held_against_what_takes_it_away() -> None:
    """The price has carried the holding beyond its share; an order that turns it the other way, smaller, may go."""
    desk = Desk(config([target("199"), target("-150")], instruments=[PERP], limits=SHARE))
    desk.bar(10_000, "BTC-PERP")
    desk.fill("test-1")
    desk.bar(10_100, "BTC-PERP")
    assert [request.quantity for request in desk.sent] == [19_900, 34_900]


def test_of_two_targets_in_one_wish_the_last_one_holds() -> None:
    desk = Desk(config([[target("2"), target("3")]], instruments=[PERP]))
    desk.bar(10_000, "BTC-PERP")
    assert [request.quantity for request in desk.sent] == [300]


def test_a_target_that_is_taken_back_in_the_same_wish_sends_nothing() -> None:
    desk = Desk(config([[target("2"), target("0")]], instruments=[PERP]))
    desk.bar(10_000, "BTC-PERP")
    assert desk.sent == []
