"""What a session says of itself when asked: plain values for the control socket (SPEC O6). Reading changes nothing."""

import resource
from collections.abc import Mapping
from typing import Any

import msgspec

from tradewind.app.live.bots import bot_row
from tradewind.app.live.session import LiveSession
from tradewind.app.readings import readings
from tradewind.app.safeguards import safeguards
from tradewind.engine.entry_gates import bot_edge
from tradewind.engine.state import EngineState, Market
from tradewind.model.money import ZERO, plain
from tradewind.orders.order import Order
from tradewind.portfolio.edge_gate import EdgeRules
from tradewind.portfolio.tiers import TierWatch

LATEST = 20
MINUTE_NS = 60_000_000_000


def status(session: LiveSession) -> dict[str, Any]:
    """Return how the session stands."""
    engine, state = session.engine, session.engine.state
    equity = state.equity()
    return {
        "run": session.run_id,
        "venue": session.side.identity.venue,
        "account": session.side.identity.account,
        "real_money": session.side.is_real and not session.plan.dry_run,
        "dry_run": session.plan.dry_run,
        "phase": session.phase,
        "ready": session.ready.is_set(),
        "ts_ns": engine.now_ns(),
        "uptime_s": round(session.uptime_s, 3),
        "halted": state.halted,
        "reduce_only": dict(state.reduce_only),
        "paused": {name: bot.paused for name, bot in state.bots.items() if bot.paused is not None},
        "failed": {name: bot.failed for name, bot in state.bots.items() if bot.failed is not None},
        "bots": [bot_row(bot) for bot in state.bots.values()],
        "shadow": None if session.shadow is None else session.shadow.values(),
        "in_doubt": {name: dict(market.doubts) for name, market in state.markets.items() if market.doubts},
        "equity": None if equity is None else plain(equity),
        "peak": plain(state.peak),
        "cash": {name: plain(purse.cash) for name, purse in state.ledger.purses.items()},
        "fees": {name: plain(purse.fees) for name, purse in state.ledger.purses.items()},
        "funding": {name: plain(purse.funding) for name, purse in state.ledger.purses.items()},
        "budgets": None if state.budgets is None else dict(state.budgets.weights),
        "tier": None if state.tiers is None else _tier(state.tiers),
        "edges": {} if state.edge is None else _edges(state, state.edge),
        "orders_open": len(state.live_orders()),
        "orders_total": state.orders_made,
        "positions": positions(session),
        "readings": [msgspec.to_builtins(each) for each in readings(state)],
        "safeguards": [msgspec.to_builtins(each) for each in safeguards(state)],
        "checks": {"on": list(state.reviewer.on), "off": list(state.reviewer.off)},
        "regimes": _regimes(state),
        "markets": _markets(session),
        "requests": _requests(session),
        "fits": [msgspec.to_builtins(each) for each in session.fitting.states.values()],
        "guards": [
            {**msgspec.to_builtins(each), "action": each.action.name.lower()} for each in session.guarding.verdicts
        ],
        "decisions": [_decision(each) for each in list(engine.model.decisions)[-5:]],
        "refusals": dict(engine.model.refusals),
        "alarms": [msgspec.to_builtins(each) for each in session.alarms[-LATEST:]],
        "process": _process(session),
        "telemetry": session.telemetry.values(),
    }


def orders(session: LiveSession, *, everything: bool = False) -> list[dict[str, Any]]:
    """Return the live orders, or with `everything` also those that ended, newest first."""
    state = session.engine.state
    chosen = list(state.orders.values()) if everything else state.live_orders()
    return [_order(session, order) for order in reversed(chosen)]


def positions(session: LiveSession) -> list[dict[str, Any]]:
    """Return what each bot holds, `external` included."""
    rows: list[dict[str, Any]] = []
    for name, line in session.engine.state.ledger.lines.items():
        market = session.engine.state.markets[name]
        for bot, book in line.books.items():
            if book.position.quantity:
                rows.append(
                    {
                        "instrument": name,
                        "bot": bot,
                        "quantity": plain(market.instrument.quantity_decimal(book.position.quantity)),
                        "cost": plain(book.position.cost),
                        "realised": plain(book.position.realised),
                        "fees": plain(book.fees),
                        "mark": None if market.mark is None else plain(market.instrument.price_decimal(market.mark)),
                    }
                )
    return rows


def fills(session: LiveSession, limit: int) -> list[dict[str, Any]]:
    """Return the latest executions, newest first."""
    rows = list(session.engine.model.fills)[-limit:] if limit > 0 else []
    return [_builtins(row) for row in reversed(rows)]


def _order(session: LiveSession, order: Order) -> dict[str, Any]:
    request = order.request
    instrument = session.engine.state.markets[request.instrument].instrument
    shown: dict[str, Any] = {
        "id": request.order_id,
        "instrument": request.instrument,
        "side": request.side.name.lower(),
        "kind": request.kind.value,
        "quantity": plain(instrument.quantity_decimal(order.quantity)),
        "filled": plain(instrument.quantity_decimal(order.filled)),
        "price": None if request.price is None else plain(instrument.price_decimal(request.price)),
        "stop": None if request.stop is None else plain(instrument.price_decimal(request.stop)),
        "status": order.status.name.lower(),
        "role": order.role.name.lower(),
        "bots": [share.bot for share in order.shares],
        "fees": plain(order.fees),
        "sent_ns": order.ts_ns,
        "reason": order.reason,
    }
    if session.trading is not None:
        protecting, truth = session.trading.gateway.protecting, session.trading.gateway.truth
        cover = protecting.covers.of_leg(request.order_id)
        client_id = request.order_id if cover is None else cover.at_venue
        record = truth.records.get(client_id or "")
        shown["venue_id"] = "" if record is None else record.venue_id
        shown["in_doubt"] = "" if record is None else record.troubled
        if cover is not None:
            shown["emulated"] = cover.phase.value
    return shown


