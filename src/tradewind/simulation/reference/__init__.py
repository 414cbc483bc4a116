"""The slow, obvious venue: the rules of matching and accounting written down as code, for the fast one to agree with.

Reads   `model` and the settings; nothing of the fast venue.
Holds   plain lists that are scanned again at every step, and fractions, so that nothing is rounded by accident.
Promise where this venue and the fast one differ, one of them is wrong, and the page of rules decides which.
"""

from tradewind.simulation.reference.bars import ReferenceBarVenue
from tradewind.simulation.reference.book import ReferenceBookVenue
from tradewind.simulation.reference.digest import state_hash
from tradewind.simulation.reference.notices import Notice

__all__ = ["Notice", "ReferenceBarVenue", "ReferenceBookVenue", "state_hash"]
