"""The identity that holds after every event: change of equity = price PnL - fees + funding, to the last digit.

It is checked twice: against the venue's own realised and unrealised PnL, and against the fills, marks and payments
that it told us of, which needs nothing of its ledger.
"""

from collections.abc import Iterable
from fractions import Fraction

from tradewind.model.answers import FundingPaid, OrderFilled, PositionLiquidated, VenueAnswer
from tradewind.model.instrument import Instrument
from tradewind.simulation.settings import AccountReport

NOTHING = Fraction(0)


class EquityIdentity:
    """Follows one simulation from its opening report."""

    def __init__(self, instruments: dict[str, Instrument], opening: AccountReport) -> None:
        self._instruments = instruments
        self._booked = Fraction(opening.equity) - _explained(opening)
        self._told = Fraction(opening.equity) - self._valued(opening)

    def hear(self, answers: Iterable[VenueAnswer]) -> None:
        """Take what the venue said into the second account."""
        for answer in answers:
            match answer:
                case OrderFilled():
                    price = Fraction(self._instruments[answer.instrument].price_decimal(answer.price))
                    self._told -= int(answer.side) * self._size(answer.instrument, answer.quantity) * price
                    self._told -= Fraction(answer.fee)
                case PositionLiquidated():
                    price = Fraction(answer.price)
                    self._told -= int(answer.side) * self._size(answer.instrument, answer.quantity) * price
                    self._told += Fraction(answer.deficit)
                case FundingPaid():
                    self._told += Fraction(answer.amount)
                case _:
                    continue

    def broken_by(self, report: AccountReport, *, all_told: bool) -> str | None:
        """Return the difference if the report's equity is not explained; `all_told`: no message is under way.

        Where a position has no mark yet the second account has no value for it and is not asked.
        """
        equity = Fraction(report.equity)
        booked = self._booked + _explained(report)
        if equity != booked:
            return f"equity: wanted {float(booked)} by opening + PnL - fees + funding, got {report.equity}"
        if not all_told or any(one.quantity and name not in report.marks for name, one in report.positions.items()):
            return None
        told = self._told + self._valued(report)
        if equity != told:
            return f"equity: wanted {float(told)} by fills, marks and payments, got {report.equity}"
        return None

    def _size(self, instrument_id: str, quantity: int) -> Fraction:
        instrument = self._instruments[instrument_id]
        return quantity * Fraction(instrument.quantity_unit) * Fraction(instrument.contract_size)

    def _valued(self, report: AccountReport) -> Fraction:
        """Return the sum of signed size x mark over all positions."""
        total = NOTHING
        for name, position in report.positions.items():
            if position.quantity:
                total += self._size(name, position.quantity) * Fraction(report.marks[name])
        return total


def _explained(report: AccountReport) -> Fraction:
    pnl = Fraction(report.realised_pnl) + Fraction(report.unrealised_pnl)
    return pnl - Fraction(report.fees) + Fraction(report.funding)
