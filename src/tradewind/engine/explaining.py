"""Why an order, and why none: the chain from inputs to outcome, rebuilt by replaying to the event (SPEC S10).

Records are small: what was decided, not all that it was decided on. A replay brings that back, bit by bit the same; it
is read here off the state right after the event, and off the question that was put to risk.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from tradewind.engine.check_words import check_words, missing_words
from tradewind.engine.config import EngineConfig
from tradewind.engine.cutting import cut_from
from tradewind.engine.parents import CHILD, parent_of
from tradewind.engine.plan_words import told_plan
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.recount import PROTECT
from tradewind.engine.replay import Breakpoints, Replay
from tradewind.engine.state import EngineState, LoadSource, Market, Seat
from tradewind.engine.views import FillRow, OrderRow, words
from tradewind.engine.why_words import DRAWDOWN, amount, budget_words, fall_words, quantity_words, regime_words, unit
from tradewind.model.decisions import Decided, Quiet, Refused, ReviewRequest
from tradewind.model.entries import Checkpoint, Closed, Entry, Intended
from tradewind.model.errors import ConfigError, StateError
from tradewind.model.instrument import Instrument
from tradewind.model.intents import Exits, Intent, PlaceOrder, TargetQuantity, TargetWeight
from tradewind.model.money import plain
from tradewind.model.orders import OrderRequest
from tradewind.model.plans import PlanEnded, Planned
from tradewind.risk.review import (
    CHECKS,
    ENTRY_GATE,
    REGIME_BLOCK,
    TAIL_CHECKS,
    Facts,
    MissingData,
    entry_gate,
    regime_block,
)

SECOND_NS = 1_000_000_000
CHECK_OF = {name: check for name, check, *_ in (*CHECKS, *TAIL_CHECKS)} | {
    REGIME_BLOCK: regime_block,
    ENTRY_GATE: entry_gate,
}


class Input(msgspec.Struct, frozen=True):
    """Something that was known, and how old it was at the event; None where it has no age."""

    name: str
    value: str
    age_s: float | None = None
    words: str = ""  # the same for people, where that is not the value itself


class CheckLine(msgspec.Struct, frozen=True):
    """A risk check: its number against its limit as they were compared, whether it passed, and the same in words."""

    check: str
    number: str
    limit: str
    passed: bool
    words: str


class Scene(msgspec.Struct, frozen=True):
    """What one bot saw of one instrument right after an event: inputs, regime, signal, and what it made of them."""

    sequence: int
    ts_ns: int
    bot: str
    strategy: str
    instrument: str
    inputs: tuple[Input, ...]
    regime: str | None
    signal: dict[str, float]
    reading: dict[str, float | str]
    position: Decimal
    wanted: str
    modes: tuple[str, ...]


class Why(msgspec.Struct, frozen=True):
    """The chain of one order: the scene, its size, risk's answer check by check, the plan and the outcome.

    `off` names the checks that are not configured, so that none is thought to have passed. A closing part is `cut_from`
    an order whose rest was refused by the checks of `refused`. `protects` is the entry whose position an exit stands
    guard over; `exits` is what became of the exits that came with an entry. `mark` is the last price at the decision,
    in the currency `quote`.
    """

    order: str
    scene: Scene
    reason: str
    size: tuple[Input, ...]
    approved: bool
    checks: tuple[CheckLine, ...]
    off: tuple[str, ...]
    plan: tuple[str, ...]
    outcome: OrderRow | None
    mark: Decimal
    quote: str
    cut_from: str = ""
    refused: tuple[CheckLine, ...] = ()
    protects: str | None = None
    fills: tuple[FillRow, ...] = ()
    exits: tuple[OrderRow, ...] = ()


class WhyNot(msgspec.Struct, frozen=True):
    """Why a bot did nothing: the reason code, the run of events it held for, and the last refusal if there was one."""

    scene: Scene
    reason: str
    first: int
    last: int
    since_ns: int
    refused: tuple[CheckLine, ...]
    working: tuple[str, ...]


def why(config: EngineConfig, entries: Iterable[Entry], order: str, load: LoadSource | None = None) -> Why:
    """Return the chain of the order with this id, or whose id ends with `-` and these words.

    Raises  ConfigError when there is no such order, StateError when the replay differs from the record.
    """
    seen = _Seen(config, order, load)
    seen.run(entries, None)
    if seen.found is None:
        raise ConfigError(
            f"there is no order {order!r} among the {seen.orders} of this run, the latest of which is {seen.latest!r}: "
            "its orders.csv and the tables of a session list them; --run names another run"
        )
    decided, scene, question = seen.found
    request = decided.order
    assert request is not None
    state, orders = seen.replay.state, seen.model.orders
    whole = cut_from(parent_of(request.order_id) or request.order_id)
    before = seen.refused.get(whole)
    return Why(
        order=request.order_id,
        scene=scene,
        reason=words(decided.intent),
        size=_size(state, decided, question),
        approved=not isinstance(decided.outcome, Refused),
        checks=() if question is None else tuple(_checks(state, question)),
        off=() if question is None else state.reviewer.off,
        plan=(*_worked(seen, request.order_id), *_plan(state, request, seen.children, seen.parts)),
        outcome=orders.get(request.order_id),
        mark=state.markets[request.instrument].instrument.price_decimal(decided.mark),
        quote=state.markets[request.instrument].instrument.quote,
        cut_from=whole,
        refused=() if before is None else tuple(line for line in _checks(state, before) if not line.passed),
        protects=request.after if decided.intent == PROTECT else None,
        fills=tuple(fill for fill in seen.model.fills if fill.order_id == request.order_id),
        exits=tuple(orders[child.order_id] for child in seen.children if child.order_id in orders),
    )


def why_not(
    config: EngineConfig,
    entries: Iterable[Entry],
    instrument: str,
    at_ns: int | None,
    bot: str | None = None,
    load: LoadSource | None = None,
) -> list[WhyNot]:
    """Return, for each bot that looks at the instrument, why it did nothing at that time (None: at the end).

    A bot that acted at its last event is left out.
    Raises  ConfigError for an instrument or bot that the run does not have, a bot that does not look at the
            instrument, and a moment before the run.
    """
    if instrument not in {each.id for each in config.instruments}:
        names = ", ".join(sorted(each.id for each in config.instruments))
        raise ConfigError(f"the run has no instrument {instrument!r}: choose from {names}")
    if bot is not None and bot not in {each.id for each in config.bots}:
        raise ConfigError(
            f"the run has no bot {bot!r}: choose from {', '.join(sorted(each.id for each in config.bots))}"
        )
    seen = _Seen(config, None, load)
    seen.run(entries, at_ns)
    if not seen.times:
        raise ConfigError("the run had not begun at that moment: choose a later one with --at, or leave it out")
    state = seen.replay.state
    market = state.markets[instrument]
    found = []
    if not any(bot in (None, seat.bot.id) for seat in market.seats_all):
        who = "no bot looks" if bot is None else f"bot {bot!r} does not look"
        raise ConfigError(f"{who} at {instrument} in this run: `tradewind runs show` names its bots' instruments")
    for seat in market.seats_all:
        quiet = seen.quiet.get((seat.bot.id, instrument))
        if (bot is None or seat.bot.id == bot) and quiet is not None and quiet.last == state.sequence:
            found.append(_why_not(seen, state, seat, quiet))
    return found


def _why_not(seen: "_Seen", state: EngineState, seat: Seat, quiet: Quiet) -> WhyNot:
    question = seen.refusals.get((seat.bot.id, seat.market.id)) if quiet.reason == "refused" else None
    lines = () if question is None else tuple(_checks(state, question))
    return WhyNot(
        scene=_scene(state, seat, seat.view.values, _last_wish(seat)),
        reason=quiet.reason,
        first=quiet.first,
        last=quiet.last,
        since_ns=seen.times[quiet.first - 1],
        refused=tuple(line for line in lines if not line.passed),
        working=tuple(_told(state, order.request) for order in seat.working.values()),
    )


def reading_of(state: EngineState, seat: Seat) -> dict[str, float | str]:
    """Return what a seat's strategy says of itself now; one that raises has that said of it."""
    strategy, group = seat.bot.spec.strategy, state.groups.get(seat.bot.id)
    try:
        return dict(strategy.reading(seat.view) if group is None else strategy.group_reading(group.view))
    except Exception as error:  # noqa: BLE001 - strategies are guests: what they say of themselves stops nobody
        return {"failed": f"{type(error).__name__}: {error}"}


