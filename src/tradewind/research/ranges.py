"""A result as a range: the same run with optimistic, expected and pessimistic fills (SPEC B2).

What a bar does not tell (the spread, the queue, the size that was there) is guessed by the fill model; a result that
only stands under the kindest guess is none. Each run is made when it is asked for.
"""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum

import msgspec

from tradewind.engine.config import EngineConfig
from tradewind.engine.sequencer import Recorded
from tradewind.research.backtest import BacktestResult, run_backtest
from tradewind.research.metrics import Metrics, compute_metrics
from tradewind.research.series import BarSeries
from tradewind.simulation.settings import SimulationSettings

SLIPPAGE_BPS_MIN = Decimal(5)
PARTICIPATION_MAX = Decimal("0.1")


class Fills(Enum):
    """How kind the fill model is."""

    OPTIMISTIC = "optimistic"
    EXPECTED = "expected"
    PESSIMISTIC = "pessimistic"


class Headline(msgspec.Struct, frozen=True):
    """The figures of one run that a range is shown for."""

    fills_model: str
    equity: Decimal
    net_profit: Decimal
    total_return: float | None
    cagr: float | None
    sharpe: float | None
    sortino: float | None
    max_drawdown: float | None
    profit_factor: float | None
    win_rate: float | None
    trades: int
    fills: int
    fees: Decimal
    slippage_bps: float | None
    digest: str


class FillRange(msgspec.Struct, frozen=True):
    """The headline figures under the three fill models, and the settings each ran with."""

    optimistic: Headline
    expected: Headline
    pessimistic: Headline
    settings: dict[str, SimulationSettings]

    @property
    def rows(self) -> tuple[Headline, Headline, Headline]:
        """The three, kindest first."""
        return self.optimistic, self.expected, self.pessimistic


def variant(settings: SimulationSettings, fills: Fills) -> SimulationSettings:
    """Return the settings with kinder or harsher fills; everything else (fees, latency) stays.

    Optimistic: limits fill on touch, no spread, no slippage. Pessimistic: twice the half spread, slippage of at least
    5 bps, at most a tenth of a bar's volume, limits only when traded through.
    """
    if fills is Fills.EXPECTED:
        return settings
    if fills is Fills.OPTIMISTIC:
        return msgspec.structs.replace(
            settings, fill_on_touch=True, half_spread_bps=Decimal(0), slippage_bps=Decimal(0)
        )
    share = settings.participation
    return msgspec.structs.replace(
        settings,
        fill_on_touch=False,
        half_spread_bps=2 * settings.half_spread_bps,
        slippage_bps=max(SLIPPAGE_BPS_MIN, settings.slippage_bps),
        participation=PARTICIPATION_MAX if share is None else min(PARTICIPATION_MAX, share),
    )


def fill_range(
    config: EngineConfig,
    settings: SimulationSettings,
    series: Sequence[BarSeries],
    *,
    extra: Sequence[Recorded] = (),
    expected: BacktestResult | None = None,
) -> FillRange:
    """Run the config under the three fill models and return their headlines; `expected` spares the middle run."""
    headlines = {}
    for fills in Fills:
        if fills is Fills.EXPECTED and expected is not None:
            result = expected
        else:
            result = run_backtest(config, variant(settings, fills), series, extra=extra)
        headlines[fills] = headline(fills, result, compute_metrics(result, series))
    return FillRange(
        headlines[Fills.OPTIMISTIC],
        headlines[Fills.EXPECTED],
        headlines[Fills.PESSIMISTIC],
        {fills.value: variant(settings, fills) for fills in Fills},
    )


def headline(fills: Fills, result: BacktestResult, metrics: Metrics) -> Headline:
    """Return the figures of one run that a range is shown for."""
    return Headline(
        fills.value, metrics.equity, metrics.net_profit, metrics.total_return, metrics.cagr, metrics.sharpe,
        metrics.sortino, metrics.max_drawdown, metrics.profit_factor, metrics.win_rate, metrics.trades, metrics.fills,
        metrics.fees, metrics.slippage_bps, result.digest,
    )  # fmt: skip
