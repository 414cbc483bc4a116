"""What can be configured, as values: every section and key of a configuration file, with type and default.

Money and rates are exact decimals, durations are text such as `90s` or `4h`. A key that is not here is an error.
"""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tradewind.model.errors import ConfigError
from tradewind.model.money import ONE, ZERO
from tradewind.risk.limits import Limits

Duration = Annotated[str, Meta(pattern=r"^[1-9][0-9]*(ms|s|m|h|d)$", description="a duration such as 90s or 4h")]
MINUTES_MAX = 5_256_000  # ten years
OnStop = Literal["keep", "cancel", "cancel-all", "flatten"]
Execution = Literal["market", "maker_first", "bands"]
UrgencyWord = Literal["low", "normal", "high"]
LOSS_MOST = Decimal("0.99")
Share = Annotated[Decimal, Meta(description="a share: 0.10 is 10 %")]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file. A number is a finite one: no limit holds that compares with anything else."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, Decimal | float) and not math.isfinite(value):
                raise ConfigError(f"{name} must be a finite number, was {value}")

    def _need(self, names: Iterable[str], most: Decimal | None) -> None:
        """Refuse shares that are not above 0, or not at or below `most`: a share of 5 would be 500 %."""
        for name in names:
            value = getattr(self, name)
            if value is not None and not (value > 0 and (most is None or value <= most)):
                upto = "" if most is None else f" and at most {most}"
                raise ConfigError(f"{name} must be a share above 0{upto}, was {value}: 0.10 is 10 %")


class DataSettings(Section, frozen=True, rename={"start": "from", "end": "to"}):
    """Which data a run reads. `path` is a file or folder of candles; empty, they come from the catalog.

    Of `kind` other than bars, `interval` is the length of the bars that are made of them. `funding` and `marks` let a
    perpetual's funding and mark prices take part where they lie beside its bars; `funding_path` is a folder of funding
    that lies elsewhere.
    """

    kind: Literal["bars", "trades", "quotes", "book"] = "bars"
    path: str = ""
    catalog: str = ""
    venue: str = ""
    instruments: tuple[str, ...] = ()
    interval: str = ""
    start: str = ""
    end: str = ""
    funding: bool = True
    funding_path: str = ""
    marks: bool = True


class MarketSettings(Section, frozen=True):
    """The generated market of `demo`, and of `paper` without recorded data."""

    instruments: Annotated[int, Meta(ge=1, le=12)] = 6
    bars: Annotated[int, Meta(ge=100, le=1_000_000)] = 3_000
    interval: str = "1h"
    difficulty: Literal["easy", "medium", "hard"] = "medium"


class AccountSettings(Section, frozen=True):
    cash: Decimal = Decimal(100_000)
    currency: str = "USD"
    volume_30d: Decimal = ZERO
    price_allowance: Share = Decimal("0.005")
    gap_bars_max: Annotated[int, Meta(ge=0)] = 3


class TierSettings(Section, frozen=True, rename={"from_volume": "from"}):
    """Rates from a 30-day volume upwards."""

    from_volume: Decimal
    maker: Decimal
    taker: Decimal


class FeeSettings(Section, frozen=True):
    """Rates as shares of notional; `tiers`, where given, replace `maker` and `taker`."""

    maker: Share = Decimal("0.0025")
    taker: Share = Decimal("0.004")
    tiers: tuple[TierSettings, ...] = ()


class SimulationSection(Section, frozen=True):
    """How the simulated venue fills; `participation` is the share of a bar's volume our orders may take."""

    half_spread_bps: Decimal = ZERO
    slippage_bps: Decimal = ZERO
    participation: Share | None = None
    fill_on_touch: bool = False
    entry_latency_ms: Annotated[int, Meta(ge=0)] = 0
    response_latency_ms: Annotated[int, Meta(ge=0)] = 0


class ProtectionSettings(Section, frozen=True):
    cooldown: Duration | None = None
    stop_loss_guard_count: Annotated[int, Meta(ge=1)] | None = None
    stop_loss_guard_window: Duration = "24h"
    stop_loss_guard_lock: Duration = "4h"
    low_profit_trades: Annotated[int, Meta(ge=1)] | None = None
    low_profit_minimum: Decimal = ZERO
    low_profit_lock: Duration = "12h"
    drawdown_max: Share | None = None
    drawdown_flatten: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need(("drawdown_max",), ONE)


class LiquidationSection(Section, frozen=True):
    """How close, as a share of its mark, a perpetual may come to liquidation; see `risk.liquidation`."""

    warn: Share | None = Decimal("0.20")
    reduce_only: Share | None = Decimal("0.15")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need(("warn", "reduce_only"), LOSS_MOST)


