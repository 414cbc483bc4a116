"""Times, numbers and money are written as in recorded answers of the venue."""

from decimal import Decimal

import pytest

from tradewind.exchange.server.texts import amount, go_time, iso, iso_seconds, number, parse_time, plain

RECORDED_NS = 1_757_110_230_260_465_255


def test_times_are_written_as_the_venue_does() -> None:
    assert iso(RECORDED_NS, 9) == "2025-09-05T22:10:30.260465255Z"
    assert iso(RECORDED_NS) == "2025-09-05T22:10:30.260465Z"
    assert iso_seconds(RECORDED_NS) == "2025-09-05T22:10:30Z"


def test_a_heartbeat_carries_a_print_of_go() -> None:
    text = go_time(1_757_110_230_257_889_610, 139_651_272_674_714)
    assert text == "2025-09-05 22:10:30.25788961 +0000 UTC m=+139651.272674714"


@pytest.mark.parametrize(
    ("text", "ts_ns"),
    [
        ("2025-09-05T22:10:30.260465255Z", RECORDED_NS),
        ("2025-09-05T22:10:30Z", RECORDED_NS - 260_465_255),
        ("2025-09-05T22:10:30", RECORDED_NS - 260_465_255),
        ("2025-09-05T22:10:30.26+02:00", RECORDED_NS - 465_255 - 7_200 * 10**9),
        ("1757110230", RECORDED_NS - 260_465_255),
    ],
)
def test_times_are_read_in_the_forms_clients_send(text: str, ts_ns: int) -> None:
    assert parse_time(text) == ts_ns


@pytest.mark.parametrize("text", ["", "tomorrow", "2025-13-01T00:00:00Z", "-5"])
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.2300"), "1.23"),
        (Decimal("100"), "100"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("-0.00"), "0"),
        (None, ""),
    ],
)
def test_numbers_are_plain(value: Decimal | None, text: str) -> None:
    assert plain(value) == text


def test_money_and_the_few_real_numbers() -> None:
    assert amount(Decimal("10.50"), "USD") == {"value": "10.5", "currency": "USD"}
    assert number(Decimal("3.0")) == 3
    assert number(Decimal("0.25")) == 0.25
