"""A third rival, which knows nothing of regimes but that they break: run lengths, and the state that each run is in.

Its states are the jump model's, fitted and named on the training seeds. Where the jump model charges for every switch,
this one asks when the inputs last broke, and takes each run that may still last for the state nearest to its mean.

Source  METHODS 1.4; Adams and MacKay (2007), Bayesian online changepoint detection.
"""

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.changepoints import RunLengths, RunPrior

FloatArray = NDArray[np.float64]

PRIOR = RunPrior(mean=0.0, mean_weight=0.1, shape=10.0, scale=2.0)
"""Of standardised inputs: within a run a column varies by four tenths of its usual deviation (from training seeds)."""


def run_states(inputs: FloatArray, centres: FloatArray) -> FloatArray:
    """Return the probabilities of the states: of each, that of all run lengths whose mean is nearest to its centre.

    Shape   (T, D), (K, D) -> (T, K), float64; rows sum to 1.
    Timing  Row `t` uses inputs up to and including `t`.
    NaN     Raises.
    Raises  ValueError on a value that is not finite.
    Source  As the module's.
    """
    runs = RunLengths(inputs.shape[1], prior=PRIOR)
    states = len(centres)
    norms = 0.5 * (centres * centres).sum(axis=1)
    found = np.empty((len(inputs), states))
    for t, row in enumerate(inputs):
        chances = runs.update(row)
        nearest = (runs.means @ centres.T - norms).argmax(axis=1)
        found[t] = np.bincount(nearest, weights=chances, minlength=states)
    return found
