"""Random sessions: several instruments, bots with seeded whims, commands, funding, and venues that may be untidy.

A session follows from its `Case` alone. Whatever happens in it is counted, so that a suite can show it.
"""

from collections import Counter
from collections.abc import Callable, Container, Sequence
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from tradewind.engine.audit import Auditor
from tradewind.engine.config import BotSpec, EngineConfig, GuardPlan, Planning
from tradewind.engine.core import Event
from tradewind.engine.cutting import CUT
from tradewind.engine.driver import Driver, Responder
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.sequencer import RecordedEvents, merge
from tradewind.engine.state import EngineState
from tradewind.execution.choosing import AlgorithmTerms
from tradewind.execution.engines import RiskFlags
from tradewind.execution.planner import PlannerSettings
from tradewind.model import answers as a
from tradewind.model import commands as c
from tradewind.model.decisions import Approved, Crossed, Decided, Sized
from tradewind.model.effects import Effect
from tradewind.model.fees import FeeSchedule, FeeTier, flat_fees
from tradewind.model.instrument import Instrument, InstrumentKind, MarginMode, define_instrument
from tradewind.model.intents import CancelWorking, Exits, PlaceOrder, TargetQuantity, TargetWeight
from tradewind.model.market_events import Bar, FundingRate, FundingSettlement, Gap, MarginRates, MarketEvent, MarkPrice
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.model.plans import Algorithm, PlanEnded, PlanPolicy, Urgency
from tradewind.portfolio.budgets import BudgetRules
from tradewind.portfolio.edge_gate import EdgeRules, KnownEdge
from tradewind.portfolio.position_size import SizingRules
from tradewind.portfolio.tiers import Tier, TierRules
from tradewind.risk.breakers import BreakerRules
from tradewind.risk.guards import Action, GuardLimits
from tradewind.risk.limits import Limits
from tradewind.risk.liquidation import LiquidationRules
from tradewind.risk.protections import ProtectionRules
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.settings import OpeningAccount, SimulationSettings
from tradewind.strategy.base import Strategy, View, Wish

MINUTE_NS = 60_000_000_000
CASH = Decimal(100_000)

SPOT = define_instrument("AAA-USD", price_increment="0.05", base_increment="0.005", price_decimals=2)
CROSS = define_instrument(
    "BBB-PERP", kind=InstrumentKind.PERPETUAL, base_increment="0.01", contract_size=Decimal("0.1"),
    initial_margin=Decimal("0.1"), maintenance_margin=Decimal("0.06"), close_out_margin=Decimal("0.03"),
)  # fmt: skip
ISOLATED = define_instrument(
    "CCC-PERP", kind=InstrumentKind.PERPETUAL, base_increment="0.1", margin_mode=MarginMode.ISOLATED,
    initial_margin=Decimal("0.1"), maintenance_margin=Decimal("0.05"), min_quantity=3, min_notional=Decimal(20),
)  # fmt: skip
OTHER = define_instrument("DDD-USD", price_increment="0.01", base_increment="0.0001")
MARKETS = (SPOT, CROSS, ISOLATED, OTHER)

OPEN: dict[str, None] = dict.fromkeys(
    ("leverage_max", "instrument_share_max", "exposure_share_max", "liquidation_buffer_min")
)  # reckless enough to be liquidated
OFF = Limits(**OPEN, slippage_bps_max=None)
LIMITS = (
    OFF,
    Limits(),
    Limits(leverage_max=Decimal(3), instrument_share_max=Decimal(1), exposure_share_max=Decimal(2)),
    Limits(
        data_age_ns_max=MINUTE_NS // 4, order_notional_max=Decimal(30_000), instrument_notional_max=Decimal(40_000),
        liquidation_buffer_min=Decimal("0.9"), slippage_bps_max=Decimal(20),
    ),
    Limits(
        **OPEN, orders_per_minute_max=1, instrument_orders_per_minute_max=1,
        orders_per_hour_max=6, seconds_between_orders_min=Decimal(45),
    ),
    Limits(
        **OPEN, concentration_max=Decimal("0.8"),
    ),
    Limits(
        **OPEN, orders_per_day_max=5,
        liquidation_distance_min=Decimal("0.5"),
    ),
)  # fmt: skip
RULES = (
    ProtectionRules(),
    ProtectionRules(drawdown_max=Decimal("0.05")),
    ProtectionRules(cooldown_ns=3 * MINUTE_NS, stop_loss_guard_count=1, stop_loss_guard_lock_ns=9 * MINUTE_NS),
    ProtectionRules(low_profit_trades=2, low_profit_minimum=Decimal(50), low_profit_lock_ns=5 * MINUTE_NS),
)
FEES: tuple[FeeSchedule, ...] = (
    flat_fees(Decimal("0.0025"), Decimal("0.004")),
    FeeSchedule(
        (
            FeeTier(Decimal(0), Decimal("0.004"), Decimal("0.006")),
            FeeTier(Decimal(50_000), Decimal("-0.0001"), Decimal("0.001")),
        )
    ),
)
EXITS = (
    None,
    Exits(stop_loss=0.02, take_profit=0.03, time_ns=4 * MINUTE_NS),
    Exits(trailing=0.02),
    Exits(take_profit=0.01, trailing=0.03, time_ns=2 * MINUTE_NS),
)


