"""RegimeBench: a seeded market of several assets whose regime is known at every bar (METHODS 1.6).

One common factor drives all assets; each bar is built from a path of sub-steps, so high and low are those of a path
and the same path can be turned into order flow. Asset `i` of a seed is the same however many assets are asked for.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.regime_chain import (
    USUAL_TERMS,
    Difficulty,
    Episode,
    MarketTerms,
    RegimeLabel,
    asset_episodes,
    crisis_episodes,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
LabelArray = NDArray[np.int8]

ASSETS = 6
BARS = 4000
SUB_STEPS = 12
START_PRICE = 100.0

BASE_SIGMA = (0.004, 0.010)
SIGMA_PERSISTENCE = 0.97
JUMP_SIGMA = 2.5
JUMP_DOWN_SHARE = 0.75
JUMP_UP_SCALE = 0.7
VOLUME_SIGMA = 0.4
TYPICAL_RANGE = 0.01
"""A bar's usual high less low, as a share of the price: what turns the generator's volume into a real quantity."""


class RegimeMarket(NamedTuple):
    """Bars (T, N), each bar's `RegimeLabel` as a code, and the prices after each sub-step (T, M, N) if kept."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    labels: LabelArray
    path: FloatArray | None = None


class GridBars(NamedTuple):
    """One asset's bars (T,) as integers of an instrument's units, and its path (T, M) if kept."""

    open: IntArray
    high: IntArray
    low: IntArray
    close: IntArray
    volume: IntArray
    path: IntArray | None = None


class _Drive(NamedTuple):
    """Per bar (T,): what the episodes say, one asset. `level_from` is the bar whose open is the episode's entry."""

    drift: FloatArray
    volatility: FloatArray
    pull: FloatArray
    autocorrelation: FloatArray
    level_from: IntArray


def regime_market(
    seed: int,
    difficulty: Difficulty = Difficulty.MEDIUM,
    *,
    assets: int = ASSETS,
    bars: int = BARS,
    sub_steps: int = SUB_STEPS,
    start_price: float = START_PRICE,
    terms: MarketTerms = USUAL_TERMS,
    keep_path: bool = False,
) -> RegimeMarket:
    """A labelled market: bars, regimes and, if asked for, the sub-step path behind the bars.

    Shape   -> (bars, assets) float64; labels int8; path (bars, sub_steps, assets) or None. Prices start at
            `start_price`; a bar opens at the close before it. Volume: lognormal times the bar's range.
    Timing  Labels say which process made the bar: the truth to be guessed, never an input.
    NaN     None.
    Raises  ValueError if a count or the start price is not positive.
    Source  METHODS 1.6. Crises and their jumps are common to all assets and start new episodes when they end;
            PCG64 streams, one for the market and one per asset.
    """
    if min(assets, bars, sub_steps) < 1 or start_price <= 0:
        raise ValueError(
            f"assets, bars, sub_steps and start_price must be positive: {assets}, {bars}, {sub_steps}, {start_price}"
        )
    market_seed, *asset_seeds = np.random.SeedSequence(seed).spawn(assets + 1)
    rng = np.random.Generator(np.random.PCG64(market_seed))
    crises = crisis_episodes(rng, difficulty, bars, terms)
    in_crisis = np.zeros(bars, dtype=np.bool_)
    for crisis in crises:
        in_crisis[crisis.start : crisis.stop] = True
    factor = rng.standard_normal((bars, sub_steps))
    jumps = _jumps(rng, crises, bars, sub_steps)
    market = _empty(bars, assets, sub_steps, keep_path)
    for i, asset_seed in enumerate(asset_seeds):
        own = np.random.Generator(np.random.PCG64(asset_seed))
        episodes = asset_episodes(own, difficulty, crises, bars, terms)
        sigma = _sigma(own, bars, terms.sigma_shock)
        noise = _correlated(own, factor, in_crisis, terms)
        log_path = _log_path(_drive(episodes, bars), sigma, noise, jumps)
        _write_bars(market, i, episodes, start_price * np.exp(log_path), start_price, own)
    return market


