"""Seeded streams of commands and markets: the books stay exact, and every branch of the venue is really met."""

import random
from collections import Counter
from decimal import Decimal

import pytest

from tests.unit.simulation.bench import BTC, HOUR_NS, MS, account, perpetual
from tradewind.model.answers import OrderCanceled, OrderRejected, PositionLiquidated, VenueAnswer
from tradewind.model.market_events import Bar, BookSnapshot, FundingRate, LevelUpdate, MarketEvent, TradePrint
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.simulation.bars import BarVenue
from tradewind.simulation.book import BookVenue
from tradewind.simulation.settings import QueueModel, SimulationSettings

CROSS = perpetual(
    "C-PERP", initial_margin="0.1", maintenance_margin="0.06", close_out_margin="0.03", contract_size="0.01"
)
LONE = perpetual("I-PERP", initial_margin="0.1", maintenance_margin="0.06", margin_mode="isolated")
INSTRUMENTS = (BTC, CROSS, LONE)
PRICE = 10_000
RANDOM_KINDS = (OrderKind.MARKET, OrderKind.LIMIT, OrderKind.STOP_MARKET, OrderKind.STOP_LIMIT, OrderKind.TRAILING_STOP)


def random_request(rng: random.Random, number: int, *, book: bool) -> OrderRequest:
    side = rng.choice((Side.BUY, Side.SELL))
    kind = rng.choice(RANDOM_KINDS[:2] if book else RANDOM_KINDS)
    instrument = rng.choice(INSTRUMENTS)
    scale = 30_000 if instrument is CROSS else 40
    stop = PRICE + side * rng.randint(-40, 150) if kind in {OrderKind.STOP_MARKET, OrderKind.STOP_LIMIT} else None
    limited = kind in {OrderKind.LIMIT, OrderKind.STOP_LIMIT}
    return OrderRequest(
        f"o{number}",
        instrument.id,
        side,
        kind,
        rng.randint(1, scale) * 10_000,
        price=PRICE + rng.randint(-150, 150) if limited else None,
        stop=stop,
        trail=rng.randint(0, 100) if kind is OrderKind.TRAILING_STOP else None,
        time_in_force=rng.choice(list(TimeInForce)),
        expire_ns=rng.randint(1, 150) * (MS if book else HOUR_NS) if rng.random() < 0.2 else None,
        post_only=limited and rng.random() < 0.2,
        reduce_only=rng.random() < 0.3,
        display=20_000 if book and rng.random() < 0.3 else None,
        oco=f"g{number // 4}" if rng.random() < 0.3 else None,
        after=f"o{number - rng.randint(1, 3)}" if rng.random() < 0.2 and number > 3 else None,
    )