PLANS: tuple[Planning | UnsetType, ...] = (
    UNSET,
    Planning(),
    Planning(
        settings=PlannerSettings(
            twap_above=Decimal(2_000), normal_ns=8 * MINUTE_NS, algorithm=AlgorithmTerms(name=Algorithm.POV)
        ),
        exit_urgency=Urgency.NORMAL,
    ),
    Planning(
        settings=PlannerSettings(
            policy=PlanPolicy.BANDS,
            slices=3,
            algorithm=AlgorithmTerms(name=Algorithm.ALMGREN_CHRISS, risk_aversion=Decimal(1)),
        ),
        urgency=Urgency.LOW,
        half_spread_bps=Decimal(2),
        flags=RiskFlags(dynamic_sizing=True, impact_bps_max=400.0),
    ),
)


TIER = Tier("all", Decimal(50_000), 2, Decimal(100), Decimal("0.2"), Decimal(2))
SAFEGUARDS: tuple[dict[str, Any], ...] = (
    {},
    {
        "breakers": BreakerRules(
            daily_loss_max=Decimal("0.04"), losses_in_row_max=3, losses_lock_ns=4 * MINUTE_NS, errors_per_hour_max=3,
            errors_lock_ns=3 * MINUTE_NS, stops_per_day_max=2, volatility_reduce=0.2, volatility_halt=0.5,
        ),
        "sizing": SizingRules(method="kelly", volatility=None, volume_share=None, trades_min=2, probe=0.2),
    },
    {
        "guards": GuardPlan(limits=GuardLimits(cooldown_ns=2 * MINUTE_NS, mark_age_ns_max=2 * MINUTE_NS)),
        "tiers": TierRules(table=(TIER,)),
        "sizing": SizingRules(method="kelly", volatility=None, trades_min=3, probe=0.5, kelly_fraction=1.0),
    },
    {
        "guards": GuardPlan(
            limits=GuardLimits(
                daily_loss_action=Action.REDUCE_ONLY, drawdown_action=Action.REDUCE_ONLY, cooldown_ns=MINUTE_NS,
                position_age_ns_max=9 * MINUTE_NS, exposure_share_max=Decimal("0.5"),
            ),
        ),
        "edge": EdgeRules(known={"bot-0": KnownEdge(9, Decimal(400)), "bot-1": KnownEdge(30, Decimal(150))}),
        "breakers": BreakerRules(daily_loss_max=Decimal("0.02")),
    },
    {
        "tiers": TierRules(table=(msgspec.structs.replace(TIER, positions_max=1, risk_total=Decimal("0.9")),)),
        "edge": EdgeRules(overrides={"bot-0": "trial", "bot-2": "trial"}),
        "budgets": BudgetRules(method="equal", every_ns=5 * MINUTE_NS),
    },
)  # fmt: skip


class Case(msgspec.Struct, frozen=True):
    """Everything a session follows from."""

    seed: int
    bars: int
    markets: int
    bots: int
    restless: int
    reckless: bool
    swing: int
    limits: int
    rules: int
    fees: int
    exits: int
    thin: bool
    untidy: bool
    commands: bool
    netting: bool
    plain: bool = False
    coarse: bool = False
    plans: int = 0
    safeguards: int = 0


