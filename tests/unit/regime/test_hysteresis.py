"""When a label changes and when it waits."""

import pytest

from tradewind.model.errors import ConfigError
from tradewind.regime.hysteresis import CRISIS, NOWHERE, Held, confirm, follow
from tradewind.regime.settings import HysteresisSettings

SETTINGS = HysteresisSettings()
CALM = (0.5, 0.3, 0.2, 0.0)


def labels(rows: list[tuple[float, ...]], state: Held | None = None) -> list[int]:
    state, out = state or Held(), []
    for row in rows:
        state = follow(state, row, SETTINGS)
        out.append(state.held)
    return out


def test_the_first_answer_is_the_likeliest() -> None:
    assert labels([CALM]) == [0]


def test_a_narrow_lead_does_not_switch_and_a_wide_one_does() -> None:
    assert labels([CALM, (0.35, 0.5, 0.15, 0.0), (0.25, 0.5, 0.25, 0.0)]) == [0, 0, 1]


def test_exactly_the_margin_is_not_enough() -> None:
    assert labels([CALM, (0.25, 0.4375, 0.25, 0.0)], None) == [0, 0]
    wide = HysteresisSettings(margin=0.25)
    assert follow(Held(0), (0.25, 0.5, 0.25, 0.0), wide).held == 0


def test_a_crisis_enters_at_once_and_stays_twelve_bars() -> None:
    crisis = (0.2, 0.1, 0.1, 0.6)
    said = labels([CALM, crisis] + [CALM] * 14)
    assert said == [0] + [CRISIS] * 12 + [0] * 3


def test_a_crisis_goes_on_while_its_probability_is_not_low() -> None:
    simmering = (0.4, 0.2, 0.1, 0.3)
    assert labels([simmering] * 30, Held(CRISIS)) == [CRISIS] * 30


def test_a_crisis_needs_more_than_half() -> None:
    assert labels([CALM, (0.5, 0.0, 0.0, 0.5)]) == [0, 0]


def test_a_crisis_that_leads_without_half_moves_nothing_to_crisis() -> None:
    assert CRISIS not in labels([CALM, (0.1, 0.4, 0.05, 0.45)])


def test_rules_need_a_label_twice_but_a_crisis_once() -> None:
    state, out = Held(), []
    for label in (0, 1, 0, 1, 1, CRISIS):
        state = confirm(state, label, SETTINGS)
        out.append(state.held)
    assert out == [0, 0, 0, 0, 1, CRISIS]


def test_two_different_askers_do_not_add_up() -> None:
    state = confirm(confirm(Held(0), 1, SETTINGS), 2, SETTINGS)
    assert state == Held(0, 2, 1)


def test_nothing_is_held_at_first() -> None:
    assert Held().held == NOWHERE


@pytest.mark.parametrize(
    "given",
    [{"margin": 1.0}, {"margin": -0.1}, {"crisis_leave": 0.6}, {"crisis_enter": 1.0}, {"confirm_bars": 0}],
)
def test_impossible_settings_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        HysteresisSettings(**given)
