"""A bot that becomes another one while it runs: strategy, budget, exits, family; its position and its exits stay (S11).

What is decided by the old strategy and has not been filled is taken back where it adds risk. The new one begins with a
fresh memory, and decides from the next bar at which its indicators are warm: at once where others had them running, or
where the change brings enough history.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec import UNSET

from tradewind.engine.breaking import adds_risk
from tradewind.engine.config import BotSpec
from tradewind.engine.deciding import answered
from tradewind.engine.placing import ask_cancel, stop_parent
from tradewind.engine.recording import quiet
from tradewind.engine.regimes import share_out
from tradewind.engine.state import Bot, EngineState, Group, Market, Seat, declare
from tradewind.model import commands as c
from tradewind.model.decisions import Finding, Refused
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.market_events import Bar
from tradewind.model.money import ratio
from tradewind.numeric.indicators import IndicatorSpec
from tradewind.orders.order import OrderRole
from tradewind.strategy.base import Strategy, overrides, sees_groups
from tradewind.strategy.registry import make

CHANGED = Refused((Finding("risk", "the bot was changed", "an answer before the change"),))
Known = Mapping[IndicatorSpec, bool]


def on_change_bot(state: EngineState, event: c.ChangeBot) -> None:
    """Make the bot what the event says; what it says nothing of stays."""
    state.now_ns = max(state.now_ns, event.ts_ns)
    bot = state.bots[event.bot]
    spec = changed_spec(bot.spec, event, made_strategy(state, event))
    if event.promoted and bot.former is None:
        bot.former = bot.spec
    _become(state, bot, spec, event.history)
    state.audit.append(msgspec.structs.replace(event, history=()))


def on_restore_bot(state: EngineState, event: c.RestoreBot) -> None:
    """Make the bot what it was before it was promoted."""
    state.now_ns = max(state.now_ns, event.ts_ns)
    bot = state.bots[event.bot]
    if bot.former is not None:
        former, bot.former = bot.former, None
        _become(state, bot, former, event.history)
    state.audit.append(msgspec.structs.replace(event, history=()))


def made_strategy(state: EngineState, event: c.ChangeBot) -> Strategy | None:
    """Return the strategy that a change asks for, None where it leaves the strategy alone.

    Raises  ConfigError for one that cannot be made, or that could do nothing on the bot's instruments.
    """
    if not event.strategy:
        return None
    load = state.load

    def found(place: str) -> type[Strategy]:
        if load is None:
            raise ConfigError(f"{place} cannot be loaded here: nothing says where strategies of one's own are found")
        return load(place, event.source)

    strategy = make(event.strategy, event.parameters, found)
    markets = [state.markets[name].instrument for name in state.bots[event.bot].spec.instruments]
    if (reason := strategy.unsuited(markets)) is not None:
        raise ConfigError(f"bot {event.bot!r}: {reason}")
    return strategy


def changed_spec(spec: BotSpec, event: c.ChangeBot, strategy: Strategy | None) -> BotSpec:
    """Return what a bot becomes by a change."""
    return BotSpec(
        id=spec.id,
        strategy=spec.strategy if strategy is None else strategy,
        instruments=spec.instruments,
        budget=spec.budget if event.budget is None else event.budget,
        exits=spec.exits if event.exits is None else event.exits.exits,
        family=spec.family if event.family is None else (event.family or UNSET),
        rest=spec.rest,
        plan=spec.plan,
    )


def _become(state: EngineState, bot: Bot, spec: BotSpec, history: tuple[Bar, ...]) -> None:
    if any(seat.market.bar is not None and seat.market.bar.served is not None for seat in bot.seats):
        raise StateError(f"{bot.id} cannot change here: the indicators of this run were computed beforehand")
    known = {seat.market.id: _known(seat.market) for seat in bot.seats}
    before, bot.spec, bot.changed = bot.spec, spec, True
    if spec.strategy is not before.strategy:
        _take_back(state, bot)
        _regroup(state, bot)
        for seat in bot.seats:
            name = seat.market.id
            _seat_strategy(seat, known[name], [bar for bar in history if bar.instrument == name])
            waits = "warming_up" if seat.warmup_bars else "no_signal"
            quiet(state, seat, "paused" if bot.paused is not None else waits)
        state.hears_fills = any(overrides(each.spec.strategy, "on_fill") for each in state.bots.values())
    if spec.budget != before.budget or spec.family != before.family:
        for seat in bot.seats:
            seat.budget = seat.base_budget = ratio(spec.budget, Decimal(len(spec.instruments)))
            if seat.market.weights is not None:
                share_out(seat.market, seat.market.weights)  # as regimes share it by now
            if not seat.view.position and not seat.working:
                seat.target = None  # a wish that came to nothing may come to something now
        if state.budgets is not None:
            state.budgets.own({name: each.spec.budget for name, each in state.bots.items()})
            state.share_out()


def _take_back(state: EngineState, bot: Bot) -> None:
    """Forget what the old strategy wanted; its working entries are cancelled, what it asked of risk is refused."""
    bot.failed = None
    for seat in bot.seats:
        seat.target = seat.deferred = seat.wanted = seat.refusal = None
        stop_parent(state, seat, "CHANGED")
        seat.sized, seat.note, seat.rejections = (), "at_target", 0
        for order in list(seat.working.values()):
            if len(order.owners) == 1 and adds_risk(order):
                ask_cancel(state, order)
    for job in state.jobs:
        job.wishes = type(job.wishes)(each for each in job.wishes if each[0].bot is not bot)
        job.changes = [each for each in job.changes if each[0].bot is not bot]
        steps = ([each for each in step if each[0].bot is not bot] for step in job.steps)
        job.steps = type(job.steps)(step for step in steps if step)
    for number, waiting in list(state.pending.items()):
        proposal = waiting.proposal
        if proposal.role is not OrderRole.CLOSING and any(seat.bot is bot for seat in proposal.seats):
            del state.pending[number]
            answered(state, waiting, CHANGED, withdrawn=True)


def _regroup(state: EngineState, bot: Bot) -> None:
    """Let the bot see its instruments together, if its new strategy does."""
    groups = {name: group for name, group in state.groups.items() if name != bot.id}
    if sees_groups(bot.spec.strategy):
        groups[bot.id] = Group(bot, state.parameters)
    state.groups = {name: groups[name] for name in sorted(groups)}
    for seat in bot.seats:
        watching = [each for each in state.groups.values() if any(one.market is seat.market for one in each.bot.seats)]
        seat.market.groups = tuple(watching)


def _seat_strategy(seat: Seat, known: Known, history: list[Bar]) -> None:
    """Give a seat its bot's new strategy, and the market a server for what its strategies now declare."""
    market, strategy = seat.market, seat.bot.spec.strategy
    seat.use(strategy)
    seat.view.memory = strategy.memory()
    seat.view.values = ()
    old, market.server = market.server, declare(market)
    shown = [bar for bar in history if market.bar is None or bar.ts_ns <= market.bar.ts_ns]
    for bar in shown:
        market.server.update(bar)
    if old is not None:
        market.server.inherit(old, {spec for spec in known if known[spec] or spec.warmup_bars > len(shown)})
    lacking = [
        spec.warmup_bars for spec in strategy.indicators() if not known.get(spec) and spec.warmup_bars > len(shown)
    ]
    live = {id(entry[3]) for entry in market.seats if entry[3] is not seat}
    market.warming = [each for each in market.warming if each is not seat]
    if seat.warmup_bars:
        # The next bar at the earliest: until then it has no values to decide on.
        seat.bars_seen = seat.warmup_bars - max(lacking, default=1)
        market.warming.append(seat)
        market.watched = True
    else:
        live.add(id(seat))
    market.seats = [
        (each.on_bar, each.view, each.pick, each)
        for each in market.seats_all
        if each.on_bar is not None and id(each) in live
    ]


def _known(market: Market) -> dict[IndicatorSpec, bool]:
    """Return the indicators that run here, and whether each has seen the bars that it needs."""
    known = dict.fromkeys(market.specs, False)
    for seat in market.seats_all:
        if seat.bot.failed is None and seat not in market.warming:
            known.update(dict.fromkeys(seat.bot.spec.strategy.indicators(), True))
    return known
