"""Names of series: what may be one, and where it lies."""

import pytest

from tradewind.model.errors import ConfigError
from tradewind.storage.catalog import Convention, SeriesKey, interval_ns
from tradewind.storage.catalog.series import convention_of


def test_intervals_are_numbers_and_units() -> None:
    assert [interval_ns(text) // 10**9 for text in ("1s", "15m", "1h", "1d", "2w", "1h_mark")] == [
        1,
        900,
        3600,
        86400,
        1209600,
        3600,
    ]
    for text in ("", "h", "0h", "1x", "1h_", "60", "1H"):
        with pytest.raises(ConfigError, match=r"unknown interval .*: write a number and s, m, h, d or w"):
            interval_ns(text)


def test_a_series_has_its_folder() -> None:
    assert SeriesKey("coinbase", "BTC-USD", "bars", "1h").path.as_posix() == "coinbase/BTC-USD/bars/1h"
    assert SeriesKey("coinbase", "BTC-USD", "trades").path.as_posix() == "coinbase/BTC-USD/trades"
    assert str(SeriesKey("coinbase", "BTC-USD", "trades")) == "coinbase BTC-USD trades"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("..", "BTC-USD", "bars", "1h"), "venue '..' cannot name a folder"),
        (("coinbase", "BTC/USD", "bars", "1h"), "instrument 'BTC/USD' cannot name a folder"),
        (
            ("coinbase", "BTC-USD", "candles", "1h"),
            "unknown kind 'candles': use one of bars, trades, quotes, book, funding",
        ),
        (("coinbase", "BTC-USD", "trades", "1h"), "trades have no interval, was '1h'"),
    ],
)
def test_names_that_no_folder_should_have_are_refused(parts: tuple[str, str, str, str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        SeriesKey(*parts)
    assert message in str(error.value)


def test_coinbase_sends_no_bar_without_a_trade() -> None:
    assert convention_of("coinbase") is Convention.NO_TRADE
    assert convention_of("binance") is Convention.GAP
    assert convention_of("somewhere") is Convention.GAP
