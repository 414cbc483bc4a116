"""While a session trades, the journal's thread does not wait long for its turn."""

import sys

import pytest

from tradewind.app.live.turns import TURN_S, quick_turns


def test_turns_are_quick_while_a_session_lasts() -> None:
    usual_s = sys.getswitchinterval()
    with quick_turns():
        assert sys.getswitchinterval() == pytest.approx(TURN_S)
    assert sys.getswitchinterval() == usual_s


def test_they_are_as_usual_again_when_it_fails() -> None:
    usual_s = sys.getswitchinterval()
    with pytest.raises(ValueError, match="lost"), quick_turns():
        raise ValueError("lost")
    assert sys.getswitchinterval() == usual_s