def random_bar(rng: random.Random, instrument: str, step: int, last: int) -> Bar:
    opened = max(5000, last + rng.randint(-300, 300) + (PRICE - last) // 4)
    closed = max(5000, opened + rng.randint(-300, 300))
    high, low = max(opened, closed) + rng.randint(0, 200), min(opened, closed) - rng.randint(0, 200)
    volume = rng.choice((None, 0, 200_000, 40_000_000))
    return Bar(instrument, (step + 1) * HOUR_NS, HOUR_NS, opened, high, low, closed, volume)


def random_market(rng: random.Random, instrument: str, ts_ns: int) -> MarketEvent:
    price = PRICE + rng.randint(-80, 80)
    size = rng.choice((0, rng.randint(1, 50) * 10_000))
    side = rng.choice((Side.BUY, Side.SELL))
    draw = rng.random()
    if draw < 0.5:
        return LevelUpdate(instrument, ts_ns, side, PRICE - side * rng.randint(1, 60), size)
    if draw < 0.9:
        return TradePrint(instrument, ts_ns, side, price, rng.randint(1, 600_000))
    bids = tuple((PRICE - offset, rng.randint(1, 500_000)) for offset in range(rng.randint(0, 40), 60, 7))
    asks = tuple((PRICE + offset, rng.randint(1, 500_000)) for offset in range(rng.randint(1, 40), 60, 7))
    return BookSnapshot(instrument, ts_ns, bids, asks)


def tell(seen: Counter[str], answers: list[VenueAnswer] | tuple[VenueAnswer, ...]) -> None:
    for answer in answers:
        seen[type(answer).__name__] += 1
        if isinstance(answer, OrderRejected | OrderCanceled):
            seen[answer.reason] += 1
        elif isinstance(answer, PositionLiquidated):
            seen[answer.kind.value] += 1
            seen["deficit"] += bool(answer.deficit)


OPENINGS = [account(cash, (BTC, "30", "100")) for cash in ("1500", "6000", "60000")]


def bar_stream(seed: int, seen: Counter[str]) -> object:
    rng = random.Random(seed)
    settings = SimulationSettings(
        participation=rng.choice((None, Decimal("0.3"))),
        fill_on_touch=rng.random() < 0.5,
        half_spread_bps=rng.choice((Decimal(0), Decimal(3))),
    )
    venue = BarVenue(INSTRUMENTS, settings, rng.choice(OPENINGS))
    last = dict.fromkeys((instrument.id for instrument in INSTRUMENTS), PRICE)
    number = 0
    for step in range(60):
        for _ in range(rng.randint(0, 4)):
            tell(seen, list(venue.submit(random_request(rng, number, book=False), step * HOUR_NS)))
            number += 1
        if number and rng.random() < 0.3:
            tell(seen, list(venue.cancel(f"o{rng.randrange(number)}", step * HOUR_NS)))
        for instrument in INSTRUMENTS:
            bar = random_bar(rng, instrument.id, step, last[instrument.id])
            last[instrument.id] = bar.close
            tell(seen, list(venue.on_event(bar)))
            venue.check()
        venue.on_event(FundingRate(CROSS.id, (step + 1) * HOUR_NS, Decimal("0.0001")))
        venue.check()
    return venue.report()


def book_stream(seed: int, seen: Counter[str]) -> object:
    rng = random.Random(seed)
    settings = SimulationSettings(
        entry_latency_ns=rng.choice((0, 3 * MS)),
        response_latency_ns=rng.choice((0, 2 * MS)),
        queue_model=rng.choice(list(QueueModel)),
    )
    venue = BookVenue(INSTRUMENTS, settings, rng.choice(OPENINGS))
    number = 0
    for step in range(150):
        now_ns = step * MS
        for _ in range(rng.randint(1, 3)):
            tell(seen, list(venue.on_event(random_market(rng, rng.choice(INSTRUMENTS).id, now_ns))))
            venue.check()
        tell(seen, list(venue.advance(now_ns)))
        venue.check()
        if rng.random() < 0.6:
            venue.submit(random_request(rng, number, book=True), now_ns)
            number += 1
        if number and rng.random() < 0.2:
            venue.cancel(f"o{rng.randrange(number)}", now_ns)
    tell(seen, list(venue.advance(10**12)))
    venue.check()
    return venue.report()


def test_bar_streams_meet_every_branch_and_stay_exact() -> None:
    seen: Counter[str] = Counter()
    for seed in range(40):
        assert bar_stream(seed, seen) == bar_stream(seed, Counter())
    wanted = (
        "OrderAccepted OrderFilled OrderAmended OrderTriggered CancelRejected INSUFFICIENT_FUNDS INSUFFICIENT_MARGIN "
        "REDUCE_ONLY_NO_POSITION POST_ONLY_WOULD_CROSS FOK_NOT_FILLABLE IOC_REMAINDER OCO EXPIRED PARENT_NOT_FILLED "
        "REQUESTED partial full deficit"
    )
    assert [name for name in wanted.split() if not seen[name]] == []


def test_book_streams_meet_every_branch_and_stay_exact() -> None:
    seen: Counter[str] = Counter()
    for seed in range(60):
        assert book_stream(seed, seen) == book_stream(seed, Counter())
    wanted = (
        "OrderAccepted OrderFilled OrderAmended CancelRejected INSUFFICIENT_FUNDS INSUFFICIENT_MARGIN "
        "REDUCE_ONLY_NO_POSITION POST_ONLY_WOULD_CROSS FOK_NOT_FILLABLE IOC_REMAINDER OCO EXPIRED PARENT_NOT_FILLED "
        "NO_LIQUIDITY SELF_TRADE REQUESTED"
    )
    assert [name for name in wanted.split() if not seen[name]] == []


@pytest.mark.parametrize("seed", range(5))
def test_skipping_what_sleeps_changes_nothing_but_marks(seed: int) -> None:
    """A driver that leaves out bars of instruments that are not awake gets the same fills and the same money."""
    outcomes = []
    for skip in (False, True):
        rng = random.Random(seed)
        venue = BarVenue(INSTRUMENTS, SimulationSettings(), OPENINGS[2])
        told: list[VenueAnswer] = []
        for step in range(80):
            if rng.random() < 0.3:
                request = random_request(rng, step, book=False)
                told.extend(venue.submit(request, step * HOUR_NS))
            for instrument in INSTRUMENTS:
                bar = random_bar(rng, instrument.id, step, PRICE)
                if not skip or instrument.id in venue.awake:
                    told.extend(venue.on_event(bar))
        report = venue.report()
        outcomes.append((told, report.cash, report.orders, report.positions))
    assert outcomes[0] == outcomes[1]
