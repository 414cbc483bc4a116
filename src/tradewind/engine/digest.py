"""Digests: one hash over everything decided and done, another over the state it led to (I24, I26).

Canonical bytes: MessagePack of the values with decimals as text and keys sorted. No digest holds a sum of floats.
"""

import hashlib
from collections.abc import Iterable

import msgspec
import numpy as np

from tradewind.engine.config import BotSpec
from tradewind.engine.regimes import regime_values
from tradewind.engine.state import EngineState, Pending, Seat
from tradewind.model.money import plain
from tradewind.strategy.base import Strategy

_ENCODER = msgspec.msgpack.Encoder(decimal_format="string", order="deterministic")
DIGITS = 32  # of a digest, in hexadecimal: half of the hash says enough


class AuditDigest:
    """A running hash over the audit stream, fed in batches.

    Records are encoded a fixed number at a time, counted from the start, so that the hash does not depend on how they
    were grouped when they came.
    """

    GROUP = 256

    def __init__(self) -> None:
        self._hash = hashlib.sha256()  # the processor's own instructions: a third of the time of blake2b
        self._waiting: list[msgspec.Struct] = []

    def update(self, records: Iterable[msgspec.Struct]) -> None:
        """Take more records in."""
        waiting = self._waiting
        waiting.extend(records)
        size = self.GROUP
        full = len(waiting) - len(waiting) % size
        for start in range(0, full, size):
            self._hash.update(_ENCODER.encode(waiting[start : start + size]))
        del waiting[:full]

    def hexdigest(self) -> str:
        """Return the hash of everything taken in so far."""
        end = self._hash.copy()
        end.update(_ENCODER.encode(self._waiting))
        return end.hexdigest()[:DIGITS]