def case_of(seed: int, bars: int) -> Case:
    """Return the case a seed stands for; only its length is drawn apart, so that a failure shrinks to a short one."""
    chance = Random(f"case:{seed}")
    return Case(
        seed=seed,
        bars=bars,
        markets=chance.randrange(1, 2 ** len(MARKETS)),
        bots=chance.randint(1, 3),
        restless=chance.randint(1, 3),
        reckless=chance.random() < 0.5,
        swing=chance.choice([20, 100, 900, 2_000, 2_000]),
        limits=chance.choice([0, 0, 0, 0, *range(len(LIMITS))]),
        rules=chance.randrange(len(RULES)),
        fees=chance.randrange(len(FEES)),
        exits=chance.randrange(len(EXITS)),
        thin=chance.random() < 0.5,
        untidy=chance.random() < 0.5,
        commands=chance.random() < 0.5,
        netting=chance.random() < 0.7,
        plans=chance.choice([0, 0, 0, *range(len(PLANS))]),
        safeguards=chance.choice([*[0] * 12, *range(1, len(SAFEGUARDS))]),
    )


cases = st.builds(case_of, seed=st.integers(0, 2**48), bars=st.integers(6, 30))


class Whims(Strategy):
    """Wants something at random, as a pure function of its seed, the instrument, the time and its position."""

    seed: int
    restless: int = 1
    reckless: bool = False
    tidy: bool = False
    plain: bool = False

    def on_bar(self, view: View) -> Wish:
        chance = Random(f"{self.seed}:{view.instrument.id}:{view.bar.ts_ns}:{view.position}")
        if chance.random() > 0.25 * self.restless:
            return None
        if chance.random() < 0.01:
            raise RuntimeError("a whim too many")
        if self.plain:
            return TargetWeight(chance.choice([0.0, 0.1, 0.19, 0.5, 1.0, -0.15, -0.6]))
        if self.reckless and not view.instrument.is_spot and not view.position:
            return TargetWeight(chance.choice([9.0, -9.0]))
        if self.reckless and not view.instrument.is_spot and chance.random() < 0.9:
            return None
        if chance.random() < 0.15:
            return [whim(chance, view, self.tidy) for _ in range(2)]
        return whim(chance, view, self.tidy)

    def on_fill(self, view: View, fill: a.OrderFilled) -> Wish:
        if self.plain:
            return None
        chance = Random(f"{self.seed}:{fill.fill_id}")
        return TargetWeight(chance.choice([0.0, 0.3]), None, "after a fill") if chance.random() < 0.1 else None


def whim(chance: Random, view: View, tidy: bool) -> TargetWeight | TargetQuantity | PlaceOrder | CancelWorking:
    """Return one intent of any kind; a tidy one is a target that most limits let through."""
    kind = chance.random()
    exits = chance.choice([None, None, Exits(stop_loss=0.03), Exits(take_profit=0.02, time_ns=3 * MINUTE_NS)])
    if tidy or kind < 0.45:
        return TargetWeight(chance.choice([0.0, 0.0, 0.1, 0.19, 0.5, 1.0, -0.15, -0.6, 4.0, -8.0]), exits)
    if kind < 0.6:
        return TargetQuantity(Decimal(chance.randint(-400, 400)).scaleb(-1), exits)
    if kind < 0.68:
        return CancelWorking(chance.choice([None, None, "tagged"]))
    return whimsical_order(chance, view, exits)


def whimsical_order(chance: Random, view: View, exits: Exits | None) -> PlaceOrder:
    """Return an order of any kind near the market, now and then one that no venue or limit lets through."""
    near = view.price(view.bar.close) * Decimal(chance.randint(970, 1030)).scaleb(-3)
    kind = chance.choice(list(OrderKind))
    life = chance.choice(list(TimeInForce))
    return PlaceOrder(
        chance.choice(list(Side)),
        Decimal(chance.choice([0, 1, 5, 20, 80, 300])).scaleb(-1),
        kind,
        price=near if kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT) else None,
        stop=near if kind in (OrderKind.STOP_MARKET, OrderKind.STOP_LIMIT) else None,
        time_in_force=life,
        post_only=kind is OrderKind.LIMIT and chance.random() < 0.3,
        reduce_only=chance.random() < 0.2,
        expire_ns=view.bar.ts_ns + chance.randint(0, 4) * MINUTE_NS if life is TimeInForce.GTD else None,
        trail=near / 50 if kind is OrderKind.TRAILING_STOP else None,
        display=Decimal(1) if chance.random() < 0.1 else None,
        exits=exits,
        tag=chance.choice(["", "tagged"]),
    )


