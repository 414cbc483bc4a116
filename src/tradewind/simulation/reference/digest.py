"""One hash of everything a venue reports, equal for two venues exactly when their books are equal."""

import hashlib
from decimal import Decimal
from typing import Protocol

import msgspec

from tradewind.model.money import plain
from tradewind.simulation.settings import AccountReport


class Reporting(Protocol):
    def report(self) -> AccountReport: ...


def canonical_report(report: AccountReport) -> bytes:
    """Return the report as JSON with sorted keys and decimals without trailing zeros."""
    return msgspec.json.encode(_canonical(msgspec.to_builtins(report, builtin_types=(Decimal,))), order="sorted")


def state_hash(venue: Reporting) -> str:
    """Return the SHA-256 of the venue's canonical report."""
    return hashlib.sha256(canonical_report(venue.report())).hexdigest()


def _canonical(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    return value