class ExitSettings(Section, frozen=True):
    """How every entry leaves again, unless its bot or its strategy says otherwise."""

    stop_loss: Share | None = None
    take_profit: Share | None = None
    trailing: Share | None = None
    time: Duration | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need(("stop_loss", "trailing"), LOSS_MOST)
        self._need(("take_profit",), None)


class RegimeSection(Section, frozen=True):
    """Regimes in the engine. `block` refuses new risk in CRISIS, CHOPPY and where the regime is unknown.

    Where `absent_bars` is `no_trade`, a bar that is not there means that nothing traded, not that data are missing.
    """

    enabled: bool = False
    tier: Literal["model", "rules"] = "model"
    block: bool = True
    absent_bars: Literal["missing", "no_trade"] = "missing"


class AllocationSection(Section, frozen=True):
    """How budgets are shared: an instrument's among families of strategies by its regime (`table`, `blend`; needs
    regimes), or the account's among bots, by what they have earned every `every`.

    The last `window` returns count, none below `minimum`; a bot's weight lies from `weight_min` to `weight_max`. A
    session on a venue goes on from what the kept session `history` had measured.
    """

    method: Literal[
        "off", "table", "blend", "equal", "inverse_volatility", "risk_parity", "hrp", "mean_variance",
        "exponentiated_gradient",
    ] = "off"  # fmt: skip
    band: Share = Decimal("0.05")
    every: Duration = "1d"
    window: Annotated[int, Meta(ge=3, le=1_000)] = 60
    minimum: Annotated[int, Meta(ge=3)] = 20
    weight_min: Share = Decimal("0.02")
    weight_max: Share = ONE
    history: str = ""

    @property
    def by_regime(self) -> bool:
        return self.method in ("table", "blend")


class SizingSection(Section, frozen=True):
    """How large an entry may be, as a share of equity: what the bot wants (`weight`), or what is measured allows.

    `kelly` goes by the bot's trades of `record`, of which it needs `trades_min`, and until then by `probe`.
    `volatility` is what a day may move a position by, `volume_share` what part of a bar's volume an entry may be.
    """

    method: Literal["weight", "kelly", "volatility_target"] = "weight"
    kelly_fraction: Share = Decimal("0.25")
    volatility: Share | None = Decimal("0.01")
    volume_share: Share | None = Decimal("0.05")
    share_max: Share = ONE
    trades_min: Annotated[int, Meta(ge=1, le=250)] = 20
    probe: Share = Decimal("0.02")
    record: Duration = "180d"
    regime: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need(("kelly_fraction", "volume_share", "probe"), ONE)
        self._need(("volatility", "share_max"), None)


class AccountTierSettings(
    Section, frozen=True, rename={"equity_min": "from", "positions_max": "positions"}, kw_only=True
):
    """What holds from an equity upwards; risk is a share of it, and without `families` all are allowed."""

    name: str
    equity_min: Decimal
    positions_max: Annotated[int, Meta(ge=0)]
    size_min: Decimal = ZERO
    risk_daily: Share
    risk_total: Share
    families: tuple[Literal["momentum", "trend", "mean_reversion", "pairs", "arbitrage"], ...] = ()


class TiersSection(Section, frozen=True):
    """What a portfolio of a size may open. Without a `table` the usual one holds."""

    enabled: bool = False
    excluded: tuple[str, ...] = ()
    confidence_min: Share = Decimal("0.5")
    table: tuple[AccountTierSettings, ...] = ()


class EdgeSection(Section, frozen=True):
    """Whether a live bot whose edge does not pay for its trades may open anything: `auto` asks with real money.

    `runs` are kept runs that edges are known from; `override` says, by bot, who lets it trade all the same and why.
    """

    gate: Literal["auto", "block"] = "auto"
    runs: tuple[str, ...] = ()
    override: Mapping[str, str] = {}
    spread_bps: Decimal = Decimal(5)

    def __post_init__(self) -> None:
        super().__post_init__()
        for bot, reason in self.override.items():
            if not reason.strip():
                raise ConfigError(f"edge.override.{bot} must say who lets it trade and why, was empty")


class BreakerSection(Section, frozen=True):
    """When new risk stops for a time; the drawdown breaker is `protections.drawdown_max`.

    Volatilities are of one day: 0.20 is a move of 20 %. A day is one of UTC.
    """

    volatility_warn: float | None = None
    volatility_reduce: float | None = None
    volatility_halt: float | None = None
    volatility_lock: Duration = "4h"
    daily_loss_max: Share | None = None
    losses_in_row_max: Annotated[int, Meta(ge=1)] | None = None
    losses_lock: Duration = "24h"
    errors_per_hour_max: Annotated[int, Meta(ge=1)] | None = None
    errors_lock: Duration = "1h"
    stops_per_day_max: Annotated[int, Meta(ge=1)] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need(("daily_loss_max",), ONE)


Asked = Literal["warn", "reduce_only", "halt"]


