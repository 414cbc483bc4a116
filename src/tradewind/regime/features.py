"""What the model sees of a market: scale-free numbers of each instrument, alone and beside the others.

Most are exponential averages over a few half-lives, kept for all instruments in one array, so that a bar costs a fixed
number of array operations however many instruments there are. A batch is the stream run over rows, which is why the
two agree to the last bit. Ratios only: neither the price level enters, nor an instrument's usual
volatility and how much that varies, nor how much the market usually moves together. An instrument's `own` return is
what is left of it, in its own deviations, after the mean of the others times its beta: a drift of its own stands out
there that drowns in the market's noise.

Source  METHODS 1.1 and 1.2 for the measures, with exponential weights in place of windows.
"""

import math
from itertools import count

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
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
"""How many series are averaged. The names before are their places: a return beside the own one, so that one operation
serves both."""

RING = max(LOOKBACKS) + 1
CLOSES, OWNS = range(2)
OPEN, HIGH, LOW, CLOSE = range(4)

_ALPHAS = np.array([1.0 - 0.5 ** (1.0 / half_life) for half_life in HALF_LIVES])[:, None, None]
_RAMP_BARS = math.ceil(1.0 / float(_ALPHAS.min())) + 1
_BACK = np.array(LOOKBACKS + SPANS)
_LOOKBACK_COLUMN = np.array(LOOKBACKS, dtype=np.float64)[:, None]
_SPAN_COLUMN = np.array(SPANS, dtype=np.float64)[:, None, None]
_sum = np.add.reduce
"""What `sum` and `mean` of an array come down to, to the last bit, at a third of their cost for a few instruments."""

_PATHS = np.array([2, 3, 4, 4])
"""Which average of absolute returns stands for the path over each of LOOKBACKS."""

_GROUPS = (
    "width market_width together drift own_drift lag1 lag2 own_lag1 ratio8 ratio16 own_ratio8 own_ratio16 inner"
).split()
PANEL_FEATURES = (
    *(f"{group}_{half_life:g}" for group in _GROUPS for half_life in HALF_LIVES[:FAST]),
    *(f"efficiency_{bars}" for bars in LOOKBACKS),
    "width_now",
    "market_width_now",
)
"""The names of the rows that `FeaturePanel.update` gives, in order."""


class FeaturePanel:
    """The running state behind the features of a fixed list of at least three instruments."""

    __slots__ = ("_out", "counts", "lags", "means", "ring", "rows")

    def __init__(self, instruments: int) -> None:
        if instruments < MINIMUM_INSTRUMENTS:
            raise ValueError(f"features across instruments need {MINIMUM_INSTRUMENTS} of them, were {instruments}")
        self.means: FloatArray = np.zeros((len(HALF_LIVES), SERIES, instruments))
        self.ring: FloatArray = np.zeros((2 * RING, 2, instruments))
        self.lags: FloatArray = np.zeros((3, instruments))
        self.counts = np.zeros(instruments, dtype=np.int64)
        self.rows = 0
        self._out = np.zeros((len(PANEL_FEATURES), instruments))

    def update(self, bars: FloatArray) -> FloatArray:
        """Return the features after one bar of each instrument.

        Shape   (4, N) of open, high, low, close -> (F, N), float64; a copy is needed to keep it.
        Timing  Uses bars up to and including this one.
        NaN     In: the instrument has no bar; its state stays, and its column is that of its last bar.
        Source  As the module's.
        """
        logs = np.array([math.log(value) for value in bars.ravel().tolist()]).reshape(4, -1)
        place = self.rows % RING
        self.rows += 1
        absent = np.isnan(logs[CLOSE])
        if not absent.any():
            self._out[:] = _step(self.means, self.ring, self.lags, self.counts, logs, place)
            return self._out
        here, gone = np.flatnonzero(~absent), np.flatnonzero(absent)
        self.ring[:, :, gone] = np.roll(self.ring[:, :, gone], 1, axis=0)
        if here.size:
            means, ring, lags = (np.ascontiguousarray(state[..., here]) for state in (self.means, self.ring, self.lags))
            counts = self.counts[here]
            self._out[:, here] = _step(means, ring, lags, counts, np.ascontiguousarray(logs[:, here]), place)
            self.means[..., here], self.ring[..., here] = means, ring
            self.lags[:, here], self.counts[here] = lags, counts
        return self._out

    def reset(self, instrument: int) -> None:
        """Forget one instrument, as after a data gap."""
        for state in (self.means, self.ring, self.lags, self.counts, self._out):
            state[..., instrument] = 0


def _step(
    means: FloatArray, ring: FloatArray, lags: FloatArray, counts: IntArray, logs: FloatArray, place: int
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
    weights = _ALPHAS if oldest > _RAMP_BARS else np.maximum(_ALPHAS, 1.0 / counts)
    values = values - means
    values *= weights
    means += values
    return _features(means, travelled_back=np.abs(latest[CLOSES] - back[: len(LOOKBACKS), CLOSES]), width=width)


def _features(means: FloatArray, travelled_back: FloatArray, width: FloatArray) -> FloatArray:
    """The rows of `PANEL_FEATURES` from the averages."""
    fast, slow = means[:FAST], means[SLOW]
    instruments = width.size
    out = np.empty((len(PANEL_FEATURES), instruments))
    blocks = out[: FAST * len(_GROUPS)].reshape(len(_GROUPS), FAST, instruments)
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
    rest = out[FAST * len(_GROUPS) :]
    np.divide(travelled_back, (fast[_PATHS, ABSOLUTE] + TINY) * _LOOKBACK_COLUMN, out=rest[: len(LOOKBACKS)])
    now = width - slow[WIDTH]
    np.divide(now, usual[0], out=rest[-2])
    np.divide(_sum(now) / instruments, usual[1], out=rest[-1])
    return out
