"""The exit price that pays for both fees."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.portfolio.break_even import break_even_price

D = Decimal
FEE = D("0.004")


def test_long():
    price = break_even_price(is_long=True, entry_price=D(100), entry_fee=FEE, exit_fee=FEE)
    assert price.quantize(D("1e-10")) == D("100.8032128514")


def test_short():
    price = break_even_price(is_long=False, entry_price=D(100), entry_fee=FEE, exit_fee=FEE)
    assert price.quantize(D("1e-10")) == D("99.2031872510")


def test_without_fees_it_is_the_entry():
    assert break_even_price(is_long=True, entry_price=D("1.23"), entry_fee=D(0), exit_fee=D(0)) == D("1.23")


@given(st.booleans(), st.integers(1, 10**9), st.integers(0, 500), st.integers(0, 500))
def test_a_round_trip_there_earns_nothing(is_long, cents, fee_in, fee_out):
    entry, entry_fee, exit_fee = D(cents) / 100, D(fee_in) / 10_000, D(fee_out) / 10_000
    out = break_even_price(is_long=is_long, entry_price=entry, entry_fee=entry_fee, exit_fee=exit_fee)
    gain = out - entry if is_long else entry - out
    assert abs(gain - entry * entry_fee - out * exit_fee) < D("1e-15")


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="entry_price"):
        break_even_price(is_long=True, entry_price=D(0), entry_fee=FEE, exit_fee=FEE)
    with pytest.raises(ValueError, match="shares"):
        break_even_price(is_long=True, entry_price=D(1), entry_fee=FEE, exit_fee=D(1))
