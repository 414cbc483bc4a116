"""Equity in one currency: exact, through named conversion instruments; what has no price is listed, never guessed."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from tradewind.model.money import ONE, ZERO, add, multiply
from tradewind.portfolio.ledger import Ledger


class Valuation(msgspec.Struct, frozen=True):
    """Equity at given marks. `missing` lists instruments without a mark and currencies without a rate: not counted."""

    equity: Decimal
    cash: Decimal
    missing: tuple[str, ...]


def value_account(ledger: Ledger, marks: Mapping[str, int], currency: str, conversions: Mapping[str, str]) -> Valuation:
    """Return the account's worth in `currency`.

    `marks` are prices in units by instrument; `conversions` names, per other currency, the instrument (quoted in
    `currency`) whose mark converts it. A currency with nothing in it needs no rate.
    """
    missing: list[str] = []
    equity = ZERO
    cash = ZERO
    worth = {name: purse.cash for name, purse in ledger.purses.items()}
    for name, line in ledger.lines.items():
        if line.position.quantity == 0:
            continue
        mark = marks.get(name)
        if mark is None:
            missing.append(name)
            continue
        worth[line.purse.currency] = add(worth[line.purse.currency], line.value(mark))
    for name, amount in worth.items():
        rate = ONE if name == currency else _rate(name, marks, conversions, ledger)
        if rate is None:
            if amount != ZERO:
                missing.append(name)
            continue
        equity = add(equity, multiply(amount, rate))
        cash = add(cash, multiply(ledger.purses[name].cash, rate))
    return Valuation(equity, cash, tuple(missing))


def _rate(name: str, marks: Mapping[str, int], conversions: Mapping[str, str], ledger: Ledger) -> Decimal | None:
    instrument = conversions.get(name)
    mark = marks.get(instrument) if instrument is not None else None
    if instrument is None or mark is None:
        return None
    return ledger.lines[instrument].instrument.price_decimal(mark)
