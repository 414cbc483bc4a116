"""The loops behind the features of a panel of instruments and behind a forest of trees.

One call serves a whole bar, so that three instruments do not pay for dozens of operations on arrays of three. They are
plain functions like those of `numeric.kernels`, compiled by their first caller. Sums over instruments are left to
numpy in between, which rounds them by a scheme of its own. What the kernels depend on stands in this file, because the
compiler's cache knows a kernel by its file.
"""

import math
from itertools import count

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.bars import FloatArray

IntArray = NDArray[np.int64]

HALF_LIVES = (2.5, 5.0, 10.0, 20.0, 40.0, 160.0)
"""In bars. The last is an instrument's usual state, against which the others are measured."""

FAST = len(HALF_LIVES) - 1
SLOW = FAST
BETA = FAST - 1
LOOKBACKS = (12, 24, 48, 96)
SPANS = (8, 16)
WARM_BARS = 24
"""An instrument younger than this is no measure for the others."""

MINIMUM_INSTRUMENTS = 3
TINY = 1e-12
SPREAD_FLOOR = 0.01
SPREAD_CAP = 1.0
WIDE = 4.0
"""A squared deviation counts at most this many times the usual one: a crisis must not make itself look usual."""

_positions = count()
RETURN, OWN, SQUARE, OWN_SQUARE, LAG1, OWN_LAG1 = (next(_positions) for _ in range(6))
SPAN8, OWN_SPAN8, SPAN16, OWN_SPAN16 = (next(_positions) for _ in range(4))
LAG2, ABSOLUTE, WIDTH, SPREAD, MARKET_SPREAD, INNER = (next(_positions) for _ in range(6))
PAIR, ENERGY, SHARED, SHARED_SQUARE = (next(_positions) for _ in range(4))
SERIES = next(_positions)
"""How many series are averaged. The names before are their places."""

RING = max(LOOKBACKS) + 1
CLOSES, OWNS = range(2)
OPEN, HIGH, LOW, CLOSE = range(4)

ALPHAS = np.array([1.0 - 0.5 ** (1.0 / half_life) for half_life in HALF_LIVES])
RAMP_BARS = math.ceil(1.0 / float(ALPHAS.min())) + 1

PATHS = (2, 3, 4, 4)
"""Which average of absolute returns stands for the path over each of LOOKBACKS."""

GROUPS = 13
"""How many features come once for each fast half-life, before those of LOOKBACKS and the two of the newest bar."""

PANEL_SUMS = 3
"""Rows that are summed over the instruments between `meet_bar` and `take_bar`, places of the next line."""
SCALED, SCALED_SQUARE, WIDER = range(PANEL_SUMS)


def meet_bar(
    means: FloatArray, ring: FloatArray, counts: IntArray, prices: FloatArray, here: IntArray, met: FloatArray
) -> int:
    """Fill what a bar says of each instrument before the others are asked, and return how many have one.

    Shape   (H, S, N), (2 * RING, 2, N), (N,), (4, N) -> `here` (N,): who has one; `met` (PANEL_SUMS + 3, N), a column
            for each of those: the rows to sum, return, width, inner width.
    NaN     An absent bar has a close of NaN.
    """
    present = 0
    for i in range(counts.size):
        if math.isnan(prices[CLOSE, i]):
            continue
        place = counts[i] % RING
        newest = place + RING
        if counts[i] == 0:
            first = math.log(prices[OPEN, i])
            for behind in range(2 * RING):
                ring[behind, CLOSES, i] = first
        high, low, close = math.log(prices[HIGH, i]), math.log(prices[LOW, i]), math.log(prices[CLOSE, i])
        before = ring[newest - 1, CLOSES, i]
        moved = close - before
        width = math.log(max(high, before) - min(low, before) + TINY)
        scaled = moved / math.sqrt(means[BETA, SQUARE, i] + TINY) if counts[i] >= WARM_BARS else 0.0
        met[SCALED, present] = scaled
        met[SCALED_SQUARE, present] = scaled * scaled
        met[WIDER, present] = width - means[SLOW, WIDTH, i]
        met[PANEL_SUMS, present] = moved
        met[PANEL_SUMS + 1, present] = width
        met[PANEL_SUMS + 2, present] = high - low
        ring[newest, CLOSES, i] = close
        ring[place, CLOSES, i] = close
        here[present] = i
        present += 1
    return present


