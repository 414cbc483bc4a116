"""From the words of a scenario to the product's values: instruments, settings, account, events and orders."""

from collections.abc import Iterable
from decimal import Decimal

from tradewind.model.fees import FeeSchedule, FeeTier, flat_fees
from tradewind.model.instrument import Instrument, InstrumentKind, MarginMode, decimals_of, define_instrument
from tradewind.model.market_events import (
    Bar,
    BookSnapshot,
    FundingRate,
    FundingSettlement,
    Gap,
    LevelUpdate,
    MarketEvent,
    MarkPrice,
    TradePrint,
)
from tradewind.model.money import ZERO, money
from tradewind.model.orders import OrderKind, OrderRequest, Side, TimeInForce
from tradewind.research.scenarios.schema import (
    AccountSpec,
    BarEvent,
    BookEvent,
    Event,
    FundingEvent,
    GapEvent,
    InstrumentSpec,
    LevelEvent,
    MarkEvent,
    OrderEvent,
    SettingsSpec,
    SettlementEvent,
    SimulationScenario,
    TradeEvent,
)
from tradewind.simulation.settings import OpeningAccount, OpeningPosition, QueueModel, SimulationSettings

MS_NS = 1_000_000
BAR_NS = 3_600_000 * MS_NS

SIDES = {"buy": Side.BUY, "sell": Side.SELL, "bid": Side.BUY, "ask": Side.SELL}
MarketWords = BarEvent | GapEvent | BookEvent | LevelEvent | TradeEvent | MarkEvent | FundingEvent | SettlementEvent


def instruments_of(scenario: SimulationScenario) -> dict[str, Instrument]:
    """Return the scenario's instruments, their scales fine enough for every number its events name."""
    if not scenario.instruments:
        raise ValueError("a simulation needs at least one instrument")
    first = scenario.instruments[0].id
    return {spec.id: _instrument(spec, _events_of(scenario, spec.id, first)) for spec in scenario.instruments}


def _events_of(scenario: SimulationScenario, instrument: str, first: str) -> list[Event]:
    return [event for event in scenario.events if (getattr(event, "instrument", None) or first) == instrument]


def _instrument(spec: InstrumentSpec, events: list[Event]) -> Instrument:
    prices, quantities, volumes = _numbers_of(events)
    quantity_decimals = max(map(_decimals, quantities), default=0)
    lot_decimals = decimals_of(money(spec.base_increment))
    terms: dict[str, object] = {
        "min_notional": money(spec.min_notional),
        "contract_size": money(spec.contract_size),
        "margin_mode": MarginMode(spec.margin_mode),
        "initial_margin": money(spec.initial_margin),
        "maintenance_margin": _optional(spec.maintenance_margin),
        "close_out_margin": _optional(spec.close_out_margin),
    }
    return define_instrument(
        spec.id,
        kind=InstrumentKind(spec.kind),
        price_increment=spec.price_increment,
        base_increment=spec.base_increment,
        price_decimals=max(map(_decimals, prices), default=0),
        quantity_decimals=quantity_decimals,
        volume_decimals=max([lot_decimals, quantity_decimals, *map(_decimals, volumes)]),
        **terms,
    )


def _numbers_of(events: list[Event]) -> tuple[list[str], list[str], list[str]]:
    """Return every price, quantity and volume that market events of one instrument name."""
    prices: list[str | None] = []
    quantities: list[str] = []
    volumes: list[str | None] = []
    for event in events:
        match event:
            case BarEvent():
                prices += [event.open, event.high, event.low, event.close]
                volumes.append(event.volume)
            case BookEvent():
                prices += [price for price, _ in (*event.bids, *event.asks)]
                quantities += [size for _, size in (*event.bids, *event.asks)]
            case LevelEvent():
                prices.append(event.price)
                quantities.append(event.size)
            case TradeEvent():
                prices.append(event.price)
                quantities.append(event.quantity)
            case MarkEvent():
                prices.append(event.price)
            case FundingEvent():
                prices.append(event.mark)
            case _:
                continue
    return [price for price in prices if price is not None], quantities, [one for one in volumes if one is not None]


