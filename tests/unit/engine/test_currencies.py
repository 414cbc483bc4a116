"""An account of several currencies: sizes, limits, equity and drawdown are worked out at the conversion's mark."""

from decimal import Decimal

from tests.engine_rig import BTC, Desk, config
from tradewind.model.answers import CashTransferred
from tradewind.model.decisions import Decided, Refused
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import TargetWeight
from tradewind.risk.limits import Limits
from tradewind.risk.protections import ProtectionRules

ETH_BTC = define_instrument("ETH-BTC", price_increment="0.0001", base_increment="0.001")
CONVERSION = {"BTC": "BTC-USD"}
HALF = TargetWeight(0.5)


def account(*script: object, **settings: object) -> Desk:
    """1,000 USD and 10 BTC at 100 USD: worth 2,000 USD; ETH costs 0.05 BTC. The bot trades ETH-BTC alone."""
    scripts = [[None, *script], []]
    desk = Desk(
        config(
            *scripts,
            instruments=[BTC, ETH_BTC],
            cash=Decimal(1000),
            conversions=CONVERSION,
            price_allowance=Decimal(0),
            **settings,
        )
    )
    desk.bar(10_000, "BTC-USD")
    desk.take(CashTransferred("BTC", desk.ts_ns, Decimal(10), "deposit"))
    return desk


def test_a_weight_is_sized_in_the_currency_that_is_spent() -> None:
    desk = account(HALF)
    assert desk.state.equity() == Decimal(2000)
    desk.bar(500, "ETH-BTC")
    desk.bar(500, "ETH-BTC")
    [order] = desk.sent
    # Half of the bot's budget, which is shared by its two instruments: 500 USD are 5 BTC, with room for the fee.
    notional = ETH_BTC.notional(order.quantity or 0, 500)
    assert Decimal("4.97") < notional <= Decimal(5)
    assert notional * (1 + desk.state.tier.taker) <= Decimal(5)


def test_limits_compare_amounts_of_one_currency() -> None:
    desk = account(HALF, limits=Limits(leverage_max=None, exposure_share_max=None, instrument_share_max=Decimal("0.2")))
    desk.bar(500, "ETH-BTC")
    desk.bar(500, "ETH-BTC")
    [refused] = [each.outcome for each in desk.records(Decided)]
    assert isinstance(refused, Refused)
    [finding] = refused.findings
    assert (finding.check, finding.limit) == ("instrument_share", "4")  # 20 % of 2,000 USD in BTC


def test_a_deposit_moves_the_peak_at_its_worth() -> None:
    desk = account(protections=ProtectionRules(drawdown_max=Decimal("0.1")))
    assert desk.state.peak == Decimal(2000)
    desk.bar(500, "ETH-BTC")
    assert desk.state.reduce_only_reason() is None


def test_without_a_rate_nothing_is_sized() -> None:
    desk = Desk(config([HALF], instruments=[ETH_BTC], cash=Decimal(1000)))
    desk.bar(500, "ETH-BTC")
    assert desk.sent == []
    assert desk.state.bots["a"].seats[0].quiet_reason == "no_mark"
