"""Streams of commands and market events for simulated venues, drawn from any source of chance.

A stream is drawn from a `random.Random`: a seeded one for long runs, one that hypothesis steers for small ones. Prices
and sizes are small whole numbers, so that ties, touches, gaps and exact exhaustion are common, not rare.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from tradewind.model.fees import FeeSchedule, FeeTier, flat_fees
from tradewind.model.instrument import Instrument, InstrumentKind, MarginMode, define_instrument
from tradewind.model.margin import MarginTier
from tradewind.model.market_events import (
    Bar,
    BookSnapshot,
    FundingRate,
    FundingSettlement,
    Gap,
    LevelUpdate,
    MarginRates,
    MarketEvent,
    MarkPrice,
    QuoteTick,
    TradePrint,
)
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.simulation.settings import OpeningAccount, OpeningPosition, QueueModel, SimulationSettings

SPAN_NS = 3_600_000_000_000
MS_NS = 1_000_000
TIERS = (
    MarginTier(3, Decimal("0.1"), Decimal("0.05")),
    MarginTier(20, Decimal("0.25"), Decimal("0.125")),
    MarginTier(300, Decimal("0.4"), Decimal("0.25")),
)
WINDOWS = (("0.1", "0.05"), ("0.2", "0.1"), ("0.5", "0.4"), ("0.1", None))
ROUND_MARKS = (80, 90, 96, 104, 112, 120)


@dataclass
class Submit:
    request: OrderRequest
    ts_ns: int


@dataclass
class Cancel:
    order_id: str
    ts_ns: int


@dataclass
class Advance:
    ts_ns: int


Step = MarketEvent | Submit | Cancel | Advance


@dataclass
class World:
    """What a venue is opened with, and the steps it then goes through."""

    instruments: list[Instrument]
    settings: SimulationSettings
    account: OpeningAccount
    steps: list[Step] = field(default_factory=list)


def bar_world(chance: Random, rounds: int) -> World:
    """Return a world of bars: orders, cancels, jumps, gaps, marks and funding over `rounds` bars."""
    instruments = _instruments(chance)
    world = World(instruments, _bar_settings(chance), _account(chance, instruments))
    world.steps.extend(_BarSteps(chance, world).draw(rounds))
    return world


def book_world(chance: Random, rounds: int) -> World:
    """Return a world of books: snapshots, levels, prints, latency, and orders over `rounds` moments."""
    instruments = _instruments(chance)
    world = World(instruments, _book_settings(chance), _account(chance, instruments))
    world.steps.extend(_BookSteps(chance, world).draw(rounds))
    return world


# -- worlds -----------------------------------------------------------------------------------------------------------


def _instruments(chance: Random) -> list[Instrument]:
    kinds = chance.choice(["s", "p", "sp", "ss", "pp", "spp", "pi", "pi", "i", "si", "ii"])
    return [_instrument(chance, kind, f"{kind}{i}".upper()) for i, kind in enumerate(kinds)]


def _instrument(chance: Random, kind: str, name: str) -> Instrument:
    terms: dict[str, object] = {"min_notional": Decimal(chance.choice(["0", "0", "0", "30", "120"]))}
    if kind != "s":
        rate = chance.choice(["0.1", "0.1", "0.2", "0.5"])
        maintenance = chance.choice([None, "0.05", "0.0625", "0.08"])
        terms |= {
            "kind": InstrumentKind.PERPETUAL,
            "contract_size": Decimal(chance.choice(["1", "0.1"])),
            "margin_mode": MarginMode.ISOLATED if kind == "i" else MarginMode.CROSS,
            "initial_margin": Decimal(rate),
            "maintenance_margin": None if maintenance is None else Decimal(maintenance),
            "close_out_margin": chance.choice([None, Decimal("0.01"), Decimal("0.02"), Decimal("0.03")]),
        }
        if chance.random() < 0.4:
            terms["margin_tiers"] = TIERS
    increment, decimals = chance.choice([("1", 0), ("0.5", 1), ("0.1", 1), ("0.1", 2)])
    lot = chance.choice(["1", "0.1", "0.5"])
    return define_instrument(
        f"{name}-USD", price_increment=increment, base_increment=lot, price_decimals=decimals, **terms
    )


def _window(chance: Random, instrument: Instrument, now_ns: int) -> MarginRates:
    initial, maintenance = chance.choice(WINDOWS)
    return MarginRates(
        instrument.id, now_ns, Decimal(initial), None if maintenance is None else Decimal(maintenance), "overnight"
    )


def _fees(chance: Random) -> FeeSchedule:
    if chance.random() < 0.5:
        return flat_fees(maker=Decimal(chance.choice(["0", "0.0025", "-0.0001"])), taker=Decimal("0.004"))
    tiers = (
        FeeTier(Decimal(0), Decimal("0.004"), Decimal("0.0075")),
        FeeTier(Decimal(1000), Decimal("0.0025"), Decimal("0.004")),
        FeeTier(Decimal(5000), Decimal("0.001"), Decimal("0.002")),
    )
    return FeeSchedule(tiers, per_contract=Decimal(chance.choice(["0", "0.1"])))


def _bar_settings(chance: Random) -> SimulationSettings:
    return SimulationSettings(
        fees=_fees(chance),
        half_spread_bps=Decimal(chance.choice([0, 0, 5, 120])),
        slippage_bps=Decimal(chance.choice(["0", "0", "2.5"])),
        participation=chance.choice([None, None, Decimal("0.1"), Decimal("0.33")]),
        fill_on_touch=chance.random() < 0.3,
    )


def _book_settings(chance: Random) -> SimulationSettings:
    model, power = chance.choice(
        [(QueueModel.RISK_AVERSE, 3.0), (QueueModel.POWER, 1.0), (QueueModel.POWER, 2.0), (QueueModel.POWER, 3.0)]
    )
    return SimulationSettings(
        fees=_fees(chance),
        entry_latency_ns=chance.choice([0, 0, 1, 3]) * MS_NS,
        response_latency_ns=chance.choice([0, 0, 1, 4]) * MS_NS,
        queue_model=model,
        queue_power=power,
    )


def _account(chance: Random, instruments: list[Instrument]) -> OpeningAccount:
    positions = []
    notional = Decimal(0)
    for instrument in instruments:
        if chance.random() < 0.6:
            sign = 1 if instrument.is_spot else chance.choice([1, -1])
            lots = chance.randint(1, 100)
            average = Decimal(chance.randint(85, 115))
            size = lots * instrument.lot * instrument.quantity_unit * instrument.contract_size
            margin = _isolated_margin(chance, instrument, sign * size, average)
            positions.append(OpeningPosition(instrument.id, sign * lots * instrument.lot, average, margin))
            notional += Decimal(0) if instrument.is_spot else size * average
    cash = Decimal(chance.choice([50, 300, 1000, 4000, 100000]))
    if notional and chance.random() < 0.5:
        # Just enough margin to be close to a liquidation.
        cash = (notional * Decimal(chance.randint(5, 12)) / 100).quantize(Decimal(1)) + 1
    return OpeningAccount(cash, Decimal(chance.choice([0, 990, 4999])), tuple(positions))


def _isolated_margin(chance: Random, instrument: Instrument, size: Decimal, average: Decimal) -> Decimal | None:
    """Return a margin for an isolated position, often one whose liquidation price is a round one to the last digit."""
    rate = instrument.maintenance_margin
    if instrument.is_spot or instrument.margin_mode is not MarginMode.ISOLATED or chance.random() < 0.2:
        return None
    if rate is not None:
        mark = Decimal(chance.choice(ROUND_MARKS))
        exact = abs(size) * mark * rate - size * (mark - average)
        if exact > 0:
            return exact
    return Decimal(chance.randint(5, 400))


# -- orders -----------------------------------------------------------------------------------------------------------


class _Orders:
    """Draws requests near the price of an instrument; ids are o1, o2, ... and OCO groups belong to one burst."""

    def __init__(self, chance: Random, account: OpeningAccount, *, in_book: bool) -> None:
        self.chance = chance
        self.in_book = in_book
        self.held = {position.instrument: abs(position.quantity) for position in account.positions}
        self.ids: list[str] = []
        self.groups = 0
        self.latest: OrderRequest | None = None

    def burst(self, instruments: list[Instrument], price: dict[str, int], now_ns: int) -> list[OrderRequest]:
        chance = self.chance
        shape = chance.random()
        if self.in_book and self.latest is not None and chance.random() < 0.3:
            return [self._beside(self.latest)]
        if shape < 0.6:
            return [self._request(chance.choice(instruments), price, now_ns)]
        instrument = chance.choice(instruments)
        if shape < 0.75:
            self.groups += 1
            legs = chance.choice([2, 2, 3])
            return [self._request(instrument, price, now_ns, oco=f"g{self.groups}") for _ in range(legs)]
        if shape < 0.9:
            return self._bracket(instrument, price, now_ns)
        parent = chance.choice(self.ids[-8:]) if self.ids and chance.random() < 0.8 else f"o{len(self.ids) + 3}"
        return [self._request(chance.choice(instruments), price, now_ns, after=parent)]

    def _beside(self, other: OrderRequest) -> OrderRequest:
        """Return a plain order at the price of another, on either side: company in the queue, or a self-trade."""
        self.ids.append(f"o{len(self.ids) + 1}")
        opposite = self.chance.random() < 0.2
        return OrderRequest(
            order_id=self.ids[-1],
            instrument=other.instrument,
            side=other.side.opposite if opposite else other.side,
            kind=OrderKind.LIMIT,
            quantity=other.quantity,
            price=other.price,
            post_only=self.chance.random() < 0.3,
            reduce_only=self.chance.random() < 0.15,
        )

    def _bracket(self, instrument: Instrument, price: dict[str, int], now_ns: int) -> list[OrderRequest]:
        self.groups += 1
        parent = self._request(instrument, price, now_ns)
        children = [
            self._request(instrument, price, now_ns, oco=f"g{self.groups}", after=parent.order_id)
            for _ in range(self.chance.choice([1, 2]))
        ]
        # A child may be placed before its parent.
        return [*children, parent] if self.chance.random() < 0.2 else [parent, *children]

    def _request(
        self,
        instrument: Instrument,
        price: dict[str, int],
        now_ns: int,
        oco: str | None = None,
        after: str | None = None,
    ) -> OrderRequest:
        chance = self.chance
        self.ids.append(f"o{len(self.ids) + 1}")
        kind = self._kind()
        side = chance.choice([Side.BUY, Side.SELL])
        near = price[instrument.id]
        tif = chance.choice(
            [*[TimeInForce.GTC] * (7 if self.in_book else 3), TimeInForce.GTD, TimeInForce.IOC, TimeInForce.FOK]
        )
        rests = tif in {TimeInForce.GTC, TimeInForce.GTD}
        limited = kind in {OrderKind.LIMIT, OrderKind.STOP_LIMIT}
        quantity, quote, maximum = self._size(instrument, side)
        hidden = self.in_book and limited and chance.random() < 0.3
        request = OrderRequest(
            order_id=self.ids[-1],
            instrument=instrument.id,
            side=side,
            kind=kind,
            quantity=quantity,
            price=self._limit_near(near, instrument, side) if limited else None,
            stop=self._price_near(near, instrument) if kind in {OrderKind.STOP_MARKET, OrderKind.STOP_LIMIT} else None,
            time_in_force=tif,
            post_only=limited and rests and chance.random() < 0.15,
            reduce_only=chance.random() < (0.06 if instrument.is_spot else 0.2),
            expire_ns=self._expiry(now_ns) if tif is TimeInForce.GTD else None,
            quote_quantity=quote,
            maximum=maximum,
            trail=chance.randint(1, 8) * self._unit(instrument) if kind is OrderKind.TRAILING_STOP else None,
            display=instrument.lot * chance.randint(1, 4) if hidden else None,
            oco=oco,
            after=after,
        )
        if kind is OrderKind.LIMIT and rests:
            self.latest = request
        return request

    def _kind(self) -> OrderKind:
        if self.in_book:
            return self.chance.choice([OrderKind.MARKET] + [OrderKind.LIMIT] * 4)
        return self.chance.choice([*OrderKind, OrderKind.MARKET, OrderKind.LIMIT, OrderKind.LIMIT])

    def _size(self, instrument: Instrument, side: Side) -> tuple[int | None, Decimal | None, bool]:
        spends = instrument.is_spot and side is Side.BUY
        if not self.in_book and self.chance.random() < (0.4 if spends else 0.12):
            if spends and self.chance.random() < 0.7:
                return None, None, True
            return None, Decimal(self.chance.choice([3, 250, 1000])), False
        if instrument.id in self.held and self.chance.random() < 0.15:
            return self.held[instrument.id], None, False
        lots = self.chance.choice([1, 2, 3, 5, 8, 13, 40])
        return lots * instrument.lot, None, False

    def _unit(self, instrument: Instrument) -> int:
        """One price step that moves at the scale of the generated prices (a whole quote unit)."""
        return max(instrument.tick, 10**instrument.price_scale)

    def _price_near(self, near: int, instrument: Instrument) -> int:
        away = self.chance.randint(-6, 6) * self._unit(instrument)
        raw = max(instrument.tick, near + away)
        return raw - raw % instrument.tick or instrument.tick

    def _limit_near(self, near: int, instrument: Instrument, side: Side) -> int:
        """Return a limit price; in a book mostly one that rests a few levels away."""
        if not self.in_book or self.chance.random() < 0.35:
            return self._price_near(near, instrument)
        away = self.chance.randint(1, 4) * self._unit(instrument)
        return max(self._unit(instrument), near - int(side) * away)

    def _expiry(self, now_ns: int) -> int:
        if self.in_book:
            return now_ns + self.chance.randint(0, 12) * MS_NS
        return now_ns + self.chance.randint(0, 3) * SPAN_NS


# -- bars -------------------------------------------------------------------------------------------------------------


class _BarSteps:
    def __init__(self, chance: Random, world: World) -> None:
        self.chance = chance
        self.world = world
        self.orders = _Orders(chance, world.account, in_book=False)
        self.close = {one.id: 100 * 10**one.price_scale for one in world.instruments}

    def draw(self, rounds: int) -> Iterator[Step]:
        chance = self.chance
        for index in range(rounds):
            now_ns = index * SPAN_NS
            for _ in range(chance.choice([0, 1, 1, 2, 3])):
                for request in self.orders.burst(self.world.instruments, self.close, now_ns):
                    yield Submit(request, now_ns)
            if self.orders.ids and chance.random() < 0.25:
                yield Cancel(chance.choice([*self.orders.ids[-6:], "nobody"]), now_ns)
            for instrument in self.world.instruments:
                yield from self._extras(instrument, now_ns)
                if chance.random() < 0.08:
                    yield Gap(instrument.id, now_ns + SPAN_NS, chance.randint(1, 3))
                else:
                    yield self._bar(instrument, now_ns)

    def _extras(self, instrument: Instrument, now_ns: int) -> Iterator[Step]:
        chance = self.chance
        unit = 10**instrument.price_scale
        if chance.random() < 0.1:
            near = max(1, self.close[instrument.id] // unit + chance.randint(-12, 12))
            yield MarkPrice(instrument.id, now_ns, chance.choice([near, *ROUND_MARKS]) * unit)
        if not instrument.is_spot and chance.random() < 0.2:
            mark = chance.choice([None, self.close[instrument.id]])
            rate = Decimal(chance.choice(["0.0001", "-0.0003", "0.01", "0"]))
            yield FundingRate(instrument.id, now_ns, rate, mark, chance.random() < 0.5)
        if chance.random() < 0.1:
            yield FundingSettlement(instrument.id, now_ns)
        if chance.random() < 0.05:
            yield _window(chance, instrument, now_ns)

    def _bar(self, instrument: Instrument, open_ns: int) -> Bar:
        chance = self.chance
        unit = 10**instrument.price_scale
        step = chance.choice([unit, unit, max(1, unit // 10)])
        jump = chance.choice([0, 0, 0, 1, -1, 3, -3, 15, -15])
        opened = max(20 * unit, self.close[instrument.id] + jump * step)
        reach = chance.choice([0, 1, 3, 6, 10])
        high = opened + chance.randint(0, reach) * step
        low = max(10 * unit, opened - chance.randint(0, reach) * step)
        close = low + (high - low) * chance.randint(0, 4) // 4
        self.close[instrument.id] = close
        lots = chance.choice([None, None, 0, 10, 50, 1000])
        volume = None if lots is None else lots * instrument.lot
        return Bar(instrument.id, open_ns + SPAN_NS, SPAN_NS, opened, high, low, close, volume)


# -- books ------------------------------------------------------------------------------------------------------------


class _BookSteps:
    def __init__(self, chance: Random, world: World) -> None:
        self.chance = chance
        self.world = world
        self.orders = _Orders(chance, world.account, in_book=True)
        self.traded: TradePrint | None = None
        self.mid = {one.id: 100 * 10**one.price_scale for one in world.instruments}

    def draw(self, rounds: int) -> Iterator[Step]:
        chance = self.chance
        now_ns = 0
        for instrument in self.world.instruments:
            yield self._snapshot(instrument, now_ns)
        for _ in range(rounds):
            now_ns += chance.choice([0, 1, 1, 2, 5]) * MS_NS
            for _ in range(chance.choice([0, 1, 2, 3])):
                yield self._event(chance.choice(self.world.instruments), now_ns)
            yield Advance(now_ns)
            for _ in range(chance.choice([0, 0, 1, 1, 2])):
                for request in self.orders.burst(self.world.instruments, self.mid, now_ns):
                    yield Submit(request, now_ns)
            if self.orders.ids and chance.random() < 0.2:
                yield Cancel(chance.choice([*self.orders.ids[-6:], "nobody"]), now_ns)
            if chance.random() < 0.7:
                yield Advance(now_ns)
            # The driver may hand the next event of the same time after this only where nothing was sent since.
            now_ns += MS_NS if chance.random() < 0.5 else 0
        yield Advance(now_ns + 60 * MS_NS)

    def _event(self, instrument: Instrument, now_ns: int) -> MarketEvent:
        chance = self.chance
        drawn = chance.random()
        if drawn < 0.1:
            return self._snapshot(instrument, now_ns)
        if drawn < 0.5:
            return self._level(instrument, now_ns)
        if drawn < 0.85:
            return self._trade(instrument, now_ns)
        if drawn < 0.9:
            unit = 10**instrument.price_scale
            return MarkPrice(
                instrument.id, now_ns, chance.choice([self._price(instrument, 12) // unit, *ROUND_MARKS]) * unit
            )
        if drawn < 0.94 and not instrument.is_spot:
            rate = Decimal(chance.choice(["0.001", "-0.003"]))
            return FundingRate(instrument.id, now_ns, rate, None, chance.random() < 0.5)
        if drawn < 0.96:
            if chance.random() < 0.5:
                return _window(chance, instrument, now_ns)
            return FundingSettlement(instrument.id, now_ns)
        if drawn < 0.98:
            bid = self._price(instrument, 4)
            unit = 10**instrument.price_scale
            return QuoteTick(instrument.id, now_ns, bid, self._lots(instrument), bid + unit, self._lots(instrument))
        return Gap(instrument.id, now_ns)

    def _snapshot(self, instrument: Instrument, now_ns: int) -> BookSnapshot:
        chance = self.chance
        unit = 10**instrument.price_scale
        middle = self.mid[instrument.id] + chance.choice([0, 0, 1, -1, 4, -4, 14, -14]) * unit
        middle = self.mid[instrument.id] = max(40 * unit, middle)
        gap = chance.choice([0, 1])
        bids = [(middle - i * unit, self._lots(instrument)) for i in range(1, chance.randint(1, 6))]
        asks = [(middle + (i + gap) * unit, self._lots(instrument)) for i in range(chance.randint(1, 6))]
        return BookSnapshot(instrument.id, now_ns, tuple(bids), tuple(asks))

    def _level(self, instrument: Instrument, now_ns: int) -> LevelUpdate:
        chance = self.chance
        unit = 10**instrument.price_scale
        if self.traded is not None and chance.random() < 0.5:
            # The level that has just been traded at says what is left of it.
            last = self.traded
            self.traded = last if chance.random() < 0.6 else None
            size = chance.choice([0, 1, 2, 5, 10, 20]) * chance.randint(0, 3)
            lot = next(one.lot for one in self.world.instruments if one.id == last.instrument)
            return LevelUpdate(last.instrument, now_ns, last.side.opposite, last.price, size * lot)
        side = chance.choice([Side.BUY, Side.SELL])
        away = chance.choice([-1, 0, 1, 1, 2, 3, 4]) * unit
        price = max(unit, self.mid[instrument.id] - away if side is Side.BUY else self.mid[instrument.id] + away)
        size = 0 if chance.random() < 0.25 else self._lots(instrument)
        return LevelUpdate(instrument.id, now_ns, side, price, size)

    def _trade(self, instrument: Instrument, now_ns: int) -> TradePrint:
        chance = self.chance
        side = chance.choice([Side.BUY, Side.SELL])
        # Mostly where an aggressor of that side would trade: a seller at the bids, a buyer at the asks.
        away = chance.choice([-3, 0, 1, 1, 2, 2, 3, 4]) * 10**instrument.price_scale
        price = max(1, self.mid[instrument.id] + int(side) * away)
        if self.orders.latest is not None and chance.random() < 0.4:
            return self._trade_at(self.orders.latest, now_ns)
        quantity = chance.choice([1, 3, 10, 40, 90]) * instrument.lot
        self.traded = TradePrint(instrument.id, now_ns, side, price, quantity)
        return self.traded

    def _trade_at(self, order: OrderRequest, now_ns: int) -> TradePrint:
        """Return a trade that hits the queue of an order of ours."""
        lot = next(one.lot for one in self.world.instruments if one.id == order.instrument)
        quantity = self.chance.choice([1, 3, 10, 40]) * lot
        self.traded = TradePrint(order.instrument, now_ns, order.side.opposite, order.price or 1, quantity)
        return self.traded

    def _price(self, instrument: Instrument, reach: int) -> int:
        unit = 10**instrument.price_scale
        return max(unit, self.mid[instrument.id] + self.chance.randint(-reach, reach) * unit)

    def _lots(self, instrument: Instrument) -> int:
        return instrument.lot * self.chance.choice([1, 2, 3, 5, 10, 20, 30])