class _Seen:
    """A replay that is watched: the decision on one order with its scene, and what became of every order."""

    def __init__(self, config: EngineConfig, order: str | None, load: LoadSource | None = None) -> None:
        self.replay = Replay(config, None, Breakpoints(), None, self._hear, load)
        self.model = ReadModel(config.instruments)
        self.found: tuple[Decided, Scene, ReviewRequest | None] | None = None
        self.quiet: dict[tuple[str, str], Quiet] = {}
        self.refusals: dict[tuple[str, str], ReviewRequest] = {}
        self.refused: dict[str, ReviewRequest] = {}
        self.children: list[OrderRequest] = []
        self.parts: list[OrderRequest] = []
        self.plans: dict[str, Planned] = {}
        self.ends: dict[str, PlanEnded] = {}
        self.times: list[int] = []
        self.orders, self.latest = 0, ""
        self._order = order
        self._ear = _Ear(self.replay.state.reviewer)
        self.replay.state.reviewer = self._ear  # type: ignore[assignment]  # it answers as the one it listens in on

    def run(self, entries: Iterable[Entry], until_ns: int | None) -> None:
        """Replay up to and including `until_ns`."""
        done = self.replay.run(self._watched(entries, until_ns))
        if done.difference is not None:
            raise StateError(
                f"the replay differs from the record after event {done.difference.sequence} ({done.difference.what}): "
                f"explain the run with the code that made it"
            )

    def _watched(self, entries: Iterable[Entry], until_ns: int | None) -> Iterator[Entry]:
        for entry in entries:
            if not isinstance(entry, Intended | Checkpoint | Closed):
                if until_ns is not None and entry.ts_ns > until_ns:
                    return
                self.times.append(entry.ts_ns)
                for waiting in self.replay.state.pending.values():
                    for asked in (waiting, *(waiting.cut_from or ())[:1]):
                        self._ear.last[asked.question.order.order_id] = asked.question
            elif until_ns is not None and isinstance(entry, Closed):
                return
            yield entry

    def _hear(self, records: Sequence[msgspec.Struct]) -> None:
        self.model.take(records)
        for record in records:
            if type(record) is Quiet:
                self.quiet[record.bot, record.instrument] = record
            elif type(record) is Decided and record.order is not None:
                self._decided(record, record.order)
            elif type(record) is Planned:
                self.plans[record.order_id] = record
            elif type(record) is PlanEnded:
                self.ends[record.order_id] = record
        self._ear.last.clear()

    def _decided(self, decided: Decided, request: OrderRequest) -> None:
        self.orders, self.latest = self.orders + 1, request.order_id
        question = self._ear.last.get(request.order_id)
        if isinstance(decided.outcome, Refused) and question is not None:
            self.refusals[decided.bot, request.instrument] = self.refused[request.order_id] = question
        if self.found is not None:
            name = self.found[0].order.order_id  # type: ignore[union-attr]  # it has one
            if request.after == name:
                self.children.append(request)
            elif cut_from(parent_of(request.order_id) or request.order_id) == name:
                self.parts.append(request)
        elif self._order is not None and (
            request.order_id == self._order
            or request.order_id.endswith((f"-{self._order}", f"-{self._order}{CHILD}1"))
            or request.order_id == f"{self._order}{CHILD}1"
        ):
            state = self.replay.state
            seat = next(each for each in state.bots[decided.bot].seats if each.market.id == request.instrument)
            scene = _scene(state, seat, decided.signal, _wish(decided.intent, seat.market.instrument))
            self.found = decided, scene, question


