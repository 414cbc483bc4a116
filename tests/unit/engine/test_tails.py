"""VaR in the engine: a fit enters as an event, orders are held to it, and it expires."""

from decimal import Decimal

from tests.engine_rig import BTC, ETH, Desk, config
from tradewind.engine.config import TailPlan
from tradewind.engine.digest import state_digest
from tradewind.model import commands as c
from tradewind.model.decisions import Decided, Refused
from tradewind.model.intents import TargetQuantity
from tradewind.risk.tail import TailLimits
from tradewind.risk.tail_book import TAIL, tail_parameters

PLAN = TailPlan(limits=TailLimits(var_share_max=Decimal("0.05")))
# 4 % a day each, correlation 0.5, VaR at 1.5 deviations: 100 of one has a VaR of 6.
SPREAD = [[0.0016, 0.0008], [0.0008, 0.0016]]
FIT = tail_parameters(["BTC-USD", "ETH-USD"], SPREAD, 1.5)
FOREVER = 10**18


def buy(quantity: str) -> TargetQuantity:
    return TargetQuantity(Decimal(quantity))


def desk(*script: object, cash: int = 1_000, **words: object) -> Desk:
    return Desk(config(list(script), cash=Decimal(cash), tail=PLAN, **words))


def findings(one: Desk) -> list[tuple[str, str, str]]:
    last = [each for each in one.state.audit if isinstance(each, Decided)][-1]
    assert isinstance(last.outcome, Refused)
    return [(each.check, each.number, each.limit) for each in last.outcome.findings]


def fit(parameters: dict[str, float], valid_until_ns: int = FOREVER, ts_ns: int = 1) -> c.Fitted:
    return c.Fitted(ts_ns, TAIL, ts_ns - 1, parameters, valid_until_ns)


def test_without_a_fit_no_order_goes_and_with_one_it_does() -> None:
    one = desk(buy("1"), buy("1"))
    one.bar()
    assert one.sent == []
    assert findings(one) == [("var", "missing", "needed")]
    one.take(fit(FIT))
    one.bar()
    assert len(one.sent) == 1


def test_an_order_beyond_the_limit_is_refused_with_its_number() -> None:
    one = desk(buy("8"), buy("9"))
    one.take(fit(FIT))
    one.bar()  # 8 x 100 x 4 % x 1.5 = 48 of 50
    assert len(one.sent) == 1
    one.cancel("test-1")
    one.bar()
    assert len(one.sent) == 1
    assert findings(one) == [("var", "54", "50")]


def test_a_fit_that_has_expired_is_missing() -> None:
    one = desk(buy("1"))
    one.take(fit(FIT, valid_until_ns=one.ts_ns + 2))
    one.bar()
    assert one.sent == []
    assert findings(one) == [("var", "missing", "needed")]


def test_a_fit_of_another_kind_is_none() -> None:
    one = desk(buy("1"))
    one.take(c.Fitted(1, "garch", 0, FIT, FOREVER))
    one.bar()
    assert one.sent == []


def test_what_is_held_elsewhere_counts_with_its_correlation() -> None:
    script = [None, buy("4")]
    both = Desk(config([buy("4")], script, cash=Decimal(1_000), tail=PLAN, instruments=[BTC, ETH], netting=False))
    both.take(fit(FIT))
    both.bar(10_000, "BTC-USD")
    both.fill("test-1")
    tails = both.state.tails
    assert tails is not None
    both.bar(10_000, "ETH-USD")
    shape = tails.shape("ETH-USD")
    assert shape is not None
    # 400 of BTC beside 400 and more of ETH: the deviation of the rest is 16, its covariance with ETH 0.0008 x 400.
    assert shape.rest == 256.0
    assert shape.pull == 0.32


def test_what_the_fit_does_not_know_takes_no_risk() -> None:
    one = desk(buy("1"), instruments=[BTC, ETH])
    one.take(fit(tail_parameters(["ETH-USD"], [[0.0016]], 1.5)))
    one.bar(10_000, "BTC-USD")
    assert one.sent == []
    assert findings(one) == [("var", "missing", "needed")]


def test_the_state_is_told_in_the_digest_only_where_it_is_kept() -> None:
    plain, kept = Desk(config([None])), desk(None)
    for one in (plain, kept):
        one.bar()
    assert plain.state.tails is None
    before = state_digest(kept.state)
    kept.state.tails.see("BTC-USD", 5, 5, 10_000, 1e-5)  # type: ignore[union-attr]
    assert state_digest(kept.state) != before


def test_pairs_that_begin_to_move_together_are_told_once() -> None:
    plan = TailPlan(correlation_warn=0.7)
    one = Desk(config([buy("1")], cash=Decimal(1_000), tail=plan, instruments=[BTC, ETH]))
    close = tail_parameters(["BTC-USD", "ETH-USD"], [[0.0016, 0.0014], [0.0014, 0.0016]], 1.5)
    for parameters in (FIT, close, close):
        one.take(fit(parameters))
    assert [(each.name, each.text) for each in one.alarms] == [
        ("correlation", "moving together above 0.7: BTC-USD and ETH-USD 0.88")
    ]
    one.bar(10_000, "BTC-USD")
    assert len(one.sent) == 1
