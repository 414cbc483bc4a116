"""Warm-up: closed candles from before the session, as history for the strategies' indicators (SPEC O9).

While they are fed every bot is paused, so no candle of the past makes an order. They end where the join to the stream
begins: what closes later is built from trades or asked of the venue, never both.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from tradewind.app.live.engine import LiveEngine
from tradewind.app.shadow import WARMING_UP
from tradewind.engine.state import EngineState, Market
from tradewind.market.aggregate import bucket_open
from tradewind.model.commands import PauseBot, ResumeBot
from tradewind.model.market_events import Bar, Gap, MarketEvent
from tradewind.portfolio.gauge import SEEDS
from tradewind.venues.ports import MarketDesk

MARGIN_BARS = 5
SPARE_PARTS = 3  # a third more is asked for: where nothing traded there is no candle, and warm-up counts candles
CATCH_UP_BARS_MAX = 5_000
AT_ONCE = 4


async def warm_up(engine: LiveEngine, desk: MarketDesk, span_ns: int, end_ns: int, *, askable: bool) -> dict[str, str]:
    """Feed what each instrument needs up to `end_ns`, a bucket's opening; return why, where it could not be had."""
    state = engine.state
    paused = [name for name, bot in state.bots.items() if bot.paused is None]
    engine.take(*(PauseBot(state.now_ns, name, WARMING_UP) for name in paused))
    regime_bars = 0 if state.regimes is None else state.regimes.warmup_bars
    if state.sizing is not None:
        regime_bars = max(regime_bars, SEEDS + 1)
    troubles: dict[str, str] = {}
    events: list[MarketEvent] = []
    slots = asyncio.Semaphore(AT_ONCE)

    async def load(market: Market) -> None:
        start_ns = first_needed(market, span_ns, end_ns, regime_bars)
        if start_ns >= end_ns:
            return
        if not askable:
            events.extend(_after(market, span_ns, end_ns))
            return
        async with slots:
            try:
                bars = await desk.candles(market.id, span_ns, start_ns, end_ns)
            except Exception as error:  # noqa: BLE001 - one instrument without history does not stop the others (D5)
                troubles[market.id] = f"no candles: {error}"
                return
        events.extend(joined(market, bars, span_ns, start_ns, end_ns))

    await asyncio.gather(*(load(market) for market in state.markets.values()))
    events.sort(key=lambda event: (event.ts_ns, event.instrument))
    engine.feed([_not_before(event, state) for event in events])
    engine.take(*(ResumeBot(state.now_ns, name) for name in paused))
    return troubles


def first_needed(market: Market, span_ns: int, end_ns: int, regime_bars: int = 0) -> int:
    """Return the opening of the first candle to load: after the last one known, or as far back as warm-up asks."""
    need = max((seat.warmup_bars for seat in market.seats_all), default=0)
    need = max(need, regime_bars)
    fresh_ns = end_ns - (need + need // SPARE_PARTS + MARGIN_BARS) * span_ns
    if market.bar is None:
        return fresh_ns
    known_ns = bucket_open(market.bar.ts_ns, span_ns)
    return fresh_ns if end_ns - known_ns > CATCH_UP_BARS_MAX * span_ns else known_ns


def joined(market: Market, bars: Sequence[Bar], span_ns: int, start_ns: int, end_ns: int) -> list[Bar | Gap]:
    """Return the candles of [start_ns, end_ns) with gaps where nothing traded; each candle once, in order."""
    out: list[Bar | Gap] = list(_after(market, span_ns, start_ns))
    expected_ns = start_ns
    for bar in sorted({bar.open_ns: bar for bar in bars}.values(), key=lambda each: each.ts_ns):
        if not start_ns <= bar.open_ns < end_ns:
            continue
        if bar.open_ns > expected_ns and (out or market.bar is not None):
            out.append(Gap(market.id, bar.open_ns, (bar.open_ns - expected_ns) // span_ns, no_trade=True))
        out.append(bar)
        expected_ns = bar.ts_ns
    return out


def _after(market: Market, span_ns: int, start_ns: int) -> list[Gap]:
    """Return the gap between the last candle that the engine knows and `start_ns`, if there is one."""
    if market.bar is None:
        return []
    known_ns = bucket_open(market.bar.ts_ns, span_ns)
    missing = (start_ns - known_ns) // span_ns
    return [Gap(market.id, start_ns, missing)] if missing > 0 else []


def _not_before(event: MarketEvent, state: EngineState) -> MarketEvent:
    return event if event.ts_ns >= state.now_ns else msgspec.structs.replace(event, ts_ns=state.now_ns)
