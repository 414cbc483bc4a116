"""The two ways of planning, chosen by risk flags: as asked for, or sized and guarded by what the market bears (X5, X8).

The simple engine plans an order as it is. The advanced one cuts it to the quantity whose impact stays within
`impact_bps_max` (dynamic sizing), and refuses where there is no usable book, the condition is critical, or the impact
is above the limit all the same (impact guard). In both the slippage multiplier is a factor on the impact estimate.
"""

import msgspec

from tradewind.execution.impact import square_root_impact_bps
from tradewind.execution.multipliers import Multipliers
from tradewind.execution.planner import MarketFigures, PlannerSettings, figure, plan_order
from tradewind.market.liquidity import Condition, Liquidity
from tradewind.model.instrument import Instrument
from tradewind.model.orders import Side
from tradewind.model.plans import ExecutionPlan, PlanRefused, Urgency

Planned = ExecutionPlan | PlanRefused


class RiskFlags(msgspec.Struct, frozen=True, kw_only=True):
    """Which parts of the advanced engine are on; without any, the simple one plans."""

    dynamic_sizing: bool = False
    impact_guard: bool = False
    impact_bps_max: float = 25.0

    def __post_init__(self) -> None:
        if not self.impact_bps_max > 0:
            raise ValueError(f"impact_bps_max must be above 0, was {self.impact_bps_max}")


class SimpleEngine(msgspec.Struct, frozen=True):
    """Plans what is asked for."""

    settings: PlannerSettings
    multipliers: Multipliers

    def plan(
        self,
        instrument: Instrument,
        side: Side,
        quantity: int,
        urgency: Urgency,
        market: MarketFigures,
        liquidity: Liquidity | None = None,
    ) -> Planned:
        """Return the plan of an order; what the book holds is not looked at."""
        return plan_order(instrument, side, quantity, urgency, _scaled(market, instrument, self), self.settings)


class AdvancedEngine(msgspec.Struct, frozen=True):
    """Plans what the market bears."""

    settings: PlannerSettings
    multipliers: Multipliers
    flags: RiskFlags

    def plan(
        self,
        instrument: Instrument,
        side: Side,
        quantity: int,
        urgency: Urgency,
        market: MarketFigures,
        liquidity: Liquidity | None = None,
    ) -> Planned:
        """Return the plan of an order cut to what its impact allows, or why it is refused."""
        flags, name = self.flags, instrument.id
        if flags.impact_guard and (liquidity is None or not liquidity.usable):
            return PlanRefused(name, "NO_BOOK")
        if flags.impact_guard and liquidity is not None and liquidity.condition is Condition.CRITICAL:
            return PlanRefused(name, "LIQUIDITY_CRITICAL", f"{liquidity.score:.3f}")
        market = _scaled(market, instrument, self)
        bearable = bearable_quantity(market, flags.impact_bps_max)
        if flags.impact_guard and bearable is None:
            return PlanRefused(name, "IMPACT_UNKNOWN", "no volatility or volume")
        cut = quantity if bearable is None or not flags.dynamic_sizing else min(quantity, bearable)
        if flags.impact_guard and bearable is not None and cut > bearable:
            impact = square_root_impact_bps(
                market.sigma_day or 0.0, cut / (market.volume_day or 1.0), market.impact_multiplier
            )
            return PlanRefused(name, "IMPACT_MAX", f"{impact:.2f}", f"{flags.impact_bps_max:g}")
        reason = "" if cut == quantity else "CUT_TO_IMPACT"
        return plan_order(instrument, side, cut, urgency, market, self.settings, wanted=quantity, reason=reason)


def execution_engine(
    flags: RiskFlags,
    multipliers: Multipliers = Multipliers(),  # noqa: B008 - frozen
    settings: PlannerSettings = PlannerSettings(),  # noqa: B008 - frozen
) -> SimpleEngine | AdvancedEngine:
    """Return the engine that the flags ask for."""
    if flags.dynamic_sizing or flags.impact_guard:
        return AdvancedEngine(settings, multipliers, flags)
    return SimpleEngine(settings, multipliers)


def bearable_quantity(market: MarketFigures, impact_bps_max: float) -> int | None:
    """Return the largest quantity whose square-root impact stays within a limit, None where that is unknown."""
    sigma, volume = figure(market.sigma_day), figure(market.volume_day)
    if sigma is None or volume is None:
        return None
    whole = square_root_impact_bps(sigma, 1.0, market.impact_multiplier)
    if whole <= impact_bps_max:
        return int(volume)
    return int((impact_bps_max / whole) ** 2 * volume)


def _scaled(market: MarketFigures, instrument: Instrument, engine: SimpleEngine | AdvancedEngine) -> MarketFigures:
    return msgspec.structs.replace(market, impact_multiplier=engine.multipliers.of(instrument.id))
