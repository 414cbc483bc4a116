"""The features of a panel in plain array operations: the slow twin of the kernels, to the last bit.

`features_of` is what `regime.features.FeaturePanel` gives of the same rows; an absent bar leaves an instrument's
columns out of every operation.
"""

import math

import numpy as np

from tradewind.numeric.panel_kernels import (
    ALPHAS,
    BETA,
    CLOSE,
    CLOSES,
    ENERGY,
    FAST,
    HALF_LIVES,
    HIGH,
    INNER,
    LAG1,
    LAG2,
    LOOKBACKS,
    LOW,
    MARKET_SPREAD,
    MINIMUM_INSTRUMENTS,
    OPEN,
    OWN,
    OWN_LAG1,
    OWN_SPAN16,
    OWN_SQUARE,
    OWNS,
    PAIR,
    PATHS,
    RAMP_BARS,
    RETURN,
    RING,
    SERIES,
    SHARED,
    SHARED_SQUARE,
    SLOW,
    SPAN8,
    SPANS,
    SPREAD,
    SPREAD_CAP,
    SPREAD_FLOOR,
    SQUARE,
    TINY,
    WARM_BARS,
    WIDE,
    WIDTH,
)
from tradewind.regime.features import PANEL_FEATURES

FloatArray = np.ndarray

_ALPHAS = ALPHAS[:, None, None]
_BACK = np.array(LOOKBACKS + SPANS)
_LOOKBACK_COLUMN = np.array(LOOKBACKS, dtype=np.float64)[:, None]
_SPAN_COLUMN = np.array(SPANS, dtype=np.float64)[:, None, None]
_PATHS = np.array(PATHS)
_GROUPS = 13
_sum = np.add.reduce
ABSOLUTE = WIDTH - 1


def features_of(market: FloatArray) -> FloatArray:
    """The features (T, F, N) of rows (T, 4, N), NaN where a bar is absent."""
    instruments = market.shape[2]
    states = (
        np.zeros((len(HALF_LIVES), SERIES, instruments)),
        np.zeros((2 * RING, 2, instruments)),
        np.zeros((3, instruments)),
        np.zeros(instruments, dtype=np.int64),
    )
    out = np.zeros((len(PANEL_FEATURES), instruments))
    seen = []
    for row, bars in enumerate(market):
        logs = np.array([math.log(value) for value in bars.ravel().tolist()]).reshape(4, -1)
        absent = np.isnan(logs[CLOSE])
        here, gone = np.flatnonzero(~absent), np.flatnonzero(absent)
        states[1][:, :, gone] = np.roll(states[1][:, :, gone], 1, axis=0)
        if here.size:
            part = [np.ascontiguousarray(state[..., here]) for state in states]
            means, ring, lags, counts = part
            out[:, here] = _step(means, ring, lags, counts, np.ascontiguousarray(logs[:, here]), row % RING)
            for state, advanced in zip(states, part, strict=True):
                state[..., here] = advanced
        seen.append(out.copy())
    return np.array(seen)


