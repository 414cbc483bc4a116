"""What moves the market: a generated one that is the same for the same seed, and recordings that are played again."""

from decimal import Decimal
from pathlib import Path

import pytest

from tradewind.app.exchange_feed import MarketHands
from tradewind.app.exchange_market import GeneratedMarket, Happening
from tradewind.app.exchange_products import listings, stocks
from tradewind.app.exchange_replay import recordings
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.orders import NewOrder, OrderStatus
from tradewind.market.flow import FlowKind
from tradewind.model.errors import DataError
from tradewind.model.orders import Side

S = 1_000_000_000
START = 1_763_000_000 * S


def generated(seed: int, seconds: int) -> tuple[GeneratedMarket, list[Happening]]:
    market = GeneratedMarket(seed, stocks(listings()), START)
    return market, list(market.until(START + seconds * S))


def test_equal_seeds_give_equal_markets() -> None:
    assert generated(5, 30)[1] == generated(5, 30)[1]
    assert generated(5, 30)[1] != generated(6, 30)[1]


def test_time_never_goes_back_and_nothing_comes_twice() -> None:
    market, first = generated(1, 60)
    later = list(market.until(START + 120 * S))
    times = [happening.ts_ns for happening in first + later]
    assert times == sorted(times)
    assert times[-1] <= START + 120 * S
    assert list(market.until(START + 120 * S)) == []


def test_the_past_leads_up_to_the_first_trade() -> None:
    market, happenings = generated(1, 30)
    for product_id, (hours, minutes) in market.past.items():
        starts = list(hours.start_s) + list(minutes.start_s)
        assert starts == sorted(set(starts))
        opening = next(
            each.row.price for each in happenings if each.product_id == product_id and each.row.kind == FlowKind.TRADE
        )
        last = int(minutes.bars.close[-1])
        assert abs(opening - last) <= 0.02 * last, product_id


def test_clients_meet_the_market_in_one_book() -> None:
    """A client's bid in the way of falling prices is filled as a maker, at its own price."""
    listed = listings()
    exchange = Exchange([each.product for each in listed], seed=1)
    traded = stocks(listed)
    hands = MarketHands(exchange, {stock.product_id: stock for stock in traded})
    client = exchange.open_account("client", {"USD": Decimal(10_000_000)})
    market, happenings = generated(3, 60)
    for each in happenings:
        hands.apply(each.product_id, each.row, each.ts_ns)
    best = exchange.book("BTC-USD", 1).bids[0][0]
    request = NewOrder(
        client_order_id="mine", product_id="BTC-USD", side=Side.BUY, base_size=Decimal("0.001"), limit_price=best
    )
    placed = exchange.place(client, request, START + 60 * S).order
    assert placed is not None
    for each in market.until(START + 3_600 * S):
        hands.apply(each.product_id, each.row, each.ts_ns)
        if exchange.order(client, placed.order_id).status is OrderStatus.FILLED:  # type: ignore[union-attr]
            break
    [fill] = exchange.fills(client)
    assert (fill.price, fill.liquidity.value) == (best, "maker")


def test_candles_are_played_after_a_past_of_their_own(tmp_path: Path) -> None:
    rows = ["time,open,high,low,close,volume"]
    rows += [
        f"{1_700_000_000 - 1_700_000_000 % 60 + 60 * bar},{100 + bar},{102 + bar},{99 + bar},{101 + bar},5.5"
        for bar in range(20)
    ]
    (tmp_path / "BTC-USD-1m.csv").write_text("\n".join(rows), encoding="utf-8")
    [recording] = recordings(tmp_path / "BTC-USD-1m.csv", START)
    assert recording.past is not None
    assert len(recording.past.start_s) == 10
    played = list(recording.happenings)
    trades = [each for each in played if each.row.kind == FlowKind.TRADE]
    assert played[0].ts_ns == START
    scale = 10**recording.stock.price_digits
    assert {each.row.price / scale for each in trades} >= {110.0, 112.0, 109.0, 111.0}
    assert max(each.row.price for each in trades) == 121 * scale


def test_a_recorded_book_is_played_level_by_level(shared: Path) -> None:
    [recording] = recordings(shared / "data/l2/binance/BTC-USDT", START)
    played = [each for each, _ in zip(recording.happenings, range(3_000), strict=False)]
    assert {each.row.kind for each in played} == {FlowKind.LEVEL, FlowKind.TRADE}
    assert played[0].ts_ns == START or played[0].ts_ns - START < 10 * S
    exchange = Exchange([recording.listed.product], seed=1)
    hands = MarketHands(exchange, {recording.stock.product_id: recording.stock})
    for each in played:
        hands.apply(each.product_id, each.row, each.ts_ns)
    book = exchange.book("BTC-USDT", 5)
    assert book.bids[0][0] < book.asks[0][0]


@pytest.mark.parametrize("place", ["nowhere", "trades"])
def test_a_place_without_a_recording_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "trades").mkdir()
    with pytest.raises(DataError, match=place):
        recordings(tmp_path / place, START)
