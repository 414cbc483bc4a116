"""Everything the engine knows: markets, bots, orders, ledger and modes. Changed only by `engine.core.process`."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import floor
from operator import itemgetter

import msgspec
from msgspec import UNSET

from tradewind.engine.config import BotSpec, EngineConfig, Resting
from tradewind.engine.guard_watch import GuardWatch
from tradewind.engine.parents import Day, Planner, WorkedParent, counts_volume
from tradewind.engine.regime_watch import RegimeWatch
from tradewind.engine.worst_cases import WorstCases
from tradewind.market.book import Book
from tradewind.model.commands import Fitted
from tradewind.model.decisions import Refused, ReviewRequest, Share, Sized
from tradewind.model.effects import Alarm, Effect, SetTimer
from tradewind.model.fees import TrailingVolume
from tradewind.model.instrument import Instrument
from tradewind.model.intents import Exits, Intent, TargetQuantity, TargetWeight
from tradewind.model.market_events import Bar, FundingRate, MarginRates
from tradewind.model.money import EXACT, ONE, ZERO, add, multiply, multiply_add, power_of_ten, ratio, subtract
from tradewind.model.orders import OrderRequest
from tradewind.numeric.indicators import IndicatorSpec
from tradewind.numeric.serving import Server
from tradewind.orders.order import Order, OrderRole
from tradewind.portfolio.budgets import Budgets
from tradewind.portfolio.edge_gate import EdgeRules
from tradewind.portfolio.gauge import Gauge
from tradewind.portfolio.ledger import Ledger, Line
from tradewind.portfolio.position_size import SizingRules
from tradewind.portfolio.tiers import TierWatch
from tradewind.portfolio.track_record import TrackRecord
from tradewind.portfolio.valuation import value_account
from tradewind.risk.breakers import Breakers
from tradewind.risk.correlation_watch import CorrelationWatch
from tradewind.risk.liquidation import LiquidationRules
from tradewind.risk.protections import ClosedTrade, Lock
from tradewind.risk.review import NO_TAIL, ORDER_COUNTS, Reviewer
from tradewind.risk.tail_book import TailBook
from tradewind.strategy.base import GroupView, Strategy, View, Wish, overrides, sees_groups, warmup_bars

NEVER = -(10**60)
LoadSource = Callable[[str, str], type[Strategy]]
scaleb = EXACT.scaleb


class Closing(msgspec.Struct):
    """A position that is being closed: why, how many attempts came to nothing, and when something was last tried."""

    intent: TargetQuantity
    attempts: int = 0
    failed_ns: int = -1  # the next attempt waits for a mark that is newer
    asked_ns: int = -1  # cancels are asked for again at a mark that is newer


class Partway(msgspec.Struct, frozen=True):
    """A target of which only the closing part was sent: the rest was refused, and is asked for anew after it."""

    aim: Intent | None


class Seat:
    """One bot looking at one instrument: its view, its orders there, and what it is waiting for."""

    __slots__ = (
        "alone",
        "bare_ns",
        "bars_seen",
        "base_budget",
        "bot",
        "budget",
        "closing",
        "cover",
        "deferred",
        "entries",
        "entry",
        "lock",
        "market",
        "note",
        "on_bar",
        "on_book",
        "on_fill",
        "on_quote",
        "on_trade",
        "parent",
        "pick",
        "quiet_reason",
        "quiet_since",
        "refusal",
        "rejections",
        "renewals",
        "sized",
        "target",
        "trade_start",
        "trades",
        "view",
        "wanted",
        "warmup_bars",
        "way",
        "working",
    )

    def __init__(self, bot: "Bot", market: "Market", strategy: Strategy) -> None:
        self.bot = bot
        self.market = market
        self.budget = self.base_budget = ratio(bot.spec.budget, Decimal(len(bot.spec.instruments)))
        self.working: dict[str, Order] = {}
        self.view = View(market.instrument, strategy.memory(), self.working)
        self.bars_seen = 0
        self.pick: Callable[[tuple[float, ...]], tuple[float, ...]] | None = None
        self.use(strategy)
        self.target: Intent | Partway | None = None
        self.deferred: Intent | None = None
        self.closing: Closing | None = None
        self.entries: dict[
            str, tuple[Exits, int]
        ] = {}  # by order: the exits of what it opens, and their reference price
        # The last entry that opened something, its exits and their reference price: what is held gets them again.
        self.cover: tuple[OrderRequest, Exits, int] | None = None
        self.bare_ns: int | None = None  # since when exits have not covered the position
        self.entry: str | None = None  # the order whose time stop guards the present position
        self.quiet_since = 1
        self.quiet_reason = "warming_up"
        self.trades: deque[ClosedTrade] = deque(maxlen=64)
        self.trade_start = ZERO
        self.lock: Lock | None = None
        self.refusal: tuple[object, ...] | None = None
        self.rejections = 0
        self.renewals = 0
        self.note = "at_target"
        # How changes get to the market where not as market orders at once: entries that wait, or plans.
        self.way: Resting | Planner | None = None if bot.spec.rest is UNSET else bot.spec.rest
        if bot.spec.plan is not UNSET:
            self.way = Planner(bot.spec.plan)
        self.parent: WorkedParent | None = None
        self.alone = (self,)  # the seats of an order of its own
        self.sized: tuple[tuple[Intent, tuple[int, str]], ...] = ()
        self.wanted: Intent | None = None

    def use(self, strategy: Strategy) -> None:
        """Take the callbacks and the warm-up from this strategy."""
        self.warmup_bars = warmup_bars(strategy)
        # A strategy that sees its instruments together has the base's `on_bar`, by which its views are kept up to date.
        barred = overrides(strategy, "on_bar") or sees_groups(strategy)
        self.on_bar: Callable[[View], Wish] | None = strategy.on_bar if barred else None
        self.on_trade = strategy.on_trade if overrides(strategy, "on_trade") else None
        self.on_quote = strategy.on_quote if overrides(strategy, "on_quote") else None
        self.on_book = strategy.on_book if overrides(strategy, "on_book") else None
        self.on_fill = strategy.on_fill if overrides(strategy, "on_fill") else None


class Bot:
    """One bot while it runs; `failed` and `paused` carry a reason.

    `spec` is what it is now, `former` what it was before it was promoted; `changed` says that it is not as it began.
    """

    __slots__ = ("changed", "failed", "former", "id", "paused", "seats", "spec")

    def __init__(self, spec: BotSpec) -> None:
        self.spec = spec
        self.id = spec.id
        self.seats: list[Seat] = []
        self.failed: str | None = None
        self.paused: str | None = None
        self.former: BotSpec | None = None
        self.changed = False


class Sizing:
    """How entries are sized: the rules, what each instrument moves and trades, and the size told last by bot."""

    __slots__ = ("gauges", "rules", "told")

    def __init__(self, rules: SizingRules, instruments: Iterable[str]) -> None:
        self.rules = rules
        self.gauges = {name: Gauge() for name in sorted(instruments)}
        self.told: dict[tuple[str, str], Sized] = {}

    def values(self) -> list[object]:
        """Return what later answers depend on, for digests."""
        told = {"/".join(key): [each.wanted, each.share, each.binding] for key, each in sorted(self.told.items())}
        return [{name: gauge.values() for name, gauge in self.gauges.items()}, told]


class Group:
    """A bot that sees its instruments together: what it sees, and the round of bars that is under way."""

    __slots__ = ("asks_quotes", "asks_rounds", "bot", "fresh", "open", "round_ns", "view")

    def __init__(self, bot: Bot, fitted: Callable[[str], dict[str, float] | None]) -> None:
        strategy = bot.spec.strategy
        self.bot = bot
        self.view = GroupView(strategy.group_memory(), fitted)
        self.asks_rounds = overrides(strategy, "on_group")
        self.asks_quotes = overrides(strategy, "on_group_quote")
        self.round_ns = -1  # the time of the latest round's bars
        self.open = False  # whether that round is still to be decided
        self.fresh: list[str] = []

    def rate_heard(self, rate: FundingRate) -> None:
        """Show the strategy a funding rate of one of its instruments."""
        for seat in self.bot.seats:
            if seat.market.id == rate.instrument:
                seat.view.funding = rate


class Market:
    """One instrument as the engine sees it: last bar and mark, who watches it, and what is held or on its way."""

    __slots__ = (
        "bar",
        "best_ask",
        "best_bid",
        "book",
        "cost",
        "day",
        "doubts",
        "gaps",
        "groups",
        "hears_book",
        "hears_fills",
        "hears_trades",
        "held",
        "id",
        "instrument",
        "line",
        "margined",
        "mark",
        "mark_ns",
        "multiplier",
        "open_buys",
        "open_sells",
        "order_times",
        "posted",
        "seats",
        "seats_all",
        "server",
        "specs",
        "stake",
        "tiered",
        "valued",
        "warming",
        "watched",
        "weights",
    )

    def __init__(self, instrument: Instrument, line: Line) -> None:
        self.instrument = instrument
        self.id = instrument.id
        self.line = line
        self.bar: Bar | None = None
        self.mark: int | None = None
        self.mark_ns = 0
        self.best_bid: int | None = None
        self.best_ask: int | None = None
        self.gaps = 0
        self.order_times: deque[int] = deque()  # of the last minute, where their number is limited
        self.held = 0
        self.valued = 0  # the mark at which `stake` is in the account's marked value
        self.stake = 0
        self.cost = ZERO
        self.doubts: dict[str, str] = {}  # why nothing that adds risk may be sent here, by cause
        self.multiplier = 1
        self.open_buys = 0
        self.open_sells = 0
        self.specs: tuple[IndicatorSpec, ...] = ()
        self.server: Server | None = None
        self.seats: list[
            tuple[Callable[[View], Wish], View, Callable[[tuple[float, ...]], tuple[float, ...]] | None, Seat]
        ] = []
        self.seats_all: list[Seat] = []
        self.warming: list[Seat] = []
        self.weights: Mapping[str, float] | None = None  # of families of strategies, where regimes share the budget
        self.watched = False  # whether a bar is looked at before the bots are asked: warm-up, regimes
        self.groups: tuple[Group, ...] = ()
        self.hears_fills = self.hears_book = self.hears_trades = False
        self.book: Book | None = None
        self.day: Day | None = None  # the bars of a day, where plans are made
        self.margined = False  # whether its marks are watched for liquidation
        self.tiered = instrument.margin_tiers is not UNSET
        self.posted = instrument.initial_margin  # the smallest rate at which margin was ever put up here


class MarginWatch:
    """Between which marks nothing has to be looked at, whether more has changed, and which positions have warned."""

    __slots__ = ("bands", "due", "rules", "warned")

    def __init__(self, rules: LiquidationRules) -> None:
        self.rules = rules
        self.bands: dict[str, tuple[int, int]] = {}
        self.due = True
        self.warned: set[str] = set()


class Proposal(msgspec.Struct, frozen=True, gc=False):
    """An order that nobody has approved yet, with everything needed to send it."""

    request: OrderRequest
    shares: tuple[Share, ...]
    role: OrderRole
    tag: str
    exits: Exits | None
    seats: tuple[Seat, ...]
    intent: Intent | str


Target = TargetWeight | TargetQuantity
Change = tuple[Seat, Target, int]


class Pending(msgspec.Struct, frozen=True):
    """A proposal that waits for a remote stage's answer, with the question that was asked.

    Where it is the closing part of an order that was refused, `cut_from` is what was asked before, and the answer.
    """

    question: ReviewRequest
    proposal: Proposal
    cut_from: "tuple[Pending, Refused] | None" = None


class Job:
    """What one event made the bots of an instrument want, while each question waits for the answer before it."""

    __slots__ = ("changes", "market", "steps", "wishes")

    def __init__(self, market: Market, wishes: deque[tuple[Seat, Intent]]) -> None:
        self.market = market
        self.wishes = wishes
        self.changes: list[Change] = []
        self.steps: deque[list[Change]] = deque()


class EngineState:
    """All state of one engine. Iteration is always over insertion-ordered or sorted containers."""

    # More attributes than a shared dictionary of keys can hold: slots keep the hot loop's look-ups short.
    __slots__ = (
        "alarm_line",
        "asks",
        "attends",
        "audit",
        "base",
        "booked",
        "bots",
        "breakers",
        "budgets",
        "closing",
        "config",
        "cost_rate",
        "costs",
        "counts_orders",
        "edge",
        "effects",
        "fills",
        "fitted",
        "flags",
        "foreign",
        "forgotten",
        "gated",
        "groups",
        "guards",
        "halted",
        "hears_fills",
        "jobs",
        "last_order_ns",
        "ledger",
        "load",
        "looks",
        "margin",
        "marked",
        "markets",
        "now_ns",
        "order_number",
        "order_times",
        "orders",
        "pairs",
        "parents",
        "peak",
        "peak_line",
        "pending",
        "plans",
        "reads_books",
        "record",
        "reduce_only",
        "regimes",
        "request_number",
        "restricts",
        "reviewer",
        "scale",
        "sequence",
        "session",
        "several",
        "simple",
        "sizing",
        "spot_only",
        "squares_needed",
        "tails",
        "terms",
        "tier",
        "tiered",
        "tiers",
        "timers",
        "unchecked",
        "unmarked",
        "value_unit",
        "volume",
        "wakes_guards",
        "watches_trades",
        "watches_worth",
        "worst_cases",
    )

    def __init__(self, config: EngineConfig, load: LoadSource | None = None) -> None:
        """`load` finds a user's own strategy class by its place and the text of its file, for changes of bots."""
        self.config = config
        self.load = load
        self.sequence = 0
        self.now_ns = 0
        self.order_number = 0
        self.request_number = 0
        self.session = f"{config.session}-"
        self.ledger = Ledger(config.instruments, {config.currency: config.cash})
        self._begin_watches()
        self._know_needs()
        self.orders: dict[str, Order] = {}
        self.forgotten = 0  # orders that were over and are kept no more: a long session lets them go
        self.fills = 0  # booked executions of our orders
        self.foreign: dict[str, Order] = {}  # adopted orders that nobody here sent, while they live
        self.parents: list[Seat] = []  # those with a parent that works
        self.pending: dict[int, Pending] = {}
        self.unchecked: list[Seat] = []
        self.closing: list[Seat] = []  # those with a closing
        self.jobs: deque[Job] = deque()
        self.booked: set[tuple[str, str]] = set()
        self.order_times: deque[int] = deque()
        self.last_order_ns: int | None = None
        self.volume = TrailingVolume(config.volume_30d, config.fees.volume_days)
        self.tier = config.fees.tier(config.volume_30d)
        self.cost_rate = add(self.tier.taker, config.price_allowance)
        self.halted: str | None = None
        self.reduce_only: dict[str, str] = {}
        self.flags: dict[str, str] = {}
        self.fitted: dict[str, Fitted] = {}
        self.timers: dict[str, int] = {}  # what is still to fire, by key: when
        self.effects: list[Effect] = []
        self.audit: list[msgspec.Struct] = []
        self._take_seats()
        self.budgets: Budgets | None = None
        if config.budgets is not UNSET:
            self.budgets = Budgets(config.budgets, {spec.id: spec.budget for spec in config.bots})
            self.share_out()
        seen_to = (self.regimes, self.breakers, self.budgets, self.tiers, self.sizing)
        self.looks = self.wakes_guards or any(each is not None for each in seen_to)
        self._open_markets()
        for held in config.held:
            self.ledger.adopt(held.instrument, held.quantity, held.average_price, held.bot)
        self._begin_worth()
        told = [text for spec in config.bots if spec.plan is not UNSET for text in spec.plan.multipliers.warnings]
        self.effects += [Alarm(0, "slippage_multiplier", text) for text in dict.fromkeys(told)]

    def _begin_watches(self) -> None:
        """Set up what watches markets, worth and rules, each only where the configuration has it, and the reviewer."""
        config = self.config
        self.regimes = None if config.regime is UNSET else RegimeWatch(config.instruments, config.regime)
        self.tails = None if config.tail is UNSET else TailBook(sorted(each.id for each in config.instruments))
        warn = None if config.tail is UNSET else config.tail.correlation_warn
        self.pairs = None if warn is None else CorrelationWatch(warn)
        self.breakers = None if config.breakers is UNSET else Breakers(config.breakers)
        self.tiers = None if config.tiers is UNSET else TierWatch(config.tiers)
        self.edge: EdgeRules | None = None if config.edge is UNSET else config.edge
        self.sizing = (
            None if config.sizing is UNSET else Sizing(config.sizing, [each.id for each in config.instruments])
        )
        judged = self.sizing is not None and self.sizing.rules.method == "kelly"
        self.record = TrackRecord() if judged or self.edge is not None else None
        self.gated = self.tiers is not None or self.edge is not None  # whether entries are asked about
        self.margin = None if config.liquidation is UNSET else MarginWatch(config.liquidation)
        self.terms: dict[str, MarginRates] = {}  # the latest margin terms that were told, by instrument
        self.guards = None if config.guards is UNSET else GuardWatch(config.guards)
        self.reviewer = Reviewer(
            config.limits,
            regimes=self.regimes is not None and self.regimes.plan.block,
            tail=NO_TAIL if config.tail is UNSET else config.tail.limits,
            entries=self.gated,
        )

    def _know_needs(self) -> None:
        """Know once what every event and order would otherwise have to ask: which parts have anything to do."""
        config = self.config
        self.asks = "risk" in config.asked
        self.plans = any(spec.plan is not UNSET for spec in config.bots)
        self.attends = self.asks or self.plans  # whether a decision has to wait for an answer, or for a parent
        self.counts_orders = not ORDER_COUNTS.isdisjoint(self.reviewer.on)
        self.reads_books = config.limits.impact_bps_max is not None
        self.squares_needed = config.limits.concentration_max is not None
        self.restricts = (
            self.asks
            or self.counts_orders
            or self.squares_needed
            or self.reads_books
            or config.protections.watches_trades
            or self.regimes is not None
            or self.tails is not None
            or self.breakers is not None
            or self.gated
            or any(each.maintenance_margin is not None and not each.is_spot for each in config.instruments)
        )  # whether risk is told of locks and of the orders before, with every order
        self.tiered = len(config.fees.tiers) > 1
        self.watches_trades = config.protections.watches_trades or self.breakers is not None or self.record is not None
        self.watches_worth = config.protections.drawdown_max is not None
        self.wakes_guards = self.guards is not None and not self.guards.plan.woken
        self.hears_fills = any(overrides(spec.strategy, "on_fill") for spec in config.bots)

    def _take_seats(self) -> None:
        """Give every bot its seat at each of its instruments, always by name."""
        config = self.config
        self.markets = {each.id: Market(each, self.ledger.lines[each.id]) for each in _by_id(config.instruments)}
        self.bots = {spec.id: Bot(spec) for spec in sorted(config.bots, key=lambda spec: spec.id)}
        for bot in self.bots.values():
            for name in sorted(bot.spec.instruments):
                seat = Seat(bot, self.markets[name], bot.spec.strategy)
                bot.seats.append(seat)
                seat.market.seats_all.append(seat)
                if bot.spec.plan is not UNSET and seat.market.day is None:
                    seat.market.day = Day()

    def _open_markets(self) -> None:
        """Let groups form, indicators begin, and what looks at every bar be known."""
        together = [bot for bot in self.bots.values() if sees_groups(bot.spec.strategy)]
        self.groups = {bot.id: Group(bot, self.parameters) for bot in together}
        for group in self.groups.values():
            for seat in group.bot.seats:
                seat.market.groups += (group,)
        for market in self.markets.values():
            _open(market)
            market.margined = self.margin is not None and not market.instrument.is_spot
            market.watched = bool(market.warming) or self.looks or market.day is not None or market.margined

    def _begin_worth(self) -> None:
        """Begin to follow what the account is worth."""
        config = self.config
        # Marks on the hot path are integers of one scale, fine enough for every instrument's notional.
        self.scale = max((_value_digits(each) for each in config.instruments), default=0)
        self.value_unit = power_of_ten(-self.scale)
        self.spot_only = all(each.is_spot for each in config.instruments)
        self.several = len(config.instruments) > 1
        self.simple = all(each.quote == config.currency for each in config.instruments)
        for market in self.markets.values():
            market.multiplier = int(multiply(market.line.unit_value, power_of_ten(self.scale)))
            self._seat_positions(market)
        # What an order of one instrument is told of all others; nobody asks where there are none.
        self.worst_cases = WorstCases(self.markets.values(), self.tails) if self.several else None
        self.unmarked = True  # until every instrument has had a mark
        self.marked = 0
        self.costs = ZERO
        self.base = config.cash
        self.peak = config.cash
        self.peak_line = NEVER
        self.alarm_line = NEVER
        for market in self.markets.values():
            self.rebase(market)

    # -- equity -------------------------------------------------------------------------------------------------------

    def equity(self) -> Decimal | None:
        """Return the account's worth at the latest marks; None while something held has no mark or no rate."""
        if self.simple:
            if self.unmarked and self._lacks_mark():
                return None
            return multiply_add(self.value_unit, self.marked, self.base) if self.marked else self.base
        marks = {name: market.mark for name, market in self.markets.items() if market.mark is not None}
        valuation = value_account(self.ledger, marks, self.config.currency, self.config.conversions)
        return None if valuation.missing else valuation.equity

    def rebase(self, market: Market, paid: int | None = None) -> None:
        """Take over what the ledger says after a fill, funding or transfer: holding, worth, cash, the peak's line.

        `paid` is the price of a fill that changed cash by its value and at most a fee: the line then moves by the
        value, and stands no higher than where it belongs. Without it nobody knows the line until the next mark.
        """
        line = market.line
        held = market.held = line.position.quantity
        if self.worst_cases is not None:
            self.worst_cases.moved[market.id] = None
        if self.margin is not None:
            self.margin.due = True
        stake, before = held * market.multiplier, market.stake
        mark = market.mark or 0  # without a mark nothing counts yet: `equity` asks for one
        self.marked = marked = self.marked + stake * mark - before * market.valued
        market.stake, market.valued = stake, mark
        self.peak_line = NEVER if paid is None else self.peak_line + (stake - before) * paid
        if not line.is_spot:
            cost = line.position.cost if held >= 0 else line.position.cost.copy_negate()
            self.costs = add(self.costs, subtract(cost, market.cost))
            market.cost = cost
        purses = self.ledger.purses
        if len(purses) == 1:
            base = line.purse.cash
        else:
            base = ZERO
            for purse in purses.values():
                base = add(base, purse.cash)
        if self.costs:
            base = subtract(base, self.costs)
        self.base = base
        if not self.simple:
            self.set_lines()
        elif marked:
            if self.watches_worth:
                self.set_lines()
        elif base > self.peak and not self.costs:  # costs without a mark: a perpetual that has no price yet
            self.peak = base

    def set_lines(self) -> None:
        """Recompute, in integers, the marked value above which there is a new peak and below which the lock trips."""
        if not self.simple:
            self._set_lines_converted()
            return
        if self.unmarked and self._lacks_mark():
            return  # something held has no price yet: nobody knows the account's worth
        base, marked, scale = self.base, self.marked, self.scale
        line = floor(scaleb(subtract(self.peak, base), scale))
        if marked > line:
            self.peak = multiply_add(self.value_unit, marked, base)
            line = marked
        self.peak_line = line
        limit = self.config.protections.drawdown_max
        if limit is not None:
            trip = multiply(self.peak, subtract(ONE, limit))
            self.alarm_line = floor(scaleb(subtract(trip, base), scale))

    def _set_lines_converted(self) -> None:
        """The same for an account of several currencies, where marks of several move its worth: look at every mark."""
        self.peak_line = NEVER
        self.alarm_line = NEVER
        equity = self.equity()
        if equity is None:
            return
        self.peak = max(self.peak, equity)
        limit = self.config.protections.drawdown_max
        if limit is not None and equity <= multiply(self.peak, subtract(ONE, limit)):
            self.alarm_line = self.marked

    def rate(self, currency: str) -> Decimal | None:
        """Return what one unit of `currency` is worth in the account's; None while its conversion has no mark."""
        if currency == self.config.currency:
            return ONE
        converter = self.markets.get(self.config.conversions.get(currency, ""))
        if converter is None or converter.mark is None:
            return None
        return converter.instrument.price_decimal(converter.mark)

    def live_orders(self) -> list[Order]:
        """Return the orders that are not over, oldest first."""
        found = {
            order.request.order_id: order
            for bot in self.bots.values()
            for seat in bot.seats
            for order in seat.working.values()
        }
        found |= {name: order for name, order in self.foreign.items() if order.is_live}
        return sorted(found.values(), key=lambda order: (order.ts_ns, order.number))

    @property
    def orders_made(self) -> int:
        """How many orders there have been, those that were forgotten included."""
        return len(self.orders) + self.forgotten

    def forget(self, order_ids: Iterable[str]) -> None:
        """Keep these orders no more; they are over, and nobody will speak of them again. No digest knows them."""
        for order_id in order_ids:
            del self.orders[order_id]
            self.forgotten += 1

    def _lacks_mark(self) -> bool:
        """Return whether something held has no mark yet; once all instruments have one the question is settled."""
        without = [market for market in self.markets.values() if market.mark is None]
        self.unmarked = bool(without)
        return any(market.held for market in without)

    def parameters(self, kind: str) -> dict[str, float] | None:
        """Return the parameters of a fit, None when there is none or it has expired."""
        event = self.fitted.get(kind)
        return None if event is None or self.now_ns >= event.valid_until_ns else event.parameters

    def share_out(self) -> None:
        """Give every seat the budget that its bot's weight leads to, where budgets follow from results."""
        if self.budgets is not None:
            for bot in self.bots.values():
                for seat in bot.seats:
                    seat.budget = self.budgets.part(bot.id, len(bot.seats))

    # -- small questions ----------------------------------------------------------------------------------------------

    def reduce_only_reason(self) -> str | None:
        """Return why only reductions may go, None if anything may."""
        for rule, reason in self.reduce_only.items():
            return f"{rule}: {reason}"
        return None

    def set_timer(self, due_ns: int, key: str) -> None:
        """Ask to be woken at `due_ns` with the event `TimerFired(due_ns, key)`."""
        self.timers[key] = due_ns
        self.effects.append(SetTimer(due_ns, key))

    def seats_at(self, place: str) -> list[Seat]:
        """Return the seats that `BOT:INSTRUMENT` names; both may have colons of their own, as `file.py:Class` has."""
        seats = (seat for bot in self.bots.values() for seat in bot.seats)
        return [seat for seat in seats if f"{seat.bot.id}:{seat.market.id}" == place]

    def next_order_id(self) -> str:
        """Return the next client order id: the session's name and a number that is never used again (I16)."""
        self.order_number += 1
        return f"{self.session}{self.order_number}"

    def _seat_positions(self, market: Market) -> None:
        for seat in market.seats_all:
            book = market.line.books.get(seat.bot.id)
            seat.view.position = book.position.quantity if book is not None else 0


