"""Two classical rivals of the boosted model: a Gaussian hidden Markov model and a statistical jump model.

Both learn without labels, on the training seeds; only then is each state given the regime it mostly met there. Both
answer causally: the filtered posterior, never the smoothed one, and the forward costs, never the best path.

Source  METHODS 1.4; Rabiner (1989), A tutorial on hidden Markov models; Nystrup, Lindstrom and Madsen (2020), Learning
        hidden Markov models with persistent states by penalizing jumps.
"""

from collections.abc import Sequence
from itertools import permutations

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.model.regime import CLASSES
from tradewind.regime.inputs import FEATURES

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

STATES = len(CLASSES)
SEEN = ("width_5", "market_width_5", "drift_10", "own_drift_10", "lag1_10", "own_lag1_10", "ratio16_20", "together_10")
COLUMNS = [FEATURES.index(name) for name in SEEN]
ITERATIONS = 25
JUMP_PENALTY = 40.0
FLOOR = 1e-3
CLIP = 6.0
STICKINESS = 0.97


class HiddenMarkov(msgspec.Struct, frozen=True):
    """Start, transitions (K, K), means and variances (K, D) of standardised inputs, and each state's class."""

    start: list[float]
    transitions: list[list[float]]
    means: list[list[float]]
    variances: list[list[float]]
    classes: list[int]


class JumpModel(msgspec.Struct, frozen=True):
    """Centres (K, D) of standardised inputs, the price of a jump, and each state's class."""

    centres: list[list[float]]
    penalty: float
    classes: list[int]


class Comparators(msgspec.Struct, frozen=True):
    """Both rivals and the standardisation of what they see."""

    centre: list[float]
    scale: list[float]
    markov: HiddenMarkov
    jumps: JumpModel

    def inputs(self, features: FloatArray) -> FloatArray:
        """Return what the rivals see of features (T, F): (T, D), clipped at six deviations."""
        standard = (features[:, COLUMNS] - np.array(self.centre)) / np.array(self.scale)
        return np.asarray(np.clip(standard, -CLIP, CLIP))


def fit_comparators(features: FloatArray, labels: IntArray) -> Comparators:
    """Return both rivals, fitted on series (S, T, F) and mapped to classes by their labels (S, T)."""
    seen = features[:, :, COLUMNS]
    centre, scale = seen.mean(axis=(0, 1)), seen.std(axis=(0, 1))
    standard = np.clip((seen - centre) / scale, -CLIP, CLIP)
    centres = _first_centres(standard)
    jumps = fit_jumps(standard, centres, JUMP_PENALTY)
    jump_states = np.stack([jump_online(each, jumps, JUMP_PENALTY)[1] for each in standard])
    start, transitions, means, variances = fit_markov(standard, jumps)
    markov = HiddenMarkov(start.tolist(), transitions.tolist(), means.tolist(), variances.tolist(), [0] * STATES)
    markov_states = np.stack([filtered(each, markov).argmax(axis=1) for each in standard])
    return Comparators(
        centre.tolist(),
        scale.tolist(),
        msgspec.structs.replace(markov, classes=assigned(markov_states, labels)),
        JumpModel(jumps.tolist(), JUMP_PENALTY, assigned(jump_states, labels)),
    )


def filtered(inputs: FloatArray, model: HiddenMarkov) -> FloatArray:
    """Return the filtered probabilities of the states.

    Shape   (T, D) -> (T, K), float64; rows sum to 1.
    Timing  Row `t` uses inputs up to and including `t`.
    NaN     Passed on to all later rows.
    Source  Rabiner (1989), the scaled forward recursion.
    """
    forward, _ = _forward(
        inputs[None],
        np.array(model.start),
        np.array(model.transitions),
        _densities(inputs[None], np.array(model.means), np.array(model.variances)),
    )
    return np.asarray(forward[0])


def markov_likelihood(inputs: FloatArray, model: HiddenMarkov) -> float:
    """Return the log likelihood of a series (T, D), of which the same recursion is the by-product."""
    logs = _densities(inputs[None], np.array(model.means), np.array(model.variances))
    _, norms = _forward(inputs[None], np.array(model.start), np.array(model.transitions), logs)
    return float((np.log(norms) + logs.max(axis=2)).sum())


def jump_online(inputs: FloatArray, centres: FloatArray, penalty: float) -> tuple[FloatArray, IntArray]:
    """Return the forward costs of the states and the cheapest state of each row.

    Shape   (T, D), (K, D) -> (T, K), (T,).
    Timing  Row `t` uses inputs up to and including `t`.
    NaN     Passed on to all later rows.
    Source  Nystrup, Lindstrom and Madsen (2020).
    """
    losses = _losses(inputs[None], centres)[0]
    costs = np.empty_like(losses)
    cost = np.zeros(centres.shape[0])
    for t, loss in enumerate(losses):
        cost = np.minimum(cost, cost.min() + penalty) + loss
        costs[t] = cost
    return costs, costs.argmin(axis=1)