TOLD_ONCE = (a.OrderFilled, a.FundingPaid, a.FundingAccrued, a.PositionLiquidated)


class UntidyVenue:
    """A venue whose messages may be doubled, come late, or leave an order in doubt; its own books stay right."""

    timed = False

    def __init__(self, venue: BarVenue, chance: Random, *, untidy: bool) -> None:
        self._venue = venue
        self._chance = chance
        self._untidy = untidy
        self._again: list[a.VenueAnswer] = []

    @property
    def awake(self) -> Container[str]:
        return self._venue.awake

    @property
    def due_ns(self) -> int | None:
        """Nothing is ever in flight: in bar mode only bars make orders act."""
        return None

    @property
    def next_ns(self) -> int | None:
        return None

    def submit(self, request: OrderRequest, ts_ns: int) -> Sequence[a.VenueAnswer]:
        answers = self._muddle(self._venue.submit(request, ts_ns))
        if self._untidy and self._chance.random() < 0.05 and not answers:
            return (a.OrderUnknown(request.order_id, ts_ns, "TIMEOUT"),)
        return answers

    def cancel(self, order_id: str, ts_ns: int) -> Sequence[a.VenueAnswer]:
        return self._muddle(self._venue.cancel(order_id, ts_ns))

    def on_event(self, event: MarketEvent) -> Sequence[a.VenueAnswer]:
        return self._muddle(self._venue.on_event(event))

    def advance(self, ts_ns: int) -> Sequence[a.VenueAnswer]:
        return self._muddle(self._venue.advance(ts_ns), last=True)

    def _muddle(self, answers: Sequence[a.VenueAnswer], *, last: bool = False) -> Sequence[a.VenueAnswer]:
        """Return the answers with some money told twice, and with some fills of spot kept back for later.

        A perpetual's are never kept back: funding and liquidation speak of the position that they lead to.
        """
        if not self._untidy:
            return answers
        out: list[a.VenueAnswer] = []
        late, self._again = self._again, []
        for answer in answers:
            luck = self._chance.random()
            if isinstance(answer, TOLD_ONCE) and luck < 0.5 and not last:
                self._again.append(answer)
                if isinstance(answer, a.OrderFilled) and luck < 0.35 and answer.instrument in (SPOT.id, OTHER.id):
                    continue
            out.append(answer)
        return [*out, *late]


class Watch:
    """Keeps the events an engine takes; before each next one, `check` sees the state that the last one led to."""

    def __init__(self, check: Callable[[], None]) -> None:
        self.events: list[Event] = []
        self._check = check

    def note(self, event: Event) -> None:
        self._check()
        self.events.append(event)

    def intend(self, sequence: int, effects: Sequence[Effect]) -> None:
        """Nothing leaves this process, so nothing must be durable before."""

    def settle(self, state: EngineState) -> None:
        """The state is looked at event by event, not at the end of a chunk."""


