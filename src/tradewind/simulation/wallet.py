"""The simulated venue's own books: cash, positions, fees, volume, funding and what orders hold."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from tradewind.model.errors import ConfigError, StateError
from tradewind.model.fees import FeeTier
from tradewind.model.instrument import Instrument, MarginMode
from tradewind.model.margin import funding_amount
from tradewind.model.market_events import MarginRates
from tradewind.model.money import EXACT, ZERO, add, multiply, portion, subtract
from tradewind.model.position import Position
from tradewind.simulation.holds import Holds
from tradewind.simulation.settings import OpeningAccount, OpeningPosition, SimulationSettings


class Holding:
    """One instrument at the venue: its position, its mark in price units, its isolated margin, its funding due."""

    __slots__ = (
        "accrued",
        "base_held",
        "instrument",
        "is_spot",
        "isolated",
        "liquidations",
        "lot",
        "maintenance",
        "margin",
        "mark",
        "min_notional",
        "min_quantity",
        "plain",
        "position",
        "price_scale",
        "size_unit",
        "stale",
        "tick",
        "turnover",
        "unit_value",
    )

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.is_spot = instrument.is_spot
        self.isolated = not self.is_spot and instrument.margin_mode is MarginMode.ISOLATED
        self.maintenance = None if self.is_spot else instrument.maintenance_margin
        self.unit_value = instrument.unit_value  # notional of one quantity unit at one price unit
        self.size_unit = multiply(instrument.contract_size, instrument.quantity_unit)
        self.price_scale = instrument.price_scale
        self.lot = instrument.lot
        self.tick = instrument.tick
        self.min_notional = instrument.min_notional
        self.min_quantity = instrument.min_quantity
        self.plain = self.is_spot and not self.min_notional  # an order needs what it costs or sells, and no more
        self.turnover = 0  # quantity x price of our fills, in units
        self.position = Position()
        self.margin = ZERO
        self.mark: Decimal | int | None = None
        self.accrued = ZERO
        self.base_held = Holds()
        self.stale = 0
        self.liquidations = 0

    def open_with(self, opening: OpeningPosition) -> None:
        """Start with a position; its mark starts at its average price."""
        quantity = opening.quantity
        self.position = Position(quantity, multiply(multiply(opening.average_price, self.size_unit), abs(quantity)))
        self.mark = opening.average_price.scaleb(self.price_scale, EXACT)
        if self.isolated:
            default = multiply(self.initial_rate, self.position.cost)
            self.margin = default if opening.margin is None else opening.margin

    def rates_change(self, event: MarginRates) -> None:
        """Take over other margin terms; what isolated positions have put up stays as it is."""
        self.instrument = msgspec.structs.replace(
            self.instrument, initial_margin=event.initial_margin, maintenance_margin=event.maintenance_margin
        )
        self.maintenance = event.maintenance_margin

    @property
    def maintenance_rate(self) -> Decimal | None:
        """The maintenance margin of a position of this size."""
        return self.instrument.maintenance_rate(abs(self.position.quantity))

    @property
    def initial_rate(self) -> Decimal:
        """The initial margin of a position of this size."""
        return self.instrument.initial_rate(abs(self.position.quantity))

    def unrealised(self) -> Decimal:
        """Return the profit of closing everything at the mark."""
        if self.position.quantity == 0 or self.mark is None:
            return ZERO
        return self.position.unrealised(multiply(self.unit_value, self.mark))

    def notional(self) -> Decimal:
        """Return |quantity| x size x mark; at cost while nothing has given a mark (a book with an empty side)."""
        if self.position.quantity == 0 or self.mark is None:
            return self.position.cost
        return multiply(multiply(self.unit_value, self.mark), abs(self.position.quantity))


class Wallet:
    """The account of one simulated venue. Every change of equity is price PnL, a fee or funding, exactly."""

    __slots__ = (
        "cash",
        "deficit",
        "fees",
        "funding",
        "held",
        "holdings",
        "next_tier_at",
        "opening_equity",
        "opening_volume",
        "perpetuals",
        "schedule",
        "tier",
    )

    def __init__(
        self, instruments: Sequence[Instrument], settings: SimulationSettings, account: OpeningAccount
    ) -> None:
        self.holdings = {instrument.id: Holding(instrument) for instrument in instruments}
        self.perpetuals = [holding for holding in self.holdings.values() if not holding.is_spot]
        self.cash = account.cash
        self.fees = self.funding = self.deficit = ZERO
        self.held = Holds()
        self.schedule = settings.fees
        self.opening_volume = account.volume_30d
        for opening in account.positions:
            if opening.instrument not in self.holdings:
                raise ConfigError(f"opening position in {opening.instrument}, which is not among the instruments")
            self.holdings[opening.instrument].open_with(opening)
        self.tier: FeeTier = self.schedule.tiers[0]
        self.next_tier_at: Decimal | None = None
        self._refresh_tier()
        self.opening_equity = self.equity()

    # -- what happens -------------------------------------------------------------------------------------------------

    def trade(self, holding: Holding, sign: int, quantity: int, price: int, rate: Decimal) -> Decimal:
        """Book a fill of ours and return its fee."""
        turnover = price * quantity
        notional = multiply(holding.unit_value, turnover)
        fee = multiply(notional, rate)
        if holding.is_spot:
            holding.position.book(quantity if sign > 0 else -quantity, notional)
            if sign > 0:
                self.cash = subtract(self.cash, add(notional, fee))
            else:
                self.cash = add(self.cash, subtract(notional, fee))
        else:
            fee = add(fee, self.contract_fee(holding, quantity))
            if holding.isolated:
                self._move_margin(holding, sign * quantity, multiply(holding.unit_value, price))
            gained = holding.position.book(sign * quantity, notional)
            self.cash = add(self.cash, subtract(gained, fee))
        self.fees = add(self.fees, fee)
        holding.turnover += turnover
        if self.next_tier_at is not None:
            self._refresh_tier()
        return fee

    def contract_fee(self, holding: Holding, quantity: int) -> Decimal:
        """Return the fee per contract of a perpetual, where the schedule has one."""
        if not self.schedule.per_contract:
            return ZERO
        return multiply(self.schedule.per_contract, multiply(holding.instrument.quantity_unit, quantity))

    def take_over(self, holding: Holding, quantity: int, price: Decimal) -> Decimal:
        """Close `quantity` (absolute) at `price` (quote currency) by liquidation; return the deficit.

        A loss beyond the isolated margin, or beyond the wallet in cross margin, is the insurance account's.
        """
        backing = holding.margin if holding.isolated else max(ZERO, self.wallet())
        unit_price = multiply(holding.size_unit, price)
        change = -quantity if holding.position.quantity > 0 else quantity
        if holding.isolated:
            self._move_margin(holding, change, unit_price)
        gained = holding.position.apply(change, unit_price)
        deficit = max(ZERO, subtract(gained.copy_negate(), backing))
        if deficit:
            gained = add(gained, deficit)
            holding.position.realised = add(holding.position.realised, deficit)
            self.deficit = add(self.deficit, deficit)
        self.cash = add(self.cash, gained)
        return deficit

    def funding_due(self, holding: Holding, rate: Decimal, mark: Decimal | int) -> Decimal:
        """Return what the open position receives: -quantity x size x mark x rate."""
        notional = multiply(multiply(holding.unit_value, mark), holding.position.quantity)
        return funding_amount(notional, rate)

    def settle(self, amount: Decimal) -> None:
        """Move funding to or from cash."""
        self.cash = add(self.cash, amount)
        self.funding = add(self.funding, amount)

    # -- what it amounts to -------------------------------------------------------------------------------------------

    @property
    def volume_30d(self) -> Decimal:
        """The volume that decides the fee tier: every fill adds its notional, nothing leaves.

        Where days leave, the desk keeps the volume and looks up the tier.
        """
        volume = self.opening_volume
        for holding in self.holdings.values():
            if holding.turnover:
                volume = add(volume, multiply(holding.unit_value, holding.turnover))
        return volume

    def wallet(self) -> Decimal:
        """Return cash without the margins of isolated positions: what stands behind cross margin."""
        cash = self.cash
        for holding in self.perpetuals:
            if holding.margin:
                cash = subtract(cash, holding.margin)
        return cash

    def perpetual_equity(self) -> Decimal:
        """Return cash plus the unrealised PnL of all perpetuals."""
        equity = self.cash
        for holding in self.perpetuals:
            if holding.position.quantity:
                equity = add(equity, holding.unrealised())
        return equity

    def initial_margins(self, without: Holding | None = None) -> Decimal:
        """Return initial margin x notional at the mark, summed over perpetuals, `without` left out."""
        total = ZERO
        for holding in self.perpetuals:
            if holding.position.quantity and holding is not without:
                total = add(total, multiply(holding.initial_rate, holding.notional()))
        return total

    def equity(self) -> Decimal:
        """Return cash + spot at mark + unrealised PnL of perpetuals."""
        equity = self.perpetual_equity()
        for holding in self.holdings.values():
            if holding.is_spot:
                equity = add(equity, holding.notional())
        return equity

    def realised(self) -> Decimal:
        """Return the realised PnL of all positions, fees and funding apart."""
        total = ZERO
        for holding in self.holdings.values():
            total = add(total, holding.position.realised)
        return total

    def unrealised(self) -> Decimal:
        """Return the unrealised PnL of all positions, spot included."""
        total = ZERO
        for holding in self.holdings.values():
            total = add(total, holding.unrealised())
        return total

    def check(self) -> None:
        """Raise StateError unless equity has changed by price PnL - fees + funding, exactly."""
        explained = add(subtract(add(self.realised(), self.unrealised()), self.fees), self.funding)
        actual = subtract(self.equity(), self.opening_equity)
        if actual != explained:
            raise StateError(f"simulated venue: equity changed by {actual}, explained are {explained}")

    # -- leaves -------------------------------------------------------------------------------------------------------

    def _move_margin(self, holding: Holding, change: int, unit_price: Decimal) -> None:
        """Opening adds initial margin x notional to an isolated position's margin; closing releases in proportion.

        The rate is that of the size which the position then has.
        """
        held = holding.position.quantity
        rate = holding.instrument.initial_rate(abs(held + change))
        if held == 0 or (held > 0) == (change > 0):
            holding.margin = add(holding.margin, multiply(rate, multiply(unit_price, abs(change))))
            return
        closed = min(abs(held), abs(change))
        released = portion(holding.margin, closed, abs(held))
        opened = multiply(unit_price, abs(change) - closed)
        holding.margin = add(subtract(holding.margin, released), multiply(rate, opened))

    def _refresh_tier(self) -> None:
        volume = self.volume_30d
        if self.next_tier_at is not None and volume < self.next_tier_at:
            return
        self.tier = self.schedule.tier(volume)
        above = [tier.from_volume for tier in self.schedule.tiers if tier.from_volume > volume]
        self.next_tier_at = above[0] if above else None
