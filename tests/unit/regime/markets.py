"""Small generated markets as mappings of bars, for the tests of regimes."""

from functools import cache

import numpy as np

from tradewind.numeric.bars import BarArrays, BarRow
from tradewind.numeric.regime_chain import Difficulty
from tradewind.numeric.regime_market import regime_market

NAMES = ("A", "B", "C")


@cache
def rows(seed: int = 7, bars: int = 700, assets: int = 3, level: Difficulty = Difficulty.MEDIUM) -> list[list[BarRow]]:
    """Bars of each asset."""
    market = regime_market(seed, level, assets=assets, bars=bars)
    columns = (market.open, market.high, market.low, market.close, market.volume)
    return [list(BarArrays(*(np.ascontiguousarray(column[:, i]) for column in columns)).rows()) for i in range(assets)]


def steps(seed: int = 7, bars: int = 700, assets: int = 3) -> list[dict[str, BarRow]]:
    """What a classifier is given at each time."""
    names = [chr(ord("A") + i) for i in range(assets)]
    return [dict(zip(names, each, strict=True)) for each in zip(*rows(seed, bars, assets), strict=True)]