def _step(
    means: FloatArray, ring: FloatArray, lags: FloatArray, counts: FloatArray, logs: FloatArray, place: int
) -> FloatArray:
    """Advance the states in place by one bar that every instrument has, and return the features."""
    newest = place + RING
    before, level = ring[newest - 1]
    oldest = min(counts.tolist())
    if oldest == 0:
        before = np.where(counts == 0, logs[OPEN], before)
        ring[:, CLOSES] = np.where(counts == 0, logs[OPEN], ring[:, CLOSES])
    high, low, close = logs[HIGH], logs[LOW], logs[CLOSE]
    moved = close - before
    reach = np.maximum(high, before) - np.minimum(low, before) + TINY
    width = np.array([math.log(value) for value in reach.tolist()])

    usual = means[BETA]
    scaled = moved / np.sqrt(usual[SQUARE] + TINY)
    peers: float | FloatArray = scaled.size - 1.0
    if oldest < WARM_BARS:
        grown = counts >= WARM_BARS
        scaled = np.where(grown, scaled, 0.0)
        peers = np.maximum(grown.sum() - grown, 1.0)
    total, energy = _sum(scaled), _sum(scaled * scaled)
    alone = scaled.size < MINIMUM_INSTRUMENTS
    others = (total - scaled) / peers if not alone else np.zeros(scaled.size)
    own = scaled - usual[SHARED] / (usual[SHARED_SQUARE] + TINY) * others
    level = level + own

    wider = width - means[SLOW, WIDTH]
    market_wider = _sum(wider) / wider.size

    latest = ring[newest]
    latest[CLOSES], latest[OWNS] = close, level
    ring[place] = latest
    back = ring[newest - _BACK]
    travelled = latest - back[len(LOOKBACKS) :]

    values = np.empty((SERIES, scaled.size))
    both = values[RETURN : OWN + 1]
    both[0], both[1] = moved, own
    np.multiply(both, both, out=values[SQUARE : OWN_SQUARE + 1])
    np.multiply(both, lags[:2], out=values[LAG1 : OWN_LAG1 + 1])
    np.multiply(moved, lags[2], out=values[LAG2])
    lags[2] = lags[0]
    lags[:2] = both
    np.multiply(travelled, travelled, out=values[SPAN8 : OWN_SPAN16 + 1].reshape(travelled.shape))
    np.abs(moved, out=values[ABSOLUTE])
    values[WIDTH] = width
    caps = np.maximum(WIDE * means[SLOW, SPREAD : MARKET_SPREAD + 1], SPREAD_CAP)
    np.minimum(wider * wider, caps[0], out=values[SPREAD])
    np.minimum(market_wider * market_wider, caps[1], out=values[MARKET_SPREAD])
    np.square(high - low, out=values[INNER])
    if alone:
        values[PAIR:] = usual[PAIR:]
    else:
        values[PAIR], values[ENERGY] = (total * total - energy) / (scaled.size - 1.0), energy
        np.multiply(scaled, others, out=values[SHARED])
        np.multiply(others, others, out=values[SHARED_SQUARE])

    counts += 1
    weights = _ALPHAS if oldest > RAMP_BARS else np.maximum(_ALPHAS, 1.0 / counts)
    values = values - means
    values *= weights
    means += values
    return _features(means, travelled_back=np.abs(latest[CLOSES] - back[: len(LOOKBACKS), CLOSES]), width=width)


def _features(means: FloatArray, travelled_back: FloatArray, width: FloatArray) -> FloatArray:
    """The rows of `PANEL_FEATURES` from the averages."""
    fast, slow = means[:FAST], means[SLOW]
    instruments = width.size
    out = np.empty((len(PANEL_FEATURES), instruments))
    blocks = out[: FAST * _GROUPS].reshape(_GROUPS, FAST, instruments)
    usual = np.sqrt(np.maximum(slow[SPREAD : MARKET_SPREAD + 1], SPREAD_FLOOR))
    wider = fast[:, WIDTH] - slow[WIDTH]
    np.divide(wider, usual[0], out=blocks[0])
    np.divide((_sum(wider, axis=1) / instruments)[:, None], usual[1], out=blocks[1])
    together = means[:, PAIR] / (means[:, ENERGY] + TINY)
    np.subtract(together[:FAST], together[SLOW], out=blocks[2])
    series = fast.transpose(1, 0, 2)
    squares = series[SQUARE : OWN_SQUARE + 1] + TINY
    np.divide(np.abs(series[RETURN : OWN + 1]), np.sqrt(squares), out=blocks[3:5])
    np.divide(series[LAG1 : OWN_LAG1 + 1], squares, out=blocks[5:8:2])
    np.divide(series[LAG2], squares[0], out=blocks[6])
    spans = series[SPAN8 : OWN_SPAN16 + 1].reshape(len(SPANS), 2, FAST, instruments)
    ratios = blocks[8:12].reshape(2, len(SPANS), FAST, instruments)
    np.divide(spans.transpose(1, 0, 2, 3), squares[:, None] * _SPAN_COLUMN, out=ratios)
    np.divide(series[INNER], squares[0], out=blocks[12])
    rest = out[FAST * _GROUPS :]
    np.divide(travelled_back, (fast[_PATHS, ABSOLUTE] + TINY) * _LOOKBACK_COLUMN, out=rest[: len(LOOKBACKS)])
    now = width - slow[WIDTH]
    np.divide(now, usual[0], out=rest[-2])
    np.divide(_sum(now) / instruments, usual[1], out=rest[-1])
    return out
