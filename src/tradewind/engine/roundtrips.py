"""From a bot's executions in one instrument to its round trips, exact to the last digit of fees and funding."""

from decimal import Decimal

from tradewind.engine.recount import Tally
from tradewind.engine.views import OpenPosition, RoundTrip
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, add, multiply, portion, ratio, subtract


class Holding:
    """One bot's position in one instrument while it lives, and the trip it is on."""

    __slots__ = (
        "bot",
        "entered",
        "exited",
        "fees",
        "funding",
        "instrument",
        "realised",
        "since_ns",
        "strategy",
        "tally",
        "value_in",
        "value_out",
    )

    def __init__(self, bot: str, strategy: str, instrument: Instrument) -> None:
        self.bot = bot
        self.strategy = strategy
        self.instrument = instrument
        self.tally = Tally()
        self.entered = self.exited = self.since_ns = 0
        self.value_in = self.value_out = self.realised = self.fees = self.funding = ZERO

    def trade(
        self, change: int, unit_price: Decimal, fee: Decimal, ts_ns: int, reason: str
    ) -> tuple[Decimal, list[RoundTrip]]:
        """Book a signed change at the notional of one unit; return (realised, the trips that this ended: 0 or 1).

        A change through zero closes with its part of the fee and opens with the rest.
        """
        held = self.tally.quantity
        if held * change >= 0:
            self._enter(change, unit_price, fee, ts_ns)
            return ZERO, []
        closed = min(abs(held), abs(change))
        own_fee = portion(fee, closed, abs(change))
        gained = self.tally.trade(closed if change > 0 else -closed, unit_price)
        self.exited += closed
        self.value_out = add(self.value_out, multiply(unit_price, closed))
        self.realised = add(self.realised, gained)
        self.fees = add(self.fees, own_fee)
        if closed < abs(held):
            return gained, []
        trip = self._trip(ts_ns, reason, self._average(self.value_out, self.exited), held, self.realised)
        self._start(ts_ns)
        if abs(change) > closed:
            self._enter(change + held, unit_price, subtract(fee, own_fee), ts_ns)
        return gained, [trip]

    def take_over(self, change: int, value: Decimal, ts_ns: int) -> Decimal:
        """Book a difference that reconciliation found; return what it realised, which is nothing if what leaves takes
        its own cost. It makes no round trip: nobody traded.
        """
        held = self.tally.quantity
        gained = self.tally.take_over(change, value)
        if held * self.tally.quantity <= 0:
            self._start(ts_ns)
            self.entered, self.value_in = abs(self.tally.quantity), self.tally.cost
        elif held * change > 0:
            self.entered += abs(change)
            self.value_in = add(self.value_in, value)
        else:
            self.value_in = subtract(self.value_in, portion(self.value_in, abs(change), self.entered))
            self.entered -= abs(change)
        return gained

    def fund(self, amount: Decimal) -> None:
        """Book funding that was received (+) or paid (-)."""
        self.funding = add(self.funding, amount)

    def relieve(self, deficit: Decimal) -> None:
        """Book what an insurance account took over of the loss; a liquidation realises that much less."""
        self.realised = add(self.realised, deficit)

    def position(self, mark: int | None) -> OpenPosition:
        """Return what is held now, valued at a mark in price units."""
        quantity = self.tally.quantity
        return OpenPosition(
            self.bot, self.strategy, self.instrument.id, "long" if quantity > 0 else "short",
            self.instrument.quantity_decimal(abs(quantity)), self._average(self.tally.cost, abs(quantity)),
            self.since_ns,
            self.fees, self.funding, None if mark is None else self.instrument.price_decimal(mark),
            None if mark is None else self._unrealised(mark),
            self.instrument.below_minimum(abs(quantity), mark),
        )  # fmt: skip

    def marked_trip(self, mark: int, ts_ns: int) -> RoundTrip:
        """Return the open position as a trip that ended at this mark: reason `end`, no exit fee."""
        unit_price = multiply(self.instrument.unit_value, mark)
        left = abs(self.tally.quantity)
        value = add(self.value_out, multiply(unit_price, left))
        price = self._average(value, self.exited + left)
        return self._trip(ts_ns, "end", price, self.tally.quantity, add(self.realised, self._unrealised(mark)))

    def _start(self, ts_ns: int) -> None:
        self.entered = self.exited = 0
        self.since_ns = ts_ns
        self.value_in = self.value_out = self.realised = self.fees = self.funding = ZERO

    def _enter(self, change: int, unit_price: Decimal, fee: Decimal, ts_ns: int) -> None:
        if self.tally.quantity == 0:
            self.since_ns = ts_ns
        self.tally.trade(change, unit_price)
        self.entered += abs(change)
        self.value_in = add(self.value_in, multiply(unit_price, abs(change)))
        self.fees = add(self.fees, fee)

    def _trip(self, ts_ns: int, reason: str, exit_price: Decimal, held: int, realised: Decimal) -> RoundTrip:
        return RoundTrip(
            self.bot, self.strategy, self.instrument.id, "long" if held > 0 else "short", self.since_ns, ts_ns,
            self._average(self.value_in, self.entered), exit_price, self.instrument.quantity_decimal(self.entered),
            realised, self.fees, self.funding, add(subtract(realised, self.fees), self.funding), reason,
        )  # fmt: skip

    def _unrealised(self, mark: int) -> Decimal:
        value = multiply(multiply(self.instrument.unit_value, mark), self.tally.quantity)
        return subtract(value, self.tally.signed_cost)

    def _average(self, value: Decimal, units: int) -> Decimal:
        size = multiply(self.instrument.contract_size, self.instrument.quantity_unit)
        return ratio(value, multiply(size, units))