class _Ear:
    """A reviewer that remembers the questions of the present event; all else is the one it listens in on."""

    def __init__(self, reviewer: Any) -> None:
        self._reviewer = reviewer
        self.last: dict[str, ReviewRequest] = {}

    def review(self, request: ReviewRequest) -> Any:
        self.last[request.order.order_id] = request
        return self._reviewer.review(request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reviewer, name)


# -- the parts of a chain ---------------------------------------------------------------------------------------------


def _scene(state: EngineState, seat: Seat, signal: Sequence[float], wanted: str) -> Scene:
    market, bot = seat.market, seat.bot
    strategy = bot.spec.strategy
    regime = None if state.regimes is None else state.regimes.readings.get(market.id)
    return Scene(
        sequence=state.sequence,
        ts_ns=state.now_ns,
        bot=bot.id,
        strategy=type(strategy).__name__,
        instrument=market.id,
        inputs=tuple(_inputs(state, market, seat)),
        regime=None if regime is None else regime_words(regime),
        signal=_named(seat, signal),
        reading=reading_of(state, seat),
        position=seat.view.quantity,
        wanted=wanted,
        modes=tuple(_modes(state, market, seat)),
    )


def _inputs(state: EngineState, market: Market, seat: Seat) -> Iterator[Input]:
    now, price = state.now_ns, market.instrument.price_decimal
    if market.mark is not None:
        seen_ns = market.mark_ns if market.bar is None else max(market.mark_ns, market.bar.ts_ns)
        yield Input("mark", plain(price(market.mark)), (now - seen_ns) / SECOND_NS)
    if market.bar is not None:
        bar = market.bar
        prices = " ".join(plain(price(each)) for each in (bar.open, bar.high, bar.low, bar.close))
        yield Input("bar (open high low close)", prices, (now - bar.ts_ns) / SECOND_NS)
    yield Input("budget", plain(seat.budget), words=budget_words(state, seat))
    told = None if state.sizing is None else state.sizing.told.get((seat.bot.id, market.id))
    if told is not None:
        sizes = ", ".join(f"{name} {size:.4g}" for name, size in told.sizes.items())
        yield Input("size, of equity", f"{told.share:.4g} by {told.binding} ({sizes})", (now - told.ts_ns) / SECOND_NS)
    if market.best_bid is not None and market.best_ask is not None:
        touch = f"{plain(price(market.best_bid))} / {plain(price(market.best_ask))}"
        yield Input("bid / ask", touch, (now - market.mark_ns) / SECOND_NS)
    if seat.view.funding is not None:
        rate = seat.view.funding
        yield Input("funding rate", plain(rate.rate), (now - rate.ts_ns) / SECOND_NS)
    group = state.groups.get(seat.bot.id)
    if group is not None and group.round_ns >= 0:
        seen = ", ".join(sorted(group.fresh)) + (" (others are waited for)" if group.open else "")
        yield Input("round of bars", seen, (now - group.round_ns) / SECOND_NS)
    for request in seat.bot.spec.strategy.fits(seat.bot.spec.instruments):
        fit = state.fitted.get(request.kind)
        if fit is None:
            yield Input(request.kind, "missing")
        else:
            known = " ".join(f"{name}={value:.4g}" for name, value in fit.parameters.items())
            expired = " (expired)" if now >= fit.valid_until_ns else ""
            yield Input(request.kind, known + expired, (now - fit.as_of_ns) / SECOND_NS)