def price_grid(prices: FloatArray, price_scale: int, tick: int = 1) -> IntArray:
    """Prices as integers of `10**-price_scale`, on the tick and at least one tick.

    Shape   any -> the same, int64. Rounding keeps order, so high and low still enclose open and close.
    Timing  Output `t` uses input `t` only.
    NaN     Raises.
    Raises  ValueError on a value that is not finite, OverflowError where int64 cannot hold it.
    Source  Definition.
    """
    if not np.isfinite(prices).all():
        raise ValueError("prices hold a value that is not finite: nothing can be traded there")
    ticks = np.maximum(np.rint(prices * (10.0**price_scale / tick)), 1.0)
    if ticks.size and float(ticks.max()) * tick >= 2.0**63:
        raise OverflowError(f"prices do not fit int64 at {price_scale} decimals: use a smaller scale")
    return np.asarray(ticks.astype(np.int64) * tick)


def bars_on_grid(
    market: RegimeMarket,
    asset: int,
    *,
    price_scale: int,
    tick: int = 1,
    typical_volume: int,
    lot: int = 1,
    minimum_lots: int = 4,
) -> GridBars:
    """One asset of a generated market in an instrument's units.

    Shape   -> (T,) int64 columns, path (T, M) or None.
    Timing  As the market's bars.
    NaN     None.
    Raises  as `price_grid`; ValueError if `typical_volume` or `lot` is not positive.
    Source  `typical_volume` is the volume, in units, of an ordinary bar whose range is `TYPICAL_RANGE` of the price at
            the start; every bar trades at least `minimum_lots` lots, enough for its open, high, low and close.
    """
    if typical_volume < 1 or lot < 1:
        raise ValueError(f"typical_volume and lot must be positive, were {typical_volume} and {lot}")
    per_range = typical_volume / (TYPICAL_RANGE * float(market.open[0, asset]))
    lots = np.maximum(np.rint(market.volume[:, asset] * (per_range / lot)), float(minimum_lots))
    return GridBars(
        open=price_grid(market.open[:, asset], price_scale, tick),
        high=price_grid(market.high[:, asset], price_scale, tick),
        low=price_grid(market.low[:, asset], price_scale, tick),
        close=price_grid(market.close[:, asset], price_scale, tick),
        volume=np.asarray(lots.astype(np.int64) * lot),
        path=None if market.path is None else price_grid(market.path[:, :, asset], price_scale, tick),
    )


def _empty(bars: int, assets: int, sub_steps: int, keep_path: bool) -> RegimeMarket:
    column = np.empty((5, bars, assets))
    labels = np.empty((bars, assets), dtype=np.int8)
    path = np.empty((bars, sub_steps, assets)) if keep_path else None
    return RegimeMarket(column[0], column[1], column[2], column[3], column[4], labels, path)


def _write_bars(
    market: RegimeMarket,
    i: int,
    episodes: list[Episode],
    path: FloatArray,
    start_price: float,
    rng: np.random.Generator,
) -> None:
    close = path[:, -1]
    opened = np.concatenate([[start_price], close[:-1]])
    high, low = np.maximum(path.max(axis=1), opened), np.minimum(path.min(axis=1), opened)
    market.open[:, i], market.high[:, i], market.low[:, i], market.close[:, i] = opened, high, low, close
    market.volume[:, i] = rng.lognormal(0.0, VOLUME_SIGMA, close.size) * (high - low)
    for episode in episodes:
        market.labels[episode.start : episode.stop, i] = episode.label
    if market.path is not None:
        market.path[:, :, i] = path


def _jumps(rng: np.random.Generator, crises: list[Episode], bars: int, sub_steps: int) -> FloatArray:
    """(T, M) jumps of the market in base sigmas: at most one per bar, at one of its sub-steps."""
    out = np.zeros((bars, sub_steps))
    for crisis in crises:
        for t in range(crisis.start, crisis.stop):
            if rng.random() >= crisis.jump_probability:
                continue
            size = abs(rng.normal(0.0, JUMP_SIGMA))
            signed = -size if rng.random() < JUMP_DOWN_SHARE else JUMP_UP_SCALE * size
            out[t, int(rng.integers(0, sub_steps))] = signed
    return out