class Session:
    """One case run to its end: engine, venue, everything consumed, and what occurred.

    `watch` sees the state after every event, `after` only when all that a market event led to has been answered.
    """

    def __init__(
        self,
        case: Case,
        *,
        asked: bool = False,
        responder: Responder | None = None,
        turned: bool = False,
        watch: Callable[["Session"], None] | None = None,
        meet: Callable[[Driver], None] | None = None,
        after: Callable[["Session"], None] | None = None,
    ) -> None:
        self.case = case
        self.config = configuration(case, asked=asked, turned=turned)
        self.state = EngineState(self.config)
        self.auditor = Auditor(self.config)
        self.seen: Counter[str] = Counter()
        self._audited = 0
        self._watch = watch
        settings = SimulationSettings(fees=FEES[case.fees], participation=Decimal("0.05") if case.thin else None)
        restless = [each.id for each in self.config.instruments if not each.is_spot]
        self.venue = BarVenue(self.config.instruments, settings, OpeningAccount(cash=CASH), restless)
        port = UntidyVenue(self.venue, Random(f"untidy:{case.seed}"), untidy=case.untidy)
        self.watch = Watch(self._after_event)
        self.driver = Driver(self.state, port, responder=responder, recorder=self.watch)
        if meet is not None:
            meet(self.driver)
        for command in commands(case):
            self.driver.agenda.add(command.ts_ns, command)
        for events in merge(sources(case, turned=turned)):
            for event in events:
                self.driver.feed((event,))
                if after is not None:
                    after(self)
        self.driver.finish()
        self._after_event()
        self.model = ReadModel(self.config.instruments)
        self.model.take(self.state.audit)
        self._count()

    def _after_event(self) -> None:
        self.auditor.feed(self.state.audit[self._audited :])
        self._audited = len(self.state.audit)
        self.auditor.check(self.state)
        self.seen["deferred"] += any(
            seat.deferred is not None for bot in self.state.bots.values() for seat in bot.seats
        )
        if self._watch is not None:
            self._watch(self)

    def _count(self) -> None:
        seen, model = self.seen, self.model
        for row in model.fills:
            before = row.position - row.quantity * (1 if row.side == "buy" else -1)
            seen["flip"] += before * row.position < 0
        for order in self.state.orders.values():
            seen["late fill"] += order.late_fills
            seen["partial fill"] += len(order.fill_ids) > 1 or 0 < order.filled < order.quantity
        for record in self.state.audit:
            if type(record) is a.PositionLiquidated:
                seen[f"liquidation {record.kind.value}"] += 1
                seen["deficit"] += record.deficit > 0
            elif type(record) is Crossed:
                seen["crossing"] += 1
            elif type(record) is Decided:
                seen["merge of bots"] += len(record.shares) > 1 and type(record.outcome) is Approved
                seen["cut to what closes"] += record.order is not None and record.order.order_id.endswith(CUT)
            elif type(record) is Sized:
                seen[f"sized by {record.binding}"] += 1
            elif type(record) is PlanEnded:
                seen[f"plan {record.reason}"] += 1
                seen["plan of several children"] += record.children > 1
            elif type(record) is a.OrderRejected:
                seen[f"rejected {record.reason}"] += 1
            else:
                seen[NAMES.get(type(record), "other")] += 1
        for reason, number in model.exits.items():
            seen[f"exit {reason}"] += number
        for check, number in model.refusals.items():
            seen[f"refused {check}"] += number


NAMES = {
    a.FundingPaid: "funding paid",
    a.FundingAccrued: "funding accrued",
    a.CashTransferred: "transfer",
    a.OrderUnknown: "in doubt",
    a.OrderAmended: "amended",
    a.CancelRejected: "cancel rejected",
    c.StrategyFailed: "strategy failed",
    c.Halt: "halt",
    c.Flatten: "flatten",
    c.PauseBot: "pause",
    c.EnterReduceOnly: "reduce-only",
}


def configuration(case: Case, *, asked: bool = False, turned: bool = False) -> EngineConfig:
    """Return the engine's configuration; `turned` registers everything the other way round."""
    order = -1 if turned else 1
    instruments = markets_of(case)[::order]
    names = tuple(each.id for each in instruments)
    bots = tuple(
        BotSpec(
            id=f"bot-{number}",
            strategy=Whims(
                seed=case.seed + number // 2,
                restless=case.restless,
                reckless=case.reckless,
                tidy=number == 1,
                plain=case.plain,
            ),
            instruments=names,
            budget=Decimal("0.4") if number else Decimal(1),
            exits=EXITS[case.exits] if number == 2 and not case.plain else None,
            plan=UNSET if number == 1 else PLANS[case.plans],
        )
        for number in range(case.bots)
    )[::order]
    return EngineConfig(
        session="case",
        instruments=instruments,
        bots=bots,
        cash=CASH,
        fees=FEES[case.fees],
        limits=LIMITS[case.limits],
        protections=RULES[case.rules],
        netting=case.netting,
        liquidation=LiquidationRules() if case.seed % 2 else UNSET,
        asked=frozenset({"risk"} if asked else ()),
        **SAFEGUARDS[case.safeguards],
    )


def markets_of(case: Case) -> tuple[Instrument, ...]:
    """Return the instruments of a case: each bit of `markets` is one; `coarse` ones have minimums that leave dust."""
    chosen = [each for index, each in enumerate(MARKETS) if case.markets >> index & 1]
    if case.coarse:
        chosen = [msgspec.structs.replace(each, min_quantity=2_000, min_notional=Decimal(500)) for each in chosen]
    return tuple(chosen)


