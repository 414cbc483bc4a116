"""Which instruments a session has, and which checks real money does not trade without."""

import msgspec
import pytest

from tradewind.app.live.asking import REQUIRED, instruments_of, refuse_without_required_checks
from tradewind.app.profiles import profile_values
from tradewind.app.settings import BotSettings, Config, DataSettings
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


@pytest.mark.parametrize("profile", ["canary", "spot", "prod"])
def test_profiles_of_real_money_have_every_required_check_on(profile: str) -> None:
    refuse_without_required_checks(msgspec.convert(profile_values(profile)["limits"], Limits, strict=False))


@pytest.mark.parametrize("check", REQUIRED)
def test_a_required_check_that_is_off_is_named_with_its_key(check: str) -> None:
    key = next(limit for name, _, limit in CHECKS if name == check)
    limits = msgspec.structs.replace(Limits(data_age_ns_max=1), **{str(key): None})
    with pytest.raises(ConfigError, match=f"{check} off: set limits.{key}"):
        refuse_without_required_checks(limits)
