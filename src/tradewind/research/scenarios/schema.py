"""The schema of a scenario: every key, event and word that may stand in a file. Anything else is refused by name."""

from typing import Any, Literal

import msgspec

Number = str  # a decimal, written as a string


class TierSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_volume": "from"}):
    from_volume: Number
    maker: Number
    taker: Number


class InstrumentSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    kind: Literal["spot", "perpetual"]
    price_increment: Number = "0.01"
    base_increment: Number = "0.00000001"
    min_notional: Number = "0"
    contract_size: Number = "1"
    margin_mode: Literal["cross", "isolated"] = "cross"
    initial_margin: Number = "1"
    maintenance_margin: Number | None = None
    close_out_margin: Number | None = None


class LatencySpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    entry: int = 0
    response: int = 0


class QueueSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Literal["risk_averse", "power"]
    n: float | None = None


class SettingsSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    maker_fee: Number = "0.0025"
    taker_fee: Number = "0.004"
    fee_tiers: tuple[TierSpec, ...] = ()
    half_spread_bps: Number | None = None
    slippage_bps: Number | None = None
    participation: Number | None = None
    fill_on_touch: bool | None = None
    latency_ms: LatencySpec | None = None
    queue_model: QueueSpec | None = None
    self_trade_prevention: Literal["cancel_newest"] | None = None


# What only one mode has, with the values that mean nothing and may therefore stand in the other.
BARS_ONLY: dict[str, tuple[object, ...]] = {
    "half_spread_bps": (None, "0"),
    "slippage_bps": (None, "0"),
    "participation": (None,),
    "fill_on_touch": (None, False),
}
BOOK_ONLY: dict[str, tuple[object, ...]] = {
    "latency_ms": (None, LatencySpec()),
    "queue_model": (None, QueueSpec("risk_averse")),
    "self_trade_prevention": (None, "cancel_newest"),
}


class PositionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    instrument: str
    quantity: Number
    average_price: Number
    margin: Number | None = None


class AccountSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cash: Number = "100000"
    volume_30d: Number = "0"
    positions: tuple[PositionSpec, ...] = ()


class _Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", kw_only=True):
    at: int
    note: str | None = None


class BarEvent(_Event, frozen=True, tag="bar"):
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number | None = None
    instrument: str | None = None


class GapEvent(_Event, frozen=True, tag="gap"):
    instrument: str | None = None


class BookEvent(_Event, frozen=True, tag="book"):
    bids: tuple[tuple[Number, Number], ...]
    asks: tuple[tuple[Number, Number], ...]
    instrument: str | None = None


class LevelEvent(_Event, frozen=True, tag="level"):
    side: Literal["bid", "ask"]
    price: Number
    size: Number
    instrument: str | None = None


class TradeEvent(_Event, frozen=True, tag="trade"):
    side: Literal["buy", "sell"]
    price: Number
    quantity: Number
    instrument: str | None = None


class MarkEvent(_Event, frozen=True, tag="mark"):
    price: Number
    instrument: str | None = None


class FundingEvent(_Event, frozen=True, tag="funding"):
    rate: Number
    mark: Number | None = None
    settle: bool = True
    instrument: str | None = None


class SettlementEvent(_Event, frozen=True, tag="settlement"):
    instrument: str | None = None


class OrderEvent(_Event, frozen=True, tag="order"):
    id: str
    side: Literal["buy", "sell"]
    kind: Literal["market", "limit", "stop_market", "stop_limit"]
    quantity: Number | None = None
    quote_quantity: Number | None = None
    price: Number | None = None
    stop: Number | None = None
    time_in_force: Literal["gtc", "ioc", "fok"] = "gtc"
    post_only: bool = False
    reduce_only: bool = False
    oco: str | None = None
    after: str | None = None
    instrument: str | None = None


class CancelEvent(_Event, frozen=True, tag="cancel"):
    order: str
    instrument: str | None = None


class CheckEvent(_Event, frozen=True, tag="check"):
    expect: dict[str, Any]


class ClockEvent(_Event, frozen=True, tag="clock"):
    pass


Event = (
    BarEvent
    | GapEvent
    | BookEvent
    | LevelEvent
    | TradeEvent
    | MarkEvent
    | FundingEvent
    | SettlementEvent
    | OrderEvent
    | CancelEvent
    | CheckEvent
    | ClockEvent
)


class SimulationScenario(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="simulation", kw_only=True
):
    id: str
    title: str
    mode: Literal["bars", "book"]
    instruments: tuple[InstrumentSpec, ...]
    settings: SettingsSpec = SettingsSpec()
    account: AccountSpec = AccountSpec()
    note: str | None = None
    events: tuple[Event, ...]
    expect: dict[str, Any]


class FunctionScenario(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="function", kw_only=True
):
    id: str
    title: str
    function: str
    note: str | None = None
    arguments: dict[str, Any]
    expect: Any
    tolerance: float | dict[str, float] = 0.0


Scenario = SimulationScenario | FunctionScenario


def parsed(raw: object) -> Scenario:
    """Return the scenario; raises msgspec.ValidationError naming the key, event or word that is not in the schema."""
    return msgspec.convert(raw, SimulationScenario | FunctionScenario, strict=True)


def misplaced(scenario: SimulationScenario) -> str | None:
    """Return what the scenario's mode does not have, as `path: wanted ..., got ...`, or None."""
    foreign = BOOK_ONLY if scenario.mode == "bars" else BARS_ONLY
    for name, meaningless in foreign.items():
        if getattr(scenario.settings, name) not in meaningless:
            return f"settings.{name}: wanted no such setting in {scenario.mode} mode, got one"
    for i, event in enumerate(scenario.events):
        found = _misplaced_event(scenario.mode, event)
        if found:
            return f"events[{i}].{found}"
    return None


def _misplaced_event(mode: str, event: Event) -> str | None:
    if isinstance(event, BookEvent | LevelEvent | TradeEvent) and mode == "bars":
        return "type: wanted no order book in bars mode, got one"
    if isinstance(event, BarEvent | GapEvent) and mode == "book":
        return "type: wanted no bar in book mode, got one"
    if not isinstance(event, OrderEvent):
        return None
    sizes = [size for size in (event.quantity, event.quote_quantity) if size is not None]
    if len(sizes) != 1:
        return "quantity: wanted one of quantity and quote_quantity, got " + ("both" if sizes else "neither")
    if event.kind in {"limit", "stop_limit"} and event.price is None:
        return f"price: wanted the limit price of a {event.kind} order, got nothing"
    if event.kind in {"stop_market", "stop_limit"} and event.stop is None:
        return f"stop: wanted the stop price of a {event.kind} order, got nothing"
    if mode == "book":
        return _bars_only(event)
    return None


def _bars_only(event: OrderEvent) -> str | None:
    if event.kind in {"stop_market", "stop_limit"}:
        return "kind: wanted no stop order in book mode, got one"
    if event.quote_quantity is not None or event.quantity == "max":
        return "quantity: wanted a plain quantity in book mode, got another"
    if event.after is not None:
        return "after: wanted no child order in book mode, got one"
    return None
