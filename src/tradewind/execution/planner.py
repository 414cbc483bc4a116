"""From an approved order to a plan: the route by band and urgency, the terms of passive children, the expected cost.

Policy `maker_first` posts whatever is not urgent, cuts what is above the upper band into slices over half of its time
(the other half is there to fill the last of them), and escalates: a child that waited too long, or that the price ran
away from, is moved once and then takes. Low urgency only ever moves, and takes at its deadline. Policy `bands` takes
the route of the band literally.
"""

import math
from decimal import Decimal

import msgspec

from tradewind.execution.algorithms.machine import start
from tradewind.execution.algorithms.states import AlgorithmState
from tradewind.execution.algorithms.values import parent_of
from tradewind.execution.choosing import AlgorithmTerms, Choice, Known, choose, release_of
from tradewind.execution.fill_rates import FillRates
from tradewind.execution.impact import BPS, square_root_impact_bps
from tradewind.execution.router import RouteDecision, decide_route
from tradewind.model.errors import ConfigError
from tradewind.model.fees import FeeTier
from tradewind.model.instrument import Instrument
from tradewind.model.orders import Side
from tradewind.model.plans import (
    Algorithm,
    CostEstimate,
    Ending,
    ExecutionPlan,
    MakerTerms,
    PlanPolicy,
    PlanRefused,
    Route,
    Urgency,
)

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
PATIENT = MakerTerms(offset_ticks=1, crosses=False, reprices_max=60, adverse_bps=20.0, rest_ns=5 * SECOND_NS)
PROMPT = MakerTerms(offset_ticks=1)
LITERAL = MakerTerms(crosses=False, reprices_max=0, patience_ns=DAY_NS, ending=Ending.LEAVE)


class PlannerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Bands in quote currency, how what is above them is cut, how long each urgency has, and its passive terms.

    Without a book what waits has at least `low_bars` or `normal_bars` bars: a child is looked at once in each.
    """

    policy: PlanPolicy = PlanPolicy.MAKER_FIRST
    market_below: Decimal = Decimal(1_000)
    twap_above: Decimal = Decimal(5_000)
    slices: int = 6
    low_ns: int = 1_800 * SECOND_NS
    normal_ns: int = 300 * SECOND_NS
    low_bars: int = 6
    normal_bars: int = 3
    low: MakerTerms = PATIENT
    normal: MakerTerms = PROMPT
    algorithm: AlgorithmTerms = AlgorithmTerms()

    def __post_init__(self) -> None:
        if not 0 <= self.market_below <= self.twap_above:
            raise ConfigError(f"bands must ascend from 0, were {self.market_below} and {self.twap_above}")
        if min(self.slices, self.low_ns, self.normal_ns, self.low_bars, self.normal_bars) <= 0:
            raise ConfigError("a planner needs at least one slice and one bar, and times above 0")

    def horizon_ns(self, urgency: Urgency, bar_ns: int = 0) -> int:
        """Return how long an order of this urgency may work, where it waits some bars of `bar_ns` at least."""
        if urgency is Urgency.HIGH:
            return 0
        low = urgency is Urgency.LOW
        time_ns = self.low_ns if low else self.normal_ns
        if self.policy is PlanPolicy.BANDS:  # what is cut takes: more time would save nothing
            return time_ns
        return max(time_ns, bar_ns * (self.low_bars if low else self.normal_bars))

    def cutting_ns(self, urgency: Urgency, bar_ns: int = 0) -> int:
        """Return the time over which slices become due: half of the time where they wait, all of it where they take.

        What is posted last needs time to fill too, or it is taken at the deadline.
        """
        horizon_ns = self.horizon_ns(urgency, bar_ns)
        return horizon_ns if self.policy is PlanPolicy.BANDS else horizon_ns // 2


class MarketFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan reads of the market: the touch in price units, volatility, volume, fees and measured fills.

    `sigma_day` is a share per day, `volume_day` in quantity units; None, or what is no positive number, where unknown.
    `impact_multiplier` is the instrument's slippage multiplier, `profile` what is expected to trade in each slice
    (empty: unknown), `book` whether the touch is a book's, `bar_ns` how long the bars are by which a child is looked at
    without one.
    """

    bid: int
    ask: int
    tier: FeeTier
    sigma_day: float | None = None
    volume_day: float | None = None
    fill_rates: FillRates = FillRates()
    impact_multiplier: float = 1.0
    profile: tuple[int, ...] = ()
    book: bool = False
    bar_ns: int = 0


