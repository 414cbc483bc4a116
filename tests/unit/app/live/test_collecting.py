"""What there is when a session begins is not looked through for garbage again, and is when it is over."""

import gc

import pytest

from tradewind.app.live.collecting import seldom_collecting


def test_a_session_looks_seldom_and_leaves_everything_as_it_was() -> None:
    usual, frozen = gc.get_threshold(), gc.get_freeze_count()
    with seldom_collecting():
        assert gc.get_threshold()[0] > usual[0]
        assert gc.get_freeze_count() > max(frozen, 1_000)
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0


def test_so_it_does_when_the_session_fails() -> None:
    usual = gc.get_threshold()
    with pytest.raises(ValueError, match="lost"), seldom_collecting():
        raise ValueError("lost")
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0
