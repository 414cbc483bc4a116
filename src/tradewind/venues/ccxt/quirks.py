"""What ccxt has no common word for, by venue: only what was tried against the venue's own interface is listed here."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """How one venue differs.

    `client_id` is the parameter that carries our name of an order, `names_proven` whether orders are known to come back
    with it. `expiry` is the parameter for the moment when a GTD order ends (an ISO text), "" where none is known.
    `paged_lists` says that `paginate` reads whole lists; `maker_side` that public trades name the maker's side.
    `hidden` are the venue's words for orders that live but are in no list of open ones.
    """

    client_id: str = "clientOrderId"
    names_proven: bool = False
    expiry: str = ""
    paged_lists: bool = False
    maker_side: bool = False
    hidden: tuple[str, ...] = ()
    options: Mapping[str, Any] = {}


PLAIN = Quirks()
QUIRKS: Mapping[str, Quirks] = {
    # A market buy is sent by quote amount alone, `clientOrderId` is dropped, the list of open orders leaves out those
    # that are pending or queued, and balances come from the older API, without holds: https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api
    "coinbase": Quirks(
        client_id="client_order_id",
        names_proven=True,
        expiry="end_time",
        paged_lists=True,
        maker_side=True,
        hidden=("PENDING", "QUEUED", "CANCEL_QUEUED"),
        options={"fetchTime": "v3PublicGetBrokerageTime", "fetchBalance": "v3PrivateGetBrokerageAccounts"},
    ),
}


def quirks_of(venue: str) -> Quirks:
    """Return how a venue differs, nothing special for one that is not listed."""
    return QUIRKS.get(venue, PLAIN)
