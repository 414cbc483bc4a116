"""A session's orders are known from everybody else's by their names."""

import pytest

from tests.unit.app.live.test_checking import resting
from tradewind.app.live.opening import new_session
from tradewind.app.live.sessions import named, refuse_another, session_of
from tradewind.model.errors import StateError


def test_a_name_tells_its_session_and_names_of_others_tell_none() -> None:
    session = new_session("an account", 1)
    assert session_of(f"{session}-1") == session
    assert session_of(f"{session}-12-sl-part-x3") == session
    others = ("", "by hand", "halt-0123456789abcdef", "tw-0123456789ab-1", "0f6e1d9c-3a52-4b8e-9c1d-2e7f5a4b6c8d")
    for name in (*others, session, f"{session}-", f"x{session}-1"):
        assert session_of(name) == ""


def test_a_start_refuses_an_account_on_which_another_session_has_orders() -> None:
    mine, other = "0123456789ab", "ba9876543210"
    refuse_another([resting(f"{mine}-1"), resting("by hand")], {mine})
    with pytest.raises(StateError, match=rf"{other}-3 \(buy BTC-USD\).*another home folder.*halt --venue"):
        refuse_another([resting(f"{mine}-1"), resting(f"{other}-3")], {mine})


def test_many_orders_are_counted() -> None:
    assert named([resting(str(number)) for number in range(7)]).endswith(" and 2 more")
