"""A small market, a few bots and the engine between them, for unit and property tests."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from tradewind.engine.audit import Auditor
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.core import Event, process
from tradewind.engine.state import EngineState
from tradewind.model.answers import OrderAccepted, OrderCanceled, OrderFilled, OrderRejected
from tradewind.model.effects import Alarm, CancelOrder, Effect, SetTimer, SubmitOrder
from tradewind.model.instrument import Instrument, InstrumentKind, define_instrument
from tradewind.model.market_events import Bar
from tradewind.model.orders import Liquidity, OrderRequest
from tradewind.risk.limits import Limits
from tradewind.strategy.base import Strategy, View, Wish

MINUTE_NS = 60_000_000_000
OPEN_LIMITS = Limits(leverage_max=None, instrument_share_max=None, exposure_share_max=None, slippage_bps_max=None)

BTC = define_instrument("BTC-USD", price_increment="0.01", base_increment="0.001")
ETH = define_instrument("ETH-USD", price_increment="0.01", base_increment="0.01")
PERP = define_instrument(
    "BTC-PERP",
    kind=InstrumentKind.PERPETUAL,
    price_increment="0.01",
    base_increment="0.01",
    initial_margin=Decimal("0.2"),
    maintenance_margin=Decimal("0.1"),
)


class Scripted(Strategy):
    """Returns, at the n-th bar it sees of an instrument, what the script says for n (None from then on)."""

    script: tuple[Any, ...] = ()

    def memory(self) -> msgspec.Struct:
        return Place()

    def on_bar(self, view: View) -> Wish:
        place = view.memory
        number, place.number = place.number, place.number + 1
        wish = self.script[number] if number < len(self.script) else None
        if isinstance(wish, Exception):
            raise wish
        return wish


class Place(msgspec.Struct):
    """How many bars a scripted strategy has seen."""

    number: int = 0


def config(*scripts: Sequence[Any], instruments: Sequence[Instrument] = (BTC,), **settings: Any) -> EngineConfig:
    """Return a configuration with one scripted bot per script, named a, b, c, each seeing every instrument."""
    exits = settings.pop("exits", None)
    budget = settings.pop("budget", Decimal(1))
    names = tuple(each.id for each in instruments)
    bots = tuple(
        BotSpec(id=name, strategy=Scripted(script=tuple(script)), instruments=names, budget=budget, exits=exits)
        for name, script in zip("abcdefgh", scripts, strict=False)
    )  # fmt: skip
    settings.setdefault("limits", OPEN_LIMITS)
    return EngineConfig(session="test", instruments=tuple(instruments), bots=bots, **settings)


class Desk:
    """An engine at a hand-driven venue: effects are kept, answers are given by the test, every event is audited."""

    def __init__(self, settings: EngineConfig) -> None:
        self.config = settings
        self.state = EngineState(settings)
        self.auditor = Auditor(settings)
        self.sent: list[OrderRequest] = []
        self.cancels: list[str] = []
        self.alarms: list[Alarm] = []
        self.timers: list[SetTimer] = []
        self.effects: list[Effect] = []
        self.ts_ns = 0
        self._seen = 0
        self._fills = 0

    def take(self, event: Event) -> Sequence[Effect]:
        """Let the engine process an event, sort its effects, and hold its books to the auditor's."""
        effects = process(self.state, event)
        self.effects.extend(effects)
        for effect in effects:
            if isinstance(effect, SubmitOrder):
                self.sent.append(effect.request)
            elif isinstance(effect, CancelOrder):
                self.cancels.append(effect.order_id)
            elif isinstance(effect, Alarm):
                self.alarms.append(effect)
            elif isinstance(effect, SetTimer):
                self.timers.append(effect)
        self.auditor.feed(self.state.audit[self._seen :])
        self._seen = len(self.state.audit)
        self.auditor.check(self.state)
        return effects

    def bar(self, close: int = 10_000, instrument: str = "BTC-USD", **prices: int) -> Sequence[Effect]:
        """Close one more minute at `close` price units."""
        self.ts_ns += MINUTE_NS
        opened, high, low = prices.get("open", close), prices.get("high", close), prices.get("low", close)
        return self.take(
            Bar(instrument, self.ts_ns, MINUTE_NS, opened, max(opened, high, close), min(opened, low, close), close)
        )

    def fill(
        self, order_id: str, quantity: int | None = None, price: int = 10_000, fee: str = "0", **other: Any
    ) -> OrderFilled:
        """Fill an order, all that is left of it unless told otherwise; return the answer that was given."""
        order = self.state.orders[order_id]
        self._fills += 1
        request = order.request
        answer = OrderFilled(
            order_id, other.get("fill_id", f"f{self._fills}"), self.ts_ns, request.instrument, request.side,
            order.remaining if quantity is None else quantity, price, Liquidity.TAKER, Decimal(fee),
        )  # fmt: skip
        self.take(answer)
        return answer

    def accept(self, order_id: str) -> Sequence[Effect]:
        return self.take(OrderAccepted(order_id, self.ts_ns, self.state.orders[order_id].quantity))

    def cancel(self, order_id: str, reason: str = "REQUESTED") -> Sequence[Effect]:
        return self.take(OrderCanceled(order_id, self.ts_ns, reason))

    def reject(self, order_id: str, reason: str = "NO") -> Sequence[Effect]:
        return self.take(OrderRejected(order_id, self.ts_ns, reason))

    def records(self, kind: type[Any]) -> list[Any]:
        """Return the audit records of a kind, in order."""
        return [record for record in self.state.audit if type(record) is kind]

    def position(self, bot: str = "a", instrument: str = "BTC-USD") -> int:
        """Return a bot's position in units, as the ledger has it."""
        return self.state.ledger.book(instrument, bot).position.quantity
