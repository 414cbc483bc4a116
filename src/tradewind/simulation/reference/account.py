"""The reference's account: cash, holdings by average cost, marks, funding, and the margin rules of perpetuals."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from msgspec import UNSET

from tradewind.model.instrument import Instrument, MarginMode
from tradewind.model.margin import MarginTier, liquidation_price
from tradewind.simulation.reference.exact import exact_decimal, rounded, rounded_decimal
from tradewind.simulation.settings import OpeningAccount

NOTHING = Fraction(0)


class Holding:
    """A position: signed quantity in units, its total cost, its isolated margin, what it realised."""

    def __init__(self, instrument: Instrument):
        self.instrument = instrument
        self.unit_value = Fraction(instrument.unit_value)
        self.quantity = 0
        self.cost = NOTHING
        self.margin = NOTHING
        self.realised = NOTHING

    @property
    def is_isolated(self) -> bool:
        return not self.instrument.is_spot and self.instrument.margin_mode is MarginMode.ISOLATED

    def notional(self, price: Fraction) -> Fraction:
        """Return |quantity| x contract size x price."""
        return abs(self.quantity) * self.unit_value * price

    def unrealised(self, price: Fraction) -> Fraction:
        value = self.notional(price)
        return value - self.cost if self.quantity >= 0 else self.cost - value

    def initial_rate(self, size: int) -> Fraction:
        """Return the initial margin of a position of `size` units: METHODS 2, "IM = max(base, size-dependent)"."""
        rates = [self.instrument.initial_margin]
        rates += [tier.initial_margin for tier in self._tiers_below(size)[-1:]]
        return Fraction(max(rates))

    def maintenance_rate(self, size: int) -> Decimal | None:
        """Return the maintenance margin of a position of `size` units; None without any."""
        base = self.instrument.maintenance_margin
        if base is None:
            return None
        return max([base, *(tier.maintenance_margin for tier in self._tiers_below(size)[-1:])])

    def _tiers_below(self, size: int) -> list[MarginTier]:
        tiers = self.instrument.margin_tiers
        return [] if tiers is UNSET else [tier for tier in tiers if tier.from_quantity <= size]

    def change(self, change: int, price: Fraction) -> Fraction:
        """Book a signed change at `price`; return what it realised."""
        # METHODS 6.9: "crossing zero closes then opens".
        gained = NOTHING
        closing = 0
        if self.quantity * change < 0:
            closing = min(abs(change), abs(self.quantity))
            gained = self._close(closing, price)
        opening = abs(change) - closing
        if opening:
            self.quantity += opening if change > 0 else -opening
            self.cost += opening * self.unit_value * price
            if self.is_isolated:
                # "Opening isolated adds initial_margin x notional to the position's margin".
                self.margin += self.initial_rate(abs(self.quantity)) * opening * self.unit_value * price
        return gained

    def _close(self, closing: int, price: Fraction) -> Fraction:
        # "a partial close releases cost x closed/quantity, rounded half-even to 1e-18, the remainder stays".
        share = Fraction(closing, abs(self.quantity))
        released = self.cost if share == 1 else rounded(self.cost * share)
        margin = self.margin if share == 1 else rounded(self.margin * share)
        proceeds = closing * self.unit_value * price
        gained = proceeds - released if self.quantity > 0 else released - proceeds
        self.quantity += -closing if self.quantity > 0 else closing
        self.cost -= released
        # "closing releases it in proportion".
        self.margin -= margin
        self.realised += gained
        return gained

    def average_price(self) -> Decimal | None:
        """Return cost per base unit, rounded to 1e-18; None when flat."""
        if self.quantity == 0:
            return None
        return rounded_decimal(self.cost / (abs(self.quantity) * self.base_unit))

    @property
    def base_unit(self) -> Fraction:
        """The base quantity of one quantity unit."""
        return Fraction(self.instrument.contract_size) * Fraction(self.instrument.quantity_unit)


class Account:
    """Everything the venue knows about our money. Marks are in price units of their instrument."""

    def __init__(self, instruments: Iterable[Instrument], opening: OpeningAccount):
        self.holdings = {instrument.id: Holding(instrument) for instrument in instruments}
        self.marks: dict[str, Fraction] = {}
        self.cash = Fraction(opening.cash)
        self.volume_30d = Fraction(opening.volume_30d)
        self.fees = NOTHING
        self.funding = NOTHING
        self.deficit = NOTHING
        self.accrued = dict.fromkeys(self.holdings, NOTHING)
        for position in opening.positions:
            holding = self.holdings[position.instrument]
            price = Fraction(position.average_price) / Fraction(holding.instrument.price_unit)
            holding.change(position.quantity, price)
            if holding.is_isolated and position.margin is not None:
                holding.margin = Fraction(position.margin)
            # "the mark starts at average_price".
            self.marks[position.instrument] = price

    # -- sums ---------------------------------------------------------------------------------------------------------

    def perpetuals(self) -> list[Holding]:
        return [holding for holding in self.holdings.values() if not holding.instrument.is_spot and holding.quantity]

    def mark(self, instrument_id: str) -> Fraction:
        return self.marks[instrument_id]

    def value_of(self, holding: Holding) -> Fraction:
        """Return |quantity| x size x mark; at cost while nothing has given a mark (a book with an empty side)."""
        mark = self.marks.get(holding.instrument.id)
        return holding.cost if mark is None else holding.notional(mark)

    def unrealised_of(self, holding: Holding) -> Fraction:
        value = self.value_of(holding)
        return value - holding.cost if holding.quantity >= 0 else holding.cost - value

    def perpetual_unrealised(self) -> Fraction:
        return sum((self.unrealised_of(holding) for holding in self.perpetuals()), NOTHING)

    def unrealised(self) -> Fraction:
        return sum((self.unrealised_of(holding) for holding in self.holdings.values()), NOTHING)

    def realised(self) -> Fraction:
        return sum((holding.realised for holding in self.holdings.values()), NOTHING)

    def equity(self) -> Fraction:
        """Return cash + spot at mark + perpetual unrealised PnL."""
        spot = NOTHING
        for holding in self.holdings.values():
            if holding.instrument.is_spot and holding.quantity:
                spot += self.value_of(holding)
        return self.cash + spot + self.perpetual_unrealised()

    def initial_margin_of(self, holding: Holding) -> Fraction:
        return holding.initial_rate(abs(holding.quantity)) * self.value_of(holding)

    def free_margin(self) -> Fraction:
        """Return cash + perpetual unrealised PnL - initial margins."""
        initial = sum((self.initial_margin_of(holding) for holding in self.perpetuals()), NOTHING)
        return self.cash + self.perpetual_unrealised() - initial

    # -- changes ------------------------------------------------------------------------------------------------------

    def fill(self, instrument_id: str, change: int, price: Fraction, fee: Fraction) -> None:
        """Book a fill: spot pays or receives its notional, a perpetual its realised PnL; the fee goes through cash."""
        holding = self.holdings[instrument_id]
        notional = change * holding.unit_value * price
        gained = holding.change(change, price)
        self.cash += -notional if holding.instrument.is_spot else gained
        self.cash -= fee
        self.fees += fee
        # "every fill adds its notional, nothing leaves".
        self.volume_30d += abs(notional)

    def liquidate(self, holding: Holding, closing: int, price: Fraction) -> Fraction:
        """Close `closing` units at `price` without a fee; return the deficit."""
        # By the rule "A loss beyond the isolated margin (cross: the wallet) is the deficit; realised PnL is capped".
        covers = holding.margin if holding.is_isolated else self.cross_wallet()
        gained = holding.change(-closing if holding.quantity > 0 else closing, price)
        deficit = max(NOTHING, -gained - max(NOTHING, covers))
        holding.realised += deficit
        self.cash += gained + deficit
        self.deficit += deficit
        return deficit

    # -- margin -------------------------------------------------------------------------------------------------------

    def cross_wallet(self) -> Fraction:
        """Return the wallet with "isolated margins left out"."""
        isolated = [holding.margin for holding in self.perpetuals() if holding.is_isolated]
        return self.cash - sum(isolated, NOTHING)

    def margin_behind(self, holding: Holding) -> Fraction:
        """Return M: what stands behind this position besides its own unrealised PnL."""
        if holding.is_isolated:
            return holding.margin
        # "cross: M is the wallet plus unrealised PnL minus maintenance of the others, isolated margins left out".
        behind = self.cross_wallet()
        for other in self.perpetuals():
            if other is not holding and not other.is_isolated:
                maintenance = Fraction(other.maintenance_rate(abs(other.quantity)) or 0)
                behind += self.unrealised_of(other) - maintenance * self.value_of(other)
        return behind

    def position_equity(self, holding: Holding, price: Fraction) -> Fraction:
        return self.margin_behind(holding) + holding.unrealised(price)

    def is_below_maintenance(self, holding: Holding, price: Fraction) -> bool:
        """Return whether equity is strictly below maintenance at `price`; never without a maintenance margin."""
        rate = holding.maintenance_rate(abs(holding.quantity))
        if rate is None or holding.quantity == 0 or holding.instrument.is_spot:
            return False
        return self.position_equity(holding, price) < Fraction(rate) * holding.notional(price)

    def liquidation_price(self, holding: Holding) -> Decimal | None:
        """Return the liquidation price in quote currency, rounded half-even to 1e-18; None if there is none."""
        rate = holding.maintenance_rate(abs(holding.quantity))
        average = holding.average_price()
        if rate is None or average is None or holding.instrument.is_spot:
            return None
        return liquidation_price(
            is_long=holding.quantity > 0,
            quantity=exact_decimal(abs(holding.quantity) * holding.base_unit),
            entry_price=average,
            margin=exact_decimal(self.margin_behind(holding)),
            maintenance_margin=rate,
        )

    def kept_after_liquidation(self, holding: Holding, price: Fraction) -> int:
        """Return how many units survive a liquidation at `price` (0: in full)."""
        # By the rule "Isolated: in full."
        close_out = holding.instrument.close_out_margin
        if holding.is_isolated or close_out is None:
            return 0
        equity = self.position_equity(holding, price)
        # "Cross with a close-out margin, equity at least close-out x notional" -- else in full.
        if equity < Fraction(close_out) * holding.notional(price):
            return 0
        # "keep equity / (initial_margin x price x size), rounded down to the step, close the rest".
        lot = holding.instrument.lot
        kept = equity / (holding.initial_rate(abs(holding.quantity)) * price * holding.unit_value)
        units = int(kept // lot) * lot
        # Terms with a maintenance margin above the initial one would keep everything and never end: then in full.
        return units if 0 < units < abs(holding.quantity) else 0