def sources(case: Case, *, turned: bool = False) -> list[RecordedEvents]:
    """Return bars, marks, funding and gaps of every instrument, each seeded by its own name."""
    found = []
    for instrument in markets_of(case):
        chance = Random(f"market:{case.seed}:{instrument.id}")
        found.append(RecordedEvents(instrument.id, 2, walk(case, instrument, chance)))
    return found[::-1] if turned else found


def walk(case: Case, instrument: Instrument, chance: Random) -> list[MarketEvent]:
    """Return a random walk of bars that gap and jump, with what happens between them."""
    events: list[MarketEvent] = []
    price, ts_ns, name = 10_000, 0, instrument.id
    while len(events) < case.bars:
        ts_ns += MINUTE_NS
        if chance.random() < 0.05:
            missing = chance.choice([1, 6])
            ts_ns += missing * MINUTE_NS
            events.append(Gap(name, ts_ns, missing, chance.random() < 0.5))
        if not instrument.is_spot and chance.random() < 0.3:
            events.append(between(name, ts_ns - MINUTE_NS // 2, price, case.swing, chance))
        opened = step(price, case.swing // 2, chance)
        if case.reckless and chance.random() < 0.15:
            opened = opened * chance.choice([7, 14]) // 10
        price = step(opened, case.swing, chance)
        high = max(opened, price) + chance.randint(0, case.swing)
        low = max(5, min(opened, price) - chance.randint(0, case.swing))
        volume = None if case.plain else chance.choice([None, 0, 3 * 10**4, 10**6])
        events.append(Bar(name, ts_ns, MINUTE_NS, opened, high, low, price, volume))
    return sorted(events, key=lambda event: event.ts_ns)


def between(name: str, ts_ns: int, price: int, swing: int, chance: Random) -> MarketEvent:
    """Return what may happen to a perpetual between two bars: a mark, other terms, funding of all kinds."""
    kind = chance.randrange(5)
    rate = Decimal(chance.randint(-30, 30)).scaleb(-4)
    if kind == 0:
        return MarkPrice(name, ts_ns, step(price, swing, chance))
    if kind == 1:
        return FundingSettlement(name, ts_ns)
    if kind == 2:
        initial, maintenance = chance.choice([("0.1", "0.05"), ("0.2", "0.12"), ("0.5", "0.3")])
        return MarginRates(name, ts_ns, Decimal(initial), Decimal(maintenance))
    return FundingRate(name, ts_ns, rate, settle=kind == 3)


def step(price: int, swing: int, chance: Random) -> int:
    """Return the next price, never below ten units."""
    return max(10, price + chance.randint(-swing, swing))


def commands(case: Case) -> list[c.Command | a.CashTransferred]:
    """Return what operators, timers and reconciliation say during the session, in order of time."""
    chance = Random(f"commands:{case.seed}")
    minutes = [minute for minute in range(2, case.bars if case.commands else 0) if chance.random() < 0.15]
    return [command(minute * MINUTE_NS + chance.choice([0, 1, MINUTE_NS // 3]), case, chance) for minute in minutes]


def command(ts_ns: int, case: Case, chance: Random) -> c.Command | a.CashTransferred:
    """Return one command of any kind; resumptions are as frequent as what they end."""
    bot = f"bot-{chance.randrange(case.bots)}"
    return chance.choice(
        [
            c.Halt(ts_ns, "look"),
            c.Resume(ts_ns, "go on"),
            c.EnterReduceOnly(ts_ns, "operator", "careful"),
            c.EnterReduceOnly(ts_ns, "volatility", "wild"),
            c.LeaveReduceOnly(ts_ns, "volatility"),
            c.LeaveReduceOnly(ts_ns, "operator"),
            c.PauseBot(ts_ns, bot, "rest"),
            c.ResumeBot(ts_ns, bot),
            c.CancelAll(ts_ns, chance.choice([None, bot])),
            c.Flatten(ts_ns, chance.choice([None, bot])),
            c.SwitchFlag(ts_ns, "streaming", "off"),
            c.Fitted(ts_ns, "garch", ts_ns, {"alpha": 0.1}, ts_ns + MINUTE_NS),
            a.CashTransferred("USD", ts_ns, Decimal(chance.choice([-500, 2_000])), "found"),
        ]
    )