def take_bar(
    means: FloatArray,
    ring: FloatArray,
    lags: FloatArray,
    counts: IntArray,
    here: IntArray,
    size: int,
    met: FloatArray,
    sums: FloatArray,
    wider: FloatArray,
) -> None:
    """Take what `meet_bar` found of `size` instruments, and its sums (PANEL_SUMS,), into the averages.

    Shape   `wider` (FAST + 1, N) is filled, a column for each of them: how much wider than usual bars are over each
            fast half-life, and the newest one.
    """
    alone = size < MINIMUM_INSTRUMENTS
    total, energy, market_wider = sums[SCALED], sums[SCALED_SQUARE], sums[WIDER] / size
    oldest = counts[here[0]]
    grown = 0
    for at in range(size):
        oldest = min(oldest, counts[here[at]])
        if counts[here[at]] >= WARM_BARS:
            grown += 1
    values = np.empty(SERIES)
    for at in range(size):
        i = here[at]
        place = counts[i] % RING
        newest = place + RING
        scaled, moved, own_wider = met[SCALED, at], met[PANEL_SUMS, at], met[WIDER, at]
        company = grown - 1 if counts[i] >= WARM_BARS else grown
        peers = size - 1.0 if oldest >= WARM_BARS else max(float(company), 1.0)
        others = 0.0 if alone else (total - scaled) / peers
        own = scaled - means[BETA, SHARED, i] / (means[BETA, SHARED_SQUARE, i] + TINY) * others
        level = ring[newest - 1, OWNS, i] + own
        ring[newest, OWNS, i] = level
        ring[place, OWNS, i] = level
        values[RETURN], values[OWN] = moved, own
        values[SQUARE], values[OWN_SQUARE] = moved * moved, own * own
        values[LAG1], values[OWN_LAG1], values[LAG2] = moved * lags[0, i], own * lags[1, i], moved * lags[2, i]
        lags[0, i], lags[1, i], lags[2, i] = moved, own, lags[0, i]
        for span in range(len(SPANS)):
            for series in range(2):
                travelled = ring[newest, series, i] - ring[newest - SPANS[span], series, i]
                values[SPAN8 + 2 * span + series] = travelled * travelled
        values[ABSOLUTE], values[WIDTH] = abs(moved), met[PANEL_SUMS + 1, at]
        values[SPREAD] = min(own_wider * own_wider, max(WIDE * means[SLOW, SPREAD, i], SPREAD_CAP))
        market_cap = max(WIDE * means[SLOW, MARKET_SPREAD, i], SPREAD_CAP)
        values[MARKET_SPREAD] = min(market_wider * market_wider, market_cap)
        values[INNER] = met[PANEL_SUMS + 2, at] * met[PANEL_SUMS + 2, at]
        if alone:
            for series in range(PAIR, SERIES):
                values[series] = means[BETA, series, i]
        else:
            values[PAIR], values[ENERGY] = (total * total - energy) / (size - 1.0), energy
            values[SHARED], values[SHARED_SQUARE] = scaled * others, others * others
        counts[i] += 1
        for half_life in range(len(HALF_LIVES)):
            weight = ALPHAS[half_life]
            if oldest <= RAMP_BARS:
                weight = max(weight, 1.0 / counts[i])
            for series in range(SERIES):
                means[half_life, series, i] += (values[series] - means[half_life, series, i]) * weight
        for half_life in range(FAST):
            wider[half_life, at] = means[half_life, WIDTH, i] - means[SLOW, WIDTH, i]
        wider[FAST, at] = met[PANEL_SUMS + 1, at] - means[SLOW, WIDTH, i]


def panel_features(
    means: FloatArray,
    ring: FloatArray,
    counts: IntArray,
    here: IntArray,
    size: int,
    wider: FloatArray,
    sums: FloatArray,
    out: FloatArray,
) -> None:
    """Fill the features of `size` instruments from the averages, the widths of `take_bar` and their sums (FAST + 1,).

    Shape   `out` (F, N): GROUPS blocks of one row for each fast half-life, one for each of LOOKBACKS, and two.
    """
    rest = FAST * GROUPS
    for column in range(size):
        i = here[column]
        newest = (counts[i] - 1) % RING + RING
        usual = math.sqrt(max(means[SLOW, SPREAD, i], SPREAD_FLOOR))
        usual_market = math.sqrt(max(means[SLOW, MARKET_SPREAD, i], SPREAD_FLOOR))
        usually_together = means[SLOW, PAIR, i] / (means[SLOW, ENERGY, i] + TINY)
        for at in range(FAST):
            square, own_square = means[at, SQUARE, i] + TINY, means[at, OWN_SQUARE, i] + TINY
            out[at, i] = wider[at, column] / usual
            out[FAST + at, i] = sums[at] / size / usual_market
            out[2 * FAST + at, i] = means[at, PAIR, i] / (means[at, ENERGY, i] + TINY) - usually_together
            out[3 * FAST + at, i] = abs(means[at, RETURN, i]) / math.sqrt(square)
            out[4 * FAST + at, i] = abs(means[at, OWN, i]) / math.sqrt(own_square)
            out[5 * FAST + at, i] = means[at, LAG1, i] / square
            out[6 * FAST + at, i] = means[at, LAG2, i] / square
            out[7 * FAST + at, i] = means[at, OWN_LAG1, i] / own_square
            for span in range(len(SPANS)):
                out[(8 + span) * FAST + at, i] = means[at, SPAN8 + 2 * span, i] / (square * SPANS[span])
                out[(10 + span) * FAST + at, i] = means[at, OWN_SPAN8 + 2 * span, i] / (own_square * SPANS[span])
            out[12 * FAST + at, i] = means[at, INNER, i] / square
        for at in range(len(LOOKBACKS)):
            travelled = abs(ring[newest, CLOSES, i] - ring[newest - LOOKBACKS[at], CLOSES, i])
            out[rest + at, i] = travelled / ((means[PATHS[at], ABSOLUTE, i] + TINY) * LOOKBACKS[at])
        out[rest + len(LOOKBACKS), i] = wider[FAST, column] / usual
        out[rest + len(LOOKBACKS) + 1, i] = sums[FAST] / size / usual_market


def forest_scores(
    rows: FloatArray,
    features: IntArray,
    thresholds: FloatArray,
    table: FloatArray,
    baseline: FloatArray,
    out: FloatArray,
) -> None:
    """Fill the scores of `regime.trees.Forest`: eight tests of a tree make a byte, the byte finds its answer.

    Shape   (F, N), (trees, 8), (trees, 8), (trees, 256), (K,) -> (K, N).
    """
    classes = baseline.size
    for i in range(rows.shape[1]):
        for k in range(classes):
            out[k, i] = baseline[k]
        for tree in range(features.shape[0]):
            code = 0
            for test in range(8):
                if rows[features[tree, test], i] > thresholds[tree, test]:
                    code |= 1 << test
            out[tree % classes, i] += table[tree, code]