def fit_jumps(series: FloatArray, centres: FloatArray, penalty: float, iterations: int = ITERATIONS) -> FloatArray:
    """Return the centres that coordinate descent reaches: paths by dynamic programming, then means of their rows.

    Shape   (S, T, D), (K, D) -> (K, D).
    Timing  A fit over whole series.
    """
    for _ in range(iterations):
        states = jump_paths(series, centres, penalty)
        moved = np.stack(
            [series[states == k].mean(axis=0) if (states == k).any() else centres[k] for k in range(len(centres))]
        )
        if np.allclose(moved, centres, atol=1e-9):
            break
        centres = moved
    return centres


def jump_paths(series: FloatArray, centres: FloatArray, penalty: float) -> IntArray:
    """Return the states (S, T) of the cheapest paths of whole series, for fitting only."""
    losses = _losses(series, centres)
    count, length, states = losses.shape
    came = np.zeros((count, length, states), dtype=np.int64)
    cost = losses[:, 0]
    for t in range(1, length):
        cheapest = cost.argmin(axis=1)
        jumped = np.take_along_axis(cost, cheapest[:, None], 1) + penalty
        came[:, t] = np.where(cost <= jumped, np.arange(states), cheapest[:, None])
        cost = np.minimum(cost, jumped) + losses[:, t]
    path = np.empty((count, length), dtype=np.int64)
    path[:, -1] = cost.argmin(axis=1)
    for t in range(length - 1, 0, -1):
        path[:, t - 1] = came[np.arange(count), t, path[:, t]]
    return path


def fit_markov(
    series: FloatArray, centres: FloatArray, iterations: int = ITERATIONS
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return start (K,), transitions (K, K), means and variances (K, D) after some rounds of expectation-maximisation.

    Shape   (S, T, D) and first means (K, D).
    Timing  A fit over whole series; the smoothed posterior is used here and nowhere else.
    """
    states = len(centres)
    start = np.full(states, 1.0 / states)
    transitions = np.full((states, states), (1.0 - STICKINESS) / (states - 1))
    np.fill_diagonal(transitions, STICKINESS)
    means, variances = centres, np.ones_like(centres)
    for _ in range(iterations):
        logs = _densities(series, means, variances)
        forward, norms = _forward(series, start, transitions, logs)
        weights, moves = _smoothed(forward, norms, transitions, np.exp(logs - logs.max(axis=2, keepdims=True)))
        start = weights[:, 0].mean(axis=0)
        transitions = moves / moves.sum(axis=1, keepdims=True)
        total = weights.sum(axis=(0, 1))[:, None]
        means = np.einsum("stk,std->kd", weights, series) / total
        squares = np.einsum("stk,std->kd", weights, series * series) / total
        variances = np.maximum(squares - means * means, FLOOR)
    return start, transitions, means, variances


def assigned(states: IntArray, labels: IntArray) -> list[int]:
    """Return each state's class, one each, such that most bars agree: all assignments of four are tried."""
    agree = np.zeros((STATES, STATES), dtype=np.int64)
    np.add.at(agree, (states.ravel(), labels.ravel()), 1)
    return list(max(permutations(range(STATES)), key=lambda classes: sum(agree[k, c] for k, c in enumerate(classes))))


def _forward(
    series: FloatArray, start: FloatArray, transitions: FloatArray, logs: FloatArray
) -> tuple[FloatArray, FloatArray]:
    densities = np.exp(logs - logs.max(axis=2, keepdims=True))
    forward, norms = np.empty_like(densities), np.empty(densities.shape[:2])
    chance = np.broadcast_to(start, densities[:, 0].shape)
    for t in range(series.shape[1]):
        chance = (chance if t == 0 else chance @ transitions) * densities[:, t]
        norms[:, t] = chance.sum(axis=1)
        chance = chance / norms[:, t, None]
        forward[:, t] = chance
    return forward, norms


def _smoothed(
    forward: FloatArray, norms: FloatArray, transitions: FloatArray, densities: FloatArray
) -> tuple[FloatArray, FloatArray]:
    weights = forward.copy()
    moves = np.zeros_like(transitions)
    after = np.ones_like(forward[:, 0])
    for t in range(forward.shape[1] - 1, 0, -1):
        ahead = densities[:, t] * after / norms[:, t, None]
        moves += transitions * (forward[:, t - 1].T @ ahead)
        after = ahead @ transitions.T
        weights[:, t - 1] *= after
    return weights, moves


def _densities(series: FloatArray, means: FloatArray, variances: FloatArray) -> FloatArray:
    """Log densities (S, T, K) of independent normals."""
    distance = (series[:, :, None, :] - means) ** 2 / variances
    return np.asarray(-0.5 * (distance + np.log(2 * np.pi * variances)).sum(axis=3))


def _losses(series: FloatArray, centres: FloatArray) -> FloatArray:
    return np.asarray(0.5 * ((series[:, :, None, :] - centres) ** 2).sum(axis=3))


def _first_centres(series: FloatArray) -> FloatArray:
    """Means of four slices of the rows, from choppy and calm to trending and wild, without any draw."""
    rows = series.reshape(-1, series.shape[2])
    order = np.argsort(rows[:, 2] - rows[:, 4] + rows[:, 0], kind="stable")
    parts: Sequence[IntArray] = np.array_split(order, STATES)
    return np.stack([rows[part].mean(axis=0) for part in parts])
