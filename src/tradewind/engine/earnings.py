"""What the bots earned, folded from fills, crossings, liquidations and funding: rows of fills, round trips, profit."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from tradewind.engine.recount import EXTERNAL, PROTECT, Adopted, attributed, funding_parts, liquidation_parts, sum_of
from tradewind.engine.roundtrips import Holding
from tradewind.engine.views import FillRow, OpenPosition, PnlRow, RoundTrip
from tradewind.model.answers import FundingAccrued, FundingPaid, OrderFilled, PositionLiquidated
from tradewind.model.corrections import PositionAdopted
from tradewind.model.decisions import Crossed, Share
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, add, multiply, portion, subtract
from tradewind.model.orders import Liquidity, OrderKind, OrderRequest

DAY_NS = 86_400_000_000_000
PROTECTIONS = {
    OrderKind.STOP_MARKET: "stop_loss",
    OrderKind.LIMIT: "take_profit",
    OrderKind.TRAILING_STOP: "trailing",
}
CLOSINGS = ("time_stop", "flatten", "overshoot")


SIGNAL = "signal"  # the strategy wanted it; not a target of profit, which is a protection


def exit_reason(request: OrderRequest, intent: str) -> str:
    """Return how a position leaves that this order closes: by a protection, a time stop, an operator, or its signal."""
    if intent == PROTECT:
        return PROTECTIONS[request.kind]
    return intent if intent in CLOSINGS else SIGNAL


class Earnings:
    """Positions, fills, round trips and profit of every bot; `keep` bounds the lists, never the sums."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        strategies: Mapping[str, str],
        held: Iterable[Adopted],
        keep: int | None,
    ) -> None:
        self.fills: deque[FillRow] = deque(maxlen=keep)
        self.trips: deque[RoundTrip] = deque(maxlen=keep)
        self.exits: Counter[str] = Counter()
        self._instruments = instruments
        self._strategies = strategies
        self._holdings: dict[tuple[str, str], Holding] = {}
        self._pnl: dict[tuple[str, str, int], PnlRow] = {}
        self._owed: dict[str, dict[str, Decimal]] = {}
        for each in held:
            instrument = instruments[each.instrument]
            size = multiply(instrument.contract_size, instrument.quantity_unit)
            unit_price = multiply(each.average_price, size)
            self.holding(each.bot, each.instrument).trade(each.quantity, unit_price, ZERO, 0, "adopted")

    # -- what happened -----------------------------------------------------------------------------------------------

    def fill(self, fill: OrderFilled, shares: tuple[Share, ...], received: list[int], reason: str) -> None:
        """Book an execution for the bots it was made for; `received`, what each has had of the order, is updated."""
        instrument = self._instruments[fill.instrument]
        unit_price = multiply(instrument.unit_value, fill.price)
        parts = attributed(fill.quantity, shares, received, instrument.lot)
        left = fill.fee
        for index, (share, part) in enumerate(zip(shares, parts, strict=True)):
            fee = left if index == len(parts) - 1 else portion(fill.fee, part, fill.quantity)
            left = subtract(left, fee)
            received[index] += part
            if part or fee:
                self._fill_part(fill, share.bot, part, unit_price, fee, reason)

    def cross(self, crossed: Crossed) -> None:
        """Book what one bot bought of another inside the account."""
        unit_price = multiply(self._instruments[crossed.instrument].unit_value, crossed.price)
        for bot, change in ((crossed.buyer, crossed.quantity), (crossed.seller, -crossed.quantity)):
            self._trade(crossed.instrument, bot, change, unit_price, ZERO, crossed.ts_ns, SIGNAL)

    def liquidate(self, event: PositionLiquidated) -> None:
        """Book a liquidation for the bots on the losing side, less what the insurance account took over."""
        name = event.instrument
        instrument = self._instruments[name]
        unit_price = multiply(event.price, multiply(instrument.contract_size, instrument.quantity_unit))
        holders = [each for each in self._held(name) if each.tally.quantity * event.side < 0]
        parts = liquidation_parts([abs(each.tally.quantity) for each in holders], event.quantity, event.deficit)
        for each, (part, deficit) in zip(holders, parts, strict=True):
            each.relieve(deficit)
            pnl = self._day(each.bot, name, event.ts_ns)
            pnl.realised = add(pnl.realised, deficit)
            self._trade(name, each.bot, event.side * part, unit_price, ZERO, event.ts_ns, "liquidation")

    def take_over(self, event: PositionAdopted) -> None:
        """Book a difference that reconciliation found: a holding, and no profit."""
        pnl = self._day(event.bot, event.instrument, event.ts_ns)
        gained = self.holding(event.bot, event.instrument).take_over(event.quantity, event.value, event.ts_ns)
        pnl.realised = add(pnl.realised, gained)

    def fund(self, event: FundingPaid) -> None:
        """Book funding for the bots that hold the instrument, or that held it when it accrued."""
        owed = self._owed.get(event.instrument, {})
        if owed and event.amount == sum_of(owed.values()):
            shares = list(owed.items())
            owed.clear()
        else:
            shares = self._fund_trips(event)
        for bot, share in shares:
            pnl = self._day(bot, event.instrument, event.ts_ns)
            pnl.funding = add(pnl.funding, share)

    def accrue(self, event: FundingAccrued) -> None:
        """Note funding that is owed: it belongs to the trips of now, and to profit once it is paid."""
        owed = self._owed.setdefault(event.instrument, {})
        for bot, share in self._fund_trips(event):
            owed[bot] = add(owed.get(bot, ZERO), share)

    # -- views -------------------------------------------------------------------------------------------------------

    def positions(self, marks: Mapping[str, int]) -> list[OpenPosition]:
        """Return what each bot holds, by bot and instrument."""
        return [each.position(marks.get(each.instrument.id)) for each in self._held()]

    def open_trips(self, marks: Mapping[str, int], ts_ns: int) -> list[RoundTrip]:
        """Return the open positions that have a mark as trips with reason `end`."""
        return [
            each.marked_trip(marks[each.instrument.id], ts_ns) for each in self._held() if each.instrument.id in marks
        ]

    def pnl(self, by: str) -> list[PnlRow]:
        """Return profit summed by bot, instrument, strategy or day, sorted; KeyError for another grouping."""
        group = self._groupings()[by]
        rows: dict[str, PnlRow] = {}
        for key in sorted(self._pnl, key=lambda key: (key[2], key)):
            name = group(*key)
            rows.setdefault(name, PnlRow(name)).include(self._pnl[key])
        return list(rows.values()) if by == "day" else [rows[name] for name in sorted(rows)]

    def holding(self, bot: str, instrument: str) -> Holding:
        """Return a bot's holding of an instrument, an empty one at first."""
        found = self._holdings.get((bot, instrument))
        if found is None:
            found = Holding(bot, self._strategies.get(bot, bot), self._instruments[instrument])
            self._holdings[bot, instrument] = found
        return found

    # -- leaves ------------------------------------------------------------------------------------------------------

    def _fund_trips(self, event: FundingPaid | FundingAccrued) -> list[tuple[str, Decimal]]:
        holders = self._held(event.instrument)
        if not holders:
            return [(EXTERNAL, event.amount)]
        parts = funding_parts([each.tally for each in holders], event.amount)
        for each, share in zip(holders, parts, strict=True):
            each.fund(share)
        return [(each.bot, share) for each, share in zip(holders, parts, strict=True)]

    def _groupings(self) -> dict[str, Callable[[str, str, int], str]]:
        return {
            "bot": lambda bot, instrument, day: bot,
            "instrument": lambda bot, instrument, day: instrument,
            "strategy": lambda bot, instrument, day: self._strategies.get(bot, bot),
            "day": lambda bot, instrument, day: str(day),
        }

    def _fill_part(
        self, fill: OrderFilled, bot: str, part: int, unit_price: Decimal, fee: Decimal, reason: str
    ) -> None:
        realised = self._trade(fill.instrument, bot, fill.side * part, unit_price, fee, fill.ts_ns, reason)
        instrument = self._instruments[fill.instrument]
        notional = multiply(unit_price, part)
        pnl = self._day(bot, fill.instrument, fill.ts_ns)
        pnl.fills += 1
        pnl.notional = add(pnl.notional, notional)
        if fill.liquidity is Liquidity.MAKER:
            pnl.maker_notional = add(pnl.maker_notional, notional)
        holding = self.holding(bot, fill.instrument)
        row = FillRow(
            fill.fill_id, fill.order_id, fill.ts_ns, bot, holding.strategy, fill.instrument, fill.side.name.lower(),
            instrument.quantity_decimal(part), instrument.price_decimal(fill.price), notional, fill.liquidity.value,
            fee, realised, instrument.quantity_decimal(holding.tally.quantity), reason,
        )  # fmt: skip
        self.fills.append(row)

    def _trade(
        self, instrument: str, bot: str, change: int, unit_price: Decimal, fee: Decimal, ts_ns: int, reason: str
    ) -> Decimal:
        realised, ended = self.holding(bot, instrument).trade(change, unit_price, fee, ts_ns, reason)
        pnl = self._day(bot, instrument, ts_ns)
        pnl.realised = add(pnl.realised, realised)
        pnl.fees = add(pnl.fees, fee)
        for trip in ended:
            pnl.include_trip(trip)
            self.trips.append(trip)
            self.exits[trip.reason] += 1
        return realised

    def _held(self, instrument: str | None = None) -> list[Holding]:
        return [
            holding
            for key, holding in sorted(self._holdings.items())
            if holding.tally.quantity and instrument in (None, key[1])
        ]

    def _day(self, bot: str, instrument: str, ts_ns: int) -> PnlRow:
        key = (bot, instrument, ts_ns // DAY_NS)
        found = self._pnl.get(key)
        if found is None:
            found = self._pnl[key] = PnlRow("/".join(map(str, key)))
        return found
