"""Where the venue's positions and balances differ from the ledger, and in what pieces a difference can be adopted."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from tradewind.engine.state import EngineState
from tradewind.model.corrections import PositionAdopted
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO, add, multiply, plain, portion, subtract
from tradewind.model.venue import VenueBalance, VenuePosition
from tradewind.portfolio.ledger import EXTERNAL

DRIFT = "drift"


class Drift(msgspec.Struct, frozen=True):
    """One comparison: `units` of the first instrument (or `cash`) that the venue has more than the ledger says.

    `price` is what the venue says that it was entered at.
    """

    key: str
    instruments: tuple[str, ...]
    currency: str
    expected: Decimal
    found: Decimal
    units: int = 0
    cash: Decimal | None = None
    is_spot: bool = True
    price: Decimal | None = None

    @property
    def is_none(self) -> bool:
        return not self.units and not self.cash

    @property
    def cause(self) -> str:
        return f"{DRIFT}:{self.key}"

    @property
    def text(self) -> str:
        return f"{self.key}: the venue has {plain(self.found)}, our books say {plain(self.expected)}"

    def may_adopt(self, rest: int) -> bool:
        """Return whether `rest` units may become external: more of what the venue holds, never a debt of a bot's."""
        return rest > 0 if self.is_spot else rest * self.found > 0


def compare(
    state: EngineState,
    balances: Iterable[VenueBalance] | None,
    positions: Iterable[VenuePosition] | None,
    cash_increment: Decimal,
) -> Iterator[Drift]:
    """Yield every comparison that the evidence allows, differences and agreements; less than an increment is none."""
    if positions is not None:
        held = {each.instrument: each for each in positions}
        for name, market in state.markets.items():
            if not market.instrument.is_spot:
                yield _position(market.instrument, market.line.position.quantity, held.get(name))
    if balances is None:
        return
    owned = {each.currency: each.total for each in balances}
    bases = _bases(state)
    for currency, names in bases.items():
        yield _coins(state, currency, names, owned.get(currency, ZERO))
    for currency, purse in state.ledger.purses.items():
        if currency in bases:
            continue
        names = tuple(name for name, market in state.markets.items() if market.instrument.quote == currency)
        found = owned.get(currency, ZERO)
        gap = subtract(found, purse.cash)
        cash = gap if abs(gap) >= cash_increment else ZERO
        yield Drift(currency, names, currency, purse.cash, found, cash=cash)


def explain(drift: Drift, *, first: bool) -> str:
    """Return the reason of a cash correction, which names its evidence (I33)."""
    return f"found at the start: {drift.text}" if first else f"reconciled: {drift.text}, twice"


def pieces(
    state: EngineState,
    drift: Drift,
    prices: Mapping[str, Decimal],
    cost_basis: Mapping[str, Decimal],
    now_ns: int,
) -> tuple[list[PositionAdopted], int]:
    """Return the adoptions that make up a difference, and what of it is beyond what `external` can give."""
    name, left = drift.instruments[0], drift.units
    market = state.markets[name]
    book = market.line.books.get(EXTERNAL)
    adopted: list[PositionAdopted] = []
    held = book.position.quantity if book is not None else 0
    if book is not None and held * left < 0:
        part = min(abs(held), abs(left)) * (1 if left > 0 else -1)
        cost = portion(book.position.cost, abs(part), abs(held))
        adopted.append(PositionAdopted(name, now_ns, part, cost, "cost", drift.text))
        left -= part
    if left:
        price, basis = _price(market.instrument, drift, prices, cost_basis, market.mark)
        value = multiply(_size(market.instrument, left), price)
        adopted.append(PositionAdopted(name, now_ns, left, value, basis, drift.text))
    return adopted, left


def _bases(state: EngineState) -> dict[str, tuple[str, ...]]:
    """Return the spot instruments of each base currency, the one in the account's currency first."""
    found: dict[str, list[str]] = {}
    for name, market in state.markets.items():
        if market.instrument.is_spot:
            found.setdefault(market.instrument.base, []).append(name)
    own = state.config.currency
    return {
        base: tuple(sorted(names, key=lambda name: (state.markets[name].instrument.quote != own, name)))
        for base, names in sorted(found.items())
    }


def _position(instrument: Instrument, units: int, told: VenuePosition | None) -> Drift:
    expected = instrument.quantity_decimal(units)
    found, price = (ZERO, None) if told is None else (told.quantity, told.average_price)
    gap = _whole_lots(instrument, subtract(found, expected))
    return Drift(
        instrument.id, (instrument.id,), instrument.quote, expected, found, units=gap, is_spot=False, price=price
    )


def _coins(state: EngineState, currency: str, names: tuple[str, ...], found: Decimal) -> Drift:
    expected = ZERO
    if currency in state.ledger.purses:
        expected = state.ledger.purses[currency].cash  # also the money of another market: one balance for both
    for name in names:
        market = state.markets[name]
        expected = add(expected, market.instrument.quantity_decimal(market.line.position.quantity))
    gap = _whole_lots(state.markets[names[0]].instrument, subtract(found, expected))
    return Drift(currency, names, currency, expected, found, units=gap)


def _whole_lots(instrument: Instrument, gap: Decimal) -> int:
    """Return a difference in units, towards zero to the lot: what is less than an increment is dust."""
    units = instrument.order_quantity(gap)
    return units if abs(units) >= instrument.lot else 0


def _price(
    instrument: Instrument,
    drift: Drift,
    prices: Mapping[str, Decimal],
    cost_basis: Mapping[str, Decimal],
    mark: int | None,
) -> tuple[Decimal, str]:
    if instrument.id in cost_basis:
        return cost_basis[instrument.id], "supplied"
    if drift.price is not None:
        return drift.price, "venue"
    if instrument.id in prices:
        return prices[instrument.id], "mark"
    return (instrument.price_decimal(mark), "mark") if mark is not None else (ZERO, "unknown")


def _size(instrument: Instrument, units: int) -> Decimal:
    return multiply(instrument.contract_size, instrument.quantity_decimal(abs(units)))