def _tier(tiers: TierWatch) -> dict[str, Any]:
    tier = tiers.tier
    if tier is None:
        return {"name": None}
    return {
        "name": tier.name,
        "positions_max": tier.positions_max,
        "size_min": plain(tier.size_min),
        "risk_daily": plain(tier.risk_daily),
        "risk_total": plain(tier.risk_total),
        "families": list(tier.families),
    }


def _edges(state: EngineState, rules: EdgeRules) -> dict[str, Any]:
    """Return, by bot, what is expected of its trades where they cost most."""
    told: dict[str, Any] = {}
    for bot in state.bots.values():
        answers = [bot_edge(state, rules, seat.market, bot.id) for seat in bot.seats]
        worst = max(answers, key=lambda answer: answer.hurdle_bps)
        told[bot.id] = {
            "edge_bps": None if worst.edge_bps is None else round(float(worst.edge_bps), 1),
            "hurdle_bps": round(float(worst.hurdle_bps), 1),
            "opens": worst.passes,
            "reason": worst.reason,
        }
    return told


def _markets(session: LiveSession) -> dict[str, Any]:
    now_ns = session.engine.now_ns()
    told: dict[str, Any] = {}
    for name, market in session.engine.state.markets.items():
        reading = session.inbound.activity.reading(name, now_ns)
        mark = session.inbound.marks.mark(name, now_ns)
        told[name] = {
            "mark": None if market.mark is None else plain(market.instrument.price_decimal(market.mark)),
            "mark_age_s": None if mark is None else round(mark.age_ns / 1e9, 3),
            "mark_source": None if mark is None else mark.source.value,
            "bar_close_ns": None if market.bar is None else market.bar.ts_ns,
            "data": reading.level.name.lower(),
            "data_reasons": list(reading.reasons),
            "messages_per_second": round(reading.messages_per_second, 2),
            "holes": session.candles.joins[name].holes,
            **_pace(session.engine.state, market, now_ns),
        }
    return told


def _pace(state: EngineState, market: Market, now_ns: int) -> dict[str, Any]:
    """The orders of the last minute and when the next may go, where their number on an instrument is limited."""
    most = state.config.limits.instrument_orders_per_minute_max
    if not most:
        return {}
    times = [each for each in market.order_times if each > now_ns - MINUTE_NS]
    wait_ns = times[len(times) - most] + MINUTE_NS - now_ns if len(times) >= most else 0
    return {"orders_minute": f"{len(times)} of {most}", "next_order_in_s": round(wait_ns / 1e9, 1)}


def _regimes(state: EngineState) -> list[dict[str, Any]]:
    """The regime of each instrument, and whether it takes new risk; nothing where none is told."""
    if state.regimes is None:
        return []
    return [
        {
            "instrument": name,
            "regime": each.regime.value,
            "confidence": round(each.confidence, 3),
            "source": each.source.value,
            "ts_ns": each.ts_ns,
            "blocked": state.regimes.blocks(name) or "",
        }
        for name, each in sorted(state.regimes.readings.items())
    ]


def _requests(session: LiveSession) -> Mapping[str, Any]:
    if session.trading is None:
        return {}
    trading = session.trading
    truth, counts = trading.gateway.truth, trading.gateway.counts
    return {
        **msgspec.structs.asdict(counts),
        "successful": counts.successful,
        "failed": counts.failed,
        "pending": counts.pending,
        "in_flight": trading.gateway.in_flight,
        "released": trading.outbox.released,
        "unknown": [record.id for record in truth.live() if record.doubt],
        "escalations": trading.gateway.protecting.exits.escalations,
        "repeated_fills": truth.repeated_fills,
        "user_stream": trading.checker.user_stream_up,
        "reconciliation": msgspec.structs.asdict(trading.checker.counts),
    }


def _process(session: LiveSession) -> dict[str, Any]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
        "memory_mb_max": round(usage.ru_maxrss / 1024, 1),
        "loop_lag_s": round(session.lag_s, 4),
        "events": session.engine.state.sequence,
        "messages": session.inbound.messages,
        "stream_gaps": session.inbound.gaps,
    }


def _decision(decided: Any) -> dict[str, Any]:
    return {"sequence": decided.sequence, "bot": decided.bot, "ts_ns": decided.ts_ns, "order": _id_of(decided.order)}


def _id_of(request: Any) -> str | None:
    return None if request is None else str(request.order_id)


def _builtins(row: Any) -> dict[str, Any]:
    fields = getattr(row, "__struct_fields__", None) or tuple(row.__slots__)
    return {name: _plain(getattr(row, name)) for name in fields}


def _plain(value: Any) -> Any:
    return plain(value) if isinstance(value, type(ZERO)) else value
