"""A venue's facts: which statuses are final, what an account owns, and what each error asks for."""

from decimal import Decimal

import pytest

from tradewind.model import errors
from tradewind.model.orders import Side
from tradewind.model.venue import FINAL, VenueBalance, VenueOrder, VenueOrderStatus

D = Decimal


@pytest.mark.parametrize("status", list(VenueOrderStatus))
def test_only_what_the_venue_has_finished_is_final(status: VenueOrderStatus) -> None:
    order = VenueOrder(client_id="a", venue_id="v", instrument="BTC-USD", side=Side.BUY, status=status)
    assert order.is_final is (status.value in {"filled", "canceled", "expired", "rejected"})
    assert (status in FINAL) is order.is_final


def test_an_account_owns_what_is_free_and_what_is_held_exactly() -> None:
    balance = VenueBalance("USD", D("12345678901234567890.12345678901"), D("0.00000000099"))
    assert balance.total == D("12345678901234567890.12345678999") + D("0.00000000001")


def test_errors_of_a_venue_say_what_to_do_next() -> None:
    assert issubclass(errors.AuthenticationFailed, errors.AuthError)
    assert issubclass(errors.PermissionMissing, errors.AuthError)
    assert issubclass(errors.VenueUnavailable, errors.OutcomeUnknown)
    assert issubclass(errors.MalformedAnswer, errors.ProtocolError)
    assert errors.RateLimited("slow down", 1.5).retry_after_s == 1.5
    assert errors.VenueRejected("no: INVALID_PRICE", "INVALID_PRICE").reason == "INVALID_PRICE"