def _named(seat: Seat, signal: Sequence[float]) -> dict[str, float]:
    """Return the declared indicators by name; several outputs of one are numbered."""
    named: dict[str, float] = {}
    values = iter(signal)
    for spec in seat.bot.spec.strategy.indicators():
        text = f"{spec.name}({', '.join(map(str, spec.parameters))})"
        for output in range(spec.outputs):
            value = next(values, None)
            if value is not None:
                named[text if spec.outputs == 1 else f"{text}[{output}]"] = value
    return named


def _modes(state: EngineState, market: Market, seat: Seat) -> Iterator[str]:
    bot = seat.bot
    if state.halted is not None:
        yield f"halted: {state.halted}"
    for rule, reason in state.reduce_only.items():
        yield f"reduce-only by {rule}: {reason}{fall_words(state) if rule == DRAWDOWN else ''}"
    for cause, reason in market.doubts.items():
        yield f"in doubt by {cause}: {reason}"
    if bot.failed is not None:
        yield f"failed: {bot.failed}"
    if bot.paused is not None:
        yield f"paused: {bot.paused}"
    if seat.lock is not None and seat.lock.until_ns > state.now_ns:
        yield f"locked: {seat.lock.reason}"
    if seat.bars_seen < seat.warmup_bars:
        yield f"warming up: {seat.bars_seen} of {seat.warmup_bars} bars"
    blocked = None if state.regimes is None else state.regimes.blocks(market.id)
    if blocked is not None:
        yield f"regime takes no new risk: {blocked}"


def _wished(value: Any) -> str:
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, Exits):
        kept = {name: getattr(value, name) for name in value.__struct_fields__ if getattr(value, name) is not None}
        return " ".join(f"{name}={each}" for name, each in kept.items())
    return plain(value) if isinstance(value, Decimal) else str(value)


def _last_wish(seat: Seat) -> str:
    if seat.wanted is None:
        return "nothing"
    told, reason = _wish(seat.wanted, seat.market.instrument), words(seat.wanted)
    return f"{told} ({reason})" if seat.wanted.reason else told


