"""What the model sees of a market: scale-free numbers of each instrument, alone and beside the others.

Most are exponential averages over a few half-lives, kept for all instruments in one array, which the kernels of
`numeric.panel_kernels` advance by a bar in three calls. A batch is the stream run over rows, which is why the two agree
to the last bit. Ratios only: neither the price level enters, nor an instrument's usual
volatility and how much that varies, nor how much the market usually moves together. An instrument's `own` return is
what is left of it, in its own deviations, after the mean of the others times its beta: a drift of its own stands out
there that drowns in the market's noise.

Source  METHODS 1.1 and 1.2 for the measures, with exponential weights in place of windows.
"""

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.kernels import compiled
from tradewind.numeric.panel_kernels import (
    FAST,
    HALF_LIVES,
    LOOKBACKS,
    MINIMUM_INSTRUMENTS,
    PANEL_SUMS,
    RING,
    SERIES,
    meet_bar,
    panel_features,
    take_bar,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

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

    __slots__ = ("_here", "_met", "_out", "_wider", "counts", "lags", "means", "ring")

    def __init__(self, instruments: int) -> None:
        if instruments < MINIMUM_INSTRUMENTS:
            raise ValueError(f"features across instruments need {MINIMUM_INSTRUMENTS} of them, were {instruments}")
        self.means: FloatArray = np.zeros((len(HALF_LIVES), SERIES, instruments))
        self.ring: FloatArray = np.zeros((2 * RING, 2, instruments))
        self.lags: FloatArray = np.zeros((3, instruments))
        self.counts: IntArray = np.zeros(instruments, dtype=np.int64)
        self._here: IntArray = np.zeros(instruments, dtype=np.int64)
        self._met: FloatArray = np.zeros((PANEL_SUMS + 3, instruments))
        self._wider: FloatArray = np.zeros((FAST + 1, instruments))
        self._out: FloatArray = np.zeros((len(PANEL_FEATURES), instruments))

    def update(self, bars: FloatArray) -> FloatArray:
        """Return the features after one bar of each instrument.

        Shape   (4, N) of open, high, low, close, contiguous -> (F, N), float64; a copy is needed to keep it.
        Timing  Uses bars up to and including this one.
        NaN     In: the instrument has no bar; its state stays, and its column is that of its last bar.
        Source  As the module's.
        """
        means, ring, counts, here, met, wider = self.means, self.ring, self.counts, self._here, self._met, self._wider
        size = compiled(meet_bar)(means, ring, counts, bars, here, met)
        if size:
            sums = np.add.reduce(met[:PANEL_SUMS, :size], axis=1)
            compiled(take_bar)(means, ring, self.lags, counts, here, size, met, sums, wider)
            sums = np.add.reduce(wider[:, :size], axis=1)
            compiled(panel_features)(means, ring, counts, here, size, wider, sums, self._out)
        return self._out

    def reset(self, instrument: int) -> None:
        """Forget one instrument, as after a data gap."""
        for state in (self.means, self.ring, self.lags, self.counts, self._out):
            state[..., instrument] = 0