def _sigma(rng: np.random.Generator, bars: int, sigma_shock: float) -> FloatArray:
    """(T,) volatility per bar: log-uniform once per asset, times the exponential of a stationary AR(1)."""
    base = math.exp(rng.uniform(math.log(BASE_SIGMA[0]), math.log(BASE_SIGMA[1])))
    shocks = rng.standard_normal(bars).tolist()
    state = shocks[0] * sigma_shock / math.sqrt(1 - SIGMA_PERSISTENCE**2)
    states = [state]
    for shock in shocks[1:]:
        state = SIGMA_PERSISTENCE * state + sigma_shock * shock
        states.append(state)
    return np.asarray(base * np.exp(np.array(states)))


def _correlated(
    rng: np.random.Generator, factor: FloatArray, in_crisis: NDArray[np.bool_], terms: MarketTerms
) -> FloatArray:
    """(T, M) unit normals that share the factor with every other asset."""
    correlation = np.where(in_crisis, terms.crisis_correlation, terms.correlation)[:, None]
    own = rng.standard_normal(factor.shape)
    return np.asarray(np.sqrt(correlation) * factor + np.sqrt(1 - correlation) * own)


def _drive(episodes: list[Episode], bars: int) -> _Drive:
    drive = _Drive(np.zeros(bars), np.ones(bars), np.zeros(bars), np.zeros(bars), np.zeros(bars, dtype=np.int64))
    for episode in episodes:
        span = slice(episode.start, episode.stop)
        drive.drift[span] = episode.drift
        drive.volatility[span] = episode.volatility
        drive.pull[span] = math.log(2) / episode.half_life_bars if episode.half_life_bars else 0.0
        drive.autocorrelation[span] = episode.autocorrelation
        drive.level_from[span] = episode.start
    return drive


def _log_path(drive: _Drive, sigma: FloatArray, noise: FloatArray, jumps: FloatArray) -> FloatArray:
    """(T, M) log prices after each sub-step, from log price 0.

    Within a bar every regime is one linear recursion per sub-step: x += drift + a pull towards the entry level +
    shock. Its solution splits into the shocks alone (summed here for all bars at once) and the state the bar began
    with, so that only one short recursion over bars is left.
    """
    sub_steps = noise.shape[1]
    shocks = noise * (drive.volatility * sigma / math.sqrt(sub_steps))[:, None] + jumps * sigma[:, None]
    elapsed = np.arange(1, sub_steps + 1) / sub_steps
    kept = np.exp(-drive.pull[:, None] * elapsed)
    moved = kept * np.cumsum(shocks / kept, axis=1)
    began, before, levels = _bar_states(drive, sigma, kept[:, -1], moved[:, -1])
    steady = drive.drift * sigma + drive.autocorrelation * before
    return np.asarray(began[:, None] + steady[:, None] * elapsed + (kept - 1) * (began - levels)[:, None] + moved)


def _bar_states(
    drive: _Drive, sigma: FloatArray, kept: FloatArray, moved: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(T,) each: the log price at the open, the return of the bar before, and the level of the bar's episode."""
    state = previous = level = 0.0
    began, before, levels = [], [], []
    columns = (drive.drift * sigma, drive.autocorrelation, kept, moved, drive.level_from)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for t, (drift, autocorrelation, pulled, shock, level_from) in enumerate(rows):
        if level_from == t:
            level = state
        began.append(state)
        before.append(previous)
        levels.append(level)
        previous = drift + autocorrelation * previous + (pulled - 1) * (state - level) + shock
        state += previous
    return np.array(began), np.array(before), np.array(levels)


def label_name(code: int) -> str:
    """The name of a label code: TRENDING, RANGING, CHOPPY or CRISIS."""
    return RegimeLabel(code).name
