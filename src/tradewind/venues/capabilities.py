"""What each venue can do with an order by itself, what is made of other orders for it, and what it cannot."""

import msgspec


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """One venue. `emulated` says of each kind what becomes of it, `lacking` who has to see to it instead."""

    venue: str
    summary: str
    needs: str
    kinds: tuple[str, ...]
    forces: tuple[str, ...]
    emulated: tuple[tuple[str, str], ...]
    lacking: tuple[tuple[str, str], ...]


SUPERVISED = "the session supervises it"
COINBASE = Capabilities(
    venue="coinbase",
    summary="Coinbase Advanced Trade, spot and futures: REST and WebSocket, or a local exchange that speaks like it",
    needs="tradewind[live]; a key with the rights to view and to trade, for anything but public data",
    kinds=("market", "market by quote amount", "limit", "post-only", "stop-limit", "bracket", "TWAP", "close position"),
    forces=("gtc", "gtd", "ioc", "fok"),
    emulated=(
        ("stop-market", "a stop-limit 5 % beyond the stop"),
        ("all free cash", "a market order by quote amount, the fee inside"),
    ),
    lacking=(
        ("trailing stop", SUPERVISED),
        ("iceberg", "place parts of it"),
        ("linked orders", "place one bracket instead"),
        ("reduce-only on spot", "a sale cannot exceed what is held"),
    ),
)
SIMULATED = Capabilities(
    venue="simulated",
    summary="the simulated venue of backtest, paper and demo",
    needs="nothing",
    kinds=("market", "market by quote amount", "limit", "post-only", "stop-market", "stop-limit", "trailing stop"),
    forces=("gtc", "gtd", "ioc", "fok"),
    emulated=(),
    lacking=(("TWAP", "the execution package slices it"),),
)
CCXT = Capabilities(
    venue="ccxt",
    summary="any venue that ccxt knows, by its name there (binance, kraken, ...): markets, candles, account and orders",
    needs="tradewind[venues]; a key of the venue, for anything but public data",
    kinds=("those that `tradewind venues show NAME` says",),
    forces=("those that `tradewind venues show NAME` says",),
    emulated=(("stop-market", "a stop-limit 5 % beyond the stop, where there are only stop-limits"),),
    lacking=(("stream", "the desk asks, it does not listen"), ("linked orders", SUPERVISED)),
)
VENUES = (COINBASE, SIMULATED, CCXT)
