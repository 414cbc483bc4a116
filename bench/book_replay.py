"""How many order-book updates a second go through the event engine, with a market maker written in Python.

    python -m bench.book_replay [--events 500000] [--rounds 3] [--json]

A recorded stream of depth changes and trades through the same driver as every run, against the book venue with 10 ms
of latency each way and risk-averse queues. Every 100 ms of market time the maker quotes one tick off the touch on both
sides, and takes its old quotes back where the price has moved. Events are made before the clock starts. The reference
in the same process is the smallest Python loop that keeps both sides of the book in dictionaries, knows the touch and
calls a maker as often: no orders, queues, latency, ledger or risk.
"""

import argparse
import statistics
from decimal import Decimal
from typing import Any

import msgspec

from bench.event_engine import FEES
from bench.figures import Report, in_turn, median_ratio, peak_mb, show
from bench.stream import QUANTITY_SCALE, Stream, book_events, make_stream
from tradewind.app.wiring import opening_account
from tradewind.engine.config import BotSpec, EngineConfig, HeldAtStart
from tradewind.engine.state import EngineState
from tradewind.model.answers import OrderFilled
from tradewind.model.instrument import Instrument, define_instrument
from tradewind.model.intents import CancelWorking, Intent, PlaceOrder
from tradewind.model.market_events import BookSnapshot, LevelUpdate, MarketEvent
from tradewind.model.orders import OrderKind, Side
from tradewind.research.backtest import BacktestResult, run_events
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import SimulationSettings
from tradewind.strategy.base import Strategy, View, Wish

PAUSE_NS = 100_000_000
LATENCY_NS = 10_000_000
QUANTITY = Decimal("0.01")
GOAL_PER_S = 150_000
CHUNK = 1024
CANCEL_BID, CANCEL_ASK = CancelWorking("bid"), CancelWorking("ask")


class Quotes(msgspec.Struct):
    """When the maker last looked, and the prices it quotes, None where it has no quote."""

    looked_ns: int = 0
    bid: int | None = None
    ask: int | None = None


class PacedMaker(Strategy):
    """Quotes one tick off the touch, looking at it every 100 ms of market time."""

    def memory(self) -> Quotes:
        return Quotes()

    def on_book(self, view: View, book: object) -> Wish:
        quotes: Any = view.memory
        if view.now_ns - quotes.looked_ns < PAUSE_NS or view.best_bid is None or view.best_ask is None:
            return None
        quotes.looked_ns = view.now_ns
        intents: list[Intent] = []
        bid, ask = view.best_bid - 1, view.best_ask + 1
        if bid != quotes.bid:
            if quotes.bid is not None:
                intents.append(CANCEL_BID)
            intents.append(_quote(view, Side.BUY, bid, "bid"))
            quotes.bid = bid
        if ask != quotes.ask:
            if quotes.ask is not None:
                intents.append(CANCEL_ASK)
            intents.append(_quote(view, Side.SELL, ask, "ask"))
            quotes.ask = ask
        return intents

    def on_fill(self, view: View, fill: OrderFilled) -> Wish:
        quotes: Any = view.memory
        if fill.side is Side.BUY:
            quotes.bid = None
        else:
            quotes.ask = None
        return None


def _quote(view: View, side: Side, price: int, tag: str) -> PlaceOrder:
    return PlaceOrder(side, QUANTITY, OrderKind.LIMIT, view.price(price), post_only=True, tag=tag)


class Watcher(Strategy):
    """Looks at every change of the book and wants nothing."""

    def on_book(self, view: View, book: object) -> Wish:
        return None