def _wish(intent: Intent | str, instrument: Instrument) -> str:
    if isinstance(intent, str):
        return intent
    if isinstance(intent, TargetWeight):
        return f"target {intent.weight:.4g} of its budget" if intent.weight else "target flat"
    if isinstance(intent, TargetQuantity):
        return f"target {plain(intent.quantity)} {instrument.base or 'contracts'}"
    values: Mapping[str, Any] = {name: getattr(intent, name) for name in intent.__struct_fields__}
    told = ", ".join(
        f"{name.replace('_', ' ')} {_wished(value)}"
        for name, value in values.items()
        if value not in (None, "", False) and name != "reason"
    )
    return f"an order: {told}" if isinstance(intent, PlaceOrder) else f"cancel its working orders {told}".rstrip()


def _size(state: EngineState, decided: Decided, question: ReviewRequest | None) -> tuple[Input, ...]:
    request = decided.order
    assert request is not None
    instrument = state.markets[request.instrument].instrument
    shares = ", ".join(f"{share.bot} {plain(instrument.quantity_decimal(share.quantity))}" for share in decided.shares)
    quantity = int(request.quantity or 0)
    exact = plain(instrument.quantity_decimal(quantity))
    if question is None:
        return Input("quantity", exact, words=f"{exact} {unit(instrument)}"), Input("of", shares)
    equity, held = question.equity, instrument.quantity_decimal
    known = [
        Input("quantity", exact, words=quantity_words(quantity, question)),
        Input("of", shares),
        Input("equity", "unknown") if equity is None else Input("equity", plain(equity), words=_money(equity, state)),
        Input("the bot held", plain(held(question.bot_position))),
        Input("the account held", plain(held(question.position))),
        Input("free cash", plain(question.free_cash), words=amount(question.free_cash, instrument.quote)),
    ]
    if question.data_age_ns is not None:
        price = plain(instrument.price_decimal(question.price or 0))
        known.append(Input("price used", price, question.data_age_ns / SECOND_NS))
    return tuple(known)


def _money(value: Decimal, state: EngineState) -> str:
    return amount(value, state.config.currency)


def _checks(state: EngineState, question: ReviewRequest) -> Iterator[CheckLine]:
    """Yield every check that is on, run by itself on the question as it was put."""
    reviewer = state.reviewer
    for name in reviewer.on:
        try:
            number, limit = CHECK_OF[name](Facts(question, reviewer.limits, reviewer.tail))
        except MissingData:
            yield CheckLine(name, "missing", "needed", False, missing_words(name))
        except Exception as error:  # noqa: BLE001 - an error in a check was a refusal (K9): told as what it was
            found = f"error: {type(error).__name__}: {error}"
            yield CheckLine(name, found, "no error", False, found)
        else:
            told = check_words(name, number, limit, question, reviewer.limits)
            yield CheckLine(name, _text(number), _text(limit), number <= limit, told)


def _worked(seen: "_Seen", order_id: str) -> tuple[str, ...]:
    """Return the plan that an order is a child of in words; () for others."""
    parent = parent_of(order_id)
    planned = seen.plans.get(parent)
    if planned is None:
        return ()
    rows = [row for name, row in seen.model.orders.items() if parent_of(name) == parent and not row.protects]
    instrument = seen.replay.state.markets[planned.plan.instrument].instrument
    return told_plan(planned, seen.ends.get(parent), rows, instrument)


def _plan(
    state: EngineState, request: OrderRequest, children: Sequence[OrderRequest], parts: Sequence[OrderRequest]
) -> tuple[str, ...]:
    exits = (f"exit {_told(state, child)}" for child in children)
    return (_told(state, request), *exits, *(f"closing part {_told(state, part)}" for part in parts))


def _told(state: EngineState, request: OrderRequest) -> str:
    """Return an order in a line."""
    instrument = state.markets[request.instrument].instrument
    parts = [
        request.order_id,
        request.side.name.lower(),
        plain(instrument.quantity_decimal(int(request.quantity or 0))),
    ]
    parts += [request.instrument, request.kind.value]
    if request.price is not None:
        parts.append(f"at {plain(instrument.price_decimal(request.price))}")
    if request.stop is not None:
        parts.append(f"stop {plain(instrument.price_decimal(request.stop))}")
    parts += [word for word, on in (("post-only", request.post_only), ("reduce-only", request.reduce_only)) if on]
    return " ".join(parts)


def _text(value: Decimal | int) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)
