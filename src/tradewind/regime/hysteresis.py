"""A label that does not flutter: when the reported regime follows the newest evidence, and when it waits.

One state per instrument, a value that is kept in snapshots; a restart in mid-series goes on with the same labels.

Source  METHODS 1.5.
"""

from collections.abc import Sequence

import msgspec

from tradewind.model.regime import CLASSES, Regime
from tradewind.regime.settings import HysteresisSettings

CRISIS = CLASSES.index(Regime.CRISIS)
"""The last of the classes: those before it are an instrument's own."""
NOWHERE = -1


class Held(msgspec.Struct, frozen=True):
    """The class held (`NOWHERE` before the first), one that asks to follow, for how long, and the bars in a crisis."""

    held: int = NOWHERE
    pending: int = NOWHERE
    pending_bars: int = 0
    crisis_bars: int = 0


def follow(state: Held, probabilities: Sequence[float], settings: HysteresisSettings) -> Held:
    """Return the state after one bar of the model tier.

    A crisis enters on its probability alone, stays for `crisis_dwell_bars` bars at least, and leaves on a bar whose
    probability is below `crisis_leave`; any other class must lead the held one by `margin`.
    """
    crisis = probabilities[CRISIS]
    if state.held == CRISIS:
        return _in_crisis(state, crisis, _best_but_crisis(probabilities), settings)
    if crisis > settings.crisis_enter:
        return Held(CRISIS)
    if state.held == NOWHERE:
        return Held(probabilities.index(max(probabilities)))
    calm = _best_but_crisis(probabilities)
    if calm != state.held and probabilities[calm] - probabilities[state.held] > settings.margin:
        return Held(calm)
    return state


def confirm(state: Held, label: int, settings: HysteresisSettings) -> Held:
    """Return the state after one bar of the rule tier: a new label must come `confirm_bars` times, a crisis once."""
    if state.held == CRISIS:
        return _in_crisis(state, 1.0 if label == CRISIS else 0.0, label, settings)
    if label == CRISIS or state.held == NOWHERE:
        return Held(label)
    if label == state.held:
        return Held(label)
    bars = state.pending_bars + 1 if label == state.pending else 1
    return Held(label) if bars >= settings.confirm_bars else Held(state.held, label, bars)


def _in_crisis(state: Held, crisis: float, after: int, settings: HysteresisSettings) -> Held:
    bars = state.crisis_bars + 1
    over = bars >= settings.crisis_dwell_bars and crisis < settings.crisis_leave
    return Held(after) if over else Held(CRISIS, crisis_bars=bars)


def _best_but_crisis(probabilities: Sequence[float]) -> int:
    calm = probabilities[:CRISIS]
    return calm.index(max(calm))
