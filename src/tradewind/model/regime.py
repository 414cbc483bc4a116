"""A regime as a value: what kind of market an instrument is in, how sure that is, and what said so."""

from enum import Enum

import msgspec


class Regime(Enum):
    """TRENDING, RANGING and CHOPPY are an instrument's own, CRISIS is the market's; UNKNOWN is no answer."""

    TRENDING = "TRENDING"
    RANGING = "RANGING"
    CHOPPY = "CHOPPY"
    CRISIS = "CRISIS"
    UNKNOWN = "UNKNOWN"


class RegimeSource(Enum):
    """Which tier answered; NONE with UNKNOWN."""

    MODEL = "model"
    RULES = "rules"
    NONE = "none"


CLASSES = (Regime.TRENDING, Regime.RANGING, Regime.CHOPPY, Regime.CRISIS)
"""The order of probabilities; the same as the generator's labels."""

BLOCKING = frozenset({Regime.CHOPPY, Regime.CRISIS})
"""In these no new risk is taken, reason `regime_block`; reductions stay possible."""

SINGLE_ASSET = "single_asset"
INSUFFICIENT_DATA = "insufficient_data"
STALE_DATA = "stale_data"
NO_BAR = "no_bar"
FLAT_PRICES = "flat_prices"
MODEL_MISSING = "model_missing"
MODEL_REFUSED = "model_refused"


class RegimeReading(msgspec.Struct, frozen=True):
    """The regime of an instrument at the close of a bar.

    `probabilities` follow `CLASSES` and sum to 1; all 0 with UNKNOWN. `confidence` is that of `regime`. `flags` say
    what was missing: `single_asset`, `model_missing`, `no_bar`; `reason` is why the regime is UNKNOWN, else empty.
    """

    instrument: str
    regime: Regime
    confidence: float
    probabilities: tuple[float, float, float, float]
    indicators: dict[str, float]
    source: RegimeSource
    ts_ns: int
    flags: tuple[str, ...] = ()
    reason: str = ""

    @property
    def blocks_new_risk(self) -> bool:
        """Return whether new risk waits: in CHOPPY, CRISIS and where the regime is unknown."""
        return self.regime in BLOCKING or self.regime is Regime.UNKNOWN
