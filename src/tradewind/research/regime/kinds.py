"""Kinds of generated markets: the usual one, which figures are of, and those that the model is grown on."""

import msgspec

from tradewind.numeric.regime_chain import USUAL_TERMS, MarketTerms
from tradewind.numeric.regime_market import ASSETS, BARS, SUB_STEPS


class MarketKind(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is asked of the generator beside a seed and a difficulty."""

    assets: int = ASSETS
    bars: int = BARS
    sub_steps: int = SUB_STEPS
    terms: MarketTerms = USUAL_TERMS


USUAL = MarketKind()

LONG = MarketKind(bars=4 * BARS)
"""As usual, only more of it: what most of the model's rows are from, and all that it is calibrated on."""

VARIED = {
    "long episodes": MarketKind(terms=MarketTerms(dwell_scale=2)),
    "high correlation": MarketKind(terms=MarketTerms(correlation=0.70)),
    "loose crises": MarketKind(terms=MarketTerms(crisis_correlation=0.70)),
    "coarse bars": MarketKind(sub_steps=4),
    "wandering volatility": MarketKind(terms=MarketTerms(sigma_shock=0.12)),
    "few assets": MarketKind(assets=4),
    "many assets": MarketKind(assets=12),
    "short episodes": MarketKind(terms=MarketTerms(dwell_scale=0.5)),
    "rare crises": MarketKind(terms=MarketTerms(crisis_gap_excess_bars=1500)),
    "low correlation": MarketKind(terms=MarketTerms(correlation=0.20)),
}
"""One thing about the usual market changed each: so that the model does not take it for what all markets share."""
