"""A plan of execution as a value: how an order is worked, why so, and what that is expected to cost (SPEC X3)."""

from decimal import Decimal
from enum import Enum

import msgspec

from tradewind.model.intents import Intent
from tradewind.model.orders import Side


class Route(Enum):
    MARKET = "MARKET"
    POST_ONLY = "POST_ONLY"
    TWAP = "TWAP"


class Algorithm(Enum):
    """How what is above the upper band is cut: by the clock, by volume, slice after slice, or as the book allows."""

    TWAP = "twap"
    VWAP = "vwap"
    POV = "pov"
    ICEBERG = "iceberg"
    ALMGREN_CHRISS = "almgren_chriss"
    ADAPTIVE = "adaptive"


class Urgency(Enum):
    """`low` waits for the spread even when small, `high` pays it even when large."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class PlanPolicy(Enum):
    """MAKER_FIRST posts unless urgent; BANDS takes the route of the notional's band literally."""

    MAKER_FIRST = "maker_first"
    BANDS = "bands"


class Ending(Enum):
    """What happens to the part that has not filled when patience is over."""

    CROSS = "cross"
    LEAVE = "leave"
    CANCEL = "cancel"


class MakerTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How a passive child is priced and when it moves.

    `offset_ticks` 0 joins the touch, 1 improves it where the spread has room, below 0 stands behind it. A child that is
    further than `reprice_ticks` from its price is moved once it has rested `rest_ns`; one from which the touch went by
    `adverse_bps`, or that waited `patience_ns` without a fill, is moved at once, and the second time crosses if
    `crosses`. The price never leaves the arrival mid by more than `chase_bps`. After `reprices_max` moves it stays;
    at the plan's deadline `ending` says what becomes of the rest.
    """

    offset_ticks: int = 0
    reprice_ticks: int = 2
    rest_ns: int = 5_000_000_000
    reprices_max: int = 10
    patience_ns: int = 30_000_000_000
    adverse_bps: float = 10.0
    crosses: bool = True
    chase_bps: float = 100.0
    ending: Ending = Ending.CROSS


class CostEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan is expected to cost, in bps of the notional at the arrival mid; costs are positive.

    `timing_risk_bps` is one standard deviation of what the price does meanwhile: a risk, not part of the total.
    `all_market_bps` is what crossing at once is expected to cost. `maker_share` is of the notional; `unknown` names
    what was missing and counted as 0.
    """

    maker_share: float
    fee_bps: float
    spread_bps: float
    impact_bps: float
    timing_risk_bps: float
    all_market_bps: float
    unknown: tuple[str, ...] = ()

    @property
    def total_bps(self) -> float:
        return self.fee_bps + self.spread_bps + self.impact_bps


class ExecutionPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one order goes to market. Quantities and prices in the instrument's units; `arrival` is the mid in units.

    `quantity` is what is worked, `wanted` what was asked for: sizing may have cut it, and `reason` says so. `crossed`
    has met other bots' changes inside the account before, and is part of neither. Without `maker` the children take.
    A route of slices has its `algorithm` with what that needs: `profile` are the volumes that a VWAP goes by, `share`
    is that of what trades (POV) or of the order (iceberg), `kappa_tau` the urgency of an Almgren-Chriss path per slice.
    """

    instrument: str
    side: Side
    wanted: int
    quantity: int
    notional: Decimal
    arrival: Decimal
    urgency: Urgency
    policy: PlanPolicy
    route: Route
    reason: str
    slices: int
    duration_ns: int
    deadline_ns: int
    maker: MakerTerms | None
    estimate: CostEstimate
    crossed: int = 0
    algorithm: Algorithm = Algorithm.TWAP
    profile: tuple[int, ...] = ()
    share: Decimal | None = None
    kappa_tau: float | None = None


class Planned(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="planned"):
    """A bot's change is worked as a plan from here on: its children are named after `order_id`, the parent's."""

    sequence: int
    ts_ns: int
    bot: str
    order_id: str
    intent: Intent
    plan: ExecutionPlan


class PlanEnded(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="plan_ended"):
    """A parent is over: what of it has filled in units, how many children it had, and why it ended."""

    sequence: int
    ts_ns: int
    order_id: str
    filled: int
    children: int
    reason: str


class PlanRefused(msgspec.Struct, frozen=True):
    """No plan: the reason as a word, and the number against its limit as text."""

    instrument: str
    reason: str
    number: str = ""
    limit: str = ""