def _as_python(value: object) -> object:
    """Return numpy's numbers and arrays, which a strategy may remember, as Python's."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"a strategy's memory must be numbers, text and lists of them, found {type(value).__name__}")


def state_digest(state: EngineState) -> str:
    """Return the hash of the state: ledger, positions, live orders, modes, memories, and the place in time."""
    return hashlib.sha256(_ENCODER.encode(state_values(state))).hexdigest()[:DIGITS]


def state_values(state: EngineState) -> dict[str, object]:
    """Return the state as plain values, for digests, snapshots and people.

    Everything that a later event can be answered differently by is in it, so that two states of one digest go on alike.
    """
    ledger = state.ledger
    return {
        "sequence": state.sequence,
        "now_ns": state.now_ns,
        "halted": state.halted,
        "reduce_only": dict(state.reduce_only),
        "flags": dict(state.flags),
        "purses": {
            name: [plain(amount) for amount in (p.cash, p.realised, p.fees, p.funding, p.transfers, p.held)]
            for name, p in ledger.purses.items()
        },
        "positions": {
            name: [line.position.quantity, plain(line.position.cost), plain(line.position.realised)]
            for name, line in ledger.lines.items()
        },
        "books": {
            f"{bot}/{name}": [
                book.position.quantity, plain(book.position.cost), plain(book.position.realised),
                plain(book.fees), plain(book.funding), book.fills, book.crossed,
            ]
            for name, line in ledger.lines.items()
            for bot, book in sorted(line.books.items())
        },
        "orders": {
            order.request.order_id: [int(order.status), order.filled, order.quantity, plain(order.fees), order.reason]
            for order in state.live_orders()
        },
        "bots": {bot.id: [bot.failed, bot.paused] for bot in state.bots.values()},
        "memory": {
            f"{bot.id}/{seat.market.id}": msgspec.to_builtins(seat.view.memory, enc_hook=_as_python)
            for bot in state.bots.values()
            for seat in bot.seats
        },
        "seats": {
            f"{bot.id}/{seat.market.id}": msgspec.to_builtins(_seat_values(seat), enc_hook=_as_python)
            for bot in state.bots.values()
            for seat in bot.seats
        },
        "peak": plain(state.peak),
        "volume": plain(state.volume.total),
        "numbers": [state.order_number, state.request_number, state.last_order_ns, list(state.order_times)],
        "timers": dict(state.timers),
        "pending": {str(number): _waiting_values(waiting) for number, waiting in state.pending.items()},
        "jobs": [[job.market.id, len(job.wishes), len(job.changes), len(job.steps)] for job in state.jobs],
        "fitted": dict(state.fitted),
        "prices": {name: [m.best_bid, m.best_ask, m.mark_ns, m.gaps] for name, m in state.markets.items()},
        "marks": {name: market.mark for name, market in state.markets.items()},
        **_where_used(state),
    }  # fmt: skip


def _where_used(state: EngineState) -> dict[str, object]:
    """Return what only some sessions have: one without it hashes as it did before there was such a thing."""
    return {
        # Only where regimes are told.
        **({} if state.regimes is None else {"regimes": regime_values(state)}),
        # Only where their number on one instrument is limited.
        **({"orders_here": here} if (here := _order_times(state)) else {}),
        # Only of bots that see their instruments together.
        **({"groups": _group_values(state)} if state.groups else {}),
        # Only where there are breakers.
        **({} if state.breakers is None else {"breakers": state.breakers.values()}),
        # Only where entries are asked about.
        **({} if state.tiers is None else {"tiers": state.tiers.values()}),
        **({} if state.sizing is None else {"sizing": state.sizing.values()}),
        **({} if state.record is None else {"record": state.record.values()}),
        # Only where budgets follow from results.
        **({} if state.budgets is None else {"budgets": state.budgets.values()}),
        # Only where there are guards.
        **({} if state.guards is None else {"guards": state.guards.values()}),
        # Only where VaR or correlation is checked.
        **({} if state.tails is None else {"tails": state.tails.values()}),
        **({} if state.pairs is None else {"pairs": sorted(state.pairs.together)}),
        # Only of bots that are not what they began as.
        **({"changed": changed} if (changed := changed_bots(state)) else {}),
        # Only of bots that work their changes as plans.
        **({"parents": _parent_values(state)} if state.plans else {}),
        # Only of perpetuals whose margin terms have changed.
        **({"terms": [dict(state.terms), _posted(state)]} if state.terms else {}),
        # Only while a position is near its liquidation.
        **({"near": sorted(state.margin.warned)} if state.margin is not None and state.margin.warned else {}),
        # Only while there is doubt.
        **({"doubts": doubts} if (doubts := {n: m.doubts for n, m in state.markets.items() if m.doubts}) else {}),
    }  # fmt: skip


def changed_bots(state: EngineState) -> dict[str, object]:
    """Return what bots have become, of those that were changed, and what they can be restored to."""
    return {bot.id: [_spec_values(bot.spec), _spec_values(bot.former)] for bot in state.bots.values() if bot.changed}


def _spec_values(spec: BotSpec | None) -> object:
    if spec is None:
        return None
    name = type(spec.strategy).__qualname__
    plain_spec = msgspec.structs.replace(spec, strategy=Strategy(), instruments=tuple(sorted(spec.instruments)))
    values = msgspec.to_builtins(plain_spec, enc_hook=_as_python)
    return [name, msgspec.to_builtins(spec.strategy, enc_hook=_as_python), values]


def _posted(state: EngineState) -> dict[str, str]:
    """Return the smallest rate at which margin was put up, of the instruments whose terms have changed."""
    return {name: plain(state.markets[name].posted) for name in sorted(state.terms)}


def _order_times(state: EngineState) -> dict[str, list[int]]:
    return {name: [*market.order_times] for name, market in state.markets.items() if market.order_times}


def _group_values(state: EngineState) -> dict[str, object]:
    """What bots that see their instruments together remember, wait for and have been shown."""
    return {
        name: [
            msgspec.to_builtins(group.view.memory, enc_hook=_as_python),
            [group.round_ns, group.open, sorted(group.fresh)],
            {seat.market.id: seat.view.funding for seat in group.bot.seats if seat.view.funding is not None},
            {name: group.view.quotes[name] for name in sorted(group.view.quotes)},
        ]
        for name, group in state.groups.items()
    }


def _parent_values(state: EngineState) -> dict[str, object]:
    """Where each plan stands, and what the next ones are made from."""
    return {
        "working": {f"{seat.bot.id}/{seat.market.id}": seat.parent for seat in state.parents},
        "days": {name: market.day.values() for name, market in state.markets.items() if market.day is not None},
    }


def _waiting_values(waiting: Pending) -> object:
    request, cut = waiting.proposal.request, waiting.cut_from
    return request if cut is None else [request, cut[0].proposal.request, cut[1]]


def _seat_values(seat: Seat) -> list[object]:
    """What a bot wants, waits for and remembers of one instrument, beside its strategy's own memory."""
    closing, lock = seat.closing, seat.lock
    return [
        [seat.target, seat.wanted, seat.deferred],
        None if closing is None else [closing.intent, closing.attempts, closing.failed_ns, closing.asked_ns],
        [seat.cover, seat.bare_ns, seat.entry, dict(seat.entries), seat.renewals],
        [list(seat.trades), plain(seat.trade_start), None if lock is None else [lock.until_ns, lock.reason]],
        [seat.refusal, seat.rejections, seat.note, seat.bars_seen, seat.quiet_reason],
    ]