def plan_order(
    instrument: Instrument,
    side: Side,
    quantity: int,
    urgency: Urgency,
    market: MarketFigures,
    settings: PlannerSettings = PlannerSettings(),  # noqa: B008 - frozen
    *,
    wanted: int | None = None,
    reason: str = "",
) -> ExecutionPlan | PlanRefused:
    """Return how an order is worked, or why it cannot be.

    `wanted` and `reason` say what sizing has made of the order before; without them it is planned as it is.
    """
    if not 0 < market.bid < market.ask:
        return PlanRefused(instrument.id, "NO_QUOTE", f"{market.bid}/{market.ask}")
    price = market.ask if side is Side.BUY else market.bid
    quantity -= quantity % instrument.lot
    if quantity <= 0 or instrument.below_minimum(quantity, price):
        return PlanRefused(instrument.id, "BELOW_MINIMUM", str(quantity), str(instrument.min_quantity))
    notional = instrument.notional(quantity, price)
    chosen = _route(notional, urgency, settings)
    maker = _terms(chosen.route, urgency, market, settings)
    horizon_ns = 0 if chosen.route is Route.MARKET else settings.horizon_ns(urgency, market.bar_ns)
    cutting_ns = settings.cutting_ns(urgency, market.bar_ns)
    cut = Choice()
    if chosen.route is Route.TWAP:
        cut = choose(settings.algorithm, _known(quantity, notional, market, cutting_ns // settings.slices))
    by_clock = chosen.route is Route.TWAP and cut.algorithm not in {Algorithm.POV, Algorithm.ICEBERG}
    slices = settings.slices if by_clock else 1
    return ExecutionPlan(
        instrument=instrument.id,
        side=side,
        wanted=quantity if wanted is None else wanted,
        quantity=quantity,
        notional=notional,
        arrival=Decimal(market.bid + market.ask) / 2,
        urgency=urgency,
        policy=settings.policy,
        route=chosen.route,
        reason=" ".join(part for part in (chosen.reason, cut.missing, reason) if part),
        slices=slices,
        duration_ns=cutting_ns if slices > 1 else 0,
        deadline_ns=horizon_ns,
        maker=maker,
        estimate=estimate_cost(quantity, market, maker, horizon_ns),
        algorithm=cut.algorithm,
        profile=cut.profile,
        share=cut.share,
        kappa_tau=cut.kappa_tau,
    )


def begin(plan: ExecutionPlan, instrument: Instrument, ts_ns: int, bid: int, ask: int) -> AlgorithmState:
    """Return the state machine of a plan, about to ask for its first child."""
    parent = parent_of(instrument, plan.side, plan.quantity, bid, ask, ts_ns)
    return start(parent, release_of(plan, parent), plan.maker, plan.deadline_ns)


def figure(value: float | None) -> float | None:
    """Return a measured figure where it is one: finite and above 0. Anything else is unknown, not a small number."""
    return value if value is not None and math.isfinite(value) and value > 0 else None


def estimate_cost(quantity: int, market: MarketFigures, maker: MakerTerms | None, horizon_ns: int) -> CostEstimate:
    """Return what a plan is expected to cost, from the fees of the tier, the spread, volatility and volume.

    A maker is expected neither to earn nor to pay the spread: what it earns is taken back by whom it trades with.
    Where volatility or volume is unknown impact is 0, and `unknown` says so.
    """
    share = 0.0 if maker is None else market.fill_rates.share(maker.offset_ticks)
    maker_bps, taker_bps = float(market.tier.maker) * BPS, float(market.tier.taker) * BPS
    half_spread = (market.ask - market.bid) / (market.ask + market.bid) * BPS
    impact = 0.0
    sigma, volume = figure(market.sigma_day), figure(market.volume_day)
    unknown = tuple(name for name, value in (("sigma_day", sigma), ("volume_day", volume)) if value is None)
    if sigma is not None and volume is not None:
        impact = square_root_impact_bps(sigma, quantity / volume, market.impact_multiplier)
    held = math.sqrt(horizon_ns / DAY_NS / 3)  # in a straight line from all to nothing
    return CostEstimate(
        maker_share=share,
        fee_bps=share * maker_bps + (1 - share) * taker_bps,
        spread_bps=(1 - share) * half_spread,
        impact_bps=(1 - share) * impact,
        timing_risk_bps=(sigma or 0.0) * held * BPS,
        all_market_bps=taker_bps + half_spread + impact,
        unknown=unknown,
    )


def _known(quantity: int, notional: Decimal, market: MarketFigures, slice_ns: int) -> Known:
    volume = figure(market.volume_day)
    return Known(
        sigma_day=figure(market.sigma_day),
        notional_day=None if volume is None else float(notional) / quantity * volume,
        impact=market.impact_multiplier,
        profile=market.profile,
        book=market.book,
        slice_ns=slice_ns,
    )


def _route(notional: Decimal, urgency: Urgency, settings: PlannerSettings) -> RouteDecision:
    if settings.policy is PlanPolicy.BANDS:
        return decide_route(notional, settings.market_below, settings.twap_above, urgency)
    if urgency is Urgency.HIGH:
        return RouteDecision(Route.MARKET, "URGENCY_HIGH")
    if notional > settings.twap_above:
        return RouteDecision(Route.TWAP, "ABOVE_TWAP_TIER")
    return RouteDecision(Route.POST_ONLY, "MAKER_FIRST")


def _terms(route: Route, urgency: Urgency, market: MarketFigures, settings: PlannerSettings) -> MakerTerms | None:
    if route is Route.MARKET:
        return None
    if settings.policy is PlanPolicy.BANDS:
        return LITERAL if route is Route.POST_ONLY else None
    terms = settings.low if urgency is Urgency.LOW else settings.normal
    return msgspec.structs.replace(terms, offset_ticks=market.fill_rates.offset(terms.offset_ticks))
