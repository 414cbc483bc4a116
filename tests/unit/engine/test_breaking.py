"""Breakers in the engine: what happens reaches them, new risk is refused, reductions go on, operators are told."""

from decimal import Decimal

from tests.engine_rig import Desk, config
from tradewind.model.answers import CashTransferred
from tradewind.model.decisions import Decided, Refused
from tradewind.model.intents import TargetQuantity
from tradewind.risk.breakers import BreakerRules


def buy(quantity: str) -> TargetQuantity:
    return TargetQuantity(Decimal(quantity))


def desk(rules: BreakerRules, *script: object, cash: int = 1_000) -> Desk:
    return Desk(config(list(script), cash=Decimal(cash), breakers=rules))


def refusals(one: Desk) -> list[str]:
    return [
        finding.number
        for each in one.state.audit
        if isinstance(each, Decided) and isinstance(each.outcome, Refused)
        for finding in each.outcome.findings
    ]


def test_a_loss_of_the_day_stops_entries_cancels_those_that_work_and_lets_out() -> None:
    one = desk(BreakerRules(daily_loss_max=Decimal("0.05")), buy("5"), buy("8"), None, buy("9"), buy("0"))
    one.bar()
    one.fill("test-1")
    one.bar()
    assert len(one.sent) == 2
    one.bar(8_000)  # 5 x 20 lost of 1,000
    assert one.cancels == ["test-2"]
    assert [each.name for each in one.alarms] == ["daily_loss"]
    one.cancel("test-2")
    one.bar(8_000)
    assert len(one.sent) == 2
    assert refusals(one)[-1].startswith("daily_loss: lost 100")
    one.bar(8_000)
    assert len(one.sent) == 3
    assert one.sent[-1].side.name == "SELL"


def test_a_wild_market_takes_no_new_risk() -> None:
    wild = [None] * 22
    one = desk(BreakerRules(volatility_reduce=0.2), *wild, buy("1"))
    for number in range(23):
        one.bar(10_000 if number % 2 else 10_400)
    assert one.sent == []
    assert refusals(one)[-1].startswith("volatility: ")
    assert [each.name for each in one.alarms] == ["volatility"]


def test_losing_trades_in_a_row_and_rejected_orders_are_counted() -> None:
    one = desk(BreakerRules(losses_in_row_max=1), buy("1"), buy("0"), buy("1"))
    one.bar()
    one.fill("test-1")
    one.bar()
    one.fill("test-2", price=9_000)
    one.bar()
    assert len(one.sent) == 2
    assert refusals(one)[-1] == "losses_in_row: 1 losing trades in a row"
    other = desk(BreakerRules(errors_per_hour_max=1), buy("1"), buy("2"))
    other.bar()
    other.reject("test-1")
    other.bar()
    assert refusals(other)[-1] == "error_rate: 1 orders rejected within an hour"


def test_money_that_leaves_is_no_loss_of_the_day() -> None:
    one = desk(BreakerRules(daily_loss_max=Decimal("0.05")), None, None, buy("1"))
    one.bar()
    one.take(CashTransferred("USD", one.state.now_ns, Decimal(-200), "withdrawn"))
    one.bar()
    one.bar()
    assert (one.alarms, len(one.sent)) == ([], 1)