class GuardSection(Section, frozen=True):
    """What is looked at once in `every`, and what follows where too much is found; a breach holds for `cooldown` more.

    Sessions on a venue always have guards; backtests and sessions over recorded data with `enabled`.
    """

    enabled: bool = False
    every: Duration = "60s"
    cooldown: Duration = "5m"
    daily_loss_max: Share | None = Decimal("0.05")
    daily_loss_action: Asked = "halt"
    mark_age_max: Duration | None = "2m"
    mark_age_action: Asked = "reduce_only"
    errors_per_minute_max: Annotated[int, Meta(ge=1)] | None = 10
    errors_action: Asked = "reduce_only"
    position_age_max: Duration | None = None
    position_age_action: Asked = "warn"
    drawdown_max: Share | None = Decimal("0.10")
    drawdown_action: Asked = "halt"
    concentration_max: Share | None = Decimal("0.4")
    concentration_action: Asked = "warn"
    exposure_max: Share | None = Decimal("0.80")
    exposure_action: Asked = "reduce_only"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need(("daily_loss_max", "drawdown_max", "concentration_max"), ONE)
        self._need(("exposure_max",), None)


class VarSection(Section, frozen=True):
    """Limits on the account's daily VaR at 95 %, as a share of equity, and on correlation; both need fits.

    A fit is made whenever `every` has passed, and when a price has moved by `move_max` since the last one: from the
    bars of the run or, with `interval`, from longer ones. Without a valid fit nothing that adds risk goes.
    """

    share_max: Share | None = None
    correlation_max: Share | None = None
    correlation_warn: float | None = None
    every: Duration = "15m"
    interval: Duration | None = None
    move_max: Share | None = Decimal("0.03")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need(("correlation_warn", "move_max"), ONE)


class ExecutionSection(Section, frozen=True):
    """How changes get to the market: as market orders, by plans (`policy`), or entries beside the mark (`rest`).

    `urgency` is a plan's, `exit_urgency` that of a plan that reduces; empty, it is the same, and at once where exits
    guard the position. `low` and `normal` are the times that these urgencies have: 30 and 5 minutes, without a book at
    least six and three bars. `multipliers` are factors on the impact estimate, such as `BTC-USD:1.5,ETH-USD:2`.
    `algorithm` cuts what is above the upper band: `participation` is the share of what trades that pov has, `display`
    that of the order that iceberg shows.
    """

    entries: Literal["market", "rest"] = "market"
    offset_bps: Decimal = Decimal(5)
    rest: Duration = "3h"
    policy: Execution = "market"
    urgency: UrgencyWord = "normal"
    exit_urgency: Literal["", "low", "normal", "high"] = ""
    market_below: Decimal = Decimal(1_000)
    twap_above: Decimal = Decimal(5_000)
    slices: Annotated[int, Meta(ge=1, le=1_000)] = 6
    algorithm: Literal["twap", "vwap", "pov", "iceberg", "almgren_chriss", "adaptive"] = "twap"
    participation: Share = Decimal("0.1")
    display: Share = Decimal("0.1")
    risk_aversion: Decimal = Decimal("0.000001")
    low: Duration | None = None
    normal: Duration | None = None
    dynamic_sizing: bool = False
    impact_guard: bool = False
    impact_bps_max: Decimal = Decimal(25)
    multipliers: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.market_below <= self.twap_above:
            raise ConfigError(
                f"execution.market_below must be at least 0 and at most execution.twap_above, were {self.market_below} "
                f"and {self.twap_above}"
            )
        for name in ("participation", "display"):
            if not 0 < (share := getattr(self, name)) <= 1:
                raise ConfigError(f"execution.{name} must be a share above 0 and at most 1, was {share}")
        if self.risk_aversion <= 0:
            raise ConfigError(f"execution.risk_aversion must be above 0, was {self.risk_aversion}")
        if self.impact_bps_max <= 0:
            raise ConfigError(f"execution.impact_bps_max must be above 0, was {self.impact_bps_max}")


class BotSettings(Section, frozen=True, kw_only=True):
    """One bot. Without `instruments` it trades all of the run; without `budget` it has an equal part of the account.

    `execution` and `urgency` are its own where they are not those of the section `execution`.
    """

    id: str = ""
    strategy: str
    parameters: Mapping[str, Any] = {}
    instruments: tuple[str, ...] = ()
    budget: Share | None = None
    family: Literal["", "momentum", "trend", "mean_reversion", "pairs", "arbitrage"] = ""
    exits: ExitSettings | None = None
    execution: Literal["", "market", "maker_first", "bands"] = ""
    urgency: Literal["", "low", "normal", "high"] = ""


class MarginTierSettings(Section, frozen=True, rename={"from_quantity": "from"}):
    """The least rates of a position of that size or larger, in base units."""

    from_quantity: Decimal
    initial_margin: Share
    maintenance_margin: Share


