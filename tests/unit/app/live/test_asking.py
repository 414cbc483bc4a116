"""Which instruments a session has, and which checks real money does not trade without."""

from decimal import Decimal

import msgspec
import pytest

from tradewind.app.doctor import exits_finding
from tradewind.app.findings import Verdict
from tradewind.app.live.asking import REQUIRED, instruments_of, refuse_without_required_checks, without_exits
from tradewind.app.profiles import profile_values
from tradewind.app.settings import BotSettings, Config, DataSettings, ExitSettings
from tradewind.model.errors import ConfigError
from tradewind.risk.limits import Limits
from tradewind.risk.review import CHECKS


def test_the_data_name_the_instruments_or_the_bots_do() -> None:
    one, two = (BotSettings(strategy="macd", instruments=names) for names in (("ETH-USD", "BTC-USD"), ("BTC-USD",)))
    assert instruments_of(Config(bots=(one, two)), verb="trade") == ("BTC-USD", "ETH-USD")
    told = DataSettings(instruments=("SOL-USD",))
    assert instruments_of(Config(data=told, bots=(one,)), verb="trade") == ("SOL-USD",)
    for bots in ((), (one, BotSettings(strategy="macd"))):
        with pytest.raises(ConfigError, match="say which instruments to watch"):
            instruments_of(Config(bots=bots), verb="watch")


def test_bots_that_only_their_strategies_close_are_named() -> None:
    stop = ExitSettings(stop_loss=Decimal("0.05"))
    bare, guarded = BotSettings(id="a", strategy="macd"), BotSettings(strategy="score", exits=stop)
    assert without_exits(Config(bots=(bare, guarded))) == ("a",)
    assert exits_finding(Config(bots=(bare, guarded))).verdict is Verdict.REVIEW
    assert without_exits(Config(bots=(bare, guarded), exits=stop)) == ()
    assert exits_finding(Config(bots=(bare,), exits=stop)).verdict is Verdict.READY


@pytest.mark.parametrize("profile", ["canary", "spot", "prod"])
def test_profiles_of_real_money_have_every_required_check_on(profile: str) -> None:
    refuse_without_required_checks(msgspec.convert(profile_values(profile)["limits"], Limits, strict=False))


@pytest.mark.parametrize("check", REQUIRED)
def test_a_required_check_that_is_off_is_named_with_its_key(check: str) -> None:
    key = next(limit for name, _, limit in CHECKS if name == check)
    limits = msgspec.structs.replace(Limits(data_age_ns_max=1), **{str(key): None})
    with pytest.raises(ConfigError, match=f"{check} off: set limits.{key}"):
        refuse_without_required_checks(limits)