def settings_of(spec: SettingsSpec) -> SimulationSettings:
    """Return the venue's settings; what a scenario leaves out keeps its default."""
    latency, queue = spec.latency_ms, spec.queue_model
    if queue is not None and (queue.n is None) == (queue.name == "power"):
        raise ValueError("queue_model power needs n, and risk_averse has none")
    return SimulationSettings(
        fees=_fees(spec),
        half_spread_bps=money(spec.half_spread_bps or "0"),
        slippage_bps=money(spec.slippage_bps or "0"),
        participation=_optional(spec.participation),
        fill_on_touch=bool(spec.fill_on_touch),
        entry_latency_ns=latency.entry * MS_NS if latency else 0,
        response_latency_ns=latency.response * MS_NS if latency else 0,
        queue_model=QueueModel(queue.name) if queue else QueueModel.RISK_AVERSE,
        queue_power=queue.n if queue and queue.n is not None else 3.0,
        self_trade_prevention=spec.self_trade_prevention or "cancel_newest",
    )


def _fees(spec: SettingsSpec) -> FeeSchedule:
    # "replaces the two above"
    if not spec.fee_tiers:
        return flat_fees(maker=money(spec.maker_fee), taker=money(spec.taker_fee))
    tiers = [FeeTier(money(tier.from_volume), money(tier.maker), money(tier.taker)) for tier in spec.fee_tiers]
    return FeeSchedule(tuple(sorted(tiers, key=lambda tier: tier.from_volume)))


def account_of(spec: AccountSpec, instruments: dict[str, Instrument]) -> OpeningAccount:
    positions = tuple(
        OpeningPosition(
            instrument=position.instrument,
            quantity=instruments[position.instrument].quantity_units(position.quantity),
            average_price=money(position.average_price),
            margin=_optional(position.margin),
        )
        for position in spec.positions
    )
    return OpeningAccount(cash=money(spec.cash), volume_30d=money(spec.volume_30d), positions=positions)


def market_event(event: MarketWords, instrument: Instrument) -> MarketEvent:
    """Return the event in the instrument's units."""
    price = instrument.price_units
    ts_ns = event.at * MS_NS
    match event:
        case BarEvent():
            volume = None if event.volume is None else instrument.volume_units(event.volume)
            corners = (price(event.open), price(event.high), price(event.low), price(event.close))
            _require_a_range(*corners)
            return Bar(instrument.id, ts_ns + BAR_NS, BAR_NS, *corners, volume)
        case GapEvent():
            return Gap(instrument.id, ts_ns)
        case BookEvent():
            return BookSnapshot(instrument.id, ts_ns, _levels(event.bids, instrument), _levels(event.asks, instrument))
        case LevelEvent():
            size = instrument.quantity_units(event.size)
            return LevelUpdate(instrument.id, ts_ns, SIDES[event.side], price(event.price), size)
        case TradeEvent():
            quantity = instrument.quantity_units(event.quantity)
            return TradePrint(instrument.id, ts_ns, SIDES[event.side], price(event.price), quantity)
        case MarkEvent():
            return MarkPrice(instrument.id, ts_ns, price(event.price))
        case FundingEvent():
            mark = None if event.mark is None else price(event.mark)
            return FundingRate(instrument.id, ts_ns, money(event.rate), mark, event.settle)
        case SettlementEvent():
            return FundingSettlement(instrument.id, ts_ns)


def order_request(event: OrderEvent, instrument: Instrument) -> OrderRequest:
    """Return the order, quantity rounded down to the step, prices on the tick."""
    side = SIDES[event.side]
    plain_size = event.quantity is not None and event.quantity != "max"
    return OrderRequest(
        order_id=event.id,
        instrument=instrument.id,
        side=side,
        kind=OrderKind(event.kind),
        quantity=instrument.order_quantity(event.quantity) if plain_size and event.quantity else None,
        price=None if event.price is None else instrument.limit_price(event.price, side),
        stop=None if event.stop is None else instrument.stop_price(event.stop, side),
        time_in_force=TimeInForce(event.time_in_force),
        post_only=event.post_only,
        reduce_only=event.reduce_only,
        quote_quantity=_optional(event.quote_quantity),
        maximum=event.quantity == "max",
        oco=event.oco,
        after=event.after,
    )


def _levels(levels: Iterable[tuple[str, str]], instrument: Instrument) -> tuple[tuple[int, int], ...]:
    return tuple((instrument.price_units(price), instrument.quantity_units(size)) for price, size in levels)


def _require_a_range(open_: int, high: int, low: int, close: int) -> None:
    if not low <= min(open_, close) <= max(open_, close) <= high or low <= 0:
        raise ValueError("a bar needs low <= open, close <= high and positive prices")


def _optional(text: str | None) -> Decimal | None:
    return None if text is None else money(text)


def _decimals(text: str) -> int:
    value = money(text)
    return decimals_of(value) if value != ZERO else 0