class InstrumentSettings(Section, frozen=True):
    """Terms of one instrument that replace those stated or derived when its data were imported.

    In the hours of `overnight`, such as `mon-fri 21:00-13:00` (UTC), a perpetual needs the overnight rates instead.
    """

    kind: Literal["spot", "perpetual"] | None = None
    tick: Decimal | None = None
    lot: Decimal | None = None
    min_quantity: Decimal = ZERO
    min_notional: Decimal = ZERO
    initial_margin: Share = ONE
    maintenance_margin: Share | None = None
    close_out_margin: Share | None = None
    margin_mode: Literal["cross", "isolated"] = "cross"
    margin_tiers: tuple[MarginTierSettings, ...] = ()
    overnight: tuple[str, ...] = ()
    overnight_initial_margin: Share | None = None
    overnight_maintenance_margin: Share | None = None


class PaperSettings(Section, frozen=True):
    """`speed` is `recorded`, `max` or how many times faster than the market; `on_stop` says what open orders do.

    With `warmup` a session on recorded candles begins with those from before `data.from`, its bots paused.
    """

    speed: str = "recorded"
    minutes: Decimal | None = None
    on_stop: Literal["keep", "cancel"] = "cancel"
    warmup: bool = False

    def __post_init__(self) -> None:
        if self.minutes is not None and not (self.minutes.is_finite() and 0 < self.minutes <= MINUTES_MAX):
            raise ConfigError(
                f"paper.minutes must be above 0 and at most {MINUTES_MAX}, was {self.minutes}: "
                "leave it out for a session without an end"
            )
        super().__post_init__()


class LiveSettings(Section, frozen=True):
    """A session on a venue. Without `endpoint` that is the real one, and `real_money` must say that it may trade there.

    `endpoint` is the file of a local exchange, `account` one of its accounts; `keys` a key file. `windows` are the
    hours of new risk, such as `mon-fri 08:00-16:30` (UTC). `on_stop` says what becomes of open orders at an orderly
    end, `foreign_orders` what of orders that others placed, `unprotected` what of a position whose exits are missing.
    """

    venue: str = "coinbase"
    endpoint: str = ""
    account: str = ""
    keys: str = ""
    real_money: bool = False
    ioc_only: bool = False
    dry_run: bool = False
    preview: bool = False
    on_stop: OnStop = "cancel"
    foreign_orders: Literal["adopt", "cancel", "quarantine"] = "quarantine"
    unprotected: Literal["flatten", "alarm"] = "flatten"
    windows: tuple[str, ...] = ()
    daily_loss_max: Decimal | None = None
    gaps_per_five_minutes: Annotated[int, Meta(ge=1)] | None = 3
    request_timeout: Duration = "10s"
    orders_every: Duration = "45s"
    accounts_every: Duration = "90s"
    telemetry_every: Duration = "300s"
    stop_limit_bps: Annotated[int, Meta(ge=1, le=5_000)] = 50
    escalate_after: Duration = "2s"
    skew_max: Duration = "5s"


class ShadowSection(Section, frozen=True):
    """A candidate beside the run: `candidate` is a file with what it does otherwise.

    Beside a session it takes at most `share_max` of the event loop, and ends when more than `waiting_max` events wait.
    """

    candidate: str = ""
    share_max: Share = Decimal("0.2")
    waiting_max: Annotated[int, Meta(ge=1_000)] = 200_000

    def __post_init__(self) -> None:
        super().__post_init__()
        self._need(("share_max",), Decimal("0.9"))


class Config(Section, frozen=True):
    """Everything that can be set."""

    profile: str = "research"
    seed: Annotated[int, Meta(ge=0)] = 7
    data: DataSettings = DataSettings()
    market: MarketSettings = MarketSettings()
    account: AccountSettings = AccountSettings()
    fees: FeeSettings = FeeSettings()
    simulation: SimulationSection = SimulationSection()
    limits: Limits = Limits()
    protections: ProtectionSettings = ProtectionSettings()
    liquidation: LiquidationSection = LiquidationSection()
    exits: ExitSettings = ExitSettings()
    regime: RegimeSection = RegimeSection()
    allocation: AllocationSection = AllocationSection()
    execution: ExecutionSection = ExecutionSection()
    var: VarSection = VarSection()
    breakers: BreakerSection = BreakerSection()
    sizing: SizingSection = SizingSection()
    tiers: TiersSection = TiersSection()
    edge: EdgeSection = EdgeSection()
    guards: GuardSection = GuardSection()
    bots: tuple[BotSettings, ...] = ()
    instruments: Mapping[str, InstrumentSettings] = {}
    flags: Mapping[str, bool] = {}
    paper: PaperSettings = PaperSettings()
    live: LiveSettings = LiveSettings()
    shadow: ShadowSection = ShadowSection()