def _by_id(instruments: tuple[Instrument, ...]) -> list[Instrument]:
    return sorted(instruments, key=lambda each: each.id)


def _value_digits(instrument: Instrument) -> int:
    exponent = instrument.unit_value.normalize().as_tuple().exponent
    return max(0, -int(exponent))


def declare(market: Market) -> Server:
    """Collect what the watching strategies declare, and return a server of it that has not seen a bar.

    Each distinct indicator is computed once per instrument.
    """
    specs: dict[IndicatorSpec, int] = {}
    width = 0
    for seat in market.seats_all:
        for spec in seat.bot.spec.strategy.indicators():
            if spec not in specs:
                specs[spec] = width
                width += spec.outputs
    market.specs = tuple(specs)
    for seat in market.seats_all:
        columns: list[int] = []
        for spec in seat.bot.spec.strategy.indicators():
            columns.extend(range(specs[spec], specs[spec] + spec.outputs))
        seat.pick = None if columns == list(range(width)) else _picker(columns)
    instrument = market.instrument
    market.hears_fills = any(seat.on_fill is not None for seat in market.seats_all)
    market.hears_book = any(seat.on_book is not None for seat in market.seats_all)
    market.hears_trades = any(seat.on_trade is not None or counts_volume(seat.way) for seat in market.seats_all)
    return Server(market.specs, 10**instrument.price_scale, 10**instrument.volume_scale)


def _open(market: Market) -> None:
    """Begin with an instrument: who needs no warm-up listens at once."""
    market.server = declare(market)
    market.warming = [seat for seat in market.seats_all if seat.warmup_bars]
    for seat in market.seats_all:
        if not seat.warmup_bars:
            seat.quiet_reason = "no_signal"
            if seat.on_bar is not None:
                market.seats.append((seat.on_bar, seat.view, seat.pick, seat))


def _picker(columns: list[int]) -> Callable[[tuple[float, ...]], tuple[float, ...]]:
    """Return a function, made in C, that takes a strategy's columns out of all that are served."""
    if not columns:
        return itemgetter(slice(0, 0))
    first, last = columns[0], columns[-1]
    if columns == list(range(first, last + 1)):
        return itemgetter(slice(first, last + 1))
    return itemgetter(*columns)