class BareBook:
    """Both sides in dictionaries, the touch looked for again only when it goes; a maker called every 100 ms."""

    def __init__(self) -> None:
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}
        self.quotes = 0
        self.bid = self.ask = 0

    def look(self, bid: int, ask: int) -> None:
        if bid - 1 != self.bid:
            self.bid = bid - 1
            self.quotes += 1
        if ask + 1 != self.ask:
            self.ask = ask + 1
            self.quotes += 1

    def run(self, events: list[MarketEvent]) -> None:
        bids, asks, look, buy = self.bids, self.asks, self.look, Side.BUY
        best_bid, best_ask, looked = 0, 1 << 60, 0
        for event in events:
            if type(event) is LevelUpdate:
                price, size = event.price, event.size
                if event.side is buy:
                    if size:
                        bids[price] = size
                        best_bid = max(best_bid, price)
                    else:
                        bids.pop(price, None)
                        if price == best_bid:
                            best_bid = max(bids)
                elif size:
                    asks[price] = size
                    best_ask = min(best_ask, price)
                else:
                    asks.pop(price, None)
                    if price == best_ask:
                        best_ask = min(asks)
            elif type(event) is BookSnapshot:
                bids.update(event.bids)
                asks.update(event.asks)
                best_bid, best_ask = max(bids), min(asks)
            if event.ts_ns - looked >= PAUSE_NS:
                looked = event.ts_ns
                look(best_bid, best_ask)


def make_instrument() -> Instrument:
    """Return the instrument of the stream: ticks of a cent, thousandths of a coin."""
    return define_instrument("BENCH-USD", price_increment="0.01", base_increment=str(Decimal(10) ** -QUANTITY_SCALE))


def run(strategy: Strategy, instrument: Instrument, events: list[MarketEvent]) -> BacktestResult:
    """Return what the maker did; it starts with a hundred coins in the account, so that it can sell."""
    config = EngineConfig(
        session="book",
        instruments=(instrument,),
        bots=(BotSpec(id="maker", strategy=strategy, instruments=(instrument.id,)),),
        cash=Decimal(10_000_000),
        held=(HeldAtStart(instrument.id, 100 * 10**QUANTITY_SCALE, Decimal(30_000)),),
        fees=FEES,
        limits=RESEARCH_LIMITS,
    )
    settings = SimulationSettings(fees=FEES, entry_latency_ns=LATENCY_NS, response_latency_ns=LATENCY_NS)
    state = EngineState(config)
    venue = BookVenue(config.instruments, settings, opening_account(config))
    chunks = (events[start : start + CHUNK] for start in range(0, len(events), CHUNK))
    return run_events(config, settings, state, venue, chunks, len(events))


def measure(count: int, rounds: int) -> Report:
    """Return the figures."""
    stream: Stream = make_stream(count)
    instrument = make_instrument()
    events = book_events(stream, instrument.id)
    report = Report(benchmark="book_replay")

    def making() -> None:
        result = run(PacedMaker(), instrument, events)
        market = result.state.markets[instrument.id]
        touch = (market.best_ask or 0) - (market.best_bid or 0)
        if touch != stream.spread[-1]:
            raise AssertionError(
                f"the engine's book ends with a spread of {touch}, the stream with {stream.spread[-1]}"
            )
        book = market.line.books["maker"]
        report.facts |= {"orders": result.orders, "fills": result.fills, "position": book.position.quantity}
        report.facts |= {"equity": f"{result.equity:.2f}", "digest": result.digest}

    def watching() -> None:
        run(Watcher(), instrument, events)

    def bare() -> None:
        BareBook().run(events)

    ours, idle, theirs = in_turn(rounds, making, watching, bare)
    median = statistics.median
    report.add("updates_per_s", len(events) / median(ours), "per s", goal=GOAL_PER_S, higher=True)
    report.add("ns_per_update", median(ours) / len(events) * 1e9, "ns")
    report.add("ratio", median_ratio(theirs, ours), "x bare loop", higher=True)
    report.add("watching_updates_per_s", len(events) / median(idle), "per s", higher=True)
    report.add("reference_updates_per_s", len(events) / median(theirs), "per s", higher=True)
    report.add("peak_mb", peak_mb(), "MB")
    return report


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    show(measure(options.events, options.rounds), as_json=options.json)


if __name__ == "__main__":
    main()
